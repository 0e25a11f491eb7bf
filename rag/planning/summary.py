"""Summaries: what matters most in a part of a document, written by the model and checked against the part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as Steps
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from rag import citations
from rag.catalogue import stems
from rag.citations import Checked, Claim, Span, Support
from rag.ports import Completion
from rag.tasks import TaskFile
from rag.text.detection import language_of_question
from rag.text.language import NAMES, TABLES
from rag.text.statements import Line, lines
from rag.types import Evidence, Passage, Token
from rag.verification import spans

__all__ = ["SIZES", "Part", "parts_of", "read_part", "share", "spread"]

SIZES = (1000, 1600, 2400, 3200)
"""Characters of a part, 250 to 800 tokens; the smallest size is used with which all parts can be read."""
STATEMENTS = 30
"""Sentences of a summary, shared among its parts."""
FEWEST, MOST = 2, 8
"""Fewest and most sentences about a part."""
TOKENS = 40
"""Tokens of a sentence, on average at most."""
ALIKE = 0.7
"""Share of common words from which two sentences say the same."""
LEAST = 80
"""Fewest characters of text beside tables that the model is asked about: less is their heading."""
ROWS = 16
"""Most rows of tables in a passage that are listed as they are; of more, the model chooses."""
WIDEST = 240
"""Most characters of such a row, on average: tables of longer ones are text in columns."""


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive passages of one document that are read together; ``title`` is the document's."""

    title: str
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """The text of the part."""
        return "\n".join(passage.text for passage in self.passages)

    @property
    def prose(self) -> str:
        """The text of the part without its :attr:`rows`."""
        return "\n".join(
            "\n".join(line.text for line in lines(passage) if not line.row) if _rows(passage) else passage.text
            for passage in self.passages
        )

    @property
    def rows(self) -> Checked:
        """The rows of small tables, each with the headers of its cells."""
        return [
            (Claim(row.text), Support((Span(Evidence(passage, 1.0, 1), *_place(passage, row)),), 1.0))
            for passage in self.passages
            for row in _rows(passage)
        ]

    @property
    def heading(self) -> str:
        """The title and headings of the part."""
        return " – ".join(part for part in (self.title, self.passages[0].section) if part)


def _rows(passage: Passage) -> list[Line]:
    """Return the rows of tables in ``passage`` to list as they are: none if they are too many or too long."""
    found = [line for line in lines(passage) if line.row]
    return found if 1 < len(found) <= ROWS and fmean(len(row.text) for row in found) <= WIDEST else []


def _place(passage: Passage, line: Line) -> tuple[int, int]:
    return passage.start + line.start, passage.start + line.end


def parts_of(title: str, passages: Sequence[Passage], size: int = SIZES[-1]) -> list[Part]:
    """Return ``passages`` in parts of up to ``size`` characters, keeping sections whole if possible."""
    parts = list[list[Passage]]()
    for _, group in groupby(passages, key=lambda passage: passage.section.partition(" > ")[0]):
        section = list(group)
        if parts and _size(parts[-1]) + _size(section) <= size:
            parts[-1] += section
            continue
        parts.append([])
        for passage in section:
            if parts[-1] and _size(parts[-1]) + len(passage.text) > size:
                parts.append([])
            parts[-1].append(passage)
    return [Part(title, tuple(part)) for part in parts]


def _size(passages: Sequence[Passage]) -> int:
    return sum(len(passage.text) for passage in passages)


def spread(parts: Sequence[Part], limit: int) -> list[Part]:
    """Return at most ``limit`` of ``parts``, the same number from each document, spread over its length.

    Space that a short document leaves is used for longer ones.
    """
    documents = [list(group) for _, group in groupby(parts, key=lambda part: part.passages[0].document)]
    shares = [0] * len(documents)
    while sum(shares) < min(limit, len(parts)):
        # The one with the smallest share so far, the first of equals.
        open_ones = [place for place, share in enumerate(shares) if share < len(documents[place])]
        shares[min(open_ones, key=lambda place: shares[place])] += 1
    return [part for document, share in zip(documents, shares, strict=True) for part in _evenly(document, share)]


def _evenly(parts: Sequence[Part], count: int) -> list[Part]:
    """Return ``count`` of ``parts`` at even distances, including the first."""
    return [parts[place * len(parts) // count] for place in range(count)]


def share(parts: int) -> int:
    """Return how many sentences are written about each of so many ``parts``."""
    return max(FEWEST, min(MOST, STATEMENTS // parts))


def read_part(
    part: Part,
    language: str,
    count: int,
    task: TaskFile,
    complete: Callable[[Completion, int], Iterator[str]],
    min_support: float,
    told: Sequence[Claim] = (),
) -> Steps[Token, None, Checked]:
    """Yield a draft about ``part``; return its tables' rows and up to ``count`` statements that its text supports.

    These are in the order of the part, without those ``told`` already, and in the ``language`` of the document (ISO
    639-1): small models fall back into English. They also mix up rows, so tables are not theirs to tell.
    """
    rows = part.rows
    text = part.prose
    wanted = max(FEWEST, round(count * len(text) / len(part.text)))
    written = "" if rows and len(text) < LEAST else (yield from _draft(part, text, language, wanted, task, complete))
    claims = citations.parse(written)
    evidence = [Evidence(passage, 1.0, rank) for rank, passage in enumerate(part.passages, start=1)]
    supports = spans.support(claims, evidence, "")
    kept: Checked = []
    for claim, support in zip(claims, supports, strict=True):
        known = [*told, *(claim for claim, _ in [*rows, *kept])]
        fits = claim.text[-1] in ".!…。！" and _is_in(claim.text, language)  # The last one may be incomplete.
        if support and support.score >= min_support and fits and not any(_alike(claim, other) for other in known):
            kept.append((claim, support))
    return sorted([*rows, *kept[:wanted]], key=lambda statement: statement[1].spans[0].start)


def _draft(
    part: Part,
    text: str,
    language: str,
    count: int,
    task: TaskFile,
    complete: Callable[[Completion, int], Iterator[str]],
) -> Steps[Token, None, str]:
    """Yield ``count`` statements about the ``text`` of ``part`` as the model writes them; return them."""
    named = NAMES.get(language, "english").capitalize()
    fields = {"title": part.heading, "text": text, "count": str(count), "language": named}
    prompt = task.completion(part.passages[0].id, language, **fields)
    written = ""
    yield Token("\n")
    for piece in complete(prompt, TOKENS * count):
        written += piece
        yield Token(piece)
        if _repeats(written):
            break
    return written


def _repeats(written: str) -> bool:
    """Return whether the last whole line was there before: small models may go on with it forever.

    >>> _repeats("Dogs may come.\\nCats may not.\\nDogs may come.\\n"), _repeats("Dogs may come.\\nDogs may")
    (True, False)
    """
    earlier, ended, last = written.rstrip("\n").rpartition("\n")
    return written.endswith("\n") and bool(ended) and last in earlier.split("\n")


def _is_in(text: str, language: str) -> bool:
    """Return whether ``text`` may be in ``language``; only the words of some languages tell."""
    return language not in TABLES or language_of_question(text, language) == language


def _alike(one: Claim, other: Claim) -> bool:
    first, second = stems(one.text), stems(other.text)
    return len(first & second) >= ALIKE * max(1, min(len(first), len(second)))
