"""A set of questions on disk, JSONL, as checked and frozen cases.

The loader takes nothing on trust: a wrong line stops it with the file, the line and the field.
Not covered: whether a gold quote is in its document; `run` checks that against the stored texts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from ladder_qa.datamodels import Outcome, Turn
from ladder_qa.errors import LadderError

_T = TypeVar("_T")


class DatasetError(LadderError):
    """A set of questions cannot be used; the message names file, line and field."""


class CaseKind(StrEnum):
    """What makes a question easy or hard to treat honestly."""

    ANSWERABLE = "answerable"
    NEAR_MISS = "near_miss"
    LEVEL_NOT_COVERED = "level_not_covered"
    OUT_OF_SCOPE = "out_of_scope"
    FALSE_PREMISE = "false_premise"
    INJECTION = "injection"


class Part(StrEnum):
    """Which half of a set a case belongs to."""

    DEVELOP = "develop"  # may be looked at, question by question
    SCORED = "scored"  # only its figures are looked at


@dataclass(frozen=True, slots=True)
class GoldQuote:
    """One place where a document states a fact. Places with one `fact` number state the same."""

    fact: int
    document: str
    quote: str


@dataclass(frozen=True, slots=True)
class Case:
    """One question, with what a right answer says, cites and leaves unsaid."""

    id: str
    question: str
    history: tuple[Turn, ...]
    kind: CaseKind
    style: str
    outcomes: tuple[Outcome, ...]  # each of them is right
    gold: tuple[GoldQuote, ...]
    key_facts: tuple[tuple[str, ...], ...]  # every fact, in any of its wordings
    forbidden: tuple[str, ...]

    @property
    def part(self) -> Part:
        """The case's half, by a hash of its id: it never moves when cases are added."""
        first = hashlib.sha256(self.id.encode()).digest()[0]
        return Part.DEVELOP if first < 128 else Part.SCORED

    @property
    def facts(self) -> tuple[tuple[GoldQuote, ...], ...]:
        """The gold quotes grouped by fact, in the order of the fact numbers."""
        numbers = sorted({gold.fact for gold in self.gold})
        return tuple(tuple(g for g in self.gold if g.fact == number) for number in numbers)


def load_cases(dataset: Path) -> tuple[Case, ...]:
    """The cases of a JSONL file, or of all `*.jsonl` files right in a folder, by file name.

    Raises DatasetError: there is none, a line is no such case, or an id occurs twice.
    """
    files = sorted(dataset.glob("*.jsonl")) if dataset.is_dir() else [dataset]
    if not files:
        raise DatasetError(f"{dataset}: no file *.jsonl in this folder")
    cases: list[Case] = []
    seen: dict[str, str] = {}
    for file in files:
        for number, line in enumerate(_lines(file), start=1):
            if not line.strip():
                continue
            where = f"{file}, line {number}"
            case = _case(line, where)
            if case.id in seen:
                raise DatasetError(f"{where}: id: {case.id!r} is already at {seen[case.id]}")
            seen[case.id] = where
            cases.append(case)
    if not cases:
        raise DatasetError(f"{dataset}: holds no case")
    return tuple(cases)


def _lines(file: Path) -> list[str]:
    try:
        # Not splitlines(): a question may hold U+2028, which JSON allows within a string.
        return file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DatasetError(f"{file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{file}: is not UTF-8 at byte {error.start}") from error


@dataclass(frozen=True, slots=True)
class _Fields:
    """A JSON object, and where it stands, for messages."""

    values: Mapping[str, Any]
    where: str
    path: str = ""

    def error(self, name: str, allowed: str) -> DatasetError:
        """What to raise for the field `name`."""
        place = f"{self.where}: {self.path}{name}"
        if name not in self.values:
            return DatasetError(f"{place}: is missing; it must be {allowed}")
        value = json.dumps(self.values[name], ensure_ascii=False)
        shown = value if len(value) <= 60 else value[:57] + "…"
        return DatasetError(f"{place}: has value {shown}; it must be {allowed}")

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, "a text that is not empty")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, [])
        if not _is_texts(value):
            raise self.error(name, "a list of texts that are not empty")
        return tuple(value)

    def whole_number(self, name: str) -> int:
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.error(name, "a whole number from 1")
        return value

    def choice(self, name: str, choices: type[StrEnum]) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or value not in list(choices):
            raise self.error(name, "one of " + ", ".join(choices))
        return value

    def objects(self, name: str, make: Callable[[_Fields], _T]) -> tuple[_T, ...]:
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(name, "a list of objects")
        return tuple(
            make(_Fields(item, self.where, f"{self.path}{name}[{index}]."))
            for index, item in enumerate(value)
        )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(t, str) and t.strip() for t in value)


def _case(line: str, where: str) -> Case:
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise DatasetError(f"{where}: is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise DatasetError(f"{where}: is no JSON object")
    fields = _Fields(values, where)
    key_facts = values.get("key_facts", [])
    if not isinstance(key_facts, list) or not all(k and _is_texts(k) for k in key_facts):
        raise fields.error("key_facts", "a list of lists of texts, none of them empty")
    kind = CaseKind(fields.choice("kind", CaseKind))
    case = Case(
        id=fields.text("id"),
        question=fields.text("question"),
        history=fields.objects("history", _turn),
        kind=kind,
        style=fields.text("style") if "style" in values else "",
        outcomes=_outcomes(fields),
        gold=fields.objects("gold", _gold),
        key_facts=tuple(tuple(any_of) for any_of in key_facts),
        forbidden=fields.texts("forbidden"),
    )
    if kind is CaseKind.ANSWERABLE and not case.gold:
        raise DatasetError(
            f"{where}: gold: is empty; an answerable question has at least one quote"
        )
    return case


def _outcomes(fields: _Fields) -> tuple[Outcome, ...]:
    names = fields.texts("outcomes")
    if not names or not set(names) <= set(Outcome):
        raise fields.error("outcomes", "a list of at least one of " + ", ".join(Outcome))
    return tuple(Outcome(name) for name in names)


def _turn(fields: _Fields) -> Turn:
    role = fields.text("role")
    if role == "user":
        return Turn("user", fields.text("content"))
    if role == "assistant":
        return Turn("assistant", fields.text("content"))
    raise fields.error("role", "one of user, assistant")


def _gold(fields: _Fields) -> GoldQuote:
    return GoldQuote(fields.whole_number("fact"), fields.text("document"), fields.text("quote"))
