"""An evaluation as a page to read."""
