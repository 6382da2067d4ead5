"""The detector kd-crop keeps to what every detector must keep to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crop_models import install, zeros_model

from locard.testing import conformance_tests
from locard_kd_crop.detector import KdCrop

pytestmark = pytest.mark.slow

TestKdCrop = conformance_tests(KdCrop)


@pytest.fixture(autouse=True, scope="module")
def _a_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Put a model where one is sought that Locard does not ship."""
    models = tmp_path_factory.mktemp("models")
    install(models, zeros_model())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCARD_MODELS", str(models))
        yield
