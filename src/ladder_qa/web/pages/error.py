"""The small page for a request that failed, for people; programs get a problem document."""

from __future__ import annotations

from ladder_qa.web.pages.layout import page
from ladder_qa.web.pages.text import escape


def error_page(status: int, title: str, detail: str) -> str:
    """A page with the status, what it means, and a way on."""
    return page(
        title,
        f'<p class="label">Error {status}</p>\n<h1>{escape(title)}</h1>\n'
        f'<p>{escape(detail)}</p>\n<p><a href="/">Ask a question</a> or see '
        '<a href="/documents">all documents</a>.</p>',
        kind="error",
    )


def problem_page(kind: str, status: int, title: str, meaning: str) -> str:
    """What a problem document's `type` stands for; the page that its address leads to."""
    return page(
        title,
        f'<p class="label">Problem <code>{escape(kind)}</code>, status {status}</p>\n'
        f"<h1>{escape(title)}</h1>\n<p>{escape(meaning)}</p>",
        kind="error",
    )
