"""The figures of block evidence can be drawn again."""

from __future__ import annotations

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image as Pillow

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("script", ["splice_pixel_figure", "splice_jpeg_figure"])
def test_a_figure_is_what_its_script_draws(script: str, tmp_path: Path) -> None:
    names = runpy.run_path(str(DOCS / f"{script}.py"))
    committed = np.asarray(Pillow.open(names["FILE"]).convert("L"), float)
    drawn = tmp_path / "figure.png"
    names["main"].__globals__["FILE"] = drawn
    names["main"]()
    plt.close("all")
    again = np.asarray(Pillow.open(drawn).convert("L"), float)
    assert again.shape == committed.shape
    # Letters are drawn a little differently by other versions of the library.
    assert np.abs(again - committed).mean() < 3
