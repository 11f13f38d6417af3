"""How people name levels: codes, titles, plurals and abbreviations, found in any text.

Aliases are derived from the titles that the documents give, by general rules of English job
titles; where titles nest, the longest one wins.
Not covered: misspelt titles; `query` mends those against the documents' vocabulary first.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ladder_qa.datamodels import Level

CODE = r"[A-Z]{1,4}\d{1,2}"
"""A level's code: one to four capital letters and a number, as ladders of this trade write it."""

REMEMBERED, LONGEST = 1_024, 2_000  # texts whose mentions are kept in mind; their characters
LONG_WORD = 8  # letters of a word that is also said by its first three, such as "eng"
# How English job titles are shortened in speech and chat; whole words only.
_SHORT = {
    "senior": ("sr", "snr"),
    "junior": ("jr",),
    "manager": ("mgr",),
    "technical": ("tech",),
}
_SMALL = {"of", "the", "and", "for"}
# Initials may be English words ("does", "he"): they count in capitals or after such a word.
_ARTICLE = re.compile(r"\b(?:an?|the|as|vs\.?|versus|senior|sr\.?)\s+$", re.IGNORECASE)
# A name starts a word; in a range such as "E1-E2" the second code counts as well.
_START = r"(?:(?<![\w-])|(?<=[A-Za-z]\d-))"
_DEPARTMENTS = {"engineering", "technology", "software"}  # left out in speech: "Senior Manager"
# Behind these, speech leaves out what stands before the profession: "staff (product) designer".
_RANKS = {
    "associate",
    "distinguished",
    "graduate",
    "junior",
    "lead",
    "principal",
    "senior",
    "staff",
}


@dataclass(frozen=True, slots=True)
class Mention:
    """A level named in a text: `text[start:end]`, in the singular or the plural."""

    code: str
    start: int
    end: int
    plural: bool


def _plain(title: str) -> str:
    """A title in lower case, without periods, its words parted by single spaces."""
    return " ".join(re.sub(r"[-‐‑–—]", " ", title.casefold().replace(".", "")).split())


def _spoken(title: str) -> set[str]:
    """The ways of saying one title: shortened words, and `X of Y` turned to `Y X`."""
    words = _plain(title).split()
    forms = {" ".join(words)}
    if "of" in words[1:-1]:
        middle = words.index("of", 1)
        forms.add(" ".join([*words[: middle - 1], *words[middle + 1 :], words[middle - 1]]))
    kept = [word for word in words if word not in _DEPARTMENTS]
    if len(kept) >= 2 and not _SMALL & set(words):
        forms.add(" ".join(kept))
    if len(words) > 2 and words[0] in _RANKS and not _SMALL & set(words):
        forms.add(f"{words[0]} {words[-1]}")
    shortened = {word: (word[:3],) for word in words if len(word) >= LONG_WORD} | _SHORT
    for word, shorts in shortened.items():
        for form in tuple(forms):
            parts = form.split()
            if word in parts and len(parts) > 1:
                forms.update(
                    " ".join(short if part == word else part for part in parts) for short in shorts
                )
    return forms


def _initials(title: str) -> str | None:
    words = re.findall(r"[^\W\d_]+", title)
    if len(words) < 2 or re.search(r"\d", title):
        return None
    return "".join(word[0] for word in words).casefold()


def aliases_of(titles: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Aliases by code, lower case, longest first; a name two levels would share goes to neither.

    A title the documents give always wins over a derived form of another level's title.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for code, names in titles.items():
        for name in names:
            owners[_plain(name)].add(code)
    given = {name: next(iter(codes)) for name, codes in owners.items() if len(codes) == 1}
    derived: dict[str, set[str]] = defaultdict(set)
    for code, names in titles.items():
        for name in names:
            for form in (*_spoken(name), *filter(None, (_initials(name),))):
                derived[form].add(code)
    _raise(derived, given)
    result: dict[str, set[str]] = {code: set() for code in titles}
    for alias, codes in derived.items():
        owner = given.get(alias) or (next(iter(codes)) if len(codes) == 1 else None)
        if owner is not None:
            result[owner].add(alias)
    return {
        code: tuple(sorted(found, key=lambda alias: (-len(alias), alias)))
        for code, found in result.items()
    }


def _raise(derived: dict[str, set[str]], given: Mapping[str, str]) -> None:
    """Adds "sr em" where one title is another with a word such as "senior" before it."""
    for name, code in given.items():
        head, _, rest = name.partition(" ")
        lower = given.get(rest)
        if lower is None or lower == code:
            continue
        for form in (*_SHORT.get(head, ()), head):
            for alias in [alias for alias, codes in derived.items() if codes == {lower}]:
                derived[f"{form} {alias}"].add(code)


def level_named(levels: Sequence[Level], text: str) -> Level | None:
    """The level whose code, title or abbreviation `text` is, in any case, or None.

    As addresses are written by hand: "-" and "_" may stand where a space does.
    """
    name = _plain(text.replace("_", " "))
    for level in levels:
        if name == level.code.casefold() or name in level.aliases:
            return level
    return None


class LevelNames:
    """Finds levels in texts by code, title or abbreviation; built once for a ladder.

    `others` are codes that are named and not described: found by code alone.
    """

    def __init__(self, levels: Sequence[Level], others: Sequence[str] = ()) -> None:
        self._by_alias = {alias: level.code for level in levels for alias in level.aliases}
        given = {_plain(title) for level in levels for title in level.titles}
        self._initials = {
            alias for alias in self._by_alias if " " not in alias and alias not in given
        }
        self._described = frozenset(level.code for level in levels)
        self._codes = {code.casefold(): code for code in (*self._described, *others)}
        names = sorted(self._by_alias, key=lambda alias: (-len(alias), alias))
        parts = [self._pattern(name) for name in names]
        parts += [re.escape(code) for code in sorted(self._codes, key=len, reverse=True)]
        self._regex = (
            re.compile(
                rf"{_START}(?P<name>{'|'.join(parts)})(?P<plural>['’]?s)?(?!\w)", re.IGNORECASE
            )
            if parts
            else None
        )
        # a question is looked through ten times, each time for all names of the ladder
        self._remembered = functools.lru_cache(maxsize=REMEMBERED)(
            lambda text, cased: tuple(self._find(text, cased=cased))
        )

    @staticmethod
    def _pattern(alias: str) -> str:
        words = alias.split()
        parts = [re.escape(word) for word in words]
        small = next((n for n, word in enumerate(words) if n and word in _SMALL), None)
        if small is not None:
            parts[small - 1] += "s?"  # the plural of "head of x" is "heads of x"
        return r"\.?[\s-]+".join(parts)

    @staticmethod
    def _singular(name: str) -> str:
        """The name without a plural before its small word: "heads of x" → "head of x"."""
        return re.sub(rf"(?<=\w)s(?= (?:{'|'.join(sorted(_SMALL))}) )", "", name, count=1)

    @staticmethod
    def _in_capitals(raw: str, plural: str | None) -> bool:
        """Whether initials are written as such: "EM", "HoE", "EMs", but not "DOES"."""
        return raw[0].isupper() and raw[-1].isupper() and plural != "S"

    def find(self, text: str, *, cased: bool = False) -> tuple[Mention, ...]:
        """Mentions in reading order, never overlapping, the longest name first at each place.

        With `cased`, a name counts only when it starts with a capital, as documents write titles.
        """
        if len(text) > LONGEST:
            return tuple(self._find(text, cased=cased))
        return self._remembered(text, cased)

    def _find(self, text: str, *, cased: bool) -> Iterator[Mention]:
        if self._regex is None:
            return
        for match in self._regex.finditer(text):
            raw = match["name"]
            if cased and not raw[0].isupper():
                continue
            code = self._codes.get(raw.casefold())
            plural = (match["plural"] or "").casefold() == "s"
            if code is None:
                name = re.sub(r"\.?[\s-]+", " ", raw.casefold())
                if name not in self._by_alias:
                    name, plural = self._singular(name), True
                if name in self._initials and not (
                    self._in_capitals(raw, match["plural"])
                    or (not match["plural"] and _ARTICLE.search(text[: match.start()]))
                ):
                    continue
                code = self._by_alias.get(name)
            if code is not None:
                yield Mention(code, match.start(), match.end(), plural)

    def described(self, codes: Sequence[str]) -> tuple[str, ...]:
        """Those of `codes` that the documents describe; the others are only named."""
        return tuple(code for code in codes if code in self._described)

    def codes(self, text: str, *, cased: bool = False) -> tuple[str, ...]:
        """The levels named in `text`, each once, in order of first mention."""
        return tuple(dict.fromkeys(mention.code for mention in self.find(text, cased=cased)))

    def _joined(self, text: str) -> list[Mention]:
        """The mentions of `text`, a code with its title beside it ("X1 (Title)") as one."""
        joined: list[Mention] = []
        for mention in self.find(text):
            last = joined[-1] if joined else None
            if (
                last
                and last.code == mention.code
                and re.fullmatch(r"\s*[(:,–—-]?\s*", text[last.end : mention.start])
            ):
                joined[-1] = Mention(mention.code, last.start, mention.end, mention.plural)
            else:
                joined.append(mention)
        return joined

    def transition(self, text: str) -> tuple[str, str] | None:
        """The first move between two levels that `text` names (`A to B`, `A → B`), or None."""
        for first, second in pairwise(self._joined(text)):
            between = text[first.end : second.start]
            if first.code != second.code and re.fullmatch(
                r"\)?\s*(?:\([^)]*\))?\s*(?:→|⇒|-+>|–>|to|into)\s*(?:an?\s|the\s)?\s*",
                between,
                re.IGNORECASE,
            ):
                return first.code, second.code
        return None
