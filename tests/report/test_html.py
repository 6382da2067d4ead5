"""The HTML report: self-contained, unbreakable by what it shows, whole or not there."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from locard.errors import LocardError
from locard.outcomes import Outcome
from locard.report import wording
from locard.report.atomic import write_whole
from locard.report.html import OPEN_UP_TO, HtmlExporter, render
from locard.report.model import Verification
from locard.vault.facts import Problem

VOID = {"meta", "img", "input", "br", "rect", "image", "use", "fecolormatrix"}
OURS = VOID | {
    *("html", "head", "title", "style", "body", "header", "main", "section", "nav", "article"),
    *("details", "summary", "figure", "figcaption", "div", "span", "p", "h1", "h2", "h3", "h4"),
    *("a", "ol", "ul", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th"),
    *("td", "bdi", "strong", "code", "label", "button", "script", "svg", "filter", "text"),
}


class Page(HTMLParser):
    """Elements with their attributes, texts, and what is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self._open and self._open[-1] in ("script", "style"):
            self.inside[self._open[-1]] = data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(report) -> str:
    return "".join(render(report))


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


def test_nothing_is_loaded_from_anywhere(page):
    for _tag, attributes in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
            if name in attributes:
                assert attributes[name].startswith(("#", "data:image/")), attributes[name]
    assert "url(" not in page.inside["style"]
    assert "@import" not in page.inside["style"]


def test_hostile_text_makes_no_element_and_no_attribute(page):
    assert {tag for tag, _ in page.elements} <= OURS
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert len(page.all("script")) == len(page.all("style")) == len(page.all("title")) == 1


def test_hostile_text_is_shown_as_it_is(page, hostile):
    assert hostile[0] in page.text
    assert hostile[1] in page.text
    assert hostile[6] in page.text
    assert hostile[7] in page.text


def test_what_cannot_be_seen_is_shown_as_escapes(html, page):
    for escape in (r"holiday\u202egpj.exe", r"two\nlines\r\ttabs\x00\x1b[31m.jpg", r"\udcff"):
        assert escape in page.text
    assert all(character.isprintable() or character == "\n" for character in html)


def test_the_policy_admits_just_this_style_and_this_script(page):
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for kind in ("style", "script"):
        digest = hashlib.sha256(page.inside[kind].encode()).digest()
        assert rules[f"{kind}-src"] == f"'sha256-{base64.b64encode(digest).decode()}'"


def test_ids_are_unique_and_links_lead_somewhere(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.all("a") + page.all("use"):
        assert attributes["href"].removeprefix("#") in ids
    for attributes in page.all("label"):
        assert attributes.get("for") is None or attributes["for"] in ids


def test_each_exhibit_is_embedded_once(page, report):
    pictures = [i for i in page.all("image") if i.get("id", "").startswith("picture-")]
    assert len(pictures) == 2
    assert len(page.all("use")) > len(pictures)


def test_a_chain_offers_picture_map_and_refined_map(page):
    labels = re.findall(r"(Picture|Map|Refined map \(history-refined\)|Regions)", page.text)
    for wanted in ("Picture", "Map", "Refined map (history-refined)", "Regions"):
        assert wanted in labels
    assert len([i for i in page.all("image") if i.get("class") == "map"]) == 4
    assert len([i for i in page.all("image") if i.get("class") == "mask"]) == 2


def test_everything_that_is_seen_has_a_text(page):
    assert all(image.get("alt") for image in page.all("img"))
    assert all(svg.get("aria-label") for svg in page.all("svg") if svg.get("aria-hidden") != "true")


def test_outcomes_are_told_by_word_and_shape(page):
    assert len(set(wording.SYMBOLS.values())) == len(Outcome)
    for outcome in Outcome:
        assert f"{wording.SYMBOLS[outcome]} {outcome.words}" in page.text


def test_no_word_of_ours_calls_a_picture_genuine(html):
    assert not re.search(r"authentic|genuine|untouched|pristine", html, re.IGNORECASE)


def test_it_says_what_an_examiner_signs_for(page, report):
    text = page.text.replace(" ", "")
    assert report.ledger_head in text
    assert report.exhibits[0].sha256 in text
    assert "parameters.window9" in text
    for words in ("Limits of jpeg-grid. Flat areas.", "Signature", "Glossary", "-6373.7"):
        assert words in page.text
    assert "This plugin was not installed when the report was written" in page.text
    assert "The description is that of version 1.1; findings were made by 1.0." in page.text


def test_a_list_of_like_records_is_told_by_column(page):
    assert "index: 12 values from 0 to 11; period: 12 values from 9 to 20" in page.text


def test_the_size_of_the_copy_is_told_and_not_more(page, report):
    shown = [
        (e.width, e.height) for e in report.exhibits if e.width and max(e.width, e.height) < 900
    ]
    assert shown
    for width, height in shown:
        assert f"Copy for display, {width} × {height} pixels" in page.text


def test_verification_is_told(report):
    failed = Verification(report.generated_at, (Problem("altered", "row", "7", "Bad."),))
    text = Page("".join(render(replace(report, verification=failed)))).text
    assert "found 1 discrepancy" in text
    assert "altered row 7 Bad." in text
    assert "was not verified" in Page("".join(render(replace(report, verification=None)))).text


def test_few_exhibits_are_unfolded_and_many_are_not(report):
    def unfolded(several):
        exhibits = [e for e in Page("".join(render(several))).all("details") if e.get("id")]
        return ["open" in exhibit for exhibit in exhibits]

    assert all(unfolded(report))
    broken = report.exhibits[-1]
    many = tuple(replace(broken, label=f"E{n:04d}") for n in range(1, OPEN_UP_TO + 2))
    assert not any(unfolded(replace(report, exhibits=many)))


@pytest.mark.parametrize(
    "damage", [lambda data: b"not gzip", lambda data: b"", lambda data: data[:-9]]
)
def test_a_damaged_artifact_is_noted_and_the_rest_goes_on(
    report_on, tmp_path, small_photograph, damage
):
    damaged = report_on(tmp_path, [small_photograph])
    file = tmp_path / "E0001" / "history.map.npy.gz"
    file.write_bytes(damage(file.read_bytes()))
    (tmp_path / "E0001" / "grid.picture.votes.png").unlink()
    page = Page("".join(render(damaged)))
    assert "The map of step history cannot be read; its recorded SHA-256 is" in page.text
    assert "the picture's file cannot be read" in page.text
    assert len([i for i in page.all("image") if i.get("class") == "map"]) == 1


def test_the_file_is_replaced_whole(report, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("before")
    HtmlExporter().write(report, path)
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_what_breaks_off_leaves_the_file_as_it_was(tmp_path):
    def chunks():
        yield b"half"
        raise RuntimeError("a plugin broke")

    path = tmp_path / "report.html"
    path.write_text("before")
    with pytest.raises(RuntimeError):
        write_whole(path, chunks())
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_place_that_cannot_be_written_is_told_in_words(report, tmp_path):
    with pytest.raises(LocardError, match=r"cannot write .*No such file"):
        HtmlExporter().write(report, tmp_path / "missing" / "report.html")
    with pytest.raises(LocardError, match="cannot write "):
        HtmlExporter().write(report, tmp_path)
