"""Title and date at the top of a plain text."""

from __future__ import annotations

import re
from itertools import pairwise

from rag.formats.outline import HEADING_LENGTH, KEY_VALUE, Line, is_collection, is_heading_like, lines_of
from rag.text.dates import WITHIN, Order, iso_date
from rag.text.language import STARTERS
from rag.text.sentences import COLUMNS
from rag.types import Heading

__all__ = ["date_of", "is_own_title", "title_of"]

TOP_LINES = 30
"""How many lines that are not blank count as the top of a document."""
SUMMARY_LENGTH = 80
"""Characters of the longest title made from a sentence."""
TITLE_LINES = 4
"""Lines of the longest title."""
SHORT_DOCUMENT = 20_000
"""Characters up to which the first sentence of a document is taken to say what all of it is about."""

CAPITALISED = r"[A-ZÀ-Þ0-9][\w'’&-]*"
SUBJECT = re.compile(
    rf"(?:The |This )?({CAPITALISED}(?: (?:(?:of|the|and|for|on|in) )*{CAPITALISED})+) (?:was|were|is|are|has|had)\b"
)
"""A sentence that begins with a name of several words is about what they name."""
ENTITLED = re.compile(r"\b(?:en)?titled\b[:,]?\s+[\"“'‘]?([A-ZÀ-Þ][^.!?\"”\r\n]{4,90}\w)(?=[\"”'’]?(?:[.!?]|$))")
"""What a text says that its subject is called, at the end of a sentence."""
DATE_LABEL = re.compile(
    r"[\W_]*(?:date|datum|published(?: on)?|publication date|date published|posted(?: on)?|issued|created|"
    r"(?:last )?updated|stand|veröffentlicht(?: am)?|erstellt(?: am)?|vom)"
    r"(?:[\W_]*?[:：][\W_]*| {3,}|\s*\t\s*)(.{4,60})",
    re.IGNORECASE,
)
WEEKDAY = rf"\b\w+(?:day|tag),? (?i:{WITHIN.pattern})"
ON_A_WEEKDAY = re.compile(rf"[\W_]*(?:[^.!?]{{0,40}}{WEEKDAY}[^.!?]{{0,30}}\.(?:\s|$)|(?:On|Am) {WEEKDAY})")
"""A short sentence at the top, or the beginning of one, with a weekday too: of an event that is reported on."""
TITLE_LABEL = re.compile(
    r"[\W_]*(?:title|subject|re|report|minutes|notes|topic|titel|betreff|thema|bericht|protokoll):[\W_]+"
    r"([A-ZÀ-Þ\d][^\r\n]{5,90}\S)",
    re.IGNORECASE,
)
"""A line that says what a letter or a report is on."""
BETWEEN = re.compile(r"\s[-–—|]\s")
LEADS = re.compile(r"[^,]{6,30}, [^.!?]{1,60}$")
"""A short line that begins with something before a comma: a date and a place, as under a title."""

FROM_PROGRAM = re.compile(
    r"^(?:microsoft (?:word|office|powerpoint|excel)\b.*|untitled\b.*|unbenannt\b.*|sans titre\b.*|"
    r"(?:new |blank |word |text )?(?:document|dokument)\s?\d*|powerpoint[- ](?:presentation|präsentation)|"
    r"(?:presentation|präsentation|book|mappe|slide|folie|page|template|normal|title|titel|scan)\s?\d*|"
    r".*\.(?:docx?|dotx?|pdf|indd|tex|rtf|odt|pptx?|html?))$",
    re.I,
)
"""Titles that a program put into a file, not its author."""


def is_own_title(title: str) -> bool:
    """Return whether the ``title`` in a file's properties was written by a person.

    >>> is_own_title("Word Document"), is_own_title("Microsoft Word - final2.doc"), is_own_title("Word games")
    (False, False, True)
    """
    return FROM_PROGRAM.match(title.strip()) is None


def title_of(text: str, headings: tuple[Heading, ...] = (), start: int = 0) -> str:
    """Return the title of plain text: its title lines, or else its first sentence, shortened.

    Of several lines above the first paragraph those of two words or more are taken, since a word alone (``Events``)
    names a category more often than a document: the first, and the second where both stand in one block or above the
    fields (``Date: …``), since the first is often the organisation.
    """
    if is_collection(headings):
        return ""
    lines = [Line(start + line.start, line.text) for line in _top(text[start:])]
    named = {heading.start: text[heading.start : heading.end] for heading in headings}
    label = next(filter(None, (TITLE_LABEL.fullmatch(line.text) for line in lines[:TITLE_LINES])), None)
    if label and not lines[0].text.startswith("#"):
        return label[1]
    block = _block(text, lines)
    titles: list[str] = [COLUMNS.split(line.text)[0] for line in block]
    for line in [] if block else lines:
        name = next((named[at] for at in range(line.start, line.end) if at in named), "")
        if not name and (not _may_be_title(line.text) or titles or not _is_alone(text, line)):
            break
        titles.append(name or COLUMNS.split(line.text)[0])
    names = list(dict.fromkeys(title for title in titles if len(title.split()) > 1))
    below = lines[len(titles)].text if len(titles) < len(lines) else ""
    if len(names) > 1 and (block or KEY_VALUE.match(below)) and len(names[0]) + len(names[1]) <= HEADING_LENGTH:
        return f"{names[0]} – {names[1]}"
    return names[0] if names else titles[0] if titles else _first_sentence(text, lines)


def _block(text: str, lines: list[Line]) -> list[Line]:
    """Return the adjacent lines at the top, two or more, that could all be headings.

    There may be one such line on its own above them.
    """
    alone = len(lines) > 1 and _may_be_title(lines[0].text) and _is_apart(text, lines[0], lines[1])
    lines = lines[1:] if alone else lines
    for count, (line, below) in enumerate(pairwise(lines), 1):
        if not _may_be_title(line.text) or count > TITLE_LINES:
            return lines[: count - 1] if 2 < count <= TITLE_LINES else []
        if _is_apart(text, line, below):
            return lines[:count] if count > 1 else []
    return []


def _may_be_title(line: str) -> bool:
    """Return whether ``line`` could be a heading, perhaps of two parts in capitals: OPEN DAY 2 - THE STORE."""
    return is_heading_like(line) or (line.isupper() and is_heading_like(BETWEEN.sub(" ", line)))


def _is_apart(text: str, above: Line, below: Line) -> bool:
    """Return whether there is a blank line between two lines."""
    return text[above.end : below.start].count("\n") > 1


def _is_alone(text: str, line: Line) -> bool:
    return bool(re.match(r"[ \t]*(?:\r?\n[ \t]*\r?\n|\r?\n?\Z)", text[line.end : line.end + 200]))


def _first_sentence(text: str, lines: list[Line]) -> str:
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


def date_of(text: str, order: Order = "") -> str:
    """Return the date near the top: of a labelled line (``Date: 18.04.2011``), before a place, in a title.

    ``order`` is the order of a date such as 03/04/2024; without it, only the year is known.
    """
    for number, line in enumerate(_top(text)):
        if match := DATE_LABEL.match(line.text):
            if date := iso_date(match[1], order):
                return date
        elif (
            (len(line.text) <= 30 or LEADS.match(line.text))
            and len(line.text) > 4
            and (date := iso_date(line.text, order))
        ):
            return date
        elif number < TITLE_LINES and (match := WITHIN.search(line.text)) and is_heading_like(line.text.strip("*# ")):
            return iso_date(match[0], order)
        elif number < TITLE_LINES and (match := ON_A_WEEKDAY.match(line.text)) and (day := WITHIN.search(match[0])):
            return iso_date(day[0], order)
    return ""


def _may_be_date(line: str) -> bool:
    """Return whether ``line`` may be a date alone, or one before a place."""
    return 4 < len(line) <= 30 or LEADS.match(line) is not None


def _top(text: str) -> list[Line]:
    lines = (line for line in lines_of(text[:20_000]) if line.text)
    return [line for line, _ in zip(lines, range(TOP_LINES), strict=False)]
