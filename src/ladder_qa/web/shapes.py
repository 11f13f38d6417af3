"""The objects of the HTTP interface that are not the assistant's own types, and the stream's order.

The command line prints the same objects, so nothing here imports the web framework.
Not covered: what they mean, member by member (`schema`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from typing_extensions import TypedDict  # pydantic needs this one on Python 3.11

from ladder_qa.datamodels import (
    Answer,
    CheckedSentence,
    Citation,
    Claim,
    Event,
    FoundPassage,
    Ladder,
    Meta,
    Span,
)
from ladder_qa.inline import readable


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The passages found, best first."""

    passages: tuple[FoundPassage, ...]


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The sentences of a text, in its order."""

    sentences: tuple[CheckedSentence, ...]


@dataclass(frozen=True, slots=True)
class LevelObject:
    """A level that the documents describe."""

    code: str
    title: str
    track: str
    core_question: str | None
    url: str


TransitionObject = TypedDict(
    "TransitionObject",
    {
        "from": str,
        "to": str,
        "title": str,
        "document": str | None,
        "typical_time": str | None,
    },
)


class LevelsResult(TypedDict):
    """The levels in the ladder's order, the moves between them, and questions to begin with."""

    levels: list[LevelObject]
    transitions: list[TransitionObject]
    starters: list[str]


def levels_object(ladder: Ladder, starters: Sequence[str]) -> LevelsResult:
    """The ladder in the contract's shape."""
    return {
        "levels": [
            LevelObject(
                level.code,
                level.title,
                level.track,
                level.core_question,
                f"/levels/{quote(level.code, safe='')}",
            )
            for level in ladder.levels
        ],
        "transitions": [
            {
                "from": move.source,
                "to": move.target,
                "title": move.title,
                "document": move.document,
                "typical_time": move.typical_time,
            }
            for move in ladder.transitions
        ],
        "starters": list(starters),
    }


def named(event: Event) -> tuple[str, Any]:
    """Name and data of an event of a streamed answer, as the contract has them."""
    names = {Meta: "meta", Citation: "citation", Claim: "claim", Answer: "done"}
    return names[type(event)], event


def governing(context: Sequence[Span], section: Sequence[str]) -> tuple[str, ...]:
    """What governs a statement, as a person reads it, less the headings that its place names."""
    words = (readable(span.text) for span in context)
    return tuple(text for text in words if text not in section)
