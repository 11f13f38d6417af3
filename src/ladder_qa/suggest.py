"""What is said around the quotes: refusals in plain words, notices, and what to ask next.

Suggested questions are made from what the documents hold, and each is put to the assistant before
it is shown: only what is answered is suggested. `warming` asks them beforehand.
Not covered: anything about the ladder itself; only quotes say that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise

from ladder_qa.datamodels import Intent, Ladder, Outcome, Passage, Query
from ladder_qa.headings import HeadingQuestions
from ladder_qa.lists import StatementList
from ladder_qa.outcome import Decision
from ladder_qa.topics import topics_of_headings

MOST = 3  # suggestions with an answer
STARTERS = 4  # questions to begin with
TRIED = 4  # questions of one kind that are tried for a beginning
PLAIN_TOPICS = frozenset(("pitfalls", "questions", "evidence"))
"""Kinds of section of which a move has one list, so that its heading says which is meant."""
_COMPARED = "comparison"  # stands beside the kinds of section
_LANGUAGES = {"de": "German", "fr": "French", "es": "Spanish"}


class Suggester:
    """Words around the answers of one generation; built once."""

    def __init__(
        self,
        ladder: Ladder,
        lists: Sequence[StatementList],
        passages: Sequence[Passage],
        answers: Callable[[str], bool],
    ) -> None:
        self._ladder = ladder
        self._answers = answers
        self._answered: dict[str, bool] = {}  # few: they are made of levels, moves and headings
        self._headings: dict[str, None] = {}  # for documents that describe no level
        self._sections: dict[str, dict[str, frozenset[str]]] = {}
        self._asking = HeadingQuestions(passages)
        for found in lists:
            first = passages[found.members[0]]
            heading = first.section[-1] if first.section else ""
            if heading:
                self._headings.setdefault(heading)
            kinds = PLAIN_TOPICS & topics_of_headings([heading])
            if kinds and not heading[:1].isdigit():
                self._sections.setdefault(found.document, {}).setdefault(heading, kinds)

    def refusal(self, decision: Decision, *, has_nearest: bool) -> str:
        """A refusal as one or two plain sentences."""
        named = "; ".join(decision.missing)
        if decision.outcome is Outcome.LEVEL_NOT_COVERED:
            codes = ", ".join(level.code for level in self._ladder.levels)
            text = f"The documents do not describe {named}."
            return f"{text} They describe {codes}." if codes else text
        if decision.outcome is Outcome.OUT_OF_SCOPE:
            return (
                "This is not a question about the career ladder, so these documents have no answer."
            )
        guides = {missing.name for missing in self._ladder.missing}
        if set(decision.missing) & guides:
            text = (
                f"That would be in “{named}”, which the documents refer to but which is not here."
            )
        else:
            text = "The documents do not say."
        return f"{text} The closest things they do say are below." if has_nearest else text

    def notices(self, query: Query, decision: Decision, *, differ: bool) -> tuple[str, ...]:
        """What a reader should know about how the question was taken or answered."""
        notices = []
        if query.language in _LANGUAGES:
            language = _LANGUAGES[query.language]
            notices.append(
                f"The question was read as {language}; answers are in the documents' language."
            )
        if differ:
            notices.append("The documents differ here; both are shown.")
        answered = decision.outcome in (Outcome.ANSWERED, Outcome.PARTIAL)
        if answered:
            notices.extend(f"Not in the documents: {name}." for name in decision.missing)
        return tuple(notices)

    def after(self, query: Query) -> tuple[str, ...]:
        """Questions that go on from an answered one, which the documents answer too."""
        others = (question for question in self._onward(query) if question != query.text)
        return self._first(others, MOST)

    def instead(self, query: Query) -> tuple[str, ...]:
        """Questions to ask in place of a refused one."""
        return self.after(query) or self._first(
            (_difference(*pair) for pair in self._neighbours()), MOST
        )

    def starters(self) -> tuple[str, ...]:
        """Questions to begin with: one of each kind first, then more of them."""
        return self._first(self._starting(), STARTERS)

    def warming(self) -> Iterator[str]:
        """Asks what may be suggested and was not asked yet, one question a step.

        Done to its end, what is suggested after any answer about the ladder's moves is known, so
        that nobody who asks waits for it.
        """
        found = 0
        for question in dict.fromkeys(self._starting()):
            if found == STARTERS:
                break
            if question not in self._answered:
                self._is_answered(question)
                yield question
            found += self._answered[question]
        for source, target in self._neighbours():
            for question, _ in self._of_move(source, target):
                if question not in self._answered:
                    self._is_answered(question)
                    yield question

    def _starting(self) -> Iterator[str]:
        """Questions that may begin a conversation, the best first."""
        kinds = [islice(kind, TRIED) for kind in self._beginnings()]
        in_turn = (next(kind, "") for _ in range(TRIED) for kind in kinds)
        headings = (f"What is said about “{heading}”?" for heading in self._headings)
        return filter(None, chain(in_turn, headings))

    def _first(self, questions: Iterable[str], most: int) -> tuple[str, ...]:
        """The first that are answered, each once."""
        found: dict[str, None] = {}
        for question in questions:
            if len(found) == most:
                break
            if self._is_answered(question):
                found[question] = None
        return tuple(found)

    def _is_answered(self, question: str) -> bool:
        if question not in self._answered:
            self._answered[question] = self._answers(question)
        return self._answered[question]

    def _onward(self, query: Query) -> Iterator[str]:
        """Of the moves and neighbours that touch the levels asked about, the nearest first."""
        asked = set(query.levels)
        pairs = [query.transition] if query.transition else []
        touched = [pair for pair in self._neighbours() if asked & set(pair)]
        pairs += sorted(touched, key=lambda pair: -len(asked & set(pair)))
        # What was just asked for is not suggested.
        had = {*query.topics, *([_COMPARED] if query.intent is Intent.COMPARISON else [])}
        for source, target in dict.fromkeys(pairs):
            yield from (one for one, kinds in self._of_move(source, target) if not kinds & had)

    def _of_move(self, source: str, target: str) -> Iterator[tuple[str, frozenset[str]]]:
        """What a guide and the overviews hold of a move: questions, and the kinds they are of."""
        transition = self._ladder.transition(source, target)
        guide = transition.document if transition else None
        for heading, kinds in self._sections.get(guide or "", {}).items():
            yield self._asking.question(heading, source, target), kinds
        if transition and transition.typical_time:
            yield _how_long(source, target), frozenset(("timeline",))
        yield _difference(source, target), frozenset((_COMPARED,))

    def _neighbours(self) -> list[tuple[str, str]]:
        """The ladder's moves; where it names none, levels that follow each other in a track."""
        moves = [(move.source, move.target) for move in self._ladder.transitions]
        return moves or [
            (low.code, high.code)
            for low, high in pairwise(self._ladder.levels)
            if low.track == high.track
        ]

    def _beginnings(self) -> Iterator[Iterator[str]]:
        """Questions to begin with, by kind; moves that a guide covers come first."""
        moves = sorted(self._ladder.transitions, key=lambda move: move.document is None)
        guided = [(move.source, move.target) for move in reversed(moves) if move.document]
        codes = [level.code for level in self._ladder.levels]
        yield (_difference(*pair) for pair in (*guided, *self._neighbours()))
        yield (_how_long(move.source, move.target) for move in moves if move.typical_time)
        yield (
            self._asking.question(heading, move.source, move.target)
            for move in moves
            for heading in self._sections.get(move.document or "", {})
        )
        yield (f"What does success look like for {code}?" for code in codes)
        yield (f"What does {code} do?" for code in codes)


def _difference(source: str, target: str) -> str:
    return f"What is the difference between {source} and {target}?"


def _how_long(source: str, target: str) -> str:
    return f"How long does it take to get from {source} to {target}?"
