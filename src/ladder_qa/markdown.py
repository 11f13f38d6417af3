"""Parses Markdown into tokens that know their exact place, which markdown-it leaves out.

The block rules of markdown-it are wrapped: while a rule runs, the parser knows where the content
of each line begins behind list markers and `>`; that place is kept with the token.
Not covered: what the blocks mean for each other (`blocks`).
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

Rule = Callable[[StateBlock, int, int, bool], bool]

# Containers (lists count twice, as list and item) may nest this deep; what lies deeper is read as
# plain paragraphs. Keeps time and Python's stack bounded; real documents stay under 10.
MAX_NESTING = 40

_LEAF_RULES = ("paragraph", "heading", "lheading", "table", "code", "fence", "html_block")
_CONTAINER_RULES = ("list", "blockquote", "footnote_def")
_FRONT_MATTER = re.compile(r"---[ \t]*\n((?:(?!---|\.\.\.).*\n)*)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FRONT_KEY = re.compile(r"(?:[ \t]*(?:#.*)?\n)*[\w\"'][\w \"'-]*:(?:\s|$)")
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_CLOSING_HASHES = re.compile(r"(?:^|[ \t]+)#+$")

# Tags that stand within a word or a line; any other tag separates words.
_INLINE_TAG_NAMES = (
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small span "
    "strike strong sub sup time tt u var wbr"
)
INLINE_TAGS = frozenset(_INLINE_TAG_NAMES.split())
_HTML_PART = re.compile(
    r"(?P<comment><!--(?:>|->|.*?(?:-->|\Z)))"
    r"|<\?.*?(?:\?>|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<![A-Za-z].*?(?:>|\Z)"
    r"|<(?P<raw>script|style)(?=[\s>]).*?(?:</(?P=raw)\s*>|\Z)"
    r"|</?(?P<tag>[A-Za-z][A-Za-z0-9-]*)(?:\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*|/)?/?>",
    re.DOTALL | re.IGNORECASE,
)
_ZWJ = "\u200d"
_INVISIBLE = (
    {0xAD, 0x034F, 0x061C, 0x180E, 0xFEFF, 0x3164, 0xFFA0, 0x115F, 0x1160}
    | set(range(0x200B, 0x2010)) - {0x200D}
    | set(range(0x202A, 0x202F))
    | set(range(0x2060, 0x2070))
    | set(range(0xFFF9, 0xFFFC))
    | set(range(0xE0000, 0xE0080))
    | {code for code in [*range(0x20), *range(0x7F, 0xA0)] if not chr(code).isspace()}
)
_DROP_INVISIBLE = dict.fromkeys(_INVISIBLE)
_STRAY_ZWJ = re.compile(
    "(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"
    "|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The metadata at the head of a file: where the text behind it starts, and its title."""

    end: int
    title: str


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING + 8, "tasklists": True})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin, inline=False, move_to_end=False)
    for rule in parser.block.ruler.__rules__:
        if rule.name in _LEAF_RULES:
            parser.block.ruler.at(rule.name, _recording(rule.fn), {"alt": rule.alt})
        elif rule.name in _CONTAINER_RULES:
            parser.block.ruler.at(rule.name, _bounded(rule.fn), {"alt": rule.alt})
    return parser


def _recording(rule: Rule) -> Rule:
    """`rule`, with the place of every line of its tokens kept in their `meta["lines"]`."""

    def recorded(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it calls it so
        first = len(state.tokens)
        if not rule(state, start, end, silent):
            return False
        if not silent:
            for token in state.tokens[first:]:
                if token.map is not None:
                    token.meta["lines"] = [
                        (state.bMarks[line] + state.tShift[line], state.eMarks[line])
                        for line in range(token.map[0], token.map[1])
                    ]
        return True

    return recorded


def _bounded(rule: Rule) -> Rule:
    """`rule`, no longer matching below `MAX_NESTING`, so that the text becomes a paragraph."""

    def bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it calls it so
        return state.level < MAX_NESTING and rule(state, start, end, silent)

    return bounded


def parse(text: str) -> list[Token]:
    """Block tokens of `text` (each newline already one LF), inline tokens parsed into `children`.

    Leaf tokens hold `meta["lines"]`: for each source line of theirs the offsets of its content
    in `text`, without container marks and indentation.
    """
    return _parser().parse(text)


def front_matter(text: str) -> FrontMatter | None:
    """The front matter of `text` (each newline already one LF), or None.

    Dashes alone are a thematic break; only a first line that looks like `key: …` makes them
    front matter, so that no heading between two breaks is lost.
    """
    match = _FRONT_MATTER.match(text)
    if match is None or _FRONT_KEY.match(match[1]) is None:
        return None
    title = _FRONT_TITLE.search(match[1])
    value = title[1] if title else ""
    if value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1:
        value = value[1:-1]
    return FrontMatter(match.end(), folded(value) if value[:1] not in "|>" else "")


def folded(text: str) -> str:
    """`text` without invisible characters, every run of white space as one blank."""
    visible = text.translate(_DROP_INVISIBLE)
    if _ZWJ in visible:
        visible = _STRAY_ZWJ.sub("", visible)
    return " ".join(visible.split())


def plain_text(tokens: Sequence[Token]) -> str:
    """What a person reads of inline tokens, not yet folded."""
    parts: list[str] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(plain_text(token.children or []))
        elif token.type == "html_inline":
            match = _HTML_PART.match(token.content)
            tag = (match["tag"] or "").lower() if match else ""
            parts.append(" " if tag and tag not in INLINE_TAGS else "")
    return "".join(parts)


def link_addresses(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The addresses that links among inline tokens point to, in order."""
    return tuple(str(token.attrs["href"]) for token in tokens if token.type == "link_open")


def content_bounds(token: Token) -> tuple[int, int]:
    """Where a heading's or paragraph's inline content starts and ends, not yet trimmed."""
    lines = token.meta["lines"]
    return lines[0][0], lines[-1][1]


def heading_bounds(token: Token, text: str) -> tuple[int, int]:
    """The bounds of an ATX heading's words: without its `#` marks on either side."""
    start, end = content_bounds(token)
    raw = text[start:end]
    words = raw.lstrip("#")
    start += len(raw) - len(words)
    words = words.rstrip(" \t")
    return start, start + len(_CLOSING_HASHES.sub("", words))


def code_bounds(token: Token) -> tuple[int, int]:
    """The bounds of a code block's content lines, without fences."""
    lines = token.meta["lines"]
    if token.type == "fence":
        count = token.content.count("\n") + (not token.content.endswith("\n"))
        lines = lines[1 : 1 + count] if token.content else []
    return (lines[0][0], lines[-1][1]) if lines else (0, 0)


def cell_bounds(line: tuple[int, int], text: str) -> list[tuple[int, int]]:
    """The bounds of the cells of a table row, as GFM splits them: an escaped bar ends none."""
    start, end = line
    row = text[start:end]
    stripped = row.strip(" \t\n\r\f\v")
    start += row.find(stripped)
    cells, begin, escaped = [], 0, False
    for place, character in enumerate(stripped):
        if character == "|" and not escaped:
            cells.append((start + begin, start + place))
            begin = place + 1
        escaped = character == "\\"
    cells.append((start + begin, start + len(stripped)))
    if cells[0][0] == cells[0][1]:
        cells.pop(0)
    if cells and cells[-1][0] == cells[-1][1]:
        cells.pop()
    return cells


@dataclass(frozen=True, slots=True)
class Marks:
    """Emphasis around a whole paragraph: how many characters on each side, and if it is bold."""

    left: int
    right: int
    bold: bool


def surrounding_marks(tokens: Sequence[Token], text: str) -> Marks | None:
    """The emphasis marks around the whole of `text`, whose inline tokens these are, or None.

    A colon right behind bold words (`**Label**:`) counts as part of the marks.
    """
    inner = [token for token in tokens if token.content or token.type != "text"]
    colon = len(inner) > 1 and inner[-1].type == "text" and inner[-1].content in (":", "：")
    if colon:
        inner.pop()
    left, right, bold = 0, int(colon), False
    # Nobody nests four marks; the bound keeps the time linear.
    while left < 4 and len(inner) > 1 and inner[0].type in ("strong_open", "em_open"):
        if _partner(inner) != len(inner) - 1:
            break
        size = len(inner[0].markup)
        bold = bold or inner[0].type == "strong_open"
        left, right, inner = left + size, right + size, inner[1:-1]
        inner = [token for token in inner if token.content or token.type != "text"]
    if not left or (colon and not bold) or left + right >= len(text):
        return None
    return Marks(left, right, bold)


def _partner(tokens: Sequence[Token]) -> int:
    """The place of the token that closes the first one."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            return place
    return -1


@dataclass(frozen=True, slots=True)
class HtmlText:
    """A run of words in an HTML block: its bounds in the source, and the words, not yet folded."""

    start: int
    end: int
    plain: str


def html_texts(token: Token, text: str) -> list[HtmlText]:
    """The words of an HTML block outside tags, comments, scripts and styles.

    One run for each stretch between tags that separate words, such as `<li>` or `<td>`.
    """
    lines: list[tuple[int, int]] = token.meta["lines"]
    joined = "\n".join(text[start:end] for start, end in lines)
    offsets = list(accumulate((end - start + 1 for start, end in lines), initial=0))

    def in_source(place: int) -> int:
        line = bisect_right(offsets, place) - 1
        return lines[line][0] + place - offsets[line]

    found: list[HtmlText] = []
    parts: list[str] = []
    first, last, done = -1, -1, 0
    for match in [*_HTML_PART.finditer(joined), None]:
        chunk = joined[done : match.start() if match else len(joined)]
        parts.append(html.unescape(chunk))
        if words := chunk.strip():
            place = done + chunk.find(words)
            first = place if first < 0 else first
            last = place + len(words)
        done = match.end() if match else done
        if match and (match["comment"] or (match["tag"] or "").lower() in INLINE_TAGS):
            continue
        if first >= 0:
            found.append(HtmlText(in_source(first), in_source(last - 1) + 1, "".join(parts)))
        parts, first = [], -1
    return found
