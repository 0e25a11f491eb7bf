"""PowerPoint presentations (.pptx): one page per slide, with its tables, charts and notes.

What is struck out is left out, and superscripts are set apart.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from rag.formats import Block, Extracted, assemble, flowing, joined
from rag.formats.archives import open_zip
from rag.formats.marks import superscript
from rag.formats.tables import grid_blocks, table_blocks, written

__all__ = ["from_pptx"]

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
TEMPLATE = "2013-01-27"
"""The day on which the template of python-pptx was saved, which says nothing of a presentation that a program made."""
LEFT_OUT = ("ftr", "sldNum", "dt")
"""Placeholders that say the same on each slide."""


def from_pptx(data: bytes) -> Extracted:
    """Return the text of a presentation without its hidden slides."""
    import pptx

    open_zip(data, "PowerPoint").close()
    presentation = pptx.Presentation(io.BytesIO(data))
    found = joined(_slide(slide) for slide in presentation.slides)
    properties = presentation.core_properties
    title = flowing(properties.title or "")
    first = found.headings[0] if found.headings else None
    if title.lower() in ("", "powerpoint presentation") and first:
        title = found.text[first.start : first.end]
    date = properties.modified.date().isoformat() if properties.modified else ""
    date = "" if date == TEMPLATE else date
    return Extracted(found.text, title, date, found.headings, found.pages, found.empty_pages)


def _slide(slide: Any) -> Extracted:
    if slide.element.get("show") == "0":
        return Extracted("")
    _mark_up(slide.element)
    title = slide.shapes.title
    blocks = [Block(flowing(title.text_frame.text), level=1)] if title is not None else []
    for shape in slide.shapes:
        if title is None or shape.shape_id != title.shape_id:
            blocks += _shape(shape)
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) and frame.text.strip():
        _mark_up(slide.notes_slide.element)
        blocks += [Block("Notes", level=2), *map(Block, map(flowing, frame.text.splitlines()))]
    text, headings = assemble(blocks)
    return Extracted(text, headings=headings)


def _mark_up(root: Any) -> None:
    """Empty the runs of text that are struck out, and set superscripts apart."""
    for run in root.iter(DRAWING + "r"):
        look, text = run.find(DRAWING + "rPr"), run.find(DRAWING + "t")
        if look is None or text is None:
            continue
        if look.get("strike", "noStrike") != "noStrike":
            text.text = ""
        elif look.get("baseline", "0").rstrip("%") > "0":  # a lowered one begins with a minus sign
            previous = run.getprevious()
            before = previous.findtext(DRAWING + "t") if previous is not None else ""
            text.text = superscript(before or "", text.text or "")


def _shape(shape: Any) -> Iterator[Block]:
    """Yield the text of a shape, and of the shapes grouped in it."""
    if shape.is_placeholder and shape.element.xpath(
        f".//p:nvPr/p:ph[{' or '.join(map('@type={!r}'.format, LEFT_OUT))}]"
    ):
        return
    if hasattr(shape, "shapes"):
        for inner in shape.shapes:
            yield from _shape(inner)
    elif getattr(shape, "has_table", False):
        yield from _table(shape.table)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)
    elif shape.has_text_frame:
        yield from _paragraphs(shape.text_frame)


def _paragraphs(frame: Any) -> Iterator[Block]:
    """Yield the paragraphs of a text box; several become list items."""
    paragraphs = [paragraph for paragraph in frame.paragraphs if paragraph.text.strip()]
    for paragraph in paragraphs:
        text = "\n".join(map(flowing, paragraph.text.replace("\v", "\n").split("\n")))
        if len(paragraphs) > 1:
            yield Block(f"{'  ' * paragraph.level}• {text}", tight=True)
        else:
            yield Block(text)


def _table(table: Any) -> Iterator[Block]:
    grid = [[_filled(table, row, column) for column in range(len(table.columns))] for row in range(len(table.rows))]
    if table.first_row and len(grid) > 1:
        yield from table_blocks(grid[0], grid[1:])
    else:
        yield from grid_blocks(grid)


def _filled(table: Any, row: int, column: int) -> str:
    """Return the text of a cell; cells covered by a merged cell repeat its text."""
    cell = table.cell(row, column)
    if cell.is_spanned:
        origins = [(r, c) for r in range(row + 1) for c in range(column + 1) if table.cell(r, c).is_merge_origin]
        for r, c in reversed(origins):
            origin = table.cell(r, c)
            if r + origin.span_height > row and c + origin.span_width > column:
                return written(origin.text)
    return written(cell.text)


def _chart(chart: Any) -> Iterator[Block]:
    """Yield the title of a chart and its data as a table: one row per category, one column per series."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield Block(flowing(chart.chart_title.text_frame.text))
    for plot in chart.plots:
        names = [str(series.name) for series in plot.series]
        columns = [list(series.values) for series in plot.series]
        rows = [
            [
                str(category),
                *("" if at >= len(column) or column[at] is None else f"{column[at]:g}" for column in columns),
            ]
            for at, category in enumerate(plot.categories)
        ]
        yield from table_blocks(["", *names], rows)
