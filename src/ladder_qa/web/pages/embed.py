"""The page for other sites' frames: the widget, and a plain form where no script runs.

Its address may give a theme, a language and questions to begin with: `starters=One?|Two?`, or the
parameter several times, once a question, each of which may then hold a `|`.
Not covered: who may show it in a frame, which the response's headers say; the widget itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ladder_qa.web.pages.asking import question_box, questions
from ladder_qa.web.pages.layout import Frame, page
from ladder_qa.web.pages.start import TITLE
from ladder_qa.web.pages.text import escape

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

THEMES = ("light", "dark")
LANGUAGES = ("en", "de", "fr", "es")
_MOST_STARTERS = 1000  # characters of all of them
_DIVIDER = "|"


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a frame's address asks for; empty: the widget's own default."""

    theme: str = ""
    lang: str = ""
    starters: tuple[str, ...] = ()

    @classmethod
    def from_query(cls, query: QueryParams) -> Embedding:
        """The known values of the parameters; others are left out."""
        theme, lang = query.get("theme", ""), query.get("lang", "")
        return cls(
            theme if theme in THEMES else "",
            lang if lang in LANGUAGES else "",
            _starters(query.getlist("starters")),
        )

    @property
    def attributes(self) -> dict[str, str]:
        """The widget's attributes, those that have a value."""
        joined = _DIVIDER.join(self.starters)
        if self._divided or joined.startswith("["):
            joined = json.dumps(self.starters, ensure_ascii=False)
        values = {"theme": self.theme, "lang": self.lang, "starters": joined}
        return {name: value for name, value in values.items() if value}

    @property
    def _divided(self) -> bool:
        """Whether a question holds what divides questions elsewhere."""
        return any(_DIVIDER in question for question in self.starters)

    @property
    def frame(self) -> Frame:
        """What stands around the pages that are shown in the frame."""
        given: dict[str, str | list[str]] = {**self.attributes}
        if self.starters:
            # A parameter that is there once is divided.
            several = [*self.starters, ""] if self._divided else _DIVIDER.join(self.starters)
            given["starters"] = several
        query = f"?{urlencode(given, doseq=True)}" if given else ""
        return Frame(f"/embed{query}", bare=True, theme=self.theme)


def embed_page(embedding: Embedding, starters: Sequence[str]) -> str:
    """The widget with the question box inside, which shows where no script runs.

    `starters` are those of the documents, for an address that gives none.
    """
    attributes = "".join(
        f' {name}="{escape(value)}"' for name, value in embedding.attributes.items()
    )
    frame = embedding.frame
    prepared = questions(embedding.starters or starters, frame)
    return page(
        TITLE,
        f'<h1 class="unseen">{TITLE}</h1>\n<ladder-qa mode="inline"{attributes}>\n'
        f"{question_box(frame=frame)}{prepared}</ladder-qa>\n"
        '<script src="/widget.js" defer></script>',
        kind="embed",
        frame=frame,
    )


def _starters(given: Sequence[str]) -> tuple[str, ...]:
    """Questions out of the parameter's values, as many as fit."""
    values = given if len(given) > 1 else "".join(given)[:_MOST_STARTERS].split(_DIVIDER)
    found, left = [], _MOST_STARTERS
    for question in (value.strip() for value in values):
        if 0 < len(question) <= left:
            found.append(question)
            left -= len(question)
    return tuple(found)
