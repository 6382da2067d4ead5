"""The model catalogue: ``models/<name>/<version>/model.onnx`` beside its ``card.toml``.

No model has landed yet; what is here is what custody needs: the hash of a model as it is now, to
hold against the one that a finding rests on.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable

MODEL_FILE = "model.onnx"


def sha256_of(name: str, version: str, folder: Traversable | None = None) -> str | None:
    """Return the SHA-256 of a model's file, or None where the registry has no such model.

    Args:
        name: Name of the model.
        version: Its version.
        folder: Folder of models, instead of the installed registry's own.
    """
    models = files(__name__).joinpath("models") if folder is None else folder
    for part in (name, version, MODEL_FILE):
        # Names come out of receipts, which may be foreign: they must not lead out of the folder.
        entries = {entry.name: entry for entry in models.iterdir()} if models.is_dir() else {}
        if part not in entries:
            return None
        models = entries[part]
    with models.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
