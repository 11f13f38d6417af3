"""Fits the weights of `calibration.json` on the part *develop* of the evaluation's questions.

Three logistic regressions: whether a found statement answers (`relevance`); whether the question
is answered at all (`answered`), which sees the first one's best probability, fitted without the
question's own fold; and whether it is about something else (`elsewhere`). Each with the bank and
without it; without it on the questions over other corpora, where there are any.

Run: python training/calibrate.py [--other CORPUS QUESTIONS] (index built beforehand).
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from ladder_qa import relevance
from ladder_qa.assistant import Assistant
from ladder_qa.bank import EMPTY_BANK, BankSearch
from ladder_qa.datamodels import Outcome
from ladder_qa.evaluation.dataset import Case, load_cases
from ladder_qa.evaluation.fields import Part
from ladder_qa.evaluation.spans import Place, covered, places
from ladder_qa.outcome import Features, log_odds
from ladder_qa.relevance import probability
from ladder_qa.settings import Settings

OUT = Path("src/ladder_qa/calibration.json")
FOLDS = 5
STRENGTH = 0.3  # inverse of the L2 penalty, over standardised features
NOT_ELSEWHERE = ("covered", "carried", "words", "level", "gap", "figure")  # of no other subject
# With a bank, two features decide as well as all ten (docs/experiments.md).
ALONE = tuple(n for n in Features.__dataclass_fields__ if n not in ("asked", "telling"))
WITHOUT = ("votes", "farther", "section", "answered", "nearest", "asked")  # need a bank
# Added to the log odds of an answer there: a wrong refusal hides what is stated, a near miss that
# is answered shows exact words beside the question.
LEANING = 0.35
UNUSED = ("level", "absent")  # without a bank these two only fit one ladder (docs/experiments.md)


@dataclass
class Seen:
    """A question of the evaluation with what was found for it."""

    case: Case
    rows: list[dict[str, float]]
    right: list[bool]
    features: dict[str, float]
    free: bool  # not decided by structure alone
    fold: int = 0

    @property
    def answered(self) -> bool:
        """Whether the documents answer it."""
        return bool({Outcome.ANSWERED, Outcome.PARTIAL} & set(self.case.outcomes))


def look(assistant: Assistant, cases: Sequence[Case]) -> list[Seen]:
    """What `assistant` finds for each case, with the gold among it."""
    texts = {path: document.text for path, document in assistant.generation.texts.items()}
    seen = []
    for case in cases:
        query, found, asked = assistant.found(case.question, case.history)
        rows = assistant.relevance.features(query, found, asked)
        gold = [place for quote in case.gold for place in places(quote, texts)]
        right = []
        for position in assistant.relevance.positions(found):
            passage = assistant.generation.passages[position]
            span = Place(passage.document, passage.start, passage.end)
            right.append(any(covered(place, [span]) for place in gold))
        features = assistant.outcomes.features(query, found, asked, [])
        free = assistant.outcomes.by_structure(query, found, features) is None
        fold = hashlib.sha256(f"fold/{case.id}".encode()).digest()[0] % FOLDS
        seen.append(Seen(case, rows, right, dataclasses.asdict(features), free, fold))
    return seen


def fit(
    rows: Sequence[dict[str, float]], labels: Sequence[bool], *, drop: Sequence[str], even: bool
) -> dict[str, float]:
    """Logistic weights over the raw features; those dropped have none."""
    names = [name for name in rows[0] if name not in drop]
    values = np.array([[row[name] for name in names] for row in rows])
    scaler = StandardScaler().fit(values)
    model = LogisticRegression(
        C=STRENGTH, max_iter=5000, class_weight="balanced" if even else None
    ).fit(scaler.transform(values), labels)
    weights = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - (weights * scaler.mean_).sum())
    fitted = {"intercept": round(intercept, 3)}
    return fitted | {n: round(float(w), 3) for n, w in zip(names, weights, strict=True)}


def fit_relevance(seen: Sequence[Seen], drop: Sequence[str]) -> dict[str, float]:
    """Weights for whether a statement answers."""
    rows = [row for one in seen for row in one.rows]
    labels = [label for one in seen for label in one.right]
    return fit(rows, labels, drop=drop, even=False)


def best(weights: dict[str, float], one: Seen) -> float:
    """`telling` of a question, by relevance weights that did not see it."""
    top = max((probability(weights, row) for row in one.rows), default=0.0)
    return log_odds(top) / 10


def fit_all(
    seen: Sequence[Seen], drop: Sequence[str], unused: Sequence[str]
) -> dict[str, dict[str, float]]:
    """All weights, less the features in `drop`, for `answered` those in `unused`.

    Prints the AUROC of left-out folds.
    """
    for fold in range(FOLDS):
        others = fit_relevance([one for one in seen if one.fold != fold], drop)
        for one in seen:
            if one.fold == fold:
                one.features["telling"] = best(others, one)
    free = [one for one in seen if one.free]
    scores, labels = [], []
    for fold in range(FOLDS):
        train = [one for one in free if one.fold != fold]
        weights = fit(
            [o.features for o in train], [o.answered for o in train], drop=unused, even=True
        )
        for one in free:
            if one.fold == fold:
                scores.append(relevance.score(weights, one.features))
                labels.append(one.answered)
    print(f"{len(free)} of {len(seen)} questions free; AUROC {roc_auc_score(labels, scores):.3f}")
    features = [one.features for one in free]
    away = [Outcome.OUT_OF_SCOPE in one.case.outcomes for one in free]
    return {
        "relevance": fit_relevance(seen, drop),
        "answered": fit(features, [one.answered for one in free], drop=unused, even=True),
        "elsewhere": fit(features, away, drop=[*drop, *NOT_ELSEWHERE], even=True),
    }


def without_bank(assistant: Assistant) -> Assistant:
    """The same assistant, as if its corpus had no probably-asked questions."""
    assistant.bank = BankSearch(EMPTY_BANK, None)
    return assistant


def develop(folder: Path) -> list[Case]:
    """The cases that may be looked at."""
    return [case for case in load_cases(folder) if case.part is Part.DEVELOP]


def main() -> None:
    """Fit everything and write `calibration.json`."""
    parser = argparse.ArgumentParser(description="Fit the weights of calibration.json.")
    parser.add_argument("--other", nargs=2, type=Path, action="append", default=[])
    options = parser.parse_args()
    cases = develop(Path("eval"))
    with_bank = fit_all(look(Assistant.open(Settings.load()), cases), (), ALONE)
    # the model was tuned on this corpus, so only others show how it does on one it never saw
    seen = [] if options.other else look(without_bank(Assistant.open(Settings.load())), cases)
    for corpus, questions in options.other:
        settings = Settings.load().model_copy(
            update={"corpus": corpus, "data": Path(".ladder-qa") / corpus.name}
        )
        seen += look(Assistant.open(settings), develop(questions))
    bare = fit_all(seen, WITHOUT, (*WITHOUT, *UNUSED))
    bare["answered"]["intercept"] = round(bare["answered"]["intercept"] + LEANING, 3)
    digest = hashlib.sha256(repr([(c.id, c.digest) for c in cases]).encode()).hexdigest()
    # the check's weights are fitted by calibrate_check.py
    written: dict[str, object] = {"claims": json.loads(OUT.read_text("utf-8"))["claims"]}
    written["about"] = {
        "fitted": dt.date.today().isoformat(),  # noqa: DTZ011
        "questions": len(cases),
        "sha256": digest,
    }
    for what in with_bank:
        written[what] = {"with_bank": with_bank[what], "without_bank": bare[what]}
    OUT.write_text(json.dumps(written, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
