"""Packs, patches, trainings that learn, go on, and say what is wrong with their data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from locard.errors import LocardError
from locard.evaluation.datasets.loading import load
from locard.plugins import catalogue
from locard.training.config import ConfigError
from locard.training.loop import train
from locard.training.weights import save_weights
from locard_semi_global.paper.config import PatchConfig
from locard_semi_global.paper.global_network import GlobalNetwork, small_network
from locard_semi_global.paper.losses import Loss
from locard_semi_global.paper.networks import PatchNetwork
from locard_semi_global.paper.pack import open_pack
from locard_semi_global.paper.patches import draw, labels_of
from locard_semi_global.paper.preparing import network_of, small_network_of
from locard_semi_global.paper.resnet import ResNet18
from locard_semi_global.paper.starting import started
from locard_semi_global.prepared import Given
from locard_semi_global.tasks import prepare

QUICK = "epochs = 1\nepoch_patches = 8\nbatch_size = 4\nvalidation_patches = 4\nthreads = 1\n"


def given(data_set: Path, cache: Path, **rest: Path | None) -> Given:
    named = {"weights": None, "global_network": None, **rest}
    return Given((data_set,), (), cache, 1, advance=lambda *_: None, **named)


def config(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


def pack_of(data_set: Path, cache: Path):
    return open_pack([load(data_set, None, catalogue())], [], cache)


def test_a_pack_has_pictures_masks_and_splits_and_no_test_pictures(data_set, tmp_path):
    pack = pack_of(data_set, tmp_path)
    assert [one.split for one in pack.pictures].count("train") == 4
    assert [one.split for one in pack.pictures].count("val") == 2
    number = [one.name for one in pack.pictures].index("splice-1.png")
    with Image.open(data_set / "splice-1.png") as picture:
        assert (pack.pixels(number) == np.asarray(picture)).all()
    with Image.open(data_set / "mask.png") as mask:
        assert (pack.mask(number) * 255 == np.asarray(mask)).all()
    assert pack.wholes.shape == (6, 224, 224, 3)
    assert pack.pictures[number].tampered
    assert not pack.mask([one.name for one in pack.pictures].index("real-0.png")).any()


def test_a_pack_is_made_once_and_a_damaged_one_is_named(data_set, tmp_path):
    key = pack_of(data_set, tmp_path).key
    folder = next(tmp_path.iterdir())
    written = (folder / "index.json").stat().st_mtime_ns
    assert pack_of(data_set, tmp_path).key == key
    assert (folder / "index.json").stat().st_mtime_ns == written
    (folder / "masks.u8").write_bytes(b"short")
    with pytest.raises(LocardError, match="is damaged"):
        pack_of(data_set, tmp_path)


def test_what_cannot_be_used_is_left_out_and_named(data_set, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    rows = ["path,kind,mask,group,split"]
    for name in ("splice-0.png", "splice-2.png", "real-0.png", "mask.png"):
        (folder / name).write_bytes((data_set / name).read_bytes())
    rows += ["splice-0.png,splice,mask.png,a,train", "splice-2.png,splice,mask.png,b,val"]
    Image.new("RGB", (63, 80)).save(folder / "small.png")
    rows.append("small.png,authentic,,c,train")
    Image.new("L", (70, 80), 9).save(folder / "grey.png")
    rows.append("grey.png,authentic,,d,train")
    Image.new("L", (70, 80)).save(folder / "other-size.png")
    rows.append("real-0.png,splice,other-size.png,e,train")
    whole = (data_set / "real-1.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    rows.append("cut.png,authentic,,f,train")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", "utf-8")
    pack = pack_of(folder, tmp_path / "cache")
    assert [one.name for one in pack.pictures] == ["grey.png", "splice-0.png", "splice-2.png"]
    assert (pack.pixels(0) == 9).all()
    left_out = "\n".join(pack.left_out)
    assert "small.png: it has 63×80 pixels; 64 a side is the least" in left_out
    assert "cut.png" in left_out


def test_where_nothing_says_split_a_tenth_of_the_sources_is_held_back(data_set, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    rows = ["path,kind,mask,group"]
    for number in range(40):
        name = f"{number}.png"
        (folder / name).write_bytes((data_set / "splice-0.png").read_bytes())
        rows.append(f"{name},splice,mask.png,g{number // 2}")
    (folder / "mask.png").write_bytes((data_set / "mask.png").read_bytes())
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", "utf-8")
    splits: dict[str, set[str]] = {}
    for one in pack_of(folder, tmp_path / "cache").pictures:
        splits.setdefault(f"g{int(one.name.split('.')[0]) // 2}", set()).add(one.split)
    assert all(len(found) == 1 for found in splits.values())
    held_back = sum(found == {"val"} for found in splits.values())
    assert 0 < held_back < 10


def test_patches_lie_on_the_grid_and_their_masks_with_them(data_set, tmp_path):
    pack = pack_of(data_set, tmp_path)
    patches = draw(pack, range(4), 60, 0.5, np.random.default_rng(0))
    found = set()
    for pixels, mask, number in zip(
        patches.pixels, patches.masks, patches.pictures.tolist(), strict=True
    ):
        picture, truth = pack.pixels(number), pack.mask(number)
        places = [
            (top, left)
            for top in range(0, 193, 8)
            for left in range(0, 193, 8)
            if (picture[top : top + 64, left : left + 64] == pixels).all()
        ]
        assert places
        assert any((truth[t : t + 64, u : u + 64] == mask).all() for t, u in places)
        found.update(places)
    assert len(found) > 20


def test_around_splices_every_patch_has_some(data_set, tmp_path):
    pack = pack_of(data_set, tmp_path)
    patches = draw(pack, range(4), 40, 1.0, np.random.default_rng(0))
    assert patches.masks.any((1, 2)).all()
    assert 0 < patches.labels.sum() < 40
    none = draw(pack, [0], 8, 0.0, np.random.default_rng(0))
    assert none.pictures.tolist() == [0] * 8


@pytest.mark.parametrize(("pixels", "label"), [(3584, 0), (3585, 1), (4096, 1), (0, 0)])
def test_a_patch_counts_as_spliced_above_seven_eighths(pixels, label):
    mask = np.zeros(4096, np.uint8)
    mask[:pixels] = 1
    assert labels_of(mask.reshape(1, 64, 64)).tolist() == [label]


@pytest.mark.slow
def test_the_network_can_learn_eight_patches_by_heart(data_set, tmp_path):
    patches = draw(pack_of(data_set, tmp_path), range(4), 8, 1.0, np.random.default_rng(3))
    pixels = torch.from_numpy(patches.pixels).permute(0, 3, 1, 2) / 255
    network, loss = started(PatchNetwork, pixels, 1), Loss(1, 1, 10, 0.1)
    optimizer = torch.optim.Adam(network.parameters(), 5e-4)
    masks = torch.from_numpy(patches.masks.astype(np.int64))
    labels = torch.from_numpy(patches.labels)
    for _ in range(250):
        answers = network(pixels)
        optimizer.zero_grad()
        loss.total(loss.parts(answers, masks, labels)).backward()
        optimizer.step()
    assert float((network(pixels).mask.argmax(1) == masks).float().mean()) > 0.97
    assert (network(pixels).label.argmax(1) == labels).all()


def test_jcs_is_trained_by_one_call_and_read_back(data_set, tmp_path):
    prepared = prepare(
        "jcs", config(tmp_path, f'network = "jcs"\n{QUICK}'), given(data_set, tmp_path)
    )
    assert prepared.inputs.keys() == {"pack"}
    result = train(prepared.task, prepared.config, tmp_path / "run", inputs=prepared.inputs)
    assert result.steps == 2
    assert {"mask_accuracy", "label_accuracy", "mask_f1", "loss"} == result.figures.keys()
    network = network_of(tmp_path / "run")
    with torch.no_grad():
        found = prepared.task.validate(network)
    assert found["mask_accuracy"] == pytest.approx(result.figures["mask_accuracy"])


def public_weights(folder: Path) -> Path:
    folder.mkdir()
    torch.manual_seed(0)
    for name, values in ResNet18(stages=3, norms=False).state_dict().items():
        np.save(folder / f"{name}.npy", values.numpy())
    return folder


@pytest.mark.slow
def test_a_global_network_is_distilled_and_then_frozen_in_sgn_paper(data_set, tmp_path):
    weights = public_weights(tmp_path / "weights")
    asked = given(data_set, tmp_path / "cache", weights=weights)
    text = 'network = "global"\nepochs = 1\nbatch_size = 4\nviews = 2\nseed = 2\nthreads = 1\n'
    prepared = prepare("global", config(tmp_path, text), asked)
    result = train(prepared.task, prepared.config, tmp_path / "global", inputs=prepared.inputs)
    assert set(result.figures) == {"loss", "explained"}
    small = small_network_of(tmp_path / "global")
    asked = given(data_set, tmp_path / "cache", global_network=tmp_path / "global")
    prepared = prepare("sgn-paper", config(tmp_path, QUICK), asked)
    assert prepared.inputs.keys() == {"pack", "global"}
    train(prepared.task, prepared.config, tmp_path / "run", inputs=prepared.inputs)
    trained = network_of(tmp_path / "run").state_dict()
    for name, values in small.state_dict().items():
        assert torch.equal(values, trained[f"global_network.{name}"]), name


def test_the_small_network_begins_at_its_teachers_mean():
    from locard_semi_global.paper.config import GlobalConfig
    from locard_semi_global.paper.global_task import GlobalTask
    from locard_semi_global.paper.views import Views

    random = np.random.default_rng(0)
    views = Views(
        "key",
        random.integers(0, 256, (5, 1, 224, 224, 3), np.uint8),
        random.normal(4, 0.1, (5, 1, 256)).astype(np.float32),
        np.array([False, False, False, False, True]),
    )
    network = small_network()
    GlobalTask(GlobalConfig(), network, views)
    expected = views.features[:4].reshape(-1, 256).mean(0)
    np.testing.assert_allclose(network.body.fc.bias.detach(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("network", "text", "words"),
    [
        ("jcs", 'network = "sgn-paper"\n', "is the config of sgn-paper, not of jcs"),
        ("sgn-paper", "", "sgn-paper needs a global network"),
        ("global", 'network = "global"\n', "the global network needs a teacher"),
        ("mfcn", "", "there is no network 'mfcn' to train"),
    ],
)
def test_what_does_not_fit_is_said(network, text, words, data_set, tmp_path):
    with pytest.raises(LocardError, match=words):
        prepare(network, config(tmp_path, text), given(data_set, tmp_path))


def test_a_key_that_does_not_exist_is_said(data_set, tmp_path):
    path = config(tmp_path, 'network = "jcs"\nsplice_weight = 3\n')
    with pytest.raises(ConfigError, match="that can be used") as caught:
        prepare("jcs", path, given(data_set, tmp_path))
    assert "did you mean spliced_weight?" in caught.value.details[0]


def test_authentic_photographs_alone_are_not_enough(data_set, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    rows = [line.split(",") for line in (data_set / "manifest.csv").read_text("utf-8").split()]
    kept = [row for row in rows if row[1] != "splice"]
    for row in kept[1:]:
        (folder / row[0]).write_bytes((data_set / row[0]).read_bytes())
    (folder / "manifest.csv").write_text("\n".join(map(",".join, kept)) + "\n", "utf-8")
    with pytest.raises(LocardError, match="no picture to learn from has a spliced pixel"):
        prepare("jcs", config(tmp_path, f'network = "jcs"\n{QUICK}'), given(folder, tmp_path))


def test_the_run_of_another_network_is_refused(tmp_path):
    with pytest.raises(LocardError, match="is not the run of jcs or sgn-paper"):
        network_of(tmp_path)
    (tmp_path / "config.toml").write_text('network = "jcs"\n', "utf-8")
    save_weights(GlobalNetwork(ResNet18(4, 1)), tmp_path / "best.safetensors")
    with pytest.raises(LocardError, match="weights of another network"):
        network_of(tmp_path)
    with pytest.raises(LocardError, match="is not the run of a global network"):
        small_network_of(tmp_path)


@pytest.mark.parametrize("name", ["jcs", "sgn-paper"])
def test_the_shipped_configs_are_whole(name):
    from locard.training.config import read
    from locard_semi_global.shipped import found

    assert read(found(Path(f"{name}.toml")), PatchConfig).network == name
