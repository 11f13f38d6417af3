"""The lists of a corpus: items, lead-ins or sub-headings that stand side by side under one label.

When a question asks for a list, the whole of one is given, in reading order.
Not covered: tables; `compare` reads those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ladder_qa.datamodels import Passage, PassageKind
from ladder_qa.inline import readable
from ladder_qa.topics import topics_of_headings

SMALLEST = 2  # members; one statement alone is no list


@dataclass(frozen=True, slots=True)
class StatementList:
    """Statements side by side: `members` are positions in the corpus' passages, in order.

    `labels` are the heading over them and what introduces them, outermost first; `topics` the
    kinds of section that these show.
    """

    members: tuple[int, ...]
    labels: tuple[str, ...]
    topics: frozenset[str]
    levels: tuple[str, ...]
    document: str


def read_lists(passages: Sequence[Passage]) -> tuple[StatementList, ...]:
    """All lists in `passages`, in reading order of their first members."""
    grouped: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, passage in enumerate(passages):
        key = _key(passage)
        if key is not None:
            grouped[key].append(position)
    lists = [_list(passages, members) for members in grouped.values() if len(members) >= SMALLEST]
    return tuple(sorted(lists, key=lambda found: found.members[0]))


def _key(passage: Passage) -> tuple[str, ...] | None:
    if passage.kind is PassageKind.ITEM and passage.group:
        return ("item", passage.group)
    if passage.kind is PassageKind.LEAD_IN:
        return ("lead_in", passage.document, *passage.section)
    if passage.kind is PassageKind.HEADING and len(passage.section) >= 2:
        return ("heading", passage.document, *passage.section)
    return None


def _list(passages: Sequence[Passage], members: Sequence[int]) -> StatementList:
    first = passages[members[0]]
    labels = list(first.section[-1:])
    governing = [readable(span.text) for span in first.context]
    labels += [text for text in governing if text not in first.section]
    levels = {level for member in members for level in passages[member].levels}
    return StatementList(
        members=tuple(members),
        labels=tuple(labels),
        topics=topics_of_headings(labels),
        levels=tuple(sorted(levels)),
        document=first.document,
    )
