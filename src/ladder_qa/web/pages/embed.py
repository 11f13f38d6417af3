"""The page for other sites' frames: the widget, and a plain form where no script runs.

Not covered: who may show it in a frame, which the response's headers say; the widget itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ladder_qa.web.pages.asking import question_box, questions
from ladder_qa.web.pages.layout import Frame, page
from ladder_qa.web.pages.start import TITLE
from ladder_qa.web.pages.text import escape

THEMES = ("light", "dark")
LANGUAGES = ("en", "de", "fr", "es")
_MOST_STARTERS = 1000  # characters of the parameter


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a frame's address asks for; empty: the widget's own default."""

    theme: str = ""
    lang: str = ""
    starters: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Embedding:
        """The known values of the parameters; others are left out."""
        theme, lang = query.get("theme", ""), query.get("lang", "")
        return cls(
            theme if theme in THEMES else "",
            lang if lang in LANGUAGES else "",
            query.get("starters", "")[:_MOST_STARTERS],
        )

    @property
    def given(self) -> dict[str, str]:
        """The parameters that have a value."""
        values = {"theme": self.theme, "lang": self.lang, "starters": self.starters}
        return {name: value for name, value in values.items() if value}

    @property
    def frame(self) -> Frame:
        """What stands around the pages that are shown in the frame."""
        query = f"?{urlencode(self.given)}" if self.given else ""
        return Frame(f"/embed{query}", bare=True, theme=self.theme)


def embed_page(embedding: Embedding, starters: Sequence[str]) -> str:
    """The widget with the question box inside, which shows where no script runs."""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in embedding.given.items())
    frame = embedding.frame
    return page(
        TITLE,
        f'<h1 class="unseen">{TITLE}</h1>\n<ladder-qa mode="inline"{attributes}>\n'
        f"{question_box(frame=frame)}{questions(starters, frame)}</ladder-qa>\n"
        '<script src="/widget.js" defer></script>',
        kind="embed",
        frame=frame,
    )
