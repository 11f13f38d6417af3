"""Quality of ours and of plain retrieval, by the same harness, questions and word budgets.

The peers are what one would build in an afternoon: LlamaIndex over Chroma with the same embedding
model and three ways of cutting documents, and BM25 alone. They answer with the best chunks' lines
up to a budget, and refuse where the best score is below a cut-off. All that has to be chosen for
them is chosen in their favour: the cut-off is the one with the most right outcomes on these very
questions, and a chunk that does not fit into a budget is cut, not left out.
Not covered: speed (`compare.py`), answers written by a language model.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np
from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.node_parser import MarkdownNodeParser, NodeParser, TokenTextSplitter
from llama_index.core.schema import BaseNode
from peer import PackagedEmbedding, store_in

from ladder_qa.assistant import Assistant
from ladder_qa.datamodels import Answer, Citation, Claim, FoundPassage, Outcome, Turn
from ladder_qa.evaluation.dataset import Dataset, load_dataset
from ladder_qa.evaluation.fields import Part
from ladder_qa.evaluation.report import EvaluationReport
from ladder_qa.evaluation.run import run_evaluation
from ladder_qa.evaluation.score import REFUSALS
from ladder_qa.ingest import ensure_index
from ladder_qa.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 250  # words of a peer's answer
TOP = 20  # chunks searched; more than any budget holds
OVERLAP = 0.8  # of a sentence's words that its passages must hold, for the peer's check

FIGURES = (
    "outcome right",
    "outcome right/answerable",
    "outcome right/near_miss",
    "refusals: precision",
    "refusals: recall",
    "citations: recall of facts",
    "citations: precision by gold",
    "answer: key facts",
    "search: facts within 250 words",
    "search: facts within 600 words",
    "claims: balanced accuracy",
)


@dataclass(frozen=True)
class Chunk:
    """A slice of a document."""

    document: str
    start: int
    end: int


@dataclass(frozen=True)
class Stored:
    """A document's text."""

    text: str


@dataclass(frozen=True)
class Store:
    """The documents that a peer answers from."""

    texts: Mapping[str, Stored]
    corpus_sha256: str = "sha256:0"


@dataclass(frozen=True)
class Judged:
    """A peer's verdict over a sentence."""

    supported: bool
    reason: str | None = None
    explanation: str = ""


class DenseSearch:
    """LlamaIndex over Chroma: the nearest chunks and their similarity."""

    def __init__(self, texts: Mapping[str, Stored], parser: NodeParser, folder: Path) -> None:
        self._texts = texts
        documents = [
            Document(text=stored.text, metadata={"path": path}) for path, stored in texts.items()
        ]
        index = VectorStoreIndex.from_documents(
            documents,
            storage_context=StorageContext.from_defaults(vector_store=store_in(folder)),
            embed_model=PackagedEmbedding(),
            transformations=[parser],
        )
        self._retriever = index.as_retriever(similarity_top_k=TOP)

    def find(self, question: str) -> list[tuple[Chunk, float]]:
        """Chunks, best first."""
        found = self._retriever.retrieve(question)
        return [(_chunk(hit.node, self._texts), hit.score or 0.0) for hit in found]


class WordSearch:
    """BM25 over chunks of 128 tokens."""

    def __init__(self, texts: Mapping[str, Stored]) -> None:
        parser = TokenTextSplitter(chunk_size=128, chunk_overlap=0)
        documents = [
            Document(text=stored.text, metadata={"path": path}) for path, stored in texts.items()
        ]
        nodes = parser.get_nodes_from_documents(documents)
        self._chunks = [_chunk(node, texts) for node in nodes]
        self._index = bm25s.BM25(method="lucene")
        self._index.index(_tokens([node.get_content() for node in nodes]), show_progress=False)

    def find(self, question: str) -> list[tuple[Chunk, float]]:
        """Chunks, best first."""
        k = min(TOP, len(self._chunks))
        rows, scores = self._index.retrieve(_tokens([question]), k=k, show_progress=False)
        return [
            (self._chunks[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True)
        ]


def _tokens(texts: list[str]) -> list[list[str]]:
    return list(bm25s.tokenize(texts, stopwords="en", show_progress=False, return_ids=False))


def _chunk(node: BaseNode, texts: Mapping[str, Stored]) -> Chunk:
    path = str(node.metadata["path"])
    content = node.get_content().strip()
    start = texts[path].text.find(content)
    if start < 0:
        raise ValueError(f"{path}: a chunk is not a slice of its document: {content[:60]!r}")
    return Chunk(path, start, start + len(content))


class Peer:
    """A search as an assistant: it shows the best chunks, or refuses below a cut-off."""

    def __init__(self, search: DenseSearch | WordSearch, texts: Mapping[str, Stored]) -> None:
        self.generation = Store(texts)
        self.cut_off = float("-inf")
        self._search = search
        self._found: dict[str, list[tuple[Chunk, float]]] = {}

    def best(self, question: str) -> float:
        """The best score of a question."""
        found = self._find(question)
        return found[0][1] if found else float("-inf")

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The best chunks' lines within the budget. Earlier user turns go in front."""
        asked = " ".join([*(t.content for t in history if t.role == "user"), question])
        lines: list[FoundPassage] = []
        if self.best(asked) >= self.cut_off:
            words = 0
            for line in self.search(asked, 1000):
                words += len(line.text.split())
                if words > SHOWN:
                    break
                lines.append(line)
        citations = tuple(
            Citation(number, p.document, p.title, p.section, p.text, p.start, p.end, (), (), p.url)
            for number, p in enumerate(lines, start=1)
        )
        claims = tuple(Claim(c.quote, (c.number,), "quoted", ()) for c in citations)
        return Answer(
            id="",
            question=question,
            outcome=Outcome.ANSWERED if lines else Outcome.NOT_IN_DOCUMENTS,
            answer="\n".join(c.quote for c in citations),
            claims=claims,
            citations=citations,
            missing=(),
            conflicts=(),
            nearest=(),
            suggestions=(),
            mode="extractive",
            model=None,
            corpus=self.generation.corpus_sha256,
            notices=(),
        )

    def search(self, question: str, k: int) -> tuple[FoundPassage, ...]:
        """The lines of the best chunks, so that a budget may end within one."""
        lines = []
        for chunk, _ in self._find(question):
            text = self.generation.texts[chunk.document].text
            position = chunk.start
            for line in text[chunk.start : chunk.end].split("\n"):
                if line.strip():
                    place = (position, position + len(line))
                    lines.append(FoundPassage(chunk.document, "", (), line, *place, (), (), ""))
                position += len(line) + 1
        # k counts passages; a chunk is one, however many lines it has
        return tuple(lines) if k >= TOP else tuple(lines[:k])

    def judge(self, sentence: str, cited: Sequence[tuple[str, int, int]]) -> Judged:
        """The check that comes to mind first: whether most of the words are there."""
        held = {
            word
            for document, start, end in cited
            for word in _words(self.generation.texts[document].text[start:end])
        }
        words = _words(sentence)
        share = sum(word in held for word in words) / max(1, len(words))
        return Judged(share >= OVERLAP)

    def _find(self, question: str) -> list[tuple[Chunk, float]]:
        if question not in self._found:
            self._found[question] = self._search.find(question)
        return self._found[question]


def _words(text: str) -> list[str]:
    return [word for word in _tokens([text])[0] if word]


def tune(peer: Peer, data: Dataset) -> None:
    """Sets the cut-off with the most right outcomes over all questions, the scored ones too."""
    scores = np.array([peer.best(case.question) for case in data.cases])
    answer = np.array([Outcome.ANSWERED in case.outcomes for case in data.cases])
    refuse = np.array([bool(REFUSALS & set(case.outcomes)) for case in data.cases])
    candidates = [float("-inf"), *sorted(set(scores.tolist()))]
    right = [int(answer[scores >= c].sum() + refuse[scores < c].sum()) for c in candidates]
    peer.cut_off = candidates[int(np.argmax(right))]


def table(reports: Mapping[str, EvaluationReport], part: Part) -> str:
    """The figures of all systems over one part, as Markdown."""
    rows = [f"| {part} | " + " | ".join(reports) + " |", "|---" * (len(reports) + 1) + "|"]
    for name in FIGURES:
        cells = [cell(report, name, part) for report in reports.values()]
        label = name.replace("outcome right/", "— ")
        rows.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def cell(report: EvaluationReport, name: str, part: Part) -> str:
    """A figure's mean with its interval, as a table shows it."""
    of, _, leaf = name.rpartition("/")
    for figure in report.figures:
        if (figure.of, figure.name, figure.part) == (of, leaf, part):
            return f"{figure.mean:.2f} ({figure.interval.low:.2f}–{figure.interval.high:.2f})"
    return "–"


def words_row(reports: Mapping[str, EvaluationReport], part: Part) -> str:
    """Median words of an answer, of those that are no refusal."""
    cells = []
    for report in reports.values():
        lengths = [
            c.scores["answer: words"].value or 0.0
            for c in report.cases
            if c.part is part and c.outcome not in REFUSALS
        ]
        cells.append(f"{np.median(lengths):.0f}" if lengths else "–")
    return "| words shown, median | " + " | ".join(cells) + " |"


def main() -> None:
    """Builds all systems over `corpus/`, asks them `eval/`, prints both parts as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--dataset", type=Path, default=ROOT / "eval")
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    data = load_dataset(arguments.dataset)
    parsers: dict[str, NodeParser] = {
        "chunks of 512 tokens": TokenTextSplitter(chunk_size=512, chunk_overlap=20),
        "chunks of 128 tokens": TokenTextSplitter(chunk_size=128, chunk_overlap=20),
        "sections": MarkdownNodeParser(),
    }
    with tempfile.TemporaryDirectory(prefix="ladder-qa-bench-") as name:
        settings = Settings(corpus=arguments.corpus, data=Path(name) / "ours")
        with contextlib.redirect_stdout(None):
            ensure_index(settings, lambda _: None)
        ours = Assistant.open(settings)
        reports = {"ladder-qa": run_evaluation("none", arguments.dataset, ours)}
        texts = {path: Stored(s.text) for path, s in ours.generation.texts.items()}
        searches: dict[str, DenseSearch | WordSearch] = {
            title: DenseSearch(texts, splitter, Path(name) / str(number))
            for number, (title, splitter) in enumerate(parsers.items())
        }
        searches["BM25 alone"] = WordSearch(texts)
        for title, search in searches.items():
            peer = Peer(search, texts)
            tune(peer, data)
            reports[title] = run_evaluation("none", arguments.dataset, peer)
        for part in Part:
            print(table(reports, part))
            print(words_row(reports, part), end="\n\n")


if __name__ == "__main__":
    main()
