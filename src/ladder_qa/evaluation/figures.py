"""Figures: the sums of scores over the cases of one part, with intervals.

A score without a value is left out of every mean, never counted as zero.
Not covered: how they are shown; `report` does that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ladder_qa.datamodels import Outcome
from ladder_qa.evaluation.claims import ClaimForm, ErrorKind
from ladder_qa.evaluation.dataset import CaseKind
from ladder_qa.evaluation.fields import Part
from ladder_qa.evaluation.intervals import Interval, balanced_interval, bootstrap_interval
from ladder_qa.evaluation.measures import MEASURES, Measure, Unit
from ladder_qa.evaluation.record import CaseRecord, ClaimRecord


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over one part. `count` is how many cases have a say in it, never zero.

    `of` names the figure that this one is a part of; "" for one that stands by itself.
    """

    name: str
    of: str
    unit: Unit
    part: Part
    count: int
    mean: float
    interval: Interval
    median: float
    p95: float

    @classmethod
    def from_values(
        cls, name: str, unit: Unit, part: Part, values: Sequence[float], of: str = ""
    ) -> Figure:
        """The figure over at least one value. Raises ValueError for none."""
        median, p95 = np.percentile(values, (50, 95))
        interval = bootstrap_interval(values)
        mean = float(np.mean(values))
        return cls(name, of, unit, part, len(values), mean, interval, float(median), float(p95))


def case_figures(cases: Sequence[CaseRecord]) -> Iterator[Figure]:
    """The figures of all measures for both parts."""
    for measure in MEASURES:
        yield from _figures(measure, cases)
        if measure.by == "kind":
            for kind in CaseKind:
                yield from _figures(measure, [c for c in cases if c.kind is kind], kind)
        elif measure.by == "outcome":
            for outcome in Outcome:
                yield from _figures(measure, [c for c in cases if c.outcome is outcome], outcome)


def _figures(measure: Measure, cases: Sequence[CaseRecord], sort: str = "") -> Iterator[Figure]:
    for part in Part:
        values = [
            value
            for case in cases
            if case.part is part and (value := case.scores[measure.name].value) is not None
        ]
        if values:
            name, of = (sort, measure.name) if sort else (measure.name, "")
            yield Figure.from_values(name, measure.unit, part, values, of)


def claim_figures(claims: Sequence[ClaimRecord]) -> Iterator[Figure]:
    """How the check of sentences does: over single ones, and over those of written answers."""
    single = [claim for claim in claims if claim.form is not ClaimForm.WRITTEN]
    yield from _claim_figures("claims: balanced accuracy", single)
    written = [claim for claim in claims if claim.form is ClaimForm.WRITTEN]
    yield from _claim_figures("written answers: balanced accuracy", written)


def _claim_figures(top: str, claims: Sequence[ClaimRecord]) -> Iterator[Figure]:
    """Balanced accuracy, and how the check does by form and by error."""
    for part in Part:
        here = [claim for claim in claims if claim.part is part]
        good = [float(claim.right) for claim in here if claim.supported]
        bad = [float(claim.right) for claim in here if not claim.supported]
        if good and bad:
            mean = (float(np.mean(good)) + float(np.mean(bad))) / 2
            interval = balanced_interval(good, bad)
            yield Figure(top, "", "share", part, len(here), mean, interval, mean, mean)
    groups = {"supported, accepted": [c for c in claims if c.supported]}
    forms = {claim.form for claim in claims}
    for form in (form for form in ClaimForm if len(forms) > 1):
        groups[f"supported, {form}"] = [c for c in claims if c.supported and c.form is form]
    groups["unsupported, rejected"] = [c for c in claims if not c.supported]
    for error in filter(None, ErrorKind):
        groups[f"wrong {error}, rejected"] = [c for c in claims if c.error is error]
    for name, group in groups.items():
        for part in Part:
            values = [float(c.right) for c in group if c.part is part]
            if values:
                yield Figure.from_values(name, "share", part, values, top)
