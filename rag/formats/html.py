"""HTML: the text a reader of the page sees, without scripts, styles and navigation."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rag.formats import Block, Extracted, assemble, flowing
from rag.formats.outline import first_heading
from rag.text.dates import iso_date

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

__all__ = ["from_html"]

DROPPED = frozenset(
    "head script style noscript template nav footer svg canvas object iframe audio video button select input "
    "textarea datalist dialog".split()
)
BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure form h1 h2 "
    "h3 h4 h5 h6 header hgroup hr html legend li main menu ol p pre section summary table tbody tfoot thead tr "
    "ul".split()
)
TIGHT = frozenset(["li", "tr", "dt", "dd"])
LAYOUT = ["table", "h1", "h2", "h3", "h4", "ul", "ol", "article", "section"]
DATE_NAMES = (
    "article:published_time datepublished date dc.date dc.date.issued dcterms.date dcterms.issued dcterms.created "
    "citation_publication_date citation_date publish-date pubdate"
).split()


def from_html(data: bytes) -> Extracted:
    """Return the text of a page; its encoding is what the page declares, else what it looks like."""
    soup = _parse(data)
    title = flowing(soup.title.get_text()) if soup.title else ""
    date = _date(soup)
    for tag in soup.find_all(_is_boilerplate):
        tag.decompose()
    text, headings = assemble(_Reader(soup).blocks())
    return Extracted(text, title=title or first_heading(text, headings), date=date, headings=headings)


def _parse(data: bytes) -> BeautifulSoup:
    import bs4

    with warnings.catch_warnings():
        # XHTML read as HTML, or text that looks like a file name, is what we want read.
        warnings.simplefilter("ignore", bs4.XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", bs4.MarkupResemblesLocatorWarning)
        return bs4.BeautifulSoup(data, "lxml")


def _is_boilerplate(tag: Tag) -> bool:
    if tag.name == "footer":
        return tag.find_parent(["article", "blockquote", "main"]) is None
    return tag.name in DROPPED or tag.has_attr("hidden") or tag.get("role") == "navigation"


def _date(soup: BeautifulSoup) -> str:
    found: dict[str, str] = {}
    for meta in soup.find_all("meta"):
        name = str(meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if name in DATE_NAMES:
            found.setdefault(name, iso_date(str(meta.get("content") or "")))
    dates = [found[name] for name in DATE_NAMES if found.get(name)]
    times = [str(tag.get("datetime") or tag.get_text()) for tag in soup.find_all("time")[:1]]
    return next(iter(dates), "") or next((iso_date(time) for time in times), "")


class _Reader:
    """Walks the tree without recursion, since pages can be nested deeper than Python's stack."""

    def __init__(self, soup: BeautifulSoup) -> None:
        self._stack: list[tuple[Any, bool]] = [(soup, True)]
        self._words: list[str] = []
        self._lists: list[int | None] = []
        self._prefix = ""
        self._cells = 0
        self._pre = 0

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the page in order."""
        from bs4.element import PreformattedString, Tag

        while self._stack:
            node, opening = self._stack.pop()
            if isinstance(node, Tag):
                yield from self._open(node) if opening else self._close(node)
            elif not isinstance(node, PreformattedString):
                self._words.append(str(node) if self._pre else flowing_edges(str(node)))

    def _open(self, tag: Tag) -> Iterator[Block]:
        self._stack.append((tag, False))
        self._stack.extend((child, True) for child in reversed(tag.contents))
        name = tag.name
        if name == "br":
            self._words.append("\n")
        elif name in ("td", "th") and not self._cells:
            yield from self._flush()
        elif name in BLOCKS:
            if self._cells:
                self._words.append(" ")
                return
            yield from self._flush()
            self._enter(tag)

    def _enter(self, tag: Tag) -> None:
        if tag.name in ("ul", "ol", "menu"):
            self._lists.append(_number(tag) if tag.name == "ol" else None)
        elif tag.name == "li":
            self._prefix = "  " * max(len(self._lists) - 1, 0) + self._bullet()
        elif tag.name == "tr":
            self._cells = 0 if _is_layout(tag) else 1
        elif tag.name == "pre":
            self._pre += 1

    def _bullet(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "• "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _close(self, tag: Tag) -> Iterator[Block]:
        name = tag.name
        if name in ("td", "th"):
            if self._cells:
                self._words.append("\0")
            else:
                yield from self._flush()
        elif name == "dt" and not self._cells:
            yield from self._term()
        elif name in BLOCKS and not (self._cells and name != "tr"):
            heading = int(name[1]) if len(name) == 2 and name[0] == "h" and name[1].isdigit() else 0
            yield from self._flush(heading, name in TIGHT)
            if name == "dl":
                yield from self._undefined()
            self._leave(name)

    def _term(self) -> Iterator[Block]:
        """Keep the term of a definition list for the line of its definition: "Projector: £15 a hire"."""
        term = flowing("".join(self._words))
        self._words = []
        yield from self._undefined()  # two terms with one definition
        if term:
            self._prefix = term + (" " if term[-1] in "?!:." else ": ")

    def _undefined(self) -> Iterator[Block]:
        """Yield a term that no definition follows, as a line of its own."""
        if self._prefix.strip(" •"):
            yield Block(self._prefix.strip(), 0, True)
            self._prefix = ""

    def _leave(self, name: str) -> None:
        if name in ("ul", "ol", "menu") and self._lists:
            self._lists.pop()
        elif name == "tr":
            self._cells = 0
        elif name == "pre" and self._pre:
            self._pre -= 1

    def _flush(self, level: int = 0, tight: bool = False) -> Iterator[Block]:
        raw = "".join(self._words)
        self._words = []
        if self._cells:
            text = " | ".join(flowing(cell) for cell in raw.split("\0")[:-1]).strip()
            text = text if text.strip("| ") else ""
        elif self._pre:
            text = raw.strip("\r\n")
        else:
            text = "\n".join(filter(None, map(flowing, raw.split("\n"))))
        if level:
            text = flowing(text)
        if text.strip():
            prefix, self._prefix = self._prefix, ""
            yield Block(prefix + text, level, tight or bool(prefix) or bool(self._cells))


def flowing_edges(text: str) -> str:
    """Return ``text`` with its white space as single spaces, those at its ends included."""
    inner = flowing(text)
    if not inner:
        return " " if text else ""
    return " " * text[0].isspace() + inner + " " * text[-1].isspace()


def _number(tag: Tag) -> int:
    start = str(tag.get("start") or "1")
    return int(start) if start.isdecimal() and len(start) < 6 else 1


def _is_layout(row: Tag) -> bool:
    """Tell whether a table only places text on the page, so that its cells are no row of data."""
    return row.find(LAYOUT) is not None
