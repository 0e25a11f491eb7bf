"""Text to HTML. Pure functions; text from outside is escaped, and only lists, code and bold words are set as such."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

__all__ = [
    "MARKUP",
    "Inline",
    "escape",
    "folded_table",
    "inline_html",
    "lines_html",
    "narrowed_html",
    "short",
    "text_html",
]

BULLET = re.compile(r"\s*(?:(?P<ul>[-*•–])|(?P<ol>\d{1,3})[.)])\s+")
HEADING = re.compile(r"\s*#+\s+")
FENCE = re.compile(r"\s*```")
MARKUP = re.compile(
    r"`(?P<code>[^`\n]+)`|\*\*(?=\S)(?P<strong>[^*\n]+)\*\*|\[(?P<link>[^\[\]\n]+)\]\((?:[^():\s]|\([^():\s]*\))+\)"
)
"""Code, bold words, and links to other documents in Markdown. Other links are shown as they are, with their address."""
Inline = Callable[[int, int], str]
"""Returns the HTML of a span of a text."""


def text_html(text: str, inline: Inline) -> str:
    """Return ``text`` as paragraphs, lists and blocks of code; ``inline`` renders each span of the others.

    >>> text_html("Two:\\n- a\\n- b", lambda start, end: "Two:\\n- a\\n- b"[start:end])
    '<p dir="auto">Two:</p><ul><li dir="auto">a</li><li dir="auto">b</li></ul>'
    """
    blocks = []
    for kind, lines in groupby(_classified(text), key=lambda line: line[0]):
        show = _code(text) if kind == "pre" else inline
        items = [(opening, show(start, end)) for _, opening, start, end in lines]
        if kind == "p":
            blocks.append('<p dir="auto">' + "<br>".join(item for _, item in items) + "</p>")
        elif kind == "pre":
            blocks.append('<pre dir="ltr" tabindex="0"><code>' + "\n".join(item for _, item in items) + "</code></pre>")
        elif kind == "h":
            blocks += [f'<p dir="auto"><strong>{item}</strong></p>' for _, item in items]
        elif kind:
            blocks.append(f"<{kind}>" + "".join(f"{opening}{item}</li>" for opening, item in items) + f"</{kind}>")
    return "".join(blocks)


def _code(text: str) -> Inline:
    return lambda start, end: escape(text[start:end])


def inline_html(text: str) -> str:
    """Return ``text`` escaped, with code and bold words of Markdown set as such.

    >>> inline_html("Run `ls <a>` in **this** [folder](files.md)."), inline_html("2 ** 3 and `")
    ('Run <code>ls &lt;a&gt;</code> in <strong>this</strong> folder.', '2 ** 3 and `')
    """
    shown, last = "", 0
    for found in MARKUP.finditer(text):
        words = escape(found[str(found.lastgroup)])
        tag = "" if found.lastgroup == "link" else str(found.lastgroup)
        shown += escape(text[last : found.start()]) + (f"<{tag}>{words}</{tag}>" if tag else words)
        last = found.end()
    return shown + escape(text[last:])


def _classified(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield for each line its kind ("" if blank), its opening tag, and the offsets of its text."""
    position, in_code = 0, False
    for line in text.split("\n"):
        start, end = position, position + len(line)
        position = end + 1
        bullet, heading = BULLET.match(text, start, end), HEADING.match(text, start, end)
        if FENCE.match(line):
            in_code = not in_code
            yield "", "", start, end
        elif in_code:
            yield "pre", "", start, end
        elif not line.strip():
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
