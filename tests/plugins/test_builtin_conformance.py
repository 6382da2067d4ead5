"""The built-in detectors and refiners keep to what every plugin must keep to."""

from __future__ import annotations

from locard.testing import conformance_tests

TestTraces = conformance_tests("traces")
TestDenseCrf = conformance_tests("dense-crf")
