"""From a document to its passages: whole sentences, packed up to a number of the embedder's tokens.

Every break between two sentences has a cost, and dynamic programming finds the cheapest way to split the document, as
Knuth and Plass do for lines ("Breaking Paragraphs into Lines", 1981).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ModelDamaged
from rag.ports import Tokenizer
from rag.text.dates import day
from rag.text.markup import unmarked
from rag.text.sentences import COLUMNS, is_item, sentences
from rag.text.statements import LONGEST, cells, is_row, table_header
from rag.types import Document, Passage

__all__ = [
    "FileTokenizer",
    "context_text",
    "cut",
    "sentences",
    "windows",
]

COST_OF_SPACE = 1.0
"""Cost of an empty passage; decreases with the square of the free share."""
COST_OF_PARAGRAPH, COST_OF_LINE, COST_OF_SENTENCE, COST_OF_WORD = 0.05, 0.25, 0.45, 1.5
"""Cost of a break between two paragraphs, lines, sentences of a line, words of a sentence; none before a heading.

Inside of a table row it is that of words: the rest of a row would be read below the wrong headers."""
COST_OF_LIST = 0.3
"""Cost of a break between list items or table rows, in addition to that of the line."""
COST_OF_INTRODUCTION, COST_OF_HEADING = 1.5, 3.0
"""Cost of a break after a line that ends in a colon or is a rule, and after a heading."""
RULES = {"---", "===", "___"}
"""How a line ends that is drawn below the header of a table."""
NUMBER = re.compile(
    r"[(\[§#\s]*(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxlcIVXLC]{1,6})[.)\]:]*|"
    r"(?i:clause|section|article|art\.?|paragraph|para|rule|item|no\.?|nr\.?|ziffer|abschnitt|artikel)\s+[\w.]{1,8}[.:]?"
)
"""The number of a clause that stands on a line of its own: it goes with its clause."""
CAPTION = 120
"""Characters of the longest line that names the table below it."""
COST_OF_OUTER, COST_OF_INNER = 0.5, 0.25
"""Cost of a heading inside a passage: of the document's outermost level, and of any other."""
CHARACTERS_PER_TOKEN = 10
"""Most characters of a passage per allowed token, whatever the tokenizer does."""
WINDOW = 80
"""Least length of an embedded run of sentences, in characters."""
LOOK_BACK = 60
"""Most sentences of a passage, with tiny ones merged; keeps the time proportional to the length."""


class FileTokenizer:
    """The tokenizer in a model's ``tokenizer.json``, without padding; truncates a text only after ``most`` tokens.

    Raises:
        ModelDamaged: the file can't be read.
    """

    def __init__(self, file: Path, most: int = 0) -> None:
        import tokenizers

        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing more specific
            raise ModelDamaged(f"The tokenizer {file} can't be read ({error}). Download its model again.") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        if most:
            self._tokenizer.enable_truncation(most)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token of ``text``, in order, without special tokens."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def numbers(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text as the model reads them: numbers, including special tokens."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]


def cut(document: Document, tokenizer: Tokenizer, limit: int) -> list[Passage]:
    """Return the passages of ``document``, each of at most ``limit`` tokens, in order and without overlap.

    Each is a span of the document's text without white space at its ends; together they cover everything except white
    space. They break at headings and paragraphs if possible, otherwise between sentences, and inside a sentence only if
    it is longer than ``limit``. A heading stays with the text below it, a list with the line that introduces it, and
    short sections are merged.
    """
    if limit < 1:
        raise ValueError(f"a passage needs at least one token, not {limit}")
    ruler = _Ruler(document.text, tokenizer, limit)
    parts = _parts(document, ruler)
    outline = _Outline(document)
    return [
        outline.passage(start, end)
        for first, last in _partition(parts, ruler)
        for start, end in _fitted(parts[first : last + 1], ruler)
    ]


def context_text(passage: Passage, tokenizer: Tokenizer, limit: int) -> str:
    """Return the text to embed for ``passage``: title, date and section, then its text, at most ``limit`` tokens.

    The former take at most a third of ``limit``, and less if the text needs the space; what the passage itself starts
    with isn't repeated.

    Raises:
        ValueError: the text of the passage alone is longer than ``limit``.
    """
    length = len(tokenizer.spans(passage.text))
    if length > limit:
        raise ValueError(f"a passage of {length} tokens does not fit into {limit}; cut passages with a lower limit")
    opening = passage.text[:600]
    title = ", ".join(part for part in (passage.title, day(passage.date)) if part and not _is_stated(part, opening))
    section = " > ".join(part for part in passage.section.split(" > ") if part and not _is_stated(part, opening))
    room = min(limit // 3, limit - length)
    wanted = min(len(tokenizer.spans(section)), room // 2)
    title = _trimmed(title, tokenizer, room - wanted)
    section = _trimmed(section, tokenizer, room - len(tokenizer.spans(title)))
    header = " ".join(cells(passage.header)) if passage.header else ""
    for lines in ([title, section, header, passage.text], [title, section, passage.text], [title, passage.text]):
        text = "\n".join(filter(None, lines))
        if len(tokenizer.spans(text)) <= limit:
            return text
    return passage.text


def windows(passage: Passage, tokenizer: Tokenizer, limit: int) -> list[str]:
    """Return the windows of ``passage``: runs of sentences of ``WINDOW`` characters or slightly more.

    Each starts with the title, shortened to leave space for the sentences in ``limit`` tokens. A last run of less than
    half the length is merged with the previous one.
    """
    text, stretches, start = passage.text, list[tuple[int, int]](), -1
    for begin, end in sentences(text):
        start = begin if start < 0 else start
        if end - start >= WINDOW:
            stretches.append((start, end))
            start = -1
    if start >= 0 and stretches and len(text) - start < WINDOW // 2:
        stretches[-1] = (stretches[-1][0], len(text))
    elif start >= 0:
        stretches.append((start, len(text)))
    parts = [text[begin:end] for begin, end in stretches]
    title = [_trimmed(passage.title, tokenizer, limit - len(tokenizer.spans(part))) for part in parts]
    return ["\n".join(filter(None, pair)) for pair in zip(title, parts, strict=True)]


def _is_stated(name: str, opening: str) -> bool:
    """Return whether a passage that starts with ``opening`` contains ``name`` in its first lines."""
    name = name.rstrip("…").casefold()
    lines = [line.strip(" \t\r#=*:•").casefold() for line in opening.splitlines() if line.strip()][:4]
    return name in lines or (len(name) > 25 and name in " ".join(opening.split()).casefold())


def _trimmed(text: str, tokenizer: Tokenizer, limit: int) -> str:
    spans = tokenizer.spans(text)
    if len(spans) <= limit:
        return text
    return text[: spans[limit - 1][1]] if limit > 0 else ""


class _Ruler:
    """Measures spans of a text in tokens: approximately from one pass over all of it, exactly for single spans."""

    def __init__(self, text: str, tokenizer: Tokenizer, limit: int) -> None:
        self.text, self.limit = text, limit
        self.widest = limit * CHARACTERS_PER_TOKEN
        self._tokenizer = tokenizer
        self._starts = [start for start, _ in tokenizer.spans(text)]

    def tokens_before(self, offset: int) -> int:
        """Return the number of tokens of the whole text that start before ``offset``."""
        return bisect_left(self._starts, offset)

    def exact(self, start: int, end: int) -> int:
        """Return the number of tokens of ``text[start:end]`` by itself."""
        return len(self._tokenizer.spans(self.text[start:end]))

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield ``start, end`` in pieces that fit, of about equal length, broken at the best places."""
        while True:
            before = self.tokens_before(start)
            tokens = self.tokens_before(end) - before
            parts = max(-(-tokens // self.limit), -(-(end - start) // self.widest))
            if parts <= 1:
                break
            share = before + min(-(-tokens * 5 // (parts * 4)), self.limit)
            bound = self._starts[share] if share < len(self._starts) else end
            at = _break(self.text, start, min(bound, start + self.widest, end - 1))
            yield from _trim(self.text, start, at)
            start = at
        yield from _trim(self.text, start, end)


def _break(text: str, start: int, bound: int) -> int:
    """Return where to break after ``start``, at or before ``bound``: at a line, a clause, a word or a character."""
    low = start + max(1, (bound - start) * 3 // 5)
    for mark in ("\n", "; ", ", ", " "):
        at = text.rfind(mark, low, bound)
        if at > start:
            return at + len(mark)
    at = max(bound, start + 1)
    while at > low and _is_joined(text, at):
        at -= 1
    return at if not _is_joined(text, at) else max(bound, start + 1)


def _is_joined(text: str, at: int) -> bool:
    """Return whether the character at ``at`` belongs to the previous one: an accent, a part of an emoji."""
    if at >= len(text):
        return False
    joins = text[at] in "\u200d\ufe0e\ufe0f" or text[at - 1] == "\u200d" or "\U0001f3fb" <= text[at] <= "\U0001f3ff"
    return joins or unicodedata.category(text[at]).startswith("M")


def _trim(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the span without white space at its ends, unless it is empty."""
    piece = text[start:end]
    if stripped := piece.strip():
        start += len(piece) - len(piece.lstrip())
        yield start, start + len(stripped)


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence, a piece of a long one, or several tiny ones."""

    start: int
    end: int
    first: int
    """Number of tokens before it in the document."""
    last: int
    """Number of tokens up to its end."""
    cost: float
    """Cost of a break after it."""
    crossing: float
    """Cost of having it inside a passage instead of at its start."""


def _parts(document: Document, ruler: _Ruler) -> list[_Part]:
    text = document.text
    spans = [(piece, span[1]) for span in sentences(text) for piece in ruler.pieces(*span)]
    starts = [start for (start, _), _ in spans]
    levels: dict[int, int] = {}
    for heading in document.headings:
        levels.setdefault(bisect_right(starts, heading.start) - 1, heading.level)
    outermost = min(levels.values(), default=0)
    parts: list[_Part] = []
    for number, ((start, end), sentence_end) in enumerate(spans):
        level = levels.get(number, 0)
        following = starts[number + 1] if number + 1 < len(spans) else len(text)
        cost = COST_OF_WORD if end < sentence_end else _cost(text, start, end, following)
        cost = 0.0 if number + 1 in levels else cost
        cost = COST_OF_HEADING if level and cost != COST_OF_WORD else cost
        first = ruler.tokens_before(start)
        if not level and parts and _is_tiny(parts[-1], end, first, ruler):
            start, first, crossing = parts[-1].start, parts[-1].first, parts.pop().crossing
        else:
            outer = COST_OF_OUTER if level == outermost else COST_OF_INNER
            crossing = outer if level and number - 1 not in levels else 0.0
        parts.append(_Part(start, end, first, ruler.tokens_before(end), cost, crossing))
    return parts


def _is_tiny(above: _Part, end: int, first: int, ruler: _Ruler) -> bool:
    """Return whether the part ``above`` and the tokens from ``first`` to ``end`` are small enough to be merged."""
    tokens = ruler.tokens_before(end) - above.first
    return above.cost < COST_OF_INTRODUCTION and tokens <= ruler.limit // 16 and end - above.start <= ruler.limit


def _cost(text: str, start: int, end: int, following: int) -> float:
    """Return the cost of a break after the sentence ``start, end`` if the next one starts at ``following``."""
    gap = text[end:following]
    lines = gap.count("\n") or gap.count("\r")
    cost = COST_OF_PARAGRAPH if lines > 1 else COST_OF_LINE if lines else COST_OF_SENTENCE
    if text[end - 1] in ":：" or text[max(start, end - 3) : end] in RULES:
        return cost + COST_OF_INTRODUCTION
    if not lines and is_row(_line(text, start, end)):
        return COST_OF_WORD
    if end - start <= CAPTION and (NUMBER.fullmatch(text, start, end) or _is_caption(text, start, end, following)):
        return cost + COST_OF_INTRODUCTION
    both = following < len(text) and _is_row(text, start, end) and _is_row(text, following, len(text))
    return cost + COST_OF_LIST if both else cost


def _line(text: str, start: int, end: int) -> str:
    """Return the line of ``text[start:end]``, or nothing if it is too long for a table row."""
    before = text.rfind("\n", max(0, end - LONGEST), start) + 1
    after = text.find("\n", end, before + LONGEST)
    line = text[before : after if after >= 0 else before + LONGEST + 1]
    return line if len(line) <= LONGEST else ""


def _is_caption(text: str, start: int, end: int, following: int) -> bool:
    """Return whether ``text[start:end]`` is a line of its own above a table."""
    if text[end - 1] in ".!?" or "\n" in text[start:end] or "\n" not in text[end:following]:
        return False
    lines = (text[at : at + 300].partition("\n")[0] for at in (start, following))
    return [is_row(line) for line in lines] == [False, True]


def _is_row(text: str, start: int, end: int) -> bool:
    """Return whether ``text[start:end]`` starts with a list item, or a table row of any kind."""
    line = text.find("\n", start, end)
    return is_item(text, start, end) or COLUMNS.search(text, start, end if line < 0 else line) is not None


def _partition(parts: list[_Part], ruler: _Ruler) -> list[tuple[int, int]]:
    """Return the cheapest way to group ``parts`` into passages that fit: the first and last part of each."""
    best = [0.0] + [float("inf")] * len(parts)
    begins = [0] * (len(parts) + 1)
    for last, ending in enumerate(parts):
        crossed = 0.0 if last == len(parts) - 1 else ending.cost
        for first in range(last, max(-1, last - LOOK_BACK), -1):
            part = parts[first]
            tokens = ending.last - part.first
            if first < last and (tokens > ruler.limit or ending.end - part.start > ruler.widest):
                break
            free = max(0.0, 1 - tokens / ruler.limit)
            cost = best[first] + COST_OF_SPACE * free * free + crossed
            if cost < best[last + 1]:
                best[last + 1], begins[last + 1] = cost, first
            crossed += part.crossing
    ranges: list[tuple[int, int]] = []
    at = len(parts)
    while at:
        ranges.append((begins[at], at - 1))
        at = begins[at]
    return ranges[::-1]


def _fitted(parts: list[_Part], ruler: _Ruler) -> Iterator[tuple[int, int]]:
    """Yield the span of ``parts``, in pieces if it has too many tokens by itself."""
    start, end = parts[0].start, parts[-1].end
    tokens = ruler.exact(start, end)
    if tokens <= ruler.limit or end - start == 1:
        yield start, end
    elif len(parts) > 1:
        middle = (len(parts) - 1) / 2
        at = min(range(1, len(parts)), key=lambda n: (parts[n - 1].cost, abs(n - 1 - middle)))
        yield from _fitted(parts[:at], ruler)
        yield from _fitted(parts[at:], ruler)
    else:
        at = _break(ruler.text, start, start + max(1, (end - start) // 2))
        for half in (*_trim(ruler.text, start, at), *_trim(ruler.text, at, end)):
            yield from _fitted([_Part(*half, 0, 0, COST_OF_WORD, 0.0)], ruler)


class _Outline:
    """Knows the headings and the page of every passage of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._starts = [heading.start for heading in document.headings]
        self._sections: list[str] = []
        above: list[tuple[int, str]] = []
        for heading in document.headings:
            while above and above[-1][0] >= heading.level:
                above.pop()
            name = unmarked(document.text[heading.start : heading.end])[:200].rstrip(" :")
            above.append((heading.level, name))
            self._sections.append(" > ".join(name for _, name in above if name and name != document.title))

    def passage(self, start: int, end: int) -> Passage:
        """Return the passage ``start, end``."""
        document = self._document
        at = self._behind_headings(start, end)
        under = bisect_left(self._starts, at) - 1
        page = bisect_right(document.pages, start) if document.pages else None
        return Passage(
            document=document.name,
            start=start,
            end=end,
            text=document.text[start:end],
            title=document.title,
            date=document.date,
            section=self._sections[under] if under >= 0 else "",
            page=page,
            header=table_header(document.text, start),
        )

    def _behind_headings(self, at: int, end: int) -> int:
        """Return the offset after the headings at the start of a passage that starts at ``at``."""
        for number in range(bisect_left(self._starts, at), bisect_left(self._starts, end)):
            heading = self._document.headings[number]
            if any(c.isalnum() for c in self._document.text[at : heading.start]):
                break
            at = heading.end
        return at
