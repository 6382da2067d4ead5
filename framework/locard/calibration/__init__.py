"""Calibration: what a score is worth as evidence, and under which conditions it is worth that."""

from locard.calibration.calibration import Calibration, CalibrationError
from locard.calibration.conditions import Conditions, Range
from locard.calibration.likelihood import Likelihood, Refusal

__all__ = ["Calibration", "CalibrationError", "Conditions", "Likelihood", "Range", "Refusal"]
