"""What the benchmarks reckon with: medians, ratios, tables, plots, goals, corpora and loads."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import ingesting
import ladders
import load
import pytest
import record
import report
from charts import Bar, Curve, Panel, bars_chart, panels_chart
from record import OURS, PEER, Figure, Section
from spread import Spread, digits, percentile

MADE = {
    "date": "2026-01-02",
    "cores": 2,
    "processor": "a processor",
    "memory_gb": 8.0,
    "python": "3.11.0",
    "load_before": 0.1,
}


def warm(ours: list[float], peer: list[float]) -> dict[str, Section]:
    """Results that hold the median of warm answers alone."""
    figures = {"warm_p50_ms": Figure("ms", {OURS: ours, PEER: peer})}
    return {"warm": Section(MADE, figures, {"peer_threads": 1, "questions": 3})}


def grown() -> dict[str, Section]:
    """Results of growth over two sizes."""
    figures = {}
    for size in (150, 1500):
        for name, unit in (("warm_p50_ms", "ms"), ("warm_p95_ms", "ms"), ("peak_mb", "MB")):
            figures[f"{name}_{size}"] = Figure(unit, {OURS: [size / 10], PEER: [12.0]})
        figures[f"ingest_s_{size}"] = Figure("s", {OURS: [size / 5], PEER: [9.0]})
        figures[f"recall_{size}"] = Figure("", {"shipped": [1.0], "graph": [0.995]})
    levels = {"150": {"levels": 3}, "1500": {"levels": 12}}
    return {"growth": Section(MADE, figures, levels)}


class TestSpread:
    def test_the_median_stands_between_the_lowest_and_the_highest_run(self) -> None:
        assert Spread(2.5, 1.0, 9.0, 4) == Spread.of([9.0, 2.0, 1.0, 3.0])

    def test_a_ratio_is_taken_between_runs_made_side_by_side(self) -> None:
        """Where a machine slows down for both, as in the third run, the ratio stays."""
        assert Spread(0.5, 0.5, 0.5, 3) == Spread.of_ratios([1, 2, 50], [2, 4, 100])

    def test_runs_without_a_partner_make_no_ratio(self) -> None:
        with pytest.raises(ValueError, match="no pairs"):
            Spread.of_ratios([1, 2], [1])

    def test_a_figure_has_runs(self) -> None:
        with pytest.raises(ValueError, match="without runs"):
            Spread.of([])

    def test_a_percentile_lies_between_two_values_by_its_distance(self) -> None:
        assert percentile([10, 20, 30, 40, 50], 95) == pytest.approx(48)

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(1234.5, "1,234"), (123.45, "123"), (12.345, "12.3"), (1.2345, "1.23"), (0.0123, "0.012")],
    )
    def test_three_digits_are_shown(self, value: float, shown: str) -> None:
        assert shown == digits(value)

    def test_the_range_is_shown_where_there_were_several_runs(self) -> None:
        shown = [str(Spread.of([1.0])), str(Spread.of([1.0, 2.0, 4.0]))]
        assert ["1.00", "2.00 (1.00–4.00)"] == shown


class TestResults:
    def test_what_is_written_is_read_again(self, tmp_path: Path) -> None:
        sections = warm([1.0, 2.0], [3.0, 4.0])
        record.write("warm", sections["warm"], tmp_path / "results.json")
        assert sections == record.read(tmp_path / "results.json")

    def test_a_section_takes_the_place_of_its_own_name_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "results.json"
        for name, value in (("warm", 1.0), ("cold", 5.0), ("warm", 2.0)):
            record.write(name, warm([value], [1.0])["warm"], file)
        found = {
            name: section.figures["warm_p50_ms"].runs[OURS]
            for name, section in record.read(file).items()
        }
        assert {"warm": [2.0], "cold": [5.0]} == found

    def test_a_figure_has_a_line_of_its_own(self, tmp_path: Path) -> None:
        """So that a change of the file shows which figures moved."""
        record.write("warm", warm([1.5], [3.0])["warm"], tmp_path / "results.json")
        lines = (tmp_path / "results.json").read_text("utf-8").splitlines()
        (line,) = [line for line in lines if "warm_p50_ms" in line]
        assert '   "warm_p50_ms": {"unit": "ms", "runs": {"ours": [1.5], "peer": [3.0]}}' == line

    def test_conditions_name_machine_and_versions(self) -> None:
        found = record.conditions()
        assert set(MADE) | {"system", "versions"} == set(found)


measured = pytest.mark.skipif(
    not record.RESULTS.exists(), reason="bench/results.json is not there: make bench"
)


class TestReport:
    def test_the_ratio_comes_first(self) -> None:
        line = report.table(warm([2.0, 4.0, 6.0], [4.0, 4.0, 4.0])).splitlines()[2]
        ratio, ours, peer = "**1.00 (0.50–1.50)**", "4.00 (2.00–6.00)", "4.00 (4.00–4.00)"
        assert f"| a question, warm, ms: median | {ratio} | {ours} | {peer} |" == line

    def test_what_was_not_measured_has_no_line(self) -> None:
        assert 3 == len(report.table(warm([1.0], [2.0])).splitlines())

    def test_growth_has_a_column_for_each_size(self) -> None:
        lines = report.growth_table(grown()).splitlines()
        assert ["| passages | 150 | 1,500 |", "| levels | 3 | 12 |"] == [lines[0], lines[2]]
        assert "| — of Chroma's graph | 0.995 | 0.995 |" == lines[-1]

    def test_too_few_runs_are_called_so(self) -> None:
        few, enough = warm([1.0] * 6, [1.0] * 6), warm([1.0] * 7, [1.0] * 7)
        said = ["too few" in report.made(sections) for sections in (few, enough)]
        assert [True, False] == said

    @pytest.mark.parametrize(("ours", "met"), [(0.6, True), (0.61, False)])
    def test_a_goal_is_met_up_to_its_limit(self, ours: float, met: bool) -> None:
        goal = report.GOALS[0]
        assert met is goal.met(goal.measured(warm([ours], [1.0])["warm"]))

    def test_a_goal_of_least_size_is_missed_below_it(self) -> None:
        goal = next(goal for goal in report.GOALS if goal.at_least == 3)
        assert [False, True] == [goal.met(Spread.of([value])) for value in (2.9, 3.0)]

    def test_goals_that_were_not_measured_are_not_met(self) -> None:
        text, met = report.goals(warm([0.1], [1.0]))
        lines = text.splitlines()
        assert "warm answer, median: 0.10, wanted ≤ 0.6" == lines[0]
        assert "warm answer, 95th percentile: not measured, wanted ≤ 0.6" == lines[1]
        assert met is False

    @measured
    def test_every_row_names_a_figure_that_is_measured(self) -> None:
        """A figure renamed in a measuring module would silently vanish from the table."""
        sections = record.read()
        for row in report.ROWS:
            assert row.figure in sections[row.section].figures

    def test_readme_keeps_what_stands_around_the_figures(self) -> None:
        readme = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
        new = report.written(readme, warm([1.0], [2.0]))
        around = f"before\n{report.BEGIN}\n", f"\n{report.END}\nafter\n"
        assert around == (new[: len(around[0])], new[-len(around[1]) :])
        assert "old" not in new

    def test_readme_without_a_place_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="no place"):
            report.written("words", {})

    def test_readme_says_what_the_results_say(self, root: Path) -> None:
        readme = (root / "README.md").read_text(encoding="utf-8")
        assert report.written(readme, record.read()) == readme

    @measured
    def test_the_plots_say_what_the_results_say(self) -> None:
        sections = record.read()
        ratios = bars_chart(report.RATIOS_TITLE, tuple(report.bars(sections)))
        growth = panels_chart(report.GROWTH_TITLE, tuple(report.panels(sections)))
        drawn = (report.RATIOS.read_text("utf-8"), report.GROWTH.read_text("utf-8"))
        assert (ratios, growth) == drawn


class TestCharts:
    def test_bars_are_well_formed_and_name_every_ratio(self) -> None:
        bars = [Bar("a < b", Spread(0.25, 0.2, 0.3, 7)), Bar("rate", Spread(12.0, 9.0, 14.0, 7))]
        texts = list(ET.fromstring(bars_chart("Title", bars)).itertext())
        assert {"Title", "a < b", "rate", "0.25×", "12.0×"} <= set(texts)

    def test_less_than_the_peer_is_drawn_to_the_left_of_it(self) -> None:
        bars = [Bar("less", Spread.of([0.5])), Bar("more", Spread.of([2.0]))]
        drawn = ET.fromstring(bars_chart("Title", bars))
        less, more = (
            float(bar.attrib["x"]) for bar in drawn.iter("{http://www.w3.org/2000/svg}rect")
        )
        assert less < more

    def test_panels_draw_every_point_with_its_figure(self) -> None:
        curve = Curve("a", "ladder-qa", ((150, 2.0), (1500, 20.0)))
        drawn = ET.fromstring(panels_chart("Title", [Panel("ms", (curve,))]))
        titles = [title.text for title in drawn.iter("{http://www.w3.org/2000/svg}title")]
        said = ["ladder-qa: 2.00 at 150 passages", "ladder-qa: 20.0 at 1,500 passages"]
        assert ["Title", *said] == titles

    def test_plots_have_colours_for_a_dark_page(self) -> None:
        assert "prefers-color-scheme: dark" in bars_chart("Title", [Bar("a", Spread.of([2.0]))])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ladder of 800 passages: one copy of the documents, and a part of another."""
    folder = tmp_path_factory.mktemp("ladder") / "corpus"
    ladders.make(folder, 800)
    return folder


class TestLadders:
    def test_a_made_ladder_has_the_passages_and_levels_asked_for(self, made: Path) -> None:
        from ladder_qa.corpus import read_corpus
        from ladder_qa.ladder import read_ladder
        from ladder_qa.passages import read_passages

        documents = read_corpus(made).documents
        ladder = read_ladder(documents)
        assert 800 == len(read_passages(documents, ladder))
        codes = {level.code for level in ladder.levels}
        assert {"M1", "M2", "M3", "E1", "E2", "E3", "ABE1", "ABE2", "ABE3"} == codes

    def test_the_first_copy_is_the_documents_themselves(
        self, made: Path, corpus_folder: Path
    ) -> None:
        name = "progression-e1-to-e2.md"
        assert (corpus_folder / name).read_text("utf-8").rstrip() == (made / name).read_text(
            "utf-8"
        ).rstrip()

    def test_the_same_number_gives_the_same_bytes(self, made: Path, tmp_path: Path) -> None:
        ladders.make(tmp_path / "again", 800)
        first, again = (
            {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.md")}
            for folder in (made, tmp_path / "again")
        )
        assert first == again

    def test_questions_are_about_families_that_are_there(self) -> None:
        asked = ladders.questions_for(["is E2 above M1?"] * 3, 3)
        assert ("is E2 above M1?", "is ABE2 above ABM1?", "is E2 above M1?") == asked

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ("Senior Director of Engineering", "Senior Director of Data"),
            ("the CTO and two Directors (E1s)", "the CABO and two Data Directors (ABE1s)"),
            ("Senior Engineering Managers", "Senior Data Managers"),
            ("an IC3 in engineering", "an IC3 in data"),
        ],
    )
    def test_titles_codes_and_fields_are_the_familys_own(self, text: str, named: str) -> None:
        assert named == ladders.Copy(1, 0).named(text)

    def test_one_sentence_is_changed_and_no_more(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("# A\n\n- one\n", "utf-8")
        (tmp_path / "b.md").write_text("# B\n\nWords.\n\n- two\n- three\n", "utf-8")
        ingesting.change_one_sentence(tmp_path)
        texts = [(tmp_path / name).read_text("utf-8") for name in ("a.md", "b.md")]
        assert ["# A\n\n- one\n", "# B\n\nWords.\n\n- two today\n- three\n"] == texts


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers every question but "no", and keeps what was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        question = json.loads(body)["question"]
        self.asked.append(question)
        self.send_response(500 if question == "no" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is logged."""


@pytest.fixture
def asked() -> list[str]:
    """The questions that the server got."""
    return []


@pytest.fixture
def url(asked: list[str]) -> Iterator[str]:
    """A server on loopback."""
    handler = type("Handler", (Answering,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/ask"
        server.shutdown()
        thread.join()


class TestLoad:
    def test_every_question_is_asked_once(self, url: str, asked: list[str]) -> None:
        questions = [f"question {number}" for number in range(40)]
        found = load.load(url, 8, questions)
        assert (sorted(questions), 40, 0) == (sorted(asked), len(found.milliseconds), found.failed)

    def test_what_is_no_answer_counts_as_failed(self, url: str) -> None:
        found = load.load(url, 2, ["yes", "no", "yes"])
        assert (2, 1) == (len(found.milliseconds), found.failed)

    def test_the_rate_is_answers_by_seconds(self) -> None:
        assert load.Load(2.0, (5.0, 6.0, 7.0), 1).rate == 1.5
