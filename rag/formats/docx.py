"""Word files (.docx): paragraphs, headings, lists and tables in the order of the document.

The XML is walked here, since python-docx leaves out text inside content controls and tracked insertions.
Deleted text, notes, headers and footers are not read.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from rag.errors import DocumentError
from rag.formats import Block, Extracted, assemble, flowing
from rag.formats.outline import first_heading

__all__ = ["from_docx"]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LARGEST = 1_000_000_000
"""Bytes that the parts of a file may take up once they are unpacked."""
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
SKIPPED = frozenset([W + "del", W + "moveFrom", W + "instrText", W + "pPr", W + "rPr", W + "txbxContent", FALLBACK])
WRITTEN = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-"}


def from_docx(data: bytes) -> Extracted:
    """Return the text of a Word file.

    Raises:
        DocumentError: the file is protected with a password, in the old format, or broken.
    """
    if data.startswith(OLE):
        raise DocumentError(
            "is protected with a password or is in Word's old format (.doc): save it as .docx without a password"
        )
    document = _open(data)
    levels = {style.style_id: _level_of_style(style.name or "") for style in document.styles}
    lists = {style.style_id for style in document.styles if (style.name or "").startswith("List")}
    text, headings = assemble(_blocks(document.element.body, levels, lists))
    properties = document.core_properties
    date = properties.created.date().isoformat() if properties.created else ""
    return Extracted(
        text, title=flowing(properties.title or "") or first_heading(text, headings), date=date, headings=headings
    )


def _open(data: bytes) -> Any:
    """Return the python-docx document, whatever goes wrong inside turned into one message."""
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    broken = DocumentError("is broken or is not a Word file: open it in a word processor and save it again")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST:
                raise DocumentError(f"holds more than {LARGEST // 1_000_000} MB once it is unpacked")
            if any(part.flag_bits & 1 for part in archive.infolist()):
                raise DocumentError("is protected with a password: save it without one")
        document = docx.Document(io.BytesIO(data))
        if document.element.body is None:
            raise broken
        return document
    except (zipfile.BadZipFile, OpcError, LxmlError, KeyError, ValueError, EOFError, AttributeError) as error:
        raise broken from error
    except (NotImplementedError, RuntimeError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise broken from error


def _blocks(parent: Any, levels: dict[str, int], lists: set[str]) -> Iterator[Block]:
    for node in parent:
        if node.tag == W + "p":
            yield _paragraph(node, levels, lists)
        elif node.tag == W + "tbl":
            for row in node.iter(W + "tr"):
                if next(row.iterancestors(W + "tbl")) is node:
                    yield Block(_row(row), tight=True)
        elif isinstance(node.tag, str) and node.tag not in SKIPPED:
            yield from _blocks(node, levels, lists)


def _paragraph(node: Any, levels: dict[str, int], lists: set[str]) -> Block:
    style = node.find(f"{W}pPr/{W}pStyle")
    outline = node.find(f"{W}pPr/{W}outlineLvl")
    name = style.get(W + "val") if style is not None else ""
    level = levels.get(name, 0)
    if not level and outline is not None and outline.get(W + "val", "9") in "012345678":
        level = int(outline.get(W + "val")) + 1
    text = _text(node).strip()
    if level:
        return Block(flowing(text), level)
    if name in lists or node.find(f"{W}pPr/{W}numPr") is not None:
        return Block(f"• {text}" if text else "", tight=True)
    return Block(text)


def _row(row: Any) -> str:
    cells = (cell for cell in row.iter(W + "tc") if next(cell.iterancestors(W + "tr")) is row)
    texts = [flowing(" ".join(_text(paragraph) for paragraph in cell.iter(W + "p"))) for cell in cells]
    return " | ".join(texts).strip() if any(texts) else ""


def _text(node: Any) -> str:
    parts: list[str] = []
    stack = [node]
    while stack:
        item = stack.pop()
        if item.tag == W + "t":
            parts.append(item.text or "")
        elif item.tag in WRITTEN:
            parts.append(WRITTEN[item.tag])
        elif item.tag not in SKIPPED:
            stack.extend(reversed(item))
    return "".join(parts)


def _level_of_style(name: str) -> int:
    """Return 1 to 9 for a heading style; Word keeps the English names in every language."""
    lowered = name.lower()
    if lowered == "title":
        return 1
    number = lowered.removeprefix("heading ")
    return int(number) if lowered != number and number.isdecimal() else 0
