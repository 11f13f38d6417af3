"""Training that can be cut off: each epoch is kept until the run is complete.

Not covered: what is learned (`encoder.py`, `claims.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch

KEPT = Path(".ladder-qa") / "training"


class Resumable:
    """A network, its optimiser and the step it is at; a subclass says what an epoch is."""

    network: torch.nn.Module
    optimiser: torch.optim.Optimizer

    def __init__(self) -> None:
        self.step = self.epochs_done = 0

    def epoch(self) -> float:
        """One pass over the data; the mean loss."""
        raise NotImplementedError

    def run(self, epochs: int, key: str, after: Callable[[], str] | None = None) -> Path:
        """Train up to `epochs`, from where a run with the same `key` was cut off.

        Prints the loss of each epoch, and what `after` says. Returns the file of the last state.
        """
        kept = KEPT / f"{key}.pt"
        kept.parent.mkdir(parents=True, exist_ok=True)
        if kept.exists():
            self._resume(kept)
        while self.epochs_done < epochs:
            loss = self.epoch()
            self.epochs_done += 1
            print(f"epoch {self.epochs_done}: loss {loss:.3f}", flush=True)
            if after is not None:
                print(after(), flush=True)
            half = kept.with_suffix(".tmp")
            torch.save(self._state(), half)
            half.replace(kept)
        return kept

    def _state(self) -> dict[str, object]:
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "epochs": self.epochs_done,
        }

    def _resume(self, path: Path) -> None:
        saved = torch.load(path, weights_only=True)
        self.network.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step, self.epochs_done = saved["step"], saved["epochs"]


def key_of(data: object) -> str:
    """A name for a run, by what it learns from."""
    return hashlib.sha256(repr(data).encode()).hexdigest()[:16]


def told(path: Path) -> str:
    """A written model with its SHA-256, which the product pins."""
    return f"{path}: sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
