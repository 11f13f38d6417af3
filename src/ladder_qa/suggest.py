"""What is said around the quotes: refusals in plain words, notices, and what to ask next.

Suggested questions are made from what the documents hold, so that each can be answered.
Not covered: anything about the ladder itself; only quotes say that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ladder_qa.datamodels import Intent, Ladder, Outcome, Passage, Query
from ladder_qa.lists import StatementList
from ladder_qa.outcome import Decision

MOST = 3
PLAIN_TOPICS = frozenset(("pitfalls", "questions", "evidence"))
"""Kinds of section of which a move has one list, so that its heading is a question by itself."""
_LANGUAGES = {"de": "German", "fr": "French", "es": "Spanish"}


class Suggester:
    """Words around the answers of one generation; built once."""

    def __init__(
        self, ladder: Ladder, lists: Sequence[StatementList], passages: Sequence[Passage]
    ) -> None:
        self._ladder = ladder
        self._sections: dict[str, dict[str, frozenset[str]]] = {}
        for found in lists:
            first = passages[found.members[0]]
            heading = first.section[-1] if first.section else ""
            if PLAIN_TOPICS & found.topics and not heading[:1].isdigit():
                sections = self._sections.setdefault(found.document, {})
                sections.setdefault(heading, PLAIN_TOPICS & found.topics)

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
        pairs = [query.transition] if query.transition else []
        touched = [
            (t.source, t.target)
            for t in self._ladder.transitions
            if set(query.levels) & {t.source, t.target}
        ]
        pairs += sorted(touched, key=lambda pair: -len(set(query.levels) & set(pair)))
        found: dict[str, None] = {}
        for source, target in dict.fromkeys(pairs):
            found.update(dict.fromkeys(self._about_move(query, source, target)))
        return tuple(question for question in found if question != query.text)[:MOST]

    def _about_move(self, query: Query, source: str, target: str) -> Iterator[str]:
        """What a guide and the overviews hold of a move, less the kind that was just asked for."""
        transition = self._ladder.transition(source, target)
        if transition is None:
            return
        for heading, topics in self._sections.get(transition.document or "", {}).items():
            if not topics & set(query.topics):
                yield f"{heading}: {source} to {target}"
        if transition.typical_time and "timeline" not in query.topics:
            yield f"How long does it take to get from {source} to {target}?"
        if query.intent is not Intent.COMPARISON:
            yield f"What is the difference between {source} and {target}?"

    def instead(self, query: Query) -> tuple[str, ...]:
        """Questions to ask in place of a refused one."""
        near = self.after(query)
        if near:
            return near
        return tuple(
            f"What is the difference between {t.source} and {t.target}?"
            for t in self._ladder.transitions[:MOST]
        )
