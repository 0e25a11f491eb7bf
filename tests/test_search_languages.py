"""Search in documents of any language, and an index that was made before languages were noted."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import IndexMismatch
from rag.indexes.sqlite.database import DATABASE
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest
from rag.retrieval.hybrid import retrieve
from rag.text.terms import lookup
from rag.types import Passage

TEXTS = {
    "hours.txt": "Hours\n\nThe aﬃliate of\u00adfice opens at 9, and the library opens at 10.\n",
    "gebuehren.txt": "Gebühren\n\nDie Mitglieder zahlen die Gebühren für die Häuser im Voraus, und zwar bar.\n",
    "reglement.txt": "Règlement\n\nLes prêts de la médiathèque sont gratuits pour tous les étudiants.\n",
    "图书馆.txt": "图书馆\n\n图书可以借四个星期，光盘可以借一个星期。逾期归还每天罚款五角。\n",
    "図書館.txt": "案内\n\n会議室の予約は電話で受け付けます。駐車場はありません。\n",
    "urlaub.txt": "Urlaub\n\nDer Urlaubsantrag ist vier Wochen vorher bei der Leitung abzugeben, nicht später.\n",
    "frist.txt": "Ende\n\nDie Frist der Kündigung ist für die Mieter drei Monate zum Ende des Jahres.\n",
    "schutz.txt": "Garten\n\nPflanzenschutzmittel sind im Garten nicht erlaubt, auch nicht auf den Wegen.\n",
    "verlof.txt": "Verlof\n\nDe verlofaanvraag moet vier weken van tevoren worden ingeleverd bij de directie.\n",
    "thai.txt": "ประกาศ\n\nห้องประชุมเปิดเวลาเก้าโมงและปิดเวลาห้าโมงเย็น\n",
}


@pytest.fixture
def index(tmp_path: Path) -> SqliteIndex:
    folder, embedder = tmp_path / "docs", HashEmbedder()
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    with SqliteIndex.create(tmp_path / "index", embedder, Config().passage_tokens) as index:
        ingest([folder], index, embedder, Config())
        yield index


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("affiliate office", "hours.txt"),
        ("ＬＩＢＲＡＲＩＥＳ", "hours.txt"),
        ("Wie hoch ist die Gebühr je Haus?", "gebuehren.txt"),
        ("gebuehr", "gebuehren.txt"),
        ("Le prêt est-il gratuit pour un étudiant ?", "reglement.txt"),
        ("reglement", "reglement.txt"),
        ("Bei wem stelle ich den Antrag auf Urlaub?", "urlaub.txt"),
        ("Welche Kündigungsfrist gilt?", "frist.txt"),
        ("Darf ich Mittel zum Schutz von Pflanzen nehmen?", "schutz.txt"),
        ("Was ist mit Pflanzen?", "schutz.txt"),
        ("Wanneer moet ik de aanvraag voor verlof inleveren?", "verlof.txt"),
        ("逾期罚款是多少？", "图书馆.txt"),
        ("駐車場はありますか", "図書館.txt"),
        ("ห้องประชุมเปิดกี่โมง", "thai.txt"),
    ],
)
def test_words_are_found_in_the_language_of_their_document(index: SqliteIndex, question: str, document: str) -> None:
    found = retrieve(question, index, HashEmbedder(), 3, dense_weight=0)

    assert found[0].passage.document == document
    assert index.coverage(question, found[0].passage.id) > 0


def test_a_question_in_another_language_is_not_put_together(index: SqliteIndex) -> None:
    question, languages = "Who gets the Pflanzen Schutz?", {"en", "de"}
    assert lookup(question, languages, lambda *_: True).words == lookup(question, languages).words
    assert retrieve("Who gets the Pflanzen?", index, HashEmbedder(), 3, dense_weight=0) == []


def test_what_is_stored_and_cited_is_not_normalised(index: SqliteIndex) -> None:
    (found, *_) = retrieve("affiliate office", index, HashEmbedder(), 1)

    assert "aﬃliate of\u00adfice" in found.passage.text
    assert index.text("hours.txt")[found.passage.start : found.passage.end] == found.passage.text


def test_the_language_of_a_document_is_stored(index: SqliteIndex) -> None:
    languages = {name: index.document(name).language for name in TEXTS}

    assert languages == dict(zip(TEXTS, "en de fr zh ja de de de nl th".split(), strict=True))


def test_a_deleted_document_is_found_by_no_term(index: SqliteIndex) -> None:
    index.delete("gebuehren.txt")

    assert index.term_frequency("Gebühr") == 0
    assert b"mitglied" not in (index.folder / DATABASE).read_bytes()


def test_an_index_of_the_last_schema_is_brought_up_to_date(index: SqliteIndex) -> None:
    folder = as_schema_4(index)
    with pytest.raises(IndexMismatch, match="footnote list"):
        SqliteIndex.open(folder, HashEmbedder(), read_only=True)

    with SqliteIndex.open(folder, HashEmbedder()) as migrated:
        (found, *_) = retrieve("Gebühr je Haus", migrated, HashEmbedder(), 3, dense_weight=0)
        assert found.passage.document == "gebuehren.txt"
        assert migrated.document("図書館.txt").language == "ja"
        assert migrated.delete("gebuehren.txt")
    with SqliteIndex.open(folder, HashEmbedder(), read_only=True) as again:
        assert again.term_frequency("Gebühr") == 0


def as_schema_4(index: SqliteIndex) -> Path:
    """Make ``index`` what the version before wrote."""
    index.close()
    with contextlib.closing(sqlite3.connect(index.folder / DATABASE)) as connection:
        connection.execute("ALTER TABLE documents DROP COLUMN language")
        connection.execute("ALTER TABLE documents DROP COLUMN recognised_pages")
        connection.execute("DROP TABLE terms")
        connection.execute(
            "CREATE VIRTUAL TABLE terms USING fts5(title, section, text, content='', "
            "tokenize='porter unicode61 remove_diacritics 2')"
        )
        connection.execute("UPDATE meta SET value = '4' WHERE key = 'schema'")
        connection.commit()
    return index.folder


def test_the_dense_score_counts_less_in_a_language_that_the_embedder_does_not_know(index: SqliteIndex) -> None:
    """The tokenizer of an embedder that knows another language takes words into pieces."""
    question = "Die Mitglieder zahlen die Gebühren"
    known, unknown = (
        scores(retrieve(question, index, embedder, 5)) for embedder in (HashEmbedder(), InPieces(HashEmbedder()))
    )

    assert list(known) == list(unknown)
    assert known != unknown


def test_a_tokenizer_that_estimates_says_nothing_of_the_language(index: SqliteIndex) -> None:
    question, estimating = "Die Mitglieder zahlen die Gebühren", InPieces(HashEmbedder())
    estimating.estimates = True

    assert scores(retrieve(question, index, estimating, 5)) == scores(retrieve(question, index, HashEmbedder(), 5))


def scores(found: list) -> dict[Passage, float]:
    return {item.passage: item.score for item in found}


class InPieces:
    """An embedder whose tokenizer gives each letter alone."""

    def __init__(self, inner: HashEmbedder) -> None:
        self._inner = inner
        self.tokenizer = self

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def spans(self, text: str) -> list[tuple[int, int]]:
        return [(at, at + 1) for at in range(len(text))]
