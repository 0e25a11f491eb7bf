"""Questions made from documents: what is asked, what is not, and that the search answers each from its own passage."""

from dataclasses import replace

import pytest

from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.retrieval.hybrid import retrieve
from rag.suggestions import Suggestions
from rag.types import Answer, Citation

GARDEN = """# Garden Handbook

Opened: 3 May 2019
Members: 48 households

The gate is closed between 20:00 and 6:00. It must not be left open. The plots are managed by Fennel Street Trust.

These are the three rules of the compost heap:

- no meat
- no stones
- no plastic

"Shared Tools" means the tools in the green shed.

"The Garden" means both.

## 2. Watering

Water is pumped from the canal from April to October. Members fill their cans at the tap by the shed, and nobody may \
connect a hose to it. Watering before eight in the morning saves a third of the water in hot weeks.

## Notes

These notes were written by the members over many years, and nobody has ever put them in order. They say where the \
taps are, which of the plums are early, and whom to ask about bees.

## Test the pump

The pump is tested by two members, who write down what they see. They test it in the spring and in the autumn, or \
whenever the water smells of anything at all.
"""
LEASE = """# Lease of Plot 9

Can I keep bees on my plot?
Yes, two hives at most, if the neighbours agree.

How?
Ask them.

| Plot | Yearly rent | Size |
|---|---|---|
| Plot Nine | £43 | 80 m² |
| Plot Ten | £51 | 95 m² |

The deposit is returned within 14 days.
"""
HAUS = """# Hausordnung

Der Spielplatz ist von 8 bis 20 Uhr geöffnet, im Sommer länger. Die Waschküche ist für alle da.

## Haustiere

Kleine Tiere in Käfigen brauchen keine Erlaubnis. Für Hunde und Katzen ist die schriftliche Erlaubnis der Verwaltung \
nötig. Im Hof werden Hunde an der Leine geführt, auf dem Spielplatz sind sie nicht gestattet.
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suggestions")
    (folder / "documents").mkdir()
    for name, text in (("garden.md", GARDEN), ("lease.md", LEASE), ("haus.md", HAUS)):
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    config, embedder = Config(index=folder / "index", passage_tokens=60), HashEmbedder(256)
    with create_index(config, embedder) as index:
        assert not ingest([folder / "documents"], index, embedder, config).failed
        index.embedder = embedder
        yield index


@pytest.fixture(scope="module")
def suggestions(index):
    return Suggestions(
        index,
        lambda question, limit: retrieve(question, index, index.embedder, limit),
        lambda word: index.term_frequency(word) > 0,
    )


def answer_from(index, question: str, quote: str, status: str = "answered") -> Answer:
    text = index.text("garden.md")
    start = text.index(quote)
    cited = (Citation(1, "garden.md", "Garden Handbook", start, start + len(quote), quote),)
    found = tuple(retrieve(question, index, index.embedder, 1))
    return Answer("1", question, status, 0.9, f"{quote} [1]", citations=cited, evidence=found)


def test_each_question_is_one_that_a_person_would_ask(suggestions):
    asked = {one.question for one in suggestions.all(50)}
    assert {
        "When is the gate closed?",
        "Who are the plots managed by?",
        "What are the three rules of the compost heap?",
        "What does “Shared Tools” mean?",
        "What is the yearly rent for Plot Nine?",
        "Can I keep bees on my plot?",
        "When is the deposit returned?",
        "Wann ist der Spielplatz geöffnet?",
    } <= asked
    odd = ("Notes", "How?", "Test the pump", "It ", "What is the plot", "for Plot Ten")
    assert not [question for question in asked if any(part in question for part in odd)]
    assert len(asked) <= 14


def test_the_source_is_found_first_and_says_it(suggestions, index):
    for one in suggestions.all(50):
        (best,) = retrieve(one.question, index, index.embedder, 1)
        assert best.passage.id == one.passage.id
        assert one.passage.start <= one.start < one.end <= one.passage.end


def test_the_first_ones_are_of_different_documents_and_alike_each_time(suggestions):
    first = suggestions.first(3)
    sources = {one.question: one.passage.document for one in suggestions.all(50)}
    assert {sources[question] for question in first} == {"garden.md", "haus.md", "lease.md"}
    assert suggestions.first(3) == first


def test_what_follows_an_answer_is_near_it_and_new(suggestions, index):
    quote = "The gate is closed between 20:00 and 6:00."
    answer = answer_from(index, "When is the gate closed?", quote)
    after = suggestions.after(answer)
    assert 2 <= len(after) <= 3
    assert "Who are the plots managed by?" in after
    assert "When is the gate closed?" not in after
    later = suggestions.after(replace(answer, question="At what time is it shut?"), after)
    assert not set(later) & {*after, "When is the gate closed?"}, "neither what was asked nor what was answered"


def test_a_near_word_is_offered_for_one_that_no_document_contains(suggestions, index):
    answer = answer_from(index, "Where is the compozst?", "Fennel Street Trust", "abstained")
    assert suggestions.meant(replace(answer, status="answered")) is None
    assert suggestions.meant(answer) == ("compost", "Where is the compost?")
    assert suggestions.meant(replace(answer, question="Where is Mongolia?")) is None


def test_an_index_without_documents_suggests_nothing(tmp_path):
    embedder = HashEmbedder(64)
    with create_index(Config(index=tmp_path), embedder) as index:
        empty = Suggestions(
            index, lambda question, limit: retrieve(question, index, embedder, limit), lambda word: True
        )
        assert empty.first() == []
        assert empty.after(Answer("1", "Why?", "abstained", 0.0, "")) == []
        assert empty.meant(Answer("1", "Why?", "abstained", 0.0, "")) is None
