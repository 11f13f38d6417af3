"""Documents → Ladder: the levels, their names, the moves between them, and what is missing.

Everything is read from headings, tables and references of the documents themselves, so another
organisation's ladder works without a change here.
Not covered: ladders that name their levels by title alone, without a code such as a letter and a
number; their statements are found, but carry no level.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ladder_qa.datamodels import (
    Block,
    BlockKind,
    Document,
    Ladder,
    Level,
    MissingDocument,
    Transition,
)
from ladder_qa.names import CODE, LevelNames, aliases_of

ARROW = r"(?:→|⇒|->|–>|—>|\bto\b|\binto\b)"
_PAREN = r"(?:\s*\([^)]{0,60}\))?"
TRANSITION = re.compile(
    rf"(?<!\w)({CODE}){_PAREN}\s*{ARROW}\s*(?:an?\s+|the\s+)?({CODE})(?!\w)", re.IGNORECASE
)
_HEADING_LEVEL = re.compile(
    rf"^(?:\d+[.)]\s*)?(?:[Ll]evel\s+)?({CODE})\s*(?::|–|—|-|\||,)\s*(\S.*)$"
)
_CODE_ALONE = re.compile(rf"^(?:[Ll]evel\s+)?({CODE})\s*(?:\(([^()\d]{{2,60}})\))?:?$")
_NAMED_LEVEL = re.compile(rf"(?<!\w)({CODE})[^\S\n]*\(([^()\d\n]{{2,60}})\)")
_TITLE_THEN_CODE = re.compile(rf"^(?:\d+[.)]\s*)?([^()\d]{{2,60}})\s*\(({CODE})\)$")
_TRACK = re.compile(rf"(?<!\w)(\w{{1,40}})[\s-]+track\s*\(\s*({CODE})\s*[-–—]", re.IGNORECASE)
_TITLE_COLUMN = re.compile(r"\b(title|role|position|name)\b", re.IGNORECASE)
_QUESTION_COLUMN = re.compile(r"\bquestion\b", re.IGNORECASE)
_TIME_COLUMN = re.compile(r"\b(time|duration|years|months)\b", re.IGNORECASE)
_TAKES = re.compile(r"\btakes\s+(?:about\s+|around\s+)?(\d[\d\s–+-]*\s*(?:years?|months?))")
_QUOTED_QUESTION = re.compile(r"[\"“']([^\"”]+\?)[\"”']")
_REFERS = re.compile(r"\b(refer|see|consult|read|find|look)\b", re.IGNORECASE)
_BOLD_LABEL = re.compile(r"^(?:\*\*|__)(.+?)(?:\*\*|__)")


def prefix_of(code: str) -> str:
    """The letters of a level's code: the shared mark of its track."""
    return code.rstrip("0123456789")


def number_of(code: str) -> int:
    """The number of a level's code."""
    return int(code[len(prefix_of(code)) :])


@dataclass
class _Described:
    """What has been read so far about one level."""

    document: str
    order: int
    titles: list[str] = field(default_factory=list)
    question: str | None = None


def read_ladder(documents: Sequence[Document]) -> Ladder:
    """The ladder that `documents` describe; an empty one when they describe none."""
    described = _describe(documents)
    tracks = _tracks(documents, described)
    found = _transitions(documents, described)
    levels = _levels(described, tracks, found)
    names = LevelNames(levels)
    guides = {pair: path for path, pair in _guides(documents, names).items()}
    transitions = _with_guides(documents, levels, found, guides)
    missing = _missing(documents, transitions)
    codes = {level.code for level in levels}
    mentioned = sorted(
        {
            match.group()
            for document in documents
            for block in document.blocks
            for match in re.finditer(rf"(?<![\w/]){CODE}(?=s?(?!\w))", block.plain)
        }
        - codes
    )
    return Ladder(levels, transitions, missing, tuple(mentioned))


def tables(document: Document) -> Iterable[dict[tuple[int, int], Block]]:
    """Each table of a document as its cells by (row, column); row 0 is the header."""
    grouped: dict[int, dict[tuple[int, int], Block]] = defaultdict(dict)
    for block in document.blocks:
        if block.kind is BlockKind.CELL and block.group is not None:
            grouped[block.group][(block.row or 0, block.column or 0)] = block
    return grouped.values()


def _describe(documents: Sequence[Document]) -> dict[str, _Described]:
    described: dict[str, _Described] = {}

    def describe(code: str, title: str, document: Document) -> None:
        entry = described.setdefault(code, _Described(document.path, len(described)))
        title = title.strip(" *_:-–—")
        if title and not re.search(CODE, title) and title not in entry.titles:
            entry.titles.append(title)

    for document in documents:
        for named in filter(None, map(_named_by_heading, document.blocks)):
            describe(*named, document)
    for document in documents:
        for table in tables(document):
            _describe_table(table, document, describe)
    for document in documents:
        for match in _NAMED_LEVEL.finditer("\n".join(block.plain for block in document.blocks)):
            if match[1] in described and match[2][:1].isupper():
                describe(match[1], match[2], document)
    _core_questions(documents, described)
    return described


def _named_by_heading(heading: Block) -> tuple[str, str] | None:
    """Code and title of a heading that names a level: `X1: Title`, `Title (X1)`, or `X1` alone."""
    if heading.kind is not BlockKind.HEADING:
        return None
    if match := _HEADING_LEVEL.match(heading.plain):
        return match[1], match[2]
    if match := _CODE_ALONE.match(heading.plain):
        return match[1], match[2] or ""
    match = _TITLE_THEN_CODE.match(heading.plain)
    return (match[2], match[1]) if match else None


def _describe_table(
    table: dict[tuple[int, int], Block],
    document: Document,
    describe: Callable[[str, str, Document], None],
) -> None:
    header = {column: cell.plain for (row, column), cell in table.items() if row == 0}
    for text in header.values():
        if match := re.fullmatch(rf"({CODE})\s*\(([^()\d]+)\)", text):
            describe(match[1], match[2], document)
    coded = _code_column(table)
    for (row, column), cell in sorted(table.items()):
        if row == 0:
            continue
        if re.fullmatch(CODE, cell.plain) and column == coded:
            titles = [
                table[(row, other)].plain
                for other, name in header.items()
                if _TITLE_COLUMN.search(name) and (row, other) in table
            ]
            describe(cell.plain, titles[0] if titles else "", document)
        elif match := _HEADING_LEVEL.match(cell.plain):
            describe(match[1], match[2], document)


def _code_column(table: dict[tuple[int, int], Block]) -> int | None:
    """The first column whose cells, below the header, are all codes; the lines are levels then."""
    columns = sorted({column for _, column in table})
    for column in columns:
        cells = [cell.plain for (row, at), cell in table.items() if row and at == column]
        if cells and all(re.fullmatch(CODE, text) for text in cells):
            return column
    return None


def _core_questions(documents: Sequence[Document], described: dict[str, _Described]) -> None:
    for document in documents:
        for table in tables(document):
            columns = [
                column
                for (row, column), cell in table.items()
                if row == 0 and _QUESTION_COLUMN.search(cell.plain)
            ]
            for (row, column), cell in table.items():
                entry = described.get(cell.plain) if row else None
                if (
                    column == _code_column(table)
                    and entry
                    and columns
                    and (row, columns[0]) in table
                ):
                    entry.question = entry.question or table[(row, columns[0])].plain
    for document in documents:
        for block in document.blocks:
            opening = re.match(rf"({CODE})\b[^\"“]{{0,60}}:\s*", block.plain)
            entry = described.get(opening[1]) if opening else None
            quoted = _QUOTED_QUESTION.search(block.plain)
            if entry and quoted and entry.question is None:
                entry.question = quoted[1]


def _tracks(documents: Sequence[Document], described: dict[str, _Described]) -> dict[str, str]:
    """Track names by the letters of their codes: as the documents name them, else the title."""
    names: dict[str, str] = {}
    for document in documents:
        for block in document.blocks:
            for match in _TRACK.finditer(block.plain):
                names.setdefault(prefix_of(match[2]), f"{match[1]} track")
    titles = {document.path: document.title for document in documents}
    for code, entry in described.items():
        names.setdefault(prefix_of(code), titles[entry.document])
    return names


def _transitions(
    documents: Sequence[Document], described: dict[str, _Described]
) -> dict[tuple[str, str], str | None]:
    """Every move between two described levels that a document names → its typical time."""
    found: dict[tuple[str, str], str | None] = {}
    for document in documents:
        for block in document.blocks:
            for match in TRANSITION.finditer(block.plain):
                pair = (match[1].upper(), match[2].upper())
                if pair[0] in described and pair[1] in described and pair[0] != pair[1]:
                    found.setdefault(pair, None)
    for document in documents:
        for table in tables(document):
            times = [
                column
                for (row, column), cell in table.items()
                if row == 0 and _TIME_COLUMN.search(cell.plain)
            ]
            for (row, column), cell in table.items():
                named = TRANSITION.fullmatch(cell.plain) if column == 0 else None
                pair = (named[1].upper(), named[2].upper()) if named else ("", "")
                if pair in found and times and (row, times[0]) in table:
                    found[pair] = table[(row, times[0])].plain
    return found


def _levels(
    described: dict[str, _Described],
    tracks: dict[str, str],
    found: dict[tuple[str, str], str | None],
) -> tuple[Level, ...]:
    """Levels from the lowest to the highest: by number in a track, tracks as moves join them."""
    prefixes = list(dict.fromkeys(prefix_of(code) for code in described))
    for source, target in found:
        low, high = prefix_of(source), prefix_of(target)
        if low != high and prefixes.index(low) > prefixes.index(high):
            prefixes.remove(low)
            prefixes.insert(prefixes.index(high), low)
    ordered = sorted(described, key=lambda code: (prefixes.index(prefix_of(code)), number_of(code)))
    aliases = aliases_of({code: described[code].titles for code in ordered})
    return tuple(
        Level(
            code=code,
            title=(described[code].titles or [code])[0],
            titles=tuple(described[code].titles),
            aliases=aliases[code],
            track=tracks[prefix_of(code)],
            core_question=described[code].question,
            document=described[code].document,
            rank=rank,
        )
        for rank, code in enumerate(ordered)
    )


def _guides(documents: Sequence[Document], names: LevelNames) -> dict[str, tuple[str, str]]:
    """Documents whose title is a move between two levels: path → (source, target)."""
    guides: dict[str, tuple[str, str]] = {}
    for document in documents:
        if pair := names.transition(document.title):
            guides[document.path] = pair
    return guides


def _with_guides(
    documents: Sequence[Document],
    levels: Sequence[Level],
    found: dict[tuple[str, str], str | None],
    guides: dict[tuple[str, str], str],
) -> tuple[Transition, ...]:
    by_code = {level.code: level for level in levels}
    texts = {document.path: document for document in documents}
    transitions = []
    pairs = list(found) + [pair for pair in guides if pair not in found]
    for source, target in sorted(pairs, key=lambda p: (by_code[p[0]].rank, by_code[p[1]].rank)):
        path = guides.get((source, target))
        time = found.get((source, target))
        if time is None and path is not None:
            takes = [_TAKES.search(block.plain) for block in texts[path].blocks]
            time = next((match[1].strip() for match in takes if match), None)
        title = f"{by_code[source].title} → {by_code[target].title}"
        transitions.append(Transition(source, target, title, path, time))
    return tuple(transitions)


def _missing(
    documents: Sequence[Document], transitions: Sequence[Transition]
) -> tuple[MissingDocument, ...]:
    """Documents referred to (in a list of references, or by a link) and not in the corpus."""
    referred: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    guided = next((t for t in transitions if t.document), None)
    pattern = next((d.title for d in documents if guided and d.path == guided.document), None)
    paths = {document.path for document in documents}
    for document in documents:
        for block in document.blocks:
            for name, levels in _references(block, transitions, guided, pattern):
                referred[(name, levels)].append(document.path)
            for link in block.links:
                target = _linked_path(document.path, link)
                if target and target not in paths:
                    referred[(target, ())].append(document.path)
    present = {document.title.casefold() for document in documents}
    return tuple(
        MissingDocument(name, tuple(dict.fromkeys(by)), levels)
        for (name, levels), by in referred.items()
        if name.casefold() not in present
    )


def _references(
    block: Block,
    transitions: Sequence[Transition],
    guided: Transition | None,
    pattern: str | None,
) -> Iterable[tuple[str, tuple[str, ...]]]:
    """The documents that one list item of references names."""
    if block.kind is not BlockKind.ITEM or not block.governors:
        return
    label = _BOLD_LABEL.match(block.span.text)
    if not label or not _REFERS.search(block.governors[-1].text):
        return
    name = label[1].strip(" :")
    if name.lower().startswith(("your ", "a ", "an ", "the ")):
        return  # a person or a thing of the reader's own, not a document
    pairs = [(m[1].upper(), m[2].upper()) for m in TRANSITION.finditer(block.plain)]
    if not pairs:
        yield name, ()
        return
    covered = {(t.source, t.target) for t in transitions if t.document}
    for pair in pairs:
        if pair in covered:
            continue
        if guided and pattern and guided.source in pattern and guided.target in pattern:
            swap = {guided.source: pair[0], guided.target: pair[1]}
            title = re.sub(CODE, lambda m: swap.get(m.group(), m.group()), pattern)  # noqa: B023
        else:
            title = f"{name} ({pair[0]} → {pair[1]})"
        yield title, pair


def _linked_path(path: str, link: str) -> str | None:
    """The corpus path that a relative link to a Markdown file means, or None."""
    address = link.split("#", 1)[0].split("?", 1)[0]
    if not address.lower().endswith(".md") or "://" in address or address.startswith("/"):
        return None
    parts = path.split("/")[:-1]
    for part in address.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
