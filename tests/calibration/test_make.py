"""What the maker of a calibration is told of the images that it rests on."""

from __future__ import annotations

from calibrating import scored

from locard.calibration.cases import read_cases
from locard.calibration.make import make


def test_images_that_share_sources_are_said_to_be_fewer(write_evaluation):
    folder = write_evaluation(scored(40, 50, sources=20), treatments=["none", "jpeg-80"])
    made = make(read_cases(folder), method="pav")
    assert made.notes == tuple(
        f"Stratum 'all images': {count} {words} images come from 20 sources, and the bounds count "
        "images: so few sources support less."
        for count, words in ((40, "tampered"), (50, "authentic"))
    )
    alone = write_evaluation(scored(40, 50), name="alone", treatments=["none", "jpeg-80"])
    assert make(read_cases(alone), method="pav").notes == ()
    copies = make(read_cases(alone), method="pav", treatments=("none", "jpeg-80"))
    assert "80 tampered images come from 40 sources" in copies.notes[0]
