"""`bench/results.json` → README's section "How fast", its plots, and how far from the goals.

`python bench/report.py` writes the section and `docs/bench-*.svg`; `--goals` prints each goal with
what was measured, and exits with 1 where one is missed or was not measured.
Not covered: measuring.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import record
from charts import Bar, Curve, Panel, bars_chart, panels_chart
from record import NARROW, OURS, PEER, ROOT, Section
from spread import Spread

README = ROOT / "README.md"
BEGIN = "<!-- written by bench/report.py from bench/results.json: not to be edited by hand -->"
END = "<!-- end of what bench/report.py writes -->"
RATIOS, GROWTH = ROOT / "docs" / "bench-ratios.svg", ROOT / "docs" / "bench-growth.svg"
RATIOS_TITLE, GROWTH_TITLE = "ladder-qa to LlamaIndex + Chroma", "Growth with the corpus"
ENOUGH = 7  # runs of a figure that is for the record
GROWTHS = ("growth", "growth_large")

Sections = Mapping[str, Section]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: one figure of both sides, or of ours alone."""

    section: str
    figure: str
    name: str
    against: str | None = PEER  # None: the peer has no such thing
    short: str = ""  # its name in the plot; empty: not drawn


ROWS = (
    Row("warm", "warm_p50_ms", "a question, warm, ms: median", short="a question, median"),
    Row("warm", "warm_p95_ms", "— 95th percentile", short="a question, 95th percentile"),
    Row("warm", "warm_processor_ms", "— processor time, mean"),
    Row("warm", "again_p50_ms", "— median of the same questions asked again", None),
    Row("cold", "cold_s", "from the shell, s", short="from the shell"),
    Row("cold", "cold_processor_s", "— processor time, s"),
    Row("warm", "peak_mb", "peak memory of a process that answers, MB", short="memory"),
    Row("served", "server_peak_mb_at_32", "— of the server, MB", short="memory, server"),
    Row("served", "rate_at_1", "served to 1 client, requests/s", short="requests/s, 1 client"),
    Row("served", "p95_ms_at_1", "— 95th percentile, ms"),
    Row("served", "rate_at_8", "served to 8 clients, requests/s", short="requests/s, 8 clients"),
    Row("served", "rate_at_8", "— beside a peer with as many threads as cores", NARROW),
    Row("served", "p95_ms_at_8", "— 95th percentile, ms", short="95th percentile, 8 clients"),
    Row("served", "rate_at_32", "served to 32 clients, requests/s", short="requests/s, 32 clients"),
    Row("served", "rate_at_32", "— beside a peer with as many threads as cores", NARROW),
    Row("served", "p95_ms_at_32", "— 95th percentile, ms", short="95th percentile, 32 clients"),
    Row("served", "rate_again_at_8", "— requests/s of 8 clients that ask the same again", None),
    Row("ingest", "first_s", "first ingest, s", short="first ingest"),
    Row("ingest", "first_with_export_s", "— the export of the model included", None),
    Row("ingest", "first_without_bank_s", "— without probably-asked questions", None),
    Row("ingest", "unchanged_s", "nothing changed, s", short="ingest, nothing changed"),
    Row("ingest", "changed_s", "one sentence changed, s", short="ingest, one sentence changed"),
)


def table(sections: Sections) -> str:
    """All rows that were measured, as Markdown; ratios first."""
    lines = ["| | ratio | ladder-qa | LlamaIndex + Chroma |", "|---|---|---|---|"]
    for row in ROWS:
        figures = sections[row.section].figures if row.section in sections else {}
        figure = figures.get(row.figure)
        if figure is None:
            continue
        ours = Spread.of(figure.runs[OURS])
        if row.against is None:
            lines.append(f"| {row.name} | | {ours} | |")
        elif row.against in figure.runs:
            theirs = figure.runs[row.against]
            ratio = Spread.of_ratios(figure.runs[OURS], theirs)
            lines.append(f"| {row.name} | **{ratio}** | {ours} | {Spread.of(theirs)} |")
    return "\n".join(lines)


def sizes_of(section: Section) -> list[int]:
    """The corpora of a section of growth, by the passages asked for."""
    found = {name.rpartition("_")[2] for name in section.figures if name.startswith("peak_mb_")}
    return sorted(map(int, found))


def growth_table(sections: Sections) -> str:
    """A column for each size; the largest sizes have a section of their own."""
    columns = [(sections[name], size) for name in GROWTHS if name in sections
               for size in sizes_of(sections[name])]  # fmt: skip
    if not columns:
        return ""
    sizes = [size for _, size in columns]
    heads = [f"{size:,}{' again' * (size in sizes[:at])}" for at, size in enumerate(sizes)]
    lines = [f"| passages | {' | '.join(heads)} |", "|---" * (len(columns) + 1) + "|"]
    levels = " | ".join(str(section.settings[str(size)]["levels"]) for section, size in columns)
    lines.append(f"| levels | {levels} |")
    for name, label, side in (
        ("warm_p50_ms", "a question, warm, ms: median", OURS),
        ("warm_p95_ms", "— 95th percentile", OURS),
        ("warm_p50_ms", "— median of the peer", PEER),
        ("peak_mb", "peak memory, MB", OURS),
        ("peak_mb", "— of the peer", PEER),
        ("ingest_s", "first ingest, s", OURS),
        ("ingest_s", "— of the peer", PEER),
        ("recall", "recall@10 of the search", "shipped"),
        ("recall", "— of Chroma's graph", "graph"),
    ):
        cells = [_cell(section, f"{name}_{size}", side) for section, size in columns]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(section: Section, figure: str, side: str) -> str:
    runs = section.figures[figure].runs[side]
    return f"{runs[0]:.3f}" if figure.startswith("recall") else str(Spread.of(runs))


@dataclass(frozen=True, slots=True)
class Goal:
    """What is aimed at: a ratio, or a share, that is to be at most or at least so much."""

    name: str
    section: str
    measured: Callable[[Section], Spread]
    at_most: float | None = None
    at_least: float | None = None

    def met(self, found: Spread) -> bool:
        """Whether the median is good enough."""
        high_enough = self.at_least is None or found.median >= self.at_least
        return high_enough and (self.at_most is None or found.median <= self.at_most)


def _ratio(figure: str, over: str = "") -> Callable[[Section], Spread]:
    """Ours to the peer's, or one of our figures to another of ours."""

    def measured(section: Section) -> Spread:
        ours = section.figures[figure].runs[OURS]
        if over:
            return Spread.of_ratios(ours, section.figures[over].runs[OURS])
        return Spread.of_ratios(ours, section.figures[figure].runs[PEER])

    return measured


GOALS = (
    Goal("warm answer, median", "warm", _ratio("warm_p50_ms"), at_most=0.6),
    Goal("warm answer, 95th percentile", "warm", _ratio("warm_p95_ms"), at_most=0.6),
    Goal("cold `ladder-qa ask`", "cold", _ratio("cold_s"), at_most=0.2),
    Goal("server's peak memory", "served", _ratio("server_peak_mb_at_32"), at_most=0.5),
    Goal("requests/s, 8 clients", "served", _ratio("rate_at_8"), at_least=3),
    Goal("requests/s, 32 clients", "served", _ratio("rate_at_32"), at_least=3),
    Goal("unchanged to first ingest", "ingest", _ratio("unchanged_s", "first_s"), at_most=0.1),
    Goal(
        "warm answer at 100,000 to 1,500 passages",
        "growth_large",
        _ratio("warm_p50_ms_100000", "warm_p50_ms_1500"),
        at_most=3,
    ),
    Goal(
        "recall@10 at 100,000 passages",
        "growth_large",
        lambda section: Spread.of(section.figures["recall_100000"].runs["shipped"]),
        at_least=0.99,
    ),
    Goal(
        "recall@10 of Chroma's graph at 100,000 passages",
        "growth_large",
        lambda section: Spread.of(section.figures["recall_100000"].runs["graph"]),
        at_least=0.99,
    ),
)


def goals(sections: Sections) -> tuple[str, bool]:
    """Each goal in a line with what was measured, and whether all are met."""
    lines, missed = [], 0
    for goal in GOALS:
        wanted = f"≤ {goal.at_most}" if goal.at_most is not None else f"≥ {goal.at_least}"
        try:
            found = goal.measured(sections[goal.section])
        except KeyError:
            lines.append(f"{goal.name}: not measured, wanted {wanted}")
            missed += 1
            continue
        met = goal.met(found)
        missed += not met
        lines.append(f"{goal.name}: {found}, wanted {wanted}{'' if met else ' — MISSED'}")
    return "\n".join(lines), not missed


def made(sections: Sections) -> str:
    """When, where, with what and with how many runs it was measured."""
    lines = []
    for name, section in sections.items():
        about = section.made
        runs = sorted({len(r) for figure in section.figures.values() for r in figure.runs.values()})
        counted = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
        few = "" if name in GROWTHS or runs[0] >= ENOUGH else "; too few for the record"
        lines.append(
            f"- *{name.replace('_', ', ')}*: {about['date']}, {about['cores']} cores "
            f"({about['processor']}), {about['memory_gb']:g} GB, Python {about['python']}; "
            f"load before {about['load_before']:g}; runs of a figure: {counted}{few}."
        )
    return "\n".join(lines)


def section_text(sections: Sections) -> str:
    """What stands in README between the marks."""
    if not sections:
        return "Not measured yet: `make bench`."
    threads = {
        name: sections[name].settings["peer_threads"]
        for name in ("warm", "served")
        if name in sections
    }
    parts = [table(sections)]
    if threads:
        chosen = ", ".join(f"{count} ({name})" for name, count in threads.items())
        parts.append(f"Threads of torch, the number that suits the peer best: {chosen}.")
    if any(True for _ in bars(sections)):
        parts.append(f"![Ratios to the peer: bars to the left are less](docs/{RATIOS.name})")
    if growth := growth_table(sections):
        parts += [growth, f"![Growth with the corpus](docs/{GROWTH.name})"]
    return "\n\n".join([*parts, made(sections)])


def bars(sections: Sections) -> Iterator[Bar]:
    """The rows that are drawn."""
    for row in ROWS:
        figures = sections[row.section].figures if row.section in sections else {}
        if row.short and row.figure in figures:
            runs = figures[row.figure].runs
            yield Bar(row.short, Spread.of_ratios(runs[OURS], runs[PEER]))


def panels(sections: Sections) -> Iterator[Panel]:
    """The growth of time, memory and ingestion."""
    for figure, title in (
        ("warm_p50_ms", "a question, ms"),
        ("peak_mb", "peak memory, MB"),
        ("ingest_s", "first ingest, s"),
    ):
        curves = []
        for side, key, name in (("a", OURS, "ladder-qa"), ("b", PEER, "LlamaIndex + Chroma")):
            points = {
                size: Spread.of(sections[part].figures[f"{figure}_{size}"].runs[key]).median
                for part in GROWTHS
                if part in sections
                for size in sizes_of(sections[part])
            }
            curves.append(Curve(side, name, tuple(sorted(points.items()))))
        yield Panel(title, tuple(curves))


def written(readme: str, sections: Sections) -> str:
    """README with the section as the results give it. Raises ValueError without the marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("README has no place for the benchmarks' figures")
    return f"{before}{BEGIN}\n{section_text(sections)}\n{END}{after}"


def main() -> None:
    """Writes README's section and the plots, or prints the goals."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--goals", action="store_true", help="print the goals alone")
    parser.add_argument("--results", type=Path, default=record.RESULTS)
    given = parser.parse_args()
    sections = record.read(given.results)
    if given.goals:
        text, met = goals(sections)
        print(text)
        sys.exit(not met)
    if drawn := tuple(bars(sections)):
        RATIOS.write_text(bars_chart(RATIOS_TITLE, drawn), "utf-8")
    if growth_table(sections):
        GROWTH.write_text(panels_chart(GROWTH_TITLE, tuple(panels(sections))), "utf-8")
    README.write_text(written(README.read_text("utf-8"), sections), "utf-8")


if __name__ == "__main__":
    main()
