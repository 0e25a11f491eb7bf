"""From the words of a page to its lines in reading order: column after column, tables row by row.

Words on one baseline are a row of the page, parted into segments by wide gaps and upright rules. Neighbouring rows
that have a gap in common are a band: columns of prose, which are read one after the other, or a table. A grid of drawn
rules is a table whose cells are what it parts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median, median_low

from rag.formats.marks import superscript
from rag.formats.pdf_words import Frame, Rule, Word

__all__ = ["Line", "lines", "written"]

GAP = 0.75
"""Width of type by which two words on a baseline are apart if they belong to different cells or columns."""
CELL = 1.5
"""The same for words of a line without columns that are written as far apart as they stand."""
JUSTIFIED = 3.0
"""The same for words that are set in one piece: a justified line may have wide spaces."""
GUTTER = 0.6
"""The same between whole columns."""
NEAR = 3.0
"""Points by which rules that meet, or lie on each other, miss each other."""
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
WORDS = 2.5
"""Words of a line, on average, from which a column may be prose."""
BROKEN = re.compile(r"(?<=[a-zà-ÿ])[-\u00ad] (?=[a-zà-ÿ])")
"""A word that is broken between two lines of a cell."""
MOST_RULES = 1500
"""Rules of a page that are looked at for tables; a drawing has more."""
FLOWING = 0.2
"""Share of the lines of prose, at least, that go on within a sentence."""
MARKER = re.compile(r"(?:[•◦▪▸‣·●○■□☐☒✓–—-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d{1,2}(?:\.\d{1,2})+\.?|§+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is read: its words in order, its ``size`` and the height of its baseline, in points.

    ``block`` numbers the column, table or stretch of the page that it is of; a ``row`` is one of a table.
    """

    text: str
    size: float
    y: float
    block: int = 0
    row: bool = False
    words: tuple[Word, ...] = ()


@dataclass(slots=True)
class _Segment:
    """Words that stand together on one baseline."""

    words: list[Word]

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return max(word.right for word in self.words)

    @property
    def size(self) -> float:
        return max(word.size for word in self.words)

    @property
    def y(self) -> float:
        return max(self.words, key=lambda word: word.size).y

    @property
    def text(self) -> str:
        return written(self.words)


_Row = list[_Segment]


@dataclass(slots=True)
class _Band:
    """Rows with the gaps that all of them have, as intervals."""

    rows: list[_Row]
    gaps: list[tuple[float, float]]


def lines(frame: Frame) -> list[Line]:
    """Return the lines of a page in reading order."""
    found: list[Line] = []
    counter = _Counter()
    inside: set[int] = set()
    tables: list[tuple[float, list[Line]]] = []
    for grid in _grids(frame.rules):
        held = [word for word in frame.words if id(word) not in inside and grid.holds(word)]
        made = grid.lines(held, counter.next()) if held else []
        if made:
            inside.update(map(id, held))
            tables.append((made[0].y, made))
    rest = [word for word in frame.words if id(word) not in inside]
    uprights = [rule for rule in frame.rules if rule.upright]
    head, rows, foot = _margins(_rows(rest, uprights), frame)
    found += [_plain(row, counter.next()) for row in head]
    for y, table in sorted(tables, key=lambda item: -item[0]):
        above = [row for row in rows if row[0].y > y]
        rows = rows[len(above) :]
        found += [*_read(above, counter, 0), *table]
    found += _read(rows, counter, 0)
    return [*found, *(_plain(row, counter.next()) for row in foot)]


def written(words: Sequence[Word]) -> str:
    """Return ``words`` as one line of text, its superscripts set apart."""
    text = ""
    base = max((word.size for word in words), default=0.0)
    level = next((word.y for word in words if word.size == base), 0.0)
    for word in words:
        raised = text and word.size < 0.85 * base and 0.15 * base < word.y - level < 0.7 * base
        if raised and (word.glued or len(word.text) <= 3):
            text += superscript(text[-40:], word.text)
        else:
            text += ("" if word.glued or not text else " ") + word.text
    return text


class _Counter:
    """Numbers the blocks of a page."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Return the number of a new block."""
        self._last += 1
        return self._last


def _margins(rows: list[_Row], frame: Frame) -> tuple[list[_Row], list[_Row], list[_Row]]:
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


def _stands_off(above: _Segment, below: _Segment, usual: float) -> bool:
    """Tell whether a row is farther above the next than lines of a paragraph are; less, if it is of another size."""
    small, large = sorted((above.size, below.size))
    least = max(STANDS_OFF * large, 1.2 * usual) if small > 0.85 * large else 1.2 * large
    return above.y - below.y > least


# Rows and segments


def _rows(words: Iterable[Word], uprights: Sequence[Rule]) -> list[_Row]:
    """Return the words by baseline from the top, each row in segments from the left."""
    rows: list[list[Word]] = []
    chains = _chains(words)
    for chain in sorted(chains, key=lambda chain: -chain[0].y):
        row = rows[-1] if rows else []
        if row and row[0].y - chain[0].y < 0.4 * max(word.size for word in (*row, *chain)):
            row.extend(chain)
        else:
            rows.append(list(chain))
    return [_segments(row, uprights) for row in rows]


def _chains(words: Iterable[Word]) -> list[list[Word]]:
    """Return each word with those that are glued to it, which may be raised or lowered."""
    chains: list[list[Word]] = []
    for word in words:
        if word.glued and chains:
            chains[-1].append(word)
        else:
            chains.append([word])
    return chains


def _segments(row: list[Word], uprights: Sequence[Rule]) -> _Row:
    row = sorted(row, key=lambda word: word.left)
    if sum(_is_rightward(word.text) for word in row) * 2 > len(row):
        row = row[::-1]
        return [_Segment(row)]
    segments = [_Segment([row[0]])]
    even = _is_even(row)
    for word in row[1:]:
        last = segments[-1]
        gap = word.left - last.right
        ruled = gap > -1 and any(
            last.right - 1 <= rule.at <= word.left + 1 and rule.start <= word.y <= rule.end for rule in uprights
        )
        marker = MARKER.fullmatch(last.text) and gap < 6 * word.size
        wide = gap > (JUSTIFIED if word.joined or even else GAP) * max(word.size, last.size)
        if (wide and not marker) or ruled:
            segments.append(_Segment([word]))
        else:
            last.words.append(word)
    return segments


def _is_even(row: Sequence[Word]) -> bool:
    """Tell whether the words of a row stand as far from each other as those of a justified line do: all alike."""
    gaps = [right.left - left.right for left, right in pairwise(row) if not right.glued]
    return len(gaps) > 2 and 0 < max(gaps) < min(JUSTIFIED * row[0].size, 1.4 * min(gaps))


def _is_rightward(text: str) -> bool:
    return any("\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufefc" for letter in text)


# Bands: columns and tables


def _read(rows: list[_Row], counter: _Counter, depth: int) -> list[Line]:
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


def _are_stretched(rows: list[_Row], left: float, right: float) -> bool:
    """Tell whether rows are justified lines of few words: they reach from edge to edge, and end in no figures."""
    reach = all(len(row) > 1 and row[0].left - left < NEAR and right - row[-1].right < NEAR for row in rows)
    return reach and not any(letter.isdigit() for row in rows for letter in row[-1].text)


def _plain(row: _Row, block: int, depth: int = 0) -> Line:
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


def _bands(rows: list[_Row]) -> Iterator[_Band]:
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


def _loses(band: _Band, row: _Row, free: list[tuple[float, float]], common: list[tuple[float, float]]) -> bool:
    """Tell whether a line that has no columns would take a gap between columns away, here or from the rows above."""
    above = len(_inner(common, band.rows)) < len(_inner(band.gaps, band.rows))
    here = len(_inner(common, [row])) < len(_inner(free, [row]))
    if len(row) == 1:
        return above
    far = band.rows[-1][0].y - row[0].y > 1.2 * FARTHEST * row[0].size
    return (here or above) if far else here and all(len(other) == 1 for other in band.rows)


def _inner(gaps: list[tuple[float, float]], rows: list[_Row]) -> list[tuple[float, float]]:
    """Return those of ``gaps`` that have words of ``rows`` on both sides."""
    spans = [(segment.left, segment.right) for row in rows for segment in row]
    sides = ((gap, any(r <= gap[0] + 1 for _, r in spans), any(gap[1] - 1 <= s for s, _ in spans)) for gap in gaps)
    return [gap for gap, before, behind in sides if before and behind]


def _free(row: _Row, left: float, right: float) -> list[tuple[float, float]]:
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
    while last - first > 1 and drops[first] > _farthest(band.rows[first]) * usual:
        first += 1
    while last - first > 1 and drops[last - 2] > _farthest(band.rows[last - 1]) * usual:
        last -= 1
    for at in range(last - 1, first, -1):
        if drops[at - 1] > 1.5 * usual and all(len(row) == 1 for row in band.rows[at:last]):
            last = at
    return first, last


def _farthest(row: _Row) -> float:
    """Return how many usual drops a row may stand off from a band and be of it."""
    return 1.5 if len(row) == 1 else 2.5


def _slots(band: _Band) -> list[list[_Row]]:
    """Return the segments of each row by the gaps between which they stand."""
    places = [(a + b) / 2 for a, b in band.gaps]
    found: list[list[_Row]] = []
    for row in band.rows:
        cells: list[_Row] = [[] for _ in range(len(places) + 1)]
        for segment in row:
            cells[bisect_right(places, (segment.left + segment.right) / 2)].append(segment)
        found.append(cells)
    return found


def _staggered(slots: list[list[_Row]]) -> int:
    """Return how many rows each column of a band has at least; they may share no baselines."""
    filled = [sum(bool(row[column]) for row in slots) for column in range(len(slots[0]))]
    return min(filled) if len(filled) > 1 else 0


def _are_columns(slots: list[list[_Row]]) -> bool:
    """Tell whether a band is columns of prose: lines of several words that go on in the next one."""
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
    """Tell whether ``texts`` are in a script without spaces, in which a line is one word."""
    return any("\u3000" <= letter <= "\u9fff" for letter in texts[0])


def _goes_on(above: str, below: str) -> bool:
    """Tell whether a sentence goes on from one line to the one below it."""
    return above[-1] not in ".!?:;" and below[0].isalpha() and not below[0].isupper()


def _table(slots: list[list[_Row]], block: int) -> list[Line]:
    """Return a table's rows; a line that only goes on with cells of the row above it is put with them."""
    rows: list[list[_Row]] = []
    drops = [_height(above) - _height(below) for above, below in pairwise(slots)]
    closest = min((drop for drop in drops if drop > 0), default=0.0)
    for number, cells in enumerate(slots):
        near = number and drops[number - 1] < 1.4 * closest
        if rows and near and _is_rest(rows[-1], cells):
            rows[-1] = [[*upper, *lower] for upper, lower in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return [_row([[segment.words for segment in cell] for cell in row], block) for row in rows]


def _height(cells: list[_Row]) -> float:
    return next(cell[0].y for cell in cells if cell)


def _is_rest(above: list[_Row], below: list[_Row]) -> bool:
    """Tell whether the cells of a line go on from those above them: all do that are there, the first is not."""
    both = [(upper, lower) for upper, lower in zip(above, below, strict=True) if lower]
    goes_on = all(upper and _goes_on(upper[-1].text, lower[0].text) for upper, lower in both)
    return goes_on and len(both) < sum(map(bool, above))


def _row(cells: Sequence[Sequence[Sequence[Word]]], block: int) -> Line:
    """Return a row of a table from the lines of words of each of its cells."""
    words = tuple(word for cell in cells for line in cell for word in line)
    texts = [BROKEN.sub("", " ".join(written(line) for line in cell)) for cell in cells]
    alone = sum(map(bool, texts)) == 1 and texts[0]
    text = texts[0] if alone else " | ".join(texts).strip()
    size = median(word.size for word in words)
    return Line(text, size, max(word.y for word in words), block, not alone, words)


# Grids of rules


@dataclass(slots=True)
class _Grid:
    """A table with drawn rules: the places of its upright and level ones, from the left and from the top."""

    uprights: list[float]
    levels: list[float]
    rules: list[Rule] = field(default_factory=list)

    def holds(self, word: Word) -> bool:
        """Tell whether a word stands in the grid."""
        x, y = _middle(word)
        return self.uprights[0] < x < self.uprights[-1] and self.levels[-1] < y < self.levels[0]

    def lines(self, words: Sequence[Word], block: int) -> list[Line]:
        """Return the rows of the table; a cell over which no rule is drawn reaches over several of them."""
        cells: dict[tuple[int, int], list[Word]] = {}
        for chain in _chains(words):
            x, y = _middle(chain[0])
            row = sum(level > y for level in self.levels) - 1
            cells.setdefault(self._first(row, bisect_right(self.uprights, x) - 1), []).extend(chain)
        found: list[Line] = []
        for row in range(len(self.levels) - 1):
            places = [self._first(row, column) for column in range(len(self.uprights) - 1)]
            places = places[:1] if len(set(places)) == 1 else places
            texts = [[s.words for r in _rows(cells.get(place, []), []) for s in r] for place in places]
            if any(texts):
                found += _split(texts, block)
        return found

    def _first(self, row: int, column: int) -> tuple[int, int]:
        """Return the first row and column of the cell that covers this place."""
        while row and not self._parts(False, self.levels[row], self._across(column)):
            row -= 1
        height = (self.levels[row] + self.levels[row + 1]) / 2
        while column and not self._parts(True, self.uprights[column], height):
            column -= 1
        return row, column

    def _across(self, column: int) -> float:
        return (self.uprights[column] + self.uprights[column + 1]) / 2

    def _parts(self, upright: bool, at: float, place: float) -> bool:
        """Tell whether a rule is drawn ``at`` there, past ``place``."""
        return any(
            rule.upright == upright and abs(rule.at - at) <= NEAR and rule.start - NEAR <= place <= rule.end + NEAR
            for rule in self.rules
        )


def _middle(word: Word) -> tuple[float, float]:
    return (word.left + word.right) / 2, word.y + 0.3 * word.size


def _split(cells: list[list[list[Word]]], block: int) -> list[Line]:
    """Return a row of a grid, or several where no rules part them: three or more lines, as many in each cell."""
    count = len(cells[0])
    if count > 2 and len(cells) > 1 and all(len(cell) == count for cell in cells):
        return [_row([[cell[number]] for cell in cells], block) for number in range(count)]
    return [_row(cells, block)]


def _grids(rules: Sequence[Rule]) -> list[_Grid]:
    """Return the tables that rules draw: at least two rows and two columns of rules that meet."""
    grids: list[_Grid] = []
    for group in _groups(list(rules)) if len(rules) <= MOST_RULES else []:
        uprights = _places(rule.at for rule in group if rule.upright)
        levels = _places(rule.at for rule in group if not rule.upright)[::-1]
        if len(uprights) > 2 and len(levels) > 2:
            grids.append(_Grid(uprights, levels, group))
    return grids


def _groups(rules: list[Rule]) -> list[list[Rule]]:
    """Return the rules in groups of those that meet, directly or through others."""
    groups: list[list[Rule]] = []
    while rules:
        group, rules = [rules[0]], rules[1:]
        for rule in group:
            met = [other for other in rules if _meet(rule, other)]
            rules = [other for other in rules if not _meet(rule, other)]
            group.extend(met)
        groups.append(group)
    return groups


def _meet(one: Rule, other: Rule) -> bool:
    if one.upright == other.upright:
        together = one.start - NEAR <= other.end and other.start - NEAR <= one.end
        return abs(one.at - other.at) <= NEAR and together
    reaches = one.start - NEAR <= other.at <= one.end + NEAR
    return reaches and other.start - NEAR <= one.at <= other.end + NEAR


def _places(values: Iterable[float]) -> list[float]:
    """Return the different places among ``values``, in order."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > NEAR:
            found.append(value)
    return found
