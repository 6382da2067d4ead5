"""The refiner ``dense-crf``: a finding's map drawn anew along the picture's edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from pydantic import Field

from locard import Budget, Finding, HeatMap, Image, Parameters, Refiner, Region
from locard_dense_crf import mean_field, pydensecrf_backend
from locard_dense_crf.mean_field import CrfParameters
from locard_dense_crf.support import Support, find_support

_STRIP = 512  # rows


class DenseCrfParameters(Parameters):
    """Parameters of :class:`DenseCrf`, in the notation of Krähenbühl and Koltun (2011)."""

    sigma_gamma: float = Field(
        3.0, ge=0.5, le=50, description="width of the smoothness kernel, in pixels (σγ)"
    )
    weight_gamma: float = Field(
        3.0, ge=0, le=100, description="weight of the smoothness kernel; 0 leaves it out"
    )
    sigma_alpha: float = Field(
        80.0, ge=8, le=1000, description="width of the appearance kernel over positions, in pixels"
    )
    sigma_beta: float = Field(
        13.0,
        ge=2,
        le=255,
        description="width of the appearance kernel over colours, in levels of 0–255",
    )
    weight_alpha: float = Field(
        10.0, ge=0, le=100, description="weight of the appearance kernel; 0 leaves it out"
    )
    colour_only: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of what pixels as near say, of whatever colour, that is taken off what "
        "those of a similar colour say; 1: only what colour tells apart moves the map",
    )
    iterations: int = Field(5, ge=1, le=50, description="mean-field updates")
    backend: Literal["lattice", "pydensecrf"] = Field(
        "lattice",
        description="who computes: Locard's own lattice, or pydensecrf (slower; must be installed)",
    )
    colour_tolerance: int = Field(
        10,
        ge=-1,
        le=64,
        description="backend lattice: neighbouring pixels whose colours differ by no more in any "
        "channel share a feature; -1 gives each pixel its own",
    )
    confidence: float = Field(
        0.9,
        gt=0.5,
        lt=1,
        description="how far a map value is believed: values are limited to 1 - confidence … "
        "confidence",
    )
    minimum_contrast: float = Field(
        0.1,
        ge=0.01,
        le=1,
        description="a map whose values differ by less stays as it is; a refined area must rise "
        "above the rest of the map before by as much",
    )
    minimum_agreement: float = Field(
        0.3,
        ge=0,
        le=1,
        description="the map stays as it is if the refined mask's correlation with it is less",
    )
    pixels_a_cell: int = Field(
        1, ge=1, le=16, description="side of the squares of pixels that are refined as one"
    )
    working_megapixels: float = Field(
        16.0,
        ge=0.01,
        le=200,
        description="a picture with more squares than this is refined in larger ones",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is refined: map and picture, ``step`` pixels to each of theirs."""

    probability: NDArray[np.float32]
    pixels: NDArray[np.uint8]
    step: int


class DenseCrf(Refiner):
    """Fully connected CRF with Gaussian edge potentials."""

    name = "dense-crf"
    version = "1.1.0"
    summary = "Moves the borders of a map to the edges of the picture (fully connected CRF)"
    method = (
        "Each pixel takes the label, traced or not, on which the map and all pixels near it of a "
        "similar colour agree: mean-field inference in a fully connected conditional random field "
        "with a smoothness and an appearance kernel (Krähenbühl and Koltun, NIPS 2011), filtered "
        "on the permutohedral lattice (Adams, Baek, Davis, Eurographics 2010). With colour_only, "
        "less what all near pixels say, whatever their colour."
    )
    limits = (
        "It adds no evidence: it only moves borders, and it follows edges of the picture that need "
        "not be those of a manipulation. A manipulated part of the same colour as what surrounds "
        "it may be lost or overgrown. The values of the refined map are more certain than those "
        "of the map before, and are no probability that anything was manipulated. Score and "
        "outcome are those of the step before."
    )
    score_meaning = "The score of the step whose map is refined, unchanged."
    glossary: ClassVar[Mapping[str, str]] = {
        "refinement": (
            "refined; or why the map is as it was: no-contrast (its values hardly differ) or "
            "unsupported (the areas of the refined map did not stand out in the map before)."
        ),
        "contrast": "Largest less smallest value of the map before, values limited to confidence.",
        "share_before": "Share of the picture where the map before is above ½.",
        "share_after": "Share of the picture where the refined map is above ½.",
        "agreement": "Correlation of the refined mask with the map before.",
        "share_dropped": "Share in refined areas for which the map before does not speak.",
        "iterations": "Mean-field updates.",
        "backend": "Who computed: lattice or pydensecrf.",
        "pixels_a_cell": "Side of a cell of the refined map in pixels; more than 1 if reduced.",
    }
    Parameters = DenseCrfParameters
    budget = Budget(
        seconds=1.0, seconds_per_megapixel=3.0, mebibytes=100.0, mebibytes_per_megapixel=220.0
    )

    def load(self) -> None:
        """Compile the loops, or read them from numba's cache; import pydensecrf if it is used.

        Raises:
            PluginError: pydensecrf is to be used and not installed.
        """
        black = np.zeros((2, 2, 3), np.uint8)
        black.setflags(write=False)  # as pixels of an image are: numba compiles for just that
        self._infer(_Task(np.full((2, 2), 0.5, np.float32), black, 1), 1.0)

    def refine(self, image: Image, finding: Finding) -> Finding:
        """Return the finding with a refined map, mask and regions."""
        if finding.map is None:
            raise ValueError("dense-crf was given a finding without a map")
        pixels = image.pixels
        height, width = pixels.shape[:2]
        confidence = self.parameters.confidence
        task = _task(finding.map, pixels, self._step(height * width), confidence)
        contrast = float(np.ptp(task.probability))
        share_before = float(np.mean(task.probability > 0.5))
        said = {"contrast": round(contrast, 4), "share_before": share_before}
        if contrast < self.parameters.minimum_contrast:
            return _unchanged(finding, "no-contrast", said)
        # The less the map says, the less its neighbours may make of it.
        refined = self._infer(task, contrast / (2 * confidence - 1))
        smallest = max(16, refined.size // 10_000)
        support = find_support(
            refined, task.probability, self.parameters.minimum_contrast, smallest
        )
        said |= {"agreement": round(support.agreement, 4), "share_dropped": support.dropped}
        if not support.mask.any() or support.agreement < self.parameters.minimum_agreement:
            return _unchanged(finding, "unsupported", said)
        said |= {
            "share_after": float(np.mean(support.mask)),
            "iterations": self.parameters.iterations,
            "backend": self.parameters.backend,
            "pixels_a_cell": task.step,
        }
        return _redrawn(finding, refined, support, task.step, (height, width), said)

    def _step(self, pixels: int) -> int:
        """Return by what whole number a picture is divided, so that it is not too large."""
        largest = self.parameters.working_megapixels * 1e6
        return max(int(self.parameters.pixels_a_cell), ceil(sqrt(pixels / largest)))

    def _infer(self, task: _Task, strength: float) -> NDArray[np.float32]:
        own = self.parameters
        crf = CrfParameters(
            sigma_gamma=own.sigma_gamma / task.step,
            weight_gamma=own.weight_gamma * strength,
            sigma_alpha=own.sigma_alpha / task.step,
            sigma_beta=own.sigma_beta,
            weight_alpha=own.weight_alpha * strength,
            colour_only=own.colour_only,
            iterations=own.iterations,
        )
        if own.backend == "pydensecrf":
            return pydensecrf_backend.infer(task.probability, task.pixels, crf)
        return mean_field.infer(task.probability, task.pixels, crf, own.colour_tolerance)


def _task(map_: HeatMap, pixels: NDArray[np.uint8], step: int, confidence: float) -> _Task:
    """Return map and picture, reduced by averaging squares of ``step`` pixels a side."""
    probability = np.clip(_at_squares(map_, pixels.shape[:2], step), 1 - confidence, confidence)
    if step == 1:
        return _Task(probability, pixels, step)
    small = [_reduced(pixels[rows], step) for rows in _strips(len(pixels), step)]
    return _Task(probability, np.concatenate(small), step)


def _at_squares(map_: HeatMap, shape: tuple[int, ...], step: int) -> NDArray[np.float32]:
    """Return the map's mean over squares of ``step`` pixels a side."""
    height, width = shape[:2]
    x0, y0 = map_.origin
    if x0 % step == y0 % step == map_.cell % step == 0:
        # Each square lies in one cell.
        cells = HeatMap(map_.values, map_.cell // step, (x0 // step, y0 // step))
        return cells.at_pixels(-(-height // step), -(-width // step))
    small = [
        _reduced(
            HeatMap(map_.values, map_.cell, (x0, y0 - rows.start)).at_pixels(
                rows.stop - rows.start, width
            ),
            step,
        )
        for rows in _strips(height, step)
    ]
    return np.concatenate(small)


def _strips(height: int, step: int) -> Iterator[slice]:
    """Yield rows that are reduced at once: Pillow copies them, and a whole picture is large."""
    tall = step * max(1, _STRIP // step)
    for top in range(0, height, tall):
        yield slice(top, min(top + tall, height))


def _reduced(pixels: NDArray[Any], step: int) -> NDArray[Any]:
    return np.asarray(PillowImage.fromarray(pixels).reduce(step))


def _unchanged(finding: Finding, refinement: str, said: dict[str, Any]) -> Finding:
    return finding.with_(measurements={"refinement": refinement, **said})


def _redrawn(
    finding: Finding,
    refined: NDArray[np.float32],
    support: Support,
    step: int,
    shape: tuple[int, int],
    said: dict[str, Any],
) -> Finding:
    """Return the finding with the refined map; areas without support are taken down to ½."""
    values = np.where(support.mask, refined, np.minimum(refined, np.float32(0.5)))
    height, width = shape
    mask = support.mask.repeat(step, axis=0)[:height].repeat(step, axis=1)[:, :width]
    return finding.with_(
        map=HeatMap(values, cell=step),
        mask=mask,
        regions=_regions(support, step, shape),
        measurements={"refinement": "refined", **said},
    )


def _regions(support: Support, step: int, shape: tuple[int, int]) -> tuple[Region, ...]:
    regions = []
    for (rows, columns), area, mean in zip(
        support.boxes, support.areas, support.means, strict=True
    ):
        left, top = columns.start * step, rows.start * step
        regions.append(
            Region(
                x=left,
                y=top,
                width=min(columns.stop * step, shape[1]) - left,
                height=min(rows.stop * step, shape[0]) - top,
                label="refined area",
                measurements={"pixels": area * step**2, "mean_before": round(mean, 4)},
            )
        )
    return tuple(regions)
