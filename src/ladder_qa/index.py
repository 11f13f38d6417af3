"""Index generations: built beside the old one, checked record by record, switched, and opened.

A generation holds the documents' exact text, the passages, the ladder, their vectors and words,
and a Chroma collection of its own, embedded or on the configured server.
Not covered: reading the corpus and encoding (`ingest`); how scores become hits (`retrieve`).
"""

from __future__ import annotations

import contextlib
import secrets
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ladder_qa.chroma import (
    check_collection,
    client_of,
    close,
    connect,
    store_errors,
    write_collection,
)
from ladder_qa.disk import disk_errors, try_disk
from ladder_qa.errors import IndexDamagedError, IndexMissingError, StoreError
from ladder_qa.ranking import best_rows
from ladder_qa.store import (
    CHROMA,
    FORMAT,
    REPAIR,
    Content,
    Manifest,
    StoredDocument,
    check_content,
    check_files,
    chroma_untouched,
    code_digest,
    folder_of,
    may_be_served,
    other_generations,
    read_content,
    read_manifest,
    read_pointer,
    remove_generation,
    switch_pointer,
    synchronize,
    words_folder,
    write_content,
    write_manifest,
)
from ladder_qa.store import writer_lock as writer_lock  # noqa: PLC0414  (offered here too)
from ladder_qa.words import WordIndex
from ladder_qa.words import tokens as tokens  # noqa: PLC0414

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from ladder_qa.bank import Bank
    from ladder_qa.datamodels import Ladder, Passage, RefusedFile
    from ladder_qa.settings import Settings

    Nearest = Callable[[NDArray[np.float32], int], list[int]]

# Up to here vectors are compared one by one, which is exact: 4 ms at 100,000 of 384 dimensions.
# Beyond it Chroma's HNSW graph names the candidates, and they are compared exactly.
EXACT_LIMIT = 100_000
_CANDIDATES = 4  # times as many asked of the graph as wanted
_TRIAL = 1_000_000  # bytes: Chroma's files are 0.5 MB before the first record


@dataclass(frozen=True, eq=False)
class Generation:
    """One whole index, in memory; read-only and safe to share between threads."""

    id: str
    corpus_sha256: str  # "sha256:…", as an answer shows it
    encoder: str  # fingerprint of the encoder that made the vectors
    texts: Mapping[str, StoredDocument]  # by path
    refused: tuple[RefusedFile, ...]
    passages: tuple[Passage, ...]
    ladder: Ladder
    vectors: NDArray[np.float32]  # [passages, dimensions]
    bank: Bank
    bank_vectors: NDArray[np.float32] | None  # [questions, dimensions]; None: no questions
    _words: WordIndex = field(repr=False)
    _nearest: Nearest | None = field(default=None, repr=False)

    def word_scores(self, asked: Sequence[str]) -> NDArray[np.float32]:
        """BM25 of every passage for the `tokens` of a question, [passages]."""
        return self._words.scores(asked)

    def words_held(self, asked: Iterable[str], passages: Sequence[int]) -> NDArray[np.int64]:
        """How many of some different `tokens` each of some passages, by position, holds."""
        return self._words.held(asked, np.asarray(passages, dtype=np.int64))

    def dense(
        self, vector: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `k` passages nearest to a vector of unit length, and their cosines, best first.

        Equal cosines stand in reading order. Raises StoreError when a Chroma server is needed
        and does not answer.
        """
        if self._nearest is None:
            rows = np.arange(len(self.vectors), dtype=np.int64)
        else:
            near = self._nearest(vector, min(k * _CANDIDATES, len(self.vectors)))
            rows = np.array(sorted(near), dtype=np.int64)
        cosines = self.vectors[rows] @ vector if self._nearest else self.vectors @ vector
        best = best_rows(cosines, k)
        return rows[best], cosines[best]


def current_generation_id(settings: Settings) -> str | None:
    """The id of the generation that is served, or None; one small file is read."""
    return read_pointer(settings.data)


def open_generation(
    settings: Settings, encoder_fingerprint: str | None, exact_limit: int = EXACT_LIMIT
) -> Generation:
    """The served generation, every file checked against its manifest.

    With more than `exact_limit` passages `dense` asks Chroma for candidates.
    Raises IndexMissingError; IndexDamagedError when a file was changed, when the format is
    another one, or when its vectors are of another encoder (None: any); StoreError.
    """
    for _ in range(2):
        generation = read_pointer(settings.data)
        if generation is None:
            break
        try:
            return _open(settings, generation, encoder_fingerprint, exact_limit)
        except IndexDamagedError:
            # Another process may have switched and cleaned up since the pointer was read.
            if read_pointer(settings.data) == generation:
                raise
    raise IndexMissingError(
        f"There is no index in {settings.data}. Run `ladder-qa ingest` to build it."
    )


def _open(
    settings: Settings, generation: str, encoder_fingerprint: str | None, exact_limit: int
) -> Generation:
    folder = folder_of(settings.data, generation)
    manifest = read_manifest(folder)
    if encoder_fingerprint not in (None, manifest.encoder):
        raise IndexDamagedError(
            f"The index was built with the encoder {manifest.encoder}, and the configured one is "
            f"{encoder_fingerprint}. {REPAIR}"
        )
    if manifest.chroma_url != settings.chroma_url:
        raise IndexDamagedError(
            f"The index was built in {manifest.chroma_url or 'the embedded Chroma'}, and "
            f"LADDER_QA_CHROMA_URL has the value {settings.chroma_url!r}. {REPAIR}"
        )
    check_files(folder, manifest)
    content = read_content(folder)
    try:
        words = WordIndex.from_folder(words_folder(folder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamagedError(
            f"The word index in {folder} is damaged: {error!r}. {REPAIR}"
        ) from error
    if len(content.passages) != manifest.passages or words.count != manifest.passages:
        raise IndexDamagedError(
            f"The index in {folder} has not the passages of its manifest. {REPAIR}"
        )
    return Generation(
        id=manifest.id,
        corpus_sha256=f"sha256:{manifest.corpus}",
        encoder=manifest.encoder,
        texts=MappingProxyType({d.path: d for d in content.documents.documents}),
        refused=content.documents.refused,
        passages=content.passages,
        ladder=content.ladder,
        vectors=content.vectors,
        bank=content.bank,
        bank_vectors=content.bank_vectors,
        _words=words,
        _nearest=_search_in(settings, folder, manifest, content.passages, exact_limit),
    )


def build_generation(
    settings: Settings, content: Content, corpus: str, encoder: str, bank: str = ""
) -> str:
    """Write, check and switch to a new generation; returns its id. Holds no lock: see `ingest`.

    `corpus` is the corpus' SHA-256, `encoder` the fingerprint, `bank` the SHA-256 of the
    probably-asked questions. Raises StoreError, and IndexDamagedError when what was written does
    not read back; the old generation stays then.
    """
    try:
        check_content(content)
    except ValueError as error:
        raise IndexDamagedError(f"The passages are not the documents' text: {error}.") from error
    previous = None
    with contextlib.suppress(IndexDamagedError):  # a damaged pointer is replaced
        previous = read_pointer(settings.data)
    generation = f"{corpus[:12]}-{secrets.token_hex(4)}"  # a folder name is never used twice
    manifest = Manifest(
        format=FORMAT,
        id=generation,
        corpus=corpus,
        bank=bank,
        encoder=encoder,
        code=code_digest(),
        chroma_url=settings.chroma_url,
        collection=f"ladder-qa-{generation}",
        documents=len(content.documents.documents),
        passages=len(content.passages),
        dimensions=int(content.vectors.shape[1]),
        files=(),
        chroma=(),
        sha256="",
    )
    try:
        with disk_errors(settings.data):
            _write_generation(settings, manifest, content)
            switch_pointer(settings.data, generation)
    except BaseException:
        if not may_be_served(settings.data, generation):
            _remove(settings, [generation])
        raise
    _remove(settings, other_generations(settings.data, {generation, previous}))
    return generation


def _write_generation(settings: Settings, manifest: Manifest, content: Content) -> None:
    """Everything of a generation, read back and brought to the disk."""
    folder = folder_of(settings.data, manifest.id)
    folder.mkdir(parents=True)
    write_content(folder, content)
    WordIndex.from_texts([p.text for p in content.passages]).save(words_folder(folder))
    try:
        write_collection(settings, folder, manifest, content)
        check_collection(settings, folder, manifest, content)
    except StoreError:
        if not settings.chroma_url:  # the disk itself says what it refuses better than Chroma does
            place = folder / CHROMA
            try_disk(place if place.is_dir() else folder, _TRIAL + 2 * content.vectors.nbytes)
        raise
    write_manifest(folder, manifest)
    _open(settings, manifest.id, manifest.encoder, EXACT_LIMIT)
    synchronize(folder)


def remove_leftovers(settings: Settings) -> None:
    """Delete all generations but the served one: those before it, and what killed builds left.

    Nothing where the pointer names none: then one of them may be all there is.
    """
    with contextlib.suppress(IndexDamagedError):
        served = read_pointer(settings.data)
        if served is not None:
            _remove(settings, other_generations(settings.data, {served}))


def _remove(settings: Settings, generations: Iterable[str]) -> None:
    """Delete generations that nobody opens any more, with their collections on the server.

    A server that does not answer now is told the next time.
    """
    names = list(generations)
    told = not (settings.chroma_url and names)
    with contextlib.suppress(StoreError):
        if not told:
            with client_of(settings, Path()) as client:
                for generation in names:
                    with contextlib.suppress(IndexDamagedError), store_errors(settings, Path()):
                        client.delete_collection(f"ladder-qa-{generation}")
            told = True
    for generation in names:
        remove_generation(settings.data, generation, remember=not told)


def _search_in(
    settings: Settings,
    folder: Path,
    manifest: Manifest,
    passages: Sequence[Passage],
    exact_limit: int,
) -> Nearest | None:
    """How to ask Chroma for candidates, or None where all vectors are compared one by one."""
    if settings.chroma_url:
        with client_of(settings, folder) as client:
            count = client.get_collection(manifest.collection, embedding_function=None).count()
        if count != manifest.passages:
            raise IndexDamagedError(
                f"The collection {manifest.collection} on {settings.chroma_url} holds {count} "
                f"records; allowed: {manifest.passages}. {REPAIR}"
            )
    if manifest.passages <= exact_limit:
        return None
    if not settings.chroma_url:
        chroma_untouched(folder, manifest)  # for what it raises
    with store_errors(settings, folder):
        client = connect(settings, folder)
        collection = client.get_collection(manifest.collection, embedding_function=None)
    row_of = {passage.id: row for row, passage in enumerate(passages)}

    def nearest(vector: NDArray[np.float32], count: int) -> list[int]:
        with store_errors(settings, folder):
            found = collection.query(query_embeddings=[vector], n_results=count, include=[])
            return [row_of[record] for record in found["ids"][0]]

    weakref.finalize(nearest, close, client)  # open as long as the generation is in use
    return nearest
