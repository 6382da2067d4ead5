"""Tables of the crop models, from docs/evaluation/crop*.json: `locard crop evaluate -o FILE`."""

from __future__ import annotations

from functools import cache

from figure_tables import RUNS, table

from locard_kd_crop.evaluation.parts import SIZES
from locard_kd_crop.evaluation.results import CropResults
from locard_kd_crop.evaluation.tables import Table, alarms, costs, strata

_SIZES = dict(zip(("large", "medium", "small"), SIZES, strict=True))


@cache
def crop_results(name: str) -> CropResults:
    """Return the results of an evaluation of crop models."""
    return CropResults.model_validate_json((RUNS / f"{name}.json").read_text(encoding="utf-8"))


def crop_strata(name: str, figure: str, size: str = "large") -> str:
    """A figure by stratum, models side by side; the size is ``large``, ``medium`` or ``small``."""
    return _markdown(strata(crop_results(name), figure, _SIZES[size]))


def crop_alarms(name: str) -> str:
    """False alarms at the threshold of one per cent, by tool, file and size."""
    return _markdown(alarms(crop_results(name)))


def crop_costs(name: str) -> str:
    """What each model takes."""
    return _markdown(costs(crop_results(name)))


def crop_sets(name: str) -> str:
    """What was measured on."""
    found = crop_results(name)
    lines = [
        [one.name, one.tool, str(one.images), f"`{one.manifest_sha256[:16]}…`"]
        for one in found.sets
    ]
    head = ["data set", "cut by", f"pictures of the split {found.split}", "hash of the manifest"]
    return table(head, lines)


def crop_photographs(name: str) -> str:
    """Photographs that show an older grid of their own, by the model that shows it."""
    found = crop_results(name)
    lines = [
        [
            one.photograph.replace("|", "\\|"),
            method.name,
            f"{one.x}, {one.y}",
            f"{one.agree} of {one.images}",
            words,
        ]
        for method in found.methods
        for photographs, words in (
            (method.set_aside, "set aside"),
            (method.older_grids, "counted as false alarms"),
        )
        for one in photographs
    ]
    head = ["photograph", "by", "x, y", "uncropped pictures that show it", ""]
    return table(head, lines) if lines else "None was found.\n"


def _markdown(found: Table) -> str:
    return f"{found.title[0].upper()}{found.title[1:]}:\n\n{table(found.head, found.rows)}"


CROP_TABLES = {
    function.__name__: function
    for function in (crop_strata, crop_alarms, crop_costs, crop_sets, crop_photographs)
}
