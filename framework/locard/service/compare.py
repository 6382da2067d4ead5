"""Compare two evaluations: is the second better than the first on the same images?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from locard.errors import LocardError
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.comparison_results import (
        ComparedEvaluation,
        Comparison,
        StepComparison,
    )
    from locard.evaluation.metrics.pairs import Pairs
    from locard.evaluation.results import Results
    from locard.evaluation.runs.cases import EvaluationFolder

LEAST_COMMON = 20
"""Images that evaluations of different data sets must share to be compared at all."""

_SOFTWARE = ("locard", "python")


def compare(
    first: EvaluationFolder, second: EvaluationFolder, steps: Sequence[str] = ()
) -> Comparison:
    """Compare two evaluations.

    Args:
        first: One of them.
        second: The other, of which is said whether it is better or worse.
        steps: Which steps: ``NAME`` of both, or ``NAME_OF_FIRST=NAME_OF_SECOND``. Empty takes those
            that have the same name in both, or the only step of each.

    Raises:
        LocardError: A step is not there; or the data sets differ, and share too few images.
    """
    from locard.evaluation.comparison_results import Comparison

    wanted = step_pairs(first.results, second.results, steps)
    leaks = (*(first.results.leaks or ()), *(second.results.leaks or ()))
    return Comparison(
        first=_facts(first.results),
        second=_facts(second.results),
        software=tuple(_software(first.results.environment, second.results.environment)),
        leaks=tuple(dict.fromkeys(leak.feature for leak in leaks if leak.leaks)),
        steps=tuple(_compare(first, second, *names) for names in wanted),
    )


def step_pairs(
    first: Results, second: Results, wanted: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return which step of the first is held against which of the second.

    Args:
        first: The first evaluation's results.
        second: The second's.
        wanted: As for :func:`compare`.

    Raises:
        LocardError: A step is not there, or none fits.
    """
    names = tuple([step.name for step in results.steps] for results in (first, second))
    if not wanted:
        common = tuple((name, name) for name in names[0] if name in names[1])
        if common:
            return common
        if len(names[0]) == len(names[1]) == 1:
            return ((names[0][0], names[1][0]),)
        raise LocardError(
            "the evaluations have no step of the same name", f"{_have(names)} Use --step A=B."
        )
    found = dict.fromkeys(_named(text, names) for text in wanted)
    return tuple(found)


def _named(text: str, names: Sequence[Sequence[str]]) -> tuple[str, str]:
    # A step's name has no "=" in it, see locard.pipelines.
    one, _, other = text.partition("=")
    chosen = one, other or one
    for name, own, which in zip(chosen, names, ("first", "second"), strict=True):
        if name not in own:
            raise LocardError(f"the {which} evaluation has no step {printable(name)}", _have(names))
    return chosen


def _have(names: Sequence[Sequence[str]]) -> str:
    first, second = (printable(", ".join(own)) for own in names)
    return f"Steps of the first: {first}; of the second: {second}."


def _compare(
    first: EvaluationFolder, second: EvaluationFolder, one: str, other: str
) -> StepComparison:
    from locard.evaluation.comparison_results import StepComparison
    from locard.evaluation.metrics.comparison import COMPARED, OF_VERDICTS
    from locard.evaluation.metrics.comparison import compare as compare_rows
    from locard.evaluation.metrics.pairs import pair
    from locard.evaluation.validation.methods import Method, changes

    pairs = pair(
        [row for row in first.rows if row.step == one],
        [row for row in second.rows if row.step == other],
    )
    _check_enough(pairs, first.results, second.results)
    decides = all(
        step.gives_verdict
        for results, name in ((first.results, one), (second.results, other))
        for step in results.steps
        if step.name == name
    )
    metrics = [name for name in COMPARED if decides or name not in OF_VERDICTS]
    methods = (
        Method.measured(first.results.steps, one),
        Method.measured(second.results.steps, other),
    )
    return StepComparison(
        first=one,
        second=other,
        changes=changes(*methods),
        gives_verdict=decides,
        pairs=len(pairs.rows),
        alone=pairs.alone,
        other_file=pairs.other_file,
        parts=compare_rows(pairs, metrics),
    )


def _check_enough(pairs: Pairs, first: Results, second: Results) -> None:
    """Raise where different data sets share too few images for a comparison to mean anything."""
    same_data = first.dataset.sha256 == second.dataset.sha256
    common = len({one.sample for one, _ in pairs.rows})
    if common >= (1 if same_data else LEAST_COMMON):
        return
    if same_data:
        raise LocardError(
            "the evaluations share no image that was treated alike",
            f"Treatments of the first: {printable(', '.join(first.treatments))}; "
            f"of the second: {printable(', '.join(second.treatments))}.",
        )
    names = [printable(results.dataset.name) for results in (first, second)]
    differ = f"; {pairs.other_file} more differ in content, kind or mask" * (pairs.other_file > 0)
    raise LocardError(
        f"the evaluations are of different images ({names[0]} and {names[1]}): {common} have the "
        f"same name, content, kind and share of tampered pixels{differ}",
        "A method is better than another on the same images only: evaluate both on one data set. "
        f"Data sets that differ must have {LEAST_COMMON} images in common.",
    )


def _facts(results: Results) -> ComparedEvaluation:
    from locard.evaluation.comparison_results import ComparedEvaluation

    return ComparedEvaluation(
        created=results.created,
        dataset=results.dataset.name,
        dataset_sha256=results.dataset.sha256,
        pipeline=str(results.pipeline.get("name", "")),
        pipeline_version=str(results.pipeline.get("version", "")),
        pipeline_sha256=results.pipeline_sha256,
    )


def _software(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs in versions of software, a phrase each."""
    versions = []
    for environment in (first, second):
        packages = environment.get("packages")
        own = {name: environment[name] for name in _SOFTWARE if name in environment}
        versions.append({**own, **(packages if isinstance(packages, Mapping) else {})})
    for name in dict.fromkeys((*versions[0], *versions[1])):
        was, now = (version.get(name, "absent") for version in versions)
        if was != now:
            yield f"{name} was {was}, is {now}"
