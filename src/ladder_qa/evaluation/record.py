"""What one run leaves behind: every case and claim with its scores, and the form that is saved.

What belongs to the scored part is reduced to figures unless it is asked for, so that a report
may lie about openly and nobody tunes to it by accident.
Not covered: the sums over cases; `report` holds those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladder_qa.datamodels import Citation, Outcome, Turn, as_object
from ladder_qa.evaluation.claims import CitedQuote, ClaimForm, ErrorKind
from ladder_qa.evaluation.dataset import CaseKind
from ladder_qa.evaluation.fields import DatasetError, Part
from ladder_qa.evaluation.measures import MEASURES
from ladder_qa.evaluation.score import Score

FORMAT = 1  # of a saved run
_SHARES = frozenset(measure.name for measure in MEASURES if measure.unit == "share")


@dataclass(frozen=True, slots=True)
class GoldPlace:
    """One place of gold in a stored text."""

    fact: int
    document: str
    start: int
    end: int
    quote: str
    unit: str  # "cell", "item", "heading" or "sentence"
    cited: bool  # the answer's citations cover its fact


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One question as it went. `quality` is the mean of the scores that had to be full, 0 to 1."""

    id: str
    part: Part
    kind: CaseKind
    style: str
    digest: str
    expected: tuple[Outcome, ...]
    outcome: Outcome
    quality: float
    scores: Mapping[str, Score]  # by the measure's name; also those without a value
    question: str
    history: tuple[Turn, ...]
    understood: str
    answer: str
    missing: tuple[str, ...]
    citations: tuple[Citation, ...]
    gold: tuple[GoldPlace, ...]
    wrong: tuple[str, ...]  # what was missing or wrong, for each score that had to be full

    def as_object(self, *, whole: bool) -> dict[str, Any]:
        """For JSON: all of it, or the figures alone."""
        if whole:
            return dict(as_object(self))
        return {
            "id": self.id, "part": self.part, "kind": self.kind, "style": self.style,
            "digest": self.digest, "outcome": self.outcome, "quality": self.quality,
            "scores": {n: {"value": s.value} for n, s in self.scores.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """One claim as it was judged."""

    id: str
    part: Part
    form: ClaimForm
    error: ErrorKind
    digest: str
    supported: bool
    judged: bool  # supported in the check's eyes
    text: str
    passages: tuple[CitedQuote, ...]
    reason: str
    explanation: str

    @property
    def right(self) -> bool:
        """Whether the check said what is so."""
        return self.supported is self.judged

    def as_object(self, *, whole: bool) -> dict[str, Any]:
        """For JSON: all of it, or the figures alone."""
        if whole:
            return {**as_object(self), "right": self.right}
        return {
            "id": self.id, "part": self.part, "form": self.form, "error": self.error,
            "digest": self.digest, "supported": self.supported, "right": self.right,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SavedCase:
    """What a saved run knows of a case or, with no scores, of a claim: figures, no words."""

    digest: str
    outcome: str
    quality: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run as it is saved, to be compared with later ones."""

    corpus: str
    llm: str
    cases: Mapping[str, SavedCase]
    claims: Mapping[str, SavedCase]


def saved_text(
    corpus: str, llm: str, cases: tuple[CaseRecord, ...], claims: tuple[ClaimRecord, ...]
) -> str:
    """A run as JSON, one case a line, so that a change of it reads well as a difference."""
    lines = {
        "cases": {c.id: as_object(_saved_case(c)) for c in cases},
        "claims": {
            c.id: as_object(
                SavedCase(
                    c.digest, "supported" if c.judged else "not supported", float(c.right), {}
                )
            )
            for c in claims
        },
    }
    head = {"format": FORMAT, "corpus": corpus, "llm": llm}
    blocks = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for key, entries in lines.items():
        rows = (f"{json.dumps(i)}: {json.dumps(entry)}" for i, entry in sorted(entries.items()))
        blocks.append(f"{json.dumps(key)}: {{\n" + ",\n".join(rows) + "\n}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _saved_case(case: CaseRecord) -> SavedCase:
    # How long it took, and how wordy it was, is no judgement that a later run could lose.
    scores = {
        name: round(score.value, 6)
        for name, score in case.scores.items()
        if score.value is not None and name in _SHARES
    }
    return SavedCase(case.digest, case.outcome, round(case.quality, 6), scores)


def read_saved(file: Path) -> SavedRun:
    """A saved run. Raises DatasetError: it cannot be read, or is of another format."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"{file}: {error.strerror or error}") from error
    except ValueError as error:
        raise DatasetError(f"{file}: is not JSON: {error}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise DatasetError(f"{file}: format: is not {FORMAT}; save the run again")
    try:
        cases, claims = (
            {identity: SavedCase(**entry) for identity, entry in values[key].items()}
            for key in ("cases", "claims")
        )
        return SavedRun(values["corpus"], values["llm"], cases, claims)
    except (KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{file}: is no saved run: {error}") from error
