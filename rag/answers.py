"""The answer object: one JSON form of an answer for the command line, batches and every other door."""

from __future__ import annotations

import dataclasses
from typing import Any

from rag.types import Answer

__all__ = ["answer_object"]


def answer_object(answer: Answer) -> dict[str, Any]:
    """Return ``answer`` as JSON's own types; the README documents each field."""
    table = dataclasses.asdict(answer)
    table["evidence"] = [
        {
            "document": item.passage.document,
            "start": item.passage.start,
            "end": item.passage.end,
            "score": round(item.score, 6),
        }
        for item in answer.evidence
    ]
    return table
