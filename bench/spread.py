"""Figures over several runs: their median and range, and ratios of runs that were made in turn.

Machines are noisy, so a ratio is taken run by run, between two runs that stood side by side, and
the median of those ratios counts.
Not covered: where the runs come from (`ingesting`, `asking`, `serving`, `growth`).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some runs, the lowest and highest of them, and how many there were."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Over one value a run. Raises ValueError without any."""
        if not values:
            raise ValueError("a figure without runs")
        return cls(statistics.median(values), min(values), max(values), len(values))

    @classmethod
    def of_ratios(cls, ours: Sequence[float], theirs: Sequence[float]) -> Spread:
        """Of each of our runs to the one of theirs beside it. Raises ValueError where one lacks."""
        if len(ours) != len(theirs):
            raise ValueError(f"{len(ours)} runs beside {len(theirs)}: no pairs")
        return cls.of([first / second for first, second in zip(ours, theirs, strict=True)])

    def __str__(self) -> str:
        """The median, and the range where there were several runs, with three digits each."""
        if self.runs == 1:
            return digits(self.median)
        return f"{digits(self.median)} ({digits(self.low)}–{digits(self.high)})"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of `values` lie, between two of them by their distance."""
    return float(np.percentile(values, percent))


def digits(value: float) -> str:
    """A figure with three digits that count, and never more than three behind the point."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"
