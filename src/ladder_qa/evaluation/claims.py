"""Claims on disk: a sentence, the passages it cites, and whether they carry it.

They measure the check of sentences (`verify`) by itself, whoever wrote the sentence.
Not covered: finding the passages; a claim names its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ladder_qa.evaluation.fields import DatasetError, Fields, Part, part_of, read_unique

CLAIMS = ("claims.jsonl", "written.jsonl")


class ErrorKind(StrEnum):
    """What is wrong with a claim that its passages do not carry."""

    NONE = ""
    NUMBER = "number"
    LEVEL = "level"
    NEGATION = "negation"
    HEDGE = "hedge"  # a hedge or modality dropped
    QUANTIFIER = "quantifier"
    UNIT = "unit"
    RELATION = "relation"
    INVENTED = "invented"
    EXTRA = "extra"  # a supported half and one that is not
    ELSEWHERE = "elsewhere"  # true in the documents, not in the passages cited


class ClaimForm(StrEnum):
    """How far a claim's wording is from its passages'."""

    VERBATIM = "verbatim"
    LIGHT = "light"
    HEAVY = "heavy"
    AGGREGATED = "aggregated"  # one sentence over two or three passages
    WRITTEN = "written"  # one sentence of a whole answer, as a good language model writes them


@dataclass(frozen=True, slots=True)
class CitedQuote:
    """A passage that a claim cites, by its words."""

    document: str
    quote: str


@dataclass(frozen=True, slots=True)
class ClaimCase:
    """One sentence with the passages it cites; `error` is empty exactly if it is supported."""

    id: str
    text: str
    passages: tuple[CitedQuote, ...]
    supported: bool
    error: ErrorKind
    form: ClaimForm
    digest: str = ""

    @property
    def part(self) -> Part:
        """The claim's half, by a hash of its id; of an answer's, by what is before the slash."""
        return part_of(self.id.partition("/")[0])

    def cited(self, texts: Mapping[str, str]) -> list[tuple[str, int, int]]:
        """The passages as slices (document, start, end) of `texts`, by path; -1: not there."""
        starts = [(one, texts[one.document].find(one.quote)) for one in self.passages]
        return [(one.document, start, start + len(one.quote)) for one, start in starts]


def load_claims(*files: Path) -> tuple[ClaimCase, ...]:
    """The claims of JSONL files. Raises DatasetError: a line is none, or an id occurs twice."""
    seen: dict[str, str] = {}
    return tuple(_claim(fields) for file in files for fields in read_unique(file, seen))


def _claim(fields: Fields) -> ClaimCase:
    claim = ClaimCase(
        id=fields.text("id"),
        text=fields.text("text"),
        passages=fields.objects("passages", _cited),
        supported=fields.truth("supported"),
        error=ErrorKind(fields.choice("error", ErrorKind)),
        form=ClaimForm(fields.choice("form", ClaimForm)),
        digest=fields.digest,
    )
    if not claim.passages:
        raise DatasetError(f"{fields.where}: passages: is empty; a claim cites at least one")
    if claim.supported is not (claim.error is ErrorKind.NONE):
        raise DatasetError(f"{fields.where}: error: must be empty exactly for a supported claim")
    return claim


def _cited(fields: Fields) -> CitedQuote:
    return CitedQuote(fields.text("document"), fields.text("quote"))
