"""A first set of questions over any corpus, for a person to edit, and feedback as cases.

Questions come from headings and tables, near misses by asking of one level what only others have.
Not covered: whether a question is a good one; every line says where a person should look.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ladder_qa.datamodels import Answer, Ladder, Level, Passage, PassageKind
from ladder_qa.evaluation.dataset import CaseKind
from ladder_qa.evaluation.fields import Fields, read_fields
from ladder_qa.evaluation.score import REFUSALS
from ladder_qa.inline import readable

MOST = 25  # cases of one sort; more of the same sort teach little
_LONGEST_LIST = 12
_DOWN = "down"


def starter_cases(ladder: Ladder, passages: Sequence[Passage]) -> tuple[dict[str, Any], ...]:
    """Cases in the format of a set, each with a `review` for the person who edits them."""
    sections = _sections(ladder, passages)
    sorts = (
        _of_lists(sections),
        _of_tables(passages),
        _swapped(ladder, sections),
        _undescribed(ladder),
    )
    cases: dict[str, dict[str, Any]] = {}
    for sort in sorts:
        for case in _spread(list(sort)):
            cases.setdefault(case["id"], case)
    return tuple(cases.values())


def feedback_cases(
    file: Path, ask: Callable[[str], Answer]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Exported feedback as cases: those ready to use, those to be judged, and lines left out.

    `file` is JSONL of the feedback call's bodies. Raises DatasetError.
    """
    return judged_cases(read_fields(file), ask)


def judged_cases(
    bodies: Iterable[Fields], ask: Callable[[str], Answer]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """The same of bodies that are read already.

    A question that was found good becomes a case that holds the answer of now; one that was found
    bad waits for a person to say what is right; those without a question (no consent) are counted.
    """
    ready: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    left_out = 0
    for fields in bodies:
        if fields.text("verdict") not in ("up", _DOWN):
            raise fields.error("verdict", "one of up, down")
        if not fields.values.get("question"):
            left_out += 1
            continue
        case = _feedback(fields, ask(fields.text("question")))
        (waiting if fields.text("verdict") == _DOWN else ready).append(case)
    return ready, waiting, left_out


def as_lines(cases: Iterable[dict[str, Any]]) -> str:
    """Cases as JSONL."""
    return "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)


def _case(question: str, kind: CaseKind, review: str, **fields: Any) -> dict[str, Any]:
    digest = hashlib.sha256(question.encode()).hexdigest()[:8]
    outcomes = {
        CaseKind.ANSWERABLE: ["answered"],
        CaseKind.NEAR_MISS: ["not_in_documents"],
        CaseKind.LEVEL_NOT_COVERED: ["level_not_covered"],
    }[kind]
    case = {"id": f"s-{digest}", "question": question, "kind": kind, "outcomes": outcomes}
    return case | fields | {"review": review}


_Sections = dict[str, dict[str, list[Passage]]]  # by heading, then by level


def _sections(ladder: Ladder, passages: Sequence[Passage]) -> _Sections:
    """Items right under a heading, by the one level that they are all about."""
    found: _Sections = defaultdict(lambda: defaultdict(list))
    codes = {level.code for level in ladder.levels}
    for passage in passages:
        listed = passage.kind is PassageKind.ITEM and passage.section
        if listed and len(passage.levels) == 1 and passage.levels[0] in codes:
            heading = passage.section[-1]
            if not _names_level(heading, ladder.levels):
                found[heading][passage.levels[0]].append(passage)
    return found


def _names_level(heading: str, levels: Sequence[Level]) -> bool:
    words = heading.casefold()
    return any(
        re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", words)
        for level in levels
        for name in (level.code, level.title)
        if name
    )


def _gold(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    return [
        {"fact": fact, "document": p.document, "start": p.start, "end": p.end}
        for fact, p in enumerate(passages, start=1)
    ]


def _of_lists(sections: _Sections) -> Iterator[dict[str, Any]]:
    for heading, by_level in sections.items():
        for level, items in by_level.items():
            if len(items) <= _LONGEST_LIST:
                yield _case(
                    f"What is listed under “{heading}” for {level}?",
                    CaseKind.ANSWERABLE,
                    "say it as your people would",
                    style="list",
                    levels=[level],
                    gold=_gold(items),
                )


def _of_tables(passages: Sequence[Passage]) -> Iterator[dict[str, Any]]:
    for passage in passages:
        headers = [readable(span.text) for span in passage.context]
        if passage.kind is not PassageKind.CELL or len(headers) < 2 or not passage.column:
            continue
        column, row = headers[-2], headers[-1]
        if column and row:
            yield _case(
                f"What is given as “{column}” for {row}?",
                CaseKind.ANSWERABLE,
                "say it as your people would; add other places that state it under the same fact",
                style="table_cell",
                levels=list(passage.levels),
                gold=_gold([passage]),
            )


def _swapped(ladder: Ladder, sections: _Sections) -> Iterator[dict[str, Any]]:
    for heading, by_level in sections.items():
        if heading[:1].isdigit():  # a numbered one belongs to its own guide
            continue
        for level in ladder.levels:
            if level.code not in by_level:
                yield _case(
                    f"What is listed under “{heading}” for {level.code}?",
                    CaseKind.NEAR_MISS,
                    f"other levels have this ({', '.join(by_level)}); make sure that no other "
                    f"words state it of {level.code}",
                    style="swapped_level",
                    levels=[level.code],
                )


def _undescribed(ladder: Ladder) -> Iterator[dict[str, Any]]:
    described = {level.code for level in ladder.levels}
    for level in ladder.levels:
        parts = re.fullmatch(r"(\D+)(\d+)", level.code)
        if parts is None:
            continue
        code = f"{parts[1]}{int(parts[2]) + 1}"
        if code not in described:
            yield _case(
                f"What is expected at {code}?",
                CaseKind.LEVEL_NOT_COVERED,
                f"make sure that the documents do not describe {code}",
                style="unknown_level",
            )


def _spread(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most MOST of them, from all over the documents."""
    if len(cases) <= MOST:
        return cases
    return [cases[index * len(cases) // MOST] for index in range(MOST)]


def _feedback(fields: Fields, answer: Answer) -> dict[str, Any]:
    question = fields.text("question")
    refused = answer.outcome in REFUSALS
    gold = [
        {"fact": number, "document": c.document, "start": c.start, "end": c.end}
        for number, c in enumerate(answer.citations, start=1)
    ]
    review = "found good; keep only the gold that is needed"
    if fields.values["verdict"] == _DOWN:
        said = [fields.values.get(name) for name in ("reason", "comment")]
        words = "; ".join(text for text in said if isinstance(text, str) and text)
        review = f"found bad{': ' + words if words else ''}; put outcomes and gold right"
    return {
        "id": f"fb-{hashlib.sha256(question.encode()).hexdigest()[:8]}",
        "question": question,
        "kind": CaseKind.NEAR_MISS if refused else CaseKind.ANSWERABLE,
        "style": "feedback",
        "outcomes": [answer.outcome],
        "gold": gold,
        "review": review,
    }
