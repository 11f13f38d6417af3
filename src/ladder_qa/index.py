"""Index generations: built beside the old one, checked record by record, switched, and opened.

A generation holds the documents' exact text, the passages, the ladder, their vectors and words,
and a Chroma collection of its own, embedded or on the configured server.
Not covered: reading the corpus and encoding (`ingest`); how scores become hits (`retrieve`).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import weakref
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np

from ladder_qa.errors import IndexDamagedError, IndexMissingError, StoreError
from ladder_qa.ranking import best_rows
from ladder_qa.store import (
    CHROMA,
    FORMAT,
    Content,
    Manifest,
    StoredDocument,
    check_content,
    check_files,
    code_digest,
    folder_of,
    other_generations,
    read_content,
    read_manifest,
    read_pointer,
    remove_generation,
    switch_pointer,
    words_folder,
    write_content,
    write_manifest,
)
from ladder_qa.store import writer_lock as writer_lock  # noqa: PLC0414  (offered here too)
from ladder_qa.words import WordIndex
from ladder_qa.words import tokens as tokens  # noqa: PLC0414

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from ladder_qa.bank import Bank
    from ladder_qa.datamodels import Ladder, Passage, RefusedFile
    from ladder_qa.settings import Settings

    Nearest = Callable[[NDArray[np.float32], int], list[int]]

# Up to here vectors are compared one by one, which is exact: 5 ms at 100,000 of 384 dimensions on
# two cores. Beyond it Chroma's HNSW graph names the candidates, and they are compared exactly.
EXACT_LIMIT = 100_000
_CANDIDATES = 4  # times as many asked of the graph as wanted
# Chroma brings stored vectors to unit length once more, which moves their last bits.
_SAME_VECTOR = 1e-5
_BATCH = 500  # records in one request to Chroma
_HNSW = {"space": "cosine", "ef_construction": 400, "max_neighbors": 32, "ef_search": 400}
# HNSW is approximate: no setting makes every record reachable, above all among equal vectors. A
# few misses are no damage; more mean that the graph is not that of the records.
_FOUND = 0.99  # of the records find themselves
_ANSWER_S = 60.0  # for one answer of a Chroma server


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
            f"{encoder_fingerprint}. Run `ladder-qa ingest` to build it again."
        )
    if manifest.chroma_url != settings.chroma_url:
        raise IndexDamagedError(
            f"The index was built in {manifest.chroma_url or 'the embedded Chroma'}, and "
            f"LADDER_QA_CHROMA_URL has the value {settings.chroma_url!r}. "
            "Run `ladder-qa ingest` to build it again."
        )
    check_files(folder, manifest)
    content = read_content(folder)
    try:
        words = WordIndex.from_folder(words_folder(folder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamagedError(f"The word index in {folder} is damaged: {error!r}.") from error
    if len(content.passages) != manifest.passages or words.count != manifest.passages:
        raise IndexDamagedError(f"The index in {folder} has not the passages of its manifest.")
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
    probably-asked questions. Raises StoreError, and
    IndexDamagedError when what was written does not read back; the old generation stays then.
    """
    try:
        check_content(content)
    except ValueError as error:
        raise IndexDamagedError(f"The passages are not the documents' text: {error}.") from error
    previous = None
    with contextlib.suppress(IndexDamagedError):  # a damaged pointer is replaced
        previous = read_pointer(settings.data)
    generation = f"{corpus[:12]}-{secrets.token_hex(4)}"  # a folder name is never used twice
    folder = folder_of(settings.data, generation)
    folder.mkdir(parents=True)
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
    )
    try:
        write_content(folder, content)
        WordIndex.from_texts([p.text for p in content.passages]).save(words_folder(folder))
        _write_collection(settings, folder, manifest, content)
        check_collection(settings, folder, manifest, content)
        write_manifest(folder, manifest)
        _open(settings, generation, encoder, EXACT_LIMIT)
    except BaseException:
        _remove(settings, generation)
        raise
    switch_pointer(settings.data, generation)
    for old in other_generations(settings.data, {generation, previous or generation}):
        _remove(settings, old)
    return generation


def _remove(settings: Settings, generation: str) -> None:
    """Delete a generation that nobody opens any more, with its collection on the server."""
    if settings.chroma_url:
        with contextlib.suppress(Exception), _client(settings, Path()) as client:
            client.delete_collection(f"ladder-qa-{generation}")
    remove_generation(settings.data, generation)


@contextlib.contextmanager
def _client(settings: Settings, folder: Path) -> Iterator[Any]:
    """A Chroma client for the length of the `with`; whatever goes wrong there is a StoreError."""
    with _store_errors(settings):
        client = _connect(settings, folder)
        try:
            yield client
        finally:
            _close(client)


@contextlib.contextmanager
def _store_errors(settings: Settings) -> Iterator[None]:
    try:
        yield
    except (StoreError, IndexDamagedError):
        raise
    except Exception as error:  # chromadb, httpx and sqlite errors share no base
        where = settings.chroma_url or "the embedded store"
        if type(error).__name__ == "NotFoundError":  # of chromadb, which may not be imported
            raise IndexDamagedError(f"Chroma ({where}) holds no such collection.") from error
        raise StoreError(f"Chroma ({where}) failed: {error}") from error


def _connect(settings: Settings, folder: Path) -> Any:
    """A Chroma client: embedded in a generation's folder, or of the configured server."""
    os.environ["ANONYMIZED_TELEMETRY"] = "False"  # also for what reads the environment itself
    import chromadb  # noqa: PLC0415  (1 s, and wanted for building and large indexes only)
    from chromadb.config import Settings as ChromaSettings  # noqa: PLC0415

    # No `.env` of the working folder: it is ours, and Chroma would take its own keys from it.
    options: dict[str, Any] = {"_env_file": None, "anonymized_telemetry": False}
    if not settings.chroma_url:
        path = str(folder / CHROMA)
        return chromadb.PersistentClient(path=path, settings=ChromaSettings(**options))
    # The client itself waits without limit: first ask with one.
    with urlopen(f"{settings.chroma_url}/api/v2/heartbeat", timeout=_ANSWER_S):  # noqa: S310
        pass
    url = urlsplit(settings.chroma_url)
    client = chromadb.HttpClient(
        host=url.hostname or "",
        port=url.port or (443 if url.scheme == "https" else 80),
        ssl=url.scheme == "https",
        settings=ChromaSettings(**options),
    )
    for session in _sessions_of(client):
        session.timeout = _ANSWER_S
    return client


def _sessions_of(client: Any) -> list[Any]:
    """A server client's connections, which Chroma neither limits nor closes; none if embedded."""
    parts = (client, getattr(client, "_admin_client", None))
    sessions = [getattr(getattr(part, "_server", None), "_session", None) for part in parts]
    return [session for session in sessions if session is not None]


def _close(client: Any) -> None:
    sessions = _sessions_of(client)
    client.close()
    for session in sessions:
        session.close()


def _write_collection(
    settings: Settings, folder: Path, manifest: Manifest, content: Content
) -> None:
    """Create the generation's own collection and add every passage once, through llama-index."""
    from llama_index.vector_stores.chroma import ChromaVectorStore  # noqa: PLC0415

    from ladder_qa.passages import passage_node  # noqa: PLC0415  (it loads llama-index)

    with _client(settings, folder) as client:
        collection = client.create_collection(
            manifest.collection,
            embedding_function=None,
            configuration={"hnsw": _HNSW},
        )
        store = ChromaVectorStore(chroma_collection=collection)
        for start in range(0, len(content.passages), _BATCH):
            nodes = []
            for row in range(start, min(start + _BATCH, len(content.passages))):
                node = passage_node(content.passages[row])
                node.embedding = content.vectors[row].tolist()
                nodes.append(node)
            store.add(nodes)


def check_collection(
    settings: Settings, folder: Path, manifest: Manifest, content: Content
) -> None:
    """Reopen the collection and compare every record; let every vector look for itself.

    Raises IndexDamagedError where a record differs or less than 99 % find themselves; StoreError.
    """
    with _client(settings, folder) as client:
        collection = client.get_collection(manifest.collection, embedding_function=None)
        count = len(content.passages)
        if collection.count() != count:
            raise IndexDamagedError(f"{collection.count()} records in Chroma; allowed: {count}.")
        batches = (range(at, min(at + _BATCH, count)) for at in range(0, count, _BATCH))
        found = sum(_check_records(collection, content, rows) for rows in batches)
        if found < _FOUND * count:
            raise IndexDamagedError(f"Only {found} of {count} passages find themselves.")


def _check_records(collection: Any, content: Content, rows: range) -> int:
    """How many of `rows` find themselves; IndexDamagedError where a record is different."""
    passages = content.passages[rows.start : rows.stop]
    expected = content.vectors[rows.start : rows.stop]
    ids = [passage.id for passage in passages]
    got = collection.get(ids=ids, include=["embeddings", "metadatas", "documents"])
    place = {record: number for number, record in enumerate(got["ids"])}
    near = partial(np.allclose, rtol=0, atol=_SAME_VECTOR)
    for passage, vector in zip(passages, expected, strict=True):
        number = place.get(passage.id)
        if number is None:
            raise IndexDamagedError(f"The passage {passage.id} is not in the collection.")
        about = got["metadatas"][number]
        kept = (got["documents"][number], about["document"], about["start"], about["end"])
        same = kept == (passage.text, passage.document, passage.start, passage.end)
        if not same or not near(got["embeddings"][number], vector):
            raise IndexDamagedError(f"The passage {passage.id} is not as it was written.")
    found = collection.query(query_embeddings=expected, n_results=1, include=["embeddings"])
    pairs = zip(found["embeddings"], expected, strict=True)  # another passage's when texts are one
    return sum(len(first) == 1 and near(first[0], vector) for first, vector in pairs)


def _search_in(
    settings: Settings,
    folder: Path,
    manifest: Manifest,
    passages: Sequence[Passage],
    exact_limit: int,
) -> Nearest | None:
    """How to ask Chroma for candidates, or None where all vectors are compared one by one."""
    if settings.chroma_url:
        with _client(settings, folder) as client:
            count = client.get_collection(manifest.collection, embedding_function=None).count()
        if count != manifest.passages:
            raise IndexDamagedError(
                f"The collection {manifest.collection} on {settings.chroma_url} holds {count} "
                f"records; allowed: {manifest.passages}. Run `ladder-qa ingest`."
            )
    if manifest.passages <= exact_limit:
        return None
    with _store_errors(settings):
        client = _connect(settings, folder)
        collection = client.get_collection(manifest.collection, embedding_function=None)
    row_of = {passage.id: row for row, passage in enumerate(passages)}

    def nearest(vector: NDArray[np.float32], count: int) -> list[int]:
        with _store_errors(settings):
            found = collection.query(query_embeddings=[vector], n_results=count, include=[])
        return [row_of[record] for record in found["ids"][0]]

    weakref.finalize(nearest, _close, client)  # open as long as the generation is in use
    return nearest
