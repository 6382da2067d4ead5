"""Bundles by a forger who makes a chain that holds: refused, and the vault is as it was."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bagit
import pytest

from locard.vault.bundle import export, import_bundle
from locard.vault.canonical import canonical_json, sha256_of
from locard.vault.errors import BundleError
from locard.vault.ledger import entry_hash
from locard.vault.vault import Vault


@pytest.fixture
def bundle(examined, tmp_path):
    return export(examined, tmp_path / "bundle")


@pytest.fixture
def second(tmp_path):
    with Vault.open(tmp_path / "second", create=True) as vault:
        yield vault


def refused(vault: Vault, bundle: Path, words: str) -> None:
    """Import in vain, and find the vault as it was."""
    with pytest.raises(BundleError, match=words):
        import_bundle(vault, bundle, "examiner")
    assert vault.cases() == []
    assert list(vault.store.files()) == []
    assert list(vault.scratch.iterdir()) == []


def rebag(bundle: Path) -> None:
    bagit.Bag(str(bundle)).save(manifests=True)


def forge(bundle: Path, table: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the first row of a table, and make ledger, head and checksums fit it."""
    data = bundle / "data"
    path = data / f"records/{table}.jsonl"
    before, *others = path.read_text().splitlines()
    row = json.loads(before)
    change(row)
    after = canonical_json(row)
    path.write_text("\n".join([after, *others]) + "\n")
    summary = json.loads((data / "case.json").read_text())
    previous, lines = sha256_of(summary["case_id"]), []
    for line in (data / "ledger.jsonl").read_text().splitlines():
        line = line.replace(sha256_of(before), sha256_of(after))
        entry = {**json.loads(line), "previous": previous}
        previous = entry["hash"] = entry_hash(entry)
        lines.append(canonical_json(entry) + "\n")
    (data / "ledger.jsonl").write_text("".join(lines))
    (data / "case.json").write_text(json.dumps({**summary, "head": previous}))
    rebag(bundle)


def put(key: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda row: row.update({key: value})


def test_forged_chain_alone_is_no_reason_to_refuse(bundle, second):
    """Only a head that was noted elsewhere could tell: the forger's bundle is sound in itself."""
    forge(bundle, "endings", put("actor", "Moriarty"))
    import_bundle(second, bundle, "examiner")


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("cases", put("created_at", "garbage"), "created_at: Invalid isoformat"),
        ("cases", put("created_at", "2026-01-01"), "not a time in UTC"),
        ("cases", put("case_id", "../../victim"), "case_id: .* is no identifier"),
        ("cases", put("title", 5), "title: it is no text"),
        ("cases", put("title", "\ud800"), "its records cannot be read"),
        ("cases", put("name", "n" * 201), "more than 200 characters"),
        ("examinations", put("id", "/tmp/victim"), "id: .* is no identifier"),
        ("examinations", put("pipeline", "{}"), "does not have the hash"),
        ("examinations", put("exhibits", [[1]]), "exhibits: "),
        ("exhibits", put("number", "1/../../x"), "number: it is no natural number"),
        ("exhibits", put("number", 10**30), "number: it is no natural number"),
        ("exhibits", put("number", True), "number: it is no natural number"),
        ("exhibits", put("sha256", "../../../etc/passwd"), "sha256: .* is no SHA-256"),
        ("exhibits", put("height", None), ""),
        ("findings", put("body", "text"), "body: "),
        ("findings", put("score", 2), "score: "),
        ("findings", put("outcome", "guilty"), "do not fit together"),
        ("findings", lambda row: row["body"].update(extra=1), "body: Extra inputs"),
        ("findings", lambda row: row["body"].pop("receipt"), "body: Field required"),
        ("artifacts", put("sha256", "../" * 20 + "x" * 4), "is no SHA-256"),
        ("artifacts", put("kind", "../x"), "kind: "),
        ("results", put("totals", {"grid": 1}), "totals: "),
        ("endings", put("entry", -1), "entry: it is no natural number"),
        ("endings", lambda row: row.pop("actor"), "not those of the table: actor"),
    ],
)
def test_row_that_locard_would_not_write_is_refused(bundle, second, table, change, words):
    forge(bundle, table, change)
    if words:
        refused(second, bundle, words)
    else:
        import_bundle(second, bundle, "examiner")


def lines(bundle: Path, name: str, change: Callable[[str], str]) -> None:
    path = bundle / "data" / name
    path.write_text(change(path.read_text()), newline="")
    rebag(bundle)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("records/endings.jsonl", lambda text: "[" * 200_000 + "\n", "line 1"),
        ("records/endings.jsonl", lambda text: "9" * 5000 + "\n", "line 1"),
        ("records/endings.jsonl", lambda text: "[]\n", "no object"),
        ("records/endings.jsonl", lambda text: text.rstrip(), "cut off"),
        ("records/endings.jsonl", lambda text: text.replace(":", ": "), "canonical JSON"),
        ("records/endings.jsonl", lambda text: text.replace("\n", "\r\n"), "canonical JSON"),
        ("records/endings.jsonl", lambda text: '{"actor":"x",' + text[1:], "canonical JSON"),
        ("records/endings.jsonl", lambda text: text + text, "do not fit together"),
        ("records/cases.jsonl", lambda text: text + text, "cannot be read|do not fit"),
        ("records/cases.jsonl", lambda text: "", "cannot be read"),
        ("records/endings.jsonl", lambda text: "é" + text, "endings"),
        ("case.json", lambda text: text.replace('"title": "A test"', '"title": "B"'), "title is"),
        ("case.json", lambda text: "[" * 200_000, "holds no case"),
        ("case.json", lambda text: "[1, 2]", "holds no case"),
    ],
)
def test_lines_that_locard_would_not_write_are_refused(bundle, second, name, change, words):
    lines(bundle, name, change)
    refused(second, bundle, words)


def test_altered_original_leaves_no_file_behind(bundle, second):
    last = sorted((bundle / "data/originals").iterdir())[-1]
    last.write_bytes(b"another")
    rebag(bundle)
    refused(second, bundle, f"data/originals/{last.name} is not what the ledger says")


def test_file_removed_with_its_checksum_is_named(bundle, second):
    last = sorted((bundle / "data/originals").iterdir())[-1]
    last.unlink()
    rebag(bundle)
    refused(second, bundle, f"data/originals/{last.name} is missing")


def test_renamed_file_is_named_both_ways(bundle, second):
    last = sorted((bundle / "data/originals").iterdir())[-1]
    last.rename(last.with_name("E0009.jpg"))
    rebag(bundle)
    refused(second, bundle, r"(?s)is missing.*E0009\.jpg is nothing that the ledger knows")


def test_pipe_in_a_bundle_is_refused_and_not_waited_for(bundle, second):
    os.mkfifo(bundle / "data/pipe")
    refused(second, bundle, "pipe is no file")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("bagit.txt", "BagIt-Version: 0.97\nTag-File-Character-Encoding: rot13\n"),
        ("bagit.txt", "BagIt-Version: 0.97\nTag-File-Character-Encoding: klingon\n"),
        ("bagit.txt", ""),
        ("bagit.txt", "BagIt-Version: x\nTag-File-Character-Encoding: UTF-8\n"),
        ("manifest-sha256.txt", ""),
        ("manifest-sha256.txt", f"{'ab' * 32}  data/../../../../etc/passwd\n"),
        ("manifest-sha256.txt", f"{'ab' * 32}  /etc/passwd\n"),
        ("fetch.txt", "https://example.org/x - data/../../x\n"),
    ],
)
def test_odd_tag_files_are_refused_in_words(bundle, second, file, text):
    (bundle / file).write_text(text)
    (bundle / "tagmanifest-sha256.txt").unlink()
    refused(second, bundle, "was altered|is not a bundle")


def test_bag_without_sha256_is_refused(bundle, second):
    import hashlib

    (bundle / "manifest-sha256.txt").unlink()
    (bundle / "tagmanifest-sha256.txt").unlink()
    files = (path for path in (bundle / "data").rglob("*") if path.is_file())
    (bundle / "manifest-md5.txt").write_text(
        "".join(
            f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  "
            f"{path.relative_to(bundle)}\n"
            for path in files
        )
    )
    refused(second, bundle, "manifest-sha256.txt does not name every file")
