"""The corpus folder → all that an index is made of, as the folder was at one moment.

People save documents while they are read: what was read is taken only if nothing changed meanwhile.
Not covered: a change that was taken back before it was looked for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ladder_qa.bank import bank_fingerprint, read_bank
from ladder_qa.corpus import corpus_fingerprint, read_corpus
from ladder_qa.errors import CorpusError
from ladder_qa.ladder import read_ladder

if TYPE_CHECKING:
    from ladder_qa.bank import Bank
    from ladder_qa.datamodels import Corpus, Ladder, Passage

_READINGS = 3  # of a corpus that is edited meanwhile
_PAUSE_S = 0.2  # between two of them: whoever saves several documents is done by then


@dataclass(frozen=True, eq=False)
class Reading:
    """A corpus as it was at one moment, with its probably-asked questions."""

    corpus: Corpus
    ladder: Ladder
    passages: tuple[Passage, ...]
    bank: Bank
    bank_sha256: str


def read_steadily(folder: Path) -> Reading:
    """The corpus as it was at one moment. Raises CorpusError when it keeps changing."""
    for reading in range(_READINGS):
        time.sleep(_PAUSE_S if reading else 0)
        before = corpus_fingerprint(folder), bank_fingerprint(folder)
        try:
            read = _read(folder, before[1])
        except CorpusError:  # it may be half written, too
            if before == (corpus_fingerprint(folder), bank_fingerprint(folder)):
                raise
            continue
        after = corpus_fingerprint(folder), bank_fingerprint(folder)
        if before == after and read.corpus.sha256 == before[0]:
            return read
    raise CorpusError(
        f"The corpus in {folder} changed while it was read, {_READINGS} times in a row. "
        "Try again when nobody writes to it."
    )


def _read(folder: Path, bank_sha256: str) -> Reading:
    from ladder_qa.passages import read_passages  # noqa: PLC0415  (it loads llama-index)

    corpus = read_corpus(folder)
    ladder = read_ladder(corpus.documents)
    passages = read_passages(corpus.documents, ladder)
    if not passages:
        raise CorpusError("The corpus holds documents, but no statement in any of them.")
    return Reading(corpus, ladder, passages, read_bank(folder, passages, ladder), bank_sha256)
