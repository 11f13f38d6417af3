"""Key facts: the share of what an answer has to say that it does say, in any of the wordings.

Not covered: the nearest things of a refusal, which it shows but does not say.
"""

from __future__ import annotations

from ladder_qa.evaluation.score import UNSCORED, Observed, Score
from ladder_qa.evaluation.wording import fold, says


def score_key_facts(observed: Observed) -> Score:
    """0 to 1; unscored without key facts. Reads `answer` and `missing`."""
    facts = observed.case.key_facts
    if not facts:
        return UNSCORED
    text = fold("\n".join((observed.answer.answer, *observed.answer.missing)))
    missed = [any_of for any_of in facts if not any(says(text, wording) for wording in any_of)]
    return Score(
        (len(facts) - len(missed)) / len(facts),
        f"{len(facts) - len(missed)} of {len(facts)} key facts said",
        "; ".join("not said: " + " / ".join(map(repr, any_of)) for any_of in missed),
    )
