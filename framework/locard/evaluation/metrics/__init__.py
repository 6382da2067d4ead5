"""Metrics, their intervals, and the tables made of them."""

from locard.evaluation.metrics.definitions import METRICS, Metric

__all__ = ["METRICS", "Metric"]
