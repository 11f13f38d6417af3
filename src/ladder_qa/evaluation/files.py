"""A report as files in a folder: the page, JSON, CSV, JUnit, plain text, and the saved run.

Not covered: the page's look; `page` holds that.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from ladder_qa.evaluation.measures import MEASURES
from ladder_qa.evaluation.page import page
from ladder_qa.evaluation.record import CaseRecord
from ladder_qa.evaluation.report import EvaluationReport

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def write_report(report: EvaluationReport, folder: Path) -> None:
    """Write all forms of a report into `folder`, which is made. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    files: Mapping[str, str] = {
        "report.html": page(report),
        "report.json": json.dumps(report.as_object(), ensure_ascii=False, indent=1) + "\n",
        "report.txt": report.as_text(),
        "cases.csv": cases_csv(report),
        "junit.xml": junit(report),
        "run.json": report.as_saved(),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def cases_csv(report: EvaluationReport) -> str:
    """One row a case, one column a measure; empty where it has no say, or is not to be shown."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [measure.name for measure in MEASURES]
    head = ("id", "part", "kind", "style", "outcome", "expected", "quality", "question")
    writer.writerow([*head, *names])
    for case in report.cases:
        words = [" or ".join(case.expected), f"{case.quality:.6g}", case.question]
        if not report.shows(case):
            words[0] = words[2] = ""
        values = (case.scores[name].value for name in names)
        cells = [case.id, case.part, case.kind, case.style, case.outcome, *words]
        cells += ["" if value is None else f"{value:.6g}" for value in values]
        writer.writerow([_inert(cell) for cell in cells])
    return out.getvalue()


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def junit(report: EvaluationReport) -> str:
    """JUnit's XML: one test a case, one a claim, and the gate."""
    suites = ET.Element("testsuites", name=f"ladder-qa eval {report.dataset}")
    gate = [("gate", "; ".join(report.gate.reasons), 0.0)]
    cases = [(case.id, _failure(report, case), _seconds(case)) for case in report.cases]
    claims = [(claim.id, "" if claim.right else "judged wrongly", 0.0) for claim in report.claims]
    for name, tests in (("gate", gate), ("questions", cases), ("claims", claims)):
        failures = sum(bool(failure) for _, failure, _ in tests)
        suite = ET.SubElement(
            suites, "testsuite", name=name, tests=str(len(tests)), failures=str(failures)
        )
        for identity, failure, seconds in tests:
            test = ET.SubElement(
                suite, "testcase", classname=name, name=identity, time=f"{seconds:.4f}"
            )
            if failure:
                ET.SubElement(test, "failure", message=_printable(failure))
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _failure(report: EvaluationReport, case: CaseRecord) -> str:
    if not case.wrong:
        return ""
    return "; ".join(case.wrong) if report.shows(case) else "not shown: in the part scored"


def _seconds(case: CaseRecord) -> float:
    return (case.scores["answer: milliseconds"].value or 0.0) / 1000


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(sign for sign in text if sign.isprintable())
