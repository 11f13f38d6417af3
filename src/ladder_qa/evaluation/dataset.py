"""A set of questions on disk, JSONL, as checked and frozen cases.

A folder may also hold `claims.jsonl`, `written.jsonl` and `levels.jsonl`, which are no questions.
Not covered: whether a gold quote is in its document; `run` checks that against the stored texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ladder_qa.datamodels import Outcome, Turn
from ladder_qa.evaluation.claims import CLAIMS, ClaimCase, load_claims
from ladder_qa.evaluation.fields import DatasetError, Fields, Part, part_of, read_unique
from ladder_qa.evaluation.labels import LABELS, LevelLabels, load_labels


class CaseKind(StrEnum):
    """What makes a question easy or hard to treat honestly."""

    ANSWERABLE = "answerable"
    NEAR_MISS = "near_miss"
    LEVEL_NOT_COVERED = "level_not_covered"
    OUT_OF_SCOPE = "out_of_scope"
    FALSE_PREMISE = "false_premise"
    INJECTION = "injection"


@dataclass(frozen=True, slots=True)
class GoldQuote:
    """One place where a document states a fact. Places with one `fact` number state the same.

    Named by its words, or by where it stands (`start`, code points) if the words are not ours to
    copy into a set; then `quote` is empty until the stored text is at hand.
    """

    fact: int
    document: str
    quote: str
    start: int | None = None
    end: int | None = None


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
    levels: tuple[str, ...] = ()  # whom a right answer may be about; empty: no level in particular
    understood: tuple[tuple[str, ...], ...] = ()  # what the question, standing alone, has to say
    digest: str = ""  # of the line: an edited case is another case

    @property
    def part(self) -> Part:
        """The case's half, by a hash of its id: it never moves when cases are added."""
        return part_of(self.id)

    @property
    def facts(self) -> tuple[tuple[GoldQuote, ...], ...]:
        """The gold quotes grouped by fact, in the order of the fact numbers."""
        numbers = sorted({gold.fact for gold in self.gold})
        return tuple(tuple(g for g in self.gold if g.fact == number) for number in numbers)


@dataclass(frozen=True, slots=True)
class Dataset:
    """All that a set holds."""

    cases: tuple[Case, ...]
    claims: tuple[ClaimCase, ...]
    labels: LevelLabels


def load_dataset(path: Path) -> Dataset:
    """A file of questions or claims, or a folder of them. Raises DatasetError."""
    if path.is_dir():
        claims = (path / name for name in CLAIMS)
        labels = path / LABELS
        return Dataset(
            load_cases(path),
            load_claims(*(file for file in claims if file.is_file())),
            load_labels(labels) if labels.is_file() else {},
        )
    if path.name in CLAIMS:
        return Dataset((), load_claims(path), {})
    return Dataset(load_cases(path), (), {})


def load_cases(dataset: Path) -> tuple[Case, ...]:
    """The cases of a JSONL file, or of the files of questions right in a folder, by file name.

    Raises DatasetError: there is none, a line is no such case, or an id occurs twice.
    """
    files = [dataset]
    if dataset.is_dir():
        files = [f for f in sorted(dataset.glob("*.jsonl")) if f.name not in (*CLAIMS, LABELS)]
    if not files:
        raise DatasetError(f"{dataset}: no file *.jsonl with questions in this folder")
    seen: dict[str, str] = {}
    cases = tuple(_case(fields) for file in files for fields in read_unique(file, seen))
    if not cases:
        raise DatasetError(f"{dataset}: holds no case")
    return cases


def _case(fields: Fields) -> Case:
    kind = CaseKind(fields.choice("kind", CaseKind))
    case = Case(
        id=fields.text("id"),
        question=fields.text("question"),
        history=fields.objects("history", _turn),
        kind=kind,
        style=fields.text("style") if "style" in fields.values else "",
        outcomes=_outcomes(fields),
        gold=fields.objects("gold", _gold),
        key_facts=fields.any_of("key_facts"),
        forbidden=fields.texts("forbidden"),
        levels=fields.texts("levels"),
        understood=fields.any_of("understood"),
        digest=fields.digest,
    )
    if kind is CaseKind.ANSWERABLE and not case.gold:
        raise DatasetError(
            f"{fields.where}: gold: is empty; an answerable question has at least one quote"
        )
    return case


def _outcomes(fields: Fields) -> tuple[Outcome, ...]:
    names = fields.texts("outcomes")
    if not names or not set(names) <= set(Outcome):
        raise fields.error("outcomes", "a list of at least one of " + ", ".join(Outcome))
    return tuple(Outcome(name) for name in names)


def _turn(fields: Fields) -> Turn:
    role = fields.text("role")
    if role == "user":
        return Turn("user", fields.text("content"))
    if role == "assistant":
        return Turn("assistant", fields.text("content"))
    raise fields.error("role", "one of user, assistant")


def _gold(fields: Fields) -> GoldQuote:
    fact, document = fields.whole_number("fact"), fields.text("document")
    if "start" not in fields.values:
        return GoldQuote(fact, document, fields.text("quote"))
    start = fields.whole_number("start", least=0)
    return GoldQuote(fact, document, "", start, fields.whole_number("end", least=start + 1))
