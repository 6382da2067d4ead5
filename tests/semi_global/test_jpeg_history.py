"""What is gathered of a whole picture: its table, estimated or not, and its histograms."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from jpeg_pictures import PHOTOGRAPHS, band, photograph, plain_dct, random_pixels, through_jpeg
from PIL import Image as Pillow

from locard_semi_global.evidence.history import (
    BANDS,
    HALVES,
    RATIO_BANDS,
    Gathering,
    facts_of,
    quantised,
)
from locard_semi_global.evidence.planes import Planes
from locard_semi_global.evidence.tables import estimated_steps
from locard_semi_global.evidence.transform import blocks_dct


@pytest.mark.parametrize("pixels", [photograph("coffee"), random_pixels(1, 48, 72)])
def test_transform_is_the_orthonormal_dct(pixels):
    plane = Planes.of(pixels).luma - np.float32(128)
    assert np.abs(blocks_dct(plane) - plain_dct(plane)).max() < 2e-4


def test_blocks_have_the_same_bits_wherever_they_lie():
    block = random_pixels(2, 8, 8)[..., 0].astype(np.float32)
    alone = blocks_dct(block)[0, 0]
    for height, width in ((16, 8), (24, 56), (40, 136)):
        assert (blocks_dct(np.tile(block, (height // 8, width // 8))) == alone).all()


def test_mirrored_blocks_differ_in_signs_alone():
    block = random_pixels(3, 8, 8)[..., 0].astype(np.float32) * np.float32(0.77)
    signs = np.array([1, -1] * 4)
    assert (blocks_dct(block[:, ::-1]) == blocks_dct(block) * signs).all()
    assert (blocks_dct(block[::-1]) == blocks_dct(block) * signs[:, None]).all()


def test_a_flat_block_has_no_ac():
    assert np.abs(blocks_dct(np.full((8, 8), np.float32(3.3)))).ravel()[1:].max() == 0


@pytest.mark.parametrize("quality", [65, 75, 85, 92, 95, 98])
def test_tables_of_decoded_photographs_are_found(quality):
    shares = []
    for name in PHOTOGRAPHS:
        pixels, table = through_jpeg(photograph(name), quality)
        shares.append((facts_of(Planes.of(pixels), None).steps == table).mean())
    assert np.mean(shares) > 0.97


def test_a_table_of_no_library_is_found_where_there_is_something_to_divide():
    random = np.random.default_rng(4)
    table = random.integers(2, 30, (8, 8))
    spectra = np.rint(random.laplace(0, 40, (300, 8, 8)) / table) * table
    spectra += random.normal(0, 0.25, spectra.shape)
    assert (estimated_steps(spectra[None].astype(np.float32)) == table).all()


def test_the_last_step_is_found_where_most_lie_on_multiples_of_it():
    random = np.random.default_rng(5)
    once = np.rint(random.laplace(0, 40, (40, 8, 8)) / 7) * 7
    twice = np.rint(random.laplace(0, 40, (360, 8, 8)) / 21) * 21
    spectra = np.concatenate([once, twice]) + random.normal(0, 0.25, (400, 8, 8))
    assert (estimated_steps(spectra[None].astype(np.float32)) == 7).all()


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_picture_that_never_was_a_jpeg_has_steps_of_one(name):
    assert (facts_of(Planes.of(photograph(name)), None).steps == 1).all()


def test_a_grid_elsewhere_is_none():
    pixels, _ = through_jpeg(photograph("chelsea"), 80)
    assert (facts_of(Planes.of(pixels[3:, 5:]), None).steps == 1).all()


def test_clipped_blocks_do_not_hide_the_table():
    bright = np.clip(photograph("astronaut").astype(int) * 3 // 2 - 20, 0, 255).astype(np.uint8)
    pixels, table = through_jpeg(bright, 85)
    assert (facts_of(Planes.of(pixels), None).steps == table).mean() > 0.95


def test_where_every_block_is_clipped_all_of_them_are_used():
    pixels, table = through_jpeg(photograph("coffee"), 85)
    pixels = pixels.copy()
    pixels[4::8, 4::8, 2] = 0
    assert (facts_of(Planes.of(pixels), None).steps == table).mean() > 0.8


def test_files_tables_are_taken_as_they_are():
    table = np.arange(1, 65).reshape(8, 8)
    facts = facts_of(Planes.of(photograph("coffee")), table)
    assert (facts.steps == table).all()
    assert not facts.estimated
    assert facts_of(Planes.of(photograph("coffee")), None).estimated


@pytest.mark.parametrize("step", [1, 2, 3, 7, 16, 255])
def test_bins_are_divided_by_steps(step):
    middles = (np.arange(HALVES) - HALVES // 2 + 0.5) / 2
    assert (quantised(step) == np.rint(middles / step)).all()


@pytest.mark.parametrize("quality", [None, 70])
def test_histograms_are_those_of_counting(quality):
    pixels = photograph("chelsea", 160, 120)
    table = np.full((8, 8), 5)
    if quality:
        pixels, table = through_jpeg(pixels, quality)
    planes = Planes.of(pixels)
    found = facts_of(planes, table).histograms
    for place, (v, u) in enumerate(BANDS[:RATIO_BANDS]):
        counts = []
        for spectra in (planes.dct, planes.shifted_dct):
            values = spectra[..., v, u].astype(np.float64).ravel()
            values = np.abs(values) if place else values
            counts.append(Counter(np.floor(values / table[v, u] + 0.5).astype(int).tolist()))
        scale = planes.dct[..., 0, 0].size / planes.shifted_dct[..., 0, 0].size
        for k in counts[0] | counts[1]:
            wanted = np.log((counts[0][k] + 1.5) / (counts[1][k] * scale + 1.5))
            bin_of_k = int(2 * k * table[v, u]) + HALVES // 2
            got = found[place, min(bin_of_k, HALVES - 1)]
            assert got == pytest.approx(np.clip(wanted, -3, 3), abs=1e-4)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("rows", [1, 5, 12])
def test_bands_gather_what_the_whole_does(rows, known):
    pixels, table = through_jpeg(photograph("astronaut"), 88)
    planes, given = Planes.of(pixels), table if known else None
    whole, gathering = facts_of(planes, given), Gathering(given)
    for first in reversed(range(0, 32, rows)):
        last = min(first + rows, 32)
        above, below = min(first, 8), min(32 - last, 8)
        gathering.add(band(planes, first - above, last + below), above, below)
    facts = gathering.facts()
    assert (facts.steps == whole.steps).all()
    assert (facts.histograms == whole.histograms).all()
    assert (facts.first_ratios == whole.first_ratios).all()
    assert (facts.first_steps == whole.first_steps).all()
    assert (facts.earlier_ratios == whole.earlier_ratios).all()
    assert facts.estimated == whole.estimated


def test_a_mirrored_picture_has_the_same_facts():
    pixels, _ = through_jpeg(photograph("retina"), 90)
    planes = Planes.of(pixels)
    facts = facts_of(planes, None)
    for turn in (np.s_[:, ::-1], np.s_[::-1]):
        mirrored = facts_of(Planes.of(pixels[turn], planes.luma[turn]), None)
        assert (mirrored.steps == facts.steps).all()
        assert (mirrored.histograms == facts.histograms).all()
        assert (mirrored.first_ratios == facts.first_ratios).all()


@pytest.mark.slow
@pytest.mark.skipif("LOCARD_DATA" not in os.environ, reason="LOCARD_DATA names no folder of data")
def test_tables_of_casia_are_found():
    shares = []
    for path in sorted(Path(os.environ["LOCARD_DATA"], "casia1", "val").rglob("*.jpg"))[::6]:
        with Pillow.open(path) as picture:
            table = np.array(picture.quantization[0]).reshape(8, 8)  # type: ignore[attr-defined]
            pixels = np.asarray(picture.convert("RGB"))
        shares.append((facts_of(Planes.of(pixels), None).steps == table).mean())
    assert np.mean(shares) > 0.88
