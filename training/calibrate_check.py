"""Fits the weights by which the check weighs its rules and its model, part `claims` of the file.

A logistic regression over the sentences that the model was never trained on: the held-out groups
of `training/claims*.jsonl` and the part *develop* of the evaluation's. Sentences that levels or
amounts decide alone are left out.

Run: python training/calibrate_check.py [--other CORPUS SENTENCES] (index built beforehand).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from calibrate import OUT, fit
from claims import EVALUATED, Pair, read_pairs, report, without_near
from sklearn.model_selection import GroupKFold

from ladder_qa.assistant import Assistant
from ladder_qa.corpus import read_corpus
from ladder_qa.entailment import Entailment
from ladder_qa.evaluation.claims import load_claims
from ladder_qa.evaluation.fields import Part
from ladder_qa.ladder import read_ladder
from ladder_qa.names import LevelNames
from ladder_qa.passages import read_passages
from ladder_qa.relevance import score
from ladder_qa.settings import Settings
from ladder_qa.verify import Verifier

FOLDS = 8


@dataclass(frozen=True)
class Row:
    """A sentence's features, its group, and whether it is carried."""

    features: dict[str, float]
    group: str
    carried: bool


def rows_of(verifier: Verifier, pairs: list[Pair]) -> Iterator[Row]:
    """The held-out pairs that are not decided by levels or amounts."""
    for pair in pairs:
        features = verifier.features(pair.sentence, pair.passages)
        if features is not None:
            yield Row(features, pair.group, pair.carried)


def verifier_of(corpus: Path) -> Verifier:
    """The check over a corpus, without an index."""
    read = read_corpus(corpus)
    ladder = read_ladder(read.documents)
    passages = read_passages(read.documents, ladder)
    return Verifier(LevelNames(ladder.levels), passages, Entailment())


def main() -> None:
    """Fit, report on left-out groups, and write the weights into the file."""
    parser = argparse.ArgumentParser(description="Fit the weights of the check.")
    parser.add_argument("--other", nargs=2, type=Path, action="append", default=[])
    options = parser.parse_args()
    claims = load_claims(*EVALUATED)
    texts = [claim.text for claim in claims]
    sources = [(Path("corpus"), Path("training/claims.jsonl")), *options.other]
    rows: list[Row] = []
    for corpus, sentences in sources:
        held = [pair for pair in read_pairs(corpus, sentences) if pair.held_out]
        rows += rows_of(verifier_of(corpus), without_near(held, texts))
    assistant = Assistant.open(Settings.load())
    texts_of = {path: document.text for path, document in assistant.generation.texts.items()}
    for claim in claims:
        if claim.part is Part.DEVELOP:
            evidence = assistant.evidence(claim.cited(texts_of))
            features = assistant.verifier.features(claim.text, evidence)
            if features is not None:
                rows.append(Row(features, claim.id.partition("/")[0], claim.supported))
    odds = np.zeros(len(rows))
    for train, left_out in GroupKFold(FOLDS).split(rows, groups=[row.group for row in rows]):
        seen = [rows[at] for at in train]
        weights = fit(
            [row.features for row in seen], [row.carried for row in seen], drop=(), even=True
        )
        for at in left_out:
            odds[at] = score(weights, rows[at].features)
    print(f"left-out groups: {report(odds, [row.carried for row in rows])}")
    weights = fit([row.features for row in rows], [row.carried for row in rows], drop=(), even=True)
    written = json.loads(OUT.read_text("utf-8"))
    written["claims"] = {"weights": weights}
    OUT.write_text(json.dumps(written, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
