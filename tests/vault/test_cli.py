"""The commands ``locard case`` and ``locard exhibit``."""

from __future__ import annotations

import json
import sys

import pytest

from locard.cli import main


@pytest.fixture
def locard(monkeypatch, capsys, tmp_path):
    """A function that runs a command and returns exit code, output and errors."""
    monkeypatch.setenv("LOCARD_VAULT", str(tmp_path / "vault"))
    monkeypatch.setenv("LOCARD_ACTOR", "Edmond")

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["locard", *map(str, words)])
        with pytest.raises(SystemExit) as raised:
            main()
        output = capsys.readouterr()
        return raised.value.code or 0, output.out, output.err

    return run


def test_case_from_opening_to_import(locard, lab, tmp_path):
    code, out, _ = locard("case", "new", "2026-1", "--title", "A [red]title[/red]")
    assert (code, str(tmp_path / "vault") in out) == (0, True)
    folder = lab.photographs(12)
    assert locard("exhibit", "add", "2026-1", folder)[:2] == (0, "12 added\n")
    code, out, _ = locard("case", "show", "2026-1")
    assert code == 0
    assert "10 of 12; `locard exhibit list 2026-1` shows them." in out
    assert "Edmond" in out
    code, out, _ = locard("exhibit", "list", "2026-1", "--limit", 5, "--offset", 5)
    assert "E0006" in out
    assert "5 of 12; `--offset 10` shows the next." in out
    code, out, _ = locard("case", "verify", "2026-1")
    assert code == 0
    head = out.split()[-1]
    assert locard("case", "close", "2026-1")[0] == 0
    assert locard("exhibit", "add", "2026-1", folder)[0] == 2
    assert locard("case", "verify", "2026-1", "--head", head)[0] == 0
    assert locard("case", "verify", "2026-1", "--head", "ab" * 32)[0] == 1
    code, out, _ = locard("case", "export", "2026-1", tmp_path / "bundle")
    assert code == 0
    exported = out.splitlines()[0].split()[-1]
    other = ("--vault", tmp_path / "other")
    code, out, _ = locard("case", "import", tmp_path / "bundle", "--head", exported, *other)
    assert (code, exported in out) == (0, True)
    code, out, _ = locard("case", "list", *other)
    assert "A [red]title[/red]" in out
    assert "closed" in out
    code, out, _ = locard("case", "ledger", "2026-1", "--limit", 1)
    assert "case.created" in out


def test_json_is_one_object_a_line(locard, lab):
    locard("case", "new", "c")
    code, out, err = locard("exhibit", "add", "c", lab.photographs(2), lab.folder / "no", "--json")
    added = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert err == ""
    assert [one["status"] for one in added] == ["added", "added", "refused"]
    assert added[0]["exhibit"]["exhibit"] == "E0001"
    for words in (
        ("case", "list"),
        ("case", "show", "c"),
        ("case", "verify", "c"),
        ("case", "ledger", "c"),
        ("exhibit", "list", "c"),
        ("case", "close", "c"),
    ):
        code, out, _ = locard(*words, "--json")
        assert code == 0, words
        assert all(isinstance(json.loads(line), dict) for line in out.splitlines())
    assert json.loads(locard("case", "verify", "c", "--json")[1])["ok"] is True


def test_outcomes_are_shown(examined, locard):
    vault = ("--vault", examined.vault.folder)
    code, out, _ = locard("case", "show", "2026-1", *vault)
    assert code == 0
    assert "examination 1: pipeline quick 1, 3 of 3 exhibits, finished" in out
    grid = next(line for line in out.splitlines() if line.split()[:1] == ["grid"])
    assert grid.split() == ["grid", "3", "0", "0", "0", "0"]
    shown = json.loads(locard("case", "show", "2026-1", "--json", *vault)[1])
    assert shown["last_examinations"][0]["outcomes"]["noise"] == {"failed": 3}


def test_difference_is_named_and_exits_with_1(examined, locard):
    vault = ("--vault", examined.vault.folder)
    examined.exhibit("E0002").path.unlink()
    code, out, _ = locard("case", "verify", "2026-1", *vault)
    assert code == 1
    assert "missing  original  the original of exhibit E0002" in out
    assert "NOT as it was recorded" in out
    assert "Traceback" not in out
    code, _, err = locard("case", "export", "2026-1", lab_folder := examined.vault.scratch / "x")
    assert (code, lab_folder.exists()) == (3, False)
    assert "there is no vault" in err


def test_hostile_names_cannot_steer_the_terminal(locard, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("\x1b[31mred.jpg", "a\nb.jpg", "\u202egpj.jpg", "[bold]x.jpg", "\udcff.jpg"):
        (tmp_path / "in" / name).write_text(name.encode("utf-8", "replace").decode())
    locard("case", "new", "c")
    locard("exhibit", "add", "c", tmp_path / "in")
    code, out, _ = locard("exhibit", "list", "c")
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold]x.jpg" in out
    assert "a\\nb.jpg" in out
    assert "\\udcff.jpg" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("case", "show", "c"), 3, "there is no vault"),
        (("exhibit", "add", "c", "x"), 3, "there is no vault"),
        (("case", "new", "a\nb"), 2, "characters that cannot be printed"),
        (("case", "import", "/nowhere"), 1, "is not a bundle"),
        (("case", "new", "c", "--database", "nonsense"), 2, "not a database URL"),
    ],
)
def test_errors_have_words_and_exit_codes(locard, words, code, message):
    found, out, err = locard(*words)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_unknown_case_names_the_nearest(locard):
    locard("case", "new", "2026-0117")
    code, _, err = locard("case", "show", "2026-117")
    assert code == 2
    assert "Did you mean 2026-0117?" in err
