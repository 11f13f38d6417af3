"""Cases and claims in the report's page, down to the words cited beside those that are gold.

Not covered: the summary; nothing here decides what may be shown, `report.shows` does.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from itertools import pairwise

from ladder_qa.evaluation.record import CaseRecord, ClaimRecord
from ladder_qa.evaluation.report import EvaluationReport

_AROUND = 90  # characters of the document around a place; the lines they end in are shown whole


def escape(text: str) -> str:
    """Text as it may stand in HTML; what cannot be seen is left out."""
    return html.escape("".join(c for c in text if c.isprintable() or c == "\n"))


def case_html(report: EvaluationReport, case: CaseRecord) -> str:
    """One case, closed; its figures alone where its words are not to be shown."""
    right = not case.wrong
    word = '<span class="ok">ok</span>' if right else '<span class="no">failed</span>'
    known = report.shows(case)
    title = escape(case.question) if known else '<span class="soft">not shown</span>'
    about = ", ".join(filter(None, (case.kind, case.style)))
    body = "".join(_words(report, case)) if known else ""
    return (
        f'<details id="case-{escape(case.id)}" class="case" data-right="{int(right)}">'
        f'<summary>{word} <span class="id">{escape(case.id)}</span> {title} '
        f'<span class="soft">({escape(about)}, {case.part})</span></summary>'
        f"{body}{_scores(case, explained=known)}</details>"
    )


def _words(report: EvaluationReport, case: CaseRecord) -> Iterator[str]:
    for turn in case.history:
        yield f"<p class=soft>{escape(turn.role)}: {escape(turn.content)}</p>"
    expected = " or ".join(case.expected)
    yield f"<p>Expected <b>{escape(expected)}</b>, given <b>{escape(case.outcome)}</b>"
    if case.understood != case.question:
        yield f"; understood as: {escape(case.understood)}"
    yield f"</p><h3>The answer</h3><pre class=text>{escape(case.answer)}</pre>"
    if case.missing:
        yield f"<p>Named as missing: {escape('; '.join(case.missing))}</p>"
    excerpts = list(_excerpts(case, report.texts))
    if excerpts:
        yield (
            "<h3>In the documents</h3><p class=soft><mark>cited</mark> "
            "<mark class=gold>gold, not cited</mark> <mark class=both>gold and cited</mark></p>"
        )
        yield from excerpts


def _excerpts(case: CaseRecord, texts: Mapping[str, str]) -> Iterator[str]:
    """The places cited and those of gold, in each document's order, those that touch as one."""
    places = [(c.document, c.start, c.end) for c in case.citations]
    places += [(g.document, g.start, g.end) for g in case.gold]
    windows: list[tuple[str, int, int]] = []
    for document, first, last in sorted(places):
        text = texts[document]
        start = text.rfind("\n", 0, max(0, first - _AROUND)) + 1
        following = text.find("\n", last + _AROUND)
        end = len(text) if following < 0 else following
        if windows and windows[-1][0] == document and start <= windows[-1][2]:
            windows[-1] = (document, windows[-1][1], max(end, windows[-1][2]))
        else:
            windows.append((document, start, end))
    for document, start, end in windows:
        yield (
            f"<p class=soft>{escape(document)}, {start}–{end}</p>"
            f"<blockquote>{_marked(case, texts[document], document, start, end)}</blockquote>"
        )


def _marked(case: CaseRecord, text: str, document: str, start: int, end: int) -> str:
    cited = [(c.start, c.end) for c in case.citations if c.document == document]
    gold = [(g.start, g.end) for g in case.gold if g.document == document]
    edges = {start, end}
    edges |= {edge for span in (*cited, *gold) for edge in span if start < edge < end}
    parts = []
    for left, right in pairwise(sorted(edges)):
        is_cited = any(a <= left and right <= b for a, b in cited)
        is_gold = any(a <= left and right <= b for a, b in gold)
        words = escape(text[left:right])
        sort = {(True, True): " class=both", (False, True): " class=gold", (True, False): ""}
        marked = (is_cited, is_gold)
        parts.append(f"<mark{sort[marked]}>{words}</mark>" if any(marked) else words)
    return "".join(parts)


def _scores(case: CaseRecord, *, explained: bool) -> str:
    rows = []
    for name, score in case.scores.items():
        if score.value is not None:
            why = escape(" — ".join(filter(None, (score.answer, score.explanation))))
            rows.append(
                f"<tr><th scope=row>{escape(name)}</th><td class=number>{score.value:.3g}</td>"
                f"<td>{why if explained else ''}</td></tr>"
            )
    return f"<div class=wide><table><tbody>{''.join(rows)}</tbody></table></div>"


def claim_html(report: EvaluationReport, claim: ClaimRecord) -> str:
    """One claim, closed."""
    word = '<span class="ok">ok</span>' if claim.right else '<span class="no">failed</span>'
    known = report.shows(claim)
    title = escape(claim.text) if known else '<span class="soft">not shown</span>'
    about = f"{claim.form}, {claim.error or 'supported'}, {claim.part}"
    body = ""
    if known:
        judged = "supported" if claim.judged else f"not supported: {claim.reason}"
        quotes = "".join(
            f"<blockquote>{escape(p.quote)}</blockquote><p class=soft>{escape(p.document)}</p>"
            for p in claim.passages
        )
        body = f"<p>Judged {escape(judged)}. {escape(claim.explanation)}</p>{quotes}"
    return (
        f'<details id="case-{escape(claim.id)}" class="case" data-right="{int(claim.right)}">'
        f'<summary>{word} <span class="id">{escape(claim.id)}</span> {title} '
        f'<span class="soft">({escape(about)})</span></summary>{body}</details>'
    )
