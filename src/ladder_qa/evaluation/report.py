"""The evaluation's result: figures for both parts of a set, the cases, and the gate's verdict.

The scored part is there to be believed, so its questions are kept out unless asked for.
Not covered: the page, tables and test results written to a folder; `files` and `page` do that.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ladder_qa.datamodels import as_object
from ladder_qa.evaluation.fields import Part
from ladder_qa.evaluation.figures import Figure
from ladder_qa.evaluation.gate import Gate
from ladder_qa.evaluation.measures import Unit
from ladder_qa.evaluation.paired import QUALITY, Comparison
from ladder_qa.evaluation.record import CaseRecord, ClaimRecord, saved_text

COLUMNS = 100


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """All figures, cases and claims of one run, and how it stands against a saved one."""

    dataset: str
    corpus: str
    llm: str
    figures: tuple[Figure, ...]
    cases: tuple[CaseRecord, ...]
    claims: tuple[ClaimRecord, ...]
    comparison: Comparison | None
    gate: Gate
    show_scored: bool
    texts: Mapping[str, str]  # the stored documents, for the page's excerpts

    def shows(self, one: CaseRecord | ClaimRecord) -> bool:
        """Whether the words of a case may be shown, not its figures alone."""
        return self.show_scored or one.part is Part.DEVELOP

    def as_object(self) -> Any:
        """The report as plain dicts, lists and scalars for JSON; without the documents."""
        return {
            "dataset": self.dataset,
            "corpus": self.corpus,
            "llm": self.llm,
            "figures": as_object(self.figures),
            "gate": {"failed": self.gate.failed, "reasons": list(self.gate.reasons)},
            "comparison": as_object(self.comparison),
            "cases": [case.as_object(whole=self.shows(case)) for case in self.cases],
            "claims": [claim.as_object(whole=self.shows(claim)) for claim in self.claims],
        }

    def as_saved(self) -> str:
        """The run in the form that later runs are compared with."""
        return saved_text(self.corpus, self.llm, self.cases, self.claims)

    def as_text(self) -> str:
        """The report in at most 100 columns, for a terminal."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        claims = f", {len(self.claims)} claims" if self.claims else ""
        yield f"{len(self.cases)} questions{claims} of {self.dataset}, language model: {self.llm}"
        yield f"corpus {self.corpus}"
        yield from self._table("mean", "95 % interval", ("share",))
        yield from self._table("median", "95th percentile", ("words", "ms"))
        yield from self._failures()
        if self.comparison is not None:
            yield from self._compared(self.comparison)
        yield ""
        yield "gate: failed" if self.gate.failed else "gate: passed"
        for reason in self.gate.reasons:
            yield from _wrapped(reason, "  " + reason[: len(reason) - len(reason.lstrip())] + "- ")

    def _table(self, first: str, second: str, units: Iterable[Unit]) -> Iterator[str]:
        wanted = tuple(units)
        figures = {(f.of, f.name, f.part): f for f in self.figures if f.unit in wanted}
        if not figures:
            return
        yield ""
        yield f"{'':34}" + "".join(f"  {part:>30}" for part in Part)
        yield f"{'':34}" + f"  {'n':>4} {first:>7} {second:>17}" * len(Part)
        for of, name in dict.fromkeys((of, name) for of, name, _ in figures):
            cells = (_cells(figures.get((of, name, part))) for part in Part)
            label = f"  {name}" if of else name
            yield f"{label:34}" + "".join(f"  {cell}" for cell in cells)

    def _failures(self) -> Iterator[str]:
        for part in Part:
            failed = [case for case in self.cases if case.part is part and case.wrong]
            shown = [case for case in failed if self.shows(case)]
            hidden = "" if shown or not failed else ", not shown"
            yield ""
            yield f"failing questions in the part {part}: {len(failed)}{hidden}"
            for case in shown:
                about = ", ".join(filter(None, (case.kind, case.style)))
                lead = f"{case.id} ({about}) {case.outcome}: {case.question}"
                yield from _wrapped(lead, "- ")
                for wrong in case.wrong:
                    yield from _wrapped(wrong, "    ")

    def _compared(self, comparison: Comparison) -> Iterator[str]:
        yield ""
        corpus = "" if comparison.same_corpus else ", which was over another corpus"
        yield f"against {comparison.against}{corpus}: won, lost, p of as many losses by chance"
        for paired in comparison.measures:
            if paired.won or paired.lost or paired.measure == QUALITY:
                yield (
                    f"  {paired.measure:32} {len(paired.won):4} {len(paired.lost):4}"
                    f"  {paired.p:.3f}  of {paired.count}"
                )
        quality = comparison.of(QUALITY)
        for word, ids in (("better", quality.won), ("worse", quality.lost)) if quality else ():
            for case in (case for case in self.cases if case.id in ids):
                words = f": {case.question}" if self.shows(case) else ""
                yield from _wrapped(f"{word}: {case.id}{words}", "  ")
        if comparison.new:
            yield f"  not in {comparison.against}: {len(comparison.new)} (added or edited since)"


def _cells(figure: Figure | None) -> str:
    if figure is None:
        return f"{0:4} {'–':>7} {'':17}"
    if figure.unit == "share":
        interval = f"{figure.interval.low:.3f} – {figure.interval.high:.3f}"
        return f"{figure.count:4} {figure.mean:7.3f} {interval:>17}"
    return f"{figure.count:4} {figure.median:7.1f} {figure.p95:17.1f}"


def _wrapped(text: str, lead: str) -> list[str]:
    folded = " ".join(text.split())
    printable = "".join(sign for sign in folded if sign.isprintable())
    indent = " " * (len(lead) + 2)
    return textwrap.wrap(printable, COLUMNS, initial_indent=lead, subsequent_indent=indent)
