"""Mends typing mistakes against the words that the documents use.

A word is mended only if it is no known word at all and exactly one word of the documents is
nearest to it, by the distance of Damerau (1964) with adjacent swaps.
Not covered: real words typed in place of others.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

SHORTEST = 4  # characters; shorter words have too many neighbours
TWO_EDITS_FROM = 8  # characters; below, one edit only


def distance(first: str, second: str, most: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) between two words, or `most` + 1."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


class Speller:
    """Mends words against a vocabulary; `known` tells whether a word exists outside it."""

    def __init__(self, vocabulary: Iterable[str], known: Callable[[str], bool]) -> None:
        words = (word.casefold() for word in vocabulary)
        self._counts = Counter(part for word in words for part in {word, *word.split("-")} if part)
        self._known = known
        self._by_first: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._counts):
            if len(word) >= SHORTEST - 1 and word.isalpha():
                self._by_first[word[0]].append(word)

    def mend(self, text: str) -> str:
        """`text` with unknown words replaced by their one nearest word, if there is one."""
        return re.sub(r"[^\W\d_]+(?:['’][^\W\d_]+)?", lambda match: self._word(match.group()), text)

    def _word(self, word: str) -> str:
        lower = word.casefold()
        if len(lower) < SHORTEST or not lower.isalpha() or lower in self._counts:
            return word
        if word.isupper() or self._known(lower):
            return word
        most = 2 if len(lower) >= TWO_EDITS_FROM else 1
        near: dict[int, list[str]] = defaultdict(list)
        for candidate in self._by_first.get(lower[0], ()):
            edits = distance(lower, candidate, most)
            if edits <= most:
                near[edits].append(candidate)
        if not near:
            return word
        best = near[min(near)]
        # inflections of one word are one candidate: the most frequent stands for them
        shortest = min(best, key=len)
        if all(candidate.startswith(shortest[:-1]) for candidate in best):
            return max(best, key=lambda candidate: (self._counts[candidate], candidate))
        return word
