"""JSONL as checked fields: a wrong line stops the reading with the file, the line and the field.

Also the split into two parts, which hangs on nothing but an id.
Not covered: what the fields mean; each kind of line has a loader of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from ladder_qa.errors import LadderError

_T = TypeVar("_T")


class DatasetError(LadderError):
    """A set of questions cannot be used; the message names file, line and field."""


class Part(StrEnum):
    """Which half of a set a case belongs to."""

    DEVELOP = "develop"  # may be looked at, question by question
    SCORED = "scored"  # only its figures are looked at


def part_of(identity: str) -> Part:
    """The half of an id, by its hash: a case never moves when others are added."""
    first = hashlib.sha256(identity.encode()).digest()[0]
    return Part.DEVELOP if first < 128 else Part.SCORED


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object, and where it stands, for messages."""

    values: Mapping[str, Any]
    where: str
    path: str = ""

    @property
    def digest(self) -> str:
        """A short hash of the whole object: a changed line has another one."""
        text = json.dumps(self.values, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def error(self, name: str, allowed: str) -> DatasetError:
        """What to raise for the field `name`."""
        place = f"{self.where}: {self.path}{name}"
        if name not in self.values:
            return DatasetError(f"{place}: is missing; it must be {allowed}")
        value = json.dumps(self.values[name], ensure_ascii=False)
        shown = value if len(value) <= 60 else value[:57] + "…"
        return DatasetError(f"{place}: has value {shown}; it must be {allowed}")

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, "a text that is not empty")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where the key is missing."""
        value = self.values.get(name, [])
        if not _is_texts(value):
            raise self.error(name, "a list of texts that are not empty")
        return tuple(value)

    def any_of(self, name: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of texts, one of each list being enough; empty where missing."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(texts and _is_texts(texts) for texts in value):
            raise self.error(name, "a list of lists of texts, none of them empty")
        return tuple(tuple(texts) for texts in value)

    def whole_number(self, name: str, least: int = 1) -> int:
        """A whole number from `least`."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.error(name, f"a whole number from {least}")
        return value

    def truth(self, name: str) -> bool:
        """True or false."""
        value = self.values.get(name)
        if not isinstance(value, bool):
            raise self.error(name, "true or false")
        return value

    def choice(self, name: str, choices: type[StrEnum]) -> str:
        """One of the values of `choices`."""
        value = self.values.get(name)
        if not isinstance(value, str) or value not in list(choices):
            raise self.error(name, "one of " + ", ".join(choices))
        return value

    def objects(self, name: str, make: Callable[[Fields], _T]) -> tuple[_T, ...]:
        """A list of objects, each read by `make`; empty where the key is missing."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(name, "a list of objects")
        return tuple(
            make(Fields(item, self.where, f"{self.path}{name}[{index}]."))
            for index, item in enumerate(value)
        )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(t, str) and t.strip() for t in value)


def read_fields(file: Path) -> Iterator[Fields]:
    """The objects of a JSONL file, blank lines left out. Raises DatasetError."""
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        where = f"{file}, line {number}"
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise DatasetError(f"{where}: is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise DatasetError(f"{where}: is no JSON object")
        yield Fields(values, where)


def read_unique(file: Path, seen: dict[str, str]) -> Iterator[Fields]:
    """The objects of a JSONL file; `seen` holds the place of each id so far and is added to.

    Raises DatasetError, also for an id that occurs twice.
    """
    for fields in read_fields(file):
        identity = fields.text("id")
        if identity in seen:
            raise DatasetError(f"{fields.where}: id: {identity!r} is already at {seen[identity]}")
        seen[identity] = fields.where
        yield fields


def _lines(file: Path) -> list[str]:
    try:
        # Not splitlines(): a question may hold U+2028, which JSON allows within a string.
        return file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DatasetError(f"{file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{file}: is not UTF-8 at byte {error.start}") from error
