"""Similarities in one pass over the vectors, and orders that depend on nothing but the scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladder_qa.ranking import BLOCK, best_rows, in_order, products

SCORES = st.lists(st.sampled_from([float("-inf"), -1.0, 0.0, 0.5, 0.5000001, 2.0]), max_size=40)


@pytest.mark.parametrize("vectors", [1, 2, 7])
@pytest.mark.parametrize("rows", [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 3])
def test_products_are_those_of_the_matrices(vectors: int, rows: int) -> None:
    draw = np.random.default_rng(vectors)
    few = draw.standard_normal((vectors, 24), dtype=np.float32)
    many = draw.standard_normal((rows, 24), dtype=np.float32)
    found = products(few, many)
    assert found.shape == (vectors, rows)
    assert found == pytest.approx(few @ many.T, abs=1e-5)


@given(SCORES, st.integers(0, 50))
def test_the_best_are_the_first_of_all_in_order(scores: list[float], k: int) -> None:
    expected = sorted(range(len(scores)), key=lambda at: (-scores[at], at))
    assert best_rows(np.array(scores, dtype=np.float64), k).tolist() == expected[:k]


@given(SCORES, st.integers(1, 50))
def test_all_are_given_in_order_however_many_are_sorted_at_once(
    scores: list[float], at_once: int
) -> None:
    expected = sorted(range(len(scores)), key=lambda at: (-scores[at], at))
    assert list(in_order(np.array(scores, dtype=np.float64), at_once)) == expected
