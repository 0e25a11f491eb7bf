"""The check of answers alone: does the support of a claim tell whether its source bears it out?

What is shown of an answer, and every figure on its citations, rests on ``rag.verification.support``, so it is measured
on claims, and on drafts (``eval.drafts``), that people have labelled. Nothing is fitted on them. What was measured last
on each set is kept in ``eval/data/checker.json`` and told beside those figures.
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
from rag import alignment, citations, contradiction, verification
from rag.citations import Claim
from rag.text import dates, language, names, sentences, statements, words
from rag.types import Evidence, Passage

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
"""Which labels count as borne out: by the whole claim alone, or by any part of it too."""
LABELLED = {"whole": "whole, or not", "any": "in part at least, or not at all"}


def judged(claims: Sequence[Claim], passage: Passage, question: str) -> list[float]:
    """Return the support of each claim by one passage, 0 to 1: the one place where the check is called."""
    supports = verification.support(claims, [Evidence(passage, 0.0, 1)], question)
    return [support.score if support else 0.0 for support in supports]


def supports(claims: Sequence[LabelledClaim]) -> list[float]:
    """Return the support of each claim by its source, 0 to 1; the source is one passage, and nothing was asked."""
    found = []
    for claim in claims:
        found += judged([Claim(claim.text)], Passage(claim.id, 0, len(claim.source), claim.source), "")
    return found


def check_claims(name: str, claims: Sequence[LabelledClaim], min_support: float) -> dict[str, Any]:
    """Return what ``checker.json`` holds: for each of ``TASKS`` balanced accuracy, AUROC and both rates.

    Intervals are of a bootstrap over the articles that the claims are from. Raises ``SetError`` where all claims are
    supported, or none is.
    """
    if len({claim.label for claim in claims} & {LABELS[0], LABELS[-1]}) < 2:
        raise SetError(f"The claims of {name} must be both supported and not supported, or nothing can be told apart.")
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
    """Return the SHA-256 of the program that decides what is supported."""
    digest = hashlib.sha256()
    decide = (verification, contradiction, alignment, citations)
    for module in (*decide, statements, language, words, sentences, dates, names):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def keep(checked: dict[str, Any], file: Path | None = None) -> None:
    """Let reports tell these figures from now on, beside those of other sets."""
    file = file or FILE
    sets = {**kept(file), checked["set"]: {name: value for name, value in checked.items() if name != "mistaken"}}
    write_whole(file, json.dumps({"format": FORMAT, "sets": sets}, ensure_ascii=False, indent=1) + "\n")


def kept(file: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return what was measured last on each set, by its name. Raises ``RunError`` where the file is damaged."""
    file = file or FILE
    if not file.exists():
        return {}
    try:
        table = json.loads(file.read_text("utf-8"))
        if table["format"] != FORMAT:
            raise ValueError(f"of another version of Footnote: {table['format']}")
        sets: dict[str, dict[str, Any]] = table["sets"]
        for checked in sets.values():
            sentence_on(checked)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{file} is damaged ({error}). Measure anew: footnote eval verify --set … --keep") from error
    return sets


def sentence_on(checked: Mapping[str, Any]) -> str:
    """Return in words how well the check does alone, on what it was measured, and when."""
    earlier = "" if checked["checker"] == checker_hash() else ", in an earlier version"
    if "drafts" in checked:
        return _sentence_on_drafts(checked, earlier)
    whole, any_ = (checked["figures"][task]["balanced_accuracy"] for task in TASKS)
    return (
        f"The check alone, on {checked['claims']} labelled claims ({checked['set']}, {checked['when']}{earlier}), at a "
        f"support of {checked['min_support']:g}: balanced accuracy {_told(whole)} in telling claims that their source "
        f"bears out from others, {_told(any_)} where bearing out a part counts. Guessing has 50 %."
    )


def _sentence_on_drafts(checked: Mapping[str, Any], earlier: str) -> str:
    rates = (checked["figures"]["all"][label] for label in ("right", "wrong"))
    right, wrong = (_told(rate | {"point": rate["count"] / max(1, rate["total"])}) for rate in rates)
    return (
        f"The check alone, on {checked['drafts']} labelled drafts ({checked['set']}, {checked['when']}{earlier}), at a "
        f"support of {checked['min_support']:g}: {right} of the right ones pass, {wrong} of the wrong ones do not."
    )


def _told(interval: dict[str, float]) -> str:
    return f"{percent(interval['point'])} ({100 * interval['low']:.1f} – {100 * interval['high']:.1f})"


def checker_table(checked: dict[str, Any]) -> str:
    """Return the figures for a terminal."""
    counts = ", ".join(f"{count} {label.replace('_', ' ')}" for label, count in checked["labels"].items())
    rows = [["Source bears it out", "balanced accuracy", "95 %", "AUROC", "95 %", "accepted", "rejected"]]
    for task, label in LABELLED.items():
        found = checked["figures"][task]
        accuracy, area = found["balanced_accuracy"], found["auroc"]
        ends = f"{100 * accuracy['low']:.1f} – {100 * accuracy['high']:.1f}"
        areas = f"{area['point']:.3f}", f"{area['low']:.3f} – {area['high']:.3f}"
        rates = (percent(found[name]) for name in ("accepted", "rejected"))
        rows.append([label, percent(accuracy["point"]), ends, *areas, *rates])
    head = f"{checked['set']}: {checked['claims']} claims of {checked['clusters']} articles ({counts})"
    note = f"Supported is what has a support of {checked['min_support']:g} or more (min_support); guessing has 50 %."
    return "\n".join([head, "", *aligned(rows, right=range(1, 7)), "", note])
