"""What plans lead to, on invented documents: minutes, recipes, leases, and German ones."""

from pathlib import Path

import pytest

from rag import citations, tasks
from rag.catalogue import Catalogue, Titles
from rag.citations import Claim, Support, cite
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.planning.execution import execute
from rag.planning.plans import Plan
from rag.planning.summary import parts_of, spread
from rag.replies import replies_in
from rag.retrieval import hybrid
from rag.text.sentences import sentences
from rag.text.words import content_words, found
from rag.types import Passage, Phase, Token

FILES = {
    "may.txt": "Minutes of the May meeting\n\nDate: 3 May 2021\n\nAnn Lee opened it. The water tank leaks, said Bo Ek, "
    "and the hedge is to be cut in autumn. The water tank is new.\n\nThe treasurer reported a balance of 420 euros.",
    "june.txt": "Minutes of the June meeting\n\nDate: 7 June 2021\n\nBo Ek reported that the water tank is mended. "
    "The hedge was cut by Cy Orr.",
    "rye.md": "# Rye loaf recipe\n\nMix rye flour with sourdough. Bake it at 220 degrees for 50 minutes.",
    "honey.md": "# Honey cake recipe\n\nMix honey with rye flour. Bake it at 160 degrees for 40 minutes.",
    "mietvertrag.txt": "Mietvertrag Gartenweg 4\n\nDatum: 01.03.2019\n\nDie Miete beträgt 300 Euro im Monat. "
    "Haustiere sind erlaubt.",
    "nachtrag.txt": "Nachtrag zum Mietvertrag\n\nDatum: 01.05.2020\n\nHaustiere sind nicht mehr erlaubt. "
    "Die Miete beträgt 320 Euro im Monat.",
}
EMBEDDER = HashEmbedder()


class Hands:
    """Tools with a real index, whose reader finds the sentence with most words of the question."""

    parts = 12
    min_support = 0.5
    summary = tasks.load(Config().prompt.parent / "summary.txt")

    def __init__(self, index, completions):
        self.index = index
        self.replies = replies_in("en")
        self.generator = ScriptedGenerator({}, completions=completions)
        self._catalogue = Catalogue(index)
        self.until = 10**6

    def titles(self) -> Titles:
        return self._catalogue.titles()

    def retrieve(self, question, documents):
        return hybrid.retrieve(question, self.index, EMBEDDER, 3, documents=documents)

    def read(self, question, evidence, before=""):
        yield Phase("reading", f"Reading {len(evidence)} passages")
        words = content_words(question)
        best = (0, None, "")
        for item in evidence:
            for start, end in sentences(item.passage.text):
                forms = {word.form for word in content_words(item.passage.text[start:end])}
                count = sum(found(word, forms) for word in words)
                span = citations.Span(item, item.passage.start + start, item.passage.start + end)
                if count > best[0]:
                    best = count, span, item.passage.text[start:end]
        if best[1] is None:
            return 0.1, []
        yield Token(before + best[2])
        return 0.8, [(Claim(best[2]), Support((best[1],), 1.0))]

    def complete(self, prompt, limit):
        return self.generator.complete(prompt, limit)

    def stopped(self):
        self.until -= 1
        return self.until < 0


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("plans")
    (folder / "files").mkdir()
    for name, text in FILES.items():
        (folder / "files" / name).write_text(text)
    config = Config(index=folder / "index")
    with create_index(config, EMBEDDER) as index:
        assert not ingest([folder / "files"], index, EMBEDDER, config).failed
        yield index


@pytest.fixture
def hands(index):
    return Hands(
        index,
        {
            "water tank leaks": "The water tank leaks, said Bo Ek. The king of France came.",
            "is mended": "Bo Ek reported that the water tank is mended.",
            "sourdough": "Mix rye flour with sourdough.",
            "Nachtrag": "Die Miete beträgt 320 Euro im Monat.",
        },
    )


def done(plan, hands):
    """Return the outcome and what was shown meanwhile."""
    steps, shown = execute(plan, hands), []
    while True:
        try:
            shown.append(next(steps))
        except StopIteration as end:
            return end.value, shown


def told(plan, hands):
    """Return the lines of the outcome's text and its quotations, each of which must be what is stored."""
    outcome, _ = done(plan, hands)
    assert outcome.path == plan.operation
    text, shown, cited = cite(*zip(*outcome.checked, strict=True))
    assert all(sentence.citations for sentence in shown)
    for citation in cited:
        assert hands.index.text(citation.document, citation.start, citation.end) == citation.quote
    known = {item.passage for item in outcome.evidence}
    assert all(span.evidence.passage in known for _, support in outcome.checked for span in support.spans)
    return text.split("\n"), [citation.quote for citation in cited]


def test_the_documents_that_mention_something_are_listed_with_the_shortest_sentence(hands):
    lines, quotes = told(Plan("mention", "water tank"), hands)
    assert lines == [
        "Two of the six documents mention water tank: [1][2]",
        "- Minutes of the May meeting (3 May 2021) [1]",
        "- Minutes of the June meeting (7 June 2021) [2]",
    ]
    assert quotes == ["The water tank is new.", "Bo Ek reported that the water tank is mended."]


def test_they_are_counted_and_may_be_of_a_kind(hands):
    lines, _ = told(Plan("count", "rye flour", ("the recipes",)), hands)
    assert lines[0].startswith("Both documents matching “the recipes” mention rye flour:")
    lines, _ = told(Plan("mention", "sourdough", ("recipes",)), hands)
    assert lines[0].startswith("One of the two documents matching “recipes” mentions sourdough:")
    lines, _ = told(Plan("mention", "Haustiere"), hands)
    assert [line.split(" [")[0] for line in lines[1:]] == [
        "- Mietvertrag Gartenweg 4 (1 March 2019)",
        "- Nachtrag zum Mietvertrag (1 May 2020)",
    ]


def test_documents_are_counted(hands):
    lines, quotes = told(Plan("count"), hands)
    assert lines[0].startswith("There are six documents:")
    assert len(lines) == 7
    assert "Rye loaf recipe" in quotes[0] + quotes[1]
    lines, _ = told(Plan("count", documents=("minutes",)), hands)
    assert lines[0].startswith("Two of the six documents match “minutes”:")


@pytest.mark.parametrize(
    ("plan", "text", "quote"),
    [
        (
            Plan("first"),
            "The earliest of the four documents is “Mietvertrag Gartenweg 4”, 1 March 2019.",
            "Datum: 01.03.2019",
        ),
        (
            Plan("last", documents=("minutes",)),
            "two documents matching “minutes” is “Minutes of the June meeting”, 7 June 2021.",
            "Date: 7 June 2021",
        ),
        (Plan("last", documents=("Mietvertrag",)), "is “Nachtrag zum Mietvertrag”, 1 May 2020.", "Datum: 01.05.2020"),
        (Plan("first", "the hedge"), "is “Minutes of the May meeting”, 3 May 2021.", "Date: 3 May 2021"),
    ],
)
def test_the_first_and_the_last_cite_their_dates(hands, plan, text, quote):
    lines, quotes = told(plan, hands)
    assert text in lines[0]
    assert quotes == [quote]


@pytest.mark.parametrize(
    ("language", "plan", "text"),
    [
        ("de", Plan("first"), "Das früheste der 4 Dokumente ist “Mietvertrag Gartenweg 4”, 1. März 2019."),
        ("fr", Plan("mention", "water tank"), "2 des 6 documents mentionnent water tank :"),
        ("es", Plan("count", documents=("minutes",)), "2 de los 6 documentos corresponden a “minutes”:"),
        ("cy", Plan("last", "the hedge"), "Y ddiweddaraf o'r 2 dogfen sy'n sôn am the hedge yw “Minutes of the June"),
    ],
)
def test_what_introduces_a_list_is_in_the_language_of_the_question(hands, language, plan, text):
    hands.replies = replies_in(language)
    lines, _ = told(plan, hands)
    assert lines[0].startswith(text)


def test_what_the_last_one_says_is_read_in_it(hands):
    lines, quotes = told(Plan("last", "", ("minutes",), "Who cut the hedge?"), hands)
    assert lines[0].endswith("7 June 2021. [1] The hedge was cut by Cy Orr. [2]")
    assert quotes[1] == "The hedge was cut by Cy Orr."


def test_order_names_what_has_no_date(hands):
    lines, _ = told(Plan("order"), hands)
    assert [line.split(":")[0] for line in lines[1:]] == [
        "- 1 March 2019",
        "- 1 May 2020",
        "- 3 May 2021",
        "- 7 June 2021",
    ]
    outcome, _ = done(Plan("order"), hands)
    assert outcome.notes == ("No date is known for: Honey cake recipe; Rye loaf recipe.",)
    assert outcome.confidence == pytest.approx(4 / 6)
    assert outcome.signals["dated"] == pytest.approx(4 / 6)


def test_each_document_is_asked_and_silence_is_noted(hands):
    outcome, shown = done(Plan("each", "", ("recipes",), "How many degrees is it baked at?"), hands)
    lines = cite(*zip(*outcome.checked, strict=True))[0].split("\n")
    assert lines == [
        "- Honey cake recipe: Bake it at 160 degrees for 40 minutes. [1]",
        "- Rye loaf recipe: Bake it at 220 degrees for 50 minutes. [2]",
    ]
    assert Phase("reading", "Reading document 2 of 2") in shown
    outcome, _ = done(Plan("each", question="Who is the treasurer?"), hands)
    assert len(outcome.checked) == 1
    assert outcome.notes[0].startswith("Nothing on this was found in: Honey cake recipe; Rye loaf recipe; Mietvertrag")


def test_two_documents_stand_side_by_side(hands):
    lines, quotes = told(Plan("compare", "", ("Gartenweg", "Nachtrag"), "Wie hoch ist die Miete?"), hands)
    assert [line.split(":")[0] for line in lines] == ["- Mietvertrag Gartenweg 4", "- Nachtrag zum Mietvertrag"]
    assert quotes == ["Die Miete beträgt 300 Euro im Monat.", "Die Miete beträgt 320 Euro im Monat."]


def test_a_kind_that_one_name_has_is_meant_by_the_other(hands):
    lines, _ = told(Plan("compare", "", ("2021-05", "June minutes"), "Who is Bo Ek?"), hands)
    assert len(lines) == 2
    lines, _ = told(Plan("compare", "", ("2019", "2020 Mietvertrag"), "Wie hoch ist die Miete?"), hands)
    assert [line.split(":")[0] for line in lines] == ["- Mietvertrag Gartenweg 4", "- Nachtrag zum Mietvertrag"]


def test_a_whole_document_is_read_and_what_it_does_not_say_is_left_out(hands):
    outcome, shown = done(Plan("summarise", documents=("May meeting",)), hands)
    text, _, cited = cite(*zip(*outcome.checked, strict=True))
    assert text == "- The water tank leaks, said Bo Ek. [1]"
    assert cited[0].quote.startswith("The water tank leaks, said Bo Ek")
    assert shown[0] == Phase("reading", "Reading part 1 of 1")
    assert outcome.notes == ()


def test_several_documents_are_summed_up_under_their_titles(hands):
    hands.parts = 4
    outcome, shown = done(Plan("summarise"), hands)
    text = cite(*zip(*outcome.checked, strict=True))[0]
    assert "**Rye loaf recipe**\n- Mix rye flour with sourdough." in text
    assert outcome.notes == ("Read 4 of 6 parts.",)
    assert [phase.text for phase in shown if isinstance(phase, Phase)] == [
        f"Reading part {i} of 4" for i in range(1, 5)
    ]
    outcome, _ = done(Plan("summarise", "water tank", ("minutes",)), hands)
    assert len(outcome.checked) == 2


def test_it_stops_when_nobody_waits(hands):
    hands.until = 1
    outcome, _ = done(Plan("each", question="What does the water tank do?", documents=("minutes",)), hands)
    assert len(outcome.checked) == 1


@pytest.mark.parametrize(
    "plan",
    [
        Plan("mention", "unicorns"),
        Plan("mention", "air tank"),
        Plan("summarise", documents=("Ashford minutes",)),
        Plan("count", documents=("minutes of Ashford",)),
        Plan("mention", "water tank", ("the Leeds report",)),
        Plan("count", documents=("books",)),
        Plan("first", documents=("Gartenweg",)),
        Plan("order", documents=("recipes",)),
        Plan("compare", "", ("Gartenweg", "Leeds"), "What is the rent?"),
        Plan("compare", "", ("Gartenweg",), "What is the rent?"),
        Plan("each", "", ("recipes",), "Whose unicorn is it?"),
        Plan("last", "", ("minutes",), "Whose unicorn?"),
        Plan("summarise", "unicorns"),
        Plan("summarise", documents=("Tractor",)),
    ],
)
def test_what_cannot_be_done_is_an_ordinary_question(hands, plan):
    assert done(plan, hands)[0] is None


def test_the_confidence_is_that_of_the_plan_and_of_what_was_found(hands):
    sure, _ = done(Plan("mention", "water tank", signals={"operation": 0.9}), hands)
    unsure, _ = done(Plan("mention", "water tank", signals={"operation": 0.5}), hands)
    apart, _ = done(Plan("mention", "tank water", signals={"operation": 0.9}), hands)
    assert sure.confidence == pytest.approx(0.9)
    assert unsure.confidence == pytest.approx(0.5)
    assert apart.confidence == pytest.approx(0.45)
    assert sure.signals["verbatim"] == 1


def passage(document, section, length, start=0):
    return Passage(document, start, start + length, "x" * length, document, section)


def test_parts_are_sections_where_they_fit():
    short = [passage("a", "One", 500), passage("a", "One > Two", 900, 500), passage("a", "Three", 900, 1400)]
    assert [len(part.passages) for part in parts_of("a", short)] == [3]
    long = [passage("a", "One", 2000), passage("a", "One", 2000, 2000), passage("a", "Two", 900, 4000)]
    assert [len(part.passages) for part in parts_of("a", long)] == [1, 2]
    assert parts_of("a", []) == []


def test_a_limit_of_parts_is_spread_over_documents():
    parts = [
        part
        for name in "abc"
        for i in range(2 if name == "b" else 8)
        for part in parts_of(name, [passage(name, str(i), 3000)])
    ]
    counts = [sum(part.title == name for part in spread(parts, 9)) for name in "abc"]
    assert counts == [4, 2, 3]
    assert [part.passages[0].section for part in spread(parts, 9)][:4] == ["0", "2", "4", "6"]
    assert spread(parts, 100) == parts
