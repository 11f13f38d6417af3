"""One ingestion in this process, timed step by step; vectors once encoded may be taken up again.

`python bench/ingest_steps.py CORPUS DATA [CACHE]` prints the seconds of reading, encoding and
storing, the number of passages and levels, and the process's peak memory. With a cache folder the
encoding of a corpus takes place once; later runs give the seconds that it took then, and when.
Not covered: what starting the program takes (`ingesting`).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import record
from numpy.typing import NDArray
from processes import peak_mb

import ladder_qa.ingest
from ladder_qa.corpus import corpus_fingerprint
from ladder_qa.encode import Encoder, prepare_encoder
from ladder_qa.index import open_generation
from ladder_qa.settings import Settings


@dataclass
class Kept:
    """An encoder that remembers: `vectors` by text."""

    encoder: Encoder
    vectors: dict[str, NDArray[np.float32]] | None  # None: nothing is kept

    @property
    def fingerprint(self) -> str:
        """Of the encoder behind."""
        return self.encoder.fingerprint

    @property
    def dimensions(self) -> int:
        """Of the encoder behind."""
        return self.encoder.dimensions

    def knows(self, word: str) -> bool:
        """What the encoder behind says."""
        return self.encoder.knows(word)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each text, [n, dimensions]; only new texts are encoded."""
        if self.vectors is None:
            return self.encoder.encode(texts)
        for text in texts:
            if text not in self.vectors:
                self.vectors[text] = self.encoder.encode([text])[0]
        return np.stack([self.vectors[text] for text in texts])


class Steps:
    """When each step of an ingestion began, from its reports of progress."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {"read": time.perf_counter()}

    def progress(self, step: str, done: int, total: int) -> None:  # noqa: ARG002
        """Takes a report."""
        self.began.setdefault(step, time.perf_counter())

    def seconds(self) -> dict[str, float]:
        """By step; each lasts until the next one."""
        ends = [*list(self.began.values())[1:], time.perf_counter()]
        pairs = zip(self.began.items(), ends, strict=True)
        return {f"{step}_s": end - start for (step, start), end in pairs}


def vectors_in(file: Path) -> dict[str, NDArray[np.float32]]:
    """What was kept of an earlier run, by text; nothing where there was none."""
    if not file.is_file():
        return {}
    texts = json.loads(file.with_suffix(".json").read_text("utf-8"))["texts"]
    return dict(zip(texts, np.load(file), strict=True))


def ingest(settings: Settings, cache: Path | None) -> dict[str, object]:
    """The steps' seconds and what else the module's docstring says."""
    encoder = prepare_encoder(settings)
    name = f"{encoder.fingerprint}-{corpus_fingerprint(settings.corpus)[:16]}.npy"
    file = None if cache is None else cache / name
    vectors = None if file is None else vectors_in(file)
    known = bool(vectors)
    kept = Kept(encoder, vectors)
    steps = Steps()
    # The one way in: an ingestion makes its encoder itself.
    with mock.patch.object(ladder_qa.ingest, "prepare_encoder", return_value=kept):
        report = ladder_qa.ingest.ingest(settings, steps.progress)
    seconds = steps.seconds()
    about = {"encode_s": seconds["encode_s"], "encoded": record.conditions()["date"]}
    peak = peak_mb()  # before the cache is written, which an ingestion does not do
    if file is not None and known:  # what it took then
        about = json.loads(file.with_suffix(".json").read_text("utf-8"))["about"]
    elif file is not None and vectors:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, np.stack(list(vectors.values())))
        lines = {"about": about, "texts": list(vectors)}
        file.with_suffix(".json").write_text(json.dumps(lines), "utf-8")
    levels = len(open_generation(settings, None).ladder.levels)
    found = {"passages": report.passages, "levels": levels, "peak_mb": peak}
    return {**seconds, **about, **found}


def main() -> None:
    """Ingests, prints."""
    corpus, data, *cache = map(Path, sys.argv[1:])
    settings = Settings(corpus=corpus, data=data)
    print(json.dumps(ingest(settings, cache[0] if cache else None)))


if __name__ == "__main__":
    main()
