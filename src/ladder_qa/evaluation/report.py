"""The evaluation's result: figures for both parts of a set, and the cases that failed.

The scored part is there to be believed, so its questions are kept out unless asked for.
Not covered: comparison with an earlier run; where the text goes, which the door decides.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ladder_qa.datamodels import Outcome, as_object
from ladder_qa.evaluation.dataset import CaseKind, Part
from ladder_qa.evaluation.intervals import Interval, bootstrap_interval

COLUMNS = 100
Unit = Literal["share", "words", "ms"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over one part. `count` is how many cases have a say in it, never zero."""

    name: str
    unit: Unit
    part: Part
    count: int
    mean: float
    interval: Interval
    median: float
    p95: float

    @classmethod
    def from_values(cls, name: str, unit: Unit, part: Part, values: Sequence[float]) -> Figure:
        """The figure over at least one value. Raises ValueError for none."""
        median, p95 = np.percentile(values, (50, 95))
        return cls(
            name=name,
            unit=unit,
            part=part,
            count=len(values),
            mean=float(np.mean(values)),
            interval=bootstrap_interval(values),
            median=float(median),
            p95=float(p95),
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that went wrong, and in what way."""

    id: str
    part: Part
    kind: CaseKind
    style: str
    question: str
    outcome: Outcome
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """All figures of one run. `failed` counts failing cases, also those that are not shown."""

    dataset: str
    corpus: str
    llm: str
    questions: int
    figures: tuple[Figure, ...]
    failures: tuple[Failure, ...]
    failed: dict[Part, int]
    gate_failed: bool

    def as_object(self) -> Any:
        """The report as plain dicts, lists and scalars for JSON."""
        return as_object(self)

    def as_text(self) -> str:
        """The report as a table of at most 100 columns, for a terminal."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"{self.questions} questions of {self.dataset}, language model: {self.llm}"
        yield f"corpus {self.corpus}"
        yield from self._table("mean", "95 % interval", ("share",))
        yield from self._table("median", "95th percentile", ("words", "ms"))
        for part in Part:
            shown = [failure for failure in self.failures if failure.part is part]
            hidden = "" if shown or not self.failed[part] else ", not shown"
            yield ""
            yield f"failing questions in the part {part}: {self.failed[part]}{hidden}"
            for failure in shown:
                yield from _failure_lines(failure)
        if self.gate_failed:
            yield ""
            yield "gate failed: something quoted is not the stored text at its offsets"

    def _table(self, first: str, second: str, units: Iterable[Unit]) -> Iterator[str]:
        figures = {(f.name, f.part): f for f in self.figures if f.unit in tuple(units)}
        yield ""
        yield f"{'':34}" + "".join(f"  {part:>30}" for part in Part)
        yield f"{'':34}" + f"  {'n':>4} {first:>7} {second:>17}" * len(Part)
        for name in dict.fromkeys(name for name, _ in figures):
            cells = (_cells(figures.get((name, part))) for part in Part)
            yield f"{name:34}" + "".join(f"  {cell}" for cell in cells)


def _cells(figure: Figure | None) -> str:
    if figure is None:
        return f"{0:4} {'–':>7} {'':17}"
    if figure.unit == "share":
        interval = f"{figure.interval.low:.3f} – {figure.interval.high:.3f}"
        return f"{figure.count:4} {figure.mean:7.3f} {interval:>17}"
    return f"{figure.count:4} {figure.median:7.1f} {figure.p95:17.1f}"


def _failure_lines(failure: Failure) -> Iterator[str]:
    about = ", ".join(filter(None, (failure.kind, failure.style)))
    yield from _wrapped(f"{failure.id} ({about}) {failure.outcome}: {failure.question}", "- ")
    for wrong in failure.wrong:
        yield from _wrapped(wrong, "    ")


def _wrapped(text: str, lead: str) -> list[str]:
    folded = " ".join(text.split())
    printable = "".join(sign for sign in folded if sign.isprintable())
    indent = " " * (len(lead) + 2)
    return textwrap.wrap(printable, COLUMNS, initial_indent=lead, subsequent_indent=indent)
