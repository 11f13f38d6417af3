"""Figures in statements: what is counted, how much of it, and where two documents differ.

Durations are compared in months, so that two documents may write one fact in different units.
Not covered: figures written out in words, apart from those of one word such as "one".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ladder_qa.datamodels import Ladder, Passage, Query
from ladder_qa.names import CODE

_NUMBER = r"\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:[.,]\d+)?"  # 1,000 · 8 · 1.5
_FIGURE = re.compile(
    r"(?P<bound>[<>≤≥~]\s*|\b(?:under|over|exactly|only|about)\s+)?"
    rf"(?P<low>{_NUMBER}|\bone\b|\btwo\b|\bthree\b)\s*(?P<plus>\+)?"
    rf"(?:\s*(?:[-–—]|\bto\b|\bor\b|\band\b)\s*(?P<high>{_NUMBER})\s*(?P<plus2>\+)?)?"
    rf"\s*(?:{CODE}\s+)?"  # "1-2 E1 positions" counts positions
    r"(?P<unit>%|percent\b|years?\b|months?\b|weeks?\b|days?\b|hours?\b|[^\W\d_]+(?!\w))?",
    re.IGNORECASE,
)
_VARIES = re.compile(r"\bvar(?:y|ies)\b", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"\s*\d+[.)]\s")
REMEMBERED = 20_000  # statements whose figures are kept in mind
_WORDS = {"one": 1.0, "two": 2.0, "three": 3.0}
_MONTHS = {"year": 12.0, "month": 1.0, "week": 12 / 52, "day": 12 / 365}

# What a figure says something about, by the words of a statement and of a question.
_RELATIONS: tuple[tuple[str, str, str], ...] = (
    (
        "readiness",
        r"next level|consistently over|demonstrat|sustained|track record",
        (
            r"next level|perform|demonstrat|sustain|consistent|track record|show (?:it|this|that)"
            r"|already (?:work|operat|deliver|do)|prove"
        ),
    ),
    (
        "experience",
        r"experience\b|in engineering (?:management|leadership)|management capacity",
        r"experience|background|years of|in (?:the )?(?:industry|profession|business)",
    ),
    (
        "timeline",
        r"\btakes?\b|typical time|\bprogress(?:ion|es|ed|ing)?\b|\btime at\b|varies",
        (
            r"how (?:long|fast|quick|soon|many years)|take|time|timeline|duration|until"
            r"|years (?:from|to)|when\b|wait"
        ),
    ),
    (
        "horizon",
        r"ahead|horizon|strateg|vision|planning",
        r"ahead|horizon|strateg|vision|plan|look forward|future|far\b",
    ),
    ("team", r"team|engineers|reports", r"team|engineers|reports|people|how (?:big|large)"),
    (
        "share",
        r"%|percent",
        r"%|percent|share|proportion|part of|how many of|ratio|distribut|how many",
    ),
    ("positions", r"positions?|roles?|seats?", r"position|seat|opening|slots?|how many|roles?"),
)
_ABOUT = {
    "readiness": "how long performance at the next level is to be shown",
    "experience": "how much experience is usual",
    "timeline": "how long the move takes",
    "horizon": "how far ahead the level plans",
    "team": "how many people a team has",
    "share": "which share is meant",
    "positions": "how many positions there are",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount: `unit` is "month" for every duration, "%" or the counted noun; inclusive range."""

    unit: str
    low: float
    high: float
    open_end: bool  # "3-5+": more is possible


def figures_in(text: str) -> tuple[Figure, ...]:
    """Figures of a statement in reading order; level codes and list numbers are none."""
    found = []
    listed = _LIST_NUMBER.match(text)
    for match in _FIGURE.finditer(text, listed.end() if listed else 0):
        before = text[: match.start("low")][-1:]
        if (before and (before.isalnum() or before in "-:/")) or text[match.end("low") :][
            :1
        ] == ":":
            continue
        low_text = match["low"].casefold()
        if low_text in _WORDS and not match["bound"]:
            continue
        low = _WORDS.get(low_text) or _number(low_text)
        high = _number(match["high"]) if match["high"] else low
        unit = (match["unit"] or "").casefold()
        unit = "%" if unit == "percent" else re.sub(r"s$", "", unit)
        if scale := _MONTHS.get(unit):
            unit, low, high = "month", low * scale, high * scale
        found.append(Figure(unit, low, high, bool(match["plus"] or match["plus2"])))
    return tuple(found)


def _number(digits: str) -> float:
    thousands = re.fullmatch(r"\d{1,3}(?:,\d{3})+", digits)
    return float(digits.replace(",", "" if thousands else "."))


def says_figure(passage: Passage) -> bool:
    """Whether a statement gives an amount, or says in a figure's place that it varies."""
    return _says_figure(passage.plain)


@lru_cache(maxsize=REMEMBERED)
def _says_figure(statement: str) -> bool:
    return bool(figures_in(statement)) or _VARIES.search(statement) is not None


def gives_figure(passage: Passage) -> bool:
    """Whether a statement gives an amount."""
    return _gives_figure(passage.plain)


@lru_cache(maxsize=REMEMBERED)
def _gives_figure(statement: str) -> bool:
    return bool(figures_in(statement))


def relation_of(passage: Passage) -> str | None:
    """What a statement's figure is about, by its own words, then by its headers and headings."""
    texts = (passage.plain, " ".join(span.text for span in passage.context), *passage.section[-1:])
    return next(filter(None, map(_relation_in, texts)), None)


@lru_cache(maxsize=REMEMBERED)
def _relation_in(text: str) -> str | None:
    cued = (name for name, cues, _ in _RELATIONS if re.search(cues, text, re.IGNORECASE))
    return next(cued, None)


def relations_asked(query: Query) -> tuple[str, ...]:
    """What a question wants a figure of, the most specific first."""
    return tuple(
        name for name, _, cues in _RELATIONS if re.search(cues, query.search, re.IGNORECASE)
    )


def about_relation(name: str) -> str:
    """A relation in words, for `conflicts[].about`."""
    return _ABOUT[name]


def speaks_for(passage: Passage, target: str, ladder: Ladder) -> bool:
    """Whether a statement holds for level `target`: about it, or general where it is described."""
    if passage.levels:
        return target in passage.levels
    level = ladder.level(target)
    return level is not None and passage.document == level.document


def differing(passages: Sequence[Passage]) -> tuple[Passage, Passage] | None:
    """The first two statements of different documents whose durations or shares differ."""
    for position, first in enumerate(passages):
        for second in passages[position + 1 :]:
            if first.document == second.document:
                continue
            ours, theirs = _amounts(first), _amounts(second)
            units = {f.unit for f in ours} & {f.unit for f in theirs}
            for unit in sorted(units):
                left = {f for f in ours if f.unit == unit}
                right = {f for f in theirs if f.unit == unit}
                if not left & right:
                    return first, second
    return None


def _amounts(passage: Passage) -> set[Figure]:
    return {figure for figure in figures_in(passage.plain) if figure.unit in ("month", "%")}
