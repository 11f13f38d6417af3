"""The best of many scores, in an order that depends on nothing but them.

Not covered: what a score means; rounding, which is for whoever makes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def best_rows(scores: NDArray[np.floating[Any]], k: int) -> NDArray[np.int64]:
    """The positions of the `k` highest of `scores` [n], best first; equal ones as they stand.

    Only scores that can be among them are sorted.
    """
    rows = np.arange(len(scores), dtype=np.int64)
    if 0 < k < len(scores):
        rows = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k])
    return rows[np.argsort(-scores[rows], kind="stable")[: max(k, 0)]]
