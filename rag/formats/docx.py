"""Word files (.docx): paragraphs, headings, lists and tables in document order, as displayed.

The XML is walked here, since python-docx leaves out text inside content controls, tracked insertions and text boxes.
Numbers are counted, tracked changes accepted, struck-out and hidden text left out, merged cells filled. Notes and
comments come behind the paragraph or table that they belong to; headers and footers once, at the end.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rag.errors import DocumentError
from rag.formats import Block, Extracted, assemble, flowing, spelt_out
from rag.formats.docx_numbering import Numbering, W, attribute
from rag.formats.marks import list_number, superscript
from rag.formats.outline import first_heading
from rag.formats.titles import is_own_title

__all__ = ["from_docx"]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LARGEST = 1_000_000_000
"""Bytes that the parts of a file may take up once they are unpacked."""
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
FORMULA = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
SKIPPED = frozenset([W + "del", W + "moveFrom", W + "pPr", W + "rPr", W + "sdtPr", FALLBACK])
WRITTEN = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-"}
REFERENCES = {
    W + "footnoteReference": "footnotes",
    W + "endnoteReference": "endnotes",
    W + "commentReference": "comments",
}
PAGE_FIELD = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b")
PAGE_WORDS = re.compile(r"(?:^|\s)[\W_]*(?i:page|seite|p\.|pg)?\s*(?:of|von|/)?[\W_]*$")
"""What is left of "Page 3 of 5" without its numbers."""
TEMPLATE = "2013-12-23"
"""The day on which the template of python-docx was made, which says nothing of a document that a program made of it."""
WIDEST = 200
"""Columns over which a merged cell is filled at most."""


def from_docx(data: bytes) -> Extracted:
    """Return the text of a Word file.

    Raises:
        DocumentError: the file is password-protected, in the old format, or broken.
    """
    if data.startswith(OLE):
        raise DocumentError(
            "is protected with a password or is in Word's old format (.doc): save it as .docx without a password"
        )
    document = _open(data)
    reader = _Reader(document)
    text, headings = assemble(reader.blocks())
    properties = document.core_properties
    created = properties.created.date().isoformat() if properties.created else ""
    date = "" if created == TEMPLATE and properties.author == "python-docx" else created
    title = flowing(properties.title or "")
    title = title if is_own_title(title) else ""
    return Extracted(text, title=title or first_heading(text, headings), date=date, headings=headings)


def _open(data: bytes) -> Any:
    """Return the python-docx document; any error inside becomes one message."""
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


@dataclass(frozen=True, slots=True)
class _Note:
    """A footnote, endnote or comment: its mark in the text, and the element with its text."""

    name: str
    element: Any


class _Reader:
    """Walks one document; notes and the like are held back until their paragraph is complete."""

    def __init__(self, document: Any) -> None:
        self._body = document.element.body
        self._parts = _related(document.part)
        styles = self._parts.get("styles", [None])[0]
        self._numbering = Numbering(self._parts.get("numbering", [None])[0], styles)
        self._notes = {kind: _by_id(self._parts.get(kind, [])) for kind in ("footnotes", "endnotes", "comments")}
        self._asides: list[_Note] = []
        self._numbered = {"footnotes": 0, "endnotes": 0}
        self._carried = ""

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the document, then those of headers and footers that aren't in its text."""
        known = set[str]()
        for block in self._blocks(self._body):
            known.add(flowing(block.text))
            yield block
        for kind in ("header", "footer"):
            for part in self._parts.get(kind, []):
                lines = (flowing(block.text) for block in self._blocks(part))
                line = ", ".join(filter(None, (PAGE_WORDS.sub("", line) for line in lines)))
                if line and line not in known:
                    known.add(line)
                    yield Block(f"{kind.title()}: {line}")

    def _blocks(self, parent: Any) -> Iterator[Block]:
        for node in parent:
            if node.tag == W + "p":
                yield self._paragraph(node)
            elif node.tag == W + "tbl":
                yield from self._table(node)
            elif isinstance(node.tag, str) and node.tag not in SKIPPED and not _is_placeholder(node):
                yield from self._blocks(node)
            yield from self._beside()
        carried, self._carried = self._carried, ""
        yield Block(carried)

    def _beside(self) -> Iterator[Block]:
        """Yield the text boxes, notes and comments that the last block refers to."""
        asides, self._asides = self._asides, []
        for aside in asides:
            if aside.name:
                text = flowing(" ".join(block.text for block in self._blocks(aside.element)))
                yield Block(f"{aside.name}: {text}" if text else "")
            else:
                yield from self._blocks(aside.element)

    def _paragraph(self, node: Any) -> Block:
        text = self._carried + self._text(node).strip()
        self._carried = ""
        mark = node.find(f"{W}pPr/{W}rPr")
        if mark is not None and (mark.find(W + "del") is not None or mark.find(W + "moveFrom") is not None):
            self._carried = f"{text} " if text else ""  # without its end it goes on in the next one
            return Block("")
        number = self._numbering.number(node)
        text = f"{number} {text}" if number and text else text
        if level := self._level(node):
            return Block(flowing(text), level)
        style = attribute(node, "pPr", "pStyle")
        return Block(text, tight=bool(number) or self._style_name(style).startswith("list"))

    def _level(self, node: Any) -> int:
        """Return the level of a heading, from its style, its base styles or itself; 0 if it isn't one."""
        for style in self._numbering.style_chain(attribute(node, "pPr", "pStyle")):
            name, outline = attribute(style, "name").lower(), attribute(style, "pPr", "outlineLvl")
            number = name.removeprefix("heading ")
            if name == "title" or (number != name and number.isdecimal()):
                return 1 if name == "title" else int(number)
            if outline:
                return _outlined(outline)
        return _outlined(attribute(node, "pPr", "outlineLvl"))

    def _style_name(self, style: str) -> str:
        return next((attribute(element, "name").lower() for element in self._numbering.style_chain(style)), "")

    def _table(self, table: Any) -> Iterator[Block]:
        rows = [row for row in table.iter(W + "tr") if next(row.iterancestors(W + "tbl")) is table]
        rows = [row for row in rows if row.find(f"{W}trPr/{W}del") is None]
        if all(len(_cells(row)) == 1 for row in rows):  # a frame around text, not a table
            for row in rows:
                yield from self._blocks(_cells(row)[0])
            return
        above: list[str] = []
        for row in rows:
            above = self._row(row, above)
            alone = len(_cells(row)) == 1
            shown = above[:1] if alone else above
            yield Block(" | ".join(shown).strip() if any(shown) else "", tight=True)

    def _row(self, row: Any, above: list[str]) -> list[str]:
        """Return the text of each column of a row; vertically merged cells repeat the text above."""
        before = attribute(row, "trPr", "gridBefore")
        texts = [""] * min(int(before) if before.isdecimal() else 0, WIDEST)
        for cell in _cells(row):
            merge, span = cell.find(f"{W}tcPr/{W}vMerge"), attribute(cell, "tcPr", "gridSpan")
            goes_on = merge is not None and merge.get(W + "val") != "restart" and len(texts) < len(above)
            text = above[len(texts)] if goes_on else self._cell(cell)
            texts += [text] * min(int(span) if span.isdecimal() else 1, WIDEST)
        return texts

    def _cell(self, cell: Any) -> str:
        boxed = (W + "txbxContent", W + "tc")
        lines = [p for p in cell.iter(W + "p") if next(p.iterancestors(*boxed)).tag != W + "txbxContent"]
        return flowing(" ".join(self._paragraph(line).text for line in lines))

    def _text(self, node: Any) -> str:
        text = ""
        for raised, pieces in groupby(self._pieces(node), key=lambda piece: piece[1]):
            piece = spelt_out("".join(text for text, _ in pieces))
            text += superscript(text[-40:], piece) if raised else piece
        return text

    def _pieces(self, paragraph: Any) -> Iterator[tuple[str, bool]]:
        """Yield the text of a paragraph in pieces, each with whether it is superscript."""
        stack: list[tuple[Any, bool]] = [(paragraph, False)]
        fields: list[str] = []
        while stack:
            node, raised = stack.pop()
            if node.tag == W + "fldChar":
                _follow_field(node, fields)
            elif node.tag == W + "instrText":
                fields[-1:] = [fields[-1] + (node.text or "")] if fields else []
            elif any(PAGE_FIELD.match(field) for field in fields):
                continue
            elif node.tag in (W + "t", FORMULA):
                yield node.text or "", raised
            elif node.tag in WRITTEN:
                yield WRITTEN[node.tag], raised
            elif node.tag == W + "txbxContent":
                self._asides.append(_Note("", node))
            elif node.tag in REFERENCES:
                yield self._refer(node), False
            elif node.tag not in SKIPPED and not self._is_gone(node):
                raised = self._has(node, "vertAlign", "superscript") if node.tag == W + "r" else raised
                stack.extend((child, raised) for child in reversed(node))

    def _refer(self, node: Any) -> str:
        """Return the mark of a note and hold the note back; comments have no mark."""
        kind = REFERENCES[node.tag]
        note = self._notes[kind].get(node.get(W + "id"))
        if note is None:
            return ""
        if kind == "comments":
            author = note.get(W + "author")
            self._asides.append(_Note(f"Comment by {author}" if author else "Comment", note))
            return ""
        self._numbered[kind] += 1
        number = list_number(self._numbered[kind], "i" if kind == "endnotes" else "1")
        self._asides.append(_Note(f"{kind.title()[:-1]} {number}", note))
        return f" [{number}]"

    def _is_gone(self, node: Any) -> bool:
        """Return whether a run or field is hidden or struck out, or is a placeholder."""
        if node.tag == W + "fldSimple":
            return PAGE_FIELD.match(node.get(W + "instr") or "") is not None
        gone = node.tag == W + "r" and any(self._has(node, name) for name in ("strike", "dstrike", "vanish"))
        return gone or _is_placeholder(node)

    def _has(self, run: Any, name: str, value: str = "") -> bool:
        """Return whether a run, or else its styles, has the property ``name`` (with ``value``, if given)."""
        paragraph = next(run.iterancestors(W + "p"), None)
        styles = (attribute(run, "rPr", "rStyle"), attribute(paragraph, "pPr", "pStyle"))
        chains = (element for style in styles for element in self._numbering.style_chain(style))
        for element in (run, *chains):
            found = element.find(f"{W}rPr/{W}{name}")
            if found is not None:
                said = found.get(W + "val")
                return said == value if value else said not in ("0", "false", "off")
        return False


def _related(part: Any) -> dict[str, list[Any]]:
    """Return the root elements of related parts, by the last word of their relationship type."""
    from docx.oxml import parse_xml

    found: dict[str, list[Any]] = {}
    for relation in part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind in ("styles", "numbering", "footnotes", "endnotes", "comments", "header", "footer"):
            found.setdefault(kind, []).append(parse_xml(relation.target_part.blob))
    return found


def _by_id(parts: list[Any]) -> dict[str, Any]:
    return {note.get(W + "id"): note for part in parts for note in part if note.get(W + "type") in (None, "normal")}


def _cells(row: Any) -> list[Any]:
    return [cell for cell in row.iter(W + "tc") if next(cell.iterancestors(W + "tr")) is row]


def _is_placeholder(node: Any) -> bool:
    """Return whether a content control only contains its placeholder text."""
    return node.tag == W + "sdt" and node.find(f"{W}sdtPr/{W}showingPlcHdr") is not None


def _outlined(level: str) -> int:
    return int(level) + 1 if level and level in "012345678" else 0


def _follow_field(node: Any, fields: list[str]) -> None:
    """Update the instructions of the open ``fields`` at a field mark."""
    kind = node.get(W + "fldCharType")
    if kind == "begin":
        fields.append("")
    elif kind == "end" and fields:
        fields.pop()
