"""Text on its way to a person: unseen characters dropped, then escaped for HTML.

Quotes keep every character in the data; only what is shown goes through here.
Not covered: Markdown, which `render` turns into HTML.
"""

from __future__ import annotations

import html
import re

# C0 but tab and line feed, DEL, C1; marks that turn the direction of text; characters without
# a width; tags and interlinear marks. The joiners U+200C and U+200D stay: scripts need them.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def shown(text: str) -> str:
    """`text` without control, direction and other unseen characters; tabs and newlines stay."""
    return UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape(text: str) -> str:
    """`text` as it may stand in HTML, in an element or in a quoted attribute."""
    return html.escape(shown(text), quote=True)


def plural(count: int, one: str, many: str | None = None) -> str:
    """`3 documents`, `1 document`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
