"""Pages that are pictures of text."""

import io
import shutil

import pypdfium2
import pytest
from fpdf import FPDF

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is not installed (apt install tesseract-ocr)"
)


def lines(made: FPDF, *texts: str) -> None:
    for text in texts:
        made.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")


def scanned(sheet: FPDF, stamp: str = "") -> bytes:
    """Return a PDF with a picture of the first page of another one, as large as it."""
    page = pypdfium2.PdfDocument(bytes(sheet.output()))[0]
    picture = io.BytesIO()
    page.render(scale=150 / 72, grayscale=True).to_pil().save(picture, "PNG")
    made = FPDF(format=(sheet.w, sheet.h))
    made.set_font("helvetica", size=9)
    made.add_page()
    made.image(picture, 0, 0, sheet.w, sheet.h)
    made.text(sheet.w - 40, sheet.h - 5, stamp)
    return bytes(made.output())


def small(width: float = 110, height: float = 60) -> FPDF:
    made = FPDF(format=(width, height))
    made.set_font("helvetica", size=11)
    made.add_page()
    return made
