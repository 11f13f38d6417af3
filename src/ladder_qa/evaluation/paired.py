"""A run beside a saved one, case by case: what got better, what got worse, and whether by chance.

The test is the one-sided sign test on the cases that changed (exact binomial; for values of 0 and
1 it is McNemar's exact test, Psychometrika 12, 1947).
Not covered: cases that are new or were edited since; they are named and left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ladder_qa.evaluation.record import CaseRecord, ClaimRecord, SavedCase, SavedRun

QUALITY = "cases as a whole"
CLAIMS = "claims judged right"
_EPSILON = 1e-5  # values are saved with six places


@dataclass(frozen=True, slots=True)
class Paired:
    """One measure over the cases that both runs scored. `p`: of as many losses by chance."""

    measure: str
    count: int
    won: tuple[str, ...]
    lost: tuple[str, ...]
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run against a saved one."""

    against: str
    same_corpus: bool
    measures: tuple[Paired, ...]  # the cases as a whole first
    new: tuple[str, ...]  # cases and claims without a counterpart: added or edited
    gone: tuple[str, ...]  # saved ones that were not run

    def of(self, measure: str) -> Paired | None:
        """The pairs of one measure, or None."""
        return next((paired for paired in self.measures if paired.measure == measure), None)


def sign_test(lost: int, won: int) -> float:
    """The probability of at least `lost` losses among the changes if both were as likely."""
    changes = lost + won
    return float(sum(math.comb(changes, k) for k in range(lost, changes + 1)) / 2**changes)


def compare_runs(
    against: str,
    corpus: str,
    cases: tuple[CaseRecord, ...],
    claims: tuple[ClaimRecord, ...],
    saved: SavedRun,
) -> Comparison:
    """This run's cases and claims beside those saved under the same id and content."""
    old = {**saved.cases, **saved.claims}
    digests = {c.id: c.digest for c in cases} | {c.id: c.digest for c in claims}
    names = tuple(dict.fromkeys(name for case in cases for name in case.scores))
    pairs = [_paired(QUALITY, {c.id: (c.digest, c.quality) for c in cases}, saved.cases)]
    for name in names:
        now = {
            c.id: (c.digest, value) for c in cases if (value := c.scores[name].value) is not None
        }
        pairs.append(_paired(name, now, saved.cases, name))
    judged = {c.id: (c.digest, float(c.right)) for c in claims}
    pairs.append(_paired(CLAIMS, judged, saved.claims))
    return Comparison(
        against=against,
        same_corpus=saved.corpus == corpus,
        measures=tuple(paired for paired in pairs if paired.count),
        new=tuple(i for i, digest in digests.items() if i not in old or old[i].digest != digest),
        gone=tuple(i for i in old if i not in digests),
    )


def _paired(
    measure: str,
    now: Mapping[str, tuple[str, float]],
    saved: Mapping[str, SavedCase],
    score: str | None = None,
) -> Paired:
    changes: dict[str, float] = {}
    for identity, (digest, value) in now.items():
        old = saved.get(identity)
        if old is None or old.digest != digest:
            continue
        before = old.quality if score is None else old.scores.get(score)
        if before is not None:
            changes[identity] = value - before
    won = tuple(i for i, change in changes.items() if change > _EPSILON)
    lost = tuple(i for i, change in changes.items() if change < -_EPSILON)
    return Paired(measure, len(changes), won, lost, sign_test(len(lost), len(won)))
