"""A plugin that does not load."""

raise RuntimeError("no licence found")
