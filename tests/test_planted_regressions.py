"""Regressions planted on purpose: the gate has to fail on each of them and the report to name it.

Each is planted where such a mistake would be made, and the whole set is run over it.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ladder_qa.ingest
import ladder_qa.passages
from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import Answer, Citation, Outcome, Passage, PassageKind, Turn
from ladder_qa.evaluation import EvaluationReport, run_evaluation
from ladder_qa.ingest import ingest
from ladder_qa.outcome import Decision, Judge
from ladder_qa.settings import Settings
from served import settings_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

Change = Callable[[Passage], Passage | None]


@pytest.fixture(scope="module")
def intact(request: pytest.FixtureRequest, corpus_folder: Path) -> Settings:
    """Settings with an index as it should be."""
    return settings_for(request.config, corpus_folder)


@pytest.fixture(scope="module")
def baseline(intact: Settings, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved run without any regression, from this very machine."""
    report = run_evaluation("none", root / "eval", Assistant.open(intact))
    file = tmp_path_factory.mktemp("baseline") / "baseline.json"
    file.write_text(report.as_saved(), encoding="utf-8")
    return file


@pytest.fixture
def run(baseline: Path, root: Path) -> Callable[[Any], EvaluationReport]:
    """Runs the whole set over an assistant, against the intact run."""
    return lambda assistant: run_evaluation("none", root / "eval", assistant, baseline=baseline)


@pytest.fixture
def rebuilt(
    intact: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Change], Assistant]:
    """An assistant over an index whose passages were read with a mistake."""

    def build(change: Change) -> Assistant:
        shutil.copytree(intact.data, tmp_path / "data", symlinks=True)
        settings = intact.with_changes(data=tmp_path / "data")
        read = ladder_qa.passages.read_passages

        def misread(*args: Any) -> tuple[Passage, ...]:
            kept = (change(passage) for passage in read(*args))
            return tuple(passage for passage in kept if passage is not None)

        monkeypatch.setattr(ladder_qa.passages, "read_passages", misread)
        monkeypatch.setattr(ladder_qa.ingest, "_stored", lambda _: False)
        ingest(settings)
        return Assistant.open(settings)

    return build


def reasons(report: EvaluationReport) -> str:
    """Why the gate failed, which the report says too."""
    assert report.gate.failed
    text = " ".join(report.as_text().split())
    assert "gate: failed" in text
    for reason in report.gate.reasons:
        assert " ".join(reason.split()) in text
    return "\n".join(report.gate.reasons)


@pytest.mark.parametrize("kind", [PassageKind.CELL, PassageKind.ITEM, PassageKind.SENTENCE])
def test_a_kind_of_passage_is_dropped(
    kind: PassageKind,
    run: Callable[[Any], EvaluationReport],
    rebuilt: Callable[[Change], Assistant],
) -> None:
    dropped = rebuilt(lambda passage: None if passage.kind is kind else passage)
    named = reasons(run(dropped))
    assert "search: facts within 250 words: " in named
    assert f"by unit of the gold: {kind}" in named


def test_two_levels_are_swapped(
    run: Callable[[Any], EvaluationReport], rebuilt: Callable[[Change], Assistant]
) -> None:
    swap = {"E1": "E2", "E2": "E1"}
    swapped = rebuilt(
        lambda passage: replace(
            passage, levels=tuple(swap.get(level, level) for level in passage.levels)
        )
    )
    assert "citations: right level: lost in" in reasons(run(swapped))


class Shifted:
    """Answers whose citations are one character off."""

    def __init__(self, assistant: Assistant) -> None:
        self.generation = assistant.generation
        self.search = assistant.search
        self.judge = assistant.judge
        self._assistant = assistant

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        answer = self._assistant.ask(question, history)
        return replace(
            answer,
            citations=tuple(map(self._off, answer.citations)),
            nearest=tuple(map(self._off, answer.nearest)),
        )

    @staticmethod
    def _off(citation: Citation) -> Citation:
        return dataclasses.replace(citation, start=citation.start + 1, end=citation.end + 1)


def test_offsets_are_shifted_by_one(
    run: Callable[[Any], EvaluationReport], intact: Settings
) -> None:
    named = reasons(run(Shifted(Assistant.open(intact))))
    assert "citations: exactness: below 1 in" in named
    assert "citations: exactness: lost in" in named


@pytest.mark.parametrize(
    ("outcome", "lost"),
    [
        (Outcome.ANSWERED, "refusals: recall"),
        (Outcome.NOT_IN_DOCUMENTS, "outcome right"),
    ],
)
def test_everything_gets_the_same_outcome(
    outcome: Outcome,
    lost: str,
    run: Callable[[Any], EvaluationReport],
    intact: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Judge, "decide", lambda *_: Decision(outcome))
    named = reasons(run(Assistant.open(intact)))
    assert f"{lost}: " in named
    assert f"by outcome given: {outcome}" in named
