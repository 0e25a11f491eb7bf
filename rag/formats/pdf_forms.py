"""The values of a PDF's form, and notes typed onto its pages."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

from rag.formats.pdf_parts import Word, turned

__all__ = ["fields"]


def fields(page: Any, form: Any) -> Iterator[tuple[int, Word]]:
    """Yield the values of the form fields, and notes typed onto the page, as words where they stand."""
    from pypdfium2 import raw

    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        try:
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            if raw.FPDFAnnot_GetFlags(annotation) & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW):
                continue
            value = ""
            if kind == raw.FPDF_ANNOT_FREETEXT:
                value = _string(lambda *a, n=annotation: raw.FPDFAnnot_GetStringValue(n, b"Contents", *a))
            elif kind == raw.FPDF_ANNOT_WIDGET and form is not None:
                value = _value(form, annotation)
            yield from _typed(value, annotation, page.get_rotation() // 90)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _value(form: Any, annotation: Any) -> str:
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        return "☒" if raw.FPDFAnnot_IsChecked(form, annotation) else "☐"
    if kind in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        return _string(lambda *a: raw.FPDFAnnot_GetFormFieldValue(form, annotation, *a))
    return ""


def _string(read: Any) -> str:
    """Return the text that a function of PDFium writes, in UTF-16, into a buffer of the length that it asks for."""
    length = read(None, 0)
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    read(buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").split("\0")[0]


def _typed(value: str, annotation: Any, turns: int) -> Iterator[tuple[int, Word]]:
    """Yield the words of ``value``, line by line, spread over the rectangle of its field."""
    from pypdfium2 import raw

    area = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(annotation, area)
    first, bottom, last, top = turned((area.left, area.bottom, area.right, area.top), turns)
    lines = [line.split() for line in value.replace("\r", "\n").split("\n") if line.split()]
    height = (top - bottom) / max(len(lines), 1)
    size = min(height * 0.75, 11.0)
    for number, line in enumerate(lines):
        y = top - height * (number + 0.5) - size * 0.35
        step = min((last - first) / sum(len(word) + 1 for word in line), size * 0.55)
        left = first
        for text in line:
            right = left + step * len(text)
            box = turned((left, y - size * 0.25, right, y + size), -turns)
            yield turns, Word(text, left, right, y, size, box, filled=True)
            left = right + step
