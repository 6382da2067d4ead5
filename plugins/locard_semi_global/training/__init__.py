"""Training of the block-evidence network."""
