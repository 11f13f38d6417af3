"""Other people's ladders: each becomes an index, and questions to it get answers.

Not covered: how good the answers are; ladders that are not Markdown.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from exported_model import settings_with_model
from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import Outcome
from ladder_qa.ingest import ingest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("folder", "question"),
    [
        ("engineeringladders", "What does a tech lead do?"),
        ("sourcegraph/content", "What is expected of a senior software engineer?"),
    ],
)
def test_another_ladder_is_indexed_and_asked(
    pytestconfig: pytest.Config, shared: Path, tmp_path: Path, folder: str, question: str
) -> None:
    corpus = shared / "ladders" / folder
    if not corpus.is_dir():
        pytest.skip(f"SHARED holds no ladders/{folder}")
    settings = settings_with_model(pytestconfig, tmp_path / "data", corpus=corpus)
    report = ingest(settings)
    assert report.built
    assert report.documents == len(list(corpus.rglob("*.md"))) - len(report.refused)
    assert report.passages > 100
    assistant = Assistant.open(settings)
    answer = assistant.ask(question)
    assert answer.outcome in set(Outcome)
    shown = [*answer.citations, *answer.nearest]
    assert shown
    for citation in shown:
        text = assistant.generation.texts[citation.document].text
        assert text[citation.start : citation.end] == citation.quote
