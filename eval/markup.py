"""The few pieces of HTML that every part of the report is made of."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["folded", "section", "table"]


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
