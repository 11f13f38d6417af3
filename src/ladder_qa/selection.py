"""Query + Found → the statements that are shown, few and whole, in the form that was asked for.

Not covered: their wording and citations (`compose`), and whether to answer at all (`outcome`).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ladder_qa.compare import Comparer, Comparison
from ladder_qa.datamodels import Intent, Ladder, Passage, PassageKind, Query, Shown
from ladder_qa.figures import (
    about_relation,
    differing,
    relation_of,
    relations_asked,
    says_figure,
    speaks_for,
)
from ladder_qa.lists import StatementList
from ladder_qa.names import LevelNames
from ladder_qa.portraits import Portraits
from ladder_qa.ranking import in_order
from ladder_qa.relevance import Rated, states
from ladder_qa.retrieve import Found, Retriever
from ladder_qa.topics import OF_EVERY_LEVEL, is_plain

LEAST = 0.01  # probability from which a further statement is shown
LEAST_PART = 0.05  # part of the best one's probability that it must have
MOST_WORDS = 150  # of statements, beyond which none is added
SMALLEST_LIST = 3  # statements of one list among those chosen from which all of it may be meant
WHOLE = 0.5  # share of a list's statements among those chosen from which all of it is meant
LIST_TOPIC = 3.0  # added to a list in a section of the kind that was asked for
FEW_WORDS = 2  # words of its own with which a kind of section still means its list
LIST_MARGIN = 1.6  # a list whose best member is further below the best statement is not meant
QUOTED_WORDS = re.compile(r"(?<!\w)[\"“']\w[^\"”]{8,}[\"”'](?!\w)")
SAME_OPENING = 5  # words that two documents' statements of one thing begin with
FIGURE_GAP = 1.5  # a figure further below the best statement is not the one that is meant
FIGURE_DEPTH = 60  # hits among which figures are looked for
REMEMBERED = 20_000  # statements whose words are kept in mind
SPEAKING = 8  # statements among which two documents' figures are set beside each other


@dataclass(frozen=True, slots=True)
class Selection:
    """What is shown, in order; a comparison instead of lines where levels are set side by side."""

    lines: tuple[Shown, ...] = ()
    comparison: Comparison | None = None
    conflict: tuple[str, tuple[Passage, ...]] | None = None


class Selector:
    """Chooses among the statements of one generation; built once."""

    def __init__(self, retriever: Retriever, ladder: Ladder, names: LevelNames) -> None:
        self._retriever = retriever
        self._ladder = ladder
        self._names = names
        self._portraits = Portraits(retriever, ladder, names)
        self._comparer = Comparer(retriever, names)
        self._lists_of: dict[int, list[int]] = defaultdict(list)  # numbers, by a member's position
        for number, lst in enumerate(retriever.lists):
            for at in lst.members:
                self._lists_of[at].append(number)
        members = [lst.members for lst in retriever.lists]
        self._members = np.fromiter(itertools.chain.from_iterable(members), dtype=np.int64)
        self._starts = np.cumsum([0, *(len(one) for one in members)])[:-1]

    def select(self, query: Query, found: Found, rated: Sequence[Rated]) -> Selection:
        """The statements to show for a query; empty when nothing may be shown."""
        if not found.hits:
            return Selection()
        if query.intent is Intent.COMPARISON:
            return self._comparison(query, found, rated)
        if query.intent is Intent.FIGURE:
            steps = self._steps(query, found)
            if steps:
                return Selection(steps)
        rated = [one for one in rated if not self._of_another_move(query, one.position)]
        listed = query.intent is Intent.LIST and is_plain(query.topics[0])
        lines = self._formed(query, found) if listed or not query.words else ()
        if lines:
            return Selection(lines)
        return self._with_conflict(query, found, self._probable(found, rated))

    def _formed(self, query: Query, found: Found) -> tuple[Shown, ...]:
        """What a kind of section, a level or a move asked for with no words of its own means."""
        forms = {
            Intent.DEFINITION: lambda: self._portraits.definition(query),
            Intent.TRANSITION: lambda: self._portraits.transition(query, found),
            Intent.LIST: lambda: self._list(query, found),
        }
        formed = forms[query.intent]() if query.intent in forms else ()
        formed = formed or self._portraits.section(query)
        if not formed and OF_EVERY_LEVEL.issuperset(query.topics[:1]):
            # a ladder without a list of what is expected says it where it introduces the level
            return self._portraits.definition(query)
        return formed

    def _probable(self, found: Found, rated: Sequence[Rated]) -> tuple[Shown, ...]:
        """The most probable statements within a number of words, lists whole where most is."""
        passages = self._retriever.passages
        chosen: list[int] = []
        words = 0
        least = max(LEAST, LEAST_PART * rated[0].probability) if rated else 1.0
        for one in rated:
            passage = passages[one.position]
            length = len(passage.plain.split())
            if chosen and (one.probability < least or words + length > MOST_WORDS):
                break
            if any(_same(passage, passages[other]) for other in chosen):
                continue
            chosen.append(one.position)
            words += length
        return self._ordered(chosen, found)

    def _ordered(self, chosen: Sequence[int], found: Found) -> tuple[Shown, ...]:
        """The most probable statement, then those of its section, then the other sections'.

        `chosen` begins with the most probable one. Of a list that is meant all is shown.
        """
        sections: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for at in chosen:
            passage = self._retriever.passages[at]
            sections.setdefault((passage.document, passage.section), []).append(at)
        shown: list[Shown] = []
        for members in sections.values():
            left = members
            for lst in self._whole_lists(members, found):
                shown += self._portraits.members(lst, found)
                left = [at for at in left if at not in lst.members]
            lead = left[:1] if not shown else []
            single = [*lead, *sorted(at for at in left if at not in lead)]
            shown += [Shown((self._retriever.passages[at],)) for at in single]
        return tuple(shown)

    def _of_another_move(self, query: Query, position: int) -> bool:
        """Whether a statement tells of another move than the one that is asked about.

        So is a row of a table of moves, and a time for a move to another level.
        """
        passage = self._retriever.passages[position]
        target = self._target(query)
        if query.transition is None or target is None:
            return False
        if passage.kind is PassageKind.CELL and len(passage.context) == 2:
            named = self._names.transition(passage.context[1].text)
            return named is not None and named != query.transition
        if query.intent is not Intent.FIGURE or not passage.levels or target in passage.levels:
            return False
        return says_figure(passage) and relation_of(passage) == "timeline"

    def _whole_lists(self, chosen: Sequence[int], found: Found) -> Iterator[StatementList]:
        """The lists of which so much is chosen that all of each is meant, in reading order."""
        inside = Counter(number for at in chosen for number in self._lists_of.get(at, ()))
        for number, count in sorted(inside.items()):
            lst = self._retriever.lists[number]
            allowed = sum(found.scores[at] > float("-inf") for at in lst.members)
            if count >= SMALLEST_LIST and count >= WHOLE * allowed:
                yield lst

    def _comparison(self, query: Query, found: Found, rated: Sequence[Rated]) -> Selection:
        if query.unknown and len(query.levels) == 1:
            if query.words or query.topics:
                return Selection(self._probable(found, rated))
            return Selection(self._portraits.known_side(query.levels[0]))
        comparison = self._comparer.compare(query, found)
        if comparison.rows:
            return Selection(self._portraits.shifts(query, comparison), comparison)
        lines = self._probable(found, rated)
        sides = {code for line in lines for code in line.passages[0].levels}
        passages = self._retriever.passages
        for code in query.levels:  # no side is left out
            if code not in sides:
                of_it = [one.position for one in rated if passages[one.position].levels == (code,)]
                lines += tuple(Shown((passages[at],)) for at in of_it[:1])
        return Selection(lines)

    def _figures(self, query: Query, found: Found) -> tuple[str | None, list[Passage]]:
        """What a figure is asked of, and the statements that give one, the best first."""
        hits = [h for h in found.hits[:FIGURE_DEPTH] if says_figure(h.passage)]
        hits = [h for h in hits if states(h.passage)]
        stated = [relation_of(hit.passage) for hit in hits]
        relation = next((name for name in relations_asked(query) if name in stated), None)
        same = [h for h, name in zip(hits, stated, strict=True) if relation in (None, name)]
        if not same or same[0].score < found.hits[0].score - FIGURE_GAP:
            return relation, []
        return relation, [hit.passage for hit in same]

    def _steps(self, query: Query, found: Found) -> tuple[Shown, ...]:
        """The time of each move between levels that are further apart than one."""
        relation, figures = self._figures(query, found)
        if relation != "timeline" or len(query.levels) != 2 or not figures:
            return ()
        return self._portraits.steps(query)

    def _with_conflict(self, query: Query, found: Found, lines: tuple[Shown, ...]) -> Selection:
        """What is shown, led by two statements of different documents that disagree, if any."""
        conflict = self._differing_figures(query, found)
        if conflict is None and lines:
            first = lines[0].passages[0]
            other = self._other_wording(first)
            if other is not None:
                conflict = ("what two documents say in the same place", (first, other))
        if conflict is None:
            return Selection(lines)
        pair = tuple(Shown((passage,)) for passage in conflict[1])
        rest = tuple(Shown(line.passages) for line in lines if line.passages[0] not in conflict[1])
        return Selection(pair + rest, conflict=conflict)

    def _differing_figures(
        self, query: Query, found: Found
    ) -> tuple[str, tuple[Passage, ...]] | None:
        """What a figure is asked of and two documents that give different ones."""
        target = self._target(query)
        if query.intent is not Intent.FIGURE or target is None:
            return None
        relation, figures = self._figures(query, found)
        if relation not in ("readiness", "timeline", "experience"):
            return None
        if query.transition and relation == "timeline":
            # a time at the source level is that of the move before
            figures = [p for p in figures if target in p.levels] or figures
        speaking = [p for p in figures if speaks_for(p, target, self._ladder)]
        speaking = [p for p in speaking if not p.plain.endswith("?")]
        pair = differing(speaking[:SPEAKING])
        return (about_relation(relation), pair) if pair else None

    def _target(self, query: Query) -> str | None:
        if query.transition:
            return query.transition[1]
        return query.levels[0] if len(query.levels) == 1 else None

    def _list(self, query: Query, found: Found) -> tuple[Shown, ...]:
        """The list that was meant: by kind of section, level, move and words; whole."""
        lists = self._retriever.lists
        if not lists:
            return ()
        # no list is worth more than its best member, so that most need no closer look
        most = np.maximum.reduceat(found.scores[self._members], self._starts)
        kind = set(query.topics[:1])
        best: tuple[float, int] | None = None
        for number in in_order(most):
            if most[number] == float("-inf") or (best and most[number] + LIST_TOPIC < best[0]):
                break
            value = _upper_half(lists[number], found)
            value += LIST_TOPIC if kind & lists[number].topics else 0.0
            if best is None or (value, -number) > (best[0], -best[1]):
                best = value, number
        if best is None or not self._meant(query, lists[best[1]], found):
            return ()
        return self._portraits.members(lists[best[1]], found)

    def _meant(self, query: Query, lst: StatementList, found: Found) -> bool:
        top = max(float(found.scores[i]) for i in lst.members)
        named = bool(set(query.topics) & lst.topics) and (
            not query.words or (is_plain(query.topics[0]) and len(query.words) <= FEW_WORDS)
        )
        return named or top >= found.hits[0].score - LIST_MARGIN

    def _other_wording(self, passage: Passage) -> Passage | None:
        """A sentence of another document on the same levels that begins alike, ends otherwise."""
        words = _plain_words(passage.plain)
        if passage.kind is not PassageKind.SENTENCE or len(words) <= SAME_OPENING:
            return None
        if not QUOTED_WORDS.search(passage.plain) or not passage.levels:
            return None  # two sentences that only begin alike need not contradict each other
        for other in self._by_opening.get(words[:SAME_OPENING], ()):
            if other.document == passage.document or set(other.levels) != set(passage.levels):
                continue
            theirs = _plain_words(other.plain)
            if theirs[-4:-1] != words[-4:-1] and not set(theirs) <= set(words):
                return other
        return None

    @cached_property
    def _by_opening(self) -> dict[tuple[str, ...], list[Passage]]:
        """All statements by their first words; made when one is first compared with others."""
        found: dict[tuple[str, ...], list[Passage]] = defaultdict(list)
        for passage in self._retriever.passages:
            found[_plain_words(passage.plain)[:SAME_OPENING]].append(passage)
        return found


def _upper_half(lst: StatementList, found: Found) -> float:
    """The mean score of the better half of a list's statements that may be shown."""
    scores = sorted((float(found.scores[at]) for at in lst.members), reverse=True)
    allowed = [score for score in scores if score > float("-inf")]
    half = allowed[: max(1, len(allowed) // 2)]
    return sum(half) / len(half)


@lru_cache(maxsize=REMEMBERED)
def _plain_words(statement: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", statement.casefold()))


def _same(first: Passage, second: Passage) -> bool:
    ours, theirs = set(_plain_words(first.plain)), set(_plain_words(second.plain))
    return len(ours & theirs) >= 0.8 * len(ours | theirs)
