"""Evaluate a pipeline on a data set: examine, measure, summarise."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.errors import LocardError
from locard.outcomes import Outcome
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.results import DatasetFacts, LeakFinding, Results, StepFacts
    from locard.evaluation.rows import Row
    from locard.evaluation.treatments import Treatment
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of an evaluation.

    Attributes:
        results: What was measured.
        rows: Of which images, by treatment, sample and step in their order.
        reused: How many findings came from the folder of findings.
        seconds: How long the examination took, by the clock on the wall.
        damaged: Findings that were found damaged and made again, one sentence each.
    """

    results: Results
    rows: tuple[Row, ...]
    reused: int
    seconds: float
    damaged: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """How many findings failed."""
        return sum(row.outcome is Outcome.FAILED for row in self.rows)

    @property
    def needs_attention(self) -> bool:
        """Whether a finding failed, or an image, mask or treatment could not be used."""
        return bool(self.failed or self.results.dataset.problems)


def evaluate(
    pipeline: Pipeline,
    dataset: Dataset,
    *,
    plugins: Catalogue,
    workers: int,
    treatments: Sequence[Treatment] = (),
    findings: Path | None = None,
    executor: str = "local",
    command: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Evaluate a pipeline.

    All images are examined as they are, and once more under each treatment, authentic and tampered
    ones alike. What goes wrong with one image, mask or treatment is named in the results'
    ``dataset.problems``.

    Args:
        pipeline: A checked pipeline; one detector will do, see :func:`one_step`.
        dataset: What to evaluate on.
        plugins: Where the pipeline's steps come from.
        workers: Number of worker processes; as many again measure.
        treatments: What is done to the images for further tables.
        findings: A folder of findings, in which a run that was interrupted left its own: what is
            there is used again. None keeps nothing.
        executor: Name of the executor.
        command: What the results say of how they were asked for.

    Raises:
        KeyboardInterrupt: The user stopped it; what was finished is in ``findings``.
        LocardError: It cannot begin, see :func:`locard.engine.run.check_run`; or findings or copies
            cannot be written.
    """
    from locard.engine.run import check_run, examine
    from locard.evaluation.runs.finding_store import FindingStore
    from locard.evaluation.runs.side_work import SideProcesses
    from locard.evaluation.runs.work import Work

    check_run(plugins, executor, workers)
    treatments = tuple({treatment.name: treatment for treatment in treatments}.values())
    with ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="locard-")))
        store = FindingStore(findings or temporary / "findings")
        processes = stack.enter_context(SideProcesses(workers))
        work = Work(dataset, treatments, store, processes, temporary, workers)
        summary = examine(
            pipeline,
            work.subjects(),
            plugins=plugins,
            sink=work.deliver,
            scratch=temporary,
            workers=workers,
            executor=executor,
            cached=store.get,
            total=len(dataset.samples) * (1 + len(treatments)),
        )
        if summary.interrupted:
            raise KeyboardInterrupt
        rows = work.rows()
    return Evaluation(
        results=_results(pipeline, dataset, plugins, treatments, rows, work.problems(), command),
        rows=rows,
        reused=summary.reused,
        seconds=summary.seconds,
        damaged=tuple(store.damaged),
    )


def one_step(
    plugin: str, plugins: Catalogue, parameters: Mapping[str, Any] | None = None
) -> Pipeline:
    """Return a pipeline of one detector, to evaluate it by itself.

    Raises:
        PipelineError: There is no such detector, it is a refiner, or a parameter is wrong.
    """
    from locard.own_calibration import with_own_calibrations
    from locard.pipelines import resolve

    step = {"name": plugin, "plugin": plugin, "parameters": dict(parameters or {})}
    raw = {"name": plugin, "version": "1", "description": f"{plugin} by itself", "steps": [step]}
    return with_own_calibrations(resolve(raw, f"detector {plugin}", plugins), plugins)


def step_facts(pipeline: Pipeline, plugins: Catalogue) -> tuple[StepFacts, ...]:
    """Return what must be the same for the figures of a pipeline's steps to hold."""
    from locard.engine.cache import models_of
    from locard.evaluation.results import StepFacts

    models = models_of(pipeline, plugins)
    verdicts: dict[str, bool] = {}
    facts = []
    for step in pipeline.steps:
        plugin = plugins.step(step.plugin)
        # A refiner keeps the outcome of what it refines, and decides where that decides.
        verdicts[step.name] = verdicts[step.input] if step.input else plugin.gives_verdict
        facts.append(
            StepFacts(
                name=step.name,
                plugin=step.plugin,
                version=plugin.version,
                parameters=step.parameters,
                models=tuple(model.plain() for model in models[step.name] or ()),
                input=step.input,
                gives_verdict=verdicts[step.name],
            )
        )
    return tuple(facts)


def same_files(dataset: Dataset) -> Iterator[str]:
    """Yield a sentence for each file that is in a data set under different kinds."""
    by_hash = defaultdict(list)
    for sample in dataset.samples:
        by_hash[dataset.hashes[sample.name]].append(sample)
    for samples in by_hash.values():
        if len({sample.kind for sample in samples}) > 1:
            named = " and ".join(f"{printable(s.name)} ({s.kind})" for s in samples)
            yield f"{named} are the same file, so that one kind must be wrong"


def fitted_to(pipeline: Pipeline, facts: DatasetFacts) -> Iterator[str]:
    """Yield a sentence for each step whose calibration was made from the images themselves."""
    from locard.calibration import Calibration

    for step in pipeline.steps:
        if step.calibration is None:
            continue
        calibration = Calibration.from_plain(step.calibration, f"the calibration of {step.name}")
        if calibration.dataset.same_as(facts):
            yield (
                f"the calibration of {step.name} was made from this data set, as far as hash or "
                "name tell: its likelihood ratios, and Cllr, look better here than they are"
            )


def _results(
    pipeline: Pipeline,
    dataset: Dataset,
    plugins: Catalogue,
    treatments: Sequence[Treatment],
    rows: Sequence[Row],
    problems: Sequence[str],
    command: Mapping[str, Any] | None,
) -> Results:
    from locard.engine.receipts import environment
    from locard.evaluation.metrics.comparison import gains
    from locard.evaluation.metrics.summary import summarise
    from locard.evaluation.results import Results
    from locard.evaluation.rows import UNTREATED
    from locard.evaluation.runs.output import sha256_of_cases

    steps = step_facts(pipeline, plugins)
    leaks, unchecked = _leaks(dataset)
    problems = (
        *dataset.facts.problems,
        *same_files(dataset),
        *fitted_to(pipeline, dataset.facts),
        *problems,
        *unchecked,
    )
    return Results(
        cases_sha256=sha256_of_cases(rows),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment(),
        command=command or {},
        dataset=dataset.facts.model_copy(update={"problems": problems}),
        pipeline=pipeline.model_dump(mode="json"),
        pipeline_sha256=pipeline.sha256,
        steps=steps,
        treatments=(UNTREATED, *(treatment.name for treatment in treatments)),
        leaks=leaks,
        subsets=summarise(rows, {step.name: step.gives_verdict for step in steps}),
        gains=gains(rows, {step.name: step.input for step in steps if step.input}),
    )


def _leaks(dataset: Dataset) -> tuple[tuple[LeakFinding, ...] | None, tuple[str, ...]]:
    """Return what the leak check found; None with a sentence why where it could not be made."""
    from locard.evaluation.datasets.leaks import find_leaks

    try:
        return find_leaks(dataset), ()
    except (LocardError, OSError) as error:
        why = error.sentences if isinstance(error, LocardError) else str(error)
        return None, (f"the leak check could not be made: {why}",)
