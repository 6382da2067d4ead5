"""Examine a case: the engine's findings go into the vault, one transaction an exhibit."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard import pipelines
from locard.engine.tasks import Subject
from locard.errors import LocardError

if TYPE_CHECKING:
    from locard.engine.records import ExhibitResult
    from locard.engine.run import Summary
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue
    from locard.vault.case import Case
    from locard.vault.examination import Examination
    from locard.vault.facts import ExhibitFacts
    from locard.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class CaseRun:
    """What came of ``examine``.

    Attributes:
        examination: Its number within the case.
        resumed: Whether it continues an earlier run.
        summary: The engine's summary; None where nothing was left to do.
    """

    examination: int
    resumed: bool
    summary: Summary | None


def examine_case(
    vault: Vault,
    case_name: str,
    pipeline_name: str | None,
    *,
    plugins: Catalogue,
    workers: int,
    actor: str,
    resume: bool = False,
    executor: str = "local",
) -> CaseRun:
    """Run a pipeline over all exhibits of a case, or finish a run that was interrupted.

    Args:
        vault: Where the case is.
        case_name: Its name.
        pipeline_name: Name or file of the pipeline; None only to resume.
        plugins: Where its steps come from.
        workers: Number of worker processes.
        actor: Who does it, for the ledger.
        resume: Finish what was begun; begins anew only if nothing was begun with this pipeline.
        executor: Name of the executor.

    Raises:
        LocardError: The run cannot begin, see :func:`locard.engine.run.check_run`; or the case is
            closed, has no exhibits, is being examined by another process, or
            has an unfinished examination and ``resume`` is not set; or the pipeline demands
            validated methods, and a step is not validated in this vault as it would run.
    """
    from locard.engine.run import check_run
    from locard.service.validated import require_validated

    check_run(plugins, executor, workers)
    with vault.lock_case(case_name):
        case = vault.case(case_name)
        start = _begin(case, pipeline_name, plugins, actor, resume=resume)
        facts = start.examination.facts
        if facts.finished_at is not None:
            return CaseRun(facts.number, resumed=True, summary=None)
        if start.resumed:
            relied_on = require_validated(vault, start.pipeline, plugins)
            start.examination.resume(actor=actor, validations=relied_on)
        summary = _run(vault, start, plugins, workers, executor, actor)
        if not summary.interrupted:
            start.examination.finish(actor=actor)
        return CaseRun(facts.number, start.resumed, summary)


def _run(
    vault: Vault, start: _Start, plugins: Catalogue, workers: int, executor: str, actor: str
) -> Summary:
    from locard.engine.run import examine

    examination, facts = start.examination, start.examination.facts
    labels: dict[str, str] = {}

    def record(subject: Subject, result: ExhibitResult) -> None:
        examination.record(labels.pop(subject.sha256), result, actor=actor)

    with scratch_folder(vault, facts.id) as scratch:
        return examine(
            start.pipeline,
            subjects_of(vault, examination.pending(), labels),
            plugins=plugins,
            sink=record,
            scratch=scratch,
            workers=workers,
            executor=executor,
            cached=vault.cached,
            total=facts.planned - facts.done,
        )


@contextmanager
def scratch_folder(vault: Vault, name: str) -> Iterator[Path]:
    """Give a run a folder of its own in the vault's scratch space, empty at first, gone at last.

    A killed run leaves its folder behind; the run that resumes it has the same name and begins by
    clearing it.

    Raises:
        AlteredError: The name would lead out of the scratch space, which is cleared.
    """
    from locard.vault.errors import plain_name

    folder = vault.scratch / plain_name(name, "the name of the scratch folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def subjects_of(
    vault: Vault, exhibits: Iterable[ExhibitFacts], labels: dict[str, str]
) -> Iterator[Subject]:
    """Yield exhibits as the engine wants them, and note each one's label under its hash.

    Raises:
        AlteredError: The original of an exhibit is not what was put under custody.
    """
    for exhibit in exhibits:
        vault.store.check(exhibit.sha256, f"the original of exhibit {exhibit.label}")
        labels[exhibit.sha256] = exhibit.label
        yield Subject(exhibit.sha256, exhibit.path, exhibit.names[0])


@dataclass(frozen=True, slots=True)
class _Start:
    examination: Examination
    pipeline: Pipeline
    resumed: bool


def _begin(
    case: Case, pipeline_name: str | None, plugins: Catalogue, actor: str, *, resume: bool
) -> _Start:
    from locard.engine.receipts import environment
    from locard.service.validated import require_validated
    from locard.vault.validations import RELIED_ON

    unfinished = case.open_examination()
    if unfinished is not None:
        return _continue(case, unfinished, pipeline_name, plugins, resume=resume)
    if pipeline_name is None:
        raise LocardError(
            f"case {case.facts.name} has no unfinished examination",
            "Name a pipeline with --pipeline to begin one.",
        )
    pipeline = pipelines.load(pipeline_name, plugins)
    if resume and (complete := _complete(case, pipeline)) is not None:
        return _Start(complete, pipeline, resumed=True)
    noted = dict(environment())
    if relied_on := require_validated(case.vault, pipeline, plugins):
        noted[RELIED_ON] = relied_on
    examination = case.begin_examination(
        pipeline.to_json(), pipeline.sha256, noted, None, actor=actor
    )
    return _Start(examination, pipeline, resumed=False)


def _continue(
    case: Case,
    unfinished: Examination,
    pipeline_name: str | None,
    plugins: Catalogue,
    *,
    resume: bool,
) -> _Start:
    facts = unfinished.facts
    which = f"examination {facts.number} ({facts.pipeline['name']})"
    progress = f"{facts.done} of {facts.planned} exhibits done"
    if not resume:
        raise LocardError(
            f"case {case.facts.name}: {which} was interrupted, {progress}",
            "Add --resume to finish it first.",
        )
    pipeline = pipelines.resolve(facts.pipeline, which, plugins)
    if pipeline_name is not None:
        wanted = pipelines.load(pipeline_name, plugins)
        if wanted.sha256 != facts.pipeline_sha256:
            raise LocardError(
                f"case {case.facts.name}: {which} was interrupted, {progress}, and ran another "
                f"pipeline than {pipeline_name}",
                "Resume it without --pipeline first, then begin the other one.",
            )
    return _Start(unfinished, pipeline, resumed=True)


def _complete(case: Case, pipeline: Pipeline) -> Examination | None:
    """Return the last examination if it ran this pipeline over all exhibits that there are."""
    examinations = case.examinations()
    if not examinations:
        return None
    facts = examinations[-1].facts
    same = facts.pipeline_sha256 == pipeline.sha256 and facts.planned == case.exhibit_count()
    return examinations[-1] if same else None
