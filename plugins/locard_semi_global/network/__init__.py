"""The block-evidence network: from traces in cells to a map of what is foreign."""
