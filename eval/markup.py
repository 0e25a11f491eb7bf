"""HTML building blocks of the reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["big", "document", "folded", "header", "made_of", "section", "table"]

STYLE = Path(__file__).parent / "data" / "report.css"
# The page loads nothing, and its policy says so.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def document(title: str, parts: Iterable[str]) -> str:
    """Return a self-contained page of ``parts``, which are HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        f"<title>{escape(title)}</title><style>{STYLE.read_text('utf-8')}</style></head>\n"
        f"<body><main>{''.join(part for part in parts if part)}</main></body></html>\n"
    )


def header(kind: str, name: str, story: tuple[str, str], about: Iterable[str], warnings: Iterable[str]) -> str:
    """Return the header of a page: title, result and subject, all as text."""
    headline, lead = map(escape, story)
    return (
        f'<header><p class="brand"><b>Footnote</b> {escape(kind)} · {escape(name)}</p><h1>{headline}</h1>'
        f'<p class="lead">{lead}</p><p class="faint">{escape(" · ".join(about))}</p>'
        + "".join(f'<p class="warning">{escape(text)}</p>' for text in warnings)
        + "</header>"
    )


def section(title: str, intro: str, body: str) -> str:
    """Return a section with a heading; ``intro`` and ``body`` are HTML."""
    lead = f'<p class="intro">{intro}</p>'
    return f"<section><h2>{escape(title)}</h2>{lead}{body}</section>"


def folded(title: str, body: str) -> str:
    """Return a collapsed section."""
    summary = f"<summary><h2>{escape(title)}</h2></summary>"
    return f'<section><details class="long">{summary}{body}</details></section>'


def table(head: str, rows: Iterable[str], style: str = "") -> str:
    """Return a table that scrolls if it is too wide; head cells and rows are HTML."""
    return (
        f'<div class="scroll"><table class="{style}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def big(text: str) -> str:
    """Return a number in large type, its unit (after the first space) in small type."""
    number, _, unit = text.partition(" ")
    return f'<span class="big">{escape(number)}<small>&thinsp;{escape(unit)}</small></span>'


def made_of(facts: Mapping[str, Any]) -> str:
    """Return the collapsed list of settings and models behind a page; entries that are None are left out."""
    rows = (
        f'<tr><th scope="row">{escape(name)}</th><td class="left"><code>{escape(_plain(value))}</code></td></tr>'
        for name, value in facts.items()
        if value is not None
    )
    return folded("Settings and models", f'<div class="scroll"><table>{"".join(rows)}</table></div>')


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return str(value)
