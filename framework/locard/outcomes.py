"""The five things a step may say of an exhibit."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What one step says of one exhibit. Absence of evidence is never authenticity."""

    DETECTED = "detected"
    """The trace that the step looks for is there."""
    NOT_DETECTED = "not_detected"
    """The step could look, and did not find the trace. This does not make the image authentic."""
    INCONCLUSIVE = "inconclusive"
    """The step looked, and what it saw supports neither answer."""
    NOT_APPLICABLE = "not_applicable"
    """The method has nothing to say of such an image; it did not look."""
    FAILED = "failed"
    """The step should have looked and could not: unreadable file, crash, time or memory limit."""

    @property
    def words(self) -> str:
        """The outcome as a report prints it."""
        return self.value.replace("_", " ")
