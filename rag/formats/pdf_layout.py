"""From the words of a page to its lines in reading order: column after column, tables row by row.

Words on one baseline are a row of the page, parted into segments by wide gaps and upright rules. Neighbouring rows
that have a gap in common are a band: columns of prose, which are read one after the other, or a table. A grid of drawn
rules is a table whose cells are what it parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, median_low

from rag.formats.pdf_grids import grids
from rag.formats.pdf_parts import Frame
from rag.formats.pdf_rows import JUSTIFIED, NEAR, Line, Row, Segment, rows_of, table_row

__all__ = ["lines"]

CELL = 1.5
"""Width of type by which the words of a line without columns stand apart if they are written so."""
GUTTER = 0.6
"""Width of type between columns, at least."""
FARTHEST = 2.0
"""Height of type by which rows of a band are at most apart, usually."""
MARGIN = 0.08
"""Share of the page's height, at its top and its foot, in which rows that stand off are none of its text."""
STANDS_OFF = 1.8
"""Height of type from which they do."""
MOST_RUNNING = 3
"""Rows that do, at the top or the foot."""
DEEPEST = 3
"""How often columns within columns are looked for."""
LINES = 3
"""Lines of prose that go on with a column below the end of the others, at least."""
WIDE = 0.7
"""Share of a column's width that most of them have."""
WORDS = 2.5
"""Words of a line, on average, from which a column may be prose."""
FLOWING = 0.2
"""Share of the lines of prose, at least, that go on within a sentence."""


@dataclass(slots=True)
class _Band:
    """Rows with the gaps that all of them have, as intervals."""

    rows: list[Row]
    gaps: list[tuple[float, float]]


def lines(frame: Frame) -> list[Line]:
    """Return the lines of a page in reading order."""
    found: list[Line] = []
    counter = _Counter()
    inside: set[int] = set()
    tables: list[tuple[float, list[Line]]] = []
    for grid in grids(frame.rules):
        held = [word for word in frame.words if id(word) not in inside and grid.holds(word)]
        made = grid.lines(held, counter.next()) if held else []
        if made:
            inside.update(map(id, held))
            tables.append((made[0].y, made))
    rest = [word for word in frame.words if id(word) not in inside]
    uprights = [rule for rule in frame.rules if rule.upright]
    head, rows, foot = _margins(rows_of(rest, uprights), frame)
    found += [_plain(row, counter.next()) for row in head]
    for y, table in sorted(tables, key=lambda item: -item[0]):
        above = [row for row in rows if row[0].y > y]
        rows = rows[len(above) :]
        found += [*_read(above, counter, 0), *table]
    found += _read(rows, counter, 0)
    return [*found, *(_plain(row, counter.next()) for row in foot)]


class _Counter:
    """Numbers the blocks of a page."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Return the number of a new block."""
        self._last += 1
        return self._last


def _margins(rows: list[Row], frame: Frame) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the rows that stand off at the top of the page, those between, and those that stand off at its foot."""
    edge = MARGIN * (frame.top - frame.bottom)
    usual = median_low([above[0].y - below[0].y for above, below in pairwise(rows)] or [0.0])
    drops = [_stands_off(above[0], below[0], usual) for above, below in pairwise(rows)]
    first, last = 0, len(rows)
    for at, off in enumerate(drops[:MOST_RUNNING], 1):
        first = at if off and rows[at - 1][0].y > frame.top - edge else first
    for at in range(len(rows) - 1, max(first, len(rows) - 1 - MOST_RUNNING), -1):
        last = at if drops[at - 1] and rows[at][0].y < frame.bottom + edge else last
    return rows[:first], rows[first:last], rows[last:]


def _stands_off(above: Segment, below: Segment, usual: float) -> bool:
    """Return whether a row is farther above the next than lines of a paragraph are; less, if it is of another size."""
    small, large = sorted((above.size, below.size))
    least = max(STANDS_OFF * large, 1.2 * usual) if small > 0.85 * large else 1.2 * large
    return above.y - below.y > least


# Bands: columns and tables


def _read(rows: list[Row], counter: _Counter, depth: int) -> list[Line]:
    found: list[Line] = []
    plain = counter.next()
    edges = min((row[0].left for row in rows), default=0.0), max((row[-1].right for row in rows), default=0.0)
    for band in _bands(rows) if depth < DEEPEST else [_Band(rows, [])]:
        slots = _slots(band)
        both = [row for row in slots if sum(map(bool, row)) > 1]
        if band.gaps and (len(both) > 1 or _staggered(slots) > 1) and not _are_stretched(band.rows, *edges):
            if _are_columns(slots):
                for column in zip(*slots, strict=True):
                    found += _read([segments for segments in column if segments], counter, depth + 1)
            else:
                found += _table(slots, counter.next())
            plain = counter.next()
        else:
            found += [_plain(row, plain, depth) for row in band.rows]
    return found


def _are_stretched(rows: list[Row], left: float, right: float) -> bool:
    """Return whether rows are justified lines of few words: they reach from edge to edge, and end in no figures."""
    reach = all(len(row) > 1 and row[0].left - left < NEAR and right - row[-1].right < NEAR for row in rows)
    return reach and not any(letter.isdigit() for row in rows for letter in row[-1].text)


def _plain(row: Row, block: int, depth: int = 0) -> Line:
    """Return a row as a line of text: wide spaces stay, but for those of justified lines, as columns have them."""
    words = tuple(word for segment in row for word in segment.words)
    main = max(row, key=lambda segment: len(segment.text))
    text = row[0].text
    gaps = [segment.left - before.right for before, segment in pairwise(row)]
    alike = len(gaps) > 1 and max(gaps) < 2 * min(gaps)
    for gap, segment in zip(gaps, row[1:], strict=True):
        wide = gap > (JUSTIFIED if alike else CELL) * main.size and not depth
        text += ("   " if wide else " ") + segment.text
    return Line(text, main.size, main.y, block, False, words)


def _bands(rows: list[Row]) -> Iterator[_Band]:
    """Yield the rows in bands, each as long as its rows have a gap in common."""
    left = min((row[0].left for row in rows), default=0.0)
    right = max((segment.right for row in rows for segment in row), default=0.0)
    band: _Band | None = None
    for row in rows:
        free = _free(row, left, right)
        common = _common(band.gaps, free) if band else []
        if band and common and not _loses(band, row, free, common):
            band.rows.append(row)
            band.gaps = common
            continue
        if band:
            yield from _trimmed(band)
        band = _Band([row], free)
    if band:
        yield from _trimmed(band)


def _loses(band: _Band, row: Row, free: list[tuple[float, float]], common: list[tuple[float, float]]) -> bool:
    """Return whether a line that has no columns would take a gap between columns away, here or from the rows above."""
    above = len(_inner(common, band.rows)) < len(_inner(band.gaps, band.rows))
    here = len(_inner(common, [row])) < len(_inner(free, [row]))
    if len(row) == 1:
        return above
    far = band.rows[-1][0].y - row[0].y > 1.2 * FARTHEST * row[0].size
    return (here or above) if far else here and all(len(other) == 1 for other in band.rows)


def _inner(gaps: list[tuple[float, float]], rows: list[Row]) -> list[tuple[float, float]]:
    """Return those of ``gaps`` that have words of ``rows`` on both sides."""
    spans = [(segment.left, segment.right) for row in rows for segment in row]
    sides = ((gap, any(r <= gap[0] + 1 for _, r in spans), any(gap[1] - 1 <= s for s, _ in spans)) for gap in gaps)
    return [gap for gap, before, behind in sides if before and behind]


def _free(row: Row, left: float, right: float) -> list[tuple[float, float]]:
    edges = [left - 1, *(edge for segment in row for edge in (segment.left, segment.right)), right + 1]
    width = GUTTER * row[0].size
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= width]


def _common(gaps: list[tuple[float, float]], others: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found = ((max(a, c), min(b, d)) for a, b in gaps for c, d in others)
    return [(a, b) for a, b in found if b - a > 3]


def _trimmed(band: _Band) -> Iterator[_Band]:
    """Yield ``band`` with the gaps that part its words, and apart the rows at its ends that do not belong to it."""
    first, last = _core(_Band(band.rows, _inner(band.gaps, band.rows)))
    for rows in ([row] for row in band.rows[:first]):
        yield _Band(rows, [])
    if first < last:
        core = band.rows[first:last]
        yield _Band(core, _inner(band.gaps, core))
    for rows in ([row] for row in band.rows[last:]):
        yield _Band(rows, [])


def _core(band: _Band) -> tuple[int, int]:
    """Return the range of rows without those of one column at the ends that stand off, as a heading does."""
    drops = [a[0].y - b[0].y for a, b in pairwise(band.rows)]
    usual = min(median(drops), FARTHEST * band.rows[0][0].size) if drops else 0.0
    first, last = 0, len(band.rows)
    if not band.gaps:
        return first, last
    slots = _slots(band)
    while last - first > 1 and drops[first] > _farthest(band.rows[first]) * usual:
        first += 1
    while last - first > 1 and drops[last - 2] > _farthest(band.rows[last - 1]) * usual:
        last -= 1
    for at in range(last - 1, first, -1):
        alone = drops[at - 1] > 1.5 * usual and all(len(row) == 1 for row in band.rows[at:last])
        if alone and not _go_on(slots[first:last], at - first):
            last = at
    return first, last


def _go_on(slots: list[list[Row]], at: int) -> bool:
    """Return whether the rows from ``at`` are more of one of the columns of prose above: lines about as wide as it."""
    below = [[number for number, cell in enumerate(row) if cell] for row in slots[at:]]
    if len(below) < LINES or any(numbers != below[0] for numbers in below) or not _are_columns(slots[:at]):
        return False
    [column] = below[0]
    widths = [row[column][-1].right - row[column][0].left if row[column] else 0.0 for row in slots]
    return sum(width > WIDE * max(widths[:at]) for width in widths[at:]) * 2 >= len(below)


def _farthest(row: Row) -> float:
    """Return how many usual drops a row may stand off from a band and be of it."""
    return 1.5 if len(row) == 1 else 2.5


def _slots(band: _Band) -> list[list[Row]]:
    """Return the segments of each row by the gaps between which they stand."""
    places = [(a + b) / 2 for a, b in band.gaps]
    found: list[list[Row]] = []
    for row in band.rows:
        cells: list[Row] = [[] for _ in range(len(places) + 1)]
        for segment in row:
            cells[bisect_right(places, (segment.left + segment.right) / 2)].append(segment)
        found.append(cells)
    return found


def _staggered(slots: list[list[Row]]) -> int:
    """Return how many rows each column of a band has at least; they may share no baselines."""
    filled = [sum(bool(row[column]) for row in slots) for column in range(len(slots[0]))]
    return min(filled) if len(filled) > 1 else 0


def _are_columns(slots: list[list[Row]]) -> bool:
    """Return whether a band is columns of prose: lines of several words that go on in the next one."""
    flows = total = 0
    for column in zip(*slots, strict=True):
        texts = [" ".join(segment.text for segment in cell) for cell in column if cell]
        if len(texts) < 2 or (fmean(len(text.split()) for text in texts) < WORDS and not _is_unspaced(texts)):
            return False
        flows += sum(_goes_on(above, below) for above, below in pairwise(texts))
        total += len(texts) - 1
    shared = sum(sum(map(bool, row)) > 1 for row in slots)
    return flows >= FLOWING * total or shared * 3 < len(slots)


def _is_unspaced(texts: list[str]) -> bool:
    """Return whether ``texts`` are in a script without spaces, in which a line is one word."""
    return any("\u3000" <= letter <= "\u9fff" for letter in texts[0])


def _goes_on(above: str, below: str) -> bool:
    """Return whether a sentence goes on from one line to the one below it."""
    return above[-1] not in ".!?:;" and below[0].isalpha() and not below[0].isupper()


def _table(slots: list[list[Row]], block: int) -> list[Line]:
    """Return a table's rows; a line that only goes on with cells of the row above it is put with them."""
    rows: list[list[Row]] = []
    drops = [_height(above) - _height(below) for above, below in pairwise(slots)]
    closest = min((drop for drop in drops if drop > 0), default=0.0)
    for number, cells in enumerate(slots):
        near = number and drops[number - 1] < 1.4 * closest
        if rows and near and _is_rest(rows[-1], cells):
            rows[-1] = [[*upper, *lower] for upper, lower in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return [table_row([[segment.words for segment in cell] for cell in row], block) for row in rows]


def _height(cells: list[Row]) -> float:
    return next(cell[0].y for cell in cells if cell)


def _is_rest(above: list[Row], below: list[Row]) -> bool:
    """Return whether the cells of a line go on from those above them: all do that are there, the first is not."""
    both = [(upper, lower) for upper, lower in zip(above, below, strict=True) if lower]
    goes_on = all(upper and _goes_on(upper[-1].text, lower[0].text) for upper, lower in both)
    return goes_on and len(both) < sum(map(bool, above))
