"""How many of the ten nearest passages the search finds, against comparing all vectors one by one.

`python bench/recall.py CORPUS DATA` reads questions, a JSON list, from standard input and prints,
for the search as shipped and for Chroma's graph (which takes over beyond a number of passages), the
share found, and the milliseconds of a search at the median and the 95th percentile.
Not covered: whether the ten answer the question (`quality`).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spread import percentile

from ladder_qa.encode import prepare_encoder
from ladder_qa.index import EXACT_LIMIT, Generation, open_generation
from ladder_qa.settings import Settings

NEAREST = 10
_SAME = 1e-6  # cosines that differ by less are of one distance: either passage counts as found


def recall(generation: Generation, vectors: NDArray[np.float32]) -> dict[str, float]:
    """The share found, and the milliseconds, over the questions' vectors, [n, dimensions]."""
    shares, times = [], []
    for vector in vectors:
        started = time.perf_counter()
        rows, _ = generation.dense(vector, NEAREST)
        times.append((time.perf_counter() - started) * 1000)
        cosines = generation.vectors @ vector
        wanted = min(NEAREST, len(cosines))
        least = np.partition(cosines, len(cosines) - wanted)[len(cosines) - wanted]
        shares.append(float((cosines[rows] >= least - _SAME).sum()) / wanted)
    return {
        "recall": float(np.mean(shares)),
        "p50_ms": percentile(times, 50),
        "p95_ms": percentile(times, 95),
    }


def main() -> None:
    """Reads questions, searches in both ways, prints."""
    corpus, data = map(Path, sys.argv[1:])
    settings = Settings(corpus=corpus, data=data)
    encoder = prepare_encoder(settings)
    vectors = encoder.encode(json.load(sys.stdin))
    shipped = open_generation(settings, encoder.fingerprint)
    found = {
        "shipped": recall(shipped, vectors),
        "graph": recall(open_generation(settings, encoder.fingerprint, exact_limit=0), vectors),
        "exact": len(shipped.passages) <= EXACT_LIMIT,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
