"""Query + Found → the statements that are shown, few and whole, in the form that was asked for.

Not covered: their wording and citations (`compose`), and whether to answer at all (`outcome`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ladder_qa.bank import Asked
from ladder_qa.compare import Comparison, compare
from ladder_qa.datamodels import Hit, Intent, Ladder, Passage, PassageKind, Query, Shown
from ladder_qa.figures import (
    about_relation,
    differing,
    relation_of,
    relations_asked,
    says_figure,
    speaks_for,
)
from ladder_qa.index import tokens
from ladder_qa.lists import StatementList
from ladder_qa.names import LevelNames
from ladder_qa.portraits import Portraits
from ladder_qa.retrieve import Found, Retriever
from ladder_qa.topics import is_plain

LOOKED_AT = 12  # best hits among which statements are chosen
MAX_STATEMENTS = 5
MARGIN = 3.5  # standard deviations below the best statement that a further one may be
FIGURE_MARGIN = 1.3  # the same for a further figure: another figure is mostly of something else
MAX_DIRECT = 6
DIRECT_SPREAD = 3.5  # standard deviations below the best of them that a direct one may be
FURTHER = 5  # best statements that may join the direct ones
SMALLEST_LIST = 3  # statements of one list among the direct ones from which all of it is meant
FEW_WORDS = 2  # words of its own with which a kind of section still means its list
LIST_TOPIC = 3.0  # added to a list in a section of the kind that was asked for
QUOTED = 0.85  # share of a statement's words in a question that then quotes it
QUOTED_WORDS = re.compile(r"(?<!\w)[\"“']\w[^\"”]{8,}[\"”'](?!\w)")
SAME_OPENING = 5  # words that two documents' statements of one thing begin with
LIST_MARGIN = 1.6  # a list whose best member is further below the best statement is not meant
BEFORE_FIGURE = 2  # best statements that are shown beside a figure
FIGURE_GAP = 1.5  # a figure further below the best statement is not the one that is meant
FIGURE_DEPTH = 60  # hits among which figures are looked for


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
        self._position = {p.id: i for i, p in enumerate(retriever.passages)}

    def select(self, query: Query, found: Found, asked: Asked | None = None) -> Selection:
        """The statements to show for a query; empty when nothing may be shown."""
        if not found.hits:
            return Selection()
        if query.intent is Intent.COMPARISON:
            return self._comparison(query, found)
        if query.intent is Intent.FIGURE:
            chosen = self._figures(query, found)
            if chosen.lines:
                return chosen
        if (
            query.words
            and _states(found.hits[0].passage)
            and self._quoted(query, found.hits[0].passage)
        ):
            return self._statements(query, found)
        lines = self._formed(query, found, asked)
        return Selection(lines) if lines else self._statements(query, found)

    def _formed(self, query: Query, found: Found, asked: Asked | None) -> tuple[Shown, ...]:
        """What the form of a question asks for, or what a question of the same meaning shows."""
        # a kind of section, or a level, asked for with no words of its own means the whole of it
        plain: tuple[Shown, ...] = ()
        if not query.words and query.intent is Intent.LIST:
            plain = self._list(query, found)
        elif not query.words and query.intent is Intent.DEFINITION:
            plain = self._portraits.definition(query)
        lines = plain or self._direct(query, found, asked)
        if lines:
            return lines
        forms = {
            Intent.DEFINITION: lambda: self._portraits.definition(query),
            Intent.TRANSITION: lambda: self._portraits.transition(query, found),
            Intent.LIST: lambda: self._list(query, found),
        }
        formed = forms[query.intent]() if query.intent in forms else ()
        return formed or (() if query.words else self._portraits.section(query))

    def _comparison(self, query: Query, found: Found) -> Selection:
        if query.unknown and len(query.levels) == 1:
            if query.words or query.topics:
                figures = self._figures(query, found)
                return figures if figures.lines else self._statements(query, found)
            return Selection(self._portraits.known_side(query.levels[0]))
        comparison = compare(query, self._retriever, found, self._names)
        if comparison.rows:
            return Selection(self._portraits.shifts(query, comparison), comparison)
        hits = [h for h in found.hits if _states(h.passage)]
        chosen = hits[:MAX_STATEMENTS]
        for code in query.levels:  # no side is left out
            if not any(code in hit.passage.levels for hit in chosen):
                chosen += [h for h in hits if h.passage.levels == (code,)][:1]
        return Selection(tuple(Shown((p,)) for p in _reading_order(h.passage for h in chosen)))

    def _figures(self, query: Query, found: Found) -> Selection:
        asked = relations_asked(query)
        hits = [h for h in found.hits[:FIGURE_DEPTH] if says_figure(h.passage)]
        hits = [h for h in hits if _states(h.passage)]
        if not hits:
            return Selection()
        relation = next(
            (name for name in asked if any(relation_of(h.passage) == name for h in hits)), None
        )
        same = [h for h in hits if relation is None or relation_of(h.passage) == relation]
        if query.transition and relation == "timeline":
            # a time at the source level is that of the move before
            same = [h for h in same if query.transition[1] in h.passage.levels] or same
        best = same[0]
        if best.score < found.hits[0].score - FIGURE_GAP:
            return Selection()
        near = [h for h in same if h.score >= best.score - FIGURE_MARGIN]
        if best.passage.levels:  # beside a figure of the level, one of a whole track misleads
            near = [h for h in near if h.passage.levels]
        # a statement that was found before the figure may be what is meant
        ahead = [h for h in found.hits[:BEFORE_FIGURE] if _states(h.passage) and h not in near]
        chosen = [*(h for h in ahead if h.score > best.score), *near][:MAX_STATEMENTS]
        conflict = None
        target = self._target(query)
        if relation in ("readiness", "timeline", "experience") and target:
            speaking = [h for h in same if speaks_for(h.passage, target, self._ladder)]
            speaking = [h for h in speaking if not h.passage.plain.endswith("?")]
            pair = differing([h.passage for h in speaking[:8]])
            if pair:
                conflict = (about_relation(relation), pair)
                chosen = [h for h in speaking if h.passage in pair]
        if relation == "timeline" and len(query.levels) == 2 and not conflict:
            steps = self._portraits.steps(query)
            if steps:
                return Selection(steps)
        lines = tuple(Shown((p,)) for p in _reading_order(h.passage for h in chosen))
        return Selection(lines, conflict=conflict)

    def _target(self, query: Query) -> str | None:
        if query.transition:
            return query.transition[1]
        return query.levels[0] if len(query.levels) == 1 else None

    def _direct(self, query: Query, found: Found, asked: Asked | None) -> tuple[Shown, ...]:
        """The statements that answer probably-asked questions of the same meaning."""
        positions = sorted(
            position
            for identity in (asked.direct if asked else ())
            if (position := self._position.get(identity)) is not None
            and found.scores[position] > float("-inf")
        )
        if not positions:
            return ()
        for lst in self._retriever.lists:
            inside = [position for position in positions if position in lst.members]
            if len(inside) >= SMALLEST_LIST and len(inside) >= len(lst.members) / 2:
                return self._portraits.members(lst, found)
        chosen = sorted(positions, key=lambda at: -found.scores[at])[:MAX_DIRECT]
        least = max(float(found.scores[position]) for position in chosen) - MARGIN
        for hit in found.hits[:FURTHER]:
            position = self._position[hit.passage.id]
            if position not in chosen and hit.score >= least and _states(hit.passage):
                chosen.append(position)
        kept = sorted(chosen, key=lambda at: -found.scores[at])[:MAX_DIRECT]
        kept = [at for at in kept if found.scores[at] >= found.scores[kept[0]] - DIRECT_SPREAD]
        if query.intent is not Intent.YES_NO:  # there the most telling comes first
            kept.sort()
        return tuple(Shown((self._retriever.passages[position],)) for position in kept)

    def _list(self, query: Query, found: Found) -> tuple[Shown, ...]:
        """The list that was meant: by kind of section, level, move and words; whole."""
        best: tuple[float, StatementList] | None = None
        for lst in self._retriever.lists:
            scores = sorted((float(found.scores[i]) for i in lst.members), reverse=True)
            if scores[0] == float("-inf"):
                continue
            allowed = [score for score in scores if score > float("-inf")]
            half = allowed[: max(1, len(allowed) // 2)]
            value = sum(half) / len(half) + (
                LIST_TOPIC if set(query.topics[:1]) & lst.topics else 0.0
            )
            if best is None or value > best[0]:
                best = value, lst
        if best is None or not self._meant(query, best[1], found):
            return ()
        return self._portraits.members(best[1], found)

    def _meant(self, query: Query, lst: StatementList, found: Found) -> bool:
        top = max(float(found.scores[i]) for i in lst.members)
        named = bool(set(query.topics) & lst.topics) and (
            not query.words or (is_plain(query.topics[0]) and len(query.words) <= FEW_WORDS)
        )
        return named or top >= found.hits[0].score - LIST_MARGIN

    def _statements(self, query: Query, found: Found) -> Selection:
        hits = [h for h in found.hits[:LOOKED_AT] if _states(h.passage)]
        if not hits:
            return Selection()
        top = hits[0]
        lst = self._crowded(hits)
        if lst is not None and query.intent is not Intent.YES_NO:
            return Selection(self._portraits.members(lst, found))
        chosen: list[Hit] = []
        for hit in hits:
            if hit.score < top.score - MARGIN or len(chosen) == MAX_STATEMENTS:
                break
            if not any(_same(hit.passage, other.passage) for other in chosen):
                chosen.append(hit)
        statements = [h.passage for h in chosen]
        if self._quoted(query, top.passage):
            statements = [top.passage, *self._following(top.passage)]
        return self._with_other_wording(query, statements)

    def _quoted(self, query: Query, passage: Passage) -> bool:
        """Whether a question quotes a statement: then what follows it explains it."""
        own, asked = set(tokens(passage.plain)), set(tokens(query.search))
        return len(own) >= 3 and len(own & asked) >= QUOTED * len(own)

    def _following(self, passage: Passage) -> list[Passage]:
        position = self._position[passage.id]
        rest = self._retriever.passages[position + 1 : position + MAX_STATEMENTS]
        place = (passage.document, passage.block)
        return [p for p in rest if (p.document, p.block) == place]

    def _with_other_wording(self, query: Query, statements: Sequence[Passage]) -> Selection:
        """The statements, and where another document says the first one differently, that too."""
        other = self._other_wording(statements[0])
        conflict = None
        if other is not None:
            conflict = ("what two documents say in the same place", (statements[0], other))
            statements = [statements[0], other]
        if query.intent is not Intent.YES_NO or conflict:  # there the most telling comes first
            statements = _reading_order(statements)
        return Selection(tuple(Shown((p,)) for p in statements), conflict=conflict)

    def _other_wording(self, passage: Passage) -> Passage | None:
        """A sentence of another document on the same levels that begins alike, ends otherwise."""
        words = _plain_words(passage.plain)
        if passage.kind is not PassageKind.SENTENCE or len(words) <= SAME_OPENING:
            return None
        if not QUOTED_WORDS.search(passage.plain):
            return None  # two sentences that only begin alike need not contradict each other
        for other in self._retriever.passages:
            if other.document == passage.document or set(other.levels) != set(passage.levels):
                continue
            theirs = _plain_words(other.plain)
            alike = theirs[:SAME_OPENING] == words[:SAME_OPENING] and theirs[-4:-1] != words[-4:-1]
            if alike and passage.levels and not set(theirs) <= set(words):
                return other
        return None

    def _crowded(self, hits: Sequence[Hit]) -> StatementList | None:
        """The list that holds most of the best hits, if one does: then all of it is meant."""
        positions = [self._position[h.passage.id] for h in hits[:6]]
        for lst in self._retriever.lists:
            inside = sum(position in lst.members for position in positions)
            if inside >= 4 and positions[0] in lst.members:
                return lst
        return None


def _plain_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _states(passage: Passage) -> bool:
    """Whether a statement says something by itself, unlike a title or an introduction."""
    return passage.kind is not PassageKind.HEADING and not passage.plain.endswith(":")


def _reading_order(passages: Iterable[Passage]) -> list[Passage]:
    return sorted(passages, key=lambda passage: passage.order)


def _same(first: Passage, second: Passage) -> bool:
    ours, theirs = set(first.plain.casefold().split()), set(second.plain.casefold().split())
    return len(ours & theirs) >= 0.8 * len(ours | theirs)
