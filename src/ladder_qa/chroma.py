"""A generation's collection in Chroma, embedded in its folder or on the configured server.

It is written once and then compared record by record with what was to be written.
Not covered: what a generation is (`index`); searching a collection, which `index` does.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np

from ladder_qa.errors import IndexDamagedError, IndexMissingError, StoreError
from ladder_qa.store import (
    CHROMA,
    REPAIR,
    chroma_untouched,
    folder_of,
    read_content,
    read_manifest,
    read_pointer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ladder_qa.settings import Settings
    from ladder_qa.store import Content, Manifest

_ANSWER_S = 60.0  # for one answer of a Chroma server
# Chroma brings stored vectors to unit length once more, which moves their last bits.
_SAME_VECTOR = 1e-5
_BATCH = 500  # records in one request to Chroma
_HNSW = {"space": "cosine", "ef_construction": 400, "max_neighbors": 32, "ef_search": 400}
# HNSW is approximate: no setting makes every record reachable, above all among equal vectors. A
# few misses are no damage; more mean that the graph is not that of the records.
_FOUND = 0.99  # of the records find themselves


@contextlib.contextmanager
def client_of(settings: Settings, folder: Path) -> Iterator[Any]:
    """A Chroma client for the length of the `with`; whatever goes wrong there is a StoreError.

    A collection that is not there is an IndexDamagedError.
    """
    with store_errors(settings, folder):
        client = connect(settings, folder)
        try:
            yield client
        finally:
            close(client)


@contextlib.contextmanager
def store_errors(settings: Settings, folder: Path) -> Iterator[None]:
    """Whatever goes wrong in the `with` is a StoreError that says which Chroma it was."""
    try:
        yield
    except (StoreError, IndexDamagedError):
        raise
    except Exception as error:  # chromadb, httpx and sqlite errors share no base
        where = settings.chroma_url or f"embedded in {folder / CHROMA}"
        if type(error).__name__ == "NotFoundError":  # of chromadb, which may not be imported
            raise IndexDamagedError(
                f"Chroma ({where}) holds no such collection. {REPAIR}"
            ) from error
        raise StoreError(f"Chroma ({where}) failed: {str(error).rstrip('.')}.") from error


def connect(settings: Settings, folder: Path) -> Any:
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


def close(client: Any) -> None:
    """Close a client of `connect`, its connections too."""
    sessions = _sessions_of(client)
    client.close()
    for session in sessions:
        session.close()


def write_collection(
    settings: Settings, folder: Path, manifest: Manifest, content: Content
) -> None:
    """Create the generation's own collection and add every passage once, through llama-index."""
    from llama_index.vector_stores.chroma import ChromaVectorStore  # noqa: PLC0415

    from ladder_qa.passages import passage_node  # noqa: PLC0415  (it loads llama-index)

    with client_of(settings, folder) as client:
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


def check_records(settings: Settings) -> None:
    """Compare every record of the served generation's collection with its files.

    Embedded Chroma writes into files that it only reads: where they are no longer those that
    building left, a copy is looked at. Raises IndexMissingError, IndexDamagedError, and StoreError
    where a Chroma server does not answer.
    """
    generation = read_pointer(settings.data)
    if generation is None:
        raise IndexMissingError(f"There is no index in {settings.data}.")
    folder = folder_of(settings.data, generation)
    manifest = read_manifest(folder)
    if settings.chroma_url:
        check_collection(settings, folder, manifest, read_content(folder))
        return
    if chroma_untouched(folder, manifest):
        return
    with tempfile.TemporaryDirectory(prefix="ladder-qa-") as place:
        try:
            shutil.copytree(folder / CHROMA, Path(place) / CHROMA)
            check_collection(settings, Path(place), manifest, read_content(folder))
        except (OSError, StoreError, IndexDamagedError) as error:
            why = str(error).replace(place, str(folder)).removesuffix(REPAIR).strip()
            raise IndexDamagedError(
                f"Chroma's files in {folder / CHROMA} were changed: {why} {REPAIR}"
            ) from error


def check_collection(
    settings: Settings, folder: Path, manifest: Manifest, content: Content
) -> None:
    """Reopen the collection and compare every record; let every vector look for itself.

    Raises IndexDamagedError where a record differs or less than 99 % find themselves; StoreError.
    """
    with client_of(settings, folder) as client:
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
