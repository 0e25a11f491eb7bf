"""The results of a benchmark as aligned plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.bench.figures import by_name, curve
from eval.bench.result import Bench
from eval.plots import number
from eval.tables import aligned

__all__ = ["CURVES", "PARTS", "SYSTEMS", "VALUES", "bench_table", "in_unit", "interval", "times"]

SYSTEMS = {
    "again": "Footnote",
    "first": "Footnote, new passages",
    "recipe": "plain recipe",
    "bare": "llama.cpp alone",
    "footnote": "Footnote",
    "library": "SentenceTransformer.encode",
    "exact": "FAISS, exact",
    "search": "footnote search",
    "help": "footnote --help",
    "idle": "nothing beside it",
    "one": "one busy process",
    "two": "two busy processes",
    "model": "another language model",
}
"""The label of every system."""
VALUES = {
    "embed_s": "question embedded",
    "dense_s": "dense search",
    "lexical_s": "lexical search",
    "fusion_s": "fusion",
    "retrieval_s": "searching",
    "reading_s": "reading",
    "first_token_s": "first word",
    "writing_s": "writing",
    "checking_s": "checking",
    "total_s": "whole answer",
    "undrafted_s": "without a draft",
    "ready_s": "ready",
    "peak_mb": "most memory",
    "reading_rate": "tokens read per second",
    "writing_rate": "tokens written per second",
    "rate": "passages a second",
    "seconds_s": "seconds",
    "open_s": "opened",
    "build_s": "built",
    "memory_mb": "memory",
    "disk_mb": "on disk",
    "recall": "recall@10",
    "answers": "answers",
    "failures": "failures",
    "fairness": "slowest user / fastest",
}
"""The label of every value, in display order."""
PARTS = {
    "answers": "Answers, warm",
    "searches": "Searches, warm",
    "cold": "A new process, from its start",
    "query": "Embedding a question",
    "embedding": "Embedding passages",
    "sizes": "More passages",
    "evidence": "More evidence",
    "users": "More users",
    "busy": "A busy machine",
}


CURVES = {
    "passages": {
        "dense": ("sizes", "footnote", "dense_s"),
        "exact": ("sizes", "exact", "dense_s"),
        "recall@10": ("sizes", "footnote", "recall"),
        "lexical": ("sizes", "footnote", "lexical_s"),
        "to open": ("sizes", "footnote", "open_s"),
        "memory": ("sizes", "footnote", "memory_mb"),
        "on disk": ("sizes", "footnote", "disk_mb"),
    },
    "passages read": {
        "Footnote": ("evidence", "footnote", "first_token_s"),
        "plain recipe": ("evidence", "recipe", "first_token_s"),
    },
    "users": {
        "first word": ("users", "footnote", "first_token_s"),
        "whole answer": ("users", "footnote", "total_s"),
        "answers a minute": ("users", "footnote", "rate"),
        "failures": ("users", "footnote", "failures"),
        "slowest user / fastest": ("users", "footnote", "fairness"),
        "memory": ("users", "footnote", "memory_mb"),
    },
}
"""What is measured at several sizes: the unit of the sizes, and for each result the part, the system and the value."""


def bench_table(bench: Bench) -> str:
    """Return the ratios and the spread of every stage."""
    made = bench.made
    head = (
        f"{made['set']}: {len(made['questions'])} questions, {made['passages']} passages; load {_range(made['load'])}"
    )
    lines = [head, "", *_ratios(bench.figures["ratios"]), *_spreads(bench.figures["spreads"])]
    return "\n".join([*lines, *_sizes(bench.figures)])


def in_unit(name: str, value: float) -> str:
    """Return a value with its unit and a useful number of digits.

    >>> in_unit("total_s", 12.345), in_unit("embed_s", 0.01234), in_unit("peak_mb", 2345.6), in_unit("rate", 16.21)
    ('12.3 s', '12.3 ms', '2,346 MB', '16.2')
    """
    if name.endswith("_s"):
        return f"{_digits(value)} s" if value >= 1 else f"{_digits(1000 * value)} ms"
    if name.endswith("_mb"):
        return f"{value:,.0f} MB"
    return f"{value:.0f}" if name in ("failures", "answers", "tokens", "prompt_tokens") else _digits(value)


def times(value: float) -> str:
    """Return a ratio for readers.

    >>> times(12.34), times(0.956)
    ('12.3 ×', '0.96 ×')
    """
    return f"{value:.1f} ×" if value >= 2 else f"{value:.2f} ×"


def interval(found: Mapping[str, float]) -> str:
    """Return the ends of the interval of a ratio.

    >>> interval({"low": 0.956, "high": 12.34})
    '0.96 – 12.3'
    """
    return f"{times(found['low'])[:-2]} – {times(found['high'])[:-2]}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ratios(ratios: Mapping[str, Mapping[str, float]]) -> list[str]:
    rows = [["Ratio (above 1 is better)", "median", "95 %", "ours", "theirs", "pairs"]]
    for name, found in ratios.items():
        known, at = by_name(name)
        both = (in_unit(known.value, found[side]) for side in ("ours", "theirs"))
        rows.append([known.words(at), times(found["point"]), interval(found), *both, str(found["n"])])
    return aligned(rows, right=range(1, 6))


def _spreads(spreads: list[dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    for part, title in PARTS.items():
        rows = [
            [f"  {SYSTEMS[row['system']]}: {VALUES[row['value']]}"]
            + [in_unit(row["value"], row[key]) for key in ("p50", "p95")]
            + [f"{in_unit(row['value'], row['p25'])} – {in_unit(row['value'], row['p75'])}", str(row["count"])]
            for row in sorted(spreads, key=_place)
            if row["part"] == part and row["value"] in VALUES and row["at"] is None
        ]
        if rows:
            lines += ["", *aligned([[title, "median", "95th", "middle half", "of"], *rows], right=range(1, 5))]
    return lines


def _sizes(figures: Mapping[str, Any]) -> list[str]:
    """Return the medians at each size, one table per part and one row per size."""
    lines: list[str] = []
    for title, columns in CURVES.items():
        curves = {name: {row["at"]: row for row in curve(figures, *place)} for name, place in columns.items()}
        sizes = sorted({at for found in curves.values() for at in found})
        rows = [
            [number(at)]
            + [in_unit(columns[name][2], found[at]["p50"]) if at in found else "–" for name, found in curves.items()]
            for at in sizes
        ]
        if rows:
            lines += ["", *aligned([[title, *curves], *rows], right=range(len(curves) + 1))]
    return lines


def _place(row: Mapping[str, Any]) -> tuple[int, int]:
    values = list(VALUES)
    return list(SYSTEMS).index(row["system"]), values.index(row["value"]) if row["value"] in VALUES else len(values)


def _range(loads: list[float]) -> str:
    return f"{min(loads):.1f} to {max(loads):.1f}"
