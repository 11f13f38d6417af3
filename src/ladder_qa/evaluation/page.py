"""For now the page is the plain text."""

from __future__ import annotations

import html

from ladder_qa.evaluation.report import EvaluationReport


def page(report: EvaluationReport) -> str:
    """The report as one HTML page."""
    return f"<pre>{html.escape(report.as_text())}</pre>"
