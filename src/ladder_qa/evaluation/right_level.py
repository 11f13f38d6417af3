"""Right level: whether what is cited is about whom the answer says it is about.

A labelled statement is judged by its label; any other by what the citation says of itself.
Not covered: statements about no level in particular, which may carry any answer.
"""

from __future__ import annotations

from ladder_qa.datamodels import Citation
from ladder_qa.evaluation.score import UNSCORED, Observed, Score
from ladder_qa.evaluation.spans import Place, on_gold, places


def score_right_level(observed: Observed) -> Score:
    """The share of citations that are about the level they give, and about one that was asked.

    0 to 1. Unscored where neither a label nor the question's levels have a say.
    """
    judged = [
        (citation, wrong)
        for citation in observed.answer.citations
        if (wrong := _wrong(citation, observed)) is not None
    ]
    if not judged:
        return UNSCORED
    mistakes = [(citation, wrong) for citation, wrong in judged if wrong]
    return Score(
        (len(judged) - len(mistakes)) / len(judged),
        f"{len(judged) - len(mistakes)} of {len(judged)} citations about the right level",
        "; ".join(f"{wrong}: {citation.quote!r}" for citation, wrong in mistakes),
    )


def _wrong(citation: Citation, observed: Observed) -> str | None:
    """What is wrong with a citation's level; "" for nothing, None where it cannot be said."""
    case = observed.case
    label = observed.labels.get((citation.document, citation.start, citation.end))
    if label is not None and set(label) != set(citation.levels):
        return f"is about {_named(label)}, given as {_named(citation.levels)}"
    about = citation.levels if label is None else label
    if not about or not case.levels:
        return None if label is None else ""
    gold = [place for quote in case.gold for place in places(quote, observed.texts)]
    if set(about) & set(case.levels):
        return ""
    if on_gold(Place(citation.document, citation.start, citation.end), gold):
        return ""
    return f"is about {_named(about)}, asked was {_named(case.levels)}"


def _named(levels: tuple[str, ...]) -> str:
    return " and ".join(levels) or "no level"
