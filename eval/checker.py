"""Evaluate the verification alone: does the support of a claim show whether its source confirms it?

Every answer and every citation metric depends on ``rag.verification.spans``. This measures it on labelled claims and
on labelled drafts (``eval.drafts``). Nothing is fitted on them. The latest results for each set are kept in
``eval/data/checker.json``, and reports show them next to the metrics that depend on them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.calibration_metrics import auroc, balanced_accuracy
from eval.claims import LABELS, LabelledClaim
from eval.journal import RunError, write_whole
from eval.questions import SetError
from eval.statistics import Interval, bootstrap
from eval.tables import aligned, percent
from rag import citations
from rag.citations import Claim
from rag.text import dates, language, names, sentences, statements, words
from rag.types import Evidence, Passage
from rag.verification import alignment, contradiction, spans

__all__ = [
    "FILE",
    "check_claims",
    "checker_hash",
    "checker_table",
    "judged",
    "keep",
    "kept",
    "sentence_on",
    "supports",
]

FILE = Path(__file__).parent / "data" / "checker.json"
FORMAT = 2
TASKS = {"whole": LABELS[:1], "any": LABELS[:2]}
"""Which labels count as supported: only fully supported claims, or partially supported ones too."""
LABELLED = {"whole": "fully, or not", "any": "at least partially, or not at all"}


def judged(claims: Sequence[Claim], passage: Passage, question: str) -> list[float]:
    """Return the support of each claim by one passage, 0 to 1; the only place that calls the verification."""
    supports = spans.support(claims, [Evidence(passage, 0.0, 1)], question)
    return [support.score if support else 0.0 for support in supports]


def supports(claims: Sequence[LabelledClaim]) -> list[float]:
    """Return the support of each claim by its source, 0 to 1; the source is one passage, without a question."""
    found = []
    for claim in claims:
        found += judged([Claim(claim.text)], Passage(claim.id, 0, len(claim.source), claim.source), "")
    return found


def check_claims(name: str, claims: Sequence[LabelledClaim], min_support: float) -> dict[str, Any]:
    """Return an entry of ``checker.json``: for each of ``TASKS`` balanced accuracy, AUROC and both rates.

    Intervals come from a bootstrap over the articles of the claims. Raises ``SetError`` if all or none of the claims
    are supported.
    """
    if len({claim.label for claim in claims} & {LABELS[0], LABELS[-1]}) < 2:
        raise SetError(f"{name} needs both supported and unsupported claims.")
    scores = np.array(supports(claims))
    return {
        "set": name,
        "claims": len(claims),
        "clusters": len({claim.cluster for claim in claims}),
        "labels": {label: sum(claim.label == label for claim in claims) for label in LABELS},
        "min_support": min_support,
        "when": date.today().isoformat(),
        "checker": checker_hash(),
        "figures": {task: _figures(scores, claims, labels, min_support) for task, labels in TASKS.items()},
    }


def _figures(
    scores: NDArray[np.float64], claims: Sequence[LabelledClaim], labels: Sequence[str], min_support: float
) -> dict[str, Any]:
    borne = np.array([claim.label in labels for claim in claims], dtype=float)
    called = (scores >= min_support).astype(float)
    clusters = [claim.cluster for claim in claims]
    rows = np.stack([called, scores, borne], axis=1)
    both = {
        "balanced_accuracy": bootstrap(rows, clusters, lambda drawn: balanced_accuracy(drawn[:, 0], drawn[:, 2])),
        "auroc": bootstrap(rows, clusters, lambda drawn: auroc(drawn[:, 1], drawn[:, 2]), resamples=1000),
    }
    rates = {"accepted": called[borne == 1].mean(), "rejected": 1 - called[borne == 0].mean()}
    return {name: _rounded(interval) for name, interval in both.items()} | {
        name: round(float(rate), 6) for name, rate in rates.items()
    }


def _rounded(interval: Interval) -> dict[str, float]:
    return {name: round(getattr(interval, name), 6) for name in ("low", "point", "high")}


def checker_hash() -> str:
    """Return the SHA-256 of the code that decides what is supported."""
    digest = hashlib.sha256()
    decide = (spans, contradiction, alignment, citations)
    for module in (*decide, statements, language, words, sentences, dates, names):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def keep(checked: dict[str, Any], file: Path | None = None) -> None:
    """Save these results, next to those of other sets, so that reports show them from now on."""
    file = file or FILE
    sets = {**kept(file), checked["set"]: {name: value for name, value in checked.items() if name != "mistaken"}}
    write_whole(file, json.dumps({"format": FORMAT, "sets": sets}, ensure_ascii=False, indent=1) + "\n")


def kept(file: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the latest results for each set, by its name. Raises ``RunError`` if the file is damaged."""
    file = file or FILE
    if not file.exists():
        return {}
    try:
        table = json.loads(file.read_text("utf-8"))
        if table["format"] != FORMAT:
            raise ValueError(f"written by another version of Footnote: {table['format']}")
        sets: dict[str, dict[str, Any]] = table["sets"]
        for checked in sets.values():
            sentence_on(checked)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{file} is damaged ({error}). Run 'footnote eval verify --set … --keep' again.") from error
    return sets


def sentence_on(checked: Mapping[str, Any]) -> str:
    """Describe how well the verification works alone, on which data, and when that was measured."""
    earlier = "" if checked["checker"] == checker_hash() else ", with an earlier version"
    if "drafts" in checked:
        return _sentence_on_drafts(checked, earlier)
    whole, any_ = (checked["figures"][task]["balanced_accuracy"] for task in TASKS)
    return (
        f"Verification alone, on {checked['claims']} labelled claims ({checked['set']}, {checked['when']}{earlier}), "
        f"with min_support {checked['min_support']:g}: balanced accuracy {_told(whole)} for claims that their source "
        f"fully supports, {_told(any_)} if partial support counts too. Guessing scores 50 %."
    )


def _sentence_on_drafts(checked: Mapping[str, Any], earlier: str) -> str:
    rates = (checked["figures"]["all"][label] for label in ("right", "wrong"))
    right, wrong = (_told(rate | {"point": rate["count"] / max(1, rate["total"])}) for rate in rates)
    return (
        f"Verification alone, on {checked['drafts']} labelled drafts ({checked['set']}, {checked['when']}{earlier}), "
        f"with min_support {checked['min_support']:g}: {right} of the right ones pass, "
        f"{wrong} of the wrong ones are rejected."
    )


def _told(interval: dict[str, float]) -> str:
    return f"{percent(interval['point'])} ({100 * interval['low']:.1f} – {100 * interval['high']:.1f})"


def checker_table(checked: dict[str, Any]) -> str:
    """Return the results for a terminal."""
    counts = ", ".join(f"{count} {label.replace('_', ' ')}" for label, count in checked["labels"].items())
    rows = [["Source supports it", "balanced accuracy", "95 %", "AUROC", "95 %", "accepted", "rejected"]]
    for task, label in LABELLED.items():
        found = checked["figures"][task]
        accuracy, area = found["balanced_accuracy"], found["auroc"]
        ends = f"{100 * accuracy['low']:.1f} – {100 * accuracy['high']:.1f}"
        areas = f"{area['point']:.3f}", f"{area['low']:.3f} – {area['high']:.3f}"
        rates = (percent(found[name]) for name in ("accepted", "rejected"))
        rows.append([label, percent(accuracy["point"]), ends, *areas, *rates])
    head = f"{checked['set']}: {checked['claims']} claims of {checked['clusters']} articles ({counts})"
    note = f"A claim counts as supported from {checked['min_support']:g} (min_support). Guessing scores 50 %."
    return "\n".join([head, "", *aligned(rows, right=range(1, 7)), "", note])
