"""How much of what a language model wrote was carried: one that invents is held to a higher bar.

The check's log odds hold for a writer who is right about as often as not. For another, Bayes' rule
adds the log odds of a sentence of theirs being right (Saerens, Latinne and Decaestecker, "Adjusting
the outputs of a classifier to new a priori probabilities", 2002); here they only ever take away.
How many are right is told from how many pass at the usual bar, so that a high bar confirms nothing.
It is kept in one small file of the data folder, for the next process; where that cannot be read or
written, a model starts anew.
Not covered: what is checked (`verify`), and whether the model can be reached (`breaker`).
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import threading
from pathlib import Path

# A model starts as one of whose three sentences two were carried, and is judged by its last fifty
# or so. Set on SmolLM2's output and on `eval/written.jsonl`; figures are in docs/experiments.md.
CARRIED, REFUSED = 2.0, 1.0
# Shares of right and of wrong sentences that pass at the usual bar (`eval/written.jsonl`, about).
PASS, SLIP = 0.77, 0.05
FADE = 0.98  # what a sentence still counts after the next one
MOST = 1.5  # log odds that are asked of it beyond the usual ones, at most
_FILE = "llm-standing.json"
_LEAST = 1e-9


class Standing:
    """Of one model, `name`, in the folder `data` if one is given; may be shared by threads."""

    def __init__(self, name: str = "", data: Path | None = None) -> None:
        self._name = name
        self._path = data / _FILE if data else None
        self._lock = threading.Lock()
        self._carried, self._refused = self._kept() or (CARRIED, REFUSED)

    def note(self, *, carried: bool) -> None:
        """One more of its sentences was carried at the usual bar, or not."""
        with self._lock:
            self._carried = self._carried * FADE + carried
            self._refused = self._refused * FADE + (not carried)

    @property
    def handicap(self) -> float:
        """Log odds that its next sentence needs beyond the usual ones: 0 to MOST."""
        with self._lock:
            passed = self._carried / (self._carried + self._refused)
        right = min(1 - _LEAST, max(_LEAST, (passed - SLIP) / (PASS - SLIP)))
        return min(MOST, max(0.0, math.log((1 - right) / right)))

    def keep(self) -> None:
        """Write it down for the next process; waits for the disk."""
        if self._path is None:
            return
        with self._lock:
            now = {"model": self._name, "carried": self._carried, "refused": self._refused}
        beside = self._path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp")
        with contextlib.suppress(OSError):
            beside.write_text(json.dumps(now) + "\n", encoding="utf-8")
            beside.replace(self._path)

    def _kept(self) -> tuple[float, float] | None:
        """What was written down of this model, if anything that can be."""
        if self._path is None:
            return None
        try:
            values = json.loads(self._path.read_bytes())
            counts = float(values["carried"]), float(values["refused"])
            known = values["model"] == self._name
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        most = 1 / (1 - FADE)  # what a count comes to at last
        return counts if known and sum(counts) and all(0 <= c <= most for c in counts) else None
