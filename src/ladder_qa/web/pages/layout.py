"""The frame of every page: head, navigation, main part.

Inside another site's frame (`/embed`) the navigation is left out and forms lead back into it.
Not covered: the look, which is in the style sheet under `static/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ladder_qa.web.pages.text import escape
from ladder_qa.web.static import address

_NAVIGATION = (("/", "Ask"), ("/documents", "Documents"), ("/docs", "API"))


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page. `action` is the address that its question forms are sent to."""

    action: str = "/"
    bare: bool = False  # without the site's own head
    theme: str = ""  # "light" or "dark"; empty: as the reader's system has it


SITE = Frame()


def page(title: str, main: str, *, here: str = "", kind: str = "", frame: Frame = SITE) -> str:
    """A whole HTML page. `main` is finished HTML; `here` is the navigation's current address."""
    theme = f' data-theme="{frame.theme}"' if frame.theme else ""
    return f"""<!doctype html>
<html lang="en"{theme}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{frame.theme or "light dark"}">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{address("ladder.css")}">
<link rel="icon" type="image/svg+xml" href="{address("icon.svg")}">
</head>
<body class="{kind}{" bare" if frame.bare else ""}">
{"" if frame.bare else _head(here)}<main id="main">
{main}
</main>
</body>
</html>
"""


def _head(here: str) -> str:
    links = "".join(
        f'<li><a href="{href}"{_current(href, here)}>{name}</a></li>' for href, name in _NAVIGATION
    )
    return f"""<a class="skip" href="#main">Skip to the content</a>
<header class="site">
<p class="name"><a href="/">Career ladder</a></p>
<nav aria-label="Main"><ul>{links}</ul></nav>
</header>
"""


def _current(href: str, here: str) -> str:
    return ' aria-current="page"' if href == here else ""
