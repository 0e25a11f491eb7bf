"""What plain text says about itself: its title, its date and its headings, by how its lines look.

Nothing here changes the text; headings are spans of it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rag.sentences import STARTERS
from rag.types import Heading

__all__ = ["date_of", "first_heading", "front_matter", "iso_date", "markdown_headings", "text_headings", "title_of"]

HEADING_LENGTH = 100
"""Characters of the longest line that is taken for a heading of plain text."""
LABEL_WORDS = 5
"""Words of the longest line that is taken for a heading although it ends in a colon."""
TOP_LINES = 30
"""How many lines that are not blank count as the top of a document."""
SUMMARY_LENGTH = 80
"""Characters of the longest title made from a sentence."""
TITLE_LINES = 4
"""Lines of the longest title."""
SHORT_DOCUMENT = 20_000
"""Characters up to which the first sentence of a document is taken to say what all of it is about."""

ITEM = re.compile(r"(?:[•◦▪‣·●○■□–—*+-]|\d{1,3}[.)]|\(?[a-zA-Z0-9]{1,2}\)|[a-z]\.)(?:\s|$)")
NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|(?i:chapter|part|section|appendix|annex)\s+\w+\W?)\s+\S")
KEY_VALUE = re.compile(r"[^\W\d_][\w/-]*(?: [\w/-]+){0,2}:\s+\S")
EQUALS = re.compile(r"[ \t]*(=(?: ?=){0,5})[ \t]*([^=\s](?:[^\r\n]{0,200}[^=\s])?)[ \t]*(=(?: ?=){0,5})[ \t]*")
CAPITALISED = r"[A-ZÀ-Þ0-9][\w'’&-]*"
SUBJECT = re.compile(
    rf"(?:The |This )?({CAPITALISED}(?: (?:(?:of|the|and|for|on|in) )*{CAPITALISED})+) (?:was|were|is|are|has|had)\b"
)
"""A sentence that begins with a name of several words is about what they name."""
ENTITLED = re.compile(r"\b(?:en)?titled\b[:,]?\s+[\"“'‘]?([A-ZÀ-Þ][^.!?\"”\r\n]{4,90}\w)(?=[\"”'’]?(?:[.!?]|$))")
"""What a text says that its subject is called, at the end of a sentence."""
DATE_LABEL = re.compile(
    r"[\W_]*(?:date|datum|published(?: on)?|publication date|date published|posted(?: on)?|issued|created|"
    r"(?:last )?updated|stand|veröffentlicht(?: am)?|erstellt(?: am)?|vom)[\W_]*?[:：][\W_]*(.{4,60})",
    re.IGNORECASE,
)
DAY_WITHIN = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)? [A-Z][a-zä]{2,8}\.? \d{4}\b|\b[A-Z][a-z]{2,8} \d{1,2}(?:st|nd|rd|th)?, \d{4}\b"
)
LEADS = re.compile(r"[^,]{6,30}, [^.!?]{1,60}$")
"""A short line that begins with something before a comma: a date and a place, as under a title."""
MONTH_NAMES = "January February March April May June July August September October November December".split()
MONTHS = {
    name: number
    for number, names in enumerate(
        "jan feb mar|mär|mrz|maerz apr may|mai jun jul aug sep oct|okt nov dec|dez".split(), 1
    )
    for name in names.split("|")
}
DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?(?: of)?[ -]([^\W\d_]{3,10})\.?,?[ -](\d{4})\b")
MONTH_FIRST = re.compile(r"([^\W\d_]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b")
YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?!\d)")
DOTTED = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4}|\d{2})(?!\d)")
SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?!\d)")
COMPACT = re.compile(r"(?:D:)?(\d{4})(\d{2})(\d{2})(?:\d{6})?(?!\d)")
MONTH_YEAR = re.compile(r"([^\W\d_]{3,10})\.?,? (\d{4})\b")
YEAR = re.compile(r"(\d{4})$")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str
    """The line without white space at its ends; it begins at ``start`` of the document's text."""
    alone: bool = False
    """Whether the lines before and after it are blank (or there are none)."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def iso_date(text: str) -> str:
    """Return the date with which ``text`` begins as ISO 8601, or an empty string.

    Dotted dates are day first (``18.04.2011``). Of ``03/04/2011``, which is March or April, only ``2011`` is known.
    Month names are English or German; a date inside a longer line counts where a weekday at most stands before it.

    >>> iso_date("March 5, 2010"), iso_date("18.04.2011"), iso_date("May 2011"), iso_date("03/04/2011")
    ('2010-03-05', '2011-04-18', '2011-05', '2011')
    """
    text = re.sub(r"\s+", " ", text[:80]).strip(" \"'*_")
    text = re.sub(r"^[^\W\d_]{2,10}day,? |^[^\W\d_]{2,9}tag,? |^[^\W\d_]{2,3}\.?, ", "", text)
    if match := YEAR_FIRST.match(text):
        return _iso(match[1], match[2], match[3])
    if match := DOTTED.match(text):
        year = match[3] if len(match[3]) == 4 else ("20" if match[3] < "70" else "19") + match[3]
        return _iso(year, match[2], match[1])
    if match := SLASHED.match(text):
        return _slashed(int(match[1]), int(match[2]), match[3])
    if match := COMPACT.match(text):
        return _iso(match[1], match[2], match[3])
    for pattern, (day, month, year) in ((DAY_FIRST, (1, 2, 3)), (MONTH_FIRST, (2, 1, 3)), (MONTH_YEAR, (0, 1, 2))):
        if (match := pattern.match(text)) and (number := MONTHS.get(match[month][:3].lower())):
            return _iso(match[year], str(number), match[day] if day else None)
    return match[1] if (match := YEAR.match(text)) and "1000" <= match[1] <= "2999" else ""


def _slashed(first: int, second: int, year: str) -> str:
    if first == second or first > 12:
        return _iso(year, str(second), str(first))
    return _iso(year, str(first), str(second)) if second > 12 else _iso(year, None, None)


def day(date: str) -> str:
    """Return an ISO 8601 date as a reader writes it, and anything else as it is.

    >>> day("2011-03-11"), day("2011-03"), day("2011"), day("spring")
    ('11 March 2011', 'March 2011', '2011', 'spring')
    """
    match = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", date)
    if not match or not 1 <= int(match[2]) <= 12:
        return date
    month = f"{MONTH_NAMES[int(match[2]) - 1]} {match[1]}"
    return f"{int(match[3])} {month}" if match[3] else month


def _iso(year: str, month: str | None, day: str | None) -> str:
    try:
        date = datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    return date.isoformat()[: 10 if day and month else 7 if month else 4]


def date_of(text: str) -> str:
    """Return the date near the top: of a labelled line (``Date: 18.04.2011``), before a place, in a title."""
    for number, line in enumerate(_top(text)):
        if match := DATE_LABEL.match(line.text):
            if date := iso_date(match[1]):
                return date
        elif (len(line.text) <= 30 or LEADS.match(line.text)) and len(line.text) > 4 and (date := iso_date(line.text)):
            return date
        elif (
            number < TITLE_LINES
            and (match := DAY_WITHIN.search(line.text))
            and _is_heading_like(line.text.strip("*# "))
        ):
            return iso_date(match[0])
    return ""


def front_matter(text: str) -> tuple[int, dict[str, str]]:
    """Return the end of the block between ``---`` lines that a Markdown file may begin with, and its plain values."""
    match = re.match(r"---[ \t]*\r?\n(?:[^\r\n]*\r?\n){0,200}?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", text[:20_000])
    if not match:
        return 0, {}
    values: dict[str, str] = {}
    for key, value in re.findall(r"^([A-Za-z_]\w*):[ \t]*([^\r\n]+?)[ \t]*\r?$", match[0], re.MULTILINE):
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        values.setdefault(key.lower(), value[1:-1] if quoted else value)
    return match.end(), values


def markdown_headings(text: str) -> Iterator[Heading]:
    """Yield the headings of Markdown: ``# …``, underlined ones, and ``== … ==``; none inside fenced code."""
    fence = ""
    above: _Line | None = None
    for line in _lines(text, front_matter(text)[0]):
        marks = re.match(r"(`{3,}|~{3,})", line.text)
        if fence:
            fence = "" if marks and line.text.startswith(fence) and not line.text.strip(fence[0]) else fence
            above = None
            continue
        if marks:
            fence, above = marks[1], None
        elif match := re.match(r"(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?$", line.text):
            if inner := match[2].strip():
                start = line.start + match.start(2)
                yield Heading(start, start + len(inner), len(match[1]))
            above = None
        elif above and re.fullmatch(r"=+|-{2,}", line.text) and re.search(r"[^\W\d_]", above.text):
            yield Heading(above.start, above.end, 1 if line.text[0] == "=" else 2)
            above = None
        else:
            yield from _equals(line)
            above = line if line.text and not re.match(r"[>|#]|(?:[*_-] ?){3,}$", line.text) else None
            above = None if above and (ITEM.match(line.text) or len(line.text) > 200) else above


def text_headings(text: str) -> Iterator[Heading]:
    """Yield the headings of plain text: short lines that stand alone, or above a paragraph of one long line.

    Of several such lines in a row (a list with blank lines in between) only the first is a heading. A line ``== … ==``
    is one anywhere.
    """
    lines = [line for line in _lines(text) if line.text]
    row = 0
    for number, line in enumerate(lines):
        equals = list(_equals(line))
        yield from equals
        if equals or not line.alone or not _is_heading_like(line.text):
            row = 0
            following = lines[number + 1].text if number + 1 < len(lines) else ""
            if not equals and not line.alone and _leads_paragraph(line, lines, number, following):
                yield Heading(line.start, line.end, 1)
            continue
        row += 1
        if number + 1 == len(lines):
            return
        below = lines[number + 1]
        if row == 1 or (row == 2 and not (below.alone and _is_heading_like(below.text))):
            yield Heading(line.start, line.end, 1)


def first_heading(text: str, headings: tuple[Heading, ...]) -> str:
    """Return the first heading of level 1, unless it only names the first of several parts of equal rank."""
    first = next((text[heading.start : heading.end] for heading in headings if heading.level == 1), "")
    return "" if _is_collection(headings) else first


def _is_collection(headings: tuple[Heading, ...]) -> bool:
    """Tell whether three or more headings of level 1, the first among them, have headings of their own below them."""
    levels = [heading.level for heading in headings]
    parts = [at for at, (above, below) in enumerate(pairwise(levels)) if above == 1 and below > 1]
    return len(parts) > 2 and parts[0] == levels.index(1)


def title_of(text: str, headings: tuple[Heading, ...] = (), start: int = 0) -> str:
    """Return the title of plain text: the lines that name it, else its first sentence, shortened.

    Of several lines above the first paragraph those of two words or more are taken, since a word alone (``Events``)
    names a category more often than a document: the first, and the second where both stand in one block or above the
    fields (``Date: …``), since the first is often the organisation.
    """
    if _is_collection(headings):
        return ""
    lines = [_Line(start + line.start, line.text) for line in _top(text[start:])]
    named = {heading.start: text[heading.start : heading.end] for heading in headings}
    block = _block(text, lines)
    titles: list[str] = [line.text for line in block]
    for line in [] if block else lines:
        name = next((named[at] for at in range(line.start, line.end) if at in named), "")
        if not name and (not _is_heading_like(line.text) or titles or not _is_alone(text, line)):
            break
        titles.append(name or line.text)
    names = list(dict.fromkeys(title for title in titles if len(title.split()) > 1))
    below = lines[len(titles)].text if len(titles) < len(lines) else ""
    if len(names) > 1 and (block or KEY_VALUE.match(below)) and len(names[0]) + len(names[1]) <= HEADING_LENGTH:
        return f"{names[0]} – {names[1]}"
    return names[0] if names else titles[0] if titles else _first_sentence(text, lines)


def _block(text: str, lines: list[_Line]) -> list[_Line]:
    """Return the lines at the top, two or more without a blank one in between, that could all be headings.

    One such line may stand alone above them.
    """
    alone = len(lines) > 1 and _is_heading_like(lines[0].text) and _is_apart(text, lines[0], lines[1])
    lines = lines[1:] if alone else lines
    for count, (line, below) in enumerate(pairwise(lines), 1):
        if not _is_heading_like(line.text) or count > TITLE_LINES:
            return lines[: count - 1] if 2 < count <= TITLE_LINES else []
        if _is_apart(text, line, below):
            return lines[:count] if count > 1 else []
    return []


def _is_apart(text: str, above: _Line, below: _Line) -> bool:
    """Tell whether a blank line stands between two lines."""
    return text[above.end : below.start].count("\n") > 1


def _first_sentence(text: str, lines: list[_Line]) -> str:
    if len(text) > SHORT_DOCUMENT:
        return ""
    if called := next(filter(None, (ENTITLED.search(line.text) for line in lines[:10])), None):
        return called[1]
    for line in lines[:10]:
        match = re.match(r"[\"“]?[^\W\d_][^\r\n]{18,500}?(?<![A-Z])[.!?](?=\s|$)", line.text)
        if not match or KEY_VALUE.match(line.text):
            continue
        sentence = match[0]
        subject = SUBJECT.match(sentence)
        if subject and subject[1].split()[0] not in STARTERS and len(subject[1]) <= SUMMARY_LENGTH:
            return subject[1]
        if len(sentence) <= SUMMARY_LENGTH:
            return sentence.rstrip(".")
        return sentence[: SUMMARY_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"
    return ""


def _equals(line: _Line) -> Iterator[Heading]:
    """Yield the heading of a line ``== History ==``, as wikis write it."""
    match = EQUALS.fullmatch(line.text) if line.text.startswith("=") else None
    if match and match[1] == match[3]:
        yield Heading(line.start + match.start(2), line.start + match.end(2), match[1].count("="))


def _is_heading_like(line: str) -> bool:
    if len(line) > HEADING_LENGTH or not re.search(r"[^\W\d_]", line) or line[-1] in '.,;!…|)"”]':
        return False
    if line[-1] == ":" and len(line.split()) > LABEL_WORDS:  # it introduces a list
        return False
    if NUMBERED.match(line):
        return True
    # "Ann Lee - City Council" is an entry of a list, "Date: today" a property.
    keyed = KEY_VALUE.match(line) and not line.isupper()
    entry = re.search(r"\s[-–—|]\s", line) or ITEM.match(line) or keyed or "://" in line
    return not entry and (line[0].isalnum() or line[0] in '"“„«(¿¡') and not line[0].islower()


def _leads_paragraph(line: _Line, lines: list[_Line], number: int, following: str) -> bool:
    """Tell whether a short line without a blank one below it names the paragraph, one long line, that follows."""
    above = lines[number - 1].text if number else ""
    ended = not above or above[-1] in '.!?:)”"'
    leads = len(following) > 120 or (line.text[-1] == ":" and following)
    return bool(leads) and len(line.text) <= 60 and ended and _is_heading_like(line.text)


def _is_alone(text: str, line: _Line) -> bool:
    return bool(re.match(r"[ \t]*(?:\r?\n[ \t]*\r?\n|\r?\n?\Z)", text[line.end : line.end + 200]))


def _top(text: str) -> list[_Line]:
    lines = (line for line in _lines(text[:20_000]) if line.text)
    return [line for line, _ in zip(lines, range(TOP_LINES), strict=False)]


def _lines(text: str, start: int = 0) -> Iterator[_Line]:
    """Yield the lines of ``text`` from ``start``, blank ones with an empty text."""
    offset = start
    blank = True
    raw = text[start:].splitlines(keepends=True)
    for number, line in enumerate(raw):
        stripped = line.strip()
        indent = len(line) - len(line.lstrip()) if stripped else 0
        free = blank and (number + 1 == len(raw) or not raw[number + 1].strip())
        yield _Line(offset + indent, stripped, alone=free and bool(stripped))
        blank = not stripped
        offset += len(line)
