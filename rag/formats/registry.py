"""The supported formats: name, file endings and reader."""

from __future__ import annotations

from dataclasses import dataclass

from rag.formats import Reader
from rag.formats.container import from_mbox, from_zip
from rag.formats.docx import from_docx
from rag.formats.epub import from_epub
from rag.formats.html import from_html
from rag.formats.json_lines import from_json
from rag.formats.mail import from_eml
from rag.formats.msg import from_msg
from rag.formats.opendocument import from_odp, from_ods, from_odt
from rag.formats.pdf import from_pdf
from rag.formats.plain import from_markdown, from_text
from rag.formats.pptx import from_pptx
from rag.formats.rtf import from_rtf
from rag.formats.separated import from_csv
from rag.formats.xlsx import from_xlsx

__all__ = ["BY_SUFFIX", "FORMATS", "Format"]

OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files. ``name`` is what an error calls a file of it.

    ``untitled`` formats contain data rather than prose: without a stated title, the file name is the title.
    """

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    read: Reader
    untitled: bool = False


FORMATS = (
    Format("text", "text/plain", (".txt", ".text", ".log"), from_text),
    Format("Markdown", "text/markdown", (".md", ".markdown"), from_markdown),
    Format("HTML", "text/html", (".html", ".htm", ".xhtml"), from_html),
    Format("PDF", "application/pdf", (".pdf",), from_pdf),
    Format("Word", OFFICE + "wordprocessingml.document", (".docx",), from_docx),
    Format("PowerPoint", OFFICE + "presentationml.presentation", (".pptx",), from_pptx),
    Format("Excel", OFFICE + "spreadsheetml.sheet", (".xlsx", ".xlsm"), from_xlsx, untitled=True),
    Format("OpenDocument text", OPEN + "text", (".odt",), from_odt),
    Format("OpenDocument spreadsheet", OPEN + "spreadsheet", (".ods",), from_ods, untitled=True),
    Format("OpenDocument presentation", OPEN + "presentation", (".odp",), from_odp),
    Format("CSV", "text/csv", (".csv", ".tsv"), from_csv, untitled=True),
    Format("RTF", "application/rtf", (".rtf",), from_rtf),
    Format("EPUB", "application/epub+zip", (".epub",), from_epub),
    Format("mail", "message/rfc822", (".eml", ".mht", ".mhtml"), from_eml),
    Format("Outlook mail", "application/vnd.ms-outlook", (".msg",), from_msg),
    Format("mailbox", "application/mbox", (".mbox",), from_mbox, untitled=True),
    Format("JSON", "application/json", (".json",), from_json, untitled=True),
    Format("JSON Lines", "application/jsonl", (".jsonl", ".ndjson"), from_json, untitled=True),
    Format("notebook", "application/x-ipynb+json", (".ipynb",), from_json),
    Format("ZIP", "application/zip", (".zip",), from_zip, untitled=True),
)
BY_SUFFIX = {suffix: format for format in FORMATS for suffix in format.suffixes}
BY_MEDIA_TYPE = {format.media_type: format for format in FORMATS}
