"""Measures how good detectors are: data sets, metrics, calibration, robustness, validation."""
