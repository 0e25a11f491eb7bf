"""Questions that single lines answer: which are recognised, what is quoted, and what is left to the model."""

import pytest
from lines import lines_of

DAYS = {
    "kiel.txt": """Harbour Day Kiel

Date: 3 May 2021

Location: Old Customs House

The harbour day was opened by Ann Lee. Nobody spoke about the ferry.

Speakers:

Ann Lee - Harbour Trust

Bo Ek - City of Kiel

Cy Orr and Di Fox - Boat Club Nord

Eva Holm - independent adviser
""",
    "oslo.txt": """Harbour Day Oslo

Date: 7 June 2022

Location: Town Hall

The day was about boats, and about the price of boats.

Attendees:

Hugo Iversen - City of Oslo

Inga Jahn - Boat Club Nord

Speakers:

Anne Lee - Harbour Trust

Finn Gram - City of Oslo
""",
    "staff.txt": """Staff of the office

Contacts:
Gro Haug, Head of Boats, Harbour Trust
Ivo Jung, Deputy Director of Moorings
Kai Lund, Treasurer, Boat Club Nord
""",
}

OFFICE = {
    "grants.txt": """Grants of the year

Boat Club Nord - £400
For a sail.
Contact: Kai Lund

Friends of the Ferry - £1,200
For two oars.
Contact: Liv Moe

Harbour School - £90
For paint.
Contact: Per Quist
""",
    "phones.md": """# Telephone list

| Name | Post | Telephone | E-mail |
| --- | --- | --- | --- |
| Rut Sand | Treasurer | 960 214 | rut@port.example |
| Tor Ulv | Secretary | 960 221 | |

## Offices

Ferry office
Manager: Una Vik
Telephone: 960 300
""",
}


COLUMNS = {
    "harbour.txt": """Harbour Office

Week beginning    Day watch      Night watch
-------------------------------------------
4 February        N. Trent       A. Boscastle
18 February       D. Hockaday    S. Oduya

Prices

Item                        Each      Notes
Photocopy, A4, on paper     £0.45     by staff
Photocopy, A3, on paper     £0.70     by staff
Photocopy, A5, on paper     £0.20

                    Half day    Whole day
Dye House (seats 16)     £30.00      £52.00
Weaving Room (seats 40)     £55.00      £95.00

The harbour masters

1937-1966    Winifred Garrow
1966-1981    Edgar Pounce
""",
    "meeting.txt": """Moorings Meeting

Date      27.04.2019
Place     Old Lifeboat Hall, Kiel

Present:\tMrs Cordelia Ash (chair), Capt. Ruth Eller (deputy harbour master)
Apologies:\tMr Hal Pasco, Dr Bea Lund
""",
    "fair.txt": "Sea Fair\n\n8 June 2019, Custom House, Oslo\n\nThe speakers were Ann Lee of the Boat Club and Bo Ek.",
}


@pytest.fixture
def ask(request, tmp_path, config):
    with lines_of(getattr(request, "param", DAYS), tmp_path, config) as lines:
        yield lines.ask


@pytest.mark.parametrize(
    ("question", "answer", "quote"),
    [
        ("Which organisation did Bo Ek represent?", "City of Kiel", "Bo Ek - City of Kiel"),
        ("Who does Finn Gram work for?", "City of Oslo", "Finn Gram - City of Oslo"),
        ("finn gram which organisation", "City of Oslo", "Finn Gram - City of Oslo"),
        ("Which club did Cy Orr come from?", "Boat Club Nord", "Cy Orr and Di Fox - Boat Club Nord"),
        ("What is Eva Holm's job?", "independent adviser", "Eva Holm - independent adviser"),
        ("For which organisation does Gro Haug work?", "Harbour Trust", "Gro Haug, Head of Boats, Harbour Trust"),
        ("What is Ivo Jung's role?", "Deputy Director of Moorings", "Ivo Jung, Deputy Director of Moorings"),
        ("Where was the harbour day in Kiel?", "Old Customs House", "Location: Old Customs House"),
        ("What was the venue of the Oslo harbour day?", "Town Hall", "Location: Town Hall"),
        ("When was the harbour day in Oslo held?", "7 June 2022", "Date: 7 June 2022"),
    ],
)
def test_the_line_with_the_answer_is_quoted(ask, question, answer, quote):
    assert ask(question) == (f"{answer}: “{quote}” [1]", [quote])


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("Who spoke for the Harbour Trust?", ["Ann Lee - Harbour Trust", "Anne Lee - Harbour Trust"]),
        ("Which two people spoke for the Harbour Trust?", ["Ann Lee - Harbour Trust", "Anne Lee - Harbour Trust"]),
        ("Who represented the Harbour Trust in Oslo?", ["Anne Lee - Harbour Trust"]),
        ("Who represented Harbourtrust in Oslo?", ["Anne Lee - Harbour Trust"]),
        ("Who spoke in Oslo?", ["Anne Lee - Harbour Trust", "Finn Gram - City of Oslo"]),
        (
            "Who were the speakers at the harbour day in June 2022?",
            ["Anne Lee - Harbour Trust", "Finn Gram - City of Oslo"],
        ),
        ("Which clubs are in the list of speakers in Kiel?", ["Cy Orr and Di Fox - Boat Club Nord"]),
    ],
)
def test_entries_are_listed_as_they_stand(ask, question, lines):
    text, quotes = ask(question)
    assert [line.split(" [")[0] for line in text.removeprefix("- ").split("\n- ")] == lines
    assert all(any(line in " ".join(quote.split()) for quote in quotes) for line in lines)


@pytest.mark.parametrize("ask", [OFFICE], indirect=True)
@pytest.mark.parametrize(
    ("question", "answer", "quote"),
    [
        ("How much did the Friends of the Ferry get?", "£1,200", "Friends of the Ferry - £1,200"),
        ("Who is the contact for the grant of the Harbour School?", "Per Quist", "Contact: Per Quist"),
        ("Who is the manager of the ferry office?", "Una Vik", "Manager: Una Vik"),
        ("What's the phone number of the ferry office?", "960 300", "Telephone: 960 300"),
        ("What is Tor Ulv's phone number?", "960 221", "| Tor Ulv | Secretary | 960 221 | |"),
        ("rut sand email", "rut@port.example", "| Rut Sand | Treasurer | 960 214 | rut@port.example |"),
        ("What is Rut Sand's job?", "Treasurer", "| Rut Sand | Treasurer | 960 214 | rut@port.example |"),
        ("Who is the secretary?", "- Tor Ulv – Post: Secretary", "| Tor Ulv | Secretary | 960 221 | |"),
    ],
)
def test_what_stands_under_a_key_or_a_header_is_quoted(ask, question, answer, quote):
    assert ask(question) == (f"{answer}: “{quote}” [1]", [quote])


@pytest.mark.parametrize("ask", [OFFICE], indirect=True)
@pytest.mark.parametrize(
    "question",
    [
        "What is Tor Ulv's email address?",
        "What is her phone number?",
        "Who is the manager of the depot?",
        "Who is the deputy manager of the ferry office?",
        "Which manager has the phone number 960 301?",
        "How much did the Harbour Trust get?",
        "How many contacts are there?",
        "Who is the contact?",
        "Is Una Vik the manager of the ferry office?",
    ],
)
def test_a_key_that_stands_elsewhere_is_left_to_the_model(ask, question):
    assert ask(question) is None


@pytest.mark.parametrize("ask", [COLUMNS], indirect=True)
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who has the night watch in the week beginning 18 February?", "S. Oduya"),
        ("How much is an A3 photocopy on paper?", "£0.70"),
        ("What does it cost to hire the Dye House for a whole day?", "£52.00"),
        ("Name all the harbour masters.", "- 1937-1966 Winifred Garrow"),
        ("Where was the moorings meeting held?", "Old Lifeboat Hall, Kiel"),
        ("Who sent apologies to the moorings meeting?", "Mr Hal Pasco, Dr Bea Lund"),
        ("Where was the sea fair?", "8 June 2019, Custom House, Oslo"),
        ("Who spoke at the sea fair?", "- Ann Lee of the Boat Club"),
        ("Who was present at the moorings meeting?", "Mrs Cordelia Ash (chair), Capt. Ruth Eller"),
        ("Who has the night watch in the week beginning 25 February?", None),
        ("Who is Hal Pasco?", None),
        ("Who is Oduya?", None),
        ("What is the date?", None),
        ("Where was each ferry?", None),
        ("How much is an A2 photocopy on paper?", None),
        ("What is the name of the harbour master?", None),
        ("Who spoke at the sea fair in Hamburg?", None),
        ("Who sent apologies to the sea fair?", None),
    ],
)
def test_columns_and_people_in_sentences_are_understood(ask, question, answer):
    found = ask(question)
    assert (found and found[0].startswith(answer)) if answer else found is None


def test_who_is_listed_where_is_told_with_the_titles(ask):
    text, _ = ask("Who spoke for the Harbour Trust, and at which harbour day?")
    assert "Harbour Day Kiel: Ann Lee - Harbour Trust" in text and "Harbour Day Oslo: Anne Lee - Harbour Trust" in text
    assert ask("Who spoke for the Harbour Trust, and at which price?") is None


def test_who_was_also_elsewhere_is_in_both_lists(ask):
    assert ask("Who of the speakers in Kiel also spoke in Oslo?")[0].startswith("- Ann Lee: Harbour Day Kiel; Harbour")


AUTHORS = "Minutes\n\nDate: 3 May 2021\n\nSpeakers:\n\nAnn Lee, author of the plan\nBo Ek, Head of Boats\nCy Orr, Club"


@pytest.mark.parametrize("ask", [{"a.txt": AUTHORS}], indirect=True)
def test_who_wrote_it_is_its_author(ask):
    assert ask("Who wrote the plan?")[0] == ask("Who wrote the 2021 plan?")[0] == "- Ann Lee, author of the plan [1]"
    assert ask("Who wrote the 2020 plan?") is None
    assert ask("Who wrote the plan of the club?") is None


TABLES = {
    name: f"{title}\n\n## Who spoke\n\n| Name | From |\n| --- | --- |\n{rows}\n| Two boats | £12 |"
    for name, title, rows in (
        ("kiel.md", "# Harbour Day Kiel", "| Ann Lee | Quay |\n| Dr Bo Ek | Club |"),
        ("oslo.md", "# Harbour Day Oslo", "| Dr Bo Ek | Club |\n| Cy Orr | Oslo |"),
    )
}


@pytest.mark.parametrize("ask", [TABLES], indirect=True)
def test_people_in_tables_are_listed_too(ask):
    assert ask("Who spoke at both harbour days, in Kiel and in Oslo?") is None
    assert ask("Who spoke both in Kiel and in Oslo?")[0] == "- Dr Bo Ek: Harbour Day Kiel; Harbour Day Oslo [1][2]"
    text, quotes = ask("Who were the speakers in Kiel?")
    assert text == "- Ann Lee, Quay [1]\n- Dr Bo Ek, Club [1]"
    assert quotes == ["| Ann Lee | Quay |\n| Dr Bo Ek | Club |"]


@pytest.mark.parametrize("ask", [{"a.txt": "Kiel\n\nSpeakers:\n\nBo Ek - Oslo MBC\n\nDi Fox - ABC"}], indirect=True)
def test_a_metropolitan_borough_council_is_a_council(ask):
    assert ask("Who spoke for Oslo council?")[0] == "- Bo Ek - Oslo MBC [1]"
    assert ask("Which council does Di Fox come from?") is None


def test_neighbours_in_a_list_have_one_citation(ask):
    _, (quote,) = ask("List all speakers of the harbour day in Kiel.")
    assert quote.startswith("Ann Lee - ")
    assert quote.endswith("Eva Holm - independent adviser")


def test_people_are_counted_and_not_lines(ask):
    assert ask("How many speakers were there in Kiel?")[0].startswith("5 are listed. [1]\n- Ann Lee")
    assert ask("Which day had the fewest speakers?")[0] == "Harbour Day Oslo: 2 listed. [1]"
    assert ask("Which harbour day lists the most speakers?")[0] == "Harbour Day Kiel: 5 listed. [1]"


@pytest.mark.parametrize(
    "question",
    ["Who spoke at both the Kiel and the Oslo harbour day?", "Which speakers were at more than one harbour day?"],
)
def test_a_person_whose_name_is_spelt_in_two_ways_is_one(ask, question):
    assert ask(question)[0] == "- Ann Lee: Harbour Day Kiel; Harbour Day Oslo [1][2]"


def test_the_places_of_all_are_listed(ask):
    text, quotes = ask("Where was each harbour day held?")
    assert text == "- Harbour Day Kiel: Old Customs House [1]\n- Harbour Day Oslo: Town Hall [2]"
    assert quotes == ["Location: Old Customs House", "Location: Town Hall"]


def test_a_follow_up_asks_of_the_document_named_before(ask):
    assert ask("And where was it held?", "When was the harbour day in Oslo?")[0].startswith("Town Hall: ")
    assert ask("And how many people came?", "Where was the harbour day in Oslo?") is None


def test_it_keeps_to_the_chosen_documents(ask):
    assert ask("Who does Finn Gram work for?", among=["kiel.txt", "staff.txt"]) is None
    assert ask("Where was the harbour day in Kiel?", among=["oslo.txt"]) is None
    assert ask("Who spoke for the Harbour Trust?", among=["kiel.txt"])[1] == ["Ann Lee - Harbour Trust"]


@pytest.mark.parametrize(
    "question",
    [
        "What is Bo Ek's telephone number?",
        "What did Bo Ek say?",
        "Who spoke for the City of Kiel before Bo Ek?",
        "Who had the job after Kai Lund?",
        "Why did Bo Ek speak for Kiel?",
        "Which organisation did Bo Ek represent in Oslo?",
        "Which organisation did Eva Holm represent?",
        "What is Bo Ek's job?",
        "Which harbour day did Bo Ek speak at?",
        "Which council does Bo Ek come from?",
        "Who spoke for the Harbour Trust in Bergen?",
        "Which three people spoke for the Harbour Trust?",
        "Who paid the Harbour Trust?",
        "Who did not speak for the Harbour Trust?",
        "Who spoke in Bergen?",
        "Who attended the harbour day in Kiel?",
        "Who hosted the harbour day in Kiel?",
        "Was Bo Ek a speaker in Kiel?",
        "How many people came to Kiel?",
        "Which speaker was in Kiel?",
        "Which speakers are from Kiel?",
        "When and where was the harbour day in Kiel?",
        "Where was the harbour day in Bergen?",
        "In which building was the harbour day in Kiel?",
        "When did the harbour day in Kiel begin?",
        "Who are the speakers?",
        "Which speakers spoke more than one hour?",
        "What?",
        "",
    ],
)
def test_any_other_question_is_left_to_the_model(ask, question):
    assert ask(question) is None
