"""Answers that look right and are wrong: small documents, a question, a draft that must not be given and one that must.

The model is a script that is sure of itself; the retrieval, the check and the outcome are the real ones.
"""

from typing import NamedTuple

import pytest

from rag import prompts
from rag.answers import draft_and_quotes
from rag.assistant import Assistant
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest

POLICY = """# Members' policy

Owner: Ann Lee
Approved: 12 May 2023
Published at: Harbour House, room 12
Version: 3.2
Next review: 12 May 2026

## Elections

The chair is elected by the members each year at the annual meeting. Votes are counted by two tellers.

## Equipment

The laptop is kept in the locked drawer of the boat shed. It is lent for seven days.

## The boat

The boat belongs to Bo Ek, who bought it in 2019. It carries eight people, of whom two must be able to sail.

## Illness

An employee who is ill calls the shift lead before 8 am. A doctor's note goes to the personnel office after three days.
"""
MINUTES_2022 = """# Minutes of the annual meeting, 8 March 2022

Present: Ann Lee, Bo Ek, Cy Orr, Di Fox. Apologies: Eva Holt.

Cy Orr took the chair. Ann Lee was elected Treasurer. The fee was set at £30 a year.
The meeting was held in the Old School. The next meeting is on 14 March 2023 in the Boat Shed.
"""
MINUTES_2024 = """# Minutes of the annual meeting, 12 March 2024

Present: Bo Ek, Di Fox, Eva Holt. Apologies: Cy Orr.

Ann Lee resigned as Treasurer. Bo Ek was elected Treasurer. The fee was set at £35 a year.
Di Fox took the chair. The motion to sell the boat was not carried. The motion to buy a second mast was carried.
Of 41 members 23 were present; the quorum is 15.
"""
AGREEMENT = """# Agreement on the mooring, 3 March 2021

Between the Harbour Trust, Kiel Road 4, and the Sailing Club, Mill Lane 9.

The term is three years from 1 April 2021. Notice is six months. The rent is GBP 640 a month, the deposit GBP 1,480.
The Trust repairs the pontoon; the Club insures the boats. Disputes are heard in Dover.
The rent may be raised by no more than 4 % a year. Until 2020 the rent was GBP 590 a month.
"""
PRICES = """# Price list 2025

| Ticket | Adults | Children | Dogs |
|---|---|---|---|
| Day | £12.50 | £6 | free |
| Week | £48 | £20 | £5 |
| Season | £160 | £75 | £15 |

In 2024 a day ticket for adults was £11. Tickets are not refunded after the first day.
"""
MANUAL = """# Pump controller, revision 7 of June 2024

| Parameter | Default | Lowest | Highest | Unit |
|---|---|---|---|---|
| start_pressure | 2.5 | 1.0 | 6.0 | bar |
| stop_pressure | 3.5 | 1.5 | 8.0 | bar |
| dry_run_delay | 20 | 5 | 120 | seconds |

Switch the controller off before you open the lid. The warranty is three years; a unit may be returned within 30 days.
The controller needs firmware 4.1. It must not be used with sea water. Service is given by Orbital 24 Ltd.
"""
LEAFLET = """# Velparin syrup

Made by Osterlund Pharma, Bergen. Holder of the licence: Brightwater Medica.

Adults take 5 mg of prednisolone once a day, and never more than 15 mg a day. Children of 6 to 11 take 2.5 ml.
Take it after a meal. It is not taken with milk. Once opened it keeps for 28 days; unopened it keeps for two years.
"""
STUDY = """# Sleep and shift work: abstract

Presented by Leila Holt; principal investigator: Tom Wind; submitted on 2 May 2023.

Of 120 nurses, 64 were given light therapy and 56 were not.
Sleep rose by 42 minutes with light therapy, and by 7 minutes without.
Headaches were reported by 9 % with light therapy and by 11 % without.
"""
HOURS = """# Museum

Ask for Zoe Park at the desk. Telephone of the desk: 960 214. Telephone of the café: 960 221.

| Day | Opens | Closes |
|---|---|---|
| Saturday | 10:00 | 18:00 |
| Sunday | 11:30 | 16:30 |

The museum is closed on Mondays. Bags may be taken in; umbrellas may not.
The lift reaches the second floor, not the tower.

## Questions

Can I pay by card? Yes, from £5.

Can I leave my coat? No, there is no cloakroom.
"""
VERTRAG = """# Arbeitsvertrag vom 4. Mai 2022

Zwischen der Reederei Nord, Hafenstraße 3, und Jana Kühn.

Die Probezeit beträgt sechs Monate. Die Kündigungsfrist beträgt acht Wochen zum Monatsende.
Der Urlaub beträgt 28 Tage im Jahr. Nebentätigkeiten sind nicht erlaubt.
Die Arbeit beginnt um 7:30 Uhr und endet um 16:00 Uhr.
Urlaub wird bei Frau Peters beantragt. Krankmeldungen gehen an Herrn Wolff.
"""
REGLEMENT = """# Règlement de la bibliothèque, 9 juin 2023

On peut emprunter dix livres pour trois semaines et deux films pour sept jours. L'inscription coûte 12 € par an.
Les livres ne peuvent pas être renouvelés. Les films peuvent être renouvelés une fois.
La bibliothèque ouvre à 10 h 30 et ferme à 18 h 00. Les dons sont reçus par Mme Orcel, les plaintes par M. Besson.
"""
MANUAL_ES = """# Manual de la lavadora, edición de 2021

El programa rápido dura 30 minutos y el programa normal dura 90 minutos. La carga máxima es de 7 kg.
La garantía es de dos años. No se puede lavar lana a 60 grados.
El servicio técnico lo atiende Ana Ruiz; las piezas las vende Luis Vega.
"""

DOCUMENTS = {
    "policy": POLICY,
    "minutes-2022": MINUTES_2022,
    "minutes-2024": MINUTES_2024,
    "agreement": AGREEMENT,
    "prices": PRICES,
    "manual": MANUAL,
    "leaflet": LEAFLET,
    "study": STUDY,
    "hours": HOURS,
    "vertrag": VERTRAG,
    "reglement": REGLEMENT,
    "lavadora": MANUAL_ES,
}


class Case(NamedTuple):
    """A question, a wrong draft and a right one (none where the documents do not answer it)."""

    question: str
    wrong: str
    right: str


CASES = [
    Case(
        "When is the election?",
        "The election is on 12 May 2023.",
        "The chair is elected each year at the annual meeting.",
    ),
    Case("When is the election?", "12 May 2023", "Each year at the annual meeting."),
    Case(
        "Where is the laptop?",
        "The laptop is in Harbour House, room 12.",
        "The laptop is kept in the locked drawer of the boat shed.",
    ),
    Case("Who is the owner of the boat?", "The owner of the boat is Ann Lee.", "The boat belongs to Bo Ek."),
    Case("Who is the owner of the boat?", "Ann Lee", "Bo Ek"),
    Case("For how long is the laptop lent?", "The laptop is lent for three days.", "It is lent for seven days."),
    Case("How many people does the boat carry?", "It carries two people.", "It carries eight people."),
    Case(
        "When an employee is ill, whom must he call?",
        "He must call the personnel office.",
        "He calls the shift lead before 8 am.",
    ),
    Case("By when must an employee who is ill call?", "He calls after three days.", "Before 8 am."),
    Case("Who counts the votes?", "The votes are counted by the chair.", "Votes are counted by two tellers."),
    Case("Who is the treasurer?", "The treasurer is Ann Lee.", "Bo Ek was elected Treasurer."),
    Case("Who is the treasurer?", "Ann Lee was elected Treasurer.", "Bo Ek was elected Treasurer in 2024."),
    Case("What is the fee?", "The fee is £30 a year.", "The fee was set at £35 a year."),
    Case("What was the fee in 2022?", "In 2022 the fee was £35.", "In 2022 the fee was set at £30 a year."),
    Case("Who took the chair in 2024?", "Cy Orr took the chair in 2024.", "Di Fox took the chair."),
    Case(
        "Where is the next meeting?", "The next meeting is in the Old School.", "The next meeting is in the Boat Shed."
    ),
    Case("When is the next meeting?", "The next meeting is on 8 March 2022.", "It is on 14 March 2023."),
    Case(
        "Was the motion to sell the boat carried?",
        "Yes, the motion to sell the boat was carried.",
        "No, the motion to sell the boat was not carried.",
    ),
    Case("How many members are there?", "There are 23 members.", "There are 41 members."),
    Case("What is the quorum?", "The quorum is 23.", "The quorum is 15."),
    Case("Who was absent with apologies?", "Eva Holt sent apologies.", "Apologies came from Cy Orr."),
    Case("What is the term of the agreement?", "The term is six months.", "The term is three years from 1 April 2021."),
    Case(
        "When does the term of the agreement begin?", "The term begins on 3 March 2021.", "It begins on 1 April 2021."
    ),
    Case("How long is the notice?", "The notice is three years.", "Notice is six months."),
    Case("How much is the deposit?", "The deposit is £640.", "The deposit is £1,480."),
    Case("What is the rent?", "The rent is £590 a month.", "The rent is GBP 640 a month."),
    Case("Who insures the boats?", "The Trust insures the boats.", "The Club insures the boats."),
    Case("Where is the Sailing Club?", "The Sailing Club is at Kiel Road 4.", "The Sailing Club is at Mill Lane 9."),
    Case(
        "By how much may the rent be raised?", "The rent may be raised by 14 % a year.", "By no more than 4 % a year."
    ),
    Case(
        "What does a week ticket cost for children?",
        "A week ticket for children costs £48.",
        "A week ticket costs £20 for children.",
    ),
    Case("What does a week ticket cost for children?", "£75", "£20"),
    Case(
        "What does a day ticket cost for adults?",
        "A day ticket costs £11 for adults.",
        "A day ticket is £12.50 for adults.",
    ),
    Case(
        "What did a day ticket cost in 2024?",
        "In 2024 a day ticket was £12.50.",
        "In 2024 a day ticket for adults was £11.",
    ),
    Case(
        "Are tickets refunded after the first day?",
        "Yes, tickets are refunded after the first day.",
        "No, tickets are not refunded after the first day.",
    ),
    Case(
        "What is the default of stop_pressure?",
        "The default of stop_pressure is 2.5 bar.",
        "The default of stop_pressure is 3.5 bar.",
    ),
    Case("What is the highest start_pressure?", "8.0 bar", "6.0 bar"),
    Case("What is the default of dry_run_delay?", "20 minutes", "20 seconds"),
    Case("How long is the warranty?", "The warranty is 30 days.", "The warranty is three years."),
    Case("Which firmware does the controller need?", "The controller needs firmware 7.", "It needs firmware 4.1."),
    Case(
        "When do I switch the controller off?",
        "Switch it off after you open the lid.",
        "Switch the controller off before you open the lid.",
    ),
    Case(
        "May it be used with sea water?", "Yes, it may be used with sea water.", "It must not be used with sea water."
    ),
    Case("Who gives service?", "Service is given by Orbital 42 Ltd.", "Service is given by Orbital 24 Ltd."),
    Case("Who makes Velparin?", "Velparin is made by Brightwater Medica.", "It is made by Osterlund Pharma."),
    Case("How much do adults take once a day?", "Adults take 15 mg once a day.", "Adults take 5 mg once a day."),
    Case("How much do children of 8 take?", "Children take 2.5 mg.", "Children of 6 to 11 take 2.5 ml."),
    Case(
        "How long does it keep once opened?", "Once opened it keeps for two years.", "Once opened it keeps for 28 days."
    ),
    Case("When is it taken?", "It is taken before a meal.", "Take it after a meal."),
    Case("Is it taken with milk?", "Yes, it is taken with milk.", "No, it is not taken with milk."),
    Case("How much prednisone do adults take once a day?", "Adults take 5 mg of prednisone once a day.", ""),
    Case(
        "By how much did sleep rise with light therapy?",
        "Sleep rose by 7 minutes with light therapy.",
        "Sleep rose by 42 minutes with light therapy.",
    ),
    Case(
        "How many nurses were given light therapy?",
        "120 nurses were given light therapy.",
        "64 of 120 nurses were given light therapy.",
    ),
    Case("Who presented the abstract?", "The abstract was presented by Tom Wind.", "It was presented by Leila Holt."),
    Case(
        "How often were headaches reported without light therapy?",
        "By 9 % without light therapy.",
        "By 11 % without light therapy.",
    ),
    Case("When does the museum open on Sundays?", "On Sundays it opens at 10:00.", "On Sundays it opens at 11.30 am."),
    Case(
        "When does the museum close on Saturdays?",
        "It closes at 4.30 pm on Saturdays.",
        "It closes at 6 pm on Saturdays.",
    ),
    Case("What is the telephone of the café?", "960 214", "960 221"),
    Case(
        "What is the telephone of the café?",
        "The telephone of the café is 960 214.",
        "The telephone of the café is 960 221.",
    ),
    Case("May I take an umbrella in?", "Umbrellas may be taken in.", "Bags may be taken in; umbrellas may not."),
    Case("Can I leave my coat?", "Yes, you can leave your coat.", "No, there is no cloakroom."),
    Case("Is the museum open on Mondays?", "The museum is open on Mondays.", "The museum is closed on Mondays."),
    Case(
        "Wie lang ist die Kündigungsfrist?",
        "Die Kündigungsfrist beträgt sechs Monate.",
        "Die Kündigungsfrist beträgt acht Wochen zum Monatsende.",
    ),
    Case("Wann beginnt die Arbeit?", "Die Arbeit beginnt um 16 Uhr.", "Die Arbeit beginnt um 7.30 Uhr."),
    Case(
        "Sind Nebentätigkeiten erlaubt?",
        "Ja, Nebentätigkeiten sind erlaubt.",
        "Nein, Nebentätigkeiten sind nicht erlaubt.",
    ),
    Case(
        "Bei wem wird Urlaub beantragt?",
        "Urlaub wird bei Herrn Wolff beantragt.",
        "Urlaub wird bei Frau Peters beantragt.",
    ),
    Case(
        "Wie viele Tage beträgt der Urlaub?",
        "Der Urlaub beträgt 30 Tage im Jahr.",
        "Der Urlaub beträgt 28 Tage im Jahr.",
    ),
    Case(
        "Pour combien de temps peut-on emprunter un film ?",
        "On peut emprunter un film pour trois semaines.",
        "On peut emprunter deux films pour 7 jours.",
    ),
    Case(
        "Les livres peuvent-ils être renouvelés ?",
        "Oui, les livres peuvent être renouvelés.",
        "Non, les livres ne peuvent pas être renouvelés.",
    ),
    Case(
        "Qui reçoit les plaintes ?",
        "Les plaintes sont reçues par Mme Orcel.",
        "Les plaintes sont reçues par M. Besson.",
    ),
    Case("À quelle heure ferme la bibliothèque ?", "Elle ferme à 10h30.", "La bibliothèque ferme à 18h00."),
    Case(
        "¿Cuánto dura el programa rápido?", "El programa rápido dura 90 minutos.", "El programa rápido dura 30 minutos."
    ),
    Case("¿De cuánto es la garantía?", "La garantía es de siete años.", "La garantía es de dos años."),
    Case(
        "¿Se puede lavar lana a 60 grados?",
        "Sí, se puede lavar lana a 60 grados.",
        "No, no se puede lavar lana a 60 grados.",
    ),
    Case("¿Quién vende las piezas?", "Las piezas las vende Ana Ruiz.", "Las piezas las vende Luis Vega."),
]

HEAD = "a line of the head of a document gives a value of the kind, and no other one excludes it"
OLD = "what has ended, or was so at another time, has the same words as what is so now"
OTHER = "a clause about something else has as many words of the claim and the question"
NO_VALUE = "what is wrong is no name, number or date, so that nothing excludes it"
UNIT = "the unit stands in another cell of the row"
GERMAN = "in German a name is not told from other nouns"
LOST = "another statement has more words of the question, since the cell and its row use fewer"

GIVEN = [
    ("When is the election?", "The election is on 12 May 2023.", HEAD),
    ("When is the election?", "12 May 2023", HEAD),
    ("Where is the laptop?", "The laptop is in Harbour House, room 12.", HEAD),
    ("Who is the owner of the boat?", "The owner of the boat is Ann Lee.", HEAD),
    ("Who is the owner of the boat?", "Ann Lee", HEAD),
    ("When an employee is ill, whom must he call?", "He must call the personnel office.", NO_VALUE),
    ("By when must an employee who is ill call?", "He calls after three days.", OTHER),
    ("Who counts the votes?", "The votes are counted by the chair.", NO_VALUE),
    ("Who is the treasurer?", "The treasurer is Ann Lee.", OLD),
    ("Who is the treasurer?", "Ann Lee was elected Treasurer.", OLD),
    ("What is the fee?", "The fee is £30 a year.", OLD),
    ("How many members are there?", "There are 23 members.", OTHER),
    ("Who was absent with apologies?", "Eva Holt sent apologies.", OLD),
    ("What is the rent?", "The rent is £590 a month.", OLD),
    ("Where is the Sailing Club?", "The Sailing Club is at Kiel Road 4.", OTHER),
    ("What does a day ticket cost for adults?", "A day ticket costs £11 for adults.", OLD),
    ("What is the default of dry_run_delay?", "20 minutes", UNIT),
    ("When is it taken?", "It is taken before a meal.", NO_VALUE),
    ("How much prednisone do adults take once a day?", "Adults take 5 mg of prednisone once a day.", NO_VALUE),
    ("Who presented the abstract?", "The abstract was presented by Tom Wind.", OTHER),
    ("May I take an umbrella in?", "Umbrellas may be taken in.", NO_VALUE),
    ("Can I leave my coat?", "Yes, you can leave your coat.", NO_VALUE),
    ("Bei wem wird Urlaub beantragt?", "Urlaub wird bei Herrn Wolff beantragt.", GERMAN),
    ("Pour combien de temps peut-on emprunter un film ?", "On peut emprunter un film pour trois semaines.", OTHER),
    ("À quelle heure ferme la bibliothèque ?", "Elle ferme à 10h30.", OTHER),
]
"""Wrong drafts that are given all the same, and why."""
REFUSED = [
    ("How often were headaches reported without light therapy?", "By 11 % without light therapy.", LOST),
    ("What does a day ticket cost for adults?", "A day ticket is £12.50 for adults.", LOST),
]
"""Right drafts that are not given, and why."""
REASONS = {(question, draft): reason for question, draft, reason in (*GIVEN, *REFUSED)}


def drafts(which):
    """Pairs of a question and its ``wrong`` or ``right`` draft, those that are judged wrongly marked."""
    for case in CASES:
        draft = getattr(case, which)
        reason = REASONS.get((case.question, draft))
        marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
        if draft:
            yield pytest.param(case.question, draft, marks=marks)


@pytest.fixture(scope="module")
def index(tmp_path_factory, embedder, config):
    folder = tmp_path_factory.mktemp("wrong")
    for name, text in DOCUMENTS.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    with SqliteIndex.create(tmp_path_factory.mktemp("wrong-index"), embedder, config.passage_tokens) as made:
        assert not ingest([folder], made, embedder, config).failed
        yield made


@pytest.fixture
def ask(index, embedder, config):
    """Ask a question of an assistant whose model writes ``draft`` and is sure that it can be answered."""

    def run(question, draft, **limits):
        generator = ScriptedGenerator({"": draft})
        return Assistant(index, embedder, generator, prompts.load(config.prompt), config).ask(question, **limits)

    return run


def test_there_are_cases_enough():
    assert len(CASES) >= 70
    assert len(GIVEN) <= 25 and len(REFUSED) <= 2
    assert REASONS.keys() <= {(case.question, draft) for case in CASES for draft in (case.wrong, case.right)}


@pytest.mark.parametrize(("question", "draft"), [*drafts("wrong")])
def test_a_wrong_answer_is_not_given(ask, question, draft):
    answer = ask(question, draft)
    assert answer.status != "answered"
    assert answer.citations or answer.status == "abstained"
    if answer.status == "unsure":
        assert draft_and_quotes(answer)[0] == ""


@pytest.mark.parametrize(("question", "draft"), [*drafts("right")])
def test_the_right_answer_is_given(ask, question, draft):
    answer = ask(question, draft)
    assert answer.status == "answered"
    assert answer.answer.startswith(draft)
    assert answer.citations


# --- two minutes of different dates


def test_the_minutes_of_both_years_are_read(ask):
    answer = ask("Who is the treasurer?", "Bo Ek was elected Treasurer.")
    assert {"minutes-2022.md", "minutes-2024.md"} <= {item.passage.document for item in answer.evidence}
    assert {citation.document for citation in answer.citations} == {"minutes-2024.md"}


def test_who_was_elected_in_a_year_is_answered_from_that_year(ask):
    answer = ask("Who was elected Treasurer in 2022?", "Ann Lee was elected Treasurer.")
    assert (answer.status, answer.citations[0].document) == ("answered", "minutes-2022.md")
    assert ask("Who was elected Treasurer in 2024?", "Bo Ek was elected Treasurer.").status == "answered"
    assert ask("Who was elected Treasurer in 2024?", "Cy Orr was elected Treasurer.").status != "answered"
    assert ask("Who was elected Treasurer in 2023?", "Bo Ek was elected Treasurer.").status != "answered"


def test_where_no_draft_holds_what_both_say_is_quoted(ask):
    answer = ask("Who is the treasurer?", "Zoe Park is the treasurer.")
    assert answer.status == "unsure"
    assert "Bo Ek was elected Treasurer." in answer.answer
    assert "Ann Lee was elected Treasurer." in answer.answer


# --- questions that were once refused or read as others


@pytest.mark.parametrize(
    ("question", "draft"),
    [
        ("When an employee is ill, whom must he call?", "He calls the shift lead before 8 am."),
        ("If a member wants the laptop, for how long does she get it?", "It is lent for seven days."),
        ("What must they do before they open the lid?", "Switch the controller off before you open the lid."),
    ],
)
def test_a_question_about_anybody_is_not_refused(ask, question, draft):
    answer = ask(question, draft)
    assert (answer.status, answer.notes) == ("answered", ())


@pytest.mark.parametrize("question", ["How much prednisone do adults take?", "Who is Leila Holm?", "When is Sundae?"])
def test_a_word_is_not_read_as_another_one_that_is_alike(ask, question):
    assert ask(question, "It is not told.").notes == ()


def test_a_long_word_that_is_a_letter_off_is_read_as_the_documents_spell_it_and_the_reader_is_told(ask):
    answer = ask("Where is Osterland Pharma?", "Osterlund Pharma is in Bergen.")
    assert (answer.status, answer.notes) == ("answered", ("Interpreted as: Where is Osterlund Pharma?",))
