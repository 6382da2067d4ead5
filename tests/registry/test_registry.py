"""The registry tells a model's hash, and is not led out of its folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from locard_registry import sha256_of


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "net" / "1.0").mkdir(parents=True)
    (folder / "net" / "1.0" / "model.onnx").write_bytes(b"weights")
    (tmp_path / "model.onnx").write_bytes(b"outside")
    return folder


def test_the_hash_is_of_the_file_as_it_is_now(models):
    assert sha256_of("net", "1.0", models) == hashlib.sha256(b"weights").hexdigest()
    (models / "net" / "1.0" / "model.onnx").write_bytes(b"others")
    assert sha256_of("net", "1.0", models) == hashlib.sha256(b"others").hexdigest()


@pytest.mark.parametrize(
    ("name", "version"),
    [("net", "2.0"), ("none", "1.0"), ("..", "."), ("net", "../.."), ("", ""), ("net/1.0", ".")],
)
def test_what_is_not_there_has_no_hash(models, name, version):
    assert sha256_of(name, version, models) is None


def test_the_installed_registry_has_no_models_yet():
    assert sha256_of("kd-crop", "1.0") is None
