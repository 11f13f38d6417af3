"""How sure and how wide a sentence speaks: negation, hedges, obligation, quantifiers.

Words of general English; each class holds ways of saying about the same.
Not covered: irony, and negation that only the wider text shows.
"""

from __future__ import annotations

import re

_DENIAL = re.compile(
    r"\b(?:not|never|no|nor|none|nobody|nothing|neither|without|cannot)\b|\b\w+n['’]t\b",
    re.IGNORECASE,
)
_SOFT_DENIAL = re.compile(
    r"\b(?:rather\s+than|instead\s+of|lack\w*|fail\w*|absen\w+|hardly|avoid\w*|refus\w+|unlike|"
    r"far\s+from|regardless\s+of|irrespective\s+of|beyond|neglect\w*|prevent\w*|limit\w*|"
    r"(?:un|non-?|dis)(?=\w{4})\w+|\w{3,}less)\b",
    re.IGNORECASE,
)
# "not just X" adds to X; it takes nothing away.
_ADDING = re.compile(r"(?:\bnot|n['’]t)\s+(?:just|only|merely|simply|solely)\b", re.IGNORECASE)


def _classes(**patterns: str) -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for name, pattern in patterns.items()
    }


_HEDGES = _classes(
    frequency=(
        r"typical\w*|usual\w*|normal\w*|general(?:ly)?|common\w*|often|frequent\w*|mostly|mainly|"
        r"as\s+a\s+rule|tends?|primarily|largely|regular\w*|customar\w+|ordinar\w+|chiefly|"
        r"in\s+most\s+cases|for\s+the\s+most\s+part|on\s+the\s+whole"
    ),
    possibility=(
        r"may|might|could|can|possib\w+|perhaps|potential\w*|likely|probab\w+|maybe|chance|"
        r"able\s+to|conceivabl\w+|optional\w*"
    ),
    rare=r"sometimes|occasional\w*|rare(?:ly)?|seldom|now\s+and\s+then|at\s+times|on\s+occasion",
    rough=(
        r"rough\w*|approximate\w*|about|around|guidelines?|something\s+like|or\s+so|nearly|"
        r"almost|more\s+or\s+less|estimate\w*"
    ),
)
_OBLIGATION = _classes(
    all=(
        r"must|always|requir\w*|necessar\w+|needs?|needed|ha(?:s|ve)\s+to|guarantee\w*|mandator\w+|"
        r"certain(?:ly)?|definite\w*|inevitabl\w+|automatic\w*|invariabl\w+|ensures?|obliged|"
        r"compulsory"
    )
)["all"]
_QUANTIFIERS = _classes(
    all=r"all|every|everyone|everybody|always|entire\w*|whole",
    most=r"most|majority|mostly|nearly\s+all",
    many=r"many|numerous|lots|plenty|multiple|various",
    some=r"some|several|sometimes",
    few=r"few|rare(?:ly)?|limited|hardly|scarce\w*|handful",
    none=r"none|nobody|no\s+one|never|neither",
    only=r"only|solely|exclusively|nothing\s+but|sole|merely",
)
_HOW_MANY = frozenset(("most", "many", "some", "few"))


def negations(text: str) -> int:
    """How many words of a text deny something."""
    return len(_DENIAL.findall(_ADDING.sub(" ", text)))


def denies_softly(text: str) -> bool:
    """Whether a text sets something apart without a "not"."""
    return _SOFT_DENIAL.search(text) is not None


def is_hedged(text: str) -> bool:
    """Whether a text says that something is usual, possible, rare or rough, and not more."""
    return any(pattern.search(text) for pattern in _HEDGES.values())


def obliges(text: str) -> bool:
    """Whether a text says that something has to be, or is sure to be."""
    return _OBLIGATION.search(text) is not None


def quantifiers(text: str) -> frozenset[str]:
    """The classes of quantifiers in a text: all, most, many, some, few, none, only."""
    return frozenset(name for name, pattern in _QUANTIFIERS.items() if pattern.search(text))


def softens(said: str, given: str) -> bool:
    """Whether a text hedges in its own way: by a hedge, or by "many" where the other has none."""
    return is_hedged(said) or bool((quantifiers(said) - quantifiers(given)) & _HOW_MANY)


def widened(said: str, given: str) -> str | None:
    """The class of quantifier in which the text `said` goes beyond `given`; None for none."""
    ours, theirs = quantifiers(said), quantifiers(given)
    for name in ("all", "most", "none", "only"):
        if name in ours - theirs:
            return name
    for name in ("many", "some", "few"):
        if name in ours - theirs and theirs & (_HOW_MANY | {"all"}):
            return name
    dropped = (theirs & _HOW_MANY) - ours
    if dropped and not ours & _HOW_MANY and not is_hedged(said):
        return min(dropped)
    return None
