"""A ladder of any size, made from the project's documents: other families, codes, titles, words.

Each copy of the documents belongs to a family with levels of its own; from one number of families
on, further copies are editions for one area, so that levels do not grow without end. In all copies
but the first, two in three sentences are the beginning of one and the end of another. The same
number gives the same bytes everywhere.
Run as `python bench/ladders.py FOLDER PASSAGES`.
Not covered: probably-asked questions, which another organisation's ladder does not have either.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from systems import CORPUS

from ladder_qa.corpus import read_corpus
from ladder_qa.datamodels import Document, Passage, PassageKind
from ladder_qa.ladder import read_ladder
from ladder_qa.passages import read_passages

FAMILIES = 20  # with 6 levels each: 120, as large ladders have them
FIELDS = (
    *("Data", "Security", "Design", "Support", "Research", "Quality", "Infrastructure", "Mobile"),
    *("Analytics", "Hardware", "Network", "Content", "Delivery", "Operations", "Platform"),
    *("Commerce", "Logistics", "Pricing", "Search", "Identity", "Media", "Privacy", "Storage"),
)
AREAS = ("Retail", "Travel", "Health", "Energy", "Learning", "Mobility", "Housing", "Sports")
_SPOKEN = (PassageKind.SENTENCE, PassageKind.ITEM)  # what is put together anew
_JOINT = re.compile(r" — |—|; |, | and | that | with | by | for | through ")
_MARKED = re.compile(r"[*\"“”'‘’`\[\]()|:]")  # a half of these would not read
_LEAST = 3  # words of a half
_NAMES = re.compile(
    r"\b(?:(?P<code>[ME][1-3]s?)"
    r"|(?P<title>(?:Heads?|Directors?) of Engineering|Engineering Managers?"
    r"|Chief Technology Officer)"
    r"|(?P<cto>CTO)|(?P<director>Directors?)|(?P<field>[Ee]ngineering))\b"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A slice of a document: a passage, or what stands between two."""

    text: str
    passage: bool
    spoken: bool  # a sentence or an item that may be put together anew
    title: bool  # the document's title


@dataclass(frozen=True, slots=True)
class Template:
    """One of the project's documents in pieces."""

    path: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """The number of a copy of all documents: which family, and which edition of it."""

    family: int
    edition: int

    @property
    def field(self) -> str:
        """What the family works in; "Engineering" for the first."""
        if not self.family:
            return "Engineering"
        number, again = (self.family - 1) % len(FIELDS), (self.family - 1) // len(FIELDS)
        return FIELDS[number] + (f" {FIELDS[again - 1]}" if again else "")

    @property
    def area(self) -> str:
        """Whom the edition is for; empty for the first."""
        if not self.edition:
            return ""
        number, again = (self.edition - 1) % len(AREAS), (self.edition - 1) // len(AREAS)
        return AREAS[number] + (f" {again + 1}" if again else "")

    @property
    def prefix(self) -> str:
        """Two letters before the family's codes."""
        return chr(65 + self.family // 26) + chr(65 + self.family % 26)

    def named(self, text: str) -> str:
        """`text` with the family's codes, titles and field in the place of the documents' own."""
        return _NAMES.sub(self._name, text) if self.family else text

    def _name(self, match: re.Match[str]) -> str:
        word = match.group()
        names = {
            "code": self.prefix + word,
            "title": word.replace("Engineering", self.field).replace("Technology", self.field),
            "cto": f"C{self.prefix}O",
            "director": f"{self.field} {word}",
            "field": self.field if word[0].isupper() else self.field.lower(),
        }
        return names[match.lastgroup or ""]

    def place(self, path: str) -> str:
        """Where a document of this copy lies."""
        folders = [self.area, self.field if self.family else ""]
        return "/".join([*(f.lower().replace(" ", "-") for f in folders if f), path])


def copy_of(number: int, families: int = FAMILIES) -> Copy:
    """All first editions come before the second ones."""
    return Copy(number % families, number // families)


def templates(corpus: Path = CORPUS) -> tuple[Template, ...]:
    """The project's documents in pieces."""
    documents = read_corpus(corpus).documents
    passages = read_passages(documents, read_ladder(documents))
    return tuple(
        Template(d.path, tuple(_pieces(d, [p for p in passages if p.document == d.path])))
        for d in documents
    )


def _pieces(document: Document, passages: Sequence[Passage]) -> Iterator[Piece]:
    place = 0
    for passage in passages:
        if passage.start < place:
            raise ValueError(f"{document.path}: passages overlap at {passage.start}")
        yield Piece(document.text[place : passage.start], False, False, False)  # noqa: FBT003
        spoken = passage.kind in _SPOKEN and not _MARKED.search(passage.quote)
        title = passage.kind is PassageKind.HEADING and not passage.section
        yield Piece(passage.quote, True, spoken, title)  # noqa: FBT003
        place = passage.end
    yield Piece(document.text[place:], False, False, False)  # noqa: FBT003


class Mixer:
    """Puts beginnings and ends of sentences together, each choice by a hash of its place."""

    def __init__(self, sources: Sequence[Template]) -> None:
        texts = [p.text for source in sources for p in source.pieces if p.spoken]
        halves = [half for text in dict.fromkeys(texts) if (half := _halves(text))]
        self._heads = [head for head, _ in halves]
        self._tails = [tail for _, tail in halves]

    def mixed(self, text: str, place: str) -> str:
        """Another sentence in the place of `text`, or the same."""
        number = int.from_bytes(hashlib.sha256(place.encode()).digest()[:12], "big")
        number, third = divmod(number, 3)
        if not third:
            return text
        number, head = divmod(number, len(self._heads))
        tail = self._tails[number % len(self._tails)]
        end = "." if text.endswith(".") else ""
        return self._heads[head] + tail.removesuffix(".") + end


def _halves(text: str) -> tuple[str, str] | None:
    """A sentence parted nearest to its middle, at a word that joins; None where none does."""
    cuts = [
        joint.start()
        for joint in _JOINT.finditer(text)
        if len(text[: joint.start()].split()) >= _LEAST
        and len(text[joint.end() :].split()) >= _LEAST
    ]
    if not cuts:
        return None
    cut = min(cuts, key=lambda at: abs(at - len(text) / 2))
    return text[:cut], text[cut:]


def written(
    copy: Copy, template: Template, mixer: Mixer, limit: int | None = None
) -> tuple[str, int]:
    """A document of a copy, ended after `limit` passages (None: whole), and how many it has."""
    parts: list[str] = []
    count = 0
    first = copy == Copy(0, 0)
    for number, piece in enumerate(template.pieces):
        if piece.passage and count == limit:
            break
        text = piece.text
        if piece.spoken and not first:
            text = mixer.mixed(text, f"{copy.family}/{copy.edition}/{template.path}/{number}")
        text = copy.named(text)
        if piece.title and copy.area:
            text = f"{text} ({copy.area})"
        parts.append(text)
        count += piece.passage
    return "".join(parts).rstrip() + "\n", count


def make(folder: Path, passages: int, families: int = FAMILIES) -> int:
    """Writes a corpus of `passages` into a new folder; the number of its copies, begun ones too."""
    sources = templates()
    mixer = Mixer(sources)
    left, number = passages, 0
    while left > 0:
        copy = copy_of(number, families)
        for source in sources:
            if left <= 0:
                break
            text, count = written(copy, source, mixer, left)
            place = folder / copy.place(source.path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8", newline="")
            left -= count
        number += 1
    return number


def questions_for(questions: Sequence[str], copies: int) -> tuple[str, ...]:
    """Questions about the levels of the families in `copies` copies, each about one of them."""
    families = max(1, min(copies - 1, FAMILIES))  # the last copy may not be whole
    return tuple(
        copy_of(number % families).named(question) for number, question in enumerate(questions)
    )


if __name__ == "__main__":
    print(f"{make(Path(sys.argv[1]), int(sys.argv[2]))} copies")
