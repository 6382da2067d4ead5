"""The detector semi-global keeps to what every detector must keep to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from locard.testing import conformance_tests
from locard_semi_global.detector import SemiGlobal

from .linear_models import install, linear_model

pytestmark = pytest.mark.slow

TestSemiGlobal = conformance_tests(SemiGlobal)


@pytest.fixture(autouse=True, scope="module")
def _a_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Put a model where one is sought that Locard does not ship."""
    models = tmp_path_factory.mktemp("models")
    install(models, linear_model({"first-compression-pooled-7": -0.5}, -8.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCARD_MODELS", str(models))
        yield
