"""The report as one HTML page that needs nothing else: no network, no script to be read.

From the summary down to each case with its answer and the documents' words.
Not covered: figures and verdicts themselves, which `report` holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources

from ladder_qa.evaluation.fields import Part
from ladder_qa.evaluation.figures import Figure
from ladder_qa.evaluation.page_cases import case_html, claim_html, escape
from ladder_qa.evaluation.page_charts import histogram, intervals_chart
from ladder_qa.evaluation.paired import QUALITY, Comparison
from ladder_qa.evaluation.report import EvaluationReport

_MEANINGS = {
    "outcome right": "It answered what the documents answer and refused what they do not.",
    "refusals: precision": "Of what was refused, the share that could be refused.",
    "refusals: recall": "Of what had to be refused, the share that was.",
    "false premises set right": "A mistaken assumption was corrected first, or not played along.",
    "attacks without effect": "Nothing that an attack wanted to be said was said.",
    "follow-ups understood": "What the person had said before was carried over.",
    "citations: exactness": "Everything quoted is the document's text at its place.",
    "citations: right level": "What is cited is about the level it is given for.",
    "citations: recall of facts": "The share of the facts needed that the answer cites.",
    "citations: precision by gold": "The share of its citations that state a fact needed.",
    "answer: key facts": "The share of what a right answer says that it says.",
    "answer: nothing forbidden": "It says nothing that would be wrong.",
    "same bytes when asked again": "The same question gives the same answer.",
    "search: facts within 250 words": "Facts needed among the first 250 words found.",
    "search: facts within 600 words": "Facts needed among the first 600 words found.",
    "search: mean reciprocal rank": "How far up the first fact needed stands: 1 is first.",
    "claims: balanced accuracy": "How well true sentences are told from false ones.",
    "answer: words": "How long the answers are.",
    "answer: milliseconds": "How long a person waits.",
}
_SCRIPT = """
document.querySelectorAll('.filter').forEach(function (box) {
  box.hidden = false;
  box.addEventListener('change', function () {
    var only = box.querySelector('input').checked;
    box.parentNode.querySelectorAll('details.case').forEach(function (one) {
      one.hidden = only && one.dataset.right === '1';
    });
  });
});
"""


def page(report: EvaluationReport) -> str:
    """The whole page as HTML text."""
    style = resources.files("ladder_qa.evaluation").joinpath("page.css").read_text("utf-8")
    title = f"Evaluation: {escape(report.dataset)}"
    body = "".join(_parts(report, title))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head>"
        f"<body><main>{body}</main><script>{_SCRIPT}</script></body></html>\n"
    )


def _parts(report: EvaluationReport, title: str) -> Iterator[str]:
    yield f"<h1>{title}</h1>"
    yield from _summary(report)
    yield "<h2 id=figures>Figures</h2>"
    shares = [f for f in report.figures if f.unit == "share"]
    yield intervals_chart([f for f in shares if not f.of], "Shares with their intervals")
    yield _table(report, shares, ("mean", "95 % interval"))
    for name, unit in (("answer: words", "words"), ("answer: milliseconds", "ms")):
        values = [c.scores[name].value or 0.0 for c in report.cases]
        yield f"<h3>{escape(name)}</h3>{histogram(values, unit)}"
    yield _table(
        report, [f for f in report.figures if f.unit != "share"], ("median", "95th percentile")
    )
    for of in dict.fromkeys(f.of for f in shares if f.of):
        inner = [f for f in shares if f.of == of]
        yield f"<h3>{escape(of)}, by kind</h3>{intervals_chart(inner, of)}"
    yield "<h2 id=meanings>What the figures mean</h2><dl>"
    names = dict.fromkeys(f.name for f in report.figures if not f.of)
    yield "".join(f"<dt>{escape(n)}</dt><dd>{escape(_MEANINGS[n])}</dd>" for n in names)
    yield "</dl>"
    if report.comparison is not None:
        yield from _compared(report, report.comparison)
    yield from _cases(report)


def _summary(report: EvaluationReport) -> Iterator[str]:
    failed = sum(bool(case.wrong) for case in report.cases)
    yield (
        f"<p>{len(report.cases)} questions were asked and {len(report.claims)} claims judged, "
        f"with {'no language model' if report.llm == 'none' else escape(report.llm)}. "
        f"{len(report.cases) - failed} questions were answered or refused as they should be, in "
        f"every respect that is asked for; {failed} were not.</p>"
        f"<p class=soft>Documents: <code>{escape(report.corpus)}</code>. Half of the questions, "
        "<i>develop</i>, may be looked at while the product is made; the other half, "
        "<i>scored</i>, is only ever scored.</p><ul class=tiles>"
    )
    for name in ("outcome right", "refusals: recall", "citations: recall of facts",
                 "citations: exactness"):  # fmt: skip
        for figure in report.figures:
            if figure.name == name and not figure.of and figure.part is Part.SCORED:
                yield (
                    f"<li><b>{100 * figure.mean:.0f} %</b> {escape(_MEANINGS[name])} "
                    f"<span class=soft>({figure.count} scored)</span></li>"
                )
    yield "</ul>"
    if report.gate.failed:
        reasons = escape("\n".join(report.gate.reasons))
        yield f'<div class="verdict failed"><b>The gate failed.</b><pre>{reasons}</pre></div>'
    else:
        yield '<div class="verdict"><b>The gate passed.</b> Nothing promised was lost.</div>'


def _table(report: EvaluationReport, figures: Sequence[Figure], columns: tuple[str, str]) -> str:
    if not figures:
        return ""
    by_key = {(f.of, f.name, f.part): f for f in figures}
    head = "".join(f'<th scope="colgroup" colspan="3">{part}</th>' for part in Part)
    sub = "".join(
        f'<th class="number" scope="col">{name}</th>' for _ in Part for name in ("n", *columns)
    )
    rows = []
    for of, name in dict.fromkeys((f.of, f.name) for f in figures):
        cells = "".join(_cells(by_key.get((of, name, part))) for part in Part)
        sort, below = (" class=part", "") if of else ("", _link(report, name))
        rows.append(f'<tr{sort}><th scope="row">{escape(name)}{below}</th>{cells}</tr>')
    return (
        f'<div class="wide"><table><thead><tr><td></td>{head}</tr><tr><td></td>{sub}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cells(figure: Figure | None) -> str:
    if figure is None:
        return "<td class=number>0</td><td class=number>–</td><td></td>"
    if figure.unit == "share":
        values = (f"{figure.mean:.3f}", f"{figure.interval.low:.2f}–{figure.interval.high:.2f}")
    else:
        values = (f"{figure.median:.0f}", f"{figure.p95:.0f}")
    return "".join(f"<td class=number>{value}</td>" for value in (str(figure.count), *values))


def _link(report: EvaluationReport, name: str) -> str:
    """Links to the cases below 1, of those whose words are in the page."""
    below = [
        case.id
        for case in report.cases
        if name in case.scores
        and (value := case.scores[name].value) is not None
        and value < 1
        and report.shows(case)
    ]
    if not below or name.startswith("answer: m"):
        return ""
    links = " ".join(f'<a href="#case-{escape(i)}">{escape(i)}</a>' for i in below)
    return f'<details class="below"><summary>{len(below)} below 1</summary>{links}</details>'


def _compared(report: EvaluationReport, comparison: Comparison) -> Iterator[str]:
    yield f"<h2 id=against>Against {escape(comparison.against)}</h2>"
    if not comparison.same_corpus:
        yield "<p>That run was over other documents.</p>"
    rows = "".join(
        f"<tr><th scope=row>{escape(p.measure)}</th><td class=number>{p.count}</td>"
        f"<td class=number>{len(p.won)}</td><td class=number>{len(p.lost)}</td>"
        f"<td class=number>{p.p:.3f}</td></tr>"
        for p in comparison.measures
    )
    head = "".join(
        f'<th class="number" scope="col">{name}</th>'
        for name in ("n", "better", "worse", "p of as many worse by chance")
    )
    yield (
        f"<div class=wide><table><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
    quality = comparison.of(QUALITY)
    for word, ids in (("Better", quality.won), ("Worse", quality.lost)) if quality else ():
        items = "".join(
            f'<li><a href="#case-{escape(c.id)}">{escape(c.id)}</a> '
            f"{escape(c.question) if report.shows(c) else ''}</li>"
            for c in report.cases
            if c.id in ids
        )
        yield f"<h3>{word}</h3>" + (f"<ul>{items}</ul>" if items else "<p>None.</p>")
    if comparison.new:
        yield f"<p class=soft>{len(comparison.new)} were added or edited since.</p>"


def _cases(report: EvaluationReport) -> Iterator[str]:
    switch = '<p class="filter" hidden><label><input type="checkbox"> only what failed</label></p>'
    ordered = sorted(report.cases, key=lambda c: (not c.wrong, not report.shows(c), c.id))
    yield f"<section><h2 id=cases>Questions</h2>{switch}"
    yield "".join(case_html(report, case) for case in ordered)
    yield "</section>"
    if report.claims:
        yield f"<section><h2 id=claims>Claims</h2>{switch}"
        claims = sorted(report.claims, key=lambda c: (c.right, not report.shows(c), c.id))
        yield "".join(claim_html(report, claim) for claim in claims)
        yield "</section>"
