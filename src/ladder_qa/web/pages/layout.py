"""The frame of every page: head, navigation, main part, foot.

Not covered: the look, which is in the style sheet under `static/`.
"""

from __future__ import annotations

from ladder_qa.web.pages.text import escape
from ladder_qa.web.static import address

_NAVIGATION = (("/", "Ask"), ("/documents", "Documents"), ("/docs", "API"))


def page(title: str, main: str, *, here: str = "", kind: str = "") -> str:
    """A whole HTML page. `main` is finished HTML; `here` is the navigation's current address."""
    links = "".join(
        f'<li><a href="{href}"{_current(href, here)}>{name}</a></li>' for href, name in _NAVIGATION
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{address("ladder.css")}">
<link rel="icon" type="image/svg+xml" href="{address("icon.svg")}">
</head>
<body class="{kind}">
<a class="skip" href="#main">Skip to the content</a>
<header class="site">
<p class="name"><a href="/">Career ladder</a></p>
<nav aria-label="Main"><ul>{links}</ul></nav>
</header>
<main id="main">
{main}
</main>
</body>
</html>
"""


def _current(href: str, here: str) -> str:
    return ' aria-current="page"' if href == here else ""
