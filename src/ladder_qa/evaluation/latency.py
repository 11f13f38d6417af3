"""Latency: how long a person waits for a whole answer.

Not covered: the start of a process and the way over HTTP; `bench/` times those.
"""

from __future__ import annotations

from ladder_qa.evaluation.score import Observed, Score


def score_latency(observed: Observed) -> Score:
    """Milliseconds of wall time."""
    return Score(observed.seconds * 1000, f"{observed.seconds * 1000:.1f} ms")
