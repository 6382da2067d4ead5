"""From a run of a phase network to a model of the registry, with everything its card needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from locard.calibration.calibration import CalibrationError, DetectorFacts, ModelFacts
from locard.errors import LocardError
from locard.report.atomic import write_whole
from locard.text import printable
from locard.training.macs import count_macs, count_parameters
from locard.training.quantization import quantize_dynamic
from locard.training.run_folder import RunFolder
from locard_kd_crop.datasets.divisions import check_divisions
from locard_kd_crop.datasets.splits import TEST, VALIDATION
from locard_kd_crop.detector import KdCrop
from locard_kd_crop.evaluation.answers import Answers
from locard_kd_crop.evaluation.evaluating import part_result, pictures_in
from locard_kd_crop.evaluation.measuring import Measured, measured
from locard_kd_crop.evaluation.parts import LARGE, STRATA, parts
from locard_kd_crop.evaluation.registered import asked
from locard_kd_crop.phase.evidence import IDENTITY
from locard_kd_crop.phase.exporting import INPUTS, OUTPUT, sample, to_onnx
from locard_kd_crop.phase.labels import CLASSES
from locard_kd_crop.phase.preparing import network_of
from locard_kd_crop.phase.samples import Samples, samples_of
from locard_kd_crop.student import Student
from locard_registry import (
    Card,
    Data,
    Figure,
    Macs,
    ModelFile,
    Tensor,
    Training,
    describe_calibration,
    describe_file,
    write_card,
)
from locard_registry.about import About

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from locard.evaluation.datasets.building import Progress
    from locard_kd_crop.evaluation.pictures import Pictures

FP32, INT8, CALIBRATION = "model.onnx", "model.int8.onnx", "calibration.json"

_PRECISIONS: Final[Mapping[str, Literal["fp32", "int8"]]] = {FP32: "fp32", INT8: "int8"}
_MEANINGS: Final = {
    "evidence": "phase evidence in quarters of a standard error: phase 8y + x, class of activity, "
    "band 8v + u, statistic",
    "table": "steps of the file's own luma table, row by row; 0 where it has none",
    "windows": "mean number of windows a phase in each class of activity",
    OUTPUT: "of the 65 classes, in nats: 8y + x where the old grid begins at (x, y), 0 for none "
    "but at the corner, 64 for no grid at all",
}


@dataclass(frozen=True, slots=True)
class Source:
    """What a model is made of.

    Attributes:
        run: Folder of the network's training.
        data_sets: Whose validation pictures give thresholds and calibration, and whose test
            pictures give the card's figures.
        held_out: Of which the test pictures alone are read: a program that the model never met.
        cache: Folder that keeps evidence.
        about: What only the maker knows.
        workers: Number of processes.
        advance: Told how far it is.
    """

    run: Path
    data_sets: Sequence[Path]
    held_out: Sequence[Path]
    cache: Path
    about: About
    workers: int
    advance: Progress


@dataclass(frozen=True, slots=True)
class Exported:
    """A model that was written.

    Attributes:
        folder: Where.
        identity: SHA-256 of its card.
        notes: What the calibration leaves out, and which photographs were set aside.
    """

    folder: Path
    identity: str
    notes: tuple[str, ...]


def export(source: Source, models: Path, name: str, version: str) -> Exported:
    """Write a model: ONNX in fp32 and int8, thresholds, calibration, figures, and its card.

    Args:
        source: What it is made of.
        models: Folder of models; the model goes to ``models/name/version``.
        name: Of the model.
        version: Of the model.

    Raises:
        LocardError: The run or a data set cannot be used, there is such a model, or the folder
            cannot be written.
    """
    folder = models / name / version
    if folder.exists():
        raise LocardError(
            f"there is a {name} {version} in {printable(str(models))} already",
            "A model is never changed: choose another version, or remove the folder.",
        )
    check_divisions((*source.data_sets, *source.held_out))
    network = network_of(source.run)
    contents = {FP32: to_onnx(network)}
    contents[INT8] = quantize_dynamic(contents[FP32])
    validation = _samples(source, source.data_sets, VALIDATION)
    tested = _samples(source, (*source.data_sets, *source.held_out), TEST)
    known = pictures_in(validation)
    said: dict[str, Answers] = {}
    set_by: dict[str, Measured] = {}
    figures: list[Figure] = []
    folder.mkdir(parents=True)
    files = []
    for file, content in contents.items():
        write_whole(folder / file, [content])
        files.append(describe_file(folder / file, _PRECISIONS[file]))
        said[file] = _answers(source, content, validation, f"validating {file}")
        set_by[file] = measured(said[file], known)
        figures += _figures(source, file, content, tested, set_by[file])
    notes = [f"{one.name} was cropped before: set aside" for one in set_by[FP32].set_aside]
    notes += _calibrate(source, folder, said[FP32], known, files[0])
    card = _card(source, folder, network, files, set_by, figures, name, version)
    return Exported(folder, write_card(card, folder), tuple(notes))


def _samples(source: Source, data_sets: Sequence[Path], split: str) -> Samples:
    return samples_of(data_sets, split, source.cache, source.workers, source.advance)


def _answers(source: Source, content: bytes, samples: Samples, words: str) -> Answers:
    """Return what a model says of pictures, run as the detector runs it."""
    return Answers.of(asked(Student(content), samples, partial(source.advance, words)))


def _calibrate(
    source: Source, folder: Path, answers: Answers, pictures: Pictures, file: ModelFile
) -> tuple[str, ...]:
    """Write the calibration beside the model, where there are pictures enough to make one.

    Returns:
        What it leaves out, or why there is none, a sentence each.
    """
    model = ModelFacts(name=folder.parent.name, version=folder.name, sha256=file.sha256)
    detector = DetectorFacts(
        plugin=KdCrop.name,
        version=KdCrop.version,
        parameters=KdCrop.Parameters().model_dump(mode="json"),
        models=(model,),
    )
    sets = " + ".join(printable(one.name) for one in source.data_sets)
    try:
        calibrated = measured(answers, pictures, name=sets, detector=detector).calibrated
    except CalibrationError as error:
        return (f"no likelihood ratios: {error.message}",)
    if calibrated is None:
        raise ValueError("a calibration was asked for")
    write_whole(folder / CALIBRATION, [calibrated.calibration.to_json().encode("ascii")])
    return calibrated.notes


def _figures(
    source: Source, file: str, content: bytes, samples: Samples, set_by: Measured
) -> Iterator[Figure]:
    """Yield the figures of large pictures by stratum, and false alarms by source."""
    answers = _answers(source, content, samples, f"testing {file}")
    pictures = pictures_in(samples)
    cuts = set_by.thresholds.cuts(pictures)
    for part in parts(pictures):
        if part.table == STRATA and part.size != LARGE:
            continue
        found = part_result(part, answers, pictures, cuts)
        for one in found.figures:
            yield Figure(
                set=f"test photographs, {part.size}",
                stratum=part.name,
                n=one.images,
                figure=one.figure.replace("_", " "),
                value=round(one.value, 4),
                low=None if one.low is None else min(round(one.low, 4), round(one.value, 4)),
                high=None if one.high is None else max(round(one.high, 4), round(one.value, 4)),
                file=file,
            )


def _card(
    source: Source,
    folder: Path,
    network: nn.Module,
    files: Sequence[ModelFile],
    set_by: Mapping[str, Measured],
    figures: Sequence[Figure],
    name: str,
    version: str,
) -> Card:
    about, calibration = source.about, folder / CALIBRATION
    macs = count_macs(network, *sample(1))
    return Card(
        name=name,
        version=version,
        created=date.today(),
        licence=about.licence,
        purpose=about.purpose,
        made_by=about.made_by,
        parameters=count_parameters(network),
        limits=about.limits,
        requires=dict(IDENTITY),
        macs=Macs(value=macs, at="any size, once the evidence is there"),
        data=Data(photographs=about.photographs, commands=about.commands, seeds=about.seeds),
        training=_training(source.run),
        calibration=describe_calibration(calibration) if calibration.exists() else None,
        files=tuple(files),
        inputs=_tensors(),
        outputs=(
            Tensor(name=OUTPUT, dtype="float32", shape=("n", CLASSES), meaning=_MEANINGS[OUTPUT]),
        ),
        thresholds=tuple(row for file, one in set_by.items() for row in one.card_rows(file)),
        figures=tuple(figures),
    )


def _tensors() -> tuple[Tensor, ...]:
    return tuple(
        _tensor(name, str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape[1:]))
        for name, tensor in zip(INPUTS, sample(1), strict=True)
    )


def _tensor(name: str, dtype: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name=name, dtype=dtype, shape=("n", *shape), meaning=_MEANINGS[name])


def _training(run: Path) -> Training:
    folder = RunFolder(run)
    facts = folder.read_facts()
    lines = folder.read_log()
    on = facts["hardware"]
    hardware = on["gpu"] or f"{on['processor']}, {on['threads']} of {on['cores']} cores"
    return Training(seconds=float(facts["seconds"]), epochs=len(lines), hardware=hardware)
