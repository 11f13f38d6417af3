"""The report's charts, as SVG inside the page: figures with their intervals, and distributions.

Not covered: the words around them; `page` holds those.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from ladder_qa.evaluation.fields import Part
from ladder_qa.evaluation.figures import Figure

# Units of the drawing: narrow, with the names above their lines, so that a phone shows all of it.
_ROW, _LEFT, _WIDTH = 42, 8, 440
_SCALE = _WIDTH - 2 * _LEFT


def intervals_chart(figures: Sequence[Figure], title: str) -> str:
    """Shares as dots on their intervals, one row a figure, both parts in each row."""
    names = list(dict.fromkeys(figure.name for figure in figures))
    if not names:
        return ""
    height = _ROW * len(names) + 40
    rows = "".join(
        _row(name, number, [f for f in figures if f.name == name])
        for number, name in enumerate(names)
    )
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{html.escape(title)}">{"".join(_axis(len(names)))}{rows}</svg>'
        "<figcaption>● develop, ◇ scored; lines are 95 % intervals. The table below has the "
        "numbers.</figcaption></figure>"
    )


def _x(share: float) -> str:
    return f"{_LEFT + _SCALE * share:.1f}"


def _axis(rows: int) -> Iterator[str]:
    bottom = _ROW * rows + 8
    for tick in (0, 0.25, 0.5, 0.75, 1):
        yield f'<line class="axis" x1="{_x(tick)}" y1="0" x2="{_x(tick)}" y2="{bottom}"/>'
        yield (
            f'<text x="{_x(tick)}" y="{bottom + 20}" font-size="12" text-anchor="middle">'
            f"{tick:g}</text>"
        )


def _row(name: str, number: int, figures: Sequence[Figure]) -> str:
    middle = _ROW * number + 0.7 * _ROW
    label = f'<text class="name" x="{_LEFT}" y="{_ROW * number + 13}" font-size="14">'
    drawn = [f"{label}{html.escape(name)}</text>"]
    for figure in figures:
        sort, y = ("one", middle - 6) if figure.part is Part.DEVELOP else ("two", middle + 6)
        low, high = _x(figure.interval.low), _x(figure.interval.high)
        drawn.append(
            f'<line class="{sort}" stroke-width="2" x1="{low}" y1="{y:.1f}" x2="{high}" '
            f'y2="{y:.1f}"/>'
        )
        drawn.append(_dot(sort, figure.mean, y))
    return "".join(drawn)


def _dot(sort: str, mean: float, y: float) -> str:
    if sort == "one":
        return f'<circle class="one" cx="{_x(mean)}" cy="{y:.1f}" r="5"/>'
    x = float(_x(mean))
    points = f"{x - 6},{y} {x},{y - 6} {x + 6},{y} {x},{y + 6}"
    return f'<polygon class="two" stroke-width="2" points="{points}"/>'


def histogram(values: Sequence[float], unit: str, bins: int = 30) -> str:
    """How many cases have how much, up to the 99th percentile; the rest is in the last bar."""
    if not values:
        return ""
    top = sorted(values)[min(len(values) - 1, int(0.99 * len(values)))] or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(bins * value / top))] += 1
    width, height = _WIDTH / bins, 120
    tall = [height * count / max(counts) for count in counts]
    bars = "".join(
        f'<rect class="bar" x="{number * width + 1:.1f}" width="{width - 2:.1f}" '
        f'y="{height - size:.1f}" height="{size:.1f}"/>'
        for number, size in enumerate(tall)
    )
    median = sorted(values)[len(values) // 2]
    label = f"{len(values)} cases, median {median:.0f} {unit}"
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {height + 26}" role="img" '
        f'aria-label="{html.escape(label)}">{bars}'
        f'<text x="0" y="{height + 20}" font-size="12">0</text>'
        f'<text x="{_WIDTH}" y="{height + 20}" font-size="12" text-anchor="end">'
        f"{top:.0f} {html.escape(unit)} and more</text></svg>"
        f"<figcaption>{html.escape(label)}</figcaption></figure>"
    )
