"""Line plots as inline SVG: cost against size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from eval import charts

__all__ = ["Axis", "Line", "around", "decades", "dots", "number", "plot", "steps"]


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from its first to its last tick; ``log``: equal ratios are equally far apart."""

    name: str
    ticks: Sequence[float]
    log: bool = False

    def share(self, value: float) -> float:
        """Return the position of ``value`` between the first tick (0) and the last (1), clipped.

        >>> Axis("", [1, 100], log=True).share(10), Axis("", [0, 4]).share(1)
        (0.5, 0.25)
        """
        low, high = self.ticks[0], self.ticks[-1]
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        return min(1.0, max(0.0, (value - low) / (high - low)))


@dataclass(frozen=True, slots=True)
class Line:
    """A named line through ``points``; ``band`` holds (x, low, high) of the range around it; ``style`` is its class."""

    label: str
    points: Sequence[tuple[float, float]]
    style: str
    band: Sequence[tuple[float, float, float]] = field(default=())


def plot(lines: Sequence[Line], across: Axis, up: Axis, title: str, about: str) -> str:
    """Return lines over two axes, with the values of each point as a tooltip.

    The caption names the vertical axis.
    """
    drawn = _axes(across, up)
    for line in lines:
        if line.band:
            edge = [(x, low) for x, low, _ in line.band] + [(x, high) for x, _, high in reversed(line.band)]
            drawn += f'<polygon class="band {escape(line.style)}" points="{_path(edge, across, up)}"/>'
    for line in lines:
        drawn += f'<polyline class="curve {escape(line.style)}" points="{_path(line.points, across, up)}"/>'
        for x, y in line.points:
            words = f"{line.label}: {number(x)} {across.name}, {number(y)} {up.name}"
            drawn += (
                f'<circle class="knot {escape(line.style)}" cx="{_x(across, x):.1f}" cy="{_y(up, y):.1f}" r="4">'
                f"<title>{escape(words)}</title></circle>"
            )
    return charts.figure(drawn, title, about)


def dots(points: Sequence[tuple[str, float]], axis: Axis, label: str) -> str:
    """Return points (class, value) on one horizontal line, joined from first to last."""
    places = [(style, 100 * axis.share(value)) for style, value in points]
    shares = [place for _, place in places]
    drawn = '<line class="scale" x1="0" x2="100" y1="5" y2="5"/>'
    drawn += f'<line class="between" x1="{min(shares):.2f}" x2="{max(shares):.2f}" y1="5" y2="5"/>'
    for style, place in places:
        drawn += f'<line class="spot {escape(style)}" x1="{place:.2f}" x2="{place:.2f}" y1="5" y2="5"/>'
    return charts.strip(drawn, label)


def decades(values: Iterable[float]) -> list[float]:
    """Return the powers of ten around ``values``.

    >>> decades([0.3, 20])
    [0.1, 1.0, 10.0, 100.0]
    """
    found = [value for value in values if value > 0] or [1.0]
    low, high = math.floor(math.log10(min(found))), math.ceil(math.log10(max(found)))
    return [10.0**power for power in range(low, max(high, low + 1) + 1)]


def around(values: Iterable[float]) -> list[float]:
    """Return the nearest 1, 2 or 5 of a decade below and above ``values``.

    >>> around([0.3, 11])
    [0.2, 20.0]
    """
    found = [value for value in values if value > 0] or [1.0]
    marks = [digit * 10.0**power for power in range(-9, 9) for digit in (1, 2, 5)]
    low = max((mark for mark in marks if mark <= min(found)), default=marks[0])
    return [low, min((mark for mark in marks if mark >= max(found) and mark > low), default=marks[-1])]


def steps(values: Iterable[float]) -> list[float]:
    """Return five ticks from 0 to above the maximum of ``values``.

    >>> steps([3, 7.2])
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    top = charts.nice(max(values, default=1.0))
    return [top * share / 4 for share in range(5)]


def number(value: float) -> str:
    """Return a number in its shortest readable form.

    >>> [number(value) for value in (0.01, 2.5, 16, 1000, 1e6)]
    ['0.01', '2.5', '16', '1,000', '1 M']
    """
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _axes(across: Axis, up: Axis) -> str:
    drawn = ""
    left, right, floor = charts.LEFT, charts.WIDTH - charts.RIGHT, charts.TOP + charts.PLOT_HEIGHT
    for tick in up.ticks:
        y = _y(up, tick)
        drawn += f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        drawn += charts.text(left - 8, y + 4, number(tick), "end")
    for tick in across.ticks:
        drawn += charts.text(_x(across, tick), floor + 18, number(tick), "middle")
    return drawn + charts.text(left + charts.PLOT_WIDTH / 2, charts.HEIGHT - 8, across.name, "middle", "axis-name")


def _path(points: Iterable[tuple[float, float]], across: Axis, up: Axis) -> str:
    return " ".join(f"{_x(across, x):.1f},{_y(up, y):.1f}" for x, y in points)


def _x(axis: Axis, value: float) -> float:
    return charts.LEFT + axis.share(value) * charts.PLOT_WIDTH


def _y(axis: Axis, value: float) -> float:
    return charts.TOP + (1 - axis.share(value)) * charts.PLOT_HEIGHT
