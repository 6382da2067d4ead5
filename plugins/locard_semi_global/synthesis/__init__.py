"""Data sets of spliced photographs whose whole history is known."""
