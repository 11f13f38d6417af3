"""Whom statements are about, as people who read the documents labelled them.

With them, a citation's level is judged by a reader's word, not by the product's own.
Not covered: statements that nobody labelled; there a citation's own levels are all there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ladder_qa.evaluation.fields import read_fields

LABELS = "levels.jsonl"

LevelLabels = Mapping[tuple[str, int, int], tuple[str, ...]]  # by document, start, end


def load_labels(file: Path) -> LevelLabels:
    """The labels of a JSONL file. Raises DatasetError."""
    labels: dict[tuple[str, int, int], tuple[str, ...]] = {}
    for fields in read_fields(file):
        start = fields.whole_number("start", least=0)
        end = fields.whole_number("end", least=start + 1)
        labels[fields.text("document"), start, end] = fields.texts("levels")
    return labels
