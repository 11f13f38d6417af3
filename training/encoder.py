"""Tunes the packaged embedding model on the bank of probably-asked questions.

Each question is drawn to a statement that answers it, or, where no document answers, to the words
that say what is missing, or to another question that the same statements answer; and away from
those of the other questions in its batch (in-batch negatives; multiple negatives ranking, Henderson
et al. 2017). Harder negatives join in: a statement of the right one's own section; the nearest
question of the other kind (answered or not) or what that one is drawn to. A statement is seen as it
is searched: with heading path and governing words.

Run: python training/encoder.py [--other CORPUS QUESTIONS] [--epochs 2] [--out FILE]. Resumable:
each epoch is kept under .ladder-qa/training until the run is complete. Texts of other corpora are
read where they lie; their questions name places by offsets.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from resuming import Resumable, key_of, told
from sentence_transformers import SentenceTransformer

from ladder_qa.bank import read_bank
from ladder_qa.corpus import read_corpus
from ladder_qa.datamodels import Passage
from ladder_qa.encode import TUNED, packaged_model
from ladder_qa.export import write_weights
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import read_passages

TEMPERATURE = 0.05
LEARNING_RATE = 4e-5
WARM_UP = 0.1  # share of the steps
BATCH = 32
QUESTION_TOKENS, TARGET_TOKENS = 96, 128
PASS = 16  # texts that go through the model together
BUCKET = 16 * BATCH  # questions that are sorted by length together, to pad little
SIDEWAYS = 0.35  # share of the questions with siblings that are drawn to one of them
SEED = 0


@dataclass(frozen=True)
class Example:
    """A question, the texts that answer it (or say what is missing), and near wrong ones.

    `siblings` are other questions that the same statements answer.
    """

    question: str
    targets: tuple[str, ...]
    near: tuple[str, ...]
    answered: bool
    siblings: tuple[str, ...] = ()


def read_examples(corpus: Path, questions: Path | None) -> list[Example]:
    """The bank below `corpus`, or the one in the file `questions`, with its statements."""
    read = read_corpus(corpus)
    ladder = read_ladder(read.documents)
    passages = read_passages(read.documents, ladder)
    statements = {passage.id: passage for passage in passages}
    if questions is None:
        bank = read_bank(corpus, passages, ladder)
        asked = [(q.text, q.passages, q.missing) for q in bank.questions]
    else:
        asked = list(_by_offsets(questions, passages))
    sections: dict[tuple[str, tuple[str, ...]], list[Passage]] = {}
    for passage in passages:
        sections.setdefault((passage.document, passage.section), []).append(passage)
    same: dict[frozenset[str], list[str]] = {}
    for text, ids, _ in asked:
        same.setdefault(frozenset(ids), []).append(text)
    examples = []
    for text, ids, missing in asked:
        if ids:
            first = statements[ids[0]]
            near = [
                other.text
                for other in sections[first.document, first.section]
                if other.id not in ids
            ]
            targets = [statements[identity].text for identity in ids]
            siblings = tuple(other for other in same[frozenset(ids)] if other != text)
            right = tuple(targets)
            examples.append(Example(text, right, tuple(near), answered=True, siblings=siblings))
        elif missing:
            examples.append(Example(text, (missing,), (), answered=False))
    return examples


def _by_offsets(
    questions: Path, passages: Sequence[Passage]
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    at = {(p.document, p.start, p.end): p.id for p in passages}
    for line in questions.read_text("utf-8").splitlines():
        entry = json.loads(line)
        ids = [at.get((g["doc"], g["start"], g["end"])) for g in entry["gold"]]
        if all(ids) or not entry["gold"]:
            yield entry["q"], tuple(one for one in ids if one), entry["missing"]


def crossed(examples: Sequence[Example], model: SentenceTransformer) -> list[list[str]]:
    """For each example, the nearest questions of the other kind and what they are drawn to."""
    vectors = model.encode(
        [example.question for example in examples], normalize_embeddings=True, batch_size=64
    )
    answered = np.array([example.answered for example in examples])
    found: list[list[str]] = []
    for example, vector in zip(examples, vectors, strict=True):
        others = np.flatnonzero(answered != example.answered)
        best = others[np.argsort(-(vectors[others] @ vector))[:3]]
        texts = [text for at in best.tolist() for text in examples[at].targets]
        found.append([*texts, *(examples[at].question for at in best.tolist())])
    return found


def batches(count: int, lengths: Sequence[int], rng: random.Random) -> Iterator[list[int]]:
    """All positions once, in batches of similar length, in random order."""
    shuffled = rng.sample(range(count), count)
    for start in range(0, count, BUCKET):
        bucket = sorted(shuffled[start : start + BUCKET], key=lambda at: lengths[at])
        parts = [bucket[at : at + BATCH] for at in range(0, len(bucket), BATCH)]
        rng.shuffle(parts)
        yield from parts


class Tuning(Resumable):
    """The model, its optimiser and the step it is at."""

    def __init__(self, examples: Sequence[Example], epochs: int, threads: int) -> None:
        super().__init__()
        torch.manual_seed(SEED)
        torch.set_num_threads(threads)
        model = SentenceTransformer(str(packaged_model()), device="cpu", local_files_only=True)
        self.network = model[0].auto_model
        self._tokenizer = model.tokenizer
        self._examples = examples
        self._lengths = [len(example.question) for example in examples]
        self._crossed = crossed(examples, model)
        self._steps = epochs * math.ceil(len(examples) / BATCH)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=LEARNING_RATE)

    def epoch(self) -> float:
        """One pass over all questions; the mean loss."""
        rng = random.Random(f"{SEED}/{self.epochs_done}")  # noqa: S311  (no secret)
        torch.manual_seed(SEED + self.epochs_done)
        self.network.train()
        order = batches(len(self._examples), self._lengths, rng)
        losses = [self._learn(batch, rng) for batch in order]
        return sum(losses) / len(losses)

    def _vectors(self, texts: Sequence[str], limit: int) -> torch.Tensor:
        """One unit vector a text; texts of similar length share a pass, to pad little."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        parts = [order[at : at + PASS] for at in range(0, len(order), PASS)]
        vectors = torch.cat([self._encoded([texts[at] for at in part], limit) for part in parts])
        return vectors[torch.tensor(order).argsort()]

    def _encoded(self, texts: Sequence[str], limit: int) -> torch.Tensor:
        coded = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=limit, return_tensors="pt"
        )
        hidden = self.network(**coded).last_hidden_state
        mask = coded["attention_mask"].unsqueeze(-1).float()
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean, dim=-1)

    def _learn(self, batch: Sequence[int], rng: random.Random) -> float:
        examples = [self._examples[at] for at in batch]
        candidates = [self._target(example, rng) for example in examples]
        candidates += self._harder(batch, rng)
        known = [{*example.targets, *example.siblings} for example in examples]
        right = torch.tensor([[text in texts for text in candidates] for texts in known])
        right[range(len(batch)), range(len(batch))] = False  # the one that is drawn to
        asked = self._vectors([example.question for example in examples], QUESTION_TOKENS)
        texts = self._vectors(candidates, TARGET_TOKENS)
        scores = (asked @ texts.T / TEMPERATURE).masked_fill(right, -1e4)
        loss = torch.nn.functional.cross_entropy(scores, torch.arange(len(batch)))
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return float(loss.item())

    @staticmethod
    def _target(example: Example, rng: random.Random) -> str:
        """What a question is drawn to this time."""
        sideways = example.siblings and rng.random() < SIDEWAYS
        return rng.choice(example.siblings if sideways else example.targets)

    def _harder(self, batch: Sequence[int], rng: random.Random) -> list[str]:
        """One near wrong text for each second question: of its section, or of the other kind."""
        found = []
        for number, at in enumerate(batch[::2]):
            example = self._examples[at]
            pool = example.near if number % 2 and example.near else self._crossed[at]
            found += [rng.choice(pool)] if pool else []
        return found

    def _rate(self) -> float:
        done = self.step / self._steps
        return LEARNING_RATE * min(1.0, done / WARM_UP + 1e-3) * max(0.02, 1 - done)


def main() -> None:
    """Train, and write the 8-bit weights; prints the loss of each epoch and the file's SHA-256."""
    parser = argparse.ArgumentParser(description="Tune the embedding model on the bank.")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--other", nargs=2, type=Path, action="append", default=[])
    parser.add_argument("--only-other", action="store_true", help="without --corpus")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=TUNED)
    options = parser.parse_args()
    examples = [] if options.only_other else read_examples(options.corpus, None)
    for corpus, questions in options.other:
        examples += read_examples(corpus, questions)
    tuning = Tuning(examples, options.epochs, options.threads)
    print(f"{len(examples)} questions", flush=True)
    kept = tuning.run(options.epochs, key_of((examples, options.epochs)))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_weights(tuning.network.state_dict(), options.out)
    print(told(options.out))
    kept.unlink()


if __name__ == "__main__":
    main()
