"""Splits the raw Markdown text of one paragraph into sentences with exact places.

Rules, not a model: the same text gives the same spans everywhere, in linear time. A full stop
ends a sentence unless what stands before it or after it says otherwise; when in doubt, the text
stays together, since a quote that is too long is still true and one cut short may not be.
Not covered: block structure (`corpus`), and languages written without spaces or stops (Thai).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict

# Stand-ins of the working copy, which has the same length as the text: `_INERT` is never a stop,
# `_MARK` may open or close a sentence like any Markdown mark, `_BREAK` is an HTML line break.
_INERT = "x"
_MARK = "\x02"
_BREAK = "\x03"

_STOPS = ".!?…؟۔।॥"
_CJK_STOPS = "。！？｡"
_CLOSERS = "\"'”’»›)]}*_~`」』）】》" + _MARK
_EMOJI = "\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff"  # right behind a stop they belong to it
_OPENERS = "\"'“‘„‚«‹([{*_~`「『（【《¿¡" + _MARK

_CODE_RUN = re.compile(r"(?<!\\)`+")
_LINE_BREAK = re.compile(r"<br\s{0,9}/?>", re.IGNORECASE)
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,500}|!--.{0,2000}?--)>", re.DOTALL)
_ADDRESS = re.compile(
    r"<[a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^<>\s]{0,2000}>|<[^<>\s@]{1,200}@[^<>\s]{1,200}>"
    r"|\b(?:https?|ftp|mailto):[^\s<>()\[\]]{1,2000}|\bwww\.[^\s<>()\[\]]{1,2000}"
)
_ADDRESS_TAIL = re.compile(rf"[{_STOPS}{_CJK_STOPS},;:*_~'\"]+$")
_TARGET = r"\((?:[^()\\\n]|\\.|\([^()\n]{0,300}\)){0,1000}\)|\[[^\[\]]{0,200}\]"
_LINK = re.compile(rf"!?\[([^\[\]]{{0,1000}})\]({_TARGET})")
_NOTE = re.compile(r"(?<=\S)\[\^?\w[\w.-]{0,20}\](?![(\[:])")
_REGION = re.compile(
    r"\"[^\"]{1,300}\"|“[^“”]{1,300}”|«[^«»]{1,300}»|\([^()]{1,300}\)"
    r"|(?<![\w'])'(?=\S)[^']{0,200}(?:\w'\w[^']{0,200}){0,9}(?<=\S)'(?!\w)"
)
_ANY_STOP = re.compile(rf"[{_STOPS}{_CJK_STOPS}]")
_REGION_TAIL = re.compile(rf"[{_STOPS}{_CJK_STOPS}]*[{re.escape(_CLOSERS)}]*$")
_AFTER_STOP = rf"[{re.escape(_CLOSERS)}{_EMOJI}]*"
_END = re.compile(
    rf"(?P<cjk>[{_CJK_STOPS}]+){_AFTER_STOP}|(?P<stop>[{_STOPS}]+){_AFTER_STOP}(?=\s|$|{_BREAK})"
    rf"|(?P<hard>{_BREAK}+|(?:[ ][ ]|\\)(?=\n))"
)
_GAP = re.compile(rf"(?:[\s{_BREAK}]|(?<=\n)[ \t]*>(?=[ \t>\S]|$))*")
_OPENING = re.compile(rf"[{re.escape(_OPENERS)}]*")
_BETWEEN_WORDS = re.compile(r"[\s(\[{\"“‘«—–/]")
_FIRST_WORD = re.compile(r"[\w'’]+")
_OPENING_MARK = re.compile(r"(?:\*{1,3}|_{1,3}|~~)(?![\s*_~])")
_CLOSING_MARK = re.compile(r"(?<![\s*_~])(?:\*{1,3}|_{1,3}|~~)\Z")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A full stop after these never ends a sentence by itself: more must follow.
_NEVER_LAST = _words(
    "e.g i.e eg ie cf vs v viz ca dr mr mrs ms prof rev hon gen col capt lt st mt fig figs eq ch "
    "vol pp p resp incl excl al"
)
# These may be the last word; then a word that commonly starts a sentence must follow.
_SOMETIMES_LAST = _words(
    "approx min max avg sec dept univ assoc inc ltd co corp llc plc bros jr sr esq ph.d phd b.sc "
    "m.sc b.a m.a a.m p.m u.s u.k e.u u.n jan feb mar apr jun jul aug sept sep oct nov dec"
)
_BEFORE_NUMBER = _words("no nos nr art para pt")
_STARTERS = _words(
    "a after all also although an and another any are as at be because before both but by can do "
    "each every few for from has have he her here his how however i if in instead is it its "
    "many may more most my no not of on once one or other our over rather she should similarly "
    "since so some such that the their then there these they this those though to under unlike "
    "until we what when where whether which while who why with without you your"
)


def split_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """The sentences of `text` as (start, end) offsets into it, end exclusive, in order.

    `text` is the raw Markdown of one paragraph, line breaks and `> ` prefixes included. Spans
    are trimmed of white space and of Markdown marks whose other half lies in another sentence.
    Text without a letter or digit yields no span; nothing is raised.
    """
    masked = _mask(text)
    pieces: list[tuple[int, int]] = []
    start = _GAP.match(text, 0).end()  # type: ignore[union-attr]  # matches the empty string too
    for end, following in _boundaries(masked, text):
        if end > start:
            pieces.append((start, end))
        start = following
    if start < len(text):
        pieces.append((start, len(text.rstrip())))
    spans = (_without_half_marks(text, *piece) for piece in _joined(text, pieces))
    return tuple((start, end) for start, end in spans if start < end)


def _boundaries(masked: str, text: str) -> list[tuple[int, int]]:
    """Each place where a sentence ends, with the place where the next one starts."""
    found = []
    start = 0
    for match in _END.finditer(masked):
        end = match.end()
        following = _GAP.match(masked, end).end()  # type: ignore[union-attr]
        if match["hard"] is not None:
            end = start + len(text[start : match.start()].rstrip())
        if following >= len(text):
            break
        if _ends_here(masked, match, start, following):
            found.append((end, following))
            start = following
    return found


def _ends_here(masked: str, match: re.Match[str], start: int, following: int) -> bool:
    """Whether the stop that was found ends the sentence that began at `start`."""
    opening = _OPENING.match(masked, following)
    first = masked[opening.end() : opening.end() + 1] if opening else ""
    if match["cjk"] is not None:
        asked = match["cjk"][-1] in "！？" and match.end("cjk") < match.end()
        return first not in "，、；：,;:" and not (asked and following == match.end())
    if not first or first.islower() or first in ",;:—–&/|=+)":
        return False
    if match["hard"] is not None:
        return True
    stop = match["stop"]
    if stop != ".":
        return not (first in "-." or (stop[0] in ".…" and not first.isupper()))
    # 40 characters are longer than any abbreviation, and bound the work for each stop.
    before = _BETWEEN_WORDS.split(masked[max(start, match.start() - 40) : match.start()])[-1]
    next_word = _FIRST_WORD.match(masked, opening.end() if opening else following)
    return _stop_is_final(
        before.strip("*_~'’\"" + _MARK),
        next_word.group() if next_word else first,
        opens=match.start() - len(before) <= start + 2,
    )


def _stop_is_final(word: str, following: str, *, opens: bool) -> bool:
    """Whether the full stop after `word` is one, given the word that follows.

    `opens`: `word` is the first of its sentence, so that a number there counts, as in "1. Do".
    """
    lowered = word.casefold()
    if lowered in _NEVER_LAST:
        return False
    if lowered in _BEFORE_NUMBER:
        return not following[:1].isdigit()
    initial = len(word) == 1 and word.isalpha() and word.isupper()
    dotted = re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", word) is not None
    if initial or dotted or lowered in _SOMETIMES_LAST:
        return following.casefold() in _STARTERS or not following[:1].isalnum()
    return not (opens and word.isdigit())


def _mask(text: str) -> str:
    """A copy of the same length in which no stop is left that cannot end a sentence."""
    masked = _mask_code(text.replace(_MARK, " ").replace(_BREAK, " "))
    masked = _ADDRESS.sub(_inert_address, masked)
    masked = _LINE_BREAK.sub(lambda match: _BREAK * len(match.group()), masked)
    masked = _TAG.sub(lambda match: _MARK * len(match.group()), masked)
    for _ in range(2):  # twice: an image may stand inside a link
        masked = _LINK.sub(_mask_link, masked)
    masked = _NOTE.sub(lambda match: _MARK * len(match.group()), masked)
    return _REGION.sub(_mask_region, masked)


def _mask_code(text: str) -> str:
    """Code spans made inert: a run of backticks up to the next run of the same length."""
    runs = [(match.start(), match.end()) for match in _CODE_RUN.finditer(text)]
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for start, end in runs:
        by_length[end - start].append(start)
    pieces, done = [], 0
    for start, end in runs:
        if start < done:
            continue
        places = by_length[end - start]
        later = bisect_right(places, start)
        if later < len(places):
            close = places[later] + (end - start)
            pieces += [text[done:start], _INERT * (close - start)]
            done = close
    return "".join([*pieces, text[done:]])


def _inert_address(match: re.Match[str]) -> str:
    """An address made inert, but for the punctuation that ends it in running text."""
    whole = match.group()
    tail = _ADDRESS_TAIL.search(whole)
    kept = tail.group() if tail else ""
    return _INERT * (len(whole) - len(kept)) + kept


def _mask_link(match: re.Match[str]) -> str:
    """A link: its address becomes a mark, and only a stop at the end of its words stays one."""
    words = match[1]
    body = _ANY_STOP.sub(_INERT, words[:-1]) + words[-1:]
    lead = match.start(1) - match.start()
    return _MARK * lead + body + _MARK * (match.end() - match.end(1))


def _mask_region(match: re.Match[str]) -> str:
    """Words in quotes or brackets stay together; only a stop at their end may be one."""
    whole, text = match.group(), match.string
    after = text[match.end() : match.end() + 40].lstrip(_CLOSERS + " \n\t")
    goes_on = bool(after) and (after[0].islower() or after[0] in ",;—–")
    tail = None if goes_on else _REGION_TAIL.search(whole)
    kept = tail.group() if tail else ""
    return _ANY_STOP.sub(_INERT, whole[: len(whole) - len(kept)]) + kept


def _joined(text: str, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pieces, those without a letter or digit joined to the one before (or, first, after)."""
    joined: list[tuple[int, int]] = []
    pending: int | None = None
    for start, end in pieces:
        begin = start if pending is None else pending
        pending = None
        if any(character.isalnum() for character in text[start:end]):
            joined.append((begin, end))
        elif joined:
            joined[-1] = (joined[-1][0], end)
        else:
            pending = begin
    return joined


def _without_half_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without an emphasis mark at an edge that has no partner inside the span."""
    opening = _OPENING_MARK.match(text, start, end)
    if opening and text.count(opening.group(), opening.end(), end) == 0:
        start = opening.end()
    closing = _CLOSING_MARK.search(text, max(start, end - 4), end)
    if closing and text.count(closing.group(), start, closing.start()) == 0:
        end = closing.start()
    return start, end
