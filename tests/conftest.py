"""For all tests: no deadlines, since the machine may be busy with something else."""

from __future__ import annotations

from hypothesis import settings

# The examples are the same in every run, so that a red build is red again when it is looked into.
settings.register_profile("locard", deadline=None, derandomize=True)
settings.load_profile("locard")
