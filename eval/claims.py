"""Claims with their sources, labelled by people, to measure the verification on.

The format is that of WiCE (Kamoi et al. 2023): a JSON object per line, with ``claim``, ``evidence`` (the sentences of
the source), ``label`` and ``meta`` with ``id`` and ``claim_title``, the article that the claim is from.
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
    """A sentence, the ``source`` it was written from, and one of ``LABELS``.

    Claims of the same ``cluster`` (article) are not independent.
    """

    id: str
    text: str
    source: str
    label: str
    cluster: str


def read_claims(path: Path) -> tuple[LabelledClaim, ...]:
    """Read a file of claims, or every ``*.jsonl`` file of a folder. Raises ``SetError`` naming file and line."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    claims = []
    for file in files:
        for number, row in read_json_lines(file):
            with located(f"{file}, line {number}"):
                claims.append(_claim(row, f"{file.name}:{number}"))
    if not claims:
        raise SetError(
            f"There are no claims in {path}. Choose a JSONL file with claim, evidence and label on each line."
        )
    return tuple(claims)


def _claim(row: Mapping[str, Any], place: str) -> LabelledClaim:
    label, meta = row.get("label"), row.get("meta", {})
    if label not in LABELS:
        raise ValueError(f"label must be one of {', '.join(LABELS)}, not {label!r}")
    if not isinstance(meta, dict):
        raise ValueError("meta must be a JSON object")
    # Each sentence of the source becomes a paragraph of its own.
    source = "\n\n".join(" ".join(sentence.split()) for sentence in listed(row, "evidence", str))
    id_ = str(meta.get("id") or place)
    return LabelledClaim(id_, text_of(row, "claim"), source, label, str(meta.get("claim_title") or id_))
