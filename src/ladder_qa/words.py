"""Text → word tokens, and the BM25 scores of all passages for some of them.

The same tokens are made when the index is built (by bm25s) and when a question is asked; asking
only adds up the columns that bm25s weighted, so it imports neither bm25s nor scipy.
Not covered: stop words, synonyms and spelling, which belong to the question (`query`).
"""

from __future__ import annotations

import functools
import json
import re
import threading
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import Stemmer

from ladder_qa.disk import save_array

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# bm25s's own defaults, from Robertson and Zaragoza (2009), with Lucene's inverse frequency.
_K1 = 1.5
_B = 0.75
REMEMBERED = 20_000  # texts whose tokens are kept, about 1 kB each
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_QUOTES = str.maketrans(dict.fromkeys("’ʼ＇`´", "'"))
_TOKEN = re.compile(
    r"""
    (?P<range> \d++(?:[.,]\d++)*+ (?:\s?-\s?\d++(?:[.,]\d++)*+)? \+? (?![^\W_]) )  # 12-24+, 3.5
    | (?P<code> [^\W\d_]+\d[^\W_]*(?:'s)? | \d++(?:[.,]\d++)*+[^\W_]+ )            # a code, 1.5M
    | (?P<word> [^\W\d_]+ (?:'[^\W\d_]+)* )
    """,
    re.VERBOSE,
)
_PLURAL_CODE = re.compile(r"^([^\W\d_]+\d+)'?s$")  # "M3s" are people at M3
_local = threading.local()  # a snowball stemmer must not be shared between threads


def tokens(text: str) -> list[str]:
    """Lower-case word tokens in reading order: words as English stems, codes and numbers whole.

    A range keeps its form with a plain hyphen (`12-24+`); with a plus it also gives the form
    without (`12-24`), as people leave it out.
    """
    found: list[str] = []
    for match in _TOKEN.finditer(_plain(text)):
        token = match.group()
        if match.lastgroup == "range":
            compact = "".join(token.split())
            found.append(compact)
            if compact.endswith("+"):
                found.append(compact[:-1])
        elif match.lastgroup == "code":
            found.append(_PLURAL_CODE.sub(r"\1", token))
        else:
            found.append(_stem(token.removesuffix("'s")))
    return found


@functools.lru_cache(maxsize=REMEMBERED)
def token_set(text: str) -> frozenset[str]:
    """The tokens of a document's text; remembered, so not for what people write."""
    return frozenset(tokens(text))


def _plain(text: str) -> str:
    """Compatibility forms folded, invisible characters dropped, one kind of dash and quote."""
    folded = unicodedata.normalize("NFKC", text).translate(_DASHES).translate(_QUOTES).casefold()
    if folded.isascii():
        return folded
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")


def _stem(word: str) -> str:
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:
        stemmer = functools.lru_cache(maxsize=4096)(Stemmer.Stemmer("english", 0).stemWord)
        _local.stemmer = stemmer
    stem: str = stemmer(word)
    return stem


@dataclass(frozen=True, eq=False)
class WordIndex:
    """bm25s's weights in column form: the passages that hold a token, and its weight in each."""

    vocabulary: dict[str, int]
    weights: NDArray[np.float32]  # [entries]
    rows: NDArray[np.int32]  # [entries], the passage of each weight
    starts: NDArray[np.int64]  # [vocabulary + 1], where a token's entries begin
    count: int  # passages

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> WordIndex:
        """Index one text per passage; loads bm25s."""
        import bm25s  # noqa: PLC0415  (0.4 s, and wanted when building only)

        tokenized = [tokens(text) for text in texts]
        words = sorted({token for row in tokenized for token in row})
        vocabulary = {word: number for number, word in enumerate(words)}
        if not vocabulary:
            nothing = np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64)
            return cls(vocabulary, *nothing, len(texts))
        numbers = [[vocabulary[token] for token in row] for row in tokenized]
        index = bm25s.BM25(method="lucene", k1=_K1, b=_B)
        index.index((numbers, vocabulary), create_empty_token=False, show_progress=False)
        scores: dict[str, Any] = index.scores
        return cls(
            vocabulary,
            np.asarray(scores["data"], np.float32),
            np.asarray(scores["indices"], np.int32),
            np.asarray(scores["indptr"], np.int64),
            len(texts),
        )

    @classmethod
    def from_folder(cls, folder: Path) -> WordIndex:
        """Read what `save` wrote. Raises OSError, or ValueError when the parts do not fit."""
        about = json.loads((folder / "vocabulary.json").read_text("utf-8"))
        arrays = [np.load(folder / f"{name}.npy") for name in ("weights", "rows", "starts")]
        vocabulary = {word: number for number, word in enumerate(about["words"])}
        index = cls(vocabulary, arrays[0], arrays[1], arrays[2], int(about["passages"]))
        if len(index.starts) != len(vocabulary) + 1 or len(index.rows) != len(index.weights):
            raise ValueError("the parts of the word index do not fit each other")
        return index

    def save(self, folder: Path) -> None:
        """Write the index into a new folder."""
        folder.mkdir()
        save_array(folder / "weights.npy", self.weights)
        save_array(folder / "rows.npy", self.rows)
        save_array(folder / "starts.npy", self.starts)
        about = {"passages": self.count, "words": list(self.vocabulary)}
        (folder / "vocabulary.json").write_text(
            json.dumps(about, ensure_ascii=False), "utf-8", newline=""
        )

    def scores(self, asked: Sequence[str]) -> NDArray[np.float32]:
        """BM25 of every passage, [passages]; a token that is asked twice counts twice."""
        total = np.zeros(self.count, dtype=np.float32)
        for token in asked:
            number = self.vocabulary.get(token)
            if number is not None:
                entries = slice(self.starts[number], self.starts[number + 1])
                total[self.rows[entries]] += self.weights[entries]
        return total

    def held(self, asked: Iterable[str], passages: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of some different tokens each of some passages, by position, holds."""
        held = np.zeros(len(passages), dtype=np.int64)
        for token in asked:
            number = self.vocabulary.get(token)
            if number is not None:
                rows = self.rows[self.starts[number] : self.starts[number + 1]]  # ascending
                places = np.searchsorted(rows, passages)
                held += rows[np.minimum(places, len(rows) - 1)] == passages
        return held
