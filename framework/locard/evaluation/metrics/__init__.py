"""Metrics, their intervals, and the tables made of them."""

from locard.evaluation.metrics.definitions import (
    METRICS as METRICS,
)
from locard.evaluation.metrics.definitions import (
    Metric as Metric,
)
