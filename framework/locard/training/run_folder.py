"""The folder of a run: config, log, what it ran on; one process at a time."""

from __future__ import annotations

import fcntl
import json
import math
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from locard.errors import LocardError
from locard.text import printable
from locard.training.config import TrainingConfig, differences, load_table, to_toml
from locard.training.weights import replace


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps everything.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """The config, complete."""
        return self.path / "config.toml"

    @property
    def checkpoint(self) -> Path:
        """The folder of the last checkpoint."""
        return self.path / "checkpoint"

    @property
    def best(self) -> Path:
        """The best weights so far."""
        return self.path / "best.safetensors"

    @property
    def log(self) -> Path:
        """A line an epoch."""
        return self.path / "log.jsonl"

    @property
    def curves(self) -> Path:
        """The log as a picture."""
        return self.path / "curves.png"

    @property
    def facts(self) -> Path:
        """Versions, hardware, inputs, time, outcome."""
        return self.path / "run.json"

    def settle(self, config: TrainingConfig, inputs: Mapping[str, str]) -> None:
        """Write the config, or check that the run that is here is of this config and these inputs.

        Raises:
            LocardError: The folder is something else's, or of another run; says what differs.
        """
        if not self.config.exists():
            self._refuse_others()
            self.checkpoint.mkdir(exist_ok=True)
            self.write_facts({"inputs": dict(inputs)})
        else:
            self._compare(config, inputs)
        replace(self.config, to_toml(config).encode())

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Write ``run.json``."""
        text = json.dumps(_finite(facts), indent=2, ensure_ascii=False)
        replace(self.facts, text.encode() + b"\n")

    def read_facts(self) -> dict[str, Any]:
        """Read ``run.json``.

        Raises:
            LocardError: It is not there or no longer what was written.
        """
        try:
            facts = json.loads(self.facts.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise self._damaged(self.facts, error) from None
        if not isinstance(facts, dict) or not isinstance(facts.get("inputs"), dict):
            raise self._damaged(self.facts, ValueError("it does not say the inputs"))
        return facts

    def read_log(self) -> list[dict[str, Any]]:
        """Return the log's whole lines; one that was being written when the machine stopped is not.

        Raises:
            LocardError: The file cannot be read.
        """
        try:
            lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        except OSError as error:
            raise self._damaged(self.log, error) from None
        entries = []
        for line in lines:
            try:
                entries.append(json.loads(line))
            except ValueError:
                break
        return entries

    def write_log(self, entries: list[dict[str, Any]]) -> None:
        """Write the log anew."""
        text = "".join(json.dumps(_finite(entry)) + "\n" for entry in entries)
        replace(self.log, text.encode())

    def _compare(self, config: TrainingConfig, inputs: Mapping[str, str]) -> None:
        try:
            before = load_table(self.config.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise self._damaged(self.config, error) from None
        details = differences(before, load_table(to_toml(config)))
        old = self.read_facts()["inputs"]
        details += differences(old, dict(inputs))
        if details:
            raise LocardError(
                f"{printable(str(self.path))} holds a run of another config:",
                "Train in a new folder, or give the config and the inputs of this run.",
                details=details,
            )

    def _refuse_others(self) -> None:
        own = {self.facts.name, self.checkpoint.name, ".lock"}
        others = sorted(
            entry.name
            for entry in self.path.iterdir()
            if entry.name not in own and not entry.name.endswith(".partial")
        )
        if others:
            raise LocardError(
                f"{printable(str(self.path))} is not the folder of a run, and not empty: it holds "
                f"{printable(others[0])}",
                "Give a new folder.",
            )

    def _damaged(self, path: Path, error: Exception) -> LocardError:
        return LocardError(
            f"{printable(str(path))} cannot be read: {printable(str(error))}",
            "Train in a new folder, or put back a copy of this one.",
        )


@contextmanager
def open_folder(path: Path) -> Iterator[RunFolder]:
    """Make a run's folder where it does not exist, and keep other processes out while it lasts.

    Raises:
        LocardError: The folder cannot be used, or another process trains in it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = os.open(path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise LocardError(
            f"cannot train in {printable(str(path))}: {error.strerror}", "Give another folder."
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LocardError(
                f"another process trains in {printable(str(path))}",
                "Wait until it is done, or give another folder.",
            ) from None
        yield RunFolder(path)
    finally:
        os.close(lock)


def environment(device: torch.device) -> dict[str, Any]:
    """Say what a run runs with and on."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "versions": {
            "locard": metadata.version("locard"),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": metadata.version("numpy"),
            "cuda": torch.version.cuda,
        },
        "hardware": {
            "machine": platform.machine(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "gpu": gpu,
        },
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()


def _finite(value: Any) -> Any:
    """Return a value that strict JSON can hold: what is not finite becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
