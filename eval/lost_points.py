"""Where was the point lost? One stage is named for each answerable question that was not answered well."""

from __future__ import annotations

from typing import Literal

__all__ = ["LostAt", "lost_at"]

LostAt = Literal["retrieval", "refusal", "reading", "citation", "unsure"]


def lost_at(*, found: bool, abstained: bool, correct: bool, cited: bool, quoted: bool = False) -> LostAt | None:
    """Return the stage at which an answerable question was lost, the first that failed; None where it was not.

    ``found``: the evidence holds the gold (``retrieval_metrics.gold_found``); ``abstained``: nothing was claimed;
    ``correct``: the answer is right; ``cited``: it cites a gold document; ``quoted``: it was not answered, but what
    answers it was quoted (``outcomes.quotes_answer``).

    - ``unsure``: quoted and not answered;
    - ``retrieval``: not answered rightly, and the gold was not in the evidence;
    - ``refusal``: abstained though it was there;
    - ``reading``: answered wrongly though it was there;
    - ``citation``: right, and no gold document is cited.

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
