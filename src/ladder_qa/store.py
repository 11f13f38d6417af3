"""The files of index generations: their layout, exact JSON, hashes, the pointer and the lock.

`CURRENT` names the generation that is served; it is switched by one atomic rename after the new
generation's files are on the disk, so that a kill leaves the old one or the new one.
Not covered: vectors in Chroma and what a generation means (`index`); when to build (`ingest`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout

from ladder_qa.bank import EMPTY_BANK, Bank
from ladder_qa.datamodels import Ladder, Passage, RefusedFile, Span, as_json
from ladder_qa.decoding import from_json
from ladder_qa.disk import save_array, sync_folder
from ladder_qa.errors import IndexDamagedError, IngestRunningError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FORMAT = 4  # of everything in a generation's folder; another number is never read
_ID = re.compile(r"[0-9a-f]{12}-[0-9a-f]{8}")
_POINTER = "CURRENT"
_NEXT_POINTER = "CURRENT.new"
_MANIFEST = "manifest.json"
_VECTORS = "vectors.npy"
_BANK_VECTORS = "bank-vectors.npy"
_WORDS = "bm25"
CHROMA = "chroma"
_GRAPH = "/index_metadata.pickle"  # there where Chroma has stored a graph: from 1,000 records on
REPAIR = "Run `ladder-qa ingest` to build it again."


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as the generation holds it: its exact text, against which citations count."""

    path: str
    slug: str
    title: str
    text: str
    sha256: str  # of the file's bytes, which are the text in UTF-8


@dataclass(frozen=True, slots=True)
class Documents:
    """All documents of a generation by path, and the files that could not be read."""

    documents: tuple[StoredDocument, ...]
    refused: tuple[RefusedFile, ...]


@dataclass(frozen=True, slots=True)
class FileHash:
    """A file of a generation, relative to its folder, and its SHA-256."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation was made of and what it holds."""

    format: int
    id: str
    corpus: str  # SHA-256 of the corpus
    bank: str  # SHA-256 of its probably-asked questions
    encoder: str  # fingerprint
    code: str  # digest of the program that read the corpus
    chroma_url: str  # empty: embedded, in the generation's folder
    collection: str
    documents: int
    passages: int
    dimensions: int
    files: tuple[FileHash, ...]
    chroma: tuple[FileHash, ...]  # Chroma's own files, as building left them
    sha256: str  # of this manifest with an empty one here


@dataclass(frozen=True, eq=False)
class Content:
    """All of a generation but its word index and its collection."""

    documents: Documents
    ladder: Ladder
    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32]  # [passages, dimensions], the encoder's own bits
    bank: Bank = EMPTY_BANK
    bank_vectors: NDArray[np.float32] | None = None  # [questions, dimensions]; None: no questions


def folder_of(data: Path, generation: str) -> Path:
    """The folder of one generation."""
    return data / "generations" / generation


def words_folder(folder: Path) -> Path:
    """Where a generation keeps its word index."""
    return folder / _WORDS


def read_pointer(data: Path) -> str | None:
    """The id of the generation that is served, or None. Raises IndexDamagedError."""
    try:
        text = (data / _POINTER).read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamagedError(
            f"The pointer file {data / _POINTER} cannot be read: {error}. {REPAIR}"
        ) from error
    if not _ID.fullmatch(text):
        raise IndexDamagedError(
            f"The pointer file {data / _POINTER} holds {text[:40]!r}, which names no generation. "
            f"{REPAIR}"
        )
    return text


def may_be_served(data: Path, generation: str) -> bool:
    """Whether the pointer names `generation`, or cannot be read: then nothing may be deleted."""
    try:
        return read_pointer(data) == generation
    except IndexDamagedError:
        return True


def switch_pointer(data: Path, generation: str) -> None:
    """Serve `generation` from now on: one atomic rename, after everything is on the disk.

    Raises OSError, and StoreError where the rename was done and the disk did not confirm it.
    """
    temporary = data / _NEXT_POINTER
    with temporary.open("w", encoding="utf-8") as file:
        file.write(generation + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(data / _POINTER)
    try:
        sync_folder(data)
    except OSError as error:
        raise StoreError(
            f"The generation {generation} is served from now on, but the disk of {data} did not "
            f"confirm it: {error.strerror}. After a power failure it may be the one before."
        ) from error


def write_content(folder: Path, content: Content) -> None:
    """Write all files but the word index, the collection and the manifest."""
    _write(folder / "documents.json", as_json(content.documents))
    _write(folder / "passages.json", as_json(content.passages))
    _write(folder / "ladder.json", as_json(content.ladder))
    save_array(folder / _VECTORS, content.vectors)
    _write(folder / "bank.json", as_json(content.bank))
    if content.bank_vectors is not None:
        save_array(folder / _BANK_VECTORS, content.bank_vectors)


def read_content(folder: Path) -> Content:
    """Read what `write_content` wrote, from files whose hashes were checked.

    Raises IndexDamagedError when the parts do not fit each other.
    """
    try:
        content = Content(
            from_json(Documents, (folder / "documents.json").read_text("utf-8")),
            from_json(Ladder, (folder / "ladder.json").read_text("utf-8")),
            from_json(tuple[Passage, ...], (folder / "passages.json").read_text("utf-8")),
            np.load(folder / _VECTORS),
            from_json(Bank, (folder / "bank.json").read_text("utf-8")),
            np.load(folder / _BANK_VECTORS) if (folder / _BANK_VECTORS).exists() else None,
        )
        content.vectors.setflags(write=False)
        check_content(content)
    except (OSError, ValueError) as error:
        raise IndexDamagedError(f"The index in {folder} is damaged: {error}. {REPAIR}") from error
    return content


def check_content(content: Content) -> None:
    """Every quote and context is the document's text at its place. Raises ValueError."""
    questions = 0 if content.bank_vectors is None else len(content.bank_vectors)
    if questions != len(content.bank.questions):
        raise ValueError("its probably-asked questions and their vectors differ in number")
    texts = {document.path: document.text for document in content.documents.documents}
    ids = {passage.id for passage in content.passages}
    if len(ids) != len(content.passages) or len(content.vectors) != len(content.passages):
        raise ValueError("its passages, their ids and their vectors differ in number")
    for document in content.documents.documents:
        if hashlib.sha256(document.text.encode()).hexdigest() != document.sha256:
            raise ValueError(f"the text of {document.path} is not the file's")
    for passage in content.passages:
        text = texts.get(passage.document, "")
        for span in (Span(passage.quote, passage.start, passage.end), *passage.context):
            if not span.text or text[span.start : span.end] != span.text:
                place = f"{passage.document} at {span.start}-{span.end}"
                raise ValueError(f"{place} does not read {span.text!r}")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest with the hashes of all files and of itself.

    Chroma's are apart, as it rewrites its own files whenever it opens them: files that are no
    longer the same need not be damaged, and then its records are compared one by one.
    """
    found = _hashes(folder, folder)
    chroma = tuple(file for file in found if file.path.startswith(f"{CHROMA}/"))
    files = tuple(file for file in found if file not in chroma)
    whole = dataclasses.replace(manifest, files=files, chroma=chroma, sha256="")
    _write(folder / _MANIFEST, as_json(dataclasses.replace(whole, sha256=_digest(whole))))


def synchronize(folder: Path) -> None:
    """Bring a generation's files and folders to the disk; nothing writes into them any more."""
    places = [path for path in sorted(folder.rglob("*")) if path.is_dir()]
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    for place in (*places, folder, folder.parent):
        sync_folder(place)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation. Raises IndexDamagedError."""
    try:
        text = (folder / _MANIFEST).read_text("utf-8")
        number = json.loads(text)["format"]
        if number != FORMAT:
            raise IndexDamagedError(
                f"The index in {folder} has the format {number!r}; allowed: {FORMAT}. {REPAIR}"
            )
        manifest: Manifest = from_json(Manifest, text)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamagedError(
            f"The manifest in {folder} cannot be read: {error!r}. {REPAIR}"
        ) from error
    if manifest.sha256 != _digest(manifest) or manifest.id != folder.name:
        raise IndexDamagedError(f"The manifest in {folder} was changed. {REPAIR}")
    return manifest


@functools.cache
def code_digest() -> str:
    """A digest of the program's own modules: another program may read the corpus otherwise."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()


def current_manifest(data: Path) -> Manifest | None:
    """What the served generation was made of, or None when there is none.

    Raises IndexDamagedError.
    """
    generation = read_pointer(data)
    return None if generation is None else read_manifest(folder_of(data, generation))


def check_files(folder: Path, manifest: Manifest) -> None:
    """Every file is the one that the manifest names. Raises IndexDamagedError."""
    for file in manifest.files:
        try:
            found = _sha256(folder / file.path)
        except OSError as error:
            raise IndexDamagedError(
                f"The index file {folder / file.path} is missing or cannot be read. {REPAIR}"
            ) from error
        if found != file.sha256:
            raise IndexDamagedError(
                f"The index file {folder / file.path} was changed: its SHA-256 is {found}; "
                f"allowed: {file.sha256}. {REPAIR}"
            )


def chroma_untouched(folder: Path, manifest: Manifest) -> bool:
    """Whether Chroma's own files are still those that building left.

    Raises IndexDamagedError where files of a graph are not, which Chroma only reads: it does not
    check them, and crashes over some that are damaged.
    """
    try:
        found = _hashes(folder, folder / CHROMA)
    except OSError as error:
        place = error.filename or folder / CHROMA
        raise IndexDamagedError(f"The index file {place} cannot be read. {REPAIR}") from error
    stored = {Path(file.path).parent for file in manifest.chroma if file.path.endswith(_GRAPH)}
    for file in manifest.chroma:
        if Path(file.path).parent in stored and file not in found:
            raise IndexDamagedError(
                f"The index file {folder / file.path} is missing or was changed. {REPAIR}"
            )
    return found == manifest.chroma


def other_generations(data: Path, kept: set[str | None]) -> list[str]:
    """The generations that may go, also what a killed build left."""
    try:
        names = sorted(path.name for path in (data / "generations").iterdir())
    except OSError:
        return []
    return [name for name in names if name not in kept]


def remove_generation(data: Path, generation: str, *, remember: bool = False) -> None:
    """Delete one generation's files; what cannot be deleted now goes the next time.

    `remember` leaves its empty folder, so that the next time knows of it.
    """
    folder = folder_of(data, generation)
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        (data / _NEXT_POINTER).unlink(missing_ok=True)  # of a switch that was not done
        if remember:
            folder.mkdir()


@contextlib.contextmanager
def writer_lock(data: Path) -> Iterator[None]:
    """Hold the one writer's lock of a data folder; a killed holder's lock is free again.

    Raises IngestRunningError at once when another process or thread holds it.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data / "ingest.lock", timeout=0, thread_local=False)
        lock.acquire()
    except Timeout as error:
        raise IngestRunningError(
            f"Another process is building the index in {data}; this one does not."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The data folder {data} cannot be written to: {error.strerror or error}."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _digest(manifest: Manifest) -> str:
    text = as_json(dataclasses.replace(manifest, sha256=""))
    return hashlib.sha256(text.encode()).hexdigest()


def _hashes(folder: Path, below: Path) -> tuple[FileHash, ...]:
    """All files below a folder, their paths relative to `folder`."""
    paths = [path for path in sorted(below.rglob("*")) if path.is_file()]
    return tuple(FileHash(path.relative_to(folder).as_posix(), _sha256(path)) for path in paths)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
