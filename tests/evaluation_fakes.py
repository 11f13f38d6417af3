"""What the tests of the evaluation share: a document, builders of cases, a scripted assistant."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ladder_qa.datamodels import Answer, Citation, FoundPassage, Outcome, Span, Turn
from ladder_qa.evaluation.dataset import Case, CaseKind, GoldQuote
from ladder_qa.evaluation.score import Observed

GUIDE = "guide.md"
TEXT = (
    "# Guide\n\nMove in 6 to 12 months. Lead two teams.\n\nAvoid:\n\n- doing it all alone\n"
    "- doing it all at once\n"
)
TEXTS = {GUIDE: TEXT}


def span(quote: str) -> Span:
    start = TEXT.index(quote)
    return Span(quote, start, start + len(quote))


def citation(quote: str, *context: str, number: int = 1) -> Citation:
    place = span(quote)
    return Citation(
        number=number,
        document=GUIDE,
        title="Guide",
        section=("Guide",),
        quote=quote,
        start=place.start,
        end=place.end,
        context=tuple(span(words) for words in context),
        levels=(),
        url="/documents/guide",
    )


def passage(quote: str, *context: str) -> FoundPassage:
    place = span(quote)
    return FoundPassage(
        document=GUIDE,
        title="Guide",
        section=("Guide",),
        text=quote,
        start=place.start,
        end=place.end,
        context=tuple(span(words) for words in context),
        levels=(),
        url="/documents/guide",
    )


def answer(text: str = "", outcome: str = "answered", *citations: Citation, **more: Any) -> Answer:
    fields: dict[str, Any] = {
        "id": "ans_1",
        "question": "?",
        "outcome": Outcome(outcome),
        "answer": text,
        "claims": (),
        "citations": citations,
        "missing": (),
        "conflicts": (),
        "nearest": (),
        "suggestions": (),
        "mode": "extractive",
        "model": None,
        "corpus": "sha256:0",
        "notices": (),
    }
    return Answer(**(fields | more))


def case(**fields: Any) -> Case:
    given = {
        "id": "c1",
        "question": "How long?",
        "history": (),
        "kind": CaseKind.ANSWERABLE,
        "style": "plain",
        "outcomes": (Outcome.ANSWERED,),
        "gold": (),
        "key_facts": (),
        "forbidden": (),
    }
    return Case(**(given | fields))


def gold(quote: str, fact: int = 1) -> GoldQuote:
    return GoldQuote(fact, GUIDE, quote)


def observed(given: Case, said: Answer, *found: FoundPassage, **more: Any) -> Observed:
    fields: dict[str, Any] = {"again": None, "found": found, "seconds": 0.0, "texts": TEXTS}
    return Observed(given, said, **(fields | more))


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Store:
    texts: Mapping[str, Text]
    corpus_sha256: str = "sha256:0"


@dataclass(frozen=True)
class Judged:
    supported: bool
    reason: str | None = None
    explanation: str = ""


@dataclass
class ScriptedAssistant:
    """Answers by question, and refuses to be asked what its script does not hold."""

    answers: Mapping[str, Sequence[Answer]]
    found: tuple[FoundPassage, ...] = ()
    generation: Store = field(default_factory=lambda: Store({GUIDE: Text(TEXT)}))
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        before = sum(question == earlier for earlier, _ in self.asked)
        self.asked.append((question, tuple(history)))
        script = self.answers[question]
        return script[min(before, len(script) - 1)]

    def judge(self, sentence: str, cited: Sequence[tuple[str, int, int]]) -> Judged:
        """Supported where some slice holds the sentence."""
        held = any(sentence in TEXT[start:end] for _, start, end in cited)
        return Judged(held, None if held else "not_found", "" if held else "not in the slices")

    def search(self, question: str, k: int) -> tuple[FoundPassage, ...]:
        assert question in self.answers
        return self.found[:k]


def write_set(folder: Path, *lines: dict[str, Any]) -> Path:
    """A set whose cases "c6" and "c4" are in the part develop, "c1" and "c7" in the part scored."""
    file = folder / "set.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    return file


def line(name: str, question: str, **fields: Any) -> dict[str, Any]:
    base = {"id": name, "question": question, "kind": "near_miss", "outcomes": ["out_of_scope"]}
    return base | fields


REFUSED = answer("The documents don't say.", "out_of_scope")
