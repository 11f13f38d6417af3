"""Trains the cross-encoder that says whether passages carry a sentence (`entailment.py` reads it).

The packaged embedding model gets a head over the mean of its last layer and reads sentence and
passages together (Nogueira and Cho 2019). The sentences in `training/claims*.jsonl` were written
from the documents alone, in groups over the same passages, so that wording alone never tells a
right one from a wrong one; each names its passages by offsets.

Run: python training/claims.py [--other CORPUS SENTENCES] [--epochs 4] [--out FILE]. Resumable:
each epoch is kept under .ladder-qa/training. Groups in the held-out tenth are never trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from faults import with_fault
from numpy.typing import NDArray
from resuming import Resumable, key_of, told
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from transformers import AutoModel, AutoTokenizer

from ladder_qa.corpus import read_corpus
from ladder_qa.encode import packaged_model
from ladder_qa.entailment import MAX_TOKENS, MODEL, premise
from ladder_qa.evaluation.claims import CLAIMS, load_claims
from ladder_qa.grounds import Evidence
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import read_passages
from ladder_qa.quantize import Feed, quantize

LEARNING_RATE = 6e-5
HEAD_RATE = 3.0  # times that, for the new layers
WARM_UP = 0.1
BATCH = 32
TRAINED_TOKENS = 160  # longer pairs lose the end of their passages while training
DROPOUT = 0.1
HELD_OUT = 22  # of 256: groups that only calibration sees
SPOILED = 0.4  # share of the right sentences that come once more with a fault, each epoch
EVALUATED = [Path("eval") / name for name in CLAIMS]
TOO_NEAR = 0.85  # share of words in common with a sentence of `eval/` from which one is left out
SHOWN = 200  # pairs that show the sizes of what the model computes, for its 8 bits
SEED = 0


@dataclass(frozen=True)
class Pair:
    """A sentence beside what is to carry it; `group` is shared by those over the same passages."""

    sentence: str
    passages: tuple[Evidence, ...]
    carried: bool
    error: str
    form: str
    group: str
    levels: tuple[str, ...] = ()  # all codes and titles of its ladder
    spoken_of: tuple[str, ...] = ()  # those of the levels that its passages are about or name

    @property
    def premise(self) -> str:
        """The passages as the model reads them."""
        return premise(self.passages)

    @property
    def held_out(self) -> bool:
        """Whether the group is kept from training."""
        return hashlib.sha256(self.group.encode()).digest()[0] < HELD_OUT


def read_pairs(corpus: Path, sentences: Path) -> Iterator[Pair]:
    """The sentences of a file whose passages still stand where it says."""
    read = read_corpus(corpus)
    ladder = read_ladder(read.documents)
    passages = read_passages(read.documents, ladder)
    names = {level.code: (level.code, *level.titles) for level in ladder.levels}
    levels = tuple(dict.fromkeys(name for group in names.values() for name in group))
    at = {(p.document, p.start, p.end): p for p in passages}
    for line in sentences.read_text("utf-8").splitlines():
        entry = json.loads(line)
        cited = [at.get((g["doc"], g["start"], g["end"])) for g in entry["passages"]]
        evidence = tuple(Evidence.of(passage) for passage in cited if passage is not None)
        if len(evidence) == len(cited):
            first = entry["passages"][0]
            codes = {code for p in cited if p is not None for code in (*p.levels, *p.mentions)}
            yield Pair(
                entry["text"],
                evidence,
                entry["supported"],
                entry["error"],
                entry["form"],
                group=f"{first['doc']}/{first['start'] // 300}",
                levels=levels,
                spoken_of=tuple(name for code in sorted(codes) for name in names.get(code, ())),
            )


def without_near(pairs: Sequence[Pair], evaluated: Sequence[str]) -> list[Pair]:
    """The pairs whose sentence is not nearly one of the evaluation's."""
    others = [_words(text) for text in evaluated]

    def near(pair: Pair) -> float:
        ours = _words(pair.sentence)
        return max((len(ours & their) / max(1, len(ours | their)) for their in others), default=0.0)

    return [pair for pair in pairs if near(pair) < TOO_NEAR]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


class Network(torch.nn.Module):  # type: ignore[misc]  # torch is not read by mypy
    """The embedding model's layers, and the log odds that the passages carry the sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.body = AutoModel.from_pretrained(str(packaged_model()), attn_implementation="eager")
        size = self.body.config.hidden_size
        self.dense, self.out = torch.nn.Linear(size, size), torch.nn.Linear(size, 1)
        self.drop = torch.nn.Dropout(DROPOUT)

    def forward(
        self, input_ids: torch.Tensor, token_type_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> torch.Tensor:
        """Token numbers [n, length] → log odds [n]."""
        hidden = self.body(
            input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        odds: torch.Tensor = self.out(self.drop(torch.tanh(self.dense(self.drop(mean)))))
        return odds.squeeze(-1)


class Training(Resumable):
    """The network, its optimiser and the step it is at."""

    def __init__(self, pairs: Sequence[Pair], epochs: int, threads: int) -> None:
        super().__init__()
        torch.manual_seed(SEED)
        torch.set_num_threads(threads)
        self.network = Network()
        self._tokenizer = AutoTokenizer.from_pretrained(str(packaged_model()))
        self._pairs = pairs
        more = 1 + SPOILED * sum(pair.carried for pair in pairs) / len(pairs)
        self._steps = epochs * math.ceil(more * len(pairs) / BATCH)
        head = [*self.network.dense.parameters(), *self.network.out.parameters()]
        groups = [
            {"params": self.network.body.parameters(), "rate": 1.0},
            {"params": head, "rate": HEAD_RATE},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=LEARNING_RATE, weight_decay=0.01)

    def epoch(self) -> float:
        """One pass over all pairs; the mean loss."""
        rng = random.Random(f"{SEED}/{self.epochs_done}")  # noqa: S311  (no secret)
        torch.manual_seed(SEED + self.epochs_done)
        self.network.train()
        losses = [self._learn(batch) for batch in self._batches(self._with_faults(rng), rng)]
        return sum(losses) / len(losses)

    def _with_faults(self, rng: random.Random) -> list[Pair]:
        """All pairs, and some of the right ones once more with a fault, others each time."""
        pairs = list(self._pairs)
        for pair in self._pairs:
            if pair.carried and rng.random() < SPOILED:
                made = with_fault(pair.sentence, pair.levels, pair.spoken_of, rng)
                if made is not None:
                    pairs.append(replace(pair, sentence=made[0], carried=False, error=made[1]))
        return pairs

    @staticmethod
    def _batches(pairs: Sequence[Pair], rng: random.Random) -> Iterator[list[Pair]]:
        """All pairs in batches of similar length, in random order."""
        shuffled = rng.sample(pairs, len(pairs))
        for start in range(0, len(shuffled), 16 * BATCH):
            bucket = sorted(
                shuffled[start : start + 16 * BATCH],
                key=lambda pair: len(pair.sentence) + len(pair.premise),
            )
            parts = [bucket[at : at + BATCH] for at in range(0, len(bucket), BATCH)]
            rng.shuffle(parts)
            yield from parts

    def _coded(self, pairs: Sequence[Pair], limit: int, kind: str) -> Any:
        """Token numbers, kinds and mask, [n, length] each, as arrays of one `kind`."""
        return self._tokenizer(
            [pair.sentence for pair in pairs],
            [pair.premise for pair in pairs],
            padding=True,
            truncation="only_second",
            max_length=limit,
            return_tensors=kind,
        )

    def _odds(self, pairs: Sequence[Pair], limit: int) -> torch.Tensor:
        odds: torch.Tensor = self.network(**self._coded(pairs, limit, "pt"))
        return odds

    def _learn(self, batch: Sequence[Pair]) -> float:
        done = self.step / self._steps
        rate = LEARNING_RATE * min(1.0, done / WARM_UP) * max(0.02, (1 - done) / (1 - WARM_UP))
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["rate"]
        wanted = torch.tensor([float(pair.carried) for pair in batch])
        odds = self._odds(batch, TRAINED_TOKENS)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, wanted)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return float(loss.item())

    def feeds(self, pairs: Sequence[Pair]) -> list[Feed]:
        """Pairs as the exported model reads them."""
        names = ("input_ids", "token_type_ids")
        coded = [self._coded([pair], MAX_TOKENS, "np") for pair in pairs]
        return [{name: one[name].astype(np.int64) for name in names} for one in coded]

    def odds(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """The log odds of pairs, [n]."""
        self.network.eval()
        found = np.zeros(len(pairs))
        order = sorted(range(len(pairs)), key=lambda at: len(pairs[at].premise))
        with torch.no_grad():
            for start in range(0, len(order), BATCH):
                part = order[start : start + BATCH]
                found[part] = self._odds([pairs[at] for at in part], MAX_TOKENS).numpy()
        return found


def report(odds: NDArray[np.float64], right: Sequence[bool]) -> str:
    """How well log odds tell the carried from the others."""
    return (
        f"AUROC {roc_auc_score(right, odds):.3f}, balanced accuracy "
        f"{balanced_accuracy_score(right, odds > 0):.3f} over {len(right)}"
    )


def write_model(network: Network, out: Path, feeds: Sequence[Feed]) -> None:
    """Save the network as ONNX with 8 bits; `feeds` are pairs that show how large its inputs are.

    A pair runs alone, so that its activations' range depends on nothing else.
    """

    class Whole(torch.nn.Module):  # type: ignore[misc]
        """Token numbers and kinds [1, length] → log odds [1]."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: torch.Tensor, token_type_ids: torch.Tensor) -> torch.Tensor:
            return self.network(input_ids, token_type_ids, torch.ones_like(input_ids))

    example = torch.ones((1, 12), dtype=torch.int64)
    length = torch.export.Dim("length", min=3, max=MAX_TOKENS)
    out.parent.mkdir(parents=True, exist_ok=True)
    whole = out.with_suffix(".full.onnx")
    with torch.no_grad():
        torch.onnx.export(
            Whole().eval(), (example, torch.zeros_like(example)), str(whole),
            dynamo=True, external_data=False, verbose=False,
            input_names=["input_ids", "token_type_ids"], output_names=["odds"],
            dynamic_shapes={"input_ids": {1: length}, "token_type_ids": {1: length}},
        )  # fmt: skip
    quantize(whole, out, feeds)
    whole.unlink()


def main() -> None:
    """Train, report on the held-out tenth, and write the model; prints its SHA-256."""
    parser = argparse.ArgumentParser(description="Train the cross-encoder of the check.")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--sentences", type=Path, default=Path("training/claims.jsonl"))
    parser.add_argument("--other", nargs=2, type=Path, action="append", default=[])
    parser.add_argument("--only-other", action="store_true", help="without --corpus")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=MODEL)
    options = parser.parse_args()
    own = list(read_pairs(options.corpus, options.sentences))
    pairs = [] if options.only_other else own
    for corpus, sentences in options.other:
        pairs = [*pairs, *read_pairs(corpus, sentences)]
    pairs = without_near(pairs, [claim.text for claim in load_claims(*EVALUATED)])
    held = own if options.only_other else [pair for pair in pairs if pair.held_out]
    carried = [pair.carried for pair in held]
    train = [pair for pair in pairs if options.only_other or not pair.held_out]
    training = Training(train, options.epochs, options.threads)
    print(f"{len(train)} sentences", flush=True)
    kept = training.run(
        options.epochs,
        f"claims-{key_of((train, options.epochs))}",
        lambda: f"held out: {report(training.odds(held), carried)}",
    )
    write_model(training.network, options.out, training.feeds(train[:SHOWN]))
    print(told(options.out))
    kept.unlink()


if __name__ == "__main__":
    main()
