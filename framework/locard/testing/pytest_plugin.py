"""The pytest side of the conformance kit.

pytest loads this module wherever Locard is installed, so it imports nothing heavy by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

if TYPE_CHECKING:
    from locard.detectors import Step
    from locard.testing.conformance import Case


class ConformanceTests:
    """A test for each check of the kit; see :func:`conformance_tests`."""

    target: ClassVar[str | type[Step]]

    def test_conformance(self, conformance_case: Case) -> None:
        """Run one check."""
        __tracebackhide__ = True
        result = conformance_case.run()
        if result.status == "failed":
            pytest.fail(f"{result.reason}\nWhy: {result.check.rationale}", pytrace=False)
        if result.status == "not-applicable":
            pytest.skip(result.reason or "")


def conformance_tests(target: str | type[Step]) -> type[ConformanceTests]:
    """Return a test class with a test for each check of the kit.

    In a test module of the plugin::

        from locard.testing import conformance_tests

        TestAcmeNoise = conformance_tests("acme-noise")

    Args:
        target: Name of an installed step or plugin (then all its steps), or a step's class.
    """
    return type("ConformanceTests", (ConformanceTests,), {"target": target})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make each check a test of its own."""
    if metafunc.cls is None or not issubclass(metafunc.cls, ConformanceTests):
        return
    from locard.errors import LocardError
    from locard.testing.conformance import cases

    try:
        found = list(cases(metafunc.cls.target))
    except LocardError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    several = len({case.bench.name for case in found}) > 1
    metafunc.parametrize(
        "conformance_case",
        found,
        ids=[f"{c.bench.name}-{c.check.name}" if several else c.check.name for c in found],
    )
