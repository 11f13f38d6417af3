"""The forms by which a page asks: the question box, prepared questions, and a follow-up.

They post, so that no question stands in an address unless somebody shares it. A page with the
widget may show that in place of the box.
Not covered: reading what they send (`forms`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ladder_qa.texts import MAX_QUESTION
from ladder_qa.web.pages.layout import SITE, Frame
from ladder_qa.web.pages.text import escape


def question_box(asked: str = "", frame: Frame = SITE) -> str:
    """The box for a question that stands alone, with the last one in it."""
    return (
        f'<form class="ask" action="{escape(frame.action)}" method="post" role="search">\n'
        f"{_field('q', 'Your question', 'Ask', asked)}</form>\n"
    )


def follow_up_box(before: Sequence[str], frame: Frame = SITE) -> str:
    """The box for a question that may lean on the ones before it, which are sent along."""
    earlier = "".join(
        f'<input type="hidden" name="before" value="{escape(question)}">\n' for question in before
    )
    return (
        f'<form class="ask follow" action="{escape(frame.action)}" method="post">\n{earlier}'
        f"{_field('then', 'Go on, such as “And one level up?”', 'Ask on')}</form>\n"
    )


def questions(prepared: Sequence[str], frame: Frame = SITE) -> str:
    """Prepared questions, each a button that asks it; nothing where there are none."""
    if not prepared:
        return ""
    buttons = "".join(
        f'<li><button name="q" value="{escape(question)}">{escape(question)}</button></li>\n'
        for question in prepared
    )
    return (
        f'<form action="{escape(frame.action)}" method="post">\n'
        f'<ul class="questions">\n{buttons}</ul></form>\n'
    )


def question_button(question: str, words: str) -> str:
    """One prepared question as a button with words of its own, in a line of text."""
    return (
        f'<form class="inline" action="/" method="post"><button name="q" '
        f'value="{escape(question)}">{escape(words)}</button></form>'
    )


def _field(identity: str, label: str, button: str, value: str = "") -> str:
    return f"""<label for="{identity}">{label}</label>
<div class="field"><input id="{identity}" name="q" type="text" value="{escape(value)}" \
maxlength="{MAX_QUESTION}" required autocomplete="off" enterkeyhint="search">
<button type="submit">{button}</button></div>
"""
