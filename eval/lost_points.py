"""Where was the point lost? For each answerable question that was not answered well, the first stage that failed."""

from __future__ import annotations

from typing import Literal

__all__ = ["LostAt", "lost_at"]

LostAt = Literal["retrieval", "refusal", "reading", "citation", "unsure"]


def lost_at(*, found: bool, abstained: bool, correct: bool, cited: bool, quoted: bool = False) -> LostAt | None:
    """Return the first stage that failed for an answerable question, or None if it was answered well.

    ``found``: the evidence contains the gold (``retrieval_metrics.gold_found``); ``abstained``: there was no answer;
    ``correct``: the answer is right; ``cited``: it cites a gold document; ``quoted``: there was no answer, but a quote
    contains it (``outcomes.quotes_answer``).

    - ``unsure``: quoted, not answered;
    - ``retrieval``: not answered correctly, and the gold was not in the evidence;
    - ``refusal``: abstained although it was;
    - ``reading``: answered wrongly although it was;
    - ``citation``: right, but no gold document is cited.

    >>> lost_at(found=False, abstained=True, correct=False, cited=False)
    'retrieval'
    >>> lost_at(found=True, abstained=True, correct=False, cited=False)
    'refusal'
    >>> lost_at(found=True, abstained=False, correct=False, cited=True)
    'reading'
    >>> lost_at(found=False, abstained=False, correct=True, cited=False)
    'citation'
    >>> lost_at(found=True, abstained=True, correct=False, cited=True, quoted=True)
    'unsure'
    >>> lost_at(found=True, abstained=False, correct=True, cited=True)
    """
    if correct and not abstained:
        return None if cited else "citation"
    if quoted:
        return "unsure"
    if not found:
        return "retrieval"
    return "refusal" if abstained else "reading"
