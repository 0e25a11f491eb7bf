"""Files of every format, made here, that say the same kinds of things: what stands in them is known."""

from __future__ import annotations

import io
import json
import mailbox
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, time
from email.message import EmailMessage
from pathlib import Path

import pptx
import xlsxwriter
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name if name != "draw" else "drawing"}:1.0"'
    for name in ("office", "text", "table", "draw", "presentation", "meta")
)


def archive(parts: Mapping[str, str | bytes], mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        if mimetype:
            made.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name, content in parts.items():
            made.writestr(name, content)
    return buffer.getvalue()


def xlsx() -> bytes:
    """Hire prices with a title, a formula, a date, a percentage and a time; figures under two rows of header."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    pounds, percent = book.add_format({"num_format": "£#,##0.00"}), book.add_format({"num_format": "0.0%"})
    day, hour = book.add_format({"num_format": "d mmmm yyyy"}), book.add_format({"num_format": "hh:mm"})
    prices = book.add_worksheet("Room hire")
    prices.merge_range("B2:F2", "Charges for halls")
    prices.write_row("B4", ["Room", "Deposit", "Day rate", "From", "Opens"])
    for row, (room, deposit, rate, start) in enumerate(
        [("Assembly Hall", 0.125, 1250, date(2024, 4, 3)), ("Garden Pavilion", 0.2, 340.5, date(2025, 9, 30))], start=4
    ):
        prices.write(row, 1, room)
        prices.write(row, 2, deposit, percent)
        prices.write(row, 3, rate, pounds)
        prices.write_datetime(row, 4, start, day)
        prices.write_datetime(row, 5, time(8, 30), hour)
    prices.write(7, 1, "Both together")
    prices.write_formula("D8", "=D5+D6", pounds, 1590.5)
    visits = book.add_worksheet("Visitors")
    visits.merge_range("A1:A2", "Museum")
    visits.merge_range("B1:C1", 2024)
    visits.write_row("B2", ["Spring", "Autumn"])
    visits.write_row("A3", ["Tram Shed", 4120, 3870])
    visits.write_row("A4", ["Clock Tower", 990, 1204])
    hidden = book.add_worksheet("Scratch")
    hidden.write("A1", "nobody sees this")
    hidden.hide()
    book.close()
    return buffer.getvalue()


def spreadsheet_ods() -> bytes:
    def cells(*texts: str) -> str:
        values = "".join(
            f'<table:table-cell office:value-type="{"float" if text[:1] in "£0123456789" else "string"}">'
            f"<text:p>{text}</text:p></table:table-cell>"
            for text in texts
        )
        return f"<table:table-row>{values}</table:table-row>"

    rows = cells("Boat", "Skipper", "Berth fee") + cells("Kingfisher", "Maud Perrin", "£1,480.00")
    rows += cells("Sandpiper", "Owen Tull", "£960.50")
    rows += '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    content = (
        f"<office:document-content {ODF}><office:body><office:spreadsheet>"
        f'<table:table table:name="Moorings">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return archive({"content.xml": content}, "application/vnd.oasis.opendocument.spreadsheet")


def odt() -> bytes:
    content = f"""<office:document-content {ODF}><office:body><office:text>
<text:tracked-changes><text:changed-region><text:deletion><text:p>struck out</text:p></text:deletion>
</text:changed-region></text:tracked-changes>
<text:h text:outline-level="1">Allotment rules</text:h>
<text:h text:outline-level="2">Water</text:h>
<text:p>The standpipe is<text:s text:c="2"/>turned off from 15 November.<text:note>
<text:note-citation>1</text:note-citation>
<text:note-body><text:p>Frost dates vary.</text:p></text:note-body></text:note></text:p>
<text:list><text:list-item><text:p>Hoses need a non-return valve.</text:p></text:list-item></text:list>
<text:h text:outline-level="2">Fees</text:h>
<table:table><table:table-row><table:table-cell><text:p>Plot</text:p></table:table-cell>
<table:table-cell><text:p>Yearly rent</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>Half plot</text:p></table:table-cell>
<table:table-cell><text:p>£27.50</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>Full plot</text:p></table:table-cell>
<table:table-cell><text:p>£49.00</text:p></table:table-cell></table:table-row></table:table>
</office:text></office:body></office:document-content>"""
    return archive({"content.xml": content}, "application/vnd.oasis.opendocument.text")


def csv() -> bytes:
    rows = ["Gerät;Standort;Nächste Prüfung;Kosten", "Aufzug;Halle 3;12.05.2025;1.250,00 €"]
    rows += ["Feuerlöscher;Küche;03.09.2024;48,90 €", '"Tor; elektrisch";Hof;01.02.2026;310,00 €']
    return "\r\n".join(rows).encode("cp1252")


def presentation() -> bytes:
    made = pptx.Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text = "Harbour dredging"
    first.placeholders[1].text_frame.text = "The contractor is Velsen Marine."
    paragraph = first.placeholders[1].text_frame.add_paragraph()
    paragraph.text = "Work begins on 7 June."
    first.notes_slide.notes_text_frame.text = "Mention that the silt goes to Bramble Bank."
    second = made.slides.add_slide(made.slide_layouts[5])
    second.shapes.title.text = "Budget"
    table = second.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for at, text in enumerate(["Item", "Amount", "Survey", "€84,000", "Barge hire", "€212,000"]):
        table.cell(at // 2, at % 2).text = text
    third = made.slides.add_slide(made.slide_layouts[5])
    third.shapes.title.text = "Depth by year"
    data = CategoryChartData()
    data.categories = ["2022", "2023"]
    data.add_series("Depth in metres", (5.2, 4.75))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(2), Inches(6), Inches(4), data)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def rtf() -> bytes:
    return (
        rb"{\rtf1\ansi\ansicpg1252{\info{\title Choir handbook}}"
        rb"\b Rehearsals\b0\par\par We sing in St Anne\rquote s Hall on Thursdays at 19:15.\par\par "
        rb"\b Uniform\b0\par\par The scarf is \'84burgundy\'93 and costs \'a314.\par\par "
        rb"\trowd\cellx3000\cellx6000 Voice\cell Leader\cell\row \trowd\cellx3000\cellx6000 Alto\cell "
        rb"Ren\'e9e Falk\cell\row}"
    )


ALMANAC = (
    ("The first lamp", "<p>Tobias lit the first lamp in Gannet Street.</p>"),
    ("The oil", "<p>A gallon of colza oil burned for eleven nights.</p>"),
)


def epub(
    title: str = "The Lamplighter's Almanac", day: str = "1998-05-01", chapters: Sequence[tuple[str, str]] = ALMANAC
) -> bytes:
    """A book; in its manifest the chapters stand in the wrong order."""
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    )
    names = [f"part {number}.xhtml" for number in range(len(chapters))]
    items = "".join(f'<item id="c{n}" href="part%20{n}.xhtml"/>' for n in reversed(range(len(chapters))))
    order = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = f"""<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>{title}</dc:title><dc:date>{day}</dc:date></metadata>
<manifest>{items}<item id="n" href="nav.xhtml" properties="nav"/></manifest>
<spine><itemref idref="n"/>{order}</spine></package>"""
    page = "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>{}</h1>{}</body></html>"
    pages = {f"OPS/{name}": page.format(*chapter) for name, chapter in zip(names, chapters, strict=True)}
    nav = page.format("Contents", f"<p>{', '.join(name for name, _ in chapters)}</p>")
    parts = {"META-INF/container.xml": container, "OPS/book.opf": package, "OPS/nav.xhtml": nav, **pages}
    return archive(parts, "application/epub+zip")


ROOF = (
    "Dear all,\n\nthe roofer Halden & Sons asks £6,300 for the north side.\n\nInes\n\n"
    "On Mon, 4 Mar 2024 at 18:00, Piet Roos wrote:\n> Did the roofer answer?\n> We need scaffolding by May.\n"
)


def mail(subject: str = "Roof repair", attachments: Sequence[tuple[str, bytes]] = (), text: str = ROOF) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Ines Abel <ines@example.org>"
    made["To"] = "board@example.org"
    made["Date"] = "Tue, 05 Mar 2024 09:10:00 +0100"
    made["Subject"] = subject
    made["Message-ID"] = "<1@example.org>"
    made.set_content(text)
    made.add_alternative("<p>the same as a page</p>", subtype="html")
    for name, content in attachments:
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made


def mbox(folder: Path) -> bytes:
    box = mailbox.mbox(folder / "made.mbox")
    for subject, text in (
        ("Bees", "The hives move to Tern Farm."),
        ("Bees", "From Monday on the smoker is in shed 4."),
    ):
        box.add(mail(subject, text=text))
    box.close()
    return (folder / "made.mbox").read_bytes()


def notebook() -> bytes:
    cells = [
        {"cell_type": "markdown", "source": ["# Tide model\n", "\n", "Fitted on data from Port Selsk."]},
        {
            "cell_type": "code",
            "source": "print(fit(amplitude))",
            "outputs": [{"output_type": "stream", "text": ["amplitude 3.82 m\n"]}],
        },
    ]
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}).encode()


def msg(subject: str, body: str, attachment: tuple[str, bytes]) -> bytes:
    """A mail as Outlook saves it: a compound file with a stream a property."""
    text, binary, integer = 0x001F, 0x0102, 0x0003
    root = {0x0037: (text, subject), 0x1000: (text, body), 0x0C1A: (text, "Ola Brandt"), 0x001A: (text, "IPM.Note")}
    root |= {0x0C1F: (text, "ola@example.org")}
    inner = {0x3707: (text, attachment[0]), 0x3701: (binary, attachment[1]), 0x3705: (integer, 1)}
    tree = _properties(root, bytes(32)) | {"__attach_version1.0_#00000000": _properties(inner, bytes(8))}
    return compound(tree)


def _properties(values: Mapping[int, tuple[int, str | bytes | int]], head: bytes) -> dict[str, bytes | dict]:
    streams, table = dict[str, bytes | dict](), head
    for number, (kind, value) in values.items():
        data = value.encode("utf-16-le") if isinstance(value, str) else value
        size = data if isinstance(data, int) else len(data) + (2 if kind == 0x001F else 0)
        table += struct.pack("<HHIII", kind, number, 6, size, 0)
        if not isinstance(data, int):
            streams[f"__substg1.0_{number:04X}{kind:04X}"] = data
    return streams | {"__properties_version1.0": table}


def compound(tree: Mapping[str, bytes | dict]) -> bytes:
    """A compound file (MS-CFB) of up to 128 sectors: header, allocation table, chains of long and short sectors."""
    names: list[list] = [["Root Entry", 5, -1, -1, 0xFFFFFFFE, 0]]
    long, short = _Chains(512, 1), _Chains(64, 0)

    def add(parent: int, inner: Mapping[str, bytes | dict]) -> None:
        before = -1
        for name, content in sorted(inner.items(), key=lambda item: (len(item[0]), item[0].upper())):
            number = len(names)
            names.append([name, 1 if isinstance(content, dict) else 2, -1, -1, 0xFFFFFFFE, 0])
            names[parent if before < 0 else before][3 if before < 0 else 2] = number
            before = number
            if isinstance(content, dict):
                add(number, content)
            elif content:
                chains = short if len(content) < 4096 else long
                names[number][4:] = [chains.store(content), len(content)]

    add(0, tree)
    names[0][4:] = [long.store(short.body), len(short.body)]
    short_table = long.store(struct.pack(f"<{len(short.table)}I", *short.table))
    directory = long.store(b"".join(_entry(*name) for name in names))
    assert len(long.table) <= 128 and len(short.table) <= 128
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIIII", 0, 1, directory, 0, 4096, short_table, 1, 0xFFFFFFFE, 0, 0)
    head += struct.pack("<I", 0xFFFFFFFF) * 108
    return head + struct.pack(f"<{len(long.table)}I", *long.table).ljust(512, b"\xff") + long.body


class _Chains:
    """Sectors of one size, and the table that says which follows which; ``first`` are taken already."""

    def __init__(self, size: int, first: int) -> None:
        self.size, self.table, self.body = size, [0xFFFFFFFD] * first, b""

    def store(self, data: bytes) -> int:
        first, count = len(self.table), -(-len(data) // self.size)
        self.table += [*range(first + 1, first + count), 0xFFFFFFFE]
        self.body += data.ljust(count * self.size, b"\0")
        return first


def _entry(name: str, kind: int, right: int, child: int, first: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    links = struct.pack("<HBBiii", len(text) + 2, kind, 1, -1, right, child)
    return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", first, size)
