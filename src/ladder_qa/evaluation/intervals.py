"""How sure a mean is: percentile bootstrap intervals, the same on every run.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
Not covered: comparison of two runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
SEED = 20240229  # any fixed number; figures are comparable as long as it stays


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of the means of resampled values."""

    low: float
    high: float


def bootstrap_interval(values: Sequence[float]) -> Interval:
    """The 95 % interval of the mean of at least one value. Raises ValueError for none."""
    if not values:
        raise ValueError("values: is empty; an interval needs at least one")
    sample = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(SEED).integers(0, len(sample), (RESAMPLES, len(sample)))
    low, high = np.percentile(sample[picks].mean(axis=1), (2.5, 97.5))
    return Interval(float(low), float(high))


def balanced_interval(first: Sequence[float], second: Sequence[float]) -> Interval:
    """The 95 % interval of the mean of two groups' means, each group resampled by itself.

    Raises ValueError where a group is empty.
    """
    if not first or not second:
        raise ValueError("first, second: one is empty; a balanced mean needs both")
    random = np.random.default_rng(SEED)
    means = [
        sample[random.integers(0, len(sample), (RESAMPLES, len(sample)))].mean(axis=1)
        for sample in (np.asarray(values, dtype=np.float64) for values in (first, second))
    ]
    low, high = np.percentile((means[0] + means[1]) / 2, (2.5, 97.5))
    return Interval(float(low), float(high))
