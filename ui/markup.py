"""Text to HTML. Pure functions; text from outside is escaped, never interpreted as markup."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

__all__ = ["Inline", "escape", "folded_table", "lines_html", "narrowed_html", "short", "text_html"]

BULLET = re.compile(r"\s*(?:(?P<ul>[-*•–])|(?P<ol>\d{1,3})[.)])\s+")
HEADING = re.compile(r"\s*#+\s+")
Inline = Callable[[int, int], str]
"""Returns the HTML of a span of a text."""


def text_html(text: str, inline: Inline) -> str:
    """Return ``text`` as paragraphs and lists; ``inline`` renders each span of it.

    >>> text_html("Two:\\n- a\\n- b", lambda start, end: "Two:\\n- a\\n- b"[start:end])
    '<p dir="auto">Two:</p><ul><li dir="auto">a</li><li dir="auto">b</li></ul>'
    """
    blocks = []
    for kind, lines in groupby(_classified(text), key=lambda line: line[0]):
        items = [(opening, inline(start, end)) for _, opening, start, end in lines]
        if kind == "p":
            blocks.append('<p dir="auto">' + "<br>".join(item for _, item in items) + "</p>")
        elif kind == "h":
            blocks += [f'<p dir="auto"><strong>{item}</strong></p>' for _, item in items]
        elif kind:
            blocks.append(f"<{kind}>" + "".join(f"{opening}{item}</li>" for opening, item in items) + f"</{kind}>")
    return "".join(blocks)


def _classified(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield for each line its kind ("" if blank), its opening tag, and the offsets of its text."""
    position = 0
    for line in text.split("\n"):
        start, end = position, position + len(line)
        position = end + 1
        bullet, heading = BULLET.match(text, start, end), HEADING.match(text, start, end)
        if not line.strip():
            yield "", "", start, end
        elif bullet and bullet["ol"]:
            yield "ol", f'<li value="{int(bullet["ol"])}" dir="auto">', bullet.end(), end
        elif bullet:
            yield "ul", '<li dir="auto">', bullet.end(), end
        elif heading:
            yield "h", "", heading.end(), end
        else:
            yield "p", "", start, end


def narrowed_html(note: str, button: str, question: str = "") -> str:
    """Return a note, if any, that only some documents were searched, with a button to search all for ``question``."""
    shown = f"<span>{escape(note)}</span>" if note else ""
    pressed = f'<button type="button" class="plain" data-everywhere="{escape(question)}">{escape(button)}</button>'
    return f'<div class="narrowed">{shown}{pressed}</div>'


def lines_html(text: str) -> str:
    """Return ``text`` escaped, keeping its line breaks."""
    return escape(text.strip()).replace("\n", "<br>")


def escape(text: str) -> str:
    """Return ``text`` escaped; invalid characters (lone surrogates) become question marks."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"), quote=True)


def short(text: str, length: int = 220) -> str:
    """Return the beginning of ``text`` on one line, cut at a word."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else line[:length].rsplit(" ", 1)[0] + " …"


def folded_table(title: str, rows: Mapping[str, str]) -> str:
    """Return names and values in a collapsed section called ``title``."""
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows.items())
    return f'<details class="more"><summary>{escape(title)}</summary><dl>{items}</dl></details>'
