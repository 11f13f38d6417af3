"""The plots of README as SVG: ratios beside a line at one, and growth on two logarithmic scales.

They have no background and take their colours from the reader's scheme, light or dark.
Not covered: which figures are drawn (`report`).
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from spread import Spread, digits

# Colours of GitHub's two schemes: readable on white and on near black.
STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.dim { fill: #59636e }
.line { stroke: #d1d9e0 }
.one { fill: none; stroke: #59636e; stroke-dasharray: 4 3 }
.a { fill: #0969da; stroke: #0969da } .b { fill: #9a6700; stroke: #9a6700 }
polyline.a, polyline.b { fill: none; stroke-width: 2 } polyline.b { stroke-dasharray: 5 4 }
text.a, text.b { stroke: none }
@media (prefers-color-scheme: dark) {
 text { fill: #f0f6fc } .dim { fill: #9198a1 } .line { stroke: #3d444d } .one { stroke: #9198a1 }
 .a { fill: #4493f8; stroke: #4493f8 } .b { fill: #d29922; stroke: #d29922 }
 polyline.a, polyline.b { fill: none }
}
</style>"""
_ROW, _LEFT, _WIDTH = 30, 268, 720  # units of the drawing
_PANEL, _TALL = 240, 190


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of ratios: ours to theirs."""

    name: str
    ratio: Spread


@dataclass(frozen=True, slots=True)
class Curve:
    """One side's figure by the number of passages."""

    side: str  # "a" or "b", by which it is drawn
    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves on one pair of scales."""

    title: str
    curves: tuple[Curve, ...]


def bars_chart(title: str, bars: Sequence[Bar]) -> str:
    """Each ratio as a bar from one, the range of its runs as a line; a logarithmic scale."""
    ratios = [value for bar in bars for value in (bar.ratio.low, bar.ratio.high)]
    low, high = _decades(min(*ratios, 1.0)), -_decades(1 / max(*ratios, 1.0))
    bottom = 40 + _ROW * len(bars)
    scale = (_WIDTH - _LEFT - 90) / max(1, high - low)

    def x(ratio: float) -> float:
        return _LEFT + (math.log10(ratio) - low) * scale

    parts = [_text(x(1), 16, "as the peer", "middle", "dim")]
    for power in range(low, high + 1):
        at = f"{x(10.0**power):.1f}"
        parts.append(f'<line class="line" x1="{at}" x2="{at}" y1="24" y2="{bottom}"/>')
        label = f"{10.0**power:g}×"
        parts.append(_text(x(10.0**power), bottom + 18, label, "middle", "dim"))
    for number, bar in enumerate(bars):
        parts += _bar(bar, 40 + _ROW * number, x)
    parts.append(f'<path class="one" d="M{x(1):.1f} 24V{bottom}"/>')
    return _svg(title, _WIDTH, bottom + 28, parts)


def _bar(bar: Bar, top: float, x: Callable[[float], float]) -> Iterator[str]:
    start, end = sorted((x(1.0), x(bar.ratio.median)))
    middle = top + 8
    yield _text(_LEFT - 12, middle + 4, bar.name, "end")
    yield f'<rect class="a" x="{start:.1f}" y="{top}" width="{end - start:.1f}" height="16"/>'
    low, high = x(bar.ratio.low), x(bar.ratio.high)
    yield f'<path class="one" d="M{low:.1f} {middle}H{high:.1f}"/>'
    yield _text(max(end, high) + 6, middle + 4, f"{digits(bar.ratio.median)}×")


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    """`anchor` is the end of the words that stands at `x`."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} class="{kind}">{html.escape(words)}</text>'


def panels_chart(title: str, panels: Sequence[Panel]) -> str:
    """The panels side by side, with one key for all."""
    width = _PANEL * len(panels)
    parts = [part for at, panel in enumerate(panels) for part in _panel(panel, _PANEL * at)]
    names = {curve.side: curve.name for panel in panels for curve in panel.curves}
    for number, (side, name) in enumerate(sorted(names.items())):
        at, y = 40 + 220 * number, _TALL + 62
        parts.append(f'<polyline class="{side}" points="{at},{y - 4} {at + 26},{y - 4}"/>')
        parts.append(_text(at + 32, y, name))
    return _svg(title, width, _TALL + 74, parts)


def _panel(panel: Panel, left: float) -> Iterator[str]:
    points = [point for curve in panel.curves for point in curve.points]
    wide = [math.log10(passages) for passages, _ in points]
    low, high = (math.floor(math.log10(min(v for _, v in points))),
                 math.ceil(math.log10(max(v for _, v in points)) + 1e-9))  # fmt: skip
    high = max(high, low + 1)
    inner, tall = _PANEL - 62, _TALL - 20

    def place(passages: float, value: float) -> tuple[float, float]:
        across = (math.log10(passages) - min(wide)) / max(1e-9, max(wide) - min(wide))
        up = (math.log10(value) - low) / (high - low)
        return left + 44 + inner * across, 30 + tall * (1 - up)

    yield _text(left + 44, 14, panel.title)
    for power in range(low, high + 1):
        _, y = place(points[0][0], 10.0**power)
        yield f'<line class="line" x1="{left + 44}" x2="{left + 44 + inner}" y1="{y}" y2="{y}"/>'
        yield _text(left + 40, y + 4, f"{10.0**power:,g}", "end", "dim")
    sizes = sorted({passages for passages, _ in points})
    for passages in sizes:
        x, y = place(passages, 10.0**low)
        yield _text(x, y + 18, _short(passages), "middle", "dim")
    for curve in panel.curves:
        at = [place(passages, value) for passages, value in curve.points]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        yield f'<polyline class="{curve.side}" points="{drawn}"/>'
        for (x, y), (passages, value) in zip(at, curve.points, strict=True):
            label = f"{curve.name}: {digits(value)} at {passages:,.0f} passages"
            dot = f'<circle class="{curve.side}" cx="{x:.1f}" cy="{y:.1f}" r="3">'
            yield f"{dot}<title>{html.escape(label)}</title></circle>"


def _short(number: float) -> str:
    return f"{number / 1000:g}k" if number >= 1000 else f"{number:g}"


def _decades(ratio: float) -> int:
    """The power of ten at or below."""
    return math.floor(math.log10(ratio) + 1e-9)


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    name = html.escape(title)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
    return f'{head} aria-label="{name}">\n<title>{name}</title>\n{STYLE}\n' + "\n".join(
        [*parts, "</svg>\n"]
    )
