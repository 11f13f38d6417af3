"""A sentence-transformers model → the files that `encode` opens, in a process of its own.

The packaged model gets the weights that were tuned on questions about ladders before it is
exported; they are kept with 8 bits each and brought back to 32 here. The export computes with 8
bits, one text at a time, so that a vector depends on nothing but its text, and is checked against
the original's vectors.
Not covered: training (`training/encoder.py` of the project).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from ladder_qa.encode import EXPORT, FILES, open_session, record_of, text_vector
from ladder_qa.errors import ModelError
from ladder_qa.quantize import quantize

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

# The lowest cosine allowed between the original's vectors of `PARITY_TEXTS` and the export's,
# before its matrices are brought to 8 bits and after. Measured with the packaged model: 1.0000,
# then 0.986. What loses more keeps its 32 bits.
PARITY = 0.9999
PARITY_8_BITS = 0.97
_SCALE = ".scale"
MAX_TOKENS = 256  # the packaged model's own limit; a model with a smaller one keeps it

PARITY_TEXTS = (
    "What is expected of this role?",
    "Leads several teams through their managers; sets direction for the next 12-24+ months.",
    "No.",
    "Scope › “wider” than before — 20–50 people, 3–5 teams (the second → the third)",
    "Was unterscheidet diese beiden Stufen voneinander?",
    "Growth is a pattern of behaviour that others can rely on. " * 3,
    "A long passage that is cut off at the end of what the model reads. " * 40,
)


def export_model(model: Path, ready: Path, fingerprint: str, weights: Path | None = None) -> None:
    """Export the sentence-transformers folder `model` into the new folder `ready`; loads torch.

    `weights` takes the place of the model's own: a file that `write_weights` made.

    Raises ModelError when the export's vectors are not the original's.
    """
    import logging  # noqa: PLC0415  (only in the exporting process)
    import warnings  # noqa: PLC0415

    logging.disable(logging.WARNING)
    ready.mkdir()
    with warnings.catch_warnings():
        # torch warns of its own deprecations while exporting; parity is measured below.
        warnings.simplefilter("ignore")
        original = _export(model, ready, weights)
        exact = _parity(ready / "model.onnx", original)
        if not exact >= PARITY:  # also when it is not a number
            raise ModelError(f"The export's lowest cosine is {exact:.6f}; allowed: {PARITY}.")
        parity = with_8_bits(ready / "model.onnx", original) or exact
    for name in FILES:
        _to_whole_seconds(ready / name)
    about = {
        "export": EXPORT,
        "fingerprint": fingerprint,
        "dimensions": int(original.shape[1]),
        "parity": round(parity, 6),
        "files": {name: record_of(ready / name) for name in FILES},
    }
    (ready / "encoder.json").write_text(json.dumps(about, indent=1), "utf-8")


def _to_whole_seconds(path: Path) -> None:
    """An archive or an image's layer keeps no more of a file's time, which tells it is the same."""
    seconds = int(path.stat().st_mtime)
    os.utime(path, (seconds, seconds))


def _export(model: Path, ready: Path, weights: Path | None) -> NDArray[np.float32]:
    """Write the whole model (encoder, pooling, unit length) as ONNX, and its tokenizer.

    Returns the original's vectors of `PARITY_TEXTS`, [n, dimensions].
    """
    import torch  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    original = SentenceTransformer(
        str(model),
        device="cpu",
        local_files_only=True,
        model_kwargs={"attn_implementation": "eager"},
    )
    limit = min(original.max_seq_length or MAX_TOKENS, MAX_TOKENS)
    original.max_seq_length = limit
    if weights is not None:
        original[0].auto_model.load_state_dict(read_weights(weights))

    class Whole(torch.nn.Module):
        """Token numbers [1, length] → the vector [1, dimensions] of unit length."""

        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(original)

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": torch.ones_like(input_ids)}
            for part in self.parts:
                features = part(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)

    with torch.no_grad():
        torch.onnx.export(
            Whole().eval(),
            (torch.ones((1, 12), dtype=torch.int64),),
            str(ready / "model.onnx"),
            dynamo=True,
            external_data=False,
            verbose=False,
            input_names=["input_ids"],
            output_names=["vector"],
            dynamic_shapes={"input_ids": {1: torch.export.Dim("length", min=2, max=limit)}},
        )
    tokenizer = original.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    tokenizer.save(str(ready / "tokenizer.json"))
    vectors: NDArray[np.float32] = original.encode(list(PARITY_TEXTS), normalize_embeddings=True)
    return vectors


def with_8_bits(model: Path, original: NDArray[np.float32]) -> float | None:
    """Bring an exported model to 8 bits; the lowest cosine to `original` then.

    None, and nothing is changed, where too much would be lost.
    """
    small = model.with_suffix(".small.onnx")
    tokenizer = Tokenizer.from_file(str(model.parent / "tokenizer.json"))
    numbers = [tokenizer.encode(text).ids for text in PARITY_TEXTS]
    quantize(model, small, [{"input_ids": np.asarray([ids], dtype=np.int64)} for ids in numbers])
    parity = _parity(small, original)
    if not parity >= PARITY_8_BITS:
        small.unlink()
        return None
    small.replace(model)
    return parity


def _parity(model: Path, original: NDArray[np.float32]) -> float:
    """The lowest cosine between the original's vectors and an export's. Raises ModelError."""
    session = open_session(model)
    tokenizer = Tokenizer.from_file(str(model.parent / "tokenizer.json"))
    vectors = np.stack([text_vector(session, tokenizer, text) for text in PARITY_TEXTS])
    return float((vectors * original).sum(axis=1).min())


def write_weights(state: Mapping[str, torch.Tensor], path: Path) -> None:
    """Save a model's weights with 8 bits each: every row of a matrix times a scale of its own.

    Vectors (biases, norms) keep 32 bits: they are 0.2 % of all.
    """
    import torch  # noqa: PLC0415
    from safetensors.torch import save_file  # noqa: PLC0415

    saved: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if tensor.ndim == 2 and tensor.is_floating_point():
            scale = tensor.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
            saved[name] = (tensor / scale).round().to(torch.int8)
            saved[name + _SCALE] = scale
        else:
            saved[name] = tensor.contiguous()
    save_file(saved, path)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights of `write_weights`, 32 bits each again, within half a step of their scale."""
    from safetensors.torch import load_file  # noqa: PLC0415

    saved = load_file(path)
    return {
        name: tensor * saved[name + _SCALE] if name + _SCALE in saved else tensor
        for name, tensor in saved.items()
        if not name.endswith(_SCALE)
    }


if __name__ == "__main__":
    model_folder, ready_folder, name, *tuned = sys.argv[1:]
    export_model(Path(model_folder), Path(ready_folder), name, *map(Path, tuned))
