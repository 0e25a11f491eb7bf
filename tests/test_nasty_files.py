"""Hundreds of files that are not what they should be: each is read or named with its reason, and harms no other."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import fpdf
import pytest
from makers import ODF, archive, csv, epub, mail, mbox, msg, notebook, odt, presentation, rtf, spreadsheet_ods, xlsx

from rag.documents import SUFFIXES, Failure
from rag.reading import FileReader, Limits
from rag.types import Document

LIMITS = Limits(seconds=60, memory=1 << 30)
MANY = 'table:number-columns-repeated="9999999"'
SECRET = "the secret of this machine"
LAUGHS = "<!DOCTYPE x [" + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10)) + "]>"


def word() -> bytes:
    made, buffer = docx.Document(), io.BytesIO()
    made.add_heading("Rules")
    made.add_paragraph("A rule.")
    made.save(buffer)
    return buffer.getvalue()


def pdf() -> bytes:
    made = fpdf.FPDF()
    made.set_font("Helvetica")
    made.add_page()
    made.cell(text="A page.")
    return bytes(made.output())


def good(folder: Path) -> dict[str, bytes]:
    return {
        ".txt": b"A text.\n",
        ".md": b"# Title\n\nA text.\n",
        ".html": b"<!DOCTYPE html><title>T</title><p>A page.</p>",
        ".pdf": pdf(),
        ".docx": word(),
        ".pptx": presentation(),
        ".xlsx": xlsx(),
        ".ods": spreadsheet_ods(),
        ".odt": odt(),
        ".csv": csv(),
        ".rtf": rtf(),
        ".epub": epub(),
        ".eml": mail(attachments=[("a.csv", csv())]).as_bytes(),
        ".msg": msg("Subject", "Body", ("a.txt", b"text")),
        ".mbox": mbox(folder),
        ".json": b'{"a": {"b": [1, 2.50, {"c": null}]}}',
        ".jsonl": b'{"a": 1}\n{"a": 2}\n',
        ".ipynb": notebook(),
        ".zip": archive({"a.txt": "A text.", "b.csv": csv()}),
    }


def damaged(files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Cut off, flipped and wrongly named ones."""
    draw = random.Random(7)
    for suffix, data in files.items():
        for share in (0.1, 0.5, 0.9, 0.99):
            yield f"cut-{share}{suffix}", data[: int(len(data) * share)]
        for number in range(3):
            flipped = bytearray(data)
            for _ in range(1 + len(data) // 200):
                flipped[draw.randrange(len(data))] = draw.randrange(256)
            yield f"flipped-{number}{suffix}", bytes(flipped)
        for other in draw.sample(sorted(files), 3):
            yield f"is{suffix[1:]}-named{other}", data
        yield f"behind-zeros{suffix}", bytes(64) + data
    for suffix in sorted(SUFFIXES):
        yield f"empty{suffix}", b""
        yield f"noise{suffix}", draw.randbytes(3000)


def bombs(secret: Path) -> Iterator[tuple[str, bytes]]:
    """Files that unpack to much, nest deeply, ask for other files, or claim to be huge."""
    external = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    for kind, entity, head in (("laughs", "&a9;", LAUGHS), ("outside", "&e;", external)):
        body = f"<office:body><office:text><text:p>A text {entity}</text:p></office:text></office:body>"
        content = f"{head}<office:document-content {ODF}>{body}</office:document-content>"
        yield f"{kind}.odt", archive({"content.xml": content}, "application/vnd.oasis.opendocument.text")
        yield f"{kind}.html", f"{head}<html><p>A text {entity}".encode()
        for name, data in (
            ("xl/sharedStrings.xml", xlsx()),
            ("word/document.xml", word()),
            ("ppt/presentation.xml", presentation()),
        ):
            suffix = {"xl": ".xlsx", "wo": ".docx", "pp": ".pptx"}[name[:2]]
            yield f"{kind}{suffix}", replaced(data, name, head, entity)
        yield f"{kind}.epub", replaced(epub(), "OPS/part 1.xhtml", head, entity)
        yield f"{kind}-package.epub", replaced(epub(), "OPS/book.opf", head, entity)
    zeros = bytes(40_000_000)
    bomb = archive({f"{n}.txt": zeros for n in range(2)})
    yield "bomb.zip", bomb
    yield "bombs.zip", archive({f"{n}.zip": bomb for n in range(4)})
    yield "bomb.odt", archive({"content.xml": zeros}, "application/vnd.oasis.opendocument.text")
    yield "bomb.xlsx", archive({"[Content_Types].xml": "<a/>", "xl/workbook.xml": zeros})
    yield "many.zip", archive({f"{n}.txt": "text" for n in range(500)})
    yield (
        "quine.zip",
        archive({"a.zip": archive({"a.zip": archive({"a.zip": archive({"a.zip": archive({"a.zip": b"PK"})})})})}),
    )
    yield "deep.json", b"[" * 100_000 + b"]" * 100_000
    yield "deep-objects.json", b'{"a":' * 900 + b"1" + b"}" * 900
    yield "deep-list.json", b'[{"a":' * 300 + b"1" + b"}]" * 300
    yield "deep.html", b"<html>" + b"<div>" * 20_000 + b"text"
    yield "deep.rtf", b"{\\rtf1 " + b"{" * 50_000 + b"text" + b"}" * 50_000
    yield (
        "deep.odt",
        archive(
            {"content.xml": f"<office:document-content {ODF}>{'<text:p>' * 5000}"},
            "application/vnd.oasis.opendocument.text",
        ),
    )
    yield (
        "deep.eml",
        b"From: a@b\nMIME-Version: 1.0\n"
        + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(400)),
    )
    yield "columns.csv", b"a," * 50_000 + b"\n" + b"1," * 50_000
    yield "one-line.csv", b"a,b\n" + b"x" * 2_000_000
    yield "quote.csv", b'a,b\n"' + b"never closed,\n" * 50_000
    cell = 'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
    rows = f'<table:table-row table:number-rows-repeated="9999999"><table:table-cell {MANY} {cell}'
    rows += "<table:table-row><table:table-cell><text:p>y</text:p></table:table-cell></table:table-row>"
    table = f'<office:spreadsheet><table:table table:name="a">{rows}</table:table></office:spreadsheet>'
    sheets = f"<office:document-content {ODF}><office:body>{table}</office:body></office:document-content>"
    yield "repeated.ods", archive({"content.xml": sheets}, "application/vnd.oasis.opendocument.spreadsheet")


def replaced(data: bytes, name: str, head: str, entity: str) -> bytes:
    """The archive with a declaration in front of one member, and its entity in its first text."""
    made = {}
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for part in parts.namelist():
            made[part] = parts.read(part)
    text = made[name].decode().partition("?>")
    body = text[2] if text[0].startswith("<?xml") else made[name].decode()
    first = body.rindex("</")
    made[name] = f"{head}{body[:first]}{entity}{body[first:]}".encode()
    return archive(made, made.pop("mimetype", b"").decode())


def odd() -> Iterator[tuple[str, bytes]]:
    """Texts in other encodings and directions, and names that lead elsewhere."""
    for encoding in ("utf-16", "utf-16-be", "utf-32", "cp1252", "utf-8-sig"):
        yield f"{encoding}.csv", "Größe,Preis\nKlein,4 €\n".encode(encoding, "replace")
        yield f"{encoding}.json", json.dumps({"größe": "klein"}, ensure_ascii=False).encode(encoding, "replace")
    yield "right-to-left.csv", "اسم,سعر\nشاي,4\nقهوة,5\n".encode()
    yield "right-to-left.eml", mail("שלום עולם", text="טקסט בעברית.\n").as_bytes()
    yield "mixed-marks.txt", "A \u202eesrever\u202c B \u200d\u200b\ufeff C".encode()
    names = [
        "../../etc/passwd.txt",
        "/root/a.txt",
        "C:\\a\\b.txt",
        "a\nb.txt",
        "x" * 300 + ".txt",
        "con.",
        "\u202egpj.txt",
        ".",
    ]
    yield "names.zip", archive(dict.fromkeys(names, "Some text."))
    yield "names.eml", mail(attachments=[(name.replace("\n", " "), b"Some text.") for name in names]).as_bytes()
    yield (
        "header.eml",
        b"From: =?bad?q?=ff=fe?= <a@b\nDate: never\nSubject: =?utf-8?b?!!!?=\nMIME-Version: 1.0\n\nA text.\n",
    )
    yield "charset.eml", b"From: a@b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=klingon\n\nA text.\n"
    yield "no-body.eml", b"From: a@b\nMIME-Version: 1.0\nSubject: Nothing\n\n"
    yield "numbers.json", b'{"a": 1e999, "b": NaN, "c": 123456789012345678901234567890, "d": -0.0}'
    yield "broken-line.jsonl", b'{"a": 1}\n{"a": \n'
    yield "empty-lists.json", b'{"a": [], "b": {}, "c": [[]], "d": [{}]}'


PEAKS = list[int]()
"""Bytes that each process had at most, as it was after each file."""


def note_peak(reader: FileReader) -> None:
    process = reader._process
    if process and process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        PEAKS.append(int(status.split("VmHWM:")[1].split()[0]) * 1024)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> dict[str, list[Document | Failure]]:
    folder = tmp_path_factory.mktemp("nasty")
    secret = folder / "secret"
    secret.write_text(SECRET)
    files = {**dict(damaged(good(tmp_path_factory.mktemp("box")))), **dict(bombs(secret)), **dict(odd())}
    found = {}
    with FileReader(LIMITS) as reader:
        for name, data in files.items():
            (folder / "in").mkdir(exist_ok=True)
            path = folder / "in" / name
            path.write_bytes(data)
            found[name] = list(reader.read(path, name))
            note_peak(reader)
            path.unlink()
        for suffix, data in good(tmp_path_factory.mktemp("box")).items():
            path = folder / f"last{suffix}"
            path.write_bytes(data)
            found[path.name] = list(reader.read(path, path.name))
    return found


def test_there_are_hundreds_and_each_is_read_or_named_with_its_reason(outcomes):
    assert len(outcomes) > 300
    for name, items in outcomes.items():
        assert items[-1].name == name
        for item in items:
            assert isinstance(item, Document) or (item.reason and "\n" not in item.reason), name


def test_what_cannot_be_right_is_refused(outcomes):
    for name, items in outcomes.items():
        if name.startswith("empty.") or name in ("bomb.zip", "deep.json", "broken-line.jsonl"):
            wrong = items if name != "bomb.zip" else items[:-1]
            assert all(isinstance(item, Failure) for item in wrong), (name, items)


def test_no_file_tells_what_stands_in_another(outcomes):
    for name, items in outcomes.items():
        for item in items:
            text = item.text if isinstance(item, Document) else item.reason
            assert SECRET not in text, name
            assert text.count("ha") < 10_000, name


def test_names_inside_files_stay_inside(outcomes):
    inner = [item.name for items in outcomes.values() for item in items if "/" in item.name]
    assert len(inner) > 500
    assert not any(
        part in ("", ".", "..") or "\\" in part or "\n" in part for name in inner for part in name.split("/")
    )


def test_good_files_are_read_as_ever_afterwards(outcomes):
    last = {name: items for name, items in outcomes.items() if name.startswith("last.")}
    assert len(last) == 19
    assert all(isinstance(item, Document) for items in last.values() for item in items)


def test_the_memory_stays_under_the_limit(outcomes):
    assert len(PEAKS) > len(outcomes) / 2
    assert max(PEAKS) < LIMITS.memory
