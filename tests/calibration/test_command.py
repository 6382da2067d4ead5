"""``locard calibration`` as a lab uses it, and on real files from evaluation to analysis."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from calibrating import locard, rewrite, scored
from PIL import Image

from locard.calibration import Calibration
from locard.calibration.cases import read_cases
from locard.calibration.make import make
from locard.calibration.schema import schema_text

LEAK = {"feature": "quantisation tables", "balanced_accuracy": 1.0, "low": 0.9, "high": 1.0}


def fit(folder: Path, *more: object) -> tuple[int, str, str]:
    done = locard("calibration", "fit", "--results", "lab", "-o", "cal.json", *more, folder=folder)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_fit_writes_a_calibration_that_show_prints(write_evaluation, tmp_path):
    write_evaluation(scored(40, 50), qualities=[85, 90, 92], missing=4)
    code, words, _ = fit(tmp_path, "--step", "history", "--method", "pav")
    assert code == 0
    jsonschema.validate(json.loads((tmp_path / "cal.json").read_text()), json.loads(schema_text()))
    (stratum,) = Calibration.load(tmp_path / "cal.json").strata
    assert (stratum.tampered, stratum.authentic) == (36, 50)
    assert stratum.without_score == {"tampered": 4}
    quality = stratum.conditions.jpeg_quality
    assert quality is not None
    assert (quality.low, quality.high) == (85, 92)
    assert "was not checked" in words
    shown = locard("calibration", "show", "cal.json", folder=tmp_path)
    assert shown.stdout == words
    plain = locard("calibration", "show", "cal.json", "--json", folder=tmp_path)
    assert json.loads(plain.stdout) == json.loads((tmp_path / "cal.json").read_text())


def test_strata_by_source_are_fitted_alone_and_small_ones_left_out(write_evaluation, tmp_path):
    write_evaluation(scored(80, 80), qualities=[75, 92, 92, 99] + [75, 92] * 3)
    code, _, errors = fit(tmp_path, "--by", "source")
    assert code == 0
    names = [stratum.name for stratum in Calibration.load(tmp_path / "cal.json").strata]
    assert names == ["JPEG 70-79", "JPEG 90-94"]
    assert "Stratum 'JPEG 95-100' is left out: 8 tampered images have a score" in errors


def test_strata_by_size(write_evaluation):
    made = make(read_cases(write_evaluation(scored(40, 40))), method="logistic", by="size")
    assert [stratum.name for stratum in made.calibration.strata] == ["below 0.5 MP"]


def test_the_same_scores_give_the_same_fit(write_evaluation):
    cases = read_cases(write_evaluation(scored(40, 40)))
    one, other = (make(cases, method="pav").calibration.strata for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--step", "other"), "lab has no step 'other'"),
        (("--treatment", "jpeg-80"), "the evaluation has no treatment jpeg-80"),
        (("--minimum", "60"), "40 tampered images have a score, and calibration needs 60"),
    ],
)
def test_what_cannot_be_fitted_is_said(write_evaluation, tmp_path, options, words):
    write_evaluation(scored(40, 50))
    code, _, errors = fit(tmp_path, *options)
    assert code == 2
    assert words in errors
    assert not (tmp_path / "cal.json").exists()


def test_a_place_that_cannot_be_written_is_said(write_evaluation, tmp_path):
    write_evaluation(scored(40, 50))
    for option in ("-o", "--plots"):
        code, _, errors = fit(tmp_path, option, "lab/results.json/x")
        assert code != 0
        assert "bug" not in errors
        assert "lab/results.json" in errors


def test_names_from_outside_cannot_steer_the_terminal(write_evaluation, tmp_path):
    folder = write_evaluation(scored(40, 50))
    rewrite(folder / "results.json", lambda p: p["dataset"].update(name="a\x1b[31m[red]b"))
    code, words, _ = fit(tmp_path)
    assert code == 0
    assert "\x1b" not in words
    assert "a\\x1b[31m[red]b" in words


def test_data_that_leak_are_refused_unless_accepted(write_evaluation, tmp_path):
    write_evaluation(scored(40, 50), leaks=[{**LEAK, "leaks": True}])
    code, _, errors = fit(tmp_path)
    assert code == 2
    assert "the classes of lab differ in quantisation tables" in errors
    code, words, _ = fit(tmp_path, "--accept-leaks")
    assert code == 0
    assert "WARNING" in words
    assert Calibration.load(tmp_path / "cal.json").dataset.leaks == ("quantisation tables",)


def test_data_that_do_not_leak_say_so(write_evaluation, tmp_path):
    write_evaluation(scored(40, 50), leaks=[{**LEAK, "leaks": False}])
    code, words, _ = fit(tmp_path)
    assert code == 0
    assert "WARNING" not in words
    assert "not checked" not in words


@pytest.mark.parametrize(
    ("feature", "treatments", "refused"),
    [
        ("quantisation tables", ("none", "jpeg-80"), True),  # untreated images are among them
        ("quantisation tables", ("jpeg-80",), False),  # which saves all alike
        ("width × height", ("jpeg-80",), True),  # which leaves sizes alone
    ],
)
def test_a_treatment_hides_no_leak_that_it_does_not_mend(
    write_evaluation, tmp_path, feature, treatments, refused
):
    leaks = [{**LEAK, "feature": feature, "leaks": True}]
    write_evaluation(scored(40, 50), treatments=["none", "jpeg-80"], leaks=leaks)
    options = [word for name in treatments for word in ("--treatment", name)]
    code, _, errors = fit(tmp_path, *options)
    assert (code == 2) == refused
    assert (f"differ in {feature}" in errors) == refused


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("results.json", None, "cannot read lab/results.json"),
        ("results.json", "{}", "is no evaluation that this Locard wrote"),
        ("cases.csv", None, "cannot read lab/cases.csv"),
        ("cases.csv", "a,b\n1,2\n", "it has no column"),
    ],
)
def test_a_folder_that_is_no_evaluation_is_refused(write_evaluation, tmp_path, name, text, words):
    path = write_evaluation(scored(40, 50)) / name
    path.unlink()
    if text is not None:
        path.write_text(text)
    code, _, errors = fit(tmp_path)
    assert code == 2
    assert words in errors


@pytest.mark.parametrize("score", ["nan", "inf", "high"])
def test_a_score_that_is_no_number_is_refused(write_evaluation, tmp_path, score):
    path = write_evaluation(scored(40, 50)) / "cases.csv"
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    cells[lines[0].split(",").index("score")] = score
    lines[3] = ",".join(cells)
    path.write_text("\n".join(lines))
    code, _, errors = fit(tmp_path)
    assert code == 2
    assert "line 4 (2.jpg)" in errors


def test_check_measures_on_other_data(write_evaluation, tmp_path):
    write_evaluation(scored(60, 60))
    assert fit(tmp_path)[0] == 0
    write_evaluation(scored(60, 60, shift=0.0, seed=9), name="street", qualities=[90, 90, 60])
    done = locard(
        "calibration", "check", "cal.json", "--results", "street", "--json", folder=tmp_path
    )
    found = json.loads(done.stdout)
    assert not found["same_data"]
    assert found["outside"] == 40
    # Ratios that promise what this detector does not hold here cost more than saying nothing.
    assert found["strata"][-1]["cllr"] > 1
    words = locard("calibration", "check", "cal.json", "--results", "street", folder=tmp_path)
    assert "40 images got no ratio: outside the calibration's conditions (" in words.stdout
    assert "all images: with a Cllr of 1 or more" in words.stdout
    assert words.returncode == done.returncode == 0


def test_check_that_measured_nothing_says_so(write_evaluation, tmp_path):
    write_evaluation(scored(60, 60))
    assert fit(tmp_path)[0] == 0
    write_evaluation(scored(60, 60, seed=9), name="street", qualities=[20])
    words = locard("calibration", "check", "cal.json", "--results", "street", folder=tmp_path)
    assert words.returncode == 1
    assert "No image got a ratio: nothing was measured." in words.stdout
    assert "120 images got no ratio" in words.stdout
    done = locard(
        "calibration", "check", "cal.json", "--results", "street", "--json", folder=tmp_path
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["strata"] == []


def test_a_calibration_worse_than_nothing_says_so(write_evaluation, tmp_path):
    path = write_evaluation(scored(60, 60, shift=0.0, seed=9))
    made = make(read_cases(path), method="pav", by="none").calibration
    assert made.strata[0].performance.cllr >= 1
    _, words, _ = fit(tmp_path, "--method", "pav")
    assert "these ratios are no better than saying nothing" in words


def test_check_on_its_own_data_says_so(write_evaluation, tmp_path):
    write_evaluation(scored(60, 60))
    assert fit(tmp_path)[0] == 0
    done = locard("calibration", "check", "cal.json", "--results", "lab", folder=tmp_path)
    assert "This is the data set that the calibration was made from" in done.stdout


def test_check_refuses_another_method(write_evaluation, tmp_path):
    write_evaluation(scored(60, 60))
    assert fit(tmp_path)[0] == 0
    path = write_evaluation(scored(60, 60), name="street") / "results.json"
    rewrite(path, lambda plain: plain["steps"][0].update(version="0.1"))
    done = locard("calibration", "check", "cal.json", "--results", "street", folder=tmp_path)
    assert done.returncode == 2
    assert "of another method than the calibration" in done.stderr


def test_plots_are_pictures(write_evaluation, tmp_path):
    write_evaluation(scored(60, 60))
    code, words, _ = fit(tmp_path, "--plots", "plots")
    assert code == 0
    assert "plots/all-images.png" in words
    data = (tmp_path / "plots" / "all-images.png").read_bytes()
    assert struct.unpack(">II", data[16:24]) == (1875, 630)
    assert b"<svg" in (tmp_path / "plots" / "all-images.svg").read_bytes()
    done = locard(
        "calibration", "plot", "cal.json", "--results", "lab", "-o", "others", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "others" / "all-images.svg").is_file()


def test_there_is_nothing_to_draw_of_one_class(write_evaluation, tmp_path):
    write_evaluation(scored(60, 60))
    assert fit(tmp_path)[0] == 0
    write_evaluation(scored(0, 60), name="street")
    done = locard(
        "calibration", "plot", "cal.json", "--results", "street", "-o", "p", folder=tmp_path
    )
    assert done.returncode == 2
    assert "nothing to draw" in done.stderr


def noisy_set(folder: Path, count: int, seed: int) -> None:
    """Write authentic photographs with even noise, and tampered ones with a noisier patch."""
    generator = np.random.default_rng(seed)
    for kind in ("authentic", "tampered", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        for kind in ("authentic", "tampered"):
            pixels = generator.normal(128, 6, (128, 160, 3))
            if kind == "tampered":
                pixels[32:96, 32:112] += generator.normal(0, 12, (64, 80, 3))
            picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            picture.save(folder / kind / f"{kind[0]}{number}.png")
        mask = np.zeros((128, 160), np.uint8)
        mask[32:96, 32:112] = 255
        Image.fromarray(mask).save(folder / "masks" / f"t{number}.png")


@pytest.mark.slow
def test_from_evaluation_to_analysis_on_real_files(tmp_path):
    noisy_set(tmp_path / "set", 12, seed=1)
    done = locard(
        *("evaluate", "--dataset", "set", "-p", "noise", "-o", "lab", "-w", "1", "-q"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    # PNG files with more noise are larger: the leak check sees it, and is right to say so.
    assert fit(tmp_path, "--minimum", "10", "--accept-leaks")[0] == 0
    (tmp_path / "p.toml").write_text(
        'name = "lab"\nversion = "1"\n[[steps]]\nname = "noise"\nplugin = "noise"\n'
        'calibration = "cal.json"\n'
    )
    noisy_set(tmp_path / "new", 1, seed=2)
    Image.open(tmp_path / "new/tampered/t0.png").save(tmp_path / "new.jpg", quality=90)
    files = ("new/tampered/t0.png", "new/authentic/a0.png", "new.jpg")
    done = locard("analyze", *files, "-p", "p.toml", "--json", folder=tmp_path)
    ratios = [json.loads(line)["findings"][0]["likelihood"] for line in done.stdout.splitlines()]
    assert ratios[0]["log10_lr"] > 0 > ratios[1]["log10_lr"]
    assert ratios[2]["refused"] == "outside-conditions"
    assert "The file is JPEG; the calibration is for lossless files." in ratios[2]["explanation"]
    words = locard("analyze", *files, "-p", "p.toml", folder=tmp_path).stdout
    assert "tampered with like the tampered images of set" in " ".join(words.split())
    assert "No likelihood ratio. The file is JPEG" in " ".join(words.split())
