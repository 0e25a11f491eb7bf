"""Sentences of any text, as spans, in time proportional to its length.

Lines come first: a blank line, a list item, a row of a table or a line that was plainly ended on purpose ends a
sentence, a line that was merely wrapped does not. Within what is left, a stop ends a sentence unless it belongs to an
abbreviation, an initial, a number or an ellipsis.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.text.language import BEFORE_NUMBER, CAN_BE_LAST, NEVER_LAST, ORDINAL_MONTHS, STARTERS

__all__ = ["COLUMNS", "is_item", "sentences"]

ENTRY = re.compile(r"[A-ZÀ-Þ][^.!?\n]{2,40}\s[-–—]\s+\S")
"""An entry of a list, as several in a row are: a name, a dash and what is said of it."""
KEYED = re.compile(r"[A-ZÀ-Þ][\w'’/&-]*(?: [\w'’/&-]+){0,3}:\s")
"""A line with a key, as several in a row are."""
COLUMNS = re.compile(r"(?:(?<=[^\s.!?…:]) {3,}|(?<=[^\s:])[ \u00a0]*\t\s*)(?=\S)")
"""What stands between the columns of a table that is set with spaces or tabs; behind a stop or a colon it is none."""
LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# The quantifiers are possessive: a failed match must not be tried again from within a run of stops.
STOP = re.compile(
    r"([.!?…‽؟۔।॥።]++|[。！？｡]++)(?:[\"'”’»)\]}」』】）*_]|\[\d{1,3}(?:[,;–-] ?\d{1,3}){0,9}\]|[¹²³⁰⁴-⁹])*+"
)
TRAILING = re.compile(r"(?:[ \u00a0](?:\[\d{1,3}(?:[,;–-] ?\d{1,3}){0,9}\]|''(?=\s|\Z)|[”»](?=\s|\Z)))*+")
OPENING = re.compile(r"[\"'“”‘„«»(\[{¿¡*_`]*+")
ITEM = re.compile(
    r"(?:[•◦▪‣·∙●○■□–—*+-]|\d{1,3}[.)]|\(?[a-zA-Z]\)|[a-z]\.|\((?:\d{1,3}|[ivx]{1,4})\)|[ivx]{2,4}[.)])\s"
)
MARKED = re.compile(r"#{1,6}\s|[|>]|=+\s.*\s=+$")
RULE = re.compile(r"[=\-_*~]{2,}")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
DOTTED = re.compile(r"(?:[^\W\d_]{1,3}\.)+[^\W\d_]{1,3}")
SENTENCE_STARTS = {True: re.compile(r"[a-z0-9)] ?\.\s[a-z]"), False: re.compile(r"[a-z0-9)] ?\.\s[A-Z]")}

NARROWEST, WIDEST = 40, 160
"""Characters of the longest line of a paragraph that can have been wrapped."""
LONGEST_WORD = 40
"""Characters that are looked at before a stop."""


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return the spans of the sentences in ``text[start:end]``, in order, without white space at their ends.

    Together they cover every character that is not white space.

    >>> text = "Dr. Lee paid £2.5m. Why? It was due."
    >>> [text[start:end] for start, end in sentences(text)]
    ['Dr. Lee paid £2.5m.', 'Why?', 'It was due.']
    """
    end = len(text) if end is None else end
    lower = sum(1 for _ in SENTENCE_STARTS[True].finditer(text, start, end))
    # A text that is all in lower case has sentences too.
    caseless = lower > sum(1 for _ in SENTENCE_STARTS[False].finditer(text, start, end))
    spans: list[tuple[int, int]] = []
    for first, last, is_row in _units(text, start, end):
        spans.extend([(first, last)] if is_row else _split(text, first, last, caseless))
    return spans


def is_item(text: str, start: int, end: int) -> bool:
    """Tell whether ``text[start:end]`` begins like an item of a list or a row of a table."""
    return bool(ITEM.match(text, start, end)) or text[start] == "|" or " | " in text[start : min(end, start + 300)]


def _units(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the spans between the line breaks that end a sentence, and whether each is a row of columns."""
    for paragraph in _paragraphs(text, start, end):
        wrapped = _is_wrapped(text, paragraph)
        lowered = sum(1 for first, _ in paragraph[1:] if text[first].islower())
        mostly_lower = lowered * 2 > len(paragraph)
        width = max(last - first for first, last in paragraph)
        rows = _rows(text, paragraph)
        begin, previous = paragraph[0][0], paragraph[0]
        for line in paragraph[1:]:
            row = previous[0] in rows or line[0] in rows
            if row or not _continues(text, previous, line, wrapped, mostly_lower, width):
                yield begin, previous[1], begin in rows
                begin = line[0]
            previous = line
        yield begin, previous[1], begin in rows


def _rows(text: str, lines: list[tuple[int, int]]) -> set[int]:
    """Return where those of ``lines`` begin that have columns, if there are several."""
    rows = {first for first, last in lines if COLUMNS.search(text, first, last)}
    return rows if len(rows) > 1 else set()


def _paragraphs(text: str, start: int, end: int) -> Iterator[list[tuple[int, int]]]:
    """Yield the trimmed spans of lines without a blank one in between."""
    lines: list[tuple[int, int]] = []
    for first, last in _lines(text, start, end):
        line = text[first:last]
        stripped = line.strip()
        if stripped:
            first += len(line) - len(line.lstrip())
            lines.append((first, first + len(stripped)))
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in LINE_END.finditer(text, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


def _is_wrapped(text: str, lines: list[tuple[int, int]]) -> bool:
    """Tell whether the lines were wrapped at some width: then the next word would mostly not have fitted any more."""
    width = max(last - first for first, last in lines)
    if len(lines) < 2 or not NARROWEST <= width <= WIDEST:
        return False
    full = sum(not _fits(text, above, below, width) for above, below in pairwise(lines))
    return full * 10 >= 7 * (len(lines) - 1)


def _fits(text: str, above: tuple[int, int], below: tuple[int, int], width: int) -> bool:
    word = re.compile(r"\S+").match(text, below[0], min(below[1], below[0] + WIDEST))
    return above[1] - above[0] + 1 + (word.end() - word.start() if word else 0) <= width


def _continues(
    text: str, above: tuple[int, int], below: tuple[int, int], wrapped: bool, mostly_lower: bool, width: int
) -> bool:
    """Tell whether the line ``below`` goes on with the sentence of the line ``above``."""
    if RULE.fullmatch(text, *below):
        return not RULE.fullmatch(text, *above)  # the underline of a heading
    if any(MARKED.match(text, first, min(last, first + 300)) for first, last in (above, below)):
        return False
    row = " | " in text[above[0] : min(above[1], above[0] + 300)]
    if row or RULE.fullmatch(text, *above) or is_item(text, *below):
        return False
    if any(all(pattern.match(text, *line) for line in (above, below)) for pattern in (ENTRY, KEYED)):
        return False
    if text[above[1] - 1] == ",":
        return True
    if wrapped:
        return text[below[0]].islower() or not _fits(text, above, below, width)
    return text[below[0]].islower() and not mostly_lower and text[above[1] - 1] not in ".!?:;"


def _split(text: str, start: int, end: int, caseless: bool) -> Iterator[tuple[int, int]]:
    begin = start
    for stop in STOP.finditer(text, start, end):
        if stop.start() < begin:
            continue
        trailing = TRAILING.match(text, stop.end(), end)
        last = _behind_quote(text, begin, trailing.end() if trailing else stop.end(), end)
        if last >= end:
            break
        following = _skip_space(text, last, end)
        if (following > last or stop[1][-1] in "。！？｡") and _ends(text, begin, stop, following, end, caseless):
            yield begin, last
            begin = following
    if begin < end:
        yield begin, end


def _behind_quote(text: str, begin: int, at: int, end: int) -> int:
    """Return ``at``, or the offset behind a straight quotation mark that stands apart there and closes an open one."""
    apart = text[at : at + 2] == ' "' and at + 2 <= end and (at + 2 == end or text[at + 2].isspace())
    return at + 2 if apart and text.count('"', max(begin, at - 1000), at) % 2 else at


def _skip_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _ends(text: str, begin: int, stop: re.Match[str], following: int, end: int, caseless: bool) -> bool:
    """Tell whether ``stop`` ends the sentence that began at ``begin``, when the next word is at ``following``."""
    if stop[1][-1] in "。！？｡":
        return True
    opening = OPENING.match(text, following, end)
    at = opening.end() if opening else following
    if at >= end or text[at] in ",;:." or (text[at].islower() and not caseless):
        return False
    if stop[1] != ".":
        return True
    before = text[max(begin, stop.start() - LONGEST_WORD) : stop.start()]
    word = before.split()[-1].lstrip("([{\"'“‘„«*_") if before.strip() else "."
    if word == ".":  # leaders, as in a table of contents, or nothing before the stop
        return False
    next_word = WORD.match(text, at, end)
    return _ends_word(word, next_word[0] if next_word else text[at], stop.start() - len(word) <= begin + 1)


def _ends_word(word: str, following: str, is_first: bool) -> bool:
    """Tell whether ``word`` and a stop end a sentence before the word ``following``."""
    lowered = word.lower()
    if lowered in NEVER_LAST:
        return False
    if lowered in BEFORE_NUMBER and (following[0].isdigit() or re.fullmatch(r"[IVXLC]+", following)):
        return False
    if word.isdigit():
        return not is_first and following.lower() not in ORDINAL_MONTHS
    letter = len(word) == 1 and word.isalpha()
    if letter and (is_first or (word.islower() and len(following) == 1 and following != "A")):  # z. B.
        return False
    initial = letter and word.isupper()
    if lowered in CAN_BE_LAST or initial or DOTTED.fullmatch(word):
        return following in STARTERS and not (initial and following == "A")
    return True
