"""Charts as inline SVG; colours come from the page's stylesheet.

Bars and intervals are placed in table rows next to their numbers and stretch with them; curves have their own axes and
labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from eval.calibration_metrics import Bin

__all__ = [
    "SCALE",
    "Curve",
    "Mark",
    "curves",
    "figure",
    "histogram",
    "interval",
    "intervals",
    "nice",
    "reliability_diagram",
    "stacked",
    "strip",
    "text",
]

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 14, 46
FULL = 0.88
"""Share of the plot's height that the highest bar takes; names are above it."""
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through ``points`` (x and y from 0 to 1); ``style`` is its class."""

    label: str
    points: Sequence[tuple[float, float]]
    style: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A named point (x and y from 0 to 1).

    ``anchor`` is the side on which the name ends; the name is above the point, or ``below`` it.
    """

    label: str
    x: float
    y: float
    anchor: str = "start"
    style: str = "mark"
    below: bool = False


def stacked(parts: Mapping[str, float], total: float, label: str) -> str:
    """Return a bar whose parts are as wide as their share of ``total``; keys are CSS classes."""
    drawn, at = [], 0.0
    for style, count in parts.items():
        width = 100 * count / total if total else 0.0
        drawn.append(f'<rect class="part {escape(style)}" x="{at:.3f}" y="0" width="{width:.3f}" height="10"/>')
        at += width
    return strip("".join(drawn), label)


def interval(low: float, point: float, high: float, label: str, others: Iterable[float] = ()) -> str:
    """Return a value from 0 to 1 with its interval; ``others`` are ticks to compare it with."""
    drawn = '<line class="scale" x1="0" x2="100" y1="5" y2="5"/>'
    drawn += f'<line class="range" x1="{100 * low:.2f}" x2="{100 * high:.2f}" y1="5" y2="5"/>'
    ticks = [(other, "other", 2.5, 7.5) for other in others] + [(point, "point", 1.0, 9.0)]
    for value, style, top, bottom in ticks:
        x = 100 * value
        drawn += f'<line class="{style}" x1="{x:.2f}" x2="{x:.2f}" y1="{top}" y2="{bottom}"/>'
    return strip(drawn, label)


def intervals(spans: Iterable[tuple[str, float, float, float]], label: str) -> str:
    """Return several values from 0 to 1, one below the other: (class, low, point, high) of each."""
    drawn = ""
    for at, (style, low, point, high) in enumerate(spans):
        y = 2.5 + 5 * at
        drawn += f'<line class="scale" x1="0" x2="100" y1="{y}" y2="{y}"/>'
        drawn += f'<line class="range {escape(style)}" x1="{100 * low:.2f}" x2="{100 * high:.2f}" y1="{y}" y2="{y}"/>'
        x = f"{100 * point:.2f}"
        drawn += f'<line class="point {escape(style)}" x1="{x}" x2="{x}" y1="{y - 2.2:.1f}" y2="{y + 2.2:.1f}"/>'
    return strip(drawn, label)


SCALE = '<span class="ticks" aria-hidden="true"><span>0</span><span>50</span><span>100 %</span></span>'
"""The axis above a column of intervals, as HTML."""


def curves(lines: Sequence[Curve], marks: Sequence[Mark], axes: tuple[str, str], title: str, about: str) -> str:
    """Return lines over two axes from 0 to 100 %, with named points."""
    drawn = _axes(*axes)
    for line in lines:
        path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in line.points)
        drawn += f'<polyline class="curve {escape(line.style)}" points="{path}">{_title(line.label)}</polyline>'
    return figure(drawn + "".join(map(_mark, marks)), title, about)


def reliability_diagram(bins: Sequence[Bin], axes: tuple[str, str], title: str, about: str) -> str:
    """Return a point per bin, sized by its number of questions, and the ideal diagonal."""
    most = max((point.count for point in bins), default=1)
    drawn = _axes(*axes)
    drawn += f'<line class="ideal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>'
    path = " ".join(f"{_x(point.confidence):.1f},{_y(point.accuracy):.1f}" for point in bins)
    drawn += f'<polyline class="curve thin" points="{path}"/>'
    for point in bins:
        words = f"{point.count} questions: confidence {point.confidence:.2f}, answerable {point.accuracy:.2f}"
        radius = 3 + 11 * (point.count / most) ** 0.5
        drawn += (
            f'<circle class="bin" cx="{_x(point.confidence):.1f}" cy="{_y(point.accuracy):.1f}" r="{radius:.1f}">'
            f"<title>{words}</title></circle>"
        )
    return figure(drawn, title, about)


def histogram(
    values: Sequence[float], marks: Mapping[str, float], axes: tuple[str, str], title: str, about: str
) -> str:
    """Return a histogram of equally wide bins from 0, with named lines at some values."""
    unit, counted = axes
    top = nice(max(values, default=1.0))
    bins = 20
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(bins * value / top))] += 1
    most, width = max(counts), PLOT_WIDTH / bins
    drawn = f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(0)}" y2="{_y(0)}"/>'
    for at, count in enumerate(counts):
        height = FULL * PLOT_HEIGHT * count / max(1, most)
        words = f"{top * at / bins:g} to {top * (at + 1) / bins:g} {unit}: {count}"
        drawn += (
            f'<rect class="bar" x="{LEFT + at * width + 1:.1f}" y="{_y(0) - height:.1f}" width="{width - 2:.1f}" '
            f'height="{height:.1f}" rx="1.5"><title>{escape(words)}</title></rect>'
        )
    for share in (0, 0.25, 0.5, 0.75, 1):
        drawn += text(_x(share), _y(0) + 18, f"{top * share:g}", "middle")
    drawn += text(LEFT - 8, _y(0) + 4, "0", "end") + text(LEFT - 8, _y(FULL) + 4, f"{most}", "end")
    drawn += f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(FULL):.1f}" y2="{_y(FULL):.1f}"/>'
    drawn += _names(unit, counted)
    for at, (label, value) in enumerate(marks.items()):
        x = _x(min(1.0, value / top))
        drawn += f'<line class="at" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP + 16 * at + 4}" y2="{_y(0)}"/>'
        anchor, gap = ("end", -5) if x > WIDTH * 0.7 else ("start", 5)
        drawn += text(x + gap, TOP + 16 * at + 10, f"{label} {value:.1f}", anchor, "mark-name")
    return figure(drawn, title, about)


def _axes(across: str, up: str) -> str:
    drawn = ""
    for share in (0, 0.25, 0.5, 0.75, 1):
        drawn += f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(share):.1f}" y2="{_y(share):.1f}"/>'
        drawn += text(LEFT - 8, _y(share) + 4, f"{100 * share:.0f}", "end")
        drawn += text(_x(share), _y(0) + 18, f"{100 * share:.0f}", "middle")
    return drawn + _names(across, up)


def _names(across: str, up: str) -> str:
    """Return the names of both axes."""
    turned = f"translate(12 {_y(0.5):.0f}) rotate(-90)"
    name = f'<text class="axis-name" transform="{turned}" text-anchor="middle">{escape(up)}</text>'
    return text(_x(0.5), HEIGHT - 8, across, "middle", "axis-name") + name


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _mark(mark: Mark) -> str:
    x, y = _x(mark.x), _y(mark.y)
    gap = {"start": 3, "end": -3}.get(mark.anchor, 0)
    drawn = f'<circle class="{escape(mark.style)}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    return drawn + text(x + gap, y + (20 if mark.below else -9), mark.label, mark.anchor, "mark-name")


def figure(drawn: str, title: str, about: str) -> str:
    """Return a chart of the usual size with the elements ``drawn`` and a text alternative."""
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}. {escape(about)}">'
        f"<title>{escape(title)}</title><desc>{escape(about)}</desc>{drawn}</svg>"
    )


def strip(drawn: str, label: str) -> str:
    """Return a chart 100 wide and 10 high that stretches with its container."""
    return (
        f'<svg class="strip" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f"<title>{escape(label)}</title>{drawn}</svg>"
    )


def text(x: float, y: float, words: str, anchor: str, style: str = "tick") -> str:
    """Return ``words`` at a position; ``anchor`` is start, middle or end."""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _x(share: float) -> float:
    return LEFT + share * PLOT_WIDTH


def _y(share: float) -> float:
    return TOP + (1 - share) * PLOT_HEIGHT


def nice(value: float) -> float:
    """Return the next higher number that suits the end of an axis.

    >>> nice(7.2), nice(0.3), nice(41)
    (8.0, 0.4, 60.0)
    """
    size = 1e-3
    while True:
        for step in (1, 1.2, 1.6, 2, 4, 6, 8):
            if value <= step * size:
                return round(step * size, 6)
        size *= 10
