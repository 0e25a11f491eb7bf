"""What a file of each format says is found by a question, with the header or heading that tells what it is of."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from makers import archive, csv, epub, mail, mbox, msg, notebook, odt, presentation, rtf, spreadsheet_ods, xlsx

from rag import documents
from rag.documents import SUFFIXES, Failure
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest
from rag.retrieval.hybrid import retrieve
from rag.text.statements import readable

RECORDS = [{"species": "Osprey", "nest": {"tree": "larch", "height_m": 18.50}, "chicks": 3}]
RECORDS += [{"species": "Kestrel", "nest": {"tree": "barn wall", "height_m": 6.00}, "chicks": 5}]
WIDE = [
    {"Grant": "Lighthouse", **{f"Condition number {n}": f"The holder keeps rule {n} of the trust" for n in range(12)}}
]

FACTS = [
    ("hire.xlsx", "What is the day rate of the Garden Pavilion?", "Day rate: £340.50"),
    ("hire.xlsx", "What deposit does the Assembly Hall need?", "Deposit: 12.5%"),
    ("hire.xlsx", "From which date can the Assembly Hall be hired?", "From: 3 April 2024"),
    ("hire.xlsx", "What is the day rate for both halls together?", "Day rate: £1,590.50"),
    ("hire.xlsx", "How many visitors came to the Clock Tower museum in autumn 2024?", "2024 Autumn: 1204"),
    ("moorings.ods", "What is the berth fee of the Kingfisher?", "Berth fee: £1,480.00"),
    ("moorings.ods", "Who is the skipper of the Sandpiper?", "Skipper: Owen Tull"),
    ("moorings.ods", "What is the berth fee of the Sandpiper?", "Berth fee: £960.50"),
    ("moorings.ods", "Which boat does Maud Perrin sail?", "Boat: Kingfisher"),
    ("rules.odt", "When is the standpipe of the allotment turned off?", "turned off from 15 November"),
    ("rules.odt", "What is the yearly rent of a half plot?", "Yearly rent: £27.50"),
    ("rules.odt", "What is the yearly rent of a full plot?", "Yearly rent: £49.00"),
    ("rules.odt", "What do hoses on the allotment need?", "non-return valve"),
    ("pruefung.csv", "Wann ist die nächste Prüfung des Aufzugs?", "Nächste Prüfung: 12.05.2025"),
    ("pruefung.csv", "Was kostet der Feuerlöscher?", "Kosten: 48,90 €"),
    ("pruefung.csv", "Wo steht das Tor; elektrisch?", "Standort: Hof"),
    ("pruefung.csv", "Was kostet der Aufzug in Halle 3?", "Kosten: 1.250,00 €"),
    ("dredging.pptx", "Who is the contractor of the harbour dredging?", "Velsen Marine"),
    ("dredging.pptx", "Where does the silt go?", "Bramble Bank"),
    ("dredging.pptx", "How much is the barge hire for the harbour?", "Amount: €212,000"),
    ("dredging.pptx", "How deep was the harbour in metres in 2023?", "Depth in metres: 4.75"),
    ("choir.rtf", "Where does the choir sing on Thursdays?", "St Anne’s Hall"),
    ("choir.rtf", "What does the choir scarf cost?", "£14"),
    ("choir.rtf", "What colour is the choir scarf?", "„burgundy“"),
    ("choir.rtf", "Who leads the altos?", "Leader: Renée Falk"),
    ("almanac.epub", "Who lit the first lamp in Gannet Street?", "Tobias"),
    ("almanac.epub", "In which street was the first lamp lit?", "Gannet Street"),
    ("almanac.epub", "How long did a gallon of colza oil burn?", "eleven nights"),
    ("almanac.epub", "Which oil burned for eleven nights?", "colza oil"),
    ("roof.eml", "What does the roofer Halden ask for the north side?", "£6,300"),
    ("roof.eml", "Who sent the mail about the roof repair?", "From: Ines Abel"),
    ("roof.eml", "By when is scaffolding needed for the roof?", "scaffolding by May"),
    ("roof.eml/slates.csv", "How many slates are there of the Welsh kind?", "Pieces: 2,400"),
    ("bees.mbox/2024-03-05 Bees.eml", "Where do the hives move to?", "Tern Farm"),
    ("bees.mbox/2024-03-05 Bees (2).eml", "Where is the smoker of the bees?", "shed 4"),
    ("piano.msg", "When does the piano tuner come?", "9 May"),
    ("piano.msg", "Who wrote about the piano tuning?", "Ola Brandt"),
    ("piano.msg/bill.txt", "How much is the bill for the strings?", "85 pounds"),
    ("nests.json", "In which tree does the osprey nest?", "nest.tree: larch"),
    ("nests.json", "How many chicks has the kestrel?", "chicks: 5"),
    ("nests.jsonl", "How high in metres is the nest of the osprey?", "nest.height_m: 18.5"),
    (
        "grant.json",
        "What is condition number 9 of the Lighthouse grant?",
        "Condition number 9: The holder keeps rule 9",
    ),
    ("tides.ipynb", "Which amplitude did the tide model print?", "amplitude 3.82 m"),
    ("tides.ipynb", "On data from which port was the tide model fitted?", "Port Selsk"),
    ("all.zip/inner/ferry.txt", "When does the ferry to Vang leave?", "06:40"),
    ("all.zip", "Which files are in the archive with the ferry?", "inner/ferry.txt"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("formats")
    slates = b'Kind,Pieces\nWelsh,"2,400"\nSpanish,900\n'
    files = {
        "hire.xlsx": xlsx(),
        "moorings.ods": spreadsheet_ods(),
        "rules.odt": odt(),
        "pruefung.csv": csv(),
        "dredging.pptx": presentation(),
        "choir.rtf": rtf(),
        "almanac.epub": epub(),
        "roof.eml": mail(attachments=[("slates.csv", slates)]).as_bytes(),
        "bees.mbox": mbox(tmp_path_factory.mktemp("mailbox")),
        "piano.msg": msg("Piano tuning", "The tuner comes on 9 May.", ("bill.txt", b"The strings cost 85 pounds.")),
        "nests.json": json.dumps(RECORDS).encode(),
        "nests.jsonl": "\n".join(map(json.dumps, RECORDS)).encode(),
        "grant.json": json.dumps(WIDE).encode(),
        "tides.ipynb": notebook(),
        "all.zip": archive({"inner/ferry.txt": "The ferry to Vang leaves at 06:40."}),
    }
    for name, content in files.items():
        (made / name).write_bytes(content)
    return made


@pytest.fixture(scope="module")
def index(folder, embedder, config, tmp_path_factory):
    with SqliteIndex.create(tmp_path_factory.mktemp("index"), embedder, config.passage_tokens) as index:
        report = ingest([folder], index, embedder, config)
        assert report.failed == []
        yield index


@pytest.mark.parametrize(("name", "question", "fact"), FACTS)
def test_a_fact_is_found_with_its_header(index, embedder, name, question, fact):
    found = [item.passage for item in retrieve(question, index, embedder, 3)]
    texts = [readable(passage) for passage in found if passage.document == name]
    assert any(fact in text for text in texts), [(passage.document, readable(passage)) for passage in found]


def test_slides_are_pages_and_chapters_are_sections(index):
    slides = index.document("dredging.pptx")
    assert [slides.text[at:].partition("\n")[0] for at in slides.pages] == [
        "Harbour dredging",
        "Budget",
        "Depth by year",
    ]
    book = index.document("almanac.epub")
    assert (book.title, book.date) == ("The Lamplighter's Almanac", "1998-05-01")
    assert [book.text[h.start : h.end] for h in book.headings] == ["The first lamp", "The oil"]
    assert "Contents" not in book.text


def test_what_is_not_shown_is_not_read(index):
    assert "nobody sees this" not in index.document("hire.xlsx").text
    assert "struck out" not in index.document("rules.odt").text


def test_quoted_mails_stand_apart(index):
    mail = index.document("roof.eml")
    [heading] = mail.headings
    assert mail.text[heading.start : heading.end] == "Earlier message, quoted"
    assert mail.text.index("£6,300") < heading.start < mail.text.index("scaffolding")
    assert (mail.title, mail.date) == ("Roof repair", "2024-03-05")


def read(folder: Path, name: str, content: bytes) -> documents.Document:
    (folder / name).write_bytes(content)
    return documents.read(folder / name, name)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (xlsx(), SUFFIXES[".xlsx"]),
        (odt(), SUFFIXES[".odt"]),
        (epub(), SUFFIXES[".epub"]),
        (rtf(), SUFFIXES[".rtf"]),
        (b"<!DOCTYPE html><p>A page.", SUFFIXES[".html"]),
        (mail().as_bytes(), SUFFIXES[".eml"]),
        (msg("A", "B", ("c.txt", b"d")), SUFFIXES[".msg"]),
    ],
    ids=["xlsx", "odt", "epub", "rtf", "html", "eml", "msg"],
)
@pytest.mark.parametrize("suffix", [".txt", ".pdf", ".csv", ".xls", ""])
def test_a_file_is_read_as_what_it_is(tmp_path, content, media_type, suffix):
    assert read(tmp_path, f"file{suffix}", content).media_type == media_type


def test_a_text_named_like_an_office_file_is_read_as_text(tmp_path):
    assert read(tmp_path, "a.docx", b"only words").text == "only words"
    assert read(tmp_path, "README", b"only words").media_type == "text/plain"


@pytest.mark.parametrize(
    ("inside", "reason"),
    [("WordDocument", ".doc"), ("Workbook", ".xls"), ("EncryptedPackage", "password"), ("PowerPoint Document", ".ppt")],
)
def test_old_and_protected_office_files_are_named(tmp_path, inside, reason):
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + inside.encode("utf-16-le")
    with pytest.raises(documents.DocumentError, match=reason):
        read(tmp_path, "a.bin", content)


def test_each_part_of_a_long_table_has_its_header(tmp_path, embedder):
    from rag.passages import cut

    rows = "".join(f"Item {n},Shelf {n % 7},{n * 3}\n" for n in range(3000))
    passages = cut(read(tmp_path, "stock.csv", f"Article,Place,Count\n{rows}".encode()), embedder.tokenizer, 160)
    assert len(passages) > 200
    assert all("Article: Item" in readable(passage) for passage in passages)
    assert "Count: 8997" in readable(passages[-1])


def test_an_all_but_empty_sheet_of_the_largest_size_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active["XFD1048576"] = "far"
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(documents.DocumentError, match="more than 20 million cells"):
        documents.read(tmp_path / "far.xlsx", "far.xlsx")


def test_lines_above_a_table_are_no_table(tmp_path):
    book = openpyxl.Workbook()
    rows = ["Fees of the harbour"], ["Agreed on 3 May", None], [], ["Berth", "Fee"], ["Quay", 40], [], ["Ann"], ["Bo"]
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "fees.xlsx")
    found = documents.read(tmp_path / "fees.xlsx", "fees.xlsx")
    assert found.text.startswith("Sheet\n\nFees of the harbour\n\nAgreed on 3 May\n\n| Berth | Fee |\n")
    assert found.text.endswith("Ann\nBo") or found.text.endswith("| Ann |\n| --- |\n| Bo |")


def test_merged_cells_say_the_same_in_each_row(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["Region", "Town", "Opened"],
        ["North", "Alta", datetime(2020, 1, 2)],
        [None, "Bodo", datetime(2021, 3, 4)],
    ):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "towns.xlsx")
    text = documents.read(tmp_path / "towns.xlsx", "towns.xlsx").text
    assert "| North | Alta | 2020-01-02" in text
    assert "| North | Bodo | 2021-03-04" in text


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("a,b\n1,2\n", "| 1 | 2 |"),
        ("a\tb\n1,5\t2\n", "| 1,5 | 2 |"),
        ('a,b\n"x\ny",2\n', "| x y | 2 |"),
        ("sep=;\na;b\n1;2\n", "| 1 | 2 |"),
        ("a|b\n1|2\n", "| 1 | 2 |"),
        ("a;b\n1;\n", "| 1 |  |"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_dialect_of_separated_values_is_guessed(tmp_path, text, row, encoding):
    assert row in read(tmp_path, "a.csv", text.encode(encoding)).text


def test_files_are_nested_only_so_deep(tmp_path):
    content = archive({"deep.txt": "The deepest text."})
    for _ in range(6):
        content = archive({"inner.zip": content})
    (tmp_path / "a.zip").write_bytes(content)
    found = list(documents.read_all(tmp_path / "a.zip", "a.zip"))
    assert [item.name.count("/") for item in found] == [5, 4, 3, 2, 1, 0]
    assert isinstance(found[0], Failure) and "inside more than 4" in found[0].reason


def test_files_that_unpack_to_too_much_or_are_too_many_are_left_out(tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(archive({f"{n}.txt": "text" * 100 for n in range(9)}))
    for limit, most in (("MOST_PARTS", 5), ("MOST_UNPACKED", 2000)):
        with monkeypatch.context() as patch:
            patch.setattr(documents, limit, most)
            found = list(documents.read_all(tmp_path / "a.zip", "a.zip"))
        failures = [item for item in found if isinstance(item, Failure)]
        assert len(failures) == 4
        assert all("in the same file" in failure.reason for failure in failures)
        assert found[-1].name == "a.zip"


def test_a_mail_attached_to_a_mail_is_a_document_with_its_own_attachments(tmp_path):
    outer = mail("Forwarded")
    outer.add_attachment(mail("Inner", attachments=[("note.txt", b"A note.")]))
    (tmp_path / "a.eml").write_bytes(outer.as_bytes())
    found = list(documents.read_all(tmp_path / "a.eml", "a.eml"))
    assert [item.name for item in found] == ["a.eml/Inner.eml/note.txt", "a.eml/Inner.eml", "a.eml"]
