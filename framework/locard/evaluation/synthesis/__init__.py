"""Synthetic splices with known history: a test chart of traces."""
