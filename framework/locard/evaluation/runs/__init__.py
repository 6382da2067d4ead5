"""An evaluation under way, and the folder that it leaves."""
