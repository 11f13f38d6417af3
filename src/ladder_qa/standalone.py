"""What keeps a model's sentence from being shown by itself, whatever the documents say.

It holds more than plain words, is no whole sentence, says the same words twice, asks, points to
something outside of itself, or speaks of the prompt.
Not covered: whether its statements carry it (`verify`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ladder_qa.datamodels import Passage
from ladder_qa.inline import readable
from ladder_qa.names import LevelNames
from ladder_qa.quantities import quantities_in
from ladder_qa.wording import is_function, is_light, stem_of
from ladder_qa.writing import Sentence

# Letters, digits and what prose is pointed with; no addresses, brackets with numbers.
_STRANGE = re.compile(
    r"[^\w\s.,;:!?'’\"“”„‘()\[\]/&%+<>≤≥~*#$€£–—→‑-]|\[\s*\d|\bwww\.|://|\w@\w"
    r"|[<>]\s*[^\W\d]"
    r"|\w\.\w{2,}/"
)
# Which one is meant, only the sentences around could tell.
_POINTS = re.compile(
    r"\b(?:the )?(?:former|latter|lower|higher|upper|first|second|third|next|previous|other|same"
    r"|this|that)\s+(?:one|level|role|position|step|rung|tier|stage)s?\b",
    re.IGNORECASE,
)
# What a model was given and told, as a model speaks of it; a document may have the same words.
_OF_PROMPT = re.compile(
    r"\b(?:an?|the|this|that|these|those|each|any|your|my|our)\s+"
    r"(?:(?:above|correct|final|first|following|given|last|next|numbered|only|original|other|right"
    r"|second|short|simple)\s+)?"
    r"(statement|answer|question|prompt|instruction)s?\b",
    re.IGNORECASE,
)
# A model of itself, or of what it is about to write.
_OF_ITSELF = re.compile(
    r"\b(?:I(?!\.)|[Mm]y|[Mm]e)\b|^(?:So,? )?[Hh]ere(?:['’]s| is| are)\b"
    r"|^(?:Q|A|[Qq]uestion|[Aa]nswer|[Ss]tatement)\s*:"
)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|(?<!\w)['‘][^'’]*['’](?!\w)")
_ASKS = re.compile(r"(?:Q(?:uestion)?\s*:\s*)?[^.:;!?'\"“”‘]+\?$", re.IGNORECASE)
_ASKED = re.compile(r"([^.:;!?'\"“”‘]+)\?")
_ENDED = re.compile(r"[.!…][\"'”’)]*$")
_WORDS = re.compile(r"[\w'’-]+")
# Words of what has no full stop: of an item that no line introduces, and of a line.
ITEM, LINE = 3, 6
# So many words in a row, of which so many are no small ones, are said once, and no word is said
# more often: of 4,756 right sentences about this ladder none breaks it.
RUNS, OFTEN = ((4, 3), (5, 2)), 5


def unfit(sentence: Sentence) -> str:
    """`markup`, `fragment` or `repetitive`, as why it cannot stand by itself; or ""."""
    text = sentence.text
    if _STRANGE.search(text) or readable(text) != text:
        return "markup"  # what is checked and what is shown would differ
    if text.startswith("(") or text.count("(") != text.count(")"):
        return "markup"  # a heading path, or a part of one
    if _is_fragment(sentence):
        return "fragment"
    return "repetitive" if _stammers(text) else ""


def points_elsewhere(text: str, carriers: Sequence[Passage], names: LevelNames) -> str:
    """`reference`, `question` or `prompt`, as what no carrier has of what it points to; or "".

    The one level that the sentence itself has named before may be pointed to.
    """
    told = " ".join(
        part
        for passage in carriers
        for part in (passage.plain, *passage.section, *(step.text for step in passage.context))
    ).casefold()
    for match in _POINTS.finditer(text):
        phrase = match[0].casefold().removeprefix("the ").removesuffix("s")
        named = {mention.code for mention in names.find(text[: match.start()])}
        back = len(named) == 1 and phrase.startswith(("this ", "that ", "same "))
        if phrase not in told and not back:
            return "reference"
    if _ASKS.match(text):
        return "question"
    asked = {stem for match in _ASKED.finditer(text) for stem in _telling(match[1])}
    if not asked <= _telling(told):
        return "question"
    own = _QUOTED.sub("", text)
    unheld = (match for match in _OF_PROMPT.finditer(text) if match[1].casefold() not in told)
    return "prompt" if _OF_ITSELF.search(own) or any(unheld) else ""


def _telling(text: str) -> set[str]:
    """The stems of the words that are no small ones."""
    stems = {stem_of(word) for word in _WORDS.findall(text.casefold())}
    return {stem for stem in stems if not is_function(stem) and not is_light(stem)}


def _is_fragment(sentence: Sentence) -> bool:
    """Whether it has neither a full stop nor enough words nor, as an item, what it belongs to."""
    if sentence.lead_in or _ENDED.search(sentence.text):
        return False
    words = len(_WORDS.findall(sentence.text))
    return words < (ITEM if sentence.bullet else LINE) and not quantities_in(sentence.text)


def _stammers(text: str) -> bool:
    """Whether several words in a row come a second time, or one word too often."""
    words = [word.casefold() for word in _WORDS.findall(text)]
    telling = _telling(text)
    counts = Counter(stem for stem in map(stem_of, words) if stem in telling)
    if max(counts.values(), default=0) > OFTEN:
        return True
    return any(_comes_again(words, telling, *run) for run in RUNS)


def _comes_again(words: Sequence[str], telling: set[str], length: int, least: int) -> bool:
    """Whether `length` words in a row, `least` of them telling ones, come a second time."""
    seen: dict[tuple[str, ...], int] = {}
    for at in range(len(words) - length + 1):
        run = tuple(words[at : at + length])
        enough = len({stem_of(word) for word in run} & telling) >= least
        if at - seen.setdefault(run, at) >= length and enough:
            return True
    return False
