"""OpenDocument files (.odt, .ods, .odp), which store text as displayed.

What is struck out is left out, and superscripts are set apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from rag.formats import Block, Extracted, assemble, flowing, joined
from rag.formats.archives import open_zip, parse_xml, part
from rag.formats.marks import superscript
from rag.formats.outline import first_heading
from rag.formats.sheets import Sheet, sheet_blocks
from rag.formats.tables import grid_blocks, written
from rag.text.dates import iso_date

__all__ = ["from_odp", "from_ods", "from_odt"]

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
LEFT_OUT = frozenset(
    [
        TEXT + "tracked-changes",
        TEXT + "note-citation",
        OFFICE + "annotation",
        TEXT + "table-of-content",
        OFFICE + "forms",
    ]
)
MOST_REPEATED = 1000
"""Equal cells or rows in a row that are written out; more are only decoration."""


DEEPEST = 20
"""Steps that are followed from a style to the one it is based on."""


def from_odt(data: bytes) -> Extracted:
    """Return the text of a text document."""
    root, title, date = _open(data)
    text, headings = assemble(_blocks(root.find(f"{OFFICE}body/{OFFICE}text")))
    return Extracted(text, title=title or first_heading(text, headings), date=date, headings=headings)


def from_ods(data: bytes) -> Extracted:
    """Return the text of a spreadsheet: one section per sheet."""
    root, title, date = _open(data)
    tables = root.find(f"{OFFICE}body/{OFFICE}spreadsheet").findall(TABLE + "table")
    text, headings = assemble(chain.from_iterable(sheet_blocks(_sheet(table)) for table in tables))
    return Extracted(text, title=title, date=date, headings=headings)


def from_odp(data: bytes) -> Extracted:
    """Return the text of a presentation: one page per slide, with its notes last."""
    root, title, date = _open(data)
    slides = root.find(f"{OFFICE}body/{OFFICE}presentation").findall(DRAW + "page")
    found = joined(map(_slide, slides))
    first = first_heading(found.text, found.headings[:1])
    return Extracted(found.text, title or first, date, found.headings, found.pages, found.empty_pages)


def _open(data: bytes) -> tuple[Any, str, str]:
    """Return the root of the content, the title and the date."""
    with open_zip(data, "OpenDocument") as archive:
        root, meta = parse_xml(part(archive, "content.xml")), part(archive, "meta.xml")
        shared = part(archive, "styles.xml")
    _mark_up(root, [parse_xml(shared)] if shared else [])
    facts = parse_xml(meta) if meta else None
    if facts is None:
        return root, "", ""
    title = flowing(facts.findtext(f".//{DC}title") or "")
    return root, title, iso_date((facts.findtext(f".//{META}creation-date") or "")[:10])


def _mark_up(root: Any, shared: list[Any]) -> None:
    """Empty what is struck out, and set superscripts apart, by the styles of the content and the ``shared`` ones."""
    styles = {style.get(STYLE + "name"): style for tree in (*shared, root) for style in tree.iter(STYLE + "style")}
    for node in list(root.find(OFFICE + "body").iter()):
        style = node.get(TEXT + "style-name") or node.get(TABLE + "style-name") if isinstance(node.tag, str) else None
        if not style:
            continue
        if _look(styles, style, "text-line-through-style", "text-line-through-type") not in ("", "none"):
            node[:], node.text = [], ""
        elif node.tag == TEXT + "span" and _look(styles, style, "text-position").startswith("super"):
            above = node.getprevious()
            before = node.getparent().text if above is None else above.tail or _text(above)
            raised = superscript(before or "", _text(node))
            node[:], node.text = [], raised


def _look(styles: dict[Any, Any], name: str, *wanted: str) -> str:
    """Return the first property of text among those ``wanted`` that a style, or one that it is based on, sets."""
    for _ in range(DEEPEST):
        style = styles.get(name)
        if style is None:
            break
        for properties in style.findall(STYLE + "text-properties"):
            if found := next((value for one in wanted if (value := properties.get(STYLE + one))), ""):
                return str(found)
        name = style.get(STYLE + "parent-style-name") or ""
    return ""


def _slide(page: Any) -> Extracted:
    notes = page.find(PRESENTATION + "notes")
    frames = [frame for frame in page if frame is not notes]
    titles = [frame for frame in frames if frame.get(PRESENTATION + "class") == "title"]
    blocks = [Block(flowing(" ".join(map(_text, titles))), level=1)]
    for frame in frames:
        if frame not in titles:
            blocks += _blocks(frame)
    if notes is not None and (said := list(_blocks(notes))):
        blocks += [Block("Notes", level=2), *said]
    text, headings = assemble(blocks)
    return Extracted(text, headings=headings)


def _blocks(parent: Any, depth: int = 0) -> Iterator[Block]:
    """Yield the headings, paragraphs, items and tables below ``parent``, in order."""
    for node in parent:
        if node.tag in LEFT_OUT:
            continue
        if node.tag == TEXT + "h":
            level = node.get(TEXT + "outline-level", "1")
            yield Block(flowing(_text(node)), level=int(level) if level.isdecimal() else 1)
        elif node.tag == TEXT + "p":
            text = "\n".join(map(flowing, _text(node).split("\n"))).strip()
            yield Block(f"{'  ' * (depth - 1)}• {text}" if depth and text else text, tight=bool(depth))
            yield from (block for box in node.iter(DRAW + "text-box") for block in _blocks(box))
        elif node.tag == TABLE + "table":
            yield from _table(node)
        else:
            yield from _blocks(node, depth + (node.tag == TEXT + "list-item"))


def _text(node: Any) -> str:
    """Return the text in ``node`` as displayed; spaces, tabs and breaks are elements."""
    parts = [node.text or ""]
    for child in node:
        if child.tag == TEXT + "s":
            parts.append(" " * min(int(child.get(TEXT + "c", "1")), MOST_REPEATED))
        elif child.tag in (TEXT + "tab", TEXT + "line-break"):
            parts.append("\t" if child.tag == TEXT + "tab" else "\n")
        elif child.tag == TEXT + "note":
            parts.append(f" [{flowing(' '.join(map(_text, child.iterfind(f'{TEXT}note-body/{TEXT}p'))))}]")
        elif isinstance(child.tag, str) and child.tag not in LEFT_OUT and child.tag != DRAW + "text-box":
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _table(table: Any) -> Iterator[Block]:
    sheet = _sheet(table)
    columns = range(1, max((max(row) for row in sheet.rows.values()), default=0) + 1)
    grid = [[written(row.get(column, "")) for column in columns] for _, row in sorted(sheet.rows.items())]
    yield from grid_blocks(grid)


def _sheet(table: Any) -> Sheet:
    """Return the cells of a table with merged areas filled, without endless repetitions."""
    sheet = Sheet(table.get(TABLE + "name", ""))
    areas, number = list[tuple[int, int, int, int]](), 0
    for row in table.iter(TABLE + "table-row"):
        repeated = _count(row, "number-rows-repeated")
        column = 0
        for cell in row:
            if cell.tag not in (TABLE + "table-cell", TABLE + "covered-table-cell"):
                continue
            copies = _count(cell, "number-columns-repeated")
            text = "\n".join(map(_text, cell.findall(TEXT + "p")))
            value = cell.get(OFFICE + "value-type", "string") != "string"
            if text.strip() and copies <= MOST_REPEATED and repeated <= MOST_REPEATED:
                for at in range(number + 1, number + repeated + 1):
                    for place in range(column + 1, column + copies + 1):
                        sheet.put(at, place, text, value)
            wide, high = _count(cell, "number-columns-spanned"), _count(cell, "number-rows-spanned")
            if wide * high > 1:
                areas.append((number + 1, column + 1, number + high, column + wide))
            column += copies
        number += repeated
    for area in areas:
        sheet.merge(*area)
    return sheet


def _count(node: Any, attribute: str) -> int:
    number = node.get(TABLE + attribute, "1")
    return int(number) if number.isdecimal() else 1
