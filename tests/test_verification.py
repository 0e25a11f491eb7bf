import pytest

from rag.citations import parse
from rag.types import Evidence, Passage
from rag.verification import support

LONDON = (
    "Location: University College London\n\n"
    "It is estimated that work with 3 families has generated a £250K cost avoidance for the Council.\n\n"
    "Gavin Jones - Swindon Borough Council"
)
CARDIFF = (
    "Date: 11.03.2011\nLocation: Cardiff Millennium Centre\n"
    "David Pugh talked about how Creation Development Trust rebuilt community cohesion in Blaengarw."
)
EVIDENCE = [
    Evidence(Passage("london.txt", 40, 40 + len(LONDON), LONDON, "London Co-production Roadshow"), 1.0, 1, dense=0.6),
    Evidence(Passage("cardiff.txt", 0, len(CARDIFF), CARDIFF, "Cardiff Co-production Roadshow"), 0.5, 2, dense=0.4),
]


def best(draft, question=""):
    (found,) = support(parse(draft), EVIDENCE, question)
    if found is None:
        return None, "", 0.0
    span = found.spans[0]
    passage = span.evidence.passage
    return passage.document, passage.text[span.start - passage.start : span.end - passage.start], found.score


def test_the_span_is_the_whole_sentence_that_says_it():
    document, quote, score = best("The roadshow was at the Cardiff Millennium Centre [1].", "Where was the roadshow?")
    assert (document, quote) == ("cardiff.txt", "Location: Cardiff Millennium Centre")
    assert score > 0.9


def test_a_wrong_mark_does_not_win_over_the_words():
    assert best("David Pugh spoke about Blaengarw. [1]")[0] == "cardiff.txt"


def test_a_date_is_recognised_in_another_spelling():
    document, quote, score = best("It was held on 11 March 2011.", "When was it held?")
    assert (document, quote) == ("cardiff.txt", "Date: 11.03.2011")
    assert score > 0.8


@pytest.mark.parametrize(
    "draft",
    [
        "The cost avoidance was £250 for the Council.",
        "The cost avoidance was £350K for the Council.",
        "The roadshow in Newcastle was about community cohesion in Blaengarw.",
        "It was held on 12 March 2011 at the Cardiff Millennium Centre.",
        "The capital of Mongolia is Ulaanbaatar.",
    ],
)
def test_a_number_date_or_name_that_is_not_there_is_not_supported(draft):
    assert best(draft)[2] <= 0.3


def test_nothing_stands_behind_words_that_are_not_there():
    assert best("Bananas ripen quickly.") == (None, "", 0.0)


def test_offsets_are_of_the_document():
    (found,) = support(parse("It generated a £250K cost avoidance."), EVIDENCE, "")
    (span,) = found.spans
    assert LONDON[span.start - 40 : span.end - 40].startswith("It is estimated")


def test_two_facts_from_two_places_have_two_spans():
    (found,) = support(parse("It was on 11 March 2011, and Pugh spoke of Blaengarw."), EVIDENCE, "")
    assert [CARDIFF[span.start : span.end][:10] for span in found.spans] == ["Date: 11.0", "David Pugh"]


def test_a_list_of_many_names_is_quoted_name_by_name():
    names = "Ash Birch,Cole Dunn,Eve Frost,Gil Holt,Ida Jarvis,Ken Lowe,Mo Nash,Olga Price,Quin Reed,Sue Thorpe"
    text = "Speakers:\n\n" + "\n".join(f"{name} - Town Council" for name in names.split(","))
    evidence = [Evidence(Passage("list.txt", 0, len(text), text, "Speakers"), 1.0, 1)]
    (found,) = support(parse(names.replace(",", ", ")), evidence, "Who were the speakers?")
    assert found.score == 1.0
    (span,) = found.spans
    assert text[span.start : span.end] == text.removeprefix("Speakers:\n\n")


def test_neighbours_are_one_span():
    (found,) = support(parse("On 11 March 2011 at the Cardiff Millennium Centre."), EVIDENCE, "")
    assert [CARDIFF[span.start : span.end] for span in found.spans] == [
        "Date: 11.03.2011\nLocation: Cardiff Millennium Centre"
    ]


TABLE = """## Offices

| Name | Telephone |
| --- | --- |
| Ann Lee | 960 214 |
| Bo Ek | 960 221 |

Ferry office
Manager: Cy Orr
Telephone: 960 300"""


@pytest.mark.parametrize(
    ("question", "draft", "supported"),
    [
        ("What is Bo Ek's phone number?", "960 221", True),
        ("What is Bo Ek's phone number?", "960 214", False),
        ("What is Bo Ek's phone number?", "Bo Ek's phone number is 960 300.", False),
        ("Who manages the Ferry Office?", "Cy Orr", True),
        ("Who manages the Ferryoffice?", "Cy Orr", True),
        ("Who manages the Depot?", "Cy Orr", False),
        ("Who manages the Old Office?", "Cy Orr", False),
        ("Who manages the depot?", "Cy Orr", True),
        ("What is the number in the Town Hall list?", "960 300", True),
    ],
)
def test_a_line_about_something_else_does_not_support_an_answer(question, draft, supported):
    evidence = [Evidence(Passage("offices.md", 2000, 2000 + len(TABLE), TABLE, "Town Hall list"), 1.0, 1)]
    (found,) = support(parse(draft), evidence, question)
    assert (found.score > 0.5) == supported


def test_the_first_row_of_a_table_that_began_before_is_about_its_own_name():
    rows = "| Di Fox | 960 200 |\n| Ann Lee | 960 214 |\n| Bo Ek | |"
    evidence = [Evidence(Passage("offices.md", 2000, 2000 + len(rows), rows, "Town Hall list"), 1.0, 1)]
    for name, supported in (("Di Fox", True), ("Bo Ek", False)):
        (found,) = support(parse("960 200"), evidence, f"What is the phone number of {name}?")
        assert (found.score > 0.5) == supported


@pytest.mark.parametrize(
    ("question", "supported"),
    [
        ("Who won the cup in 2024?", True),
        ("Who won the cup in May 2024?", True),
        ("Who won the cup in 2023?", False),
        ("Who won the cup on 19 May?", False),
        ("Who won the cup in 2023 and in 2024?", True),
        ("Who won the cup?", True),
    ],
)
def test_what_is_asked_of_another_year_is_not_supported(question, supported):
    evidence = [Evidence(Passage("cup.txt", 0, 25, "Ann Lee won the old cup.", "Cup", date="2024-05-18"), 1.0, 1)]
    (found,) = support(parse("Ann Lee won it."), evidence, question)
    assert (found.score > 0.5) == supported


def test_the_top_of_a_document_is_about_all_of_it():
    text = "Date: 3 May 2021\n\nThe Harbour Day was in Kiel. Ann Lee opened it."
    evidence = [Evidence(Passage("day.txt", 0, len(text), text, "A day"), 1.0, 1)]
    (found,) = support(parse("It was on 3 May 2021."), evidence, "When was the Harbour Day?")
    assert found.score > 0.5


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("Philip indicated that more evidence is needed.", True),
        ("Mr Colligan indicated that more evidence is needed.", True),
        ("Philip Green indicated that more evidence is needed.", False),
        ("Anna Colligan indicated that more evidence is needed.", False),
        ("The chair indicated that more evidence is needed.", False),
    ],
)
def test_somebody_who_is_known_is_named_in_short(text, supported):
    evidence = [Evidence(Passage("a.txt", 900, 900 + len(text), text), 1.0, 1)]
    (found,) = support(
        parse("Then Philip Colligan indicated that more evidence is needed."),
        evidence,
        "What did Philip Colligan indicate?",
    )
    assert (found.score > 0.5) == supported


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        ("It takes 60 minutes.", "After sixty minutes the police are called."),
        ("26 people came.", "There were twenty-six people."),
        ("It began at 14:00.", "14.00 Talk: it began late"),
        ("It was on 18 June 2024.", "It was on Tuesday 18 June."),
    ],
)
def test_numbers_times_and_days_are_read_as_they_are_meant(draft, text):
    evidence = [Evidence(Passage("a.txt", 900, 900 + len(text), text, "Minutes", date="2024-05-21"), 1.0, 1)]
    (found,) = support(parse(draft), evidence, "And when?")
    assert found.score > 0.5


def test_a_month_stands_for_itself_in_what_is_of_its_year():
    passage = Passage(
        "m.txt", 0, 60, "It carried 218,600 people in the year to the end of September.", "Ferry", date="2018-11-14"
    )
    asked = "How many people did it carry in the year to September {}?"
    for year, supported in ((2018, True), (2019, False)):
        (found,) = support(parse("218,600"), [Evidence(passage, 1.0, 1)], asked.format(year))
        assert (found.score > 0.5) == supported


def test_of_sentences_that_say_it_the_one_that_is_on_the_question_is_quoted():
    text = "David Pugh spoke of timebanking. Tris Dyson used timebanking as a tool."
    evidence = [Evidence(Passage("c.txt", 0, len(text), text, "Cardiff"), 1.0, 1)]
    for whom, sentence in (("Tris Dyson", text[33:]), ("David Pugh", text[:32])):
        (found,) = support(parse("Timebanking"), evidence, f"What did {whom} speak of, or use as a tool?")
        (span,) = found.spans
        assert text[span.start : span.end] == sentence


@pytest.mark.parametrize(("year", "supported"), [(1947, True), (1946, True), (1950, False), (1945, False)])
def test_a_year_is_within_two(year, supported):
    text = "The plea was made in the midst of the Greek Civil War ( 1946 -- 49 ) ."
    evidence = [Evidence(Passage("t.txt", 0, len(text), text, "Doctrine"), 1.0, 1)]
    (found,) = support(parse("In the midst of the Greek Civil War."), evidence, f"When was the plea made in {year}?")
    assert (found.score > 0.5) == supported
