"""How sure and how wide a sentence speaks: what it denies, hedges, obliges, and of how many.

Words of general English; each class holds ways of saying about the same. Every finding has its
place, so that it can be compared with what a passage says in the same place.
Not covered: irony, and negation that only the wider text shows.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

REMEMBERED = 8_192  # texts kept in mind: a check reads the same ones often

_BREAK = re.compile(
    r"[;:!?—–\[\]\"“”]|\.(?!\d)|\((?!(?:[^\s()]+\s?){1,3}\))|,(?!\d)|\s-\s|\b(?:but|while|whereas|although|though|yet|if|when|unless|"
    r"because|since|which|who|versus|vs|and\s+(?=(?:you|they|it|we|he|she|is|are|do|does|has|have|not|"
    r"never|so)\b))\b",
    re.IGNORECASE,
)
# "not just X" adds to X, "no more than 2" bounds a number: neither takes anything away.
_ADDING = (
    r"\b(?:not|n['’]t|cannot)\s+(?:\w+\s+){0,2}?(?:just|only|merely|simply|solely|mere)\b|"
    r"\bnot\s+only\b|\b(?:rather\s+than|instead\s+of)\s+(?:(?:just|only|merely|simply)\b|(?=(?:\w+\s+){1,3}alone\b))|"
    r"\bnot\s+(?=(?:\w+\s+){1,3}alone\b)|\b(?:beyond|as\s+well\s+as|in\s+addition\s+to|more\s+than\s+(?:just|only|mere))\b"
)
_DENIAL = re.compile(
    rf"(?P<adding>{_ADDING}|\w+n['’]t\s+(?:just|only|merely|simply)\b|"
    r"\bno\s+(?:more|fewer|less|later|earlier|sooner)\s+than\b|\bwhether\s+or\s+not\b)|"
    r"(?P<denial>\b(?:not|never|no|nor|none|nobody|nothing|neither|without|cannot|hardly|"
    r"rather\s+than|instead\s+of|as\s+opposed\s+to|in\s+place\s+of|unlike|far\s+from|unable\s+to|"
    r"impossible|lack(?:s|ing)?|absence\s+of|fail(?:s|ed|ing)?\s+to|avoid(?:s|ed|ing)?|"
    r"refus(?:e|es|ing)|stop(?:s|ped|ping)?|ceas(?:e|es|ing)|refrain(?:s|ing)?\s+from)\b|"
    r"\b\w+n['’]t\b|\bnon-|\bprefer\w*\s(?!to\b)[^,;.]{1,60}?\sto\b|\b(?:prefer\w*|favou?r\w*|choos\w+|priorit\w+)\s[^,;.]{1,60}?\sover\b)",
    re.IGNORECASE,
)
_WHOM = re.compile(
    r"\s*(?:for\s+)?(?:the\s+)?(?:those|people|ones|anyone|everyone|all)?\s*", re.IGNORECASE
)
_NEGATIVE_WORD = re.compile(
    r"\b(?:un(?!der|til|i[tqfo]|less)\w{4,}|ill[- ]\w+|wrong|poor(?:ly)?|"
    r"bad(?:ly)?|mis(?:fit|match)"
    r"|dis(?:like|agree|courage)\w*|elsewhere|reconsider|drawback\w*)\b",
    re.IGNORECASE,
)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_POSSIBLE = _words(
    r"may|might|could|possib\w+|perhaps|potential(?:ly)?|likely|probabl\w+|maybe|conceivabl\w+|"
    r"not\s+necessarily|not\s+always"
)
_USUAL = _words(
    r"typical(?:ly)?|usual(?:ly)?|normal(?:ly)?|general(?:ly)?|commonly|often|oftentimes|frequently|"
    r"mostly|as\s+a\s+rule|tends?(?=\s+to)|in\s+most\s+cases|for\s+the\s+most\s+part|on\s+the\s+whole|"
    r"by\s+and\s+large|ordinarily|customarily|sometimes|occasional(?:ly)?|at\s+times|on\s+occasion|"
    r"now\s+and\s+then|from\s+time\s+to\s+time|in\s+(?:some|many)\s+cases|average|norm"
)
_MAINLY = _words(
    r"primar(?:ily|y)|main(?:ly)?|largely|chiefly|principal(?:ly)?|predominantly|essentially|"
    r"first\s+and\s+foremost|above\s+all|mostly|fundamentally"
)
_ROUGH = _words(
    r"rough(?:ly)?|approximate(?:ly)?|around|guidelines?|something\s+like|or\s+so|nearly|almost|"
    r"more\s+or\s+less|estimated?|about(?=\s+\d)|some(?=\s+\d)|circa"
)
_ALSO_SOFT = _words(r"can|able\s+to|chances?|where\s+applicable|most|many|some|few|several")
_CERTAIN = _words(
    r"always|guarantee(?:s|d)?|certain(?:ly)?|definite(?:ly)?|inevitabl\w+|automatic(?:ally)?|"
    r"invariabl\w+|without\s+(?:exception|fail)|undoubtedly|in\s+(?:every|all)\s+cases?|sure\s+to|"
    r"bound\s+to|surely|assured|ensur(?:e|es)|by\s+definition"
)
_OBLIGES = _words(
    r"must|mandator\w+|obliged|compulsory|obligat(?:ed|ory)|has\s+to|have\s+to|required?|requires|"
    r"requirement|necessar\w+|needs?|needed|prerequisite"
)
_STRICT = _words(r"must|mandator\w+|obliged|compulsory|obligat(?:ed|ory)|required|prerequisite")
_QUANTIFIERS = re.compile(
    r"\b(?:(?P<not_all>not\s+(?:all|every(?:one|body)?|each))|"
    r"(?P<all>(?<!\bat\s)all|every|everyone|everybody|each)|"
    r"(?P<most>(?<!the\s)(?<!-)most(?!-)(?!\s+\w+(?:ed|ing)?\s+(?:entry|way|path))|(?:the|a)\s+(?:\w+\s+)?majority|more\s+than\s+half)|"
    r"(?P<some>some|several|multiple|various|a\s+few|a\s+number|a\s+handful)|"
    r"(?P<many>many|numerous|plenty|lots|a\s+lot|a\s+great\s+deal)|"
    r"(?P<few>(?<!a\s)few|hardly\s+any|scarcely\s+any|barely\s+any|little)|"
    r"(?P<none>none|nobody|no\s+one|no(?!\s+(?:more|fewer|less|longer|matter|later)\b)))\b",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"(?<!not )(?<!n't )(?<!n’t )\b(?:only|solely|exclusively|nothing\s+but|purely|no\s+one\s+but)"
    r"\b(?!\s+(?:\d|one|two|three|a\s+few|if|when|after|recent\w*|just|then|now))",
    re.IGNORECASE,
)
# What a quantifier allows to be said: most of them are at least many, and so on.
_IMPLIED = {
    "all": {"all"},
    "most": {"most", "many"},
    "many": {"many"},
    "some": {"some"},
    "few": {"few"},
    "none": {"none"},
    "not_all": {"not_all"},
}


@dataclass(frozen=True, slots=True)
class Quantifier:
    """A word for how many: its class, its place, and the words behind it."""

    kind: str
    start: int
    end: int


@functools.lru_cache(maxsize=REMEMBERED)
def breaks(text: str) -> tuple[tuple[int, int], ...]:
    """The clauses of a text as (start, end), in order; blank ones left out."""
    found, begin = [], 0
    for match in _BREAK.finditer(text):
        found.append((begin, match.start()))
        begin = match.end() if not match.group()[0].isalpha() else match.start()
    found.append((begin, len(text)))
    return tuple((start, end) for start, end in found if text[start:end].strip())


def _reach(text: str, start: int) -> int:
    """Where what follows `start` ends: at the next break."""
    match = _BREAK.search(text, start)
    return match.start() if match else len(text)


@functools.lru_cache(maxsize=REMEMBERED)
def denied(text: str) -> tuple[tuple[int, int], ...]:
    """The stretches of a text that stand behind a "not", a "without" or the like."""
    found = []
    for match in _DENIAL.finditer(text):
        if match["denial"]:
            end = _reach(text, match.end())
            whom = text[match.end() : end]
            if whom.strip() and _WHOM.fullmatch(whom):  # "not those who …"
                end = _reach(text, end + 1)
            found.append((match.end(), end))
    return tuple(found)


def added(text: str) -> tuple[tuple[int, int], ...]:
    """The stretches that a text only adds to: what stands behind "not just"."""
    return tuple(
        (match.end(), _reach(text, match.end()))
        for match in _DENIAL.finditer(text)
        if match["adding"]
    )


def negations(text: str) -> int:
    """How many words of a text deny something."""
    return len(denied(text))


def is_unfit(text: str) -> bool:
    """Whether a text says in one word that something is wrong or does not fit."""
    return _NEGATIVE_WORD.search(text) is not None


def hedges(text: str) -> frozenset[str]:
    """The kinds of hedges in a text: possible, usual, mainly, rough."""
    kinds = {"possible": _POSSIBLE, "usual": _USUAL, "mainly": _MAINLY, "rough": _ROUGH}
    return frozenset(name for name, pattern in kinds.items() if pattern.search(text))


def is_softened(text: str, besides: str = "") -> bool:
    """Whether a text says in any way that something does not hold always and for all.

    Words such as "a few" say so unless they stand `besides` a hedge, in the text that it softens.
    """
    beside = {word.casefold() for word in _ALSO_SOFT.findall(besides)}
    soft = {word.casefold() for word in _ALSO_SOFT.findall(text)}
    return bool(hedges(text)) or bool(soft - beside)


def is_certain(text: str) -> bool:
    """Whether a text says that something holds always, or is sure to come."""
    return _CERTAIN.search(text) is not None


def obliges(text: str) -> bool:
    """Whether a text says that something is needed or has to be."""
    return _OBLIGES.search(text) is not None


def commands(text: str) -> bool:
    """Whether a text says so in words that leave no choice, such as "must"."""
    return _STRICT.search(text) is not None


def restricts(text: str) -> bool:
    """Whether a text says "only" of something, numbers left out."""
    return _ONLY.search(text) is not None


def quantifiers(text: str) -> tuple[Quantifier, ...]:
    """The quantifiers of a text in reading order."""
    return tuple(
        Quantifier(str(match.lastgroup), match.start(), match.end())
        for match in _QUANTIFIERS.finditer(text)
    )


def implies(given: str, said: str) -> bool:
    """Whether what holds of `given` things holds of `said` things as well."""
    return said in _IMPLIED[given]
