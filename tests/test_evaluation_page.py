"""The report as a page: all in one file, nothing hidden in it, the right words marked."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evaluation_fakes import (
    GUIDE,
    REFUSED,
    ScriptedAssistant,
    answer,
    citation,
    line,
    write_set,
)
from ladder_qa.evaluation import EvaluationReport, run_evaluation
from ladder_qa.evaluation.page import page

ATTACK = 'why <script>alert("x")</script> & \x1b[31mred'
VOID = {"meta", "input", "line", "circle", "polygon", "rect", "path", "br", "hr"}


class Nesting(HTMLParser):
    """Notes elements that are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [value for key, value in attrs if key == "id" and value]
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)


@pytest.fixture
def report(tmp_path: Path) -> EvaluationReport:
    """Two questions to look at and one that is only scored, against a run that was better."""
    gold = [
        {"fact": 1, "document": GUIDE, "quote": "Lead two teams."},
        {"fact": 2, "document": GUIDE, "quote": "6 to 12 months"},
    ]
    dataset = write_set(
        tmp_path,
        line("c6", ATTACK, kind="answerable", outcomes=["answered"], gold=gold),
        line("c4", "open one"),
        line("c1", "hidden question"),
    )
    said = answer("Lead <b>two</b> teams.", "answered", citation("Lead two teams."),
                  citation("Avoid:", number=2))  # fmt: skip
    script = {ATTACK: [said], "open one": [REFUSED], "hidden question": [said]}
    better = ScriptedAssistant({**script, "open one": [REFUSED], "hidden question": [REFUSED]})
    file = tmp_path / "baseline.json"
    file.write_text(run_evaluation("none", dataset, better).as_saved())
    return run_evaluation("none", dataset, ScriptedAssistant(script), baseline=file)


def test_it_needs_no_other_file_and_no_network(report: EvaluationReport) -> None:
    text = page(report)
    assert not re.search(r"(?:src|href)=[\"'](?!#)|url\(|@import|https?:", text)


def test_its_elements_are_nested_and_its_links_lead_somewhere(report: EvaluationReport) -> None:
    reader = Nesting()
    reader.feed(page(report))
    assert reader.wrong == []
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert "#case-c1" in reader.links  # it got worse, and is linked without its words


def test_what_people_and_documents_write_is_text(report: EvaluationReport) -> None:
    text = page(report)
    assert "why &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; [31mred" in text
    assert "Lead &lt;b&gt;two&lt;/b&gt; teams." in text
    assert text.count("<script>") == 1


def test_the_words_of_the_part_scored_are_not_in_it(report: EvaluationReport) -> None:
    text = page(report)
    assert "hidden" not in text.replace(" hidden>", "").replace(".hidden", "")
    assert 'id="case-c1"' in text


def test_what_is_cited_and_what_is_gold_is_marked_in_the_document(
    report: EvaluationReport,
) -> None:
    text = page(report)
    assert "<mark class=both>Lead two teams.</mark>" in text
    assert "<mark class=gold>6 to 12 months</mark>" in text
    assert "<mark>Avoid:</mark>" in text


def test_the_gate_and_the_comparison_are_told(report: EvaluationReport) -> None:
    text = page(report)
    assert "The gate passed." in text  # one lost case may be chance
    assert '<h3>Worse</h3><ul><li><a href="#case-c1">c1</a> </li></ul>' in text
    assert "<h3>Better</h3><p>None.</p>" in text


def test_the_same_report_gives_the_same_bytes(report: EvaluationReport) -> None:
    assert page(report) == page(report)
