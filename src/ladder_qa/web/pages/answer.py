"""The start page with its question box, and the same page with an answer and its sources.

An answer, a partial answer and a refusal look different at a glance; a refusal says what the
documents do hold. Not covered: what an answer says; it arrives finished.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from ladder_qa.datamodels import Outcome
from ladder_qa.inline import readable
from ladder_qa.texts import MAX_QUESTION
from ladder_qa.web.pages.layout import page
from ladder_qa.web.pages.render import Hooks, to_html
from ladder_qa.web.pages.text import escape, plural, shown
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


def start_page(ladder: Ladder, documents: int, passages: int) -> str:
    """The question box, questions to begin with, and the levels."""
    questions = "".join(
        f'<li><a href="/?q={quote_plus(question)}">{escape(question)}</a></li>\n'
        for question in _first_questions(ladder)
    )
    begin = f'<h2>To begin with</h2>\n<ul class="questions">\n{questions}</ul>\n'
    levels = "".join(
        f'<li><a href="/levels/{quote_plus(level.code)}"><b>{escape(level.code)}</b> '
        f"{escape(level.title)}</a></li>\n"
        for level in ladder.levels
    )
    return page(
        "Ask the career ladder",
        "<h1>Ask the career ladder</h1>\n"
        '<p class="lead">Every answer stands on the documents’ own words, each with its place. '
        "Where they don’t say, you are told so.</p>\n"
        + _box("")
        + (begin if questions else "")
        + (f'<h2>Levels</h2>\n<ul class="levels">\n{levels}</ul>\n' if levels else "")
        + f'<p class="foot">Reads {plural(documents, "document")}, '
        f'{plural(passages, "statement")}. <a href="/documents">See them all</a>.</p>',
        here="/",
        kind="start",
    )


def answer_page(asked: str, answer: Answer) -> str:
    """The answer to one question, its sources, and the way on."""
    refused = not answer.citations
    sources = answer.nearest if refused else answer.citations
    parts = [
        _box(asked),
        f'<article class="answer {answer.outcome}">\n',
        f'<p class="label">{_LABELS[answer.outcome]}</p>\n',
        f'<h1 class="question">{escape(asked)}</h1>\n',
        _understood(asked, answer.question),
        "".join(f'<p class="note">{escape(notice)}</p>\n' for notice in answer.notices),
        f'<div class="words">\n{_answer_html(answer.answer, len(sources))}</div>\n',
        _conflicts(answer),
        _missing(answer),
        _sources("Nearest to it in the documents" if refused else "Sources", sources),
        "" if refused else _nearest(answer.nearest),
        _suggestions(answer.suggestions),
        _foot(answer),
        "</article>",
    ]
    return page(shown(asked), "".join(parts), here="/", kind="answering")


def refused_question_page(asked: str, detail: str) -> str:
    """The box again, with what is wrong about the question."""
    return page(
        "Ask the career ladder",
        f'<h1>Ask the career ladder</h1>\n<p class="note" role="alert">{escape(detail)}</p>\n'
        + _box(asked[:MAX_QUESTION]),
        here="/",
        kind="start",
    )


def _box(asked: str) -> str:
    return f"""<form class="ask" action="/" method="get" role="search">
<label for="q">Your question</label>
<div class="field"><input id="q" name="q" type="search" value="{escape(asked)}" \
maxlength="{MAX_QUESTION}" required autocomplete="off" enterkeyhint="search">
<button type="submit">Ask</button></div>
</form>
"""


def _first_questions(ladder: Ladder) -> list[str]:
    """Questions made of the ladder's own levels and moves, so that they fit any ladder."""
    questions = []
    guided = [move for move in ladder.transitions if move.document]
    if guided:
        move = guided[-1]
        questions.append(f"What is the difference between {move.source} and {move.target}?")
        questions.append(f"How long does it take from {guided[0].source} to {guided[0].target}?")
        questions.append(f"What are the pitfalls from {move.source} to {move.target}?")
    elif len(ladder.levels) > 1:
        first, second = ladder.levels[0].code, ladder.levels[1].code
        questions.append(f"What is the difference between {first} and {second}?")
    if ladder.levels:
        questions.append(f"What does success look like for {ladder.levels[0].code}?")
    return questions


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


def _suggestions(suggestions: Sequence[str]) -> str:
    items = "".join(
        f'<li><a href="/?q={quote_plus(suggestion)}">{escape(suggestion)}</a></li>\n'
        for suggestion in suggestions
    )
    title = "The documents do answer"
    return (
        f'<section class="next"><h2>{title}</h2>\n<ul class="questions">\n{items}</ul></section>\n'
        if items
        else ""
    )


def _foot(answer: Answer) -> str:
    made = (
        "Made of quotes, without a language model"
        if answer.mode == "extractive"
        else f"Worded by {escape(answer.model or 'a language model')}, checked against the quotes"
    )
    return f'<p class="foot">{made}. Documents <code>{escape(answer.corpus[:19])}</code>.</p>\n'
