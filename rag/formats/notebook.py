"""Jupyter notebooks: text, code and output of the cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rag.formats import Block, Extracted, assemble, joined
from rag.formats.html import from_html
from rag.formats.outline import first_heading, markdown_headings

__all__ = ["from_notebook"]


def from_notebook(content: dict[str, Any]) -> Extracted:
    """Return the cells of a notebook in order, code in fences, with outputs below."""
    cells = [cell for cell in content["cells"] if isinstance(cell, dict)]
    found = joined(_cell(cell) for cell in cells)
    title = str(content.get("metadata", {}).get("title", "")) or first_heading(found.text, found.headings)
    return replace(found, title=title, pages=(), empty_pages=())


def _cell(cell: dict[str, Any]) -> Extracted:
    source = _joined(cell.get("source", "")).strip("\n")
    if cell.get("cell_type") != "code":
        return Extracted(source, headings=tuple(markdown_headings(source)))
    code = Block(f"```\n{source}\n```") if source.strip() else Block("")
    text, _ = assemble([code, *map(Block, _outputs(cell.get("outputs", [])))])
    return Extracted(text)


def _outputs(outputs: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the text of each output, tables from their HTML; pictures have none."""
    for output in outputs:
        data = output.get("data", {})
        if "<table" in (page := _joined(data.get("text/html", ""))):
            yield from_html(page.encode("utf-8-sig")).text
        elif "ename" in output:
            yield f"{output['ename']}: {output.get('evalue', '')}"
        else:
            text = output.get("text") or data.get("text/markdown") or data.get("text/plain", "")
            yield _joined(text).strip("\n")


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(map(str, text))
