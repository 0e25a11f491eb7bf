"""ZIP files, the container of most formats: opened with limits, and their XML parsed without entities."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from rag.errors import DocumentError
from rag.formats import broken

__all__ = ["open_zip", "parse_xml", "part"]

LARGEST = 1_000_000_000
"""Bytes that the parts of a file may take up once they are unpacked."""


def open_zip(data: bytes, what: str) -> zipfile.ZipFile:
    """Return the archive with the bytes ``data``, which should be a file of kind ``what``.

    Raises:
        DocumentError: it is broken, password-protected or too large when unpacked.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise broken(what) from error
    parts = archive.infolist()
    if sum(member.file_size for member in parts) > LARGEST:
        raise DocumentError(f"holds more than {LARGEST // 1_000_000} MB once it is unpacked")
    if parts and all(member.flag_bits & 1 for member in parts if not member.is_dir()):
        raise DocumentError("is protected with a password: save it without one")
    return archive


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the bytes of the member ``name``; empty if there is none."""
    try:
        return archive.read(name)
    except KeyError:
        return b""


def parse_xml(data: bytes) -> Any:
    """Return the root of an XML document; declared entities are not expanded, and nothing is loaded."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))
