"""Amounts in sentences, in figures or in words, in a form in which they can be compared.

Durations are in months, so that "12-24+ months" and "one to two years or more" are one amount.
Not covered: sums over amounts, and dates.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ladder_qa.names import CODE

REMEMBERED = 8_192  # texts whose amounts are kept in mind: a check reads the same ones often

_ONES = "one two three four five six seven eight nine"
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_SMALL = re.findall(r"\w+", f"zero {_ONES} {_TEENS}")
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: float(number) for number, word in enumerate(_SMALL)}
_WORDS |= {word: float(10 * number) for number, word in enumerate(_TENS, start=2)}
_WORDS |= {"hundred": 100.0, "dozen": 12.0}
_SPELLED = rf"(?:{'|'.join(_TENS)})[- ](?:{'|'.join(_SMALL[1:10])})|{'|'.join(_WORDS)}"
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+(?:\.\d+)?|\b(?:{_SPELLED})\b)"
_DURATIONS = {
    "year": 12.0, "yr": 12.0, "month": 1.0, "quarter": 3.0, "week": 12 / 52, "day": 12 / 365,
}  # fmt: skip
_TIME = r"(?:years?['’]?|yrs?|months?['’]?|quarters?|weeks?|days?)\b['’]?"
_MORE = (
    r"(?:or\s+(?:even\s+)?(?:more|longer|above|over|beyond)|and\s+(?:more|up|above|beyond)|upwards?|"
    r"plus|if\s+not\s+(?:more|longer))\b"
)
_LEAST = "at least|more than|over|a minimum of|no less than|not less than|upwards of|from|>|≥"
_MOST = "under|below|less than|fewer than|up to|at most|no more than|not more than|<|≤"
_BOUND = rf"(?:{_LEAST}|{_MOST}|exactly)".replace(" ", r"\s+")

_AMOUNT = re.compile(
    rf"(?P<bound>(?<![\w-]){_BOUND}\s*)?(?<![\w‐‑–—:/#-])(?P<low>{_NUMBER})(?:\s*(?P<first>{_TIME}|%))?\s*"
    rf"(?P<plus>\+)?(?:\s*(?:[-‐‑–—]|\bto\b|\bor\b|\band\b)\s*(?P<high>{_NUMBER})\s*(?P<plus2>\+)?)?"
    rf"(?:\s*,?\s*(?P<more>{_MORE}))?"
    rf"(?:[\s-]*(?P<unit>{_TIME}|%|per\s?cent\b))?(?:,?\s+(?P<more2>{_MORE}))?",
    re.IGNORECASE,
)
_ONE_TIME = re.compile(r"\ban?\s+(?:single\s+|full\s+)?(?P<unit>year|month)\b", re.IGNORECASE)
_PARTS = {"half": 50.0, "third": 33.0, "quarter": 25.0, "fifth": 20.0, "tenth": 10.0}
_FRACTION = re.compile(
    rf"(?P<bound>(?<![\w-]){_BOUND}\s*)?"
    rf"(?:\b(?P<times>an?|one|two|three|four|nine)[\s-]+(?P<part>{'|'.join(_PARTS)})s?\s+of\b"
    r"|(?P<half>\bhalf\s+(?:of\b|the\b|all\b))"
    rf"|\b(?P<some>{_NUMBER})\s+(?:in|out\s+of)\s+(?:every\s+)?(?P<all>{_NUMBER})\b)",
    re.IGNORECASE,
)
_UNIT = re.compile(_TIME, re.IGNORECASE)
_OF_THEM = re.compile(r"\s*\bof\s+(?:them|those|these|which)\b", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"\s*\d+[.)]\s")
_COUNTED = re.compile(rf"[\s-]*(?:(?P<code>{CODE})s?\b\s*)?([^\W\d_]+)?(?:\s+([^\W\d_]+))?")
_JOINT = re.compile(r"in|at|of|on|for|to|by|and|or|with|from|per|as|is|are|the|an?", re.IGNORECASE)
# Mostly no amounts by themselves: "one of", "no one", "zero in on".
_ANYBODY = {"people", "person", "member", "employee", "head"}
_AT_LEAST = {"at least", "a minimum of", "no less than", "not less than", "upwards of"}
_PRONOUNS = {"one", "zero", "hundred", "dozen"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """An inclusive range. `unit` is "month" for durations, "%", or "" for what is counted.

    `counted` holds the one or two words behind a number without a unit, in the singular, and
    `code` a level's code there. `text` is `sentence[start:end]`.
    """

    low: float
    high: float
    open_end: bool  # more is possible: "3-5+", "at least 3"
    unit: str
    counted: frozenset[str]
    code: str
    text: str
    start: int
    end: int


_HALVES = re.compile(
    rf"\b(?:(?P<half>half\s+an?\s+year)|(?:an?|(?P<years>{_NUMBER}))\s+(?:years?\s+and\s+a\s+half"
    r"|and\s+a\s+half\s+years?))\b",
    re.IGNORECASE,
)


def _without_halves(text: str) -> str:
    """Amounts such as half a year as months, in the same number of characters."""

    def months(match: re.Match[str]) -> str:
        years = _value(match["years"].casefold()) if match["years"] else 1.0
        amount = 6 if match["half"] else int(12 * years + 6)
        return f"{amount} months".ljust(len(match.group()))

    return _HALVES.sub(months, text)


@functools.lru_cache(maxsize=REMEMBERED)
def quantities_in(text: str) -> tuple[Quantity, ...]:
    """The amounts of a sentence in reading order; level codes and list numbers are none."""
    text = _without_halves(text)
    listed = _LIST_NUMBER.match(text)
    found = _fractions(text)
    taken = [(one.start, one.end) for one in found]
    for match in _AMOUNT.finditer(text, listed.end() if listed else 0):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            quantity = _quantity(text, match)
            if quantity is not None:
                found.append(quantity)
    for match in _ONE_TIME.finditer(text):
        months = _DURATIONS[match["unit"].casefold()]
        more = re.match(rf"\s+{_MORE}", text[match.end() :]) is not None
        found.append(_plain(months, "month", match, open_end=more))
    return tuple(_with_units(text, sorted(found, key=lambda one: one.start)))


def _with_units(text: str, found: Sequence[Quantity]) -> Iterator[Quantity]:
    """The amounts; in "10-15+ years, 5-8+ of them" the second is one of years as well."""
    unit = ""
    for one in found:
        named = _UNIT.search(one.text)
        if named:
            unit = _unit(named.group())
        scale = _DURATIONS.get(unit)
        if scale and not one.unit and _OF_THEM.match(text, one.end):
            low, high = round(one.low * scale, 3), round(one.high * scale, 3)
            yield replace(one, low=low, high=high, unit="month", counted=frozenset())
        else:
            yield one


def _fractions(text: str) -> list[Quantity]:
    """Parts of a whole, in per cent: "three quarters of", "one in five"."""
    found = []
    for match in _FRACTION.finditer(text):
        if match["half"]:
            share = 50.0
        elif match["part"]:
            times = match["times"].casefold()
            share = _PARTS[match["part"].casefold()] * _WORDS.get(times, 1.0)
        else:
            whole = _value(match["all"].casefold())
            share = round(100 * _value(match["some"].casefold()) / whole, 1) if whole else 0.0
        bound = _bound_of(match)
        one = _plain(share, "%", match, open_end=_is_least(bound))
        found.append(replace(one, low=0.0) if bound in _MOST.split("|") else one)
    return found


def _plain(amount: float, unit: str, match: re.Match[str], *, open_end: bool = False) -> Quantity:
    place = match.start(), match.end()
    return Quantity(amount, amount, open_end, unit, frozenset(), "", match.group(), *place)


def _bound_of(match: re.Match[str]) -> str:
    return " ".join((match["bound"] or "").split()).casefold()


def _is_least(bound: str) -> bool:
    """Whether more is possible; "from" says where something begins."""
    return bound in _LEAST.split("|") and bound != "from"


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    bound = _bound_of(match)
    unit = _unit(match["unit"] or match["first"] or "")
    low_word = match["low"].casefold()
    if low_word == "one" and unit == "day" and not match["high"]:
        return None  # some day
    if low_word in _PRONOUNS and not (match["high"] or unit or (bound and bound != "from")):
        return None
    if low_word == "one" and not unit and not match["high"] and bound in ("more than", "over"):
        return None  # several
    low = _value(low_word)
    high = _value(match["high"].casefold()) if match["high"] else low
    scale = _DURATIONS.get(unit)
    if scale is not None:
        low *= _DURATIONS.get(_unit(match["first"] or ""), scale)
        unit, high = "month", high * scale
    low, high = sorted((low, high))
    more = any(match[name] for name in ("plus", "plus2", "more", "more2"))
    more = more or (bool(match["high"]) and bound in _AT_LEAST)
    if match["high"] or more:
        bound = ""  # "over 3-5 years" means during, "no more than 1-2" ends at 2
    counted = _COUNTED.match(text[match.end() :])
    words = [word for word in (counted.groups()[1:] if counted and not unit else ()) if word]
    if words and _JOINT.fullmatch(words[0]):
        words = []
    return Quantity(
        low=0.0 if bound in _MOST.split("|") else round(low, 3),
        high=round(high, 3),
        open_end=more or _is_least(bound),
        unit=unit,
        counted=frozenset(word.casefold().removesuffix("s") for word in words),
        code=(counted["code"] or "").upper() if counted and not unit else "",
        text=match.group().strip(),
        start=match.start(),
        end=match.end(),
    )


def _value(text: str) -> float:
    if text[0].isdigit():
        return float(text.replace(",", ""))
    return sum(_WORDS[part] for part in re.split(r"[- ]", text))


def _unit(words: str) -> str:
    word = re.sub(r"[\s'’]", "", words.casefold())
    return "%" if word in ("%", "percent") else word.removesuffix("s")


def states(given: Sequence[Quantity], wanted: Quantity, words: frozenset[str]) -> bool:
    """Whether one of `given` is the amount `wanted`.

    `words` are all words of the passages in the singular: something that is counted there, or
    named there, beside another number, is not what this number counts.
    """
    return any(
        wanted.unit == one.unit and _within(wanted, one) and not _counts_another(wanted, one, words)
        for one in given
    )


def _within(wanted: Quantity, given: Quantity) -> bool:
    """Whether what is `given` is `wanted`, or one of its bounds: of 3-5 "at least 3", "up to 5"."""
    if wanted.open_end and wanted.low == wanted.high:
        return wanted.low == given.low and (given.open_end or given.low < given.high)
    if wanted.low == 0 < given.low:
        return wanted.high == given.high and not (wanted.open_end or given.open_end)
    ours = (wanted.low, wanted.high, wanted.open_end)
    return ours == (given.low, given.high, given.open_end)


# How far the level codes behind two numbers, and the things counted, may differ.
def _counts_another(wanted: Quantity, given: Quantity, words: frozenset[str]) -> bool:
    if wanted.code and given.code and wanted.code != given.code:
        return True
    if not wanted.counted or not given.counted or wanted.counted & given.counted:
        return False
    if (wanted.counted | given.counted) & _ANYBODY:
        return False
    return wanted.counted <= words or len(wanted.counted) == len(given.counted) == 1


# What a duration measures, by the words near it.
_MEASURES = {
    "career": r"professional|overall|total|in\s+(?:the\s+)?(?:technology|industry|software)|career|"
    r"software\s+engineering|tech\s+experience|(?:of|work)\s+experience",
    "management": r"(?:in|of|as)\s+(?:\w+\s+){0,2}(?:management|leadership|managing|leading)|"
    r"(?:management|leadership)\s+(?:capacity|experience|role)|managing\s+people|leading\s+teams",
    "tenure": r"takes?|typical\s+time|progress\w*|transition\w*|promot\w+|at\s+(?:that|this|the)\s+"
    rf"level|(?:at|as|from|in)\s+(?:an?\s+)?(?:{CODE})|{CODE}\s*(?:→|->|to)\s*{CODE}|{CODE}\s*\((?=\d)",
    "readiness": r"demonstrat\w+|sustain\w*|consisten\w+|prov(?:e|en|ing)\b|show(?:s|n|ing)?\b|"
    r"perform\w*|keep\w*\s+up",
    "horizon": r"ahead|horizons?|plan(?:s|ning)?|visions?|strateg\w+|forward|future|outlook",
}
_MEASURE = {name: re.compile(rf"\b(?:{cue})", re.IGNORECASE) for name, cue in _MEASURES.items()}


def measures(text: str) -> frozenset[str]:
    """What the durations of a text measure: career, management, tenure, readiness, horizon."""
    found = {name for name, pattern in _MEASURE.items() if pattern.search(text)}
    if "management" in found and "career" in found and not re.search(r"professional|total", text):
        found.discard("career")
    return frozenset(found)
