"""Whether passages carry every part of a sentence: rules over levels, amounts, words, polarity.

Each rule names what it objects to; a sentence that no rule objects to is supported. The rules are
strict where words are close to the passages' and reject what is worded too far from them.
Not covered: meaning beyond words; that a free rewording says the same, no rule here can see.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

from ladder_qa.datamodels import Passage
from ladder_qa.inline import readable
from ladder_qa.names import LevelNames
from ladder_qa.polarity import denies_softly, is_hedged, negations, obliges, softens, widened
from ladder_qa.quantities import NUMBER_WORDS, quantities_in, states
from ladder_qa.sentences import split_sentences
from ladder_qa.words import tokens

Reason = Literal["not_found", "number", "level", "negation", "hedge", "extra", "relation"]

NEAR = 0.45  # share of a sentence's words, by rarity, that its passages hold at least
NOTHING = 0.2  # below this share hardly anything was found
SINGLE = 6  # passages tried one by one for a sentence
_PAIRED = 4  # the best ones, tried together

_FUNCTION = frozenset(
    tokens(
        "a an the and or but nor of to in on at by for from with without into onto over under "
        "between among as than then that this these those it its they them their theirs he she "
        "his her him you your yours we our us i my me who whom whose which what when where why "
        "how here there is are was were be been being am do does did doing done have has had "
        "having will would shall should may might can could must so such not no never if while "
        "whereas because since until although though also too very more most less least much "
        "many some any all each every both either neither one ones own other another same just "
        "only even still yet already about around out up down off through during before after "
        "above below again further once someone somebody something anyone everyone get gets got "
        "make makes made making take takes took taking go goes going went include includes "
        "including alike roughly approximately about typically usually "
        "generally often commonly normally rather instead like level levels role roles people "
        "person don't doesn't isn't aren't i'm you're it's that's"
    )
)
_NUMBERS = frozenset(tokens(" ".join(NUMBER_WORDS)))  # amounts have a rule of their own
_CLAUSE = re.compile(
    r"\s*(?:[;:—–]|,(?!\d)|\b(?:while|whereas|but|versus|compared)\b)\s*", re.IGNORECASE
)
_COORDINATE = re.compile(r"\b(?:and|or|as well as|plus|also)\b|,(?!\d)", re.IGNORECASE)
_DIRECTED = (
    re.compile(
        r"\bfrom\s+(?P<a>[^,;:.]+?)\s+(?:to|into|towards?)\s+(?P<b>[^,;:.]+)", re.IGNORECASE
    ),
    re.compile(r"(?P<a>[^,;:.]+?)\s+(?:rather than|instead of)\s+(?P<b>[^,;:.]+)", re.IGNORECASE),
)
_MARKS = re.compile(r"[ \t]*(?:[-*+•]|\d+[.)]|#+|>|\|)?[ \t]*")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One passage as it is judged: its words, what governs them, and whom they are about."""

    text: str
    context: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    @classmethod
    def of(cls, passage: Passage) -> Evidence:
        """A passage of the corpus with its context and headings."""
        context = tuple(readable(span.text) for span in passage.context)
        return cls(passage.plain, context, passage.section, passage.levels)

    @property
    def governed(self) -> str:
        """The words with what governs them."""
        return " ".join((*self.context, self.text))


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is None exactly if the sentence is supported; `explanation` is for a person."""

    reason: Reason | None = None
    explanation: str = ""

    @property
    def supported(self) -> bool:
        """Whether no rule objected."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class CheckedSpan:
    """A sentence of a text, with its verdict and the positions of the passages that carry it."""

    start: int
    end: int
    verdict: Verdict
    carried_by: tuple[int, ...]


class Verifier:
    """The check over one corpus: its level names, and how rare its words are."""

    def __init__(self, names: LevelNames, passages: Sequence[Passage]) -> None:
        self._names = names
        counts = Counter(token for passage in passages for token in set(tokens(passage.text)))
        self._counts, self._passages = counts, len(passages)

    def verify(self, sentence: str, evidence: Sequence[Evidence]) -> Verdict:
        """Whether `evidence`, taken together, carries all of one sentence."""
        said = _Said(readable(sentence), evidence, self._names)
        rules = (self._levels, _numbers, self._found, _direction, _negation, _certainty)
        verdicts = (rule(said) for rule in rules)
        return next((verdict for verdict in verdicts if verdict is not None), Verdict())

    def best(self, sentence: str, start: int, evidence: Sequence[Evidence]) -> CheckedSpan:
        """A sentence that starts at `start` of its text, with the fewest passages that carry it.

        Passages are tried one by one, those with most of its words first, then in twos and threes.
        """
        end = start + len(sentence)
        order = sorted(
            range(len(evidence)), key=lambda i: (-self._share(sentence, [evidence[i]]), i)
        )
        tried: list[tuple[int, ...]] = [(i,) for i in order[:SINGLE]]
        if len(_COORDINATE.split(sentence)) > 1 or len(_clauses(sentence)) > 1:
            # a sentence of one part has to stand in one place: two halves of it prove nothing
            tried += [*combinations(order[:_PAIRED], 2), *combinations(order[:_PAIRED], 3)]
        first: Verdict | None = None
        for chosen in tried:
            verdict = self.verify(sentence, [evidence[i] for i in chosen])
            if verdict.supported:
                return CheckedSpan(start, end, verdict, tuple(sorted(chosen)))
            first = first or verdict
        return CheckedSpan(start, end, first or Verdict("not_found", "there is no passage"), ())

    def _levels(self, said: _Said) -> Verdict | None:
        """The levels a sentence names are those that its passages are about, clause by clause."""
        mentions = self._names.find(said.sentence)
        named = {mention.code for mention in mentions}
        for code in sorted(named - said.about - said.named):
            return Verdict("level", f"no passage speaks of {code}")
        for one in said.evidence:
            # a level that a passage only mentions may not be what the sentence is about
            own = set(self._names.codes(one.text))
            foreign = one.levels and not named & set(one.levels)
            if foreign and mentions and mentions[0].code not in own:
                return Verdict("level", f"a passage is about {', '.join(one.levels)}")
        for clause in _clauses(said.sentence):
            codes = self._names.codes(clause)
            words = content(_without(clause, self._names))
            if len(codes) != 1 or len(said.about) < 2 or not words:
                continue
            ours, others = said.by_level(codes[0])
            if ours and others and _held(words, others) > _held(words, ours) + 1 / 3:
                return Verdict("level", f"said of another level than {codes[0]}: {clause!r}")
        return None

    def _found(self, said: _Said) -> Verdict | None:
        """The words of a sentence are those of its passages, or derived from them."""
        missing = [word for word in said.words if not _is_held(word, said.stems)]
        share = 1.0 - self._weigh(missing) / max(self._weigh(said.words), 1e-9)
        if said.words and share < NEAR:
            return Verdict("not_found" if share < NOTHING else "extra", _named(missing))
        for part in _COORDINATE.split(said.sentence)[1:]:
            words = content(_without(part, self._names))
            absent = [word for word in words if word in missing]
            if absent and 2 * len(absent) >= len(words):
                return Verdict("extra", _named(absent))
        for pair in pairwise(said.words):
            if set(pair) <= set(missing):
                return Verdict("extra", _named(pair))
        return None

    def _share(self, sentence: str, evidence: Sequence[Evidence]) -> float:
        said = _Said(readable(sentence), evidence, self._names)
        held = [word for word in said.words if _is_held(word, said.stems)]
        return round(self._weigh(held) / max(self._weigh(said.words), 1e-9), 6)

    def _weigh(self, words: Sequence[str]) -> float:
        return sum(math.log(1 + self._passages / (1 + self._counts[word])) for word in words)


class _Said:
    """A sentence beside its passages, in the forms that the rules look at."""

    def __init__(self, sentence: str, evidence: Sequence[Evidence], names: LevelNames) -> None:
        self.sentence, self.evidence, self.names = sentence, evidence, names
        self.words = content(_without(sentence, names))
        self.whole = " ".join(one.governed for one in evidence)
        section = " ".join(heading for one in evidence for heading in one.section)
        self.stems = frozenset(content(f"{self.whole} {section}"))
        self.about = {code for one in evidence for code in one.levels}
        self.named = set(names.codes(f"{self.whole} {section}"))

    def by_level(self, code: str) -> tuple[list[Evidence], list[Evidence]]:
        """The passages about a level or naming it, and those about others."""
        ours = [e for e in self.evidence if code in e.levels or code in self.names.codes(e.text)]
        return ours, [e for e in self.evidence if e.levels and e not in ours]

    @property
    def matched(self) -> str:
        """The clauses of the passages that share words with the sentence, and what governs them."""
        parts: list[str] = []
        words = frozenset(self.words)
        for one in self.evidence:
            clauses = _clauses(one.text)
            shared = [c for c in clauses if any(_is_held(w, words) for w in content(c))]
            parts += [lead for lead in one.context if _is_open(lead)]
            parts += shared or clauses
        return " , ".join(parts)


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of plain text or simple Markdown, line by line, without list marks."""
    position = 0
    for line in text.split("\n"):
        mark = _MARKS.match(line)
        skip = mark.end() if mark else 0
        for start, end in split_sentences(line[skip:]):
            yield position + skip + start, position + skip + end
        position += len(line) + 1


def content(text: str) -> list[str]:
    """The stems that carry meaning, each once: no function words, no numbers."""
    stems = dict.fromkeys(tokens(text))
    return [stem for stem in stems if stem not in _FUNCTION | _NUMBERS and not stem[0].isdigit()]


def _without(text: str, names: LevelNames) -> str:
    for mention in reversed(names.find(text)):
        text = f"{text[: mention.start]} {text[mention.end :]}"
    return text


def _clauses(text: str) -> list[str]:
    return [part for part in _CLAUSE.split(text) if part.strip()]


def _is_open(lead: str) -> bool:
    """Whether what stands under `lead` completes its sentence ("… if you:"), denied or hedged.

    A heading, or a whole sentence that introduces a list, says nothing about how sure items are.
    """
    words = tokens(lead)
    return lead.rstrip().endswith(":") and bool(words) and words[-1] in _FUNCTION


def _is_held(word: str, stems: frozenset[str]) -> bool:
    """Whether a word, or one that shares the greater part of its letters, is among `stems`."""
    if word in stems:
        return True
    return len(word) >= 5 and any(_related(word, stem) for stem in stems)


def _related(first: str, second: str) -> bool:
    common = 0
    for ours, theirs in zip(first, second, strict=False):
        if ours != theirs:
            break
        common += 1
    return common >= 5 and common >= 0.6 * max(len(first), len(second))


def _held(words: Sequence[str], evidence: Sequence[Evidence]) -> float:
    stems = frozenset(content(" ".join(one.text for one in evidence)))
    return sum(_is_held(word, stems) for word in words) / len(words)


def _named(stems: Sequence[str]) -> str:
    return "not stated: " + ", ".join(stems)


def _numbers(said: _Said) -> Verdict | None:
    """Every amount is one of the passages', with its unit."""
    given = quantities_in(said.whole)
    words = frozenset(word.removesuffix("s") for word in re.findall(r"\w+", said.whole.casefold()))
    for wanted in quantities_in(said.sentence):
        if not states(given, wanted, words):
            return Verdict("number", f"not stated: {wanted.text}")
    return None


def _direction(said: _Said) -> Verdict | None:
    """What goes from one thing to another, or stands before another, is not turned round."""
    for pattern in _DIRECTED:
        for ours in pattern.finditer(said.sentence):
            for theirs in pattern.finditer(said.whole):
                if _turned(ours, theirs):
                    return Verdict("relation", f"the other way round: {theirs.group()!r}")
    return None


def _turned(ours: re.Match[str], theirs: re.Match[str]) -> bool:
    a, b, first, last = (
        frozenset(content(match[name])) for match in (ours, theirs) for name in ("a", "b")
    )
    turned, straight = len(a & last) + len(b & first), len(a & first) + len(b & last)
    return bool(a & last) and bool(b & first) and turned >= straight


def _negation(said: _Said) -> Verdict | None:
    """What is denied stays denied, and what is stated stays stated."""
    ours, theirs = negations(said.sentence), negations(said.matched)
    if ours and not theirs and not denies_softly(said.matched):
        return Verdict("negation", "denies what is stated")
    if theirs and not ours and not denies_softly(said.sentence):
        return Verdict("negation", "states what is denied")
    return None


def _certainty(said: _Said) -> Verdict | None:
    """Nothing is surer, more binding or wider than in the passages."""
    matched = said.matched
    if is_hedged(matched) and not softens(said.sentence, matched):
        return Verdict("hedge", "surer than what is stated")
    if obliges(said.sentence) and not obliges(matched):
        return Verdict("hedge", "an obligation that is not stated")
    wider = widened(said.sentence, matched)
    return None if wider is None else Verdict("hedge", f"not stated how many: {wider}")
