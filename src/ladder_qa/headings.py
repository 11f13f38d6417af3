"""A heading as a question about the section that it stands over, in a whole sentence.

Lists are asked for by name, things to do by how they are done; of anything else it is asked what is
said about it. Not covered: whether the documents answer the question (`suggest` asks them first);
headings that are not English, which are quoted as they stand.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from ladder_qa.datamodels import Passage, PassageKind

# What begins a heading that tells somebody to do something; also any word before an article, except
# those that are never a verb ("At a Glance").
_VERB = re.compile(
    r"ask|assess|avoid|become|beware|build|check|collect|create|define|demonstrate|develop|gather"
    r"|get|grow|keep|know|learn|make|prepare|prove|reflect|seek|watch|write"
)
_ARTICLE = re.compile(r"an?|my|the|their|your")
_NO_VERB = re.compile(
    r"an?|about|above|across|after|all|and|are|as|at|before|behind|below|between|beyond|both|but|by"
    r"|every|for|from|how|in|inside|into|is|like|not|of|off|on|or|over|than|that|the|these|this"
    r"|those|through|to|towards?|under|until|what|when|where|which|who|why|with|within|without"
)
# A noun phrase ends before these: "Questions to Reflect On" is about questions.
_AFTER_NOUN = re.compile(r"about|at|before|for|from|in|of|on|that|to|towards?|with|you")
_SINGULAR = re.compile(r"(?:ss|us|is)$")
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_SENTENCES = (PassageKind.SENTENCE, PassageKind.ITEM)


class HeadingQuestions:
    """Headings of one corpus as questions. `passages` show which of its words are names."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages

    def question(self, heading: str, source: str, target: str) -> str:
        """What to ask to get what stands under `heading` in the guide of a move.

        `source` and `target` are the codes of the move's levels.
        """
        text = heading.strip().rstrip(":.").rstrip()
        first, second, *_ = [*text.casefold().split(), "", ""]
        codes = {word.casefold() for word in re.findall(r"\w+", text)}
        named = {source.casefold(), target.casefold()} <= codes
        move = "" if named else f" from {source} to {target}"
        verbless = _NO_VERB.fullmatch(first) is not None
        told = _VERB.fullmatch(first) or (_ARTICLE.fullmatch(second) and not verbless)
        if text.endswith("?"):
            return f"What is said about “{text}”{move}?"
        if first.endswith("ing"):
            return f"What is said about {self._small(text)}{move}?"
        if first == "how" and second == "to" and len(text.split()) > 2:
            return self._done(text.split(maxsplit=2)[2], move)
        if told:
            return self._done(text, move)
        if not verbless and _is_plural(text):
            return f"What are the {self._small(text)}{move}?"
        return f"What is said about “{text}”{move}?"

    def _done(self, text: str, move: str) -> str:
        moving = f" when moving{move}" if move else ""
        return f"How do I {_mine(self._small(text))}{moving}?"

    def _small(self, text: str) -> str:
        """A heading's words as they stand inside a sentence: names and abbreviations stay."""
        return _WORD.sub(lambda word: self._one(word.group()), text)

    def _one(self, word: str) -> str:
        inside = word[1:]
        if inside != inside.casefold() or any(letter.isdigit() for letter in word):
            return word  # an abbreviation, a code, a name such as GitHub
        return word if word in self._names else word.casefold()

    @functools.cached_property
    def _names(self) -> frozenset[str]:
        """Words that the documents' sentences write with a capital, and never without one.

        Only where the word before is a small one: headings and lead-ins write many words large.
        """
        large: set[str] = set()
        small: set[str] = set()
        for passage in self._passages:
            if passage.kind not in _SENTENCES:
                continue
            before = ""
            for word in _WORD.findall(passage.plain):
                if word[0].islower():
                    small.add(word)
                elif before.islower():
                    large.add(word)
                before = word
        return frozenset(word for word in large if word.casefold() not in small)


def _is_plural(text: str) -> bool:
    """Whether a noun phrase is about several things, by the last word before what goes on."""
    noun = ""
    for word in text.casefold().split():
        if _AFTER_NOUN.fullmatch(word):
            break
        noun = word
    return noun.endswith("s") and not _SINGULAR.search(noun)


def _mine(text: str) -> str:
    """Advice to the reader, as the reader asks about it."""
    return re.sub(r"\byour(self)?\b", lambda found: "myself" if found[1] else "my", text)
