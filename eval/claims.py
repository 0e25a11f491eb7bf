"""Claims with their sources, labelled by people: does the source bear them out? A checker is measured on them.

Read in the form in which WiCE was published (Kamoi et al. 2023): a JSON object a line, with ``claim``, ``evidence``
(the sentences of the source), ``label`` and ``meta``: ``id``, and ``claim_title``, the article that the claim is from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.questions import SetError, listed, located, read_json_lines, text_of

__all__ = ["LABELS", "LabelledClaim", "read_claims"]

LABELS = ("supported", "partially_supported", "not_supported")


@dataclass(frozen=True, slots=True)
class LabelledClaim:
    """A sentence, the ``source`` that it was written from, and one of ``LABELS``.

    Claims of the same ``cluster``, the article that they are from, are not independent.
    """

    id: str
    text: str
    source: str
    label: str
    cluster: str


def read_claims(path: Path) -> tuple[LabelledClaim, ...]:
    """Read a file of claims, or every ``*.jsonl`` of a folder. Raises ``SetError`` naming file and line."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    claims = []
    for file in files:
        for number, row in read_json_lines(file):
            with located(f"{file}, line {number}"):
                claims.append(_claim(row, f"{file.name}:{number}"))
    if not claims:
        raise SetError(f"There is no claim in {path}. Give a JSONL file with claim, evidence and label a line.")
    return tuple(claims)


def _claim(row: Mapping[str, Any], place: str) -> LabelledClaim:
    label, meta = row.get("label"), row.get("meta", {})
    if label not in LABELS:
        raise ValueError(f"label must be one of {', '.join(LABELS)}, not {label!r}")
    if not isinstance(meta, dict):
        raise ValueError("meta must be an object in braces")
    # The sentences of the source stay sentences: each is a paragraph of its own.
    source = "\n\n".join(" ".join(sentence.split()) for sentence in listed(row, "evidence", str))
    id_ = str(meta.get("id") or place)
    return LabelledClaim(id_, text_of(row, "claim"), source, label, str(meta.get("claim_title") or id_))
