"""Questions about the documents as a collection: which are recognised, and what is quoted for them."""

import pytest
from lines import lines_of

MEETINGS = {
    "may.txt": "Minutes of the May meeting\n\nDate: 3 May 2021\n\nAnn Lee opened it. Bo Ek spoke about the Old Bridge.",
    "july.txt": "Minutes of the July meeting\n\nDate: 5 July 2021\n\nThe chair was Cy Orr. He thanked Ann Lee.",
    "june.txt": "Minutes of the June meeting\n\nDate: 7 June 2021\n\nBo Ek reported that the Old Bridge is closed.",
    "notes.txt": "Notes on boats\n\nDate: 1 May 2020\n\nThe ferry has two boats.",
}


@pytest.fixture
def lines(tmp_path, config):
    with lines_of(MEETINGS, tmp_path, config) as made:
        yield made


@pytest.fixture
def ask(lines):
    return lines.ask_of_all


@pytest.mark.parametrize(
    ("question", "months"),
    [
        ("Which meeting came first?", ["May"]),
        ("Which of the meetings was the last, and when was it?", ["July"]),
        ("List the dates of all meetings.", ["May", "June", "July"]),
        ("When were the meetings held?", ["May", "June", "July"]),
        ("Which meetings took place in June 2021?", ["June"]),
        ("Which meetings were held in 2021?", ["May", "June", "July"]),
    ],
)
def test_documents_come_in_the_order_of_their_dates(ask, question, months):
    text, quotes = ask(question)
    lines = text.split("\n- ") if len(months) > 1 else [text]
    assert [line.removeprefix("- ").split()[3] for line in lines] == months
    assert [quote.split()[-2] for quote in quotes] == months


@pytest.mark.parametrize(
    ("question", "documents", "quotes"),
    [
        ("At which meetings did Bo Ek speak?", 2, ["Bo Ek spoke about the Old Bridge.", "Bo Ek reported that"]),
        ("How many meetings mention the Old Bridge?", 2, ["Bo Ek spoke about the Old Bridge.", "Bo Ek reported that"]),
        ("Which two meetings named Ann Lee?", 2, ["Ann Lee opened it.", "He thanked Ann Lee."]),
        ("List all documents that mention Cy Orr.", 1, ["The chair was Cy Orr."]),
    ],
)
def test_documents_that_name_somebody_are_quoted_and_counted(ask, question, documents, quotes):
    text, found = ask(question)
    assert f"is named in {documents} of {4 if 'documents' in question else 3} documents." in text
    assert len(found) == len(quotes)
    assert all(quote.startswith(begin) for quote, begin in zip(found, quotes, strict=True))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Which came first, the June or the July meeting?", "came first, 28 days before"),
        ("Was the July meeting before the one in June?", "came first, 28 days before"),
        ("How many days after the June meeting was the one in July?", "came first, 28 days before"),
        ("How long between the July and June meetings?", "came first, 28 days before"),
    ],
)
def test_two_documents_are_told_apart_in_time(ask, question, told):
    text, quotes = ask(question)
    first, june, july = text.split("\n- ")
    assert first.startswith("“Minutes of the June meeting” " + told + " “Minutes of the July meeting”.")
    assert (june.split(",")[0], july.split(",")[0]) == ("Minutes of the June meeting", "Minutes of the July meeting")
    assert quotes == ["Date: 7 June 2021", "Date: 5 July 2021"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which meeting came next after the one in May?", "Minutes of the June meeting, 7 June 2021"),
        ("Which meeting followed the June meeting?", "Minutes of the July meeting, 5 July 2021"),
        ("When was the May meeting? Which meeting came next?", "Minutes of the June meeting, 7 June 2021"),
        ("Which meeting came before the one in July?", "Minutes of the June meeting, 7 June 2021"),
        ("Which document came before the May meeting?", "Notes on boats, 1 May 2020"),
    ],
)
def test_the_next_in_time_is_told_from_both_dates(ask, question, answer):
    text, quotes = ask(question)
    assert text == f"{answer} [1][2]"
    assert len(quotes) == 2


def test_there_is_none_before_the_first_and_after_the_last(ask):
    assert ask("Which meeting came before the one in May?") is None
    assert ask("Which meeting came after the one in July?") is None


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Which meetings mention boats?", None),
        ("Which documents mention a ferry?", "“ferry” stands in 1 of 4 documents."),
        ("Which meetings mention a closed bridge?", "“closed bridge” stands in 1 of 3 documents."),
        ("Which two meetings thanked somebody?", None),
        ("Which two people do the meetings mention?", None),
    ],
)
def test_words_that_are_no_names_count_where_it_is_asked_who_mentions_them(ask, question, told):
    answer = ask(question)
    assert (answer and answer[0].split(" [")[0]) == told


def test_two_documents_of_one_date_have_no_order(ask, lines):
    lines.add({"copy.txt": "Minutes of the Easter meeting\n\nDate: 7 June 2021\n\nNobody came."})
    assert "have one date" in ask("Which came first, the June or the Easter meeting?")[0]


@pytest.mark.parametrize(
    "question",
    [
        "Who spoke first at the June and the July meeting?",
        "Which came first, the June or the Easter meeting?",
        "Who opened the May meeting?",
        "What is the Old Bridge of the meeting?",
        "When was the meeting in May?",
        "Which meeting closed the Old Bridge?",
        "At which meetings did Zoe Quist speak?",
        "Which meetings were held in 1999?",
        "Which meetings were the most expensive?",
        "Which boats has the ferry?",
        "Which meetings in May were held?",
        "First of all, what is the weather?",
        "What?",
        "",
    ],
)
def test_any_other_question_is_left_to_the_model(ask, question):
    assert ask(question) is None


def test_it_keeps_to_the_chosen_documents_and_sees_a_new_one(ask, lines):
    assert "named in 1 of 2 documents" in ask("Which documents mention Cy Orr?", ["july.txt", "notes.txt"])[0]
    assert ask("Which meetings mention Cy Orr?", ["notes.txt", "may.txt"]) is None
    lines.add({"august.txt": "Minutes of the August meeting\n\nDate: 2 August 2021\n\nCy Orr spoke."})
    assert "August" in ask("Which meeting was the last?")[0]
    assert "named in 2 of 4 documents" in ask("Which meetings mention Cy Orr?")[0]


def test_nothing_is_said_of_the_order_where_a_date_is_missing(ask, lines):
    lines.add({"undated.txt": "Minutes of a meeting\n\nNobody came."})
    assert ask("Which meeting came first?") is None


SERIES = {
    "day-1-leeds.txt": "Open Day 1 on boats\n\nDate: 3 May 2021\n\nAnn Lee opened it.",
    "day-2-york.txt": "Open Day 2 on ropes\n\nDate: 5 July 2021\n\nBo Ek opened it.",
    "rules.txt": "House rules\n\nNobody smokes.",
    "news.txt": "News of the quay\n\nIt rains.",
    "list.txt": "Who to ring\n\nAsk Cy Orr.",
}


def test_the_documents_of_a_series_are_those_whose_titles_name_it(tmp_path, config):
    with lines_of(SERIES, tmp_path, config) as lines:
        assert "Open Day 1" in lines.ask_of_all("Which of the Open Day workshops came first?")[0]
        text, _ = lines.ask_of_all("Give me the dates of all the Open Days.".replace("Days", "Day seminars"))
        assert text.count("\n- ") == 1 and "ropes, 5 July 2021" in text
        assert lines.ask_of_all("Which of the workshops came first?") is None
        assert lines.ask_of_all("Which came first, Leeds or York?") is None


def test_a_document_is_known_by_the_name_of_its_file(tmp_path, config):
    with lines_of(SERIES, tmp_path, config) as lines:
        assert lines.ask("When was the Open Day in York?")[1] == ["Date: 5 July 2021"]
