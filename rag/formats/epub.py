"""Books (.epub): the chapters in reading order."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from rag.errors import DocumentError
from rag.formats import Extracted, flowing, joined
from rag.formats.archives import open_zip, parse_xml, part
from rag.formats.html import from_html
from rag.text.dates import iso_date

__all__ = ["from_epub"]


def from_epub(data: bytes) -> Extracted:
    """Return the text of a book; copy-protected ones are refused."""
    with open_zip(data, "EPUB") as archive:
        if part(archive, "META-INF/rights.xml") or part(archive, "META-INF/license.lcpl"):
            raise DocumentError("is protected against copying, so that it cannot be read")
        container = parse_xml(part(archive, "META-INF/container.xml"))
        [place, *_] = container.xpath("//*[local-name()='rootfile']/@full-path")
        package = parse_xml(part(archive, place))
        found = joined(_chapters(archive, package, posixpath.dirname(place)))
    title, date = _said(package, "title"), iso_date(_said(package, "date")[:10])
    return replace(found, title=title, date=date, pages=(), empty_pages=())


def _chapters(archive: zipfile.ZipFile, package: Any, folder: str) -> Iterator[Extracted]:
    files = {item.get("id"): item for item in package.xpath("//*[local-name()='item']")}
    for reference in package.xpath("//*[local-name()='itemref']"):
        item = files.get(reference.get("idref"))
        properties = "" if item is None else item.get("properties") or ""
        if item is None or "nav" in properties.split() or reference.get("linear") == "no":
            continue
        page = part(archive, posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or ""))))
        if page.strip():
            yield from_html(page)


def _said(package: Any, name: str) -> str:
    """Return the first value of a metadata field."""
    found = package.xpath(f"//*[local-name()='metadata']/*[local-name()='{name}']")
    return flowing("".join(found[0].itertext())) if found else ""
