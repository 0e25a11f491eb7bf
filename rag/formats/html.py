"""HTML: the text that a reader sees, without scripts, styles, navigation, hidden and struck-out text."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.formats import Block, Extracted, assemble, flowing
from rag.formats.html_tables import fill
from rag.formats.marks import list_number, superscript
from rag.formats.outline import first_heading
from rag.formats.titles import is_own_title
from rag.text.dates import iso_date

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

__all__ = ["from_html"]

DROPPED = frozenset(
    "head script style noscript template nav footer svg canvas object iframe audio video button select input "
    "textarea datalist dialog s del strike".split()
)
BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure form h1 h2 "
    "h3 h4 h5 h6 header hgroup hr html legend li main menu ol p pre section summary table tbody tfoot thead tr "
    "ul".split()
)
TIGHT = frozenset(["li", "tr", "dt", "dd"])
GONE = re.compile(r"(?:display:none|visibility:hidden|text-decoration(?:-line)?:[^;]*line-through)")
"""Styles, without spaces, of what nobody sees, or sees struck out."""
STRUCK = re.compile(r"([^{}@;]+)\{([^{}]*text-decoration(?:-line)?\s*:[^;}]*line-through[^{}]*)\}")
LIST_STYLES = {"lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A"}
LIST_STYLES |= {"lower-roman": "i", "upper-roman": "I"}
LAYOUT = ["table", "h1", "h2", "h3", "h4", "ul", "ol", "article", "section"]
DATE_NAMES = (
    "article:published_time datepublished date dc.date dc.date.issued dcterms.date dcterms.issued dcterms.created "
    "citation_publication_date citation_date publish-date pubdate"
).split()


def from_html(data: bytes) -> Extracted:
    """Return the text of a page, in its declared encoding or else the detected one."""
    soup = _parse(data)
    title = flowing(soup.title.get_text()) if soup.title else ""
    title = title if is_own_title(title) else ""
    date = _date(soup)
    for tag in [*_struck(soup), *soup.find_all(_is_boilerplate)]:
        tag.decompose()
    for table in soup.find_all("table"):
        if not any(_is_layout(row) for row in table.find_all("tr")):
            fill(table)
    text, headings = assemble(_Reader(soup).blocks())
    title = title or first_heading(text, headings)
    return Extracted(text, title=title, date=date, headings=headings, language=_language(soup))


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
    hidden = tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or tag.get("role") == "navigation"
    return tag.name in DROPPED or hidden or GONE.search("".join(str(tag.get("style", "")).lower().split())) is not None


def _struck(soup: BeautifulSoup) -> list[Tag]:
    """Return the elements that the page's own style sheets strike out or hide."""
    from soupsieve import SelectorSyntaxError

    found: list[Tag] = []
    for selector, _ in STRUCK.findall("".join(style.get_text() for style in soup.find_all("style"))):
        try:
            found += soup.select(selector)
        except (SelectorSyntaxError, NotImplementedError):  # ":hover", ":visited" and the like match nothing here
            continue
    return found


def _language(soup: BeautifulSoup) -> str:
    """Return the declared language of the page: ``de`` for ``de-AT``."""
    found = re.match(r"[a-z]{2}(?![a-z])", str(soup.html.get("lang") or "") if soup.html else "", re.I)
    return found[0].lower() if found else ""


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
    """Walks the tree without recursion: pages can be nested deeper than Python's stack."""

    def __init__(self, soup: BeautifulSoup) -> None:
        self._stack: list[tuple[Any, bool]] = [(soup, True)]
        self._words: list[str] = []
        self._lists: list[_List | None] = []
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
        elif name == "sup":
            self._stack = self._stack[: -len(tag.contents) or None]
            self._words.append(superscript("".join(self._words[-8:]), tag.get_text()))
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
            self._lists.append(_List.of(tag) if tag.name == "ol" else None)
        elif tag.name == "li":
            self._prefix = "  " * max(len(self._lists) - 1, 0) + self._bullet(tag)
        elif tag.name == "tr":
            self._cells = 0 if _is_layout(tag) else 1
        elif tag.name == "pre":
            self._pre += 1

    def _bullet(self, item: Tag) -> str:
        numbers = self._lists[-1] if self._lists else None
        return numbers.next(item) if numbers else "• "

    def _close(self, tag: Tag) -> Iterator[Block]:
        name = tag.name
        if name == "time":
            self._words.append(_unsaid(tag))
        elif name in ("td", "th"):
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
        """Hold back the term of a definition list until its definition: "Projector: £15 a hire"."""
        term = flowing("".join(self._words))
        self._words = []
        yield from self._undefined()  # two terms with one definition
        if term:
            self._prefix = term + (" " if term[-1] in "?!:." else ": ")

    def _undefined(self) -> Iterator[Block]:
        """Yield a term without a definition on its own line."""
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
    """Return ``text`` with white space collapsed, also at both ends."""
    inner = flowing(text)
    if not inner:
        return " " if any(map(str.isspace, text)) else ""
    return " " * text[0].isspace() + inner + " " * text[-1].isspace()


@dataclass(slots=True)
class _List:
    """The numbers of an ordered list: the next one, the step, and the format."""

    following: int
    step: int
    kind: str

    @classmethod
    def of(cls, tag: Tag) -> _List:
        """Return the numbers of an ``ol``, from its attributes."""
        style = LIST_STYLES.get(str(tag.get("style", "")).lower().rpartition(":")[2].strip(" ;"), "")
        count = len(tag.find_all("li", recursive=False))
        backwards = tag.has_attr("reversed")
        start = _number(tag.get("start"), count if backwards else 1)
        return cls(start, -1 if backwards else 1, str(tag.get("type") or style))

    def next(self, item: Tag) -> str:
        """Return the number shown before ``item``."""
        number = _number(item.get("value"), self.following)
        self.following = number + self.step
        return f"{list_number(number, self.kind)}. "


def _number(value: object, otherwise: int) -> int:
    text = str(value or "")
    return int(text) if re.fullmatch(r"-?\d{1,5}", text) else otherwise


def _unsaid(time: Tag) -> str:
    """Return the day of a ``time`` element if its text doesn't say it: "next Friday"."""
    day = iso_date(str(time.get("datetime") or ""))
    return f" ({day})" if len(day) == 10 and not iso_date(time.get_text()) else ""


def _is_layout(row: Tag) -> bool:
    """Return whether a table is only used for layout."""
    return row.find(LAYOUT) is not None
