"""Every format and every failure, by real files made here."""

import hashlib
import io
import json
import os
import re
import sqlite3
import threading
import unicodedata
import zipfile
from datetime import datetime
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from fpdf import FPDF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import documents
from rag.documents import SUFFIXES, decode, find, read, supported
from rag.errors import DocumentError

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture
def file(tmp_path):
    """Write bytes or text to a file of the given name, and return its path."""

    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def headings(document):
    return [(document.text[h.start : h.end], h.level) for h in document.headings]


def refused(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        read(path, path.name)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name not in message
    return message


# Plain text and Markdown


def test_the_seeds_have_their_titles_and_dates():
    found = {name: read(path, name) for name, path in find(SEEDS) if path.suffix == ".txt"}

    assert [(document.title, document.date) for _, document in sorted(found.items())] == [
        ("London Co-production Roadshow", "2011-04-18"),
        ("Right Here, Right Now: taking co-production into the mainstream", "2010-07-20"),
        ("Manchester Co-Production Roadshow", "2011-04-07"),
        ("Cardiff Co-production Roadshow", "2011-03-11"),
        ("Birmingham Co-production Roadshow", "2011-03-29"),
    ]
    for name, document in found.items():
        assert document.text == (SEEDS / name).read_bytes().decode()
        assert document.sha256 == hashlib.sha256((SEEDS / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_text_is_kept_character_by_character(file, suffix):
    content = "Ein  Titel\r\n\r\n\tText\u00a0mit\u2028Zeilen\rund 👩‍👧 e\u0301 ohne Ende"
    assert read(file("a" + suffix, content), "a").text == content
    assert read(file("b" + suffix, b"\xef\xbb\xbf" + content.encode()), "b").text == content


def test_markdown(file):
    found = read(file("a.md", "# The *whole* [thing](x)\n\nDate: 5 March 2010\n\n## Part\n\nText."), "n/a.md")

    assert (found.name, found.media_type) == ("n/a.md", "text/markdown")
    assert (found.title, found.date) == ("The whole thing", "2010-03-05")
    assert headings(found) == [("The *whole* [thing](x)", 1), ("Part", 2)]
    assert found.pages == ()


def test_front_matter_gives_title_and_date(file):
    found = read(file("a.md", "---\ntitle: 'My title'\ndate: 2011-03-11\n---\n\n# Other\n\nText."), "a.md")
    assert (found.title, found.date) == ("My title", "2011-03-11")
    assert found.text.startswith("---\n")


def test_a_file_of_many_documents_does_not_take_the_title_of_the_first(file):
    found = read(file("a.md", "".join(f"# Part {n}\n\n## Sub\n\nText.\n\n" for n in range(3))), "a.md")
    assert found.title == ""


# Encodings

GERMAN = "Der Bürgermeister übt die größten Öl-Geschäfte – für “alle” Straßen, 5 € täglich.\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp1252"),
        ("Café à la carte", "latin-1"),
        ("naïve", "latin-1"),
        ("It’s a £5 price – don’t", "cp1252"),
        ("El niño comió mañana en España. ¿Qué?", "cp1252"),
        ("Zażółć gęślą jaźń. Wszyscy ludzie rodzą się wolni i równi pod względem godności.", "cp1250"),
        ("Все люди рождаются свободными и равными в своем достоинстве и правах.", "cp1251"),
        ("Все люди рождаются свободными и равными в своем достоинстве и правах.", "koi8-r"),
        ("すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。", "shift_jis"),
        ("人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。", "gb18030"),
        ("Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια", "cp1253"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-32"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        ("plain text without accents, as UTF-16", "utf-16-le"),
    ],
)
def test_encodings_are_detected(file, text, encoding):
    assert decode(text.encode(encoding)) == text
    assert read(file("a.txt", text.encode(encoding)), "a.txt").text == text


def test_utf8_with_a_damaged_character_stays_utf8():
    data = (GERMAN * 20).encode()
    broken = data[: data.index(b"\xc3") + 1] + data[data.index(b"\xc3") + 2 :]
    assert decode(broken).count("\ufffd") == 1
    assert decode((GERMAN * 20).encode()[:-2] + "ü".encode()[:1]).startswith(GERMAN)


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 40,
        os.urandom(5000),
        b"abc\0\1\2\3\4" * 99,
    ],
    ids=["all bytes", "noise", "controls"],
)
def test_binary_data_is_refused(file, data):
    assert "binary data" in refused(file("a.txt", data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7\n...", "is broken or is not a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\1\2\xff" * 200, "is a picture (PNG)"),
        (b"\x1f\x8b\x08\0\0\0\0\0\xff\xfe", "is compressed (gzip)"),
    ],
)
def test_another_format_named_txt_is_refused_as_what_it_is(file, data, reason):
    assert reason in refused(file("a.txt", data))


def test_nothing_that_cannot_be_stored_reaches_the_text(file):
    found = read(file("a.txt", "A zero\0 in text. " + "It goes on for long enough, does it not? " * 9), "a.txt")

    assert "\0" not in found.text
    assert found.text.startswith("A zero\ufffd in")  # one for one, so that offsets stay


@given(st.binary(max_size=300), st.sampled_from(sorted(SUFFIXES)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_any_bytes_are_read_or_refused(tmp_path, data, suffix):
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    try:
        found = read(path, path.name)
    except DocumentError as error:
        assert str(error)
        return
    assert "\0" not in found.text
    found.text.encode()
    found.title.encode()
    sqlite3.connect(":memory:").execute("select ?, ?", (found.text, json.dumps(found.title))).fetchone()
    assert all(0 <= h.start < h.end <= len(found.text) for h in found.headings)


# HTML

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title> The  page </title>
<meta property="article:published_time" content="2011-03-11T10:00:00Z">
<style>p {color: red}</style><script>var x = "<p>no</p>"</script></head>
<body><nav><a href=/>Home</a></nav><header><h1>The <em>great</em> page</h1></header>
<p>First&nbsp;paragraph with <b>bold</b>
   and <a href=x>a link</a>.<br>New line.<!-- no comment --></p>
<h2>List</h2><ul><li>One</li><li><p>Two</p><ul><li>Deep</li></ul></li></ul><ol start=3><li>Three<li>Four</ol>
<table><caption>Prices</caption><tr><th>Name</th><th>Price</th></tr><tr><td>Tea</td><td><p>£2</p></td></tr><tr><td></td></tr></table>
<div>Loose <div>nested</div> tail</div>
<pre>code  x
  y</pre><p hidden>Hidden</p><dl><dt>Term</dt><dd>Meaning</dd></dl>
<noscript>Turn it on</noscript><footer>© all rights</footer></body></html>"""


def test_html(file):
    found = read(file("a.html", PAGE), "a.html")

    assert found.text == (
        "The great page\n\nFirst\xa0paragraph with bold and a link.\nNew line.\n\n"
        "List\n\n• One\n• Two\n  • Deep\n3. Three\n4. Four\n\n"
        "Prices\n\nName | Price\nTea | £2\n\nLoose\n\nnested\n\ntail\n\ncode  x\n  y\n\nTerm: Meaning"
    )
    assert (found.title, found.date, found.media_type) == ("The page", "2011-03-11", "text/html")
    assert headings(found) == [("The great page", 1), ("List", 2)]


@pytest.mark.parametrize(
    ("head", "body", "date"),
    [
        ('<meta name="DC.date" content="5 March 2010">', "", "2010-03-05"),
        ("", '<time datetime="2010-03-05">last week</time>', "2010-03-05"),
        ("", "<time>5 March 2010</time>", "2010-03-05"),
        ('<meta name="date" content="2009-01-01">', "<p>Published: 5 March 2010</p>", "2010-03-05"),
        ("", "", ""),
    ],
)
def test_dates_of_html(file, head, body, date):
    assert read(file("a.htm", f"<html><head>{head}</head><body>{body}<p>Text.</p></body>"), "a").date == date


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<dt>Projector</dt><dd>£15 a hire</dd>", "Projector: £15 a hire"),
        ("<dt>Can I pay <b>later</b>?</dt><dd>No.</dd>", "Can I pay later? No."),
        ("<dt>Fee:</dt><dd>£5</dd><dt>Deposit</dt><dd>£9</dd>", "Fee: £5\nDeposit: £9"),
        ("<dt>Lift</dt><dd>First.</dd><dd>Second.</dd>", "Lift: First.\nSecond."),
        ("<dt>Tea</dt><dt>Soup</dt><dd>£2</dd>", "Tea:\nSoup: £2"),
        ("<dt>Keys</dt><dd><p>With Ann.</p><p>Not Bo.</p></dd>", "Keys: With Ann.\n\nNot Bo."),
        ("<dt></dt><dd>£2</dd>", "£2"),
        ("<dt>Tea</dt>", "Tea:"),
    ],
)
def test_a_definition_stands_behind_its_term(file, body, text):
    assert read(file("a.html", f"<p>Prices</p><dl>{body}</dl>"), "a").text == f"Prices\n\n{text}".strip()


def test_a_term_without_a_definition_is_not_put_before_what_comes_behind_its_list(file):
    assert read(file("a.html", "<dl><dt>Tea</dt></dl><p>Next.</p>"), "a").text == "Tea:\n\nNext."


def test_a_table_that_only_lays_out_the_page_is_no_table(file):
    page = "<table><tr><td><h1>Title</h1><p>Text one.</p><p>Text two.</p></td><td><ul><li>a</ul></td></tr></table>"
    assert read(file("a.html", page), "a").text == "Title\n\nText one.\n\nText two.\n\n• a"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16"])
def test_html_in_the_encoding_it_declares(file, encoding):
    page = f'<html><head><meta charset="{encoding}"></head><body><p>{GERMAN}</p></body></html>'
    assert read(file("a.html", page.encode(encoding)), "a").text == GERMAN.strip()


def test_xhtml_and_fragments(file):
    page = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Straße</p></body></html>'
    assert read(file("a.xhtml", page), "a").text == "Straße"
    assert read(file("b.xhtml", '<?xml version="1.0"?><doc><p>Text</p></doc>'), "b").text == "Text"
    assert read(file("c.html", "just words"), "c").text == "just words"


def test_html_nested_deeper_than_the_stack(file):
    assert "deep" in read(file("a.html", "<div>" * 200 + "deep" + "</div>" * 200), "a").text
    assert "top" in read(file("b.html", "<p>top</p>" + "<div>" * 100_000 + "deep"), "b").text


def test_html_without_text_is_empty(file):
    assert "is empty" in refused(file("a.html", "<html><body><script>x</script><nav>Home</nav></body></html>"))


# PDF


def pdf(**metadata) -> FPDF:
    made = FPDF()
    made.set_font("helvetica", size=11)
    if metadata.get("title"):
        made.set_title(metadata["title"])
    made.set_creation_date(metadata.get("date", datetime(2011, 3, 11)))
    return made


def heading(made: FPDF, text: str, size: int) -> None:
    made.set_font("helvetica", size=size)
    made.cell(0, size, text, new_x="LMARGIN", new_y="NEXT")
    made.set_font("helvetica", size=11)


def test_pdf(file):
    made = pdf(title="The report")
    made.add_page()
    heading(made, "Great expectations", 22)
    made.multi_cell(0, 6, "The quick brown fox jumps over the lazy dog and then goes on. " * 5)
    made.ln(8)
    made.multi_cell(0, 6, "A new paragraph. A hyphen-\nated word, and co-\noperation like co-operation.")
    made.add_page()
    made.add_page()
    heading(made, "Second part", 15)
    made.multi_cell(0, 6, "Page three has this.")
    found = read(file("a.pdf", bytes(made.output())), "a.pdf")

    assert (found.title, found.date, found.media_type) == ("The report", "2011-03-11", "application/pdf")
    assert headings(found) == [("Great expectations", 1), ("Second part", 2)]
    assert found.text == (
        "Great expectations\n\n"
        + ("The quick brown fox jumps over the lazy dog and then goes on. " * 5).strip()
        + "\n\n"
        "A new paragraph. A hyphenated word, and co-operation like co-operation.\n\nSecond part\n\nPage three has this."
    )
    assert len(found.pages) == 3
    assert found.pages[0] == 0
    assert found.text[found.pages[2] :].startswith("Second part")
    assert found.empty_pages == (2,)


def test_a_sentence_goes_on_over_a_page(file):
    made = pdf()
    for text in ("It begins on one page and", "ends on the next."):
        made.add_page()
        made.multi_cell(0, 6, text)
    found = read(file("a.pdf", bytes(made.output())), "a.pdf")

    assert found.text == "It begins on one page and\nends on the next."
    assert found.pages == (0, 26)


def test_page_numbers_and_running_lines_of_a_pdf(file):
    made = pdf()
    for number, text in enumerate(("It begins here and goes", "on over two pages.", "Invoice 7"), 1):
        made.add_page()
        for line in ("The annual report", text, f"Page {number} of 3"):
            made.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    found = read(file("a.pdf", bytes(made.output())), "a.pdf")

    assert found.text == "The annual report It begins here and goes\non over two pages.\n\nInvoice 7"
    assert [found.text[at:][:2] for at in found.pages] == ["Th", "on", "In"]


def test_a_table_of_contents_is_no_headings(file):
    made = pdf()
    made.add_page()
    heading(made, "Aims . . . . . . . . . . . . 4", 16)
    heading(made, "Means . . . . . . . . . . . . 7", 16)
    made.multi_cell(0, 6, "Some text of the body. " * 20)
    assert read(file("a.pdf", bytes(made.output())), "a.pdf").headings == ()


def test_the_title_of_a_pdf_is_not_what_a_program_put_there(file):
    made = pdf(title="Microsoft Word - final2.doc")
    made.add_page()
    heading(made, "The real title", 22)
    made.multi_cell(0, 6, "Text of the document. " * 5)
    assert read(file("a.pdf", bytes(made.output())), "a.pdf").title == "The real title"


def test_a_scan_is_refused(file):
    made = pdf()
    made.add_page()
    made.rect(10, 10, 50, 50, style="F")
    assert "scan without text" in refused(file("a.pdf", bytes(made.output())))
    assert "OCR" in refused(file("b.pdf", bytes(made.output())))


def test_a_pdf_with_a_password_is_refused(file):
    made = pdf()
    made.set_encryption(owner_password="owner", user_password="user")
    made.add_page()
    made.cell(text="secret")
    assert "protected with a password" in refused(file("a.pdf", bytes(made.output())))


def test_a_pdf_that_only_forbids_printing_is_read(file):
    made = pdf()
    made.set_encryption(owner_password="owner")
    made.add_page()
    made.cell(text="not secret")
    assert read(file("a.pdf", bytes(made.output())), "a").text == "not secret"


@pytest.mark.parametrize("cut", [slice(0, 300), slice(200, None), slice(0, 8)])
def test_a_broken_pdf_is_refused(file, cut):
    made = pdf()
    made.add_page()
    made.cell(text="text")
    message = refused(file("a.pdf", bytes(made.output())[cut]))
    assert "is broken or is not a PDF" in message or "without text" in message


def test_pdfs_are_read_by_several_threads(file):
    made = pdf()
    for number in range(20):
        made.add_page()
        made.multi_cell(0, 6, f"Page {number} says this. " * 20)
    path = file("a.pdf", bytes(made.output()))
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(read(path, "a").text)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(texts) == 6
    assert len(set(texts)) == 1


# Word


def saved(made) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def test_docx(file):
    made = docx.Document()
    made.core_properties.title, made.core_properties.created = "The report", datetime(2011, 3, 11)
    made.add_heading("Chapter", 1)
    made.add_paragraph("First\tparagraph.").add_run(" Bold.").bold = True
    made.add_paragraph("One", style="List Bullet")
    made.add_paragraph("Two", style="List Number")
    table = made.add_table(2, 3)
    for row, texts in zip(table.rows, (["Name", "Price", "Note"], ["Tea", "£2", ""]), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 1).merge(table.cell(1, 2))
    made.add_heading("Section", 2)
    made.add_paragraph("")
    made.add_paragraph("Last.")
    found = read(file("a.docx", saved(made)), "a.docx")

    assert found.text == (
        "Chapter\n\nFirst\tparagraph. Bold.\n\n• One\n1. Two\nName | Price | Note\nTea | £2 | £2\n\nSection\n\nLast."
    )
    assert (found.title, found.date) == ("The report", "2011-03-11")
    assert headings(found) == [("Chapter", 1), ("Section", 2)]


def test_docx_content_controls_and_tracked_changes(file):
    made = docx.Document()
    paragraph = made.add_paragraph("It costs ")
    for tag, name, text in (("w:ins", "w:t", "five"), ("w:del", "w:delText", "four"), ("w:sdt", "w:t", " pounds")):
        outer, run, words = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(name)
        words.text = text
        words.set(qn("xml:space"), "preserve")
        run.append(words)
        outer.append(run)
        paragraph._p.append(outer)
    assert read(file("a.docx", saved(made)), "a").text == "It costs five pounds"


def test_the_title_of_a_docx_may_be_its_first_heading(file):
    made = docx.Document()
    made.add_heading("The heading", 0)
    made.add_paragraph("Text.")
    assert read(file("a.docx", saved(made)), "a").title == "The heading"


def archive(**parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 and no more",
        archive(),
        archive(a="b"),
        archive(**{"[Content_Types].xml": "<a"}),
    ],
    ids=["cut", "empty", "other", "xml"],
)
def test_a_broken_docx_is_refused(file, data):
    assert "is broken or is not a Word file" in refused(file("a.docx", data))


def test_a_docx_cut_short_or_damaged_inside_is_refused(file):
    made = docx.Document()
    made.add_paragraph("Some text. " * 500)
    data = saved(made)
    assert "is broken" in refused(file("a.docx", data[: len(data) // 2]))
    at = data.index(b"word/document.xml") + 60
    assert "is broken" in refused(file("b.docx", data[:at] + b"\xff" * 40 + data[at + 40 :]))


def test_a_docx_that_unpacks_to_too_much_is_refused(file, monkeypatch):
    made = docx.Document()
    made.add_paragraph("x" * 100_000)
    monkeypatch.setattr("rag.formats.docx.LARGEST", 50_000)
    assert "once it is unpacked" in refused(file("a.docx", saved(made)))


def test_an_old_or_protected_word_file_is_refused(file):
    message = refused(file("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500))
    assert "password" in message and ".doc" in message


# Files that cannot be read, and folders


@pytest.mark.parametrize("content", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", "\u200b\u00a0\n".encode(), b"\0\0\0"])
def test_an_empty_file_is_refused(file, content):
    assert "is empty" in refused(file("a.txt", content))


def test_an_unknown_kind_is_refused_with_those_that_are_known(file):
    message = refused(file("a.xyz", "text"))
    assert "is not a supported file type" in message
    assert all(suffix in message for suffix in SUFFIXES)


def test_a_file_that_is_too_large_is_refused(file, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST", 5_000_000)
    path = file("a.txt", "")
    os.truncate(path, 5_000_001)
    assert "larger than 5 MB" in refused(path)


def test_what_cannot_be_opened_is_refused(tmp_path):
    assert "can't be opened: No such file" in refused(tmp_path / "a.txt")
    (tmp_path / "folder.txt").mkdir()
    assert "is a folder" in refused(tmp_path / "folder.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert "can't be opened" in refused(tmp_path / "pipe.txt")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    assert "can't be opened" in refused(tmp_path / "loop.txt")


@pytest.fixture
def nobody():
    """Root may read anything, so be somebody else for a while."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_a_file_without_permission_is_refused(file, request):
    path = file("a.txt", "text")
    path.chmod(0)
    request.getfixturevalue("nobody")
    assert "can't be opened: Permission denied" in refused(path)


def test_a_folder_without_permission_is_found_and_refused(tmp_path, request):
    folder = tmp_path / "closed"
    folder.mkdir()
    tmp_path.chmod(0o755)
    folder.chmod(0)
    request.getfixturevalue("nobody")
    try:
        assert list(documents._walk(folder, "", frozenset(), lambda name: True)) == [("closed", folder)]
    finally:
        if os.getuid() != 0:  # so that it can be cleared away
            folder.chmod(0o700)


def test_find_walks_a_folder_in_order(tmp_path):
    decomposed = unicodedata.normalize("NFD", "für.txt")
    for name in ("b.txt", "a/z.md", "a/b/c.pdf", ".hidden.txt", ".git/x.txt", "c.bin", decomposed):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "d.txt").symlink_to("b.txt")
    (tmp_path / "e.txt").symlink_to("missing")
    os.mkfifo(tmp_path / "f.txt")
    found = dict(find(tmp_path))

    assert list(found) == ["a/b/c.pdf", "a/z.md", "b.txt", "c.bin", "d.txt", "e.txt", "für.txt"]
    assert all(path.is_file() or path.name == "e.txt" for path in found.values())
    assert [name for name in found if supported(found[name])] == [name for name in found if name != "c.bin"]
    assert "No such file" in refused(found["e.txt"])


def test_find_gives_one_file_its_own_name(tmp_path, monkeypatch):
    (tmp_path / ".notes.txt").write_text("x")
    assert list(find(tmp_path / ".notes.txt")) == [(".notes.txt", tmp_path / ".notes.txt")]
    monkeypatch.chdir(tmp_path)
    assert [name for name, _ in find(Path(".notes.txt"))] == [".notes.txt"]
    with pytest.raises(DocumentError, match="No such file"):
        list(find(tmp_path / "nothing"))


def test_a_name_that_is_no_utf8_can_be_stored(tmp_path):
    raw = os.fsencode(tmp_path) + b"/f\xfcr.txt"
    try:
        Path(os.fsdecode(raw)).write_text("text")
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    [(name, path)] = find(tmp_path)

    assert name == "f\ufffdr.txt"
    assert read(path, name).text == "text"


def test_every_suffix_is_read_in_either_case():
    assert all(supported(Path("a" + suffix)) and supported(Path("A" + suffix.upper())) for suffix in SUFFIXES)
    assert not supported(Path("README"))
    assert all(re.fullmatch(r"\.[a-z]+", suffix) for suffix in SUFFIXES)


def test_what_an_ignore_file_names_is_left_out(tmp_path):
    for name in ("README.md", "a.txt", "drafts/b.txt", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Some text.")
    assert len(list(documents.find(tmp_path))) == 4
    (tmp_path / ".footnoteignore").write_text("# not for readers\nREADME.md\ndrafts/\n")
    assert [name for name, _ in documents.find(tmp_path)] == ["a.txt", "c.txt"]
    (tmp_path / ".footnoteignore").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DocumentError, match=r"\.footnoteignore is invalid"):
        list(documents.find(tmp_path))
