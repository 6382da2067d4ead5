"""The cases that the page of an evaluation shows, with what their pictures are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from locard.errors import LocardError
from locard.evaluation.page.gallery import Case, Evidence, choose, show

if TYPE_CHECKING:
    from pathlib import Path

    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.rows import Row
    from locard.evaluation.runs.finding_store import FindingStore
    from locard.service.evaluate import Evaluation


def write_page(evaluation: Evaluation, dataset: Dataset, findings: Path, path: Path) -> None:
    """Write an evaluation as a page with pictures.

    Args:
        evaluation: What came of it.
        dataset: What was evaluated on.
        findings: The folder of findings that the evaluation left.
        path: Where the page goes.

    Raises:
        LocardError: It cannot be written, or matplotlib is not installed.
    """
    from locard.evaluation.page.html import write_html
    from locard.evaluation.runs.finding_store import FindingStore

    steps = [step.name for step in evaluation.results.steps]
    cases = gallery(dataset, evaluation.rows, steps, FindingStore(findings))
    write_html(evaluation.results, cases, path)


def gallery(
    dataset: Dataset, rows: Sequence[Row], steps: Iterable[str], store: FindingStore
) -> Iterator[Case]:
    """Yield the cases to look at, step by step; each is made when it is asked for.

    Args:
        dataset: What was evaluated on.
        rows: What came of it.
        steps: Names of the steps, in the order of the page.
        store: Where the findings are.
    """
    samples = {sample.name: sample for sample in dataset.samples}

    def fetch(row: Row) -> Evidence:
        from locard.engine.artifacts import read_map
        from locard.image import Image

        finding = store.get(row.finding_key) if row.finding_key else None
        if finding is None:
            raise LocardError("its finding is not in the folder of findings any more")
        sample = samples[row.sample]
        image = Image.from_path(sample.path)
        truth = dataset.truth(sample, image.height, image.width)
        return Evidence(image.pixels, truth, read_map(finding))

    for step in steps:
        yield from show(choose(rows, step), fetch)
