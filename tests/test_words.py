"""Words are cut the same way for building and asking, and weighted as bm25s weights them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladder_qa.words import WordIndex, tokens

TEXTS = ["the manager leads 3–5+ teams", "E2 leads managers of managers", "", "teams, teams!"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Leading managers", ["lead", "manag"]),
        ("E2, M3s and TPM4’s", ["e2", "m3", "and", "tpm4"]),
        ("e1-to-e2 (E1–E3)", ["e1", "to", "e2", "e1", "e3"]),
        ("3–5+ teams", ["3-5+", "3-5", "team"]),
        ("12 - 24 months", ["12-24", "month"]),
        ("1,000 people, 20%, $1.5M", ["1,000", "peopl", "20", "1.5m"]),
        ("2nd don't director’s", ["2nd", "don't", "director"]),
        ("E\u200b2 le\u00adads \ufb01rst", ["e2", "lead", "first"]),
        ("Größe", ["grösse"]),
        ("\u200b — … 🙂", []),
        ("", []),
    ],
)
def test_text_is_cut_into_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text())
def test_any_text_can_be_cut_and_upper_case_does_not_matter(text: str) -> None:
    found = tokens(text)
    assert all(token and not token.isspace() for token in found)
    if text.isascii():
        assert tokens(text.upper()) == found


def test_the_scores_are_those_of_bm25s() -> None:
    index = WordIndex.from_texts(TEXTS)
    reference = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    reference.index([tokens(text) for text in TEXTS], show_progress=False)
    for question in ("managers teams", "E2", "the 3-5 teams of the manager"):
        np.testing.assert_allclose(
            index.scores(tokens(question)), reference.get_scores(tokens(question)), rtol=1e-6
        )


def test_unknown_words_and_no_words_score_nothing() -> None:
    index = WordIndex.from_texts(TEXTS)
    assert not index.scores(["zebra"]).any()
    assert not index.scores([]).any()
    assert not WordIndex.from_texts(["", "…"]).scores(["a"]).any()


def test_a_saved_index_gives_the_same_scores(tmp_path: Path) -> None:
    index = WordIndex.from_texts(TEXTS)
    index.save(tmp_path / "words")
    again = WordIndex.from_folder(tmp_path / "words")
    assert again.scores(tokens("managers teams")).tobytes() == (
        index.scores(tokens("managers teams")).tobytes()
    )


def test_tokens_are_the_same_in_many_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(tokens, TEXTS * 50))
    assert results == [tokens(text) for text in TEXTS * 50]


@given(
    st.lists(st.text("ab c", max_size=9), min_size=1, max_size=9),
    st.sets(st.sampled_from(["a", "b", "c", "ab", "ca", "zebra"])),
)
def test_the_words_that_a_passage_holds_are_counted(texts: list[str], asked: set[str]) -> None:
    every = np.arange(len(texts))[::-1].copy()
    held = WordIndex.from_texts(texts).held(sorted(asked), every)
    assert held.tolist() == [len(asked & set(tokens(texts[at]))) for at in every]
