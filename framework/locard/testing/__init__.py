"""The conformance kit: what every plugin must keep to, as tests that its author gets for free.

In a plugin's tests::

    from locard.testing import conformance_tests

    TestAcmeNoise = conformance_tests("acme-noise")

``locard plugin check acme-noise`` runs the same checks without pytest. Each name below is loaded
when it is first used, for pytest imports this package wherever Locard is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locard.testing.conformance import cases as cases
    from locard.testing.pytest_plugin import conformance_tests as conformance_tests
    from locard.testing.samples import encode as encode
    from locard.testing.samples import jpeg as jpeg
    from locard.testing.samples import photograph as photograph

_HOMES = {
    "cases": "locard.testing.conformance",
    "conformance_tests": "locard.testing.pytest_plugin",
    "encode": "locard.testing.samples",
    "jpeg": "locard.testing.samples",
    "photograph": "locard.testing.samples",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'locard.testing' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
