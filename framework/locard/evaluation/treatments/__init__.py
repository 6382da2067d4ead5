"""What is done to images before they are examined, to see what evidence survives."""

from locard.evaluation.treatments.kinds import STANDARD, Treatment, TreatmentError, parse

__all__ = ["STANDARD", "Treatment", "TreatmentError", "parse"]
