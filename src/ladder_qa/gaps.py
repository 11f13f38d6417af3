"""What people asked and did not get: topics counted and gathered, each with what is lacking.

Made from kept answers and verdicts alone, which name nobody; the same ones give the same gaps.
Not covered: what is kept (`feedback`); questions about other things than careers, which are
counted and not listed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from ladder_qa.bank import NEAR
from ladder_qa.datamodels import Outcome
from ladder_qa.feedback import Asked, Judged, Noted, by_id
from ladder_qa.names import CODE

if TYPE_CHECKING:
    from ladder_qa.encode import Encoder

MOST_QUESTIONS = 5  # of a gap that are shown
MOST_COMMENTS = 5
# Cosine from which two topics are one: of 150 topics of this project's near misses the clusters
# hold the same thing throughout from 0.6 on, and at 0.5 also other things.
SAME = NEAR

_GAPS = {Outcome.NOT_IN_DOCUMENTS, Outcome.LEVEL_NOT_COVERED, Outcome.PARTIAL}
_ELSEWHERE = Outcome.OUT_OF_SCOPE


@dataclass(frozen=True, slots=True)
class Gap:
    """One topic. `unanswered` counts questions, `down` verdicts; neither says of whom."""

    topic: str
    unanswered: int
    down: int
    levels: tuple[str, ...]  # that were named, the most frequent first
    lacks: tuple[str, ...]  # what the documents lack, the most frequent first
    nearest: tuple[str, ...]  # places of the documents where it would belong, or that fell short
    reasons: tuple[str, ...]  # of the verdicts, the most frequent first
    comments: tuple[str, ...]
    questions: tuple[str, ...]  # of those who consented


@dataclass(frozen=True, slots=True)
class Gaps:
    """All gaps, the most frequent first."""

    since: str | None  # first and last day of what is kept, as YYYY-MM-DD
    until: str | None
    answers: int  # all that were given
    elsewhere: int  # of them, refusals of what is not about careers in this ladder
    gaps: tuple[Gap, ...]


@dataclass(slots=True)
class _Topic:
    """What belongs to one text that says what was asked."""

    text: str
    unanswered: int = 0
    down: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    lacks: Counter[str] = field(default_factory=Counter)
    nearest: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    comments: dict[str, None] = field(default_factory=dict)
    questions: Counter[str] = field(default_factory=Counter)

    @property
    def weight(self) -> int:
        """How often it came up."""
        return self.unanswered + self.down

    def take(self, other: _Topic) -> None:
        """Adds what belongs to another text of the same topic."""
        self.unanswered += other.unanswered
        self.down += other.down
        for name in ("levels", "lacks", "nearest", "reasons", "questions"):
            getattr(self, name).update(getattr(other, name))
        self.comments |= other.comments


def find_gaps(
    asked: Sequence[Asked], judged: Sequence[Judged], encoder: Callable[[], Encoder]
) -> Gaps:
    """The gaps in what was kept. `encoder` opens, if need be, what tells which topics are one."""
    topics: dict[str, _Topic] = {}
    for answer in asked:
        if answer.noted.outcome in _GAPS:
            _count(_topic(topics, answer.noted), answer)
    _add_verdicts(topics, asked, judged)
    days = sorted([*(row.day for row in asked), *(row.day for row in judged)])
    return Gaps(
        since=_day(days[:1]),
        until=_day(days[-1:]),
        answers=sum(answer.times for answer in asked),
        elsewhere=sum(a.times for a in asked if a.noted.outcome == _ELSEWHERE),
        gaps=tuple(_gap(topic) for topic in _gathered(list(topics.values()), encoder)),
    )


def _day(days: list[date]) -> str | None:
    return days[0].isoformat() if days else None


def _topic(topics: dict[str, _Topic], noted: Noted) -> _Topic:
    text = noted.question or _described(noted)
    if noted.outcome != Outcome.ANSWERED and noted.missing:
        text = "; ".join(noted.missing)
    return topics.setdefault(text, _Topic(text))


def _described(noted: Noted) -> str:
    """The topic of an answer whose question was not kept: levels, and the nearest heading."""
    levels = " and ".join(noted.levels)
    heading = noted.places[0][-1] if noted.places else ""
    if noted.outcome == Outcome.LEVEL_NOT_COVERED:
        return "a level that the documents don't describe"
    return ": ".join(filter(None, (levels, heading))) or "something that left no words"


def _count(topic: _Topic, answer: Asked) -> None:
    noted, times = answer.noted, answer.times
    topic.unanswered += times
    _add_words(topic, noted, times)
    # The kept question itself says what is lacking where nothing else does.
    for name in noted.missing or filter(None, (noted.question,)):
        topic.lacks[name] += times


def _add_words(topic: _Topic, noted: Noted, times: int) -> None:
    topic.levels.update(dict.fromkeys(noted.levels, times))
    topic.nearest.update({" › ".join(place): times for place in noted.places})
    if noted.question:
        topic.questions[noted.question] += times


def _add_verdicts(
    topics: dict[str, _Topic], asked: Sequence[Asked], judged: Sequence[Judged]
) -> None:
    """Thumbs down, under the topic of the answer that they are about."""
    known = by_id(asked)
    for row in judged:
        judgement = row.judgement
        if judgement.verdict != "down":
            continue
        noted = known.get(judgement.answer_id)
        words = judgement.question or (noted.question if noted else None)
        if noted is None:
            text = words or "an answer that is no longer kept"
            topic = topics.setdefault(text, _Topic(text))
        else:
            topic = _topic(topics, replace(noted, question=words))
            if noted.outcome not in _GAPS:  # else its words are counted already
                _add_words(topic, noted, 1)
        if words and (noted is None or noted.question != words):
            topic.questions[words] += 1
        topic.down += 1
        topic.reasons.update(filter(None, (judgement.reason,)))
        topic.comments |= dict.fromkeys(filter(None, (judgement.comment,)))


def _gathered(topics: list[_Topic], encoder: Callable[[], Encoder]) -> list[_Topic]:
    """Topics with the same meaning as one, named after the most frequent of them."""
    ordered = sorted(topics, key=lambda topic: (-topic.weight, topic.text))
    if not ordered:
        return []
    # Codes of levels tie questions about one level together, whatever they ask.
    texts = [re.sub(rf"\b{CODE}s?\b", " ", topic.text).strip() or topic.text for topic in ordered]
    vectors = encoder().encode(texts)
    leaders: list[int] = []
    for row, topic in enumerate(ordered):
        cosines = (vectors[leaders] @ vectors[row]).round(6) if leaders else np.zeros(1)
        if leaders and cosines.max() >= SAME:
            ordered[leaders[int(cosines.argmax())]].take(topic)
        else:
            leaders.append(row)
    found = [ordered[row] for row in leaders]
    return sorted(found, key=lambda topic: (-topic.weight, topic.text))


def _gap(topic: _Topic) -> Gap:
    return Gap(
        topic=topic.text,
        unanswered=topic.unanswered,
        down=topic.down,
        levels=_most(topic.levels),
        lacks=_most(topic.lacks),
        nearest=_most(topic.nearest)[:3],
        reasons=_most(topic.reasons),
        comments=tuple(topic.comments)[:MOST_COMMENTS],
        questions=_most(topic.questions)[:MOST_QUESTIONS],
    )


def _most(counted: Counter[str]) -> tuple[str, ...]:
    pairs: Iterable[tuple[str, int]] = counted.items()
    return tuple(text for text, _ in sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
