"""Summaries: which documents and sections are meant, and what is written about each part."""

import pytest
from test_execution import EMBEDDER, Hands, done

from rag import tasks
from rag.citations import cite
from rag.config import Config
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.planning.plans import Plan, possible
from rag.planning.summary import Part, parts_of, read_part, share
from rag.types import Passage

TASK = tasks.load(Config().prompt.parent / "summary.txt")
HOURS = "Work begins at 8:30. Late shifts end at 21:00. " + "Whoever comes late rings the desk. " * 20
LEAVE = "Everybody has 26 days of leave. Up to 4 days may be carried over. " + "It is booked with the desk. " * 20
EXPENSES = "Receipts are handed in within 60 days. " + "Nothing else is paid, whatever it is. " * 20
SEASON = "It costs £120 and covers canoes alone. " + "It is shown at the gate. " * 20
DAY = "It costs £40 and covers every boat. " + "It ends with the harbour bell. " * 20
FILES = {
    "handbook.md": f"# Staff Handbook\n\nThis is for everybody who works at the museum.\n\n## 1. Hours\n\n{HOURS}\n\n"
    f"## 2. Leave\n\n{LEAVE}\n\n## 3. Expenses\n\n{EXPENSES}\n",
    "study.txt": "The nap trial\n\nNurses on night shifts slept for 30 minutes. They reacted 24 ms faster than without "
    "a nap.",
    "hire.md": "# Boat hire\n\nBoats are lent from April to October. Bring proof of your address, and somebody who can "
    "swim.\n\n| Boat | Hour | Day |\n|---|---|---|\n| Canoe | £9 | £40 |\n| Dinghy | £14 | £65 |\n",
    "tickets.md": f"# Tickets\n\n## Season ticket\n\n{SEASON}\n\n## Day ticket\n\n{DAY}\n",
    "releases.md": "# Releases of the pump software\n\nThe newest is 3.2.\n\n## 3.2\n\nAlarms are sent by mail. "
    + "They are repeated every hour. " * 15
    + "\n\n## 3.1\n\nThe display can be dimmed. "
    + "It goes off at night. " * 18
    + "\n\n## 3.0\n\nPasswords are longer. "
    + "They have twelve characters. " * 15
    + "\n\n## 2.9\n\nThe menu is blue. "
    + "It was green. " * 25
    + "\n",
    "workshop.md": "# Rules of the workshop\n\nVisitors sign the book. "
    + "The door is locked at night. " * 28
    + "\n\n## Saws\n\nSaws are cleaned with oil.\n\n## Drills\n\nDrills stay on the bench.\n",
    "harbour/22.md": "# Harbour Society\n\nMinutes, 5 March 2022\n\nThe mooring fee is £30 a year.\n",
    "harbour/23.md": "# Harbour Society\n\nMinutes, 4 March 2023\n\nThe mooring fee rose to £34 a year.\n",
    "harbour/24.md": "# Harbour Society\n\nMinutes, 9 March 2024\n\nThe mooring fee is £41 a year.\n",
    "règlement.md": "# Règlement de la bibliothèque\n\nLes livres sont prêtés pour quatre semaines. Les animaux ne "
    "sont pas admis dans les salles.\n",
}
WRITTEN = {
    "Whoever comes late": "Work begins at 8:30.",
    "Receipts": "Receipts are handed in within 60 days.\nEverybody has 26 days of leave.\nWork begins at 8:30.",
    "proof of": "Boats are lent from April to October.",
    "shown at": "It costs £120 and covers canoes alone.",
    "harbour bell": "It costs £40 and covers every boat.",
    "is booked": "Everybody has 26 days of leave.",
    "by mail": "Alarms are sent by mail.\nThe display can be dimmed.",
    "dimmed": "The display can be dimmed.",
    "longer": "Passwords are longer.",
    "blue": "The menu is blue.",
    "Drills stay": "Drills stay on the bench.\nVisitors sign the book.",
    "£30": "The mooring fee is £30 a year.",
    "£34": "The mooring fee rose to £34 a year.",
    "£41": "The mooring fee is £41 a year.",
    "nap": "Nurses on night shifts slept for 30 minutes.\nThey reacted 42 ms faster than without a nap.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("summaries")
    (folder / "files").mkdir()
    for name, text in FILES.items():
        (folder / "files" / name).parent.mkdir(exist_ok=True)
        (folder / "files" / name).write_text(text, encoding="utf-8")
    with create_index(Config(index=folder / "index"), EMBEDDER) as index:
        ingest([folder / "files"], index, EMBEDDER, Config(index=folder / "index"))
        yield index


def written(steps):
    """Return what was written about a part, and what was kept of it."""
    text = ""
    while True:
        try:
            text += next(steps).text
        except StopIteration as end:
            return text, end.value


def summary(index, *documents, topic=""):
    outcome, _ = done(Plan("summarise", topic, documents), Hands(index, WRITTEN))
    return cite(*zip(*outcome.checked, strict=True))[0] if outcome else None


def test_a_document_is_summed_up_in_its_order_under_its_headings(index):
    assert summary(index, "Staff Handbook").splitlines() == [
        "**Hours**",
        "- Work begins at 8:30. [1]",
        "",
        "**Leave**",
        "- Everybody has 26 days of leave. [2]",
        "",
        "**Expenses**",
        "- Receipts are handed in within 60 days. [3]",
    ]


def test_a_section_that_is_named_is_read_alone(index):
    assert "8:30" not in summary(index, "leave in the handbook")
    assert "26 days" in summary(index, "leave in the handbook")


def test_a_section_is_found_in_a_passage_that_begins_before_it(index):
    read = summary(index, "the drills in the rules of the workshop")
    assert read and "Drills stay" in read and "Visitors" not in read


def test_from_one_number_to_another_are_the_sections_between(index):
    read = summary(index, "pump software from 3.0 to 3.2")
    assert read and all(fact in read for fact in ("by mail", "dimmed", "Passwords")) and "blue" not in read


def test_documents_with_one_title_are_told_apart_by_their_dates(index):
    assert summary(index, "harbour society from 2022 to 2023").splitlines() == [
        "**Harbour Society (5 March 2022)**",
        "- The mooring fee is £30 a year. [1]",
        "",
        "**Harbour Society (4 March 2023)**",
        "- The mooring fee rose to £34 a year. [2]",
    ]


@pytest.mark.parametrize("name", ["trial on naps of nurses", "nap study"])
def test_a_document_is_found_by_what_it_is_about(index, name):
    assert summary(index, name) == "- Nurses on night shifts slept for 30 minutes. [1]"


@pytest.mark.parametrize("name", ["Leeds roadshow", "tractors"])
def test_what_no_document_is_about_is_not_summed_up(index, name):
    assert summary(index, name) is None


@pytest.mark.parametrize(
    "question",
    [
        "Summarise the coral shading study.",
        "Give me an overview of what visitors should know.",
        "Peux-tu me résumer la charte ?",
        "Hazme un resumen de la convocatoria.",
        "Fasse zusammen, was für Besucher gilt.",
    ],
)
def test_who_asks_for_a_summary_need_not_say_of_what_kind(index, question):
    from rag.catalogue import Catalogue

    assert "summarise" in possible(question, Catalogue(index).titles())


def test_the_fewer_parts_the_more_is_said_of_each():
    assert [share(parts) for parts in (1, 4, 5, 12, 100)] == [8, 7, 6, 2, 2]


def test_the_model_is_asked_in_the_language_of_the_document():
    prompts = []

    def complete(prompt, limit):
        prompts.append((prompt.asked, limit))
        return iter([""])

    texts = {
        "en": "The rent is due.",
        "fr": "Le loyer est dû.",
        "nl": "De huur wordt betaald op de eerste van de maand.",
    }
    for language, text in texts.items():
        (part,) = parts_of("Lease", [Passage("a", 0, len(text), text)])
        written(read_part(part, language, 3, TASK, complete, 0.35))
    assert [asked.split()[-3:] for asked, _ in prompts] == [
        ["each,", "in", "English:"],
        ["en", "français", ":"],
        ["each,", "in", "Dutch:"],
    ]
    assert "3" in prompts[0][0] and prompts[0][1] == 120


def test_statements_in_another_language_and_repetitions_are_left_out():
    text = "La directrice est Mme Orsel. Les animaux ne sont pas admis."
    part = Part("", (Passage("a", 0, len(text), text),))
    said = (
        "Les animaux ne sont pas admis.\nThe directrice is Mme Orsel.\nLa directrice est Mme Orsel.\n"
        "Les animaux ne sont pas admis."
    )
    shown, kept = written(read_part(part, "fr", 5, TASK, lambda prompt, limit: iter([said]), 0.35))
    assert shown == "\n" + said
    assert [claim.text for claim, _ in kept] == ["La directrice est Mme Orsel.", "Les animaux ne sont pas admis."]


@pytest.mark.parametrize("name", ["overview", "main points", "everything", "the documents"])
def test_a_name_that_names_nothing_means_all_documents(index, name):
    told = summary(index, name)
    assert "**Staff Handbook**\n- Work begins at 8:30." in told and "\n- Nurses on night shifts" in told


def test_rows_of_a_small_table_are_listed_as_they_are(index):
    assert summary(index, "Boat hire").splitlines()[:3] == [
        "- Boats are lent from April to October. [1]",
        "- Boat: Canoe; Hour: £9; Day: £40 [2]",
        "- Boat: Dinghy; Hour: £14; Day: £65 [3]",
    ]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(["| Canoe | £9 |"], id="one"),
        pytest.param([f"| Boat {number} | £9 |" for number in range(20)], id="many"),
        pytest.param([f"| Boat {number} | {'It is blue. ' * 40}|" for number in range(3)], id="prose"),
    ],
)
def test_other_tables_are_the_models_to_read(rows):
    text = "\n".join(["The boats", "| Boat | Hour |", "|---|---|", *rows])
    part = Part("", (Passage("a", 0, len(text), text),))
    assert part.rows == [] and part.prose == text


def test_a_table_without_text_beside_it_needs_no_model():
    text = "The boats\n| Boat | Hour |\n|---|---|\n| Canoe | £9 |\n| Dinghy | £14 |"
    part = Part("", (Passage("a", 0, len(text), text),))
    shown, kept = written(read_part(part, "en", 5, TASK, lambda *_: pytest.fail("asked"), 0.35))
    assert shown == "" and [claim.text for claim, _ in kept] == ["Boat: Canoe; Hour: £9", "Boat: Dinghy; Hour: £14"]
    assert [text[support.spans[0].start : support.spans[0].end] for _, support in kept] == text.splitlines()[3:]


def test_a_model_that_repeats_itself_is_stopped():
    text = "The canoe is red. The dinghy is blue."
    part = Part("", (Passage("a", 0, len(text), text),))
    lines = iter(["The canoe is red.\n", "The dinghy is blue.\n", *["The canoe is red.\n"] * 100])
    shown, kept = written(read_part(part, "en", 5, TASK, lambda *_: lines, 0.35))
    assert shown.count("\n") == 4 and len(kept) == 2


def compared(index, *names, question=""):
    outcome, _ = done(Plan("compare", "", names, question), Hands(index, WRITTEN))
    return cite(*zip(*outcome.checked, strict=True))[0].splitlines() if outcome else None


def test_what_stands_inside_of_one_document_is_compared(index):
    assert compared(index, "season ticket", "day ticket") == [
        "**Season ticket**",
        "- It costs £120 and covers canoes alone. [1]",
        "",
        "**Day ticket**",
        "- It costs £40 and covers every boat. [2]",
    ]


@pytest.mark.parametrize("names", [("canoe", "dinghy"), ("boats",)])
def test_a_table_of_what_is_compared_is_listed(index, names):
    assert "- Boat: Canoe; Hour: £9; Day: £40" in "\n".join(compared(index, *names))


@pytest.mark.parametrize("names", [("season ticket", "week ticket"), ("submarine",)])
def test_what_is_not_found_is_not_compared(index, names):
    assert compared(index, *names) is None


@pytest.mark.parametrize(
    ("question", "planned"),
    [
        ("Compare the two tickets.", True),
        ("Vergleiche die beiden Karten.", True),
        ("Comparez les deux billets.", True),
        ("Compara los dos billetes.", True),
        ("How much more was paid, compared with last year?", False),
        ("What does switching contrast with?", False),
    ],
)
def test_a_comparison_need_not_be_of_documents(index, question, planned):
    from rag.catalogue import Catalogue

    assert ("compare" in possible(question, Catalogue(index).titles())) == planned
