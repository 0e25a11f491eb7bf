"""Questions in another language than the documents."""

import pytest

from rag import prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.ports import Capabilities
from rag.retrieval.translation import language_to_search

TEXTS = {
    "stellplatz.txt": "Stellplätze\n\nEin Stellplatz in der Tiefgarage kostet 65 Euro im Monat und wird abgebucht.\n",
    "saal.txt": "Saal\n\nDer große Saal fasst 180 Personen und kostet am Wochenende 320 Euro.\n",
    "notfall.txt": "Notfall\n\nBei einem Brand ist der Sammelpunkt die Wiese hinter der Turnhalle.\n",
}
QUESTION = "Where is the assembly point in case of fire?"


@pytest.fixture(scope="module")
def ask(tmp_path_factory, embedder):
    folder = tmp_path_factory.mktemp("translation")
    (folder / "docs").mkdir()
    for name, text in TEXTS.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    config = Config(index=folder / "index")
    with create_index(config, embedder) as index:
        ingest([folder / "docs"], index, embedder, config)

        def run(question, words=" Sammelpunkt, Brand\n", able=True):
            generator = ScriptedGenerator({}, {question: 0.05}, completions={question: words})
            generator.capabilities = Capabilities(grammar=able)
            assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), config)
            return assistant.ask(question), generator

        yield run


def test_the_words_of_a_question_are_translated_and_said(ask):
    answer, generator = ask(QUESTION)
    assert generator.completions[0].text.endswith(f"Question: {QUESTION}\nWords in German:")
    assert answer.evidence[0].passage.document == "notfall.txt"
    assert answer.notes == ("Searched for: Sammelpunkt, Brand",)
    assert answer.question == QUESTION


@pytest.mark.parametrize(("words", "able"), [("", True), (" ", True), (" Sammelpunkt, Brand\n", False)])
def test_without_a_translation_the_question_is_searched_for_as_it_is(ask, words, able):
    answer, _ = ask(QUESTION, words, able)
    assert answer.notes == () and answer.evidence


def test_a_question_in_the_language_of_the_documents_costs_nothing(ask):
    answer, generator = ask("Wo ist der Sammelpunkt, wenn es brennt?")
    assert generator.completions == [] and answer.notes == ()


def test_the_language_of_the_question_must_be_known_and_no_documents_in_it_found(embedder):
    german, english = TEXTS["saal.txt"], "The hall is for 180 people, and it costs 320 euros."
    assert language_to_search("How much is the hall?", [german], embedder) == "de"
    assert language_to_search("How much is the hall?", [german, english], embedder) == ""
    assert language_to_search("Amanda D'Souza", [german], embedder) == ""
    assert language_to_search("How much is the hall?", ["8 | 9"], embedder) == ""


def test_no_more_texts_are_read_than_the_result_needs(embedder):
    german, english = TEXTS["saal.txt"], "The hall is for 180 people, and it costs 320 euros."
    texts = iter([english, german])
    assert language_to_search("How much is the hall?", texts, embedder) == "" and list(texts) == [german]
    texts = iter([german])
    assert language_to_search("Amanda D'Souza", texts, embedder) == "" and list(texts) == [german]
