"""The few pieces of HTML that every part of the report is made of."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

__all__ = ["document", "folded", "section", "table"]

STYLE = Path(__file__).parent / "data" / "report.css"
# The page may load nothing at all, and says so itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def document(title: str, parts: Iterable[str]) -> str:
    """Return a whole page of ``parts``, which are HTML; it needs nothing but itself."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        f"<title>{escape(title)}</title><style>{STYLE.read_text('utf-8')}</style></head>\n"
        f"<body><main>{''.join(part for part in parts if part)}</main></body></html>\n"
    )


def section(title: str, intro: str, body: str) -> str:
    """Return a part of the page under its heading; ``intro`` and ``body`` are HTML."""
    lead = f'<p class="intro">{intro}</p>'
    return f"<section><h2>{escape(title)}</h2>{lead}{body}</section>"


def folded(title: str, body: str) -> str:
    """Return a part of the page that is closed until its heading is clicked."""
    summary = f"<summary><h2>{escape(title)}</h2></summary>"
    return f'<section><details class="long">{summary}{body}</details></section>'


def table(head: str, rows: Iterable[str], style: str = "") -> str:
    """Return a table that scrolls by itself where it is too wide; head cells and rows are HTML."""
    return (
        f'<div class="scroll"><table class="{style}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
