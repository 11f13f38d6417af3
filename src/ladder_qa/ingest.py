"""Corpus → a new index generation: the ordered calls of building, and when to build.

Only what changed is encoded again; nothing is built when corpus, encoder and program are those
of the served generation. Building loads llama-index, and a model's export torch; asking neither.
Not covered: watching the folder, which a server does by asking `stale` between requests.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ladder_qa.bank import bank_fingerprint
from ladder_qa.chroma import check_records
from ladder_qa.corpus import corpus_fingerprint
from ladder_qa.datamodels import as_json
from ladder_qa.encode import encoder_fingerprint, prepare_encoder
from ladder_qa.errors import (
    CorpusError,
    IndexDamagedError,
    IngestRunningError,
    LadderError,
    StoreError,
)
from ladder_qa.index import (
    build_generation,
    current_generation_id,
    open_generation,
    remove_leftovers,
    writer_lock,
)
from ladder_qa.reading import read_steadily
from ladder_qa.settings import Settings
from ladder_qa.store import (
    Content,
    Documents,
    Manifest,
    StoredDocument,
    check_files,
    code_digest,
    current_manifest,
    folder_of,
    read_content,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from ladder_qa.datamodels import RefusedFile
    from ladder_qa.encode import Encoder
    from ladder_qa.reading import Reading

    Progress = Callable[[str, int, int], None]
    Vectors = Mapping[str, NDArray[np.float32]]

_WAIT_S = 120.0  # for another process that builds the first index
_LOOK_S = 0.2  # between two looks at whether it has finished
_STEP = 64  # passages encoded between two reports of progress


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingestion found and did; documents are named by their paths."""

    generation: str
    built: bool  # False: the served generation was up to date
    documents: int
    passages: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    encoded: int  # passages whose vectors were made
    reused: int  # passages whose vectors were taken over
    refused: tuple[RefusedFile, ...]
    questions: int  # probably-asked ones that hold for these documents
    set_aside: int  # those whose statements are no longer there
    seconds: float


@dataclass(frozen=True, eq=False)
class _Old:
    """The served generation, as far as building needs it."""

    manifest: Manifest
    content: Content


def ingest(
    settings: Settings,
    progress: Progress | None = None,
    force: bool = False,  # noqa: FBT001, FBT002  (one flag, also of the command line)
) -> IngestReport:
    """Build a generation from the corpus, unless the served one is up to date.

    `progress` gets a step's name, what is done and what there is to do; `force` builds and
    encodes everything anew. Raises CorpusError, ModelError, IngestRunningError, StoreError,
    IndexDamagedError; the served generation stays as it is then.
    """
    started = time.monotonic()
    say = progress or _silent
    sha256 = corpus_fingerprint(settings.corpus)  # first: no corpus, no data folder
    with writer_lock(settings.data):
        remove_leftovers(settings)  # first: they may be what fills the disk
        old = None if force else _served(settings)
        fingerprint = encoder_fingerprint(settings)
        fits = old is not None and _fits(old.manifest, settings, sha256, fingerprint)
        if old is not None and fits and _stored(settings):
            return _report(old.manifest.id, old.content, old, None, started)
        say("read", 0, 1)
        read = read_steadily(settings.corpus)
        say("read", 1, 1)
        encoder = prepare_encoder(settings, progress)
        same_encoder = old is not None and old.manifest.encoder == encoder.fingerprint
        known = _vectors_of(old.content) if old is not None and same_encoder else {}
        content, encoded = _make_content(read, encoder, known, say)
        say("store", 0, 1)
        generation = build_generation(
            settings, content, read.corpus.sha256, encoder.fingerprint, read.bank_sha256
        )
        say("store", 1, 1)
        return _report(generation, content, old, encoded, started)


def stale(settings: Settings) -> bool:
    """Whether the corpus (or the program that reads it) is no longer that of the served index.

    False when there is no corpus folder: then there is nothing to build from. Cheap enough for
    a server's look between requests; another model is noticed at start, by `ensure_index`.
    """
    return bool(_reason(settings, encoder=None))


def ensure_index(
    settings: Settings,
    report: Callable[[str], None],
    build: Callable[[Settings], IngestReport] = ingest,
) -> None:
    """Build when there is no index or the corpus changed; `report` gets a sentence then.

    When another process is building: waits for it, up to 120 s, if there is no index that can be
    used, and goes on with the old index otherwise, as it does when building fails. Raises
    CorpusError when there is neither index nor corpus, IngestRunningError, and whatever else
    `ingest` raises.
    """
    encoder = encoder_fingerprint(settings) if _pointer(settings) is not None else None
    usable = _usable(settings, encoder)
    try:
        reason = _reason(settings, encoder) or _lost(settings)
        if reason:
            report(reason)
            _build_in_turn(settings, encoder, build, 0.0 if usable else _WAIT_S)
    except IngestRunningError:
        if not usable:
            raise
        report("Another process is building the index; the old one answers meanwhile.")
    except (CorpusError, StoreError, IndexDamagedError) as error:
        if not usable:
            raise
        report(f"{error} The index that was built before answers meanwhile.")


def _usable(settings: Settings, encoder: str | None) -> bool:
    """Whether the served generation, if its files are whole, can be opened with these settings."""
    try:
        manifest = current_manifest(settings.data)
    except IndexDamagedError:
        return False
    own = (encoder, settings.chroma_url)
    return manifest is not None and own == (manifest.encoder, manifest.chroma_url)


def _build_in_turn(
    settings: Settings,
    encoder: str | None,
    build: Callable[[Settings], IngestReport],
    wait_s: float,
) -> None:
    """Build, or wait until another process has built. Raises what `build` raises."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            build(settings)
        except IngestRunningError:
            if time.monotonic() >= deadline:
                raise
            _wait_for_writer(settings.data, deadline)
            if not _reason(settings, encoder):
                return
        else:
            return


def _wait_for_writer(data: Path, deadline: float) -> None:
    while time.monotonic() < deadline:
        with contextlib.suppress(IngestRunningError), writer_lock(data):
            return
        time.sleep(_LOOK_S)


def _silent(step: str, done: int, total: int) -> None:
    """No report of progress."""


def _pointer(settings: Settings) -> str | None:
    try:
        return current_generation_id(settings)
    except IndexDamagedError:
        return None  # a damaged pointer is replaced by building


def _reason(settings: Settings, encoder: str | None) -> str:
    """Why an index has to be built, in a sentence; empty where one is up to date.

    Empty also where there is one and no corpus to build from.
    """
    corpus, data = settings.corpus, settings.data
    if not corpus.is_dir() and _pointer(settings) is not None:
        return ""
    try:
        manifest = current_manifest(data)
    except IndexDamagedError:
        return f"The index in {data} cannot be read: building it again from {corpus}."
    if manifest is None:
        return f"There is no index in {data}: building it from {corpus}."
    if _fits(manifest, settings, corpus_fingerprint(corpus), encoder):
        return ""
    return f"The corpus in {corpus} or the configuration changed: building the index again."


def _fits(manifest: Manifest, settings: Settings, corpus: str, encoder: str | None) -> bool:
    return (
        manifest.corpus == corpus
        and manifest.bank == bank_fingerprint(settings.corpus)
        and manifest.code == code_digest()
        and manifest.chroma_url == settings.chroma_url
        and encoder in (None, manifest.encoder)
    )


def _stored(settings: Settings) -> bool:
    """Whether Chroma still holds the records of the served generation. Raises StoreError."""
    try:
        check_records(settings)
    except IndexDamagedError:
        return False
    return True


def _lost(settings: Settings) -> str:
    """Why to build where a Chroma server does not hold the served generation; empty elsewhere.

    It was emptied, or another one took its place. One that is away says nothing of what it holds.
    """
    if settings.chroma_url and _pointer(settings) is not None:
        try:
            open_generation(settings, None)
        except IndexDamagedError:
            return f"The Chroma server has lost the index: building it from {settings.corpus}."
        except StoreError:
            pass
    return ""


def _served(settings: Settings) -> _Old | None:
    """The served generation, or None when there is none that can be read."""
    try:
        manifest = current_manifest(settings.data)
        if manifest is None:
            return None
        folder = folder_of(settings.data, manifest.id)
        check_files(folder, manifest)
        return _Old(manifest, read_content(folder))
    except IndexDamagedError:
        return None


def _make_content(
    read: Reading, encoder: Encoder, known: Vectors, say: Progress
) -> tuple[Content, int]:
    """All of a generation, and how many passages have a vector that was made for it."""
    texts = [passage.text for passage in read.passages]
    asked = [question.text for question in read.bank.questions]
    new = _encode_new([*texts, *asked], encoder, known, say)
    documents = tuple(
        StoredDocument(d.path, d.slug, d.title, d.text, d.sha256) for d in read.corpus.documents
    )
    content = Content(
        Documents(documents, read.corpus.refused),
        read.ladder,
        read.passages,
        _rows(texts, new, known),
        read.bank,
        _rows(asked, new, known) if asked else None,
    )
    return content, sum(text in new for text in texts)


def _rows(texts: Sequence[str], new: Vectors, known: Vectors) -> NDArray[np.float32]:
    return np.stack([new[text] if text in new else known[text] for text in texts])


def _encode_new(
    all_texts: Sequence[str], encoder: Encoder, known: Vectors, say: Progress
) -> Vectors:
    """Vectors of those texts that have none yet; equal texts are encoded once."""
    texts = list(dict.fromkeys(text for text in all_texts if text not in known))
    vectors: dict[str, NDArray[np.float32]] = {}
    # One thread for each encoding, as many encodings at once as there are processors.
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        rows = pool.map(lambda text: encoder.encode([text])[0], texts)
        for number, (text, row) in enumerate(zip(texts, rows, strict=True)):
            if number % _STEP == 0:
                say("encode", number, len(texts))
            vectors[text] = row
    finally:
        pool.shutdown(cancel_futures=True)  # an interruption does not wait for the rest
    say("encode", len(texts), len(texts))
    return vectors


def _vectors_of(content: Content) -> Vectors:
    known = {p.text: row for p, row in zip(content.passages, content.vectors, strict=True)}
    if content.bank_vectors is not None:
        rows = zip(content.bank.questions, content.bank_vectors, strict=True)
        known |= {question.text: row for question, row in rows}
    return known


def _report(
    generation: str, content: Content, old: _Old | None, encoded: int | None, started: float
) -> IngestReport:
    """`encoded` is None when nothing was built."""
    before = {d.path: d.sha256 for d in old.content.documents.documents} if old else {}
    after = {d.path: d.sha256 for d in content.documents.documents}
    count = len(content.passages)
    return IngestReport(
        generation=generation,
        built=encoded is not None,
        documents=len(after),
        passages=count,
        added=tuple(path for path in after if path not in before),
        changed=tuple(p for p in after if p in before and before[p] != after[p]),
        removed=tuple(path for path in before if path not in after),
        unchanged=tuple(p for p in after if before.get(p) == after[p]),
        encoded=encoded or 0,
        reused=count - (encoded or 0),
        refused=content.documents.refused,
        questions=len(content.bank.questions),
        set_aside=len(content.bank.set_aside),
        seconds=time.monotonic() - started,
    )


def main() -> int:
    """One ingestion as the settings say, its report on standard output.

    Exit statuses as on the command line: 4 for no corpus, 1 for any other failure.
    """
    try:
        report = ingest(Settings.load())
    except LadderError as error:
        sys.stderr.write(f"{error}\n")
        return 4 if isinstance(error, CorpusError) else 1
    sys.stdout.write(as_json(report) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
