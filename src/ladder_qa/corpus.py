"""Reads a folder of Markdown files into Documents whose blocks know place, section and governors.

Each block is an exact slice of its file; a file that cannot be read is refused by name and the
others are still read.
Not covered: file kinds other than `.md`; the `questions` folder; what a block says about a level.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ladder_qa.blocks import Outline, read_blocks
from ladder_qa.datamodels import BlockKind, Corpus, Document, RefusedFile
from ladder_qa.errors import CorpusError
from ladder_qa.markdown import folded

_QUESTIONS = "questions"


def read_corpus(folder: Path) -> Corpus:
    """All `*.md` files below `folder`, in the order of their paths.

    Hidden files and folders and the top folder `questions` are left out. Raises CorpusError if
    the folder is missing, or if no `.md` file in it can be read.
    """
    documents, refused = [], []
    digest = hashlib.sha256()
    for file in _files(folder):
        _add(digest, file)
        reason = file.reason
        if file.data is not None:
            try:
                documents.append(read_document(file.path, file.data))
                continue
            except CorpusError as error:
                reason = str(error)
        refused.append(RefusedFile(file.path, reason))
    if not documents:
        names = "; ".join(f"{file.path}: {file.reason}" for file in refused)
        raise CorpusError(
            f"Corpus folder '{folder}' holds no readable document ({names})"
            if refused
            else f"Corpus folder '{folder}' holds no .md file"
        )
    return Corpus(tuple(documents), tuple(refused), digest.hexdigest())


def corpus_fingerprint(folder: Path) -> str:
    """The `sha256` that `read_corpus` gives (64 hex digits), without parsing anything.

    Raises CorpusError if the folder is missing.
    """
    digest = hashlib.sha256()
    for file in _files(folder):
        _add(digest, file)
    return digest.hexdigest()


def read_document(path: str, data: bytes) -> Document:
    """The document whose file lies at `path` (relative, with `/`) and holds `data`.

    Raises CorpusError with the reason, in words, if `data` is not UTF-8 text.
    """
    if b"\0" in data:
        raise CorpusError(f"not a text file: NUL byte at offset {data.index(0)}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start}"
        ) from None
    outline = read_blocks(text)
    name = PurePosixPath(path)
    return Document(
        path=path,
        slug=str(name.with_suffix("")),
        title=_title(outline, name),
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        blocks=outline.blocks,
    )


@dataclass(frozen=True, slots=True)
class _File:
    """A file found in the folder: its bytes, or the reason why they were not read."""

    path: str
    data: bytes | None
    reason: str = ""


def _files(folder: Path) -> list[_File]:
    if not folder.is_dir():
        raise CorpusError(f"Corpus folder '{folder}' does not exist or is not a folder")
    root = folder.resolve()
    return sorted(_walk(root), key=lambda file: file.path)


def _walk(root: Path) -> Iterator[_File]:
    for place, folders, names in os.walk(root):
        here = Path(place)
        folders[:] = [name for name in folders if not name.startswith(".")]
        if here == root and _QUESTIONS in folders:
            folders.remove(_QUESTIONS)
        for name in folders:
            if (here / name).is_symlink():
                relative = (here / name).relative_to(root).as_posix()
                yield _File(_printable(relative), None, "a link to a folder is not followed")
        for name in names:
            if name.lower().endswith(".md") and not name.startswith("."):
                yield _read(root, here / name)


def _read(root: Path, file: Path) -> _File:
    relative = file.relative_to(root).as_posix()
    path = _printable(relative)
    if path != relative:
        return _File(path, None, "its name is not UTF-8")
    try:
        target = file.resolve(strict=True)
        if not target.is_relative_to(root):
            return _File(path, None, "a link that leads outside the corpus folder")
        if not stat.S_ISREG(target.stat().st_mode):
            return _File(path, None, "not a regular file")
        return _File(path, target.read_bytes())
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        words = error.strerror if isinstance(error, OSError) else None
        return _File(path, None, f"cannot be read: {words or 'a link that leads in a circle'}")


def _printable(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _add(digest: hashlib._Hash, file: _File) -> None:
    """Adds a file so that no other list of files gives the same bytes."""
    name = file.path.encode()
    size = -1 if file.data is None else len(file.data)
    digest.update(f"{len(name)} {size}\n".encode() + name + (file.data or b""))


def _title(outline: Outline, name: PurePosixPath) -> str:
    headings = [block for block in outline.blocks if block.kind is BlockKind.HEADING]
    for block in headings:
        if block.depth == 1:
            return block.plain
    if outline.front_title:
        return outline.front_title
    if headings:
        return headings[0].plain
    words = folded(re.sub(r"[-_]+", " ", name.stem))
    return words[:1].upper() + words[1:] if words else name.stem
