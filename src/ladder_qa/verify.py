"""Whether passages carry every part of a sentence: rules over its words, weighed with a model.

Levels, amounts and directions are decided by rule. Of what else the rules object to (negation,
certainty, who does what, words that no passage has), and of what a cross-encoder reads, a logistic
score decides; its weights are in `calibration.json`. Each objection is named. Without the model the
first rule that objects decides.
Not covered: what only the world's knowledge joins.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ladder_qa import certainty, rules
from ladder_qa.about import About
from ladder_qa.datamodels import Passage
from ladder_qa.entailment import Entailment
from ladder_qa.grounds import Evidence as Evidence  # noqa: PLC0414  (offered here too)
from ladder_qa.grounds import Ground, Match, Said
from ladder_qa.grounds import Verdict as Verdict  # noqa: PLC0414  (the same)
from ladder_qa.inline import readable
from ladder_qa.names import LevelNames
from ladder_qa.polarity import breaks
from ladder_qa.quantities import quantities_in
from ladder_qa.relevance import calibration, score
from ladder_qa.sentences import split_sentences
from ladder_qa.wording import EXACT, is_light, read
from ladder_qa.words import tokens

REMEMBERED = 2_048  # passages kept in mind as they were read, about 10 kB each
SIDES = 64  # sentences beside passages that are kept in mind, about 12 kB each
HELD = 0.7  # likeness from which a word counts as held
# A sentence of a language model counts as carried from these log odds, and these shares of its
# words: in the passages with their headings, and in their own text.
STRICT, STRICT_SHARE, STRICT_OWN = 0.5, 0.5, 0.2
MANY = 2  # words that no passage holds, beyond those of the passages that are left over
# Shares of a sentence's words by rarity; set on a development set of 332 claims.
FOUND = 0.58  # that the passages hold at least
NOTHING = 0.2  # below this hardly anything was found
SINGLE = 6  # passages tried one by one for a sentence; pairs are tried among the best four
_PAIRED = 4
MORE = 0.1  # of its words that others have, from which further passages are looked at
EMPTY = 2  # words of a clause, none of which any passage holds
SAME = 0.95  # the share of words held from which a sentence only orders them anew
OWN_WORDS = 0.66  # the share of words that makes a sentence the passage's own
_MEMBER = 3  # words of a member of a list at most
_GIVEN = 3.0  # what a level or an amount weighs: as a word of one passage in twenty

_COORDINATE = re.compile(r"\s*(?:,(?!\d)|\b(?:and|or|as\s+well\s+as|plus)\b)\s*", re.IGNORECASE)
_MARKS = re.compile(r"[ \t]*(?:[-*+•]|\d+[.)]|#+|>|\|)?[ \t]*")


@dataclass(frozen=True, slots=True)
class CheckedSpan:
    """A sentence of a text, with its verdict and the positions of the passages that carry it."""

    start: int
    end: int
    verdict: Verdict
    carried_by: tuple[int, ...]


class Verifier:
    """The check over one corpus: its level names, and how rare its words are.

    `entailment` is the model that reads sentence and passages; without one the rules alone decide.
    """

    def __init__(
        self,
        names: LevelNames,
        passages: Sequence[Passage],
        entailment: Entailment | None = None,
    ) -> None:
        self.names, self._about = names, About(names)
        self._entailment = entailment
        # read once: the words of a passage are compared with those of many sentences
        self._ground = functools.lru_cache(maxsize=REMEMBERED)(lambda one: Ground(one, names))
        # a passage is looked at for its words first, then by all rules, alone and with others
        self._sides = functools.lru_cache(maxsize=SIDES)(
            lambda plain, given: Said(plain, given, names, self._weigh, self._ground)
        )
        self._soft: dict[str, Callable[[Said], Verdict | None]] = {
            "strangers": rules.strangers,
            "found": self._found,
            "negation": rules.negation,
            "relation": rules.relation,
            "certainty": certainty.certainty,
            "how_many": certainty.how_many,
        }
        counts = Counter(token for passage in passages for token in set(tokens(passage.text)))
        self._counts, self._passages = counts, max(len(passages), 100)

    def verify(
        self, sentence: str, evidence: Sequence[Evidence], *, handicap: float | None = None
    ) -> Verdict:
        """Whether `evidence`, taken together, carries all of one sentence.

        `handicap` is for sentences of a writer who may invent: half of its words have to be held,
        and the score needs log odds of STRICT and so much more.
        """
        if not evidence:
            return Verdict("not_found", "there is no passage")
        said = self._read(sentence, evidence)
        decided = self._decided(said)
        if decided is not None:
            return decided
        if self._entailment is None:
            objections = (check(said) for check in self._soft.values())
            return next((one for one in objections if one is not None), Verdict())
        if handicap is not None and (_holds_nothing(said) or self._thin(said)):
            return Verdict("not_found", _named(said.matches))
        found = self._objections(said)
        odds = score(calibration()["claims"]["weights"], self._features(said, evidence, found))
        if odds >= (0.0 if handicap is None else STRICT + handicap):
            return Verdict()
        return next((one for one in found.values() if one is not None), _unexplained(said))

    def features(self, sentence: str, evidence: Sequence[Evidence]) -> dict[str, float] | None:
        """What the score of a sentence rests on; None where a rule decides alone."""
        said = self._read(sentence, evidence)
        if self._decided(said) is not None:
            return None
        return self._features(said, evidence, self._objections(said))

    def _read(self, sentence: str, evidence: Sequence[Evidence]) -> Said:
        return self._said(readable(sentence), evidence)

    def _said(self, plain: str, evidence: Sequence[Evidence]) -> Said:
        return self._sides(plain, tuple(evidence))

    def _decided(self, said: Said) -> Verdict | None:
        """What levels, amounts or directions object to, and that a quote is one; else None.

        No score outweighs it.
        """
        if rules.quoted(said):
            return rules.frame(said) or Verdict()
        return rules.levels(said, self._about) or rules.numbers(said) or rules.direction(said)

    def _objections(self, said: Said) -> dict[str, Verdict | None]:
        """What each of the other rules says."""
        return {name: check(said) for name, check in self._soft.items()}

    def _features(
        self, said: Said, evidence: Sequence[Evidence], found: Mapping[str, Verdict | None]
    ) -> dict[str, float]:
        """The model's log odds, the share of words held, and which rules object (1) or not (0).

        A rewording misleads some rules: certainty counts once more by the closeness of the wording,
        negation where a sentence has hardly a word of its own.
        """
        odds = self._entailment.odds(said.text, evidence) if self._entailment else 0.0
        share = self._share(said)
        objecting = {name: float(verdict is not None) for name, verdict in found.items()}
        close, same = max(0.0, 2 * share - 1), float(share >= SAME)
        surer = {
            "certainty_close": objecting["certainty"] * close,
            "negation_same": objecting["negation"] * same,
        }
        return {"odds": odds, "share": share, **objecting, **surer}

    def codes(self, text: str) -> frozenset[str]:
        """The described levels that a text names."""
        return frozenset(mention.code for mention in self.names.find(text))

    def clauses(self, text: str) -> Iterator[tuple[str, str]]:
        """The clauses of a text that name one level each and say something, with that level."""
        for start, end in breaks(text):
            named = self.codes(text[start:end])
            if len(named) == 1 and read(text[start:end], self.names).words:
                yield text[start:end], next(iter(named))

    def best(
        self,
        sentence: str,
        start: int,
        evidence: Sequence[Evidence],
        *,
        handicap: float | None = None,
    ) -> CheckedSpan:
        """A sentence that starts at `start` of its text, with the fewest passages that carry it.

        Passages are tried one by one, those with most of its words first, then in twos and threes;
        those that have fewer of its words than all together only where no others carry it.
        """
        end = start + len(sentence)
        plain = readable(sentence)

        def share(positions: Sequence[int]) -> float:
            given = [evidence[position] for position in positions]
            return round(self._said(plain, given).share(), 6)

        order = sorted(range(len(evidence)), key=lambda position: (-share([position]), position))
        tried: list[tuple[int, ...]] = [(position,) for position in order[:SINGLE]]
        most = 0.0
        if len(_parts(plain, _COORDINATE)) > 1 or len(breaks(plain)) > 1:
            # a sentence of one part has to stand in one place: two halves of it prove nothing
            tried += [*combinations(order[:_PAIRED], 2), *combinations(order[:_PAIRED], 3)]
            most = share(order[:_PAIRED])
        first: Verdict | None = None
        partial: CheckedSpan | None = None
        for chosen in tried:
            if partial and share(chosen) < most - MORE:
                continue
            verdict = self.verify(sentence, [evidence[i] for i in chosen], handicap=handicap)
            first = first or verdict
            if verdict.supported:
                span = CheckedSpan(start, end, verdict, tuple(sorted(chosen)))
                if share(chosen) >= most - MORE:
                    return span
                partial = partial or span
        missing = first or Verdict("not_found", "there is no passage")
        return partial or CheckedSpan(start, end, missing, ())

    def _found(self, said: Said) -> Verdict | None:
        """The words of a sentence are those of its passages, or stand for some of them.

        Where a sentence rewords a passage, words of the passage are left over in their place;
        where it adds something, they are not.
        """
        missing = [m for m in said.matches if m.likeness < HELD and not is_light(m.word.stem)]
        share = self._share(said)
        over = len(missing) - len(said.left_over)
        if (
            over >= MANY
            or _empty_clause(said)
            or _listed(said, missing)
            or _replaced(said, missing)
        ):
            return Verdict("not_found" if share < NOTHING else "extra", _named(missing))
        bare = [match for match in said.matches if not is_light(match.word.stem)]
        if bare and not any(match.targets or match.against for match in bare):
            return Verdict("not_found", _named(bare))
        if share >= FOUND:
            return None
        return Verdict("not_found" if share < NOTHING else "extra", _named(missing))

    def _share(self, said: Said) -> float:
        """The share of words held, levels and amounts, which are held by now, counted as words."""
        return said.share(self._given(said))

    def _given(self, said: Said) -> float:
        """What levels and amounts weigh."""
        return _GIVEN * (len(said.reading.codes) + len(quantities_in(said.text)))

    def _thin(self, said: Said) -> bool:
        """Whether too few of a sentence's words are in its passages, or in their headings alone."""
        given = self._given(said)
        return said.share(given) < STRICT_SHARE or said.own_share(given) < STRICT_OWN

    def _weigh(self, stem: str) -> float:
        return math.log(1 + self._passages / (1 + self._counts[stem]))


def _holds_nothing(said: Said) -> bool:
    """Whether the passages hold no word of a sentence and no amount, levels left out."""
    held = any(match.targets or match.against for match in said.matches)
    return not held and not quantities_in(said.text)


def _listed(said: Said, missing: Sequence[Match]) -> bool:
    """Whether a member of a list is nowhere in the passages, and stands for nothing in them."""
    if said.left_over:
        return False
    segments = [part for part in said.segments(_parts(said.text, _COORDINATE)) if part]
    return any(
        len(segment) <= _MEMBER and all(match in missing for match in segment)
        for segment in segments[1:]
    )


def _replaced(said: Said, missing: Sequence[Match]) -> bool:
    """Whether one word stands in another's place, in a sentence that else is the passage's."""
    codes = len(said.reading.codes)
    same = codes + sum(match.likeness >= EXACT for match in said.matches)
    share = same / (codes + len(said.matches)) if same else 0.0
    if same < 2 or share < OWN_WORDS:
        return False
    for match in said.matches:
        if match.likeness and not match.own and said.slot(match) and not match.against:
            return True  # a heading's word in the place of one of the passage's own
    return len(missing) == 1 and said.slot(missing[0]) is not None


def _empty_clause(said: Said) -> bool:
    """Whether a clause with several words of its own has none of them in the passages."""
    for number in range(len(said.reading.clauses)):
        held = [m for m in said.matches if m.word.clause == number and not is_light(m.word.stem)]
        if len(held) >= EMPTY and not any(match.likeness >= HELD for match in held):
            return len(held) < len(said.matches)
    return False


def _parts(text: str, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    found, begin = [], 0
    for match in separator.finditer(text):
        found.append((begin, match.start()))
        begin = match.end()
    return [*found, (begin, len(text))]


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of plain text or simple Markdown, line by line, without list marks."""
    position = 0
    for line in text.split("\n"):
        mark = _MARKS.match(line)
        skip = mark.end() if mark else 0
        for start, end in split_sentences(line[skip:]):
            yield position + skip + start, position + skip + end
        position += len(line) + 1


def _unexplained(said: Said) -> Verdict:
    """What to say of a sentence that no rule, only the model, objects to."""
    missing = [m for m in said.matches if m.likeness < HELD and not is_light(m.word.stem)]
    if missing:
        return Verdict("extra", _named(missing))
    return Verdict("relation", "the same words, another meaning")


def _named(missing: Sequence[Match]) -> str:
    return "not stated: " + ", ".join(match.word.raw for match in missing)
