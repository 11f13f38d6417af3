"""Plain text for terminals: tables, items, wide characters; nothing a terminal could obey."""

from __future__ import annotations

import json
from dataclasses import replace

from ladder_qa.ingest import IngestReport
from ladder_qa.terminal import (
    answer_text,
    columns,
    ingest_text,
    json_text,
    markdown_text,
    wrapped,
)
from serving_fakes import fake_assistant

EVIL = "a\x1b[31mred\x07\x9bz\u202eback\u2066 \u200bend"


def test_control_characters_are_never_printed() -> None:
    answer = replace(
        fake_assistant().ask("who looks ahead?"), answer=EVIL, notices=(EVIL,), missing=(EVIL,)
    )
    cite = replace(answer.citations[0], quote=EVIL, section=(EVIL,), document=EVIL)
    text = answer_text(replace(answer, citations=(cite,), nearest=(cite,), suggestions=(EVIL,)))
    risky = {c for c in EVIL if not (c.isprintable() or c == " ")}
    assert not risky & set(text)
    written = json_text({"a": EVIL})
    assert not risky & set(written)
    assert json.loads(written) == {"a": EVIL}


def test_markdown_becomes_plain_text() -> None:
    source = (
        "**Bold** and `code` [1]\n\n- one [2]\n  - inner\n- two\n\n3. three\n4. four\n\n"
        "| A | B |\n|---|---|\n| x | " + "long " * 20 + "|\n| y | z |\n"
    )
    assert markdown_text(source, 40).splitlines() == [
        "Bold and code [1]",
        "",
        "- one [2]",
        "  - inner",
        "- two",
        "",
        "3. three",
        "4. four",
        "",
        "A  B",
        "-  -------------------------------------",
        "x  long long long long long long long",
        "   long long long long long long long",
        "   long long long long long long",
        "",
        "y  z",
    ]


def test_wide_characters_take_two_columns() -> None:
    assert wrapped("東京 東京 東京", 9).splitlines() == ["東京 東京", "東京"]
    assert columns("e\u0301") == 1


def test_one_document_and_one_passage_are_in_the_singular() -> None:
    report = IngestReport("g", True, 1, 1, (), (), (), (), 1, 0, (), 0, 0, 0.5)
    text = " ".join(ingest_text(report).split())
    assert text == "Built generation g: 1 passage encoded, 0 kept; 1 document, 1 passage, 0.5 s."
    report = replace(report, built=False, documents=2, passages=1200)
    assert "2 documents, 1,200 passages, 0.5 s." in " ".join(ingest_text(report).split())
    report = replace(report, questions=1, set_aside=1)
    text = " ".join(ingest_text(report).split())
    assert "aside 1 question, whose statements are no longer there" in text
    assert "1,200 passages, 1 probably-asked question, 0.5 s." in text
