"""What matters most in a part of a document: said by the model, kept where the part bears it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag import citations, verification
from rag.catalogue import stems
from rag.citations import Checked, Claim
from rag.ports import Completion
from rag.tasks import TaskFile
from rag.types import Evidence, Passage

__all__ = ["SIZES", "Part", "parts_of", "read_part", "spread"]

SIZES = (1600, 2400, 3200)
"""Characters of a part that is read at once, 400 to 800 tokens: the fewest with which all can be read."""
TOKENS = 96
"""Tokens of what is said of a part."""
STATEMENTS = 2
"""Sentences that are kept of a part."""
ALIKE = 0.7
"""Share of common words from which a sentence says what another one does."""


@dataclass(frozen=True, slots=True)
class Part:
    """Passages of one document in a row that are read together; ``title`` is the document's."""

    title: str
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """What stands in it."""
        return "\n".join(passage.text for passage in self.passages)

    @property
    def heading(self) -> str:
        """What stands above it."""
        return " – ".join(part for part in (self.title, self.passages[0].section) if part)


def parts_of(title: str, passages: Sequence[Passage], size: int = SIZES[-1]) -> list[Part]:
    """Return ``passages`` in parts of up to ``size`` characters: whole sections together where there is room."""
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
    """Return at most ``limit`` of ``parts``, the same number of each document, from its whole length.

    The room that a short document leaves is that of longer ones.
    """
    documents = [list(group) for _, group in groupby(parts, key=lambda part: part.passages[0].document)]
    shares = [0] * len(documents)
    while sum(shares) < min(limit, len(parts)):
        # The one of which the least share was taken, the first of equals.
        open_ones = [place for place, share in enumerate(shares) if share < len(documents[place])]
        shares[min(open_ones, key=lambda place: shares[place])] += 1
    return [part for document, share in zip(documents, shares, strict=True) for part in _evenly(document, share)]


def _evenly(parts: Sequence[Part], count: int) -> list[Part]:
    """Return ``count`` of ``parts`` at even distances, the first among them."""
    return [parts[place * len(parts) // count] for place in range(count)]


def read_part(
    part: Part,
    task: TaskFile,
    complete: Callable[[Completion, int], Iterator[str]],
    min_support: float,
    told: Sequence[Claim] = (),
) -> Checked:
    """Return the statements on ``part`` that it bears out, without those that say what was ``told`` already."""
    prompt = task.completion(part.passages[0].id, title=part.heading, text=part.text)
    claims = citations.parse("".join(complete(prompt, TOKENS)))
    evidence = [Evidence(passage, 1.0, rank) for rank, passage in enumerate(part.passages, start=1)]
    supports = verification.support(claims, evidence, "")
    kept: Checked = []
    for claim, support in zip(claims, supports, strict=True):
        known = [*told, *(claim for claim, _ in kept)]
        whole = claim.text[-1] in ".!?…"  # The last one may have been cut off.
        if support and support.score >= min_support and whole and not any(_alike(claim, other) for other in known):
            kept.append((claim, support))
    return kept[:STATEMENTS]


def _alike(one: Claim, other: Claim) -> bool:
    first, second = stems(one.text), stems(other.text)
    return len(first & second) >= ALIKE * max(1, min(len(first), len(second)))
