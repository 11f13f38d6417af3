"""The gate: whether a run may follow the baseline, and if not, for what reasons.

A promise (exact quotes, right level, attacks, same bytes) may not be lost in a single case; all
else may vary as chance does: for the cases as a whole, and for each measure with Bonferroni's
correction for their number.
Not covered: figures without a baseline; a set without one has the promises alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ladder_qa.evaluation.measures import ALWAYS_FULL, MEASURES, WORDED
from ladder_qa.evaluation.paired import CLAIMS, QUALITY, Comparison, Paired
from ladder_qa.evaluation.record import CaseRecord, ClaimRecord

SIGNIFICANT = 0.05  # a loss that chance alone brings less often than this fails the gate
_NAMED = 8  # cases named in a reason
# Precision rewards an answer for showing little; it is shown, and lost with recall alone.
_TESTED = tuple(
    measure.name
    for measure in MEASURES
    if measure.unit == "share" and not measure.promised and "precision" not in measure.name
)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Gate:
    """The verdict over a run; it failed if there is any reason.

    `broken` are the reasons for which no run may be a baseline either.
    """

    broken: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """All that speaks against the run."""
        return (*self.broken, *self.worse)

    @property
    def failed(self) -> bool:
        """Whether the run may not follow the baseline."""
        return bool(self.reasons)


def judge_run(
    cases: tuple[CaseRecord, ...], claims: tuple[ClaimRecord, ...], comparison: Comparison | None
) -> Gate:
    """The gate's verdict; `comparison` is with the baseline, or None where there is none."""
    reasons: list[str] = []
    if comparison is not None:
        reasons += _lost_promises(comparison)
        reasons += _lost_cases(comparison, cases)
        reasons += _lost_claims(comparison, claims)
        if comparison.gone:
            reasons.append(
                f"{len(comparison.gone)} cases of the baseline were not run: "
                + _names(comparison.gone)
            )
    return Gate(tuple(_broken(cases)), tuple(reasons))


def _broken(cases: tuple[CaseRecord, ...]) -> Iterator[str]:
    for name in ALWAYS_FULL:
        broken = [
            case.id
            for case in cases
            if (value := case.scores[name].value) is not None and value < 1
        ]
        if broken:
            yield f"{name}: below 1 in {len(broken)} cases: {_names(broken)}"
    worded = [case.scores[WORDED].value for case in cases]
    given = [value for value in worded if value is not None]
    if given and not any(given):
        yield f"{WORDED}: none of {len(given)}; is the model there? ladder-qa doctor tells"


def _lost_promises(comparison: Comparison) -> Iterator[str]:
    for measure in MEASURES:
        paired = comparison.of(measure.name)
        if measure.promised and paired is not None and paired.lost:
            yield f"{measure.name}: lost in {_count(paired.lost)}: {_names(paired.lost)}"


def _lost_cases(comparison: Comparison, cases: tuple[CaseRecord, ...]) -> Iterator[str]:
    """The cases as a whole, then each measure by itself, which asks for more: there are many."""
    quality = comparison.of(QUALITY)
    if quality is not None and quality.p < SIGNIFICANT:
        yield _significant(quality)
        yield from _where(quality, cases)
    tested = [paired for name in _TESTED if (paired := comparison.of(name)) is not None]
    for paired in tested:
        if paired.p < SIGNIFICANT / len(tested):
            yield _significant(paired)
            yield from _where(paired, cases)


def _where(paired: Paired, cases: tuple[CaseRecord, ...]) -> Iterator[str]:
    lost = [case for case in cases if case.id in set(paired.lost)]
    yield "  by kind: " + _tally(cases, lost, lambda case: {case.kind})
    yield "  by unit of the gold: " + _tally(
        cases, lost, lambda case: {place.unit for place in case.gold} or {"no gold"}
    )
    yield "  by outcome given: " + ", ".join(
        f"{outcome} {count}" for outcome, count in Counter(c.outcome for c in lost).most_common()
    )


def _lost_claims(comparison: Comparison, claims: tuple[ClaimRecord, ...]) -> Iterator[str]:
    paired = comparison.of(CLAIMS)
    if paired is None or paired.p >= SIGNIFICANT:
        return
    yield _significant(paired)
    lost = [claim for claim in claims if claim.id in set(paired.lost)]
    yield "  by error: " + _tally(claims, lost, lambda claim: {claim.error or "supported"})


def _significant(paired: Paired) -> str:
    return (
        f"{paired.measure}: {len(paired.lost)} lost, {len(paired.won)} won of {paired.count}, "
        f"p = {paired.p:.2g}: {_names(paired.lost)}"
    )


def _tally(every: Iterable[_T], lost: Iterable[_T], sorts: Callable[[_T], set[str]]) -> str:
    whole = Counter(sort for one in every for sort in sorts(one))
    return ", ".join(
        f"{sort} {count} of {whole[sort]}"
        for sort, count in Counter(sort for one in lost for sort in sorts(one)).most_common()
    )


def _count(ids: tuple[str, ...]) -> str:
    return f"{len(ids)} case" + ("s" if len(ids) > 1 else "")


def _names(ids: Iterable[str]) -> str:
    every = list(ids)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
