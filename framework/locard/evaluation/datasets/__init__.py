"""Data sets with known answers: layouts, loading, masks, subsets, and what gives answers away."""

from locard.evaluation.datasets.base import AUTHENTIC, Layout, Sample
from locard.evaluation.datasets.errors import DatasetError

__all__ = ["AUTHENTIC", "DatasetError", "Layout", "Sample"]
