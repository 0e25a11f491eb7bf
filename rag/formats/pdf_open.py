"""Open PDFs with PDFium, one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rag.errors import DocumentError

__all__ = ["opened"]

LOCK = threading.Lock()
"""PDFium may only be used by one thread at a time."""
PASSWORD_ERROR = 4


@contextmanager
def opened(data: bytes) -> Iterator[tuple[Any, Any]]:
    """Open the PDF in ``data`` and its form, if any, exclusively for this thread.

    Raises:
        DocumentError: it is password-protected or broken.
    """
    import pypdfium2

    with LOCK:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == PASSWORD_ERROR:
                raise DocumentError("is protected with a password: save it without one") from error
            raise DocumentError("is broken or is not a PDF: open it in a viewer and save it again") from error
        try:
            pdf.init_forms()
            yield pdf, pdf.formenv
        finally:
            pdf.close()
