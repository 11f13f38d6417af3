"""The page with the answer to one question: its words, its sources, and the way on.

An answer, a partial answer and a refusal look different at a glance; a refusal says what the
documents do hold. Not covered: what an answer says; it arrives finished.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from ladder_qa.datamodels import Outcome
from ladder_qa.inline import readable
from ladder_qa.texts import MAX_QUESTION
from ladder_qa.web.forms import MOST_BEFORE
from ladder_qa.web.pages.asking import follow_up_box, question_box, questions
from ladder_qa.web.pages.layout import SITE, Frame, page
from ladder_qa.web.pages.moves import compare_address
from ladder_qa.web.pages.render import Hooks, to_html
from ladder_qa.web.pages.text import escape, shown
from ladder_qa.web.shapes import governing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ladder_qa.datamodels import Answer, Citation, Ladder

# With the blank before it, which must not let the mark stand alone on the next line.
_REFERENCE = re.compile(r"( ?)\[(\d{1,3})\]")
_NO_BREAK = "\u00a0"

_LABELS = {
    Outcome.ANSWERED: "From the documents",
    Outcome.PARTIAL: "Answered in part",
    Outcome.NOT_IN_DOCUMENTS: "The documents don’t say",
    Outcome.LEVEL_NOT_COVERED: "A level that the documents don’t describe",
    Outcome.OUT_OF_SCOPE: "Not about this career ladder",
}


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question as it was asked, and the questions before it, oldest first.

    `shared` is true where the question stands in the page's address already.
    """

    asked: str
    before: tuple[str, ...] = ()
    shared: bool = False

    @property
    def onward(self) -> tuple[str, ...]:
        """The earlier questions of a follow-up."""
        return (*self.before, self.asked)[-MOST_BEFORE:]


def answer_page(
    conversation: Conversation, answer: Answer, ladder: Ladder, frame: Frame = SITE
) -> str:
    """The answer to a question of a conversation, its sources, and the way on."""
    asked = conversation.asked
    refused = not answer.citations
    sources = answer.nearest if refused else answer.citations
    parts = [
        question_box(asked, frame),
        f'<article class="answer {answer.outcome}">\n',
        f'<p class="label">{_LABELS[answer.outcome]}</p>\n',
        f'<h1 class="question">{escape(asked)}</h1>\n',
        _understood(asked, answer.question),
        "".join(f'<p class="note">{escape(notice)}</p>\n' for notice in answer.notices),
        f'<div class="words">\n{_answer_html(answer.answer, len(sources))}</div>\n',
        _beside(answer, ladder),
        _conflicts(answer),
        _missing(answer),
        _sources("Nearest to it in the documents" if refused else "Sources", sources),
        "" if refused else _nearest(answer.nearest),
        "</article>\n",
        f'<div class="next">\n{follow_up_box(conversation.onward, frame)}',
        _suggestions(answer.suggestions, frame),
        f"</div>\n{_foot(conversation, answer)}",
    ]
    return page(shown(asked), "".join(parts), here="/", kind="answering", frame=frame)


def _understood(asked: str, question: str) -> str:
    if " ".join(shown(asked).split()) == " ".join(shown(question).split()):
        return ""
    return f'<p class="note">Understood as: {escape(question)}</p>\n'


def _answer_html(text: str, sources: int) -> str:
    """The answer's Markdown, with `[n]` as a link to the source of that number."""

    def reference(match: re.Match[str]) -> str:
        number = int(match[2])
        if not 1 <= number <= sources:
            return match[0]
        return (_NO_BREAK if match[1] else "") + _mark(number)

    return to_html(text, Hooks(text=lambda piece: _REFERENCE.sub(reference, escape(piece))))


def _mark(number: int) -> str:
    return f'<a class="ref" href="#source-{number}" aria-label="Source {number}">{number}</a>'


def _beside(answer: Answer, ladder: Ladder) -> str:
    """The way to two levels side by side, where the answer is about two that are described."""
    named = dict.fromkeys(code for claim in answer.claims for code in claim.levels)
    codes = [code for code in named if ladder.level(code)]
    if len(codes) != 2:
        return ""
    words = f"{escape(codes[0])} and {escape(codes[1])} side by side, in full"
    return f'<p class="note next"><a href="{compare_address(*codes)}">{words}</a></p>\n'


def _conflicts(answer: Answer) -> str:
    items = "".join(
        f"<li>{escape(conflict.about)} "
        + " ".join(_mark(number) for number in conflict.citations)
        + "</li>\n"
        for conflict in answer.conflicts
    )
    title = "The documents differ here"
    return f'<aside class="differ"><h2>{title}</h2>\n<ul>\n{items}</ul></aside>\n' if items else ""


def _missing(answer: Answer) -> str:
    items = "".join(f"<li>{escape(item)}</li>\n" for item in answer.missing)
    title = "Not in the documents"
    return (
        f'<section class="missing"><h2>{title}</h2>\n<ul>\n{items}</ul></section>\n'
        if items
        else ""
    )


def _sources(title: str, citations: Sequence[Citation]) -> str:
    if not citations:
        return ""
    items = "".join(_source(citation) for citation in citations)
    return f'<section class="sources"><h2>{title}</h2>\n<ol>\n{items}</ol></section>\n'


def _source(citation: Citation) -> str:
    context = " › ".join(escape(text) for text in governing(citation.context, citation.section))
    above = f'<p class="context">{context}</p>\n' if context else ""
    place = " › ".join(escape(part) for part in citation.section) or escape(citation.title)
    quote = escape(readable(citation.quote))
    return (
        f'<li id="source-{citation.number}" value="{citation.number}">\n{above}'
        f'<blockquote cite="{escape(citation.url)}">{quote}</blockquote>\n'
        f'<p class="place"><a href="{escape(citation.url)}">{place}</a></p></li>\n'
    )


def _nearest(citations: Sequence[Citation]) -> str:
    items = "".join(
        f'<li><q>{escape(readable(citation.quote))}</q> <a href="{escape(citation.url)}">'
        f"{escape(citation.title)}</a></li>\n"
        for citation in citations
    )
    title = "Nearest to the rest"
    return (
        f'<section class="nearest"><h2>{title}</h2>\n<ul>\n{items}</ul></section>\n'
        if items
        else ""
    )


def _suggestions(suggestions: Sequence[str], frame: Frame) -> str:
    title = "The documents do answer"
    asked = questions(suggestions, frame)
    return f"<section><h2>{title}</h2>\n{asked}</section>\n" if asked else ""


def _foot(conversation: Conversation, answer: Answer) -> str:
    made = (
        "Made of quotes, without a language model"
        if answer.mode == "extractive"
        else f"Worded by {escape(answer.model or 'a language model')}, checked against the quotes"
    )
    documents = f"Documents <code>{escape(answer.corpus[:19])}</code>."
    share = ""
    if not conversation.shared and len(answer.question) <= MAX_QUESTION:
        address = f"/?q={quote_plus(answer.question)}"
        share = f' <a href="{address}">Share this question</a>: its words are in that address.'
    return f'<p class="foot">{made}. {documents}{share}</p>\n'
