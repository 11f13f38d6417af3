"""Citation recall: the share of a question's gold facts that the answer's citations cover.

Not covered: contexts and the nearest things of a refusal; only what an answer cites counts.
"""

from __future__ import annotations

from ladder_qa.evaluation.score import UNSCORED, Observed, Score
from ladder_qa.evaluation.spans import Place, facts_covered


def score_recall(observed: Observed) -> Score:
    """0 to 1; unscored without gold."""
    facts = observed.case.facts
    if not facts:
        return UNSCORED
    shown = [Place(c.document, c.start, c.end) for c in observed.answer.citations]
    found = facts_covered(facts, shown, observed.texts)
    missed = [fact[0] for fact in facts if fact not in found]
    return Score(
        len(found) / len(facts),
        f"{len(found)} of {len(facts)} facts cited",
        "; ".join(f"not cited: {gold.document}: {gold.quote!r}" for gold in missed),
    )
