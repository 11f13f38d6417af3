"""Amounts in sentences, in figures or in words, in a form in which they can be compared.

Durations are in months, so that "12-24+ months" and "one to two years or more" are one amount.
Not covered: sums over amounts, fractions in words, and dates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ladder_qa.names import CODE

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: float(number) for number, word in enumerate(_SMALL)}
_WORDS |= {word: float(10 * number) for number, word in enumerate(_TENS, start=2)}
_WORDS |= {"hundred": 100.0, "dozen": 12.0}
_SPELLED = rf"(?:{'|'.join(_TENS)})[- ](?:{'|'.join(_SMALL[1:10])})|{'|'.join(_WORDS)}"
NUMBER_WORDS = frozenset(_WORDS)
_NUMBER = rf"(?:(?<!\w)\d{{1,3}}(?:,\d{{3}})+(?!\d)|(?<!\w)\d+(?:\.\d+)?|\b(?:{_SPELLED})\b)"
_DURATIONS = {
    "year": 12.0, "yr": 12.0, "month": 1.0, "quarter": 3.0, "week": 12 / 52, "day": 12 / 365,
}  # fmt: skip
_TIME = r"(?:years?|yrs?|months?|quarters?|weeks?|days?)\b"
_MORE = r"(?:or\s+(?:more|longer|above|over)|and\s+(?:more|up|above)|upwards?|plus)\b"
_LEAST = "at least|more than|over|a minimum of|no less than|upwards of|>|≥"
_MOST = "under|below|less than|fewer than|up to|at most|no more than|<|≤"
_BOUND = rf"(?:{_LEAST}|{_MOST}|exactly)".replace(" ", r"\s+")

_AMOUNT = re.compile(
    rf"(?P<bound>(?<!\w){_BOUND}\s*)?(?P<low>{_NUMBER})(?:\s*(?P<first>{_TIME}|%))?\s*(?P<plus>\+)?"
    rf"(?:\s*(?:[-‐‑–—]|\bto\b|\bor\b|\band\b)\s*(?P<high>{_NUMBER})\s*(?P<plus2>\+)?)?"
    rf"(?:\s*,?\s*(?P<more>{_MORE}))?"
    rf"(?:[\s-]*(?P<unit>{_TIME}|%|per\s?cent\b))?(?:\s+(?P<more2>{_MORE}))?",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"\s*\d+[.)]\s")
_COUNTED = re.compile(rf"[\s-]*(?:{CODE}\s+)?([^\W\d_]+)(?:\s+([^\W\d_]+))?")
# Mostly no amounts by themselves: "one of", "no one", "zero in on".
_PRONOUNS = {"one", "zero"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """An inclusive range. `unit` is "month" for durations, "%", or "" for what is counted.

    `counted` holds the one or two words behind a number without a unit, in the singular.
    """

    low: float
    high: float
    open_end: bool  # more is possible: "3-5+", "at least 3"
    unit: str
    counted: frozenset[str]
    text: str


def quantities_in(text: str) -> tuple[Quantity, ...]:
    """The amounts of a sentence in reading order; level codes and list numbers are none."""
    listed = _LIST_NUMBER.match(text)
    matches = _AMOUNT.finditer(text, listed.end() if listed else 0)
    found = (_quantity(text, match) for match in matches)
    return tuple(quantity for quantity in found if quantity is not None)


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    before = text[: match.start("low")][-1:]
    if before and (before.isalnum() or before in "-‐‑–—:/#"):
        return None
    bound = " ".join((match["bound"] or "").split()).casefold()
    unit = _unit(match["unit"] or match["first"] or "")
    low_word = match["low"].casefold()
    if low_word in _PRONOUNS and not (match["high"] or unit or bound):
        return None
    low = _value(low_word)
    low, high = sorted((low, _value(match["high"].casefold()) if match["high"] else low))
    scale = _DURATIONS.get(unit)
    if scale is not None:
        low *= _DURATIONS.get(_unit(match["first"] or ""), scale)
        unit, high = "month", high * scale
    more = any(match[name] for name in ("plus", "plus2", "more", "more2"))
    return Quantity(
        low=0.0 if bound in _MOST.split("|") else round(low, 3),
        high=round(high, 3),
        open_end=more or bound in _LEAST.split("|"),
        unit=unit,
        counted=frozenset() if unit else _counted(text[match.end() :]),
        text=match.group().strip(),
    )


def _value(text: str) -> float:
    if text[0].isdigit():
        return float(text.replace(",", ""))
    return sum(_WORDS[part] for part in re.split(r"[- ]", text))


def _unit(words: str) -> str:
    word = re.sub(r"\s", "", words.casefold())
    return "%" if word in ("%", "percent") else word.removesuffix("s")


def _counted(rest: str) -> frozenset[str]:
    match = _COUNTED.match(rest)
    words = [word for word in match.groups() if word] if match else []
    return frozenset(word.casefold().removesuffix("s") for word in words)


def states(given: Sequence[Quantity], wanted: Quantity, words: frozenset[str]) -> bool:
    """Whether one of `given` is the amount `wanted`.

    `words` are all words of the passages in the singular: something that is counted there, or
    named there, beside another number, is not what this number counts.
    """
    return any(
        (wanted.low, wanted.high, wanted.open_end, wanted.unit)
        == (one.low, one.high, one.open_end, one.unit)
        and not _counts_another(wanted, one, words)
        for one in given
    )


def _counts_another(wanted: Quantity, given: Quantity, words: frozenset[str]) -> bool:
    if not wanted.counted or not given.counted or wanted.counted & given.counted:
        return False
    return wanted.counted <= words
