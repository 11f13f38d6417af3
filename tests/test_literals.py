"""Nothing of this one ladder stands in the program: its levels, titles and headings are read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ladder_qa.corpus import read_corpus
from ladder_qa.datamodels import BlockKind
from ladder_qa.ladder import read_ladder


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """String literals of a module, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        plain = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if plain and id(node) not in docstrings:
            assert isinstance(node, ast.Constant)
            yield node.lineno, str(node.value)


def test_no_literal_is_a_level_a_title_or_a_long_heading(root: Path, corpus_folder: Path) -> None:
    corpus = read_corpus(corpus_folder)
    ladder = read_ladder(corpus.documents)
    words = {level.code for level in ladder.levels}
    words |= {title for level in ladder.levels for title in level.titles if len(title) > 3}
    headings = {
        block.plain
        for document in corpus.documents
        for block in document.blocks
        if block.kind is BlockKind.HEADING and len(block.plain.split()) >= 3
    }
    pattern = re.compile(
        "|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in sorted(words | headings)),
        re.IGNORECASE,
    )
    found = [
        f"{path.relative_to(root)}:{line}: {match.group()}"
        for path in sorted((root / "src").rglob("*.py"))
        for line, text in literals(path)
        if (match := pattern.search(text))
    ]
    assert found == []
