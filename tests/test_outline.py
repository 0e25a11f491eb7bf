import pytest

from rag.dates import iso_date
from rag.outline import front_matter, markdown_headings, text_headings
from rag.titles import date_of, title_of


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("18.04.2011", "2011-04-18"),
        ("8. 4. 2011", "2011-04-08"),
        ("11.03.11", "2011-03-11"),
        ("11.03.98", "1998-03-11"),
        ("2011-03-11", "2011-03-11"),
        ("2011-03-11T09:30:00+01:00", "2011-03-11"),
        ("2011/3/11", "2011-03-11"),
        ("2011-03", "2011-03"),
        ("2011", "2011"),
        ("March 5, 2010", "2010-03-05"),
        ("Mar. 5th, 2010", "2010-03-05"),
        ("5 March 2010", "2010-03-05"),
        ("5th of March 2010", "2010-03-05"),
        ("Friday, 5 March 2010", "2010-03-05"),
        ("Fri, 05 Mar 2010 10:00:00 GMT", "2010-03-05"),
        ("5. März 2010", "2010-03-05"),
        ("Freitag, 5. Dezember 2010", "2010-12-05"),
        ("May 2011", "2011-05"),
        ("D:20110311093000+01'00'", "2011-03-11"),
        ("25/12/2011", "2011-12-25"),
        ("12/25/2011", "2011-12-25"),
        ("05/05/2011", "2011-05-05"),
        ("03/04/2011", "2011"),  # March or April: only the year is known
        ("31.02.2011", ""),
        ("99.99.2011", ""),
        ("Version 2011", ""),
        ("12 of 2011 people", ""),
        ("10.1371/journal", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_dates_become_iso_8601(text, date):
    assert iso_date(text) == date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Title\n\nDate: 18.04.2011\n\nText", "2011-04-18"),
        ("Title\r\n**Published:** March 5, 2010\r\n", "2010-03-05"),
        ("Last Updated: 2021-01-05 08:21:03", "2021-01-05"),
        ("Datum: 3. Mai 2020", "2020-05-03"),
        ("Minutes\n\n5 March 2010\n\nPresent: all", "2010-03-05"),
        ("Minutes\n\n5 March 2010, Harbour Hall, Kiel\n\nPresent: all", "2010-03-05"),
        ("# Board\n\n**Minutes, Tuesday 21 May 2024**\n\nAll came.", "2024-05-21"),
        ("Minutes of the meeting held on March 5, 2010, in Kiel\n\nAll came.", "2010-03-05"),
        ("Minutes\n\nThe last meeting was on 5 March 2010. It was long.", ""),
        ("Minutes\n\n5 March 2010, when it rained, was a day of joy.", ""),
        ("The date: nobody knows.\nIt was in 1066.", ""),
        ("Text.\n" * 50 + "Date: 18.04.2011", ""),
    ],
)
def test_the_date_stands_near_the_top(text, date):
    assert date_of(text) == date


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Events\n\nLondon Roadshow\n\nDate: 18.04.2011\n\nThe roadshow was good.", "London Roadshow"),
        ("1973 oil crisis\n\nThe crisis began in October 1973.", "1973 oil crisis"),
        ("Harbour Trust\nMinutes of May 2021\n\nIt was short.", "Harbour Trust – Minutes of May 2021"),
        (
            "HARBOUR TRUST\n\nMinutes of May 2021\n\nDate: 3 May 2021\n\nIt was short.",
            "HARBOUR TRUST – Minutes of May 2021",
        ),
        (
            "HARBOUR TRUST\nOFFICE: CONTACTS\nMay 2021 (replaces that of April)\n\nRing us.",
            "HARBOUR TRUST – OFFICE: CONTACTS",
        ),
        ("Harbour Trust\nHarbour Trust\n\nRing us.", "Harbour Trust"),
        ("Harbour Trust\n\nBOARD\nMinutes of the meeting in Kiel\n\nPresent: all", "Minutes of the meeting in Kiel"),
        ("Dear Ann,\nThank you for the boat.\n\nIt is blue.", "Thank you for the boat"),
        ("On the road to the sea: Harbour Day 2021\n\nIt was short.", "On the road to the sea: Harbour Day 2021"),
        ("Alkaloid\n\nAlkaloids are a group of compounds.", "Alkaloid"),
        (
            "Date: 11.03.2011\nLocation: Cardiff\nThe Cardiff show was held by all of us. More.",
            "The Cardiff show was held by all of us",
        ),
        ("Date: 1.1.2011\nThe Cardiff Harbour Day was held by all of us in May.", "Cardiff Harbour Day"),
        ("Date: 1.1.2011\nWe met in May.\nWe read a report entitled: Boats now: a plan.", "Boats now: a plan"),
        ("Date: 1.1.2011\nAnn brought her book, titled “Old Boats”.", "Old Boats"),
        ("Date: 1.1.2011\nAnn is entitled to a boat. She waits.", "Ann is entitled to a boat"),
        ("Date: 1.1.2011\nThe Port of Kiel and the Town have a ferry.", "The Port of Kiel and the Town have a ferry"),
        ("Date: 1.1.2011\nIf Ann Lee is in Kiel, who is in Oslo. Nobody.", "If Ann Lee is in Kiel, who is in Oslo"),
        (
            "Date: 1.1.2011\n" + "A very long sentence goes on " * 6 + ".",
            "A very long sentence goes on A very long sentence goes on A very long sentence…",
        ),
        ("Date: 1.1.2011\n" + "A long story has a sentence first. " * 1000, ""),
        ("• one\n• two", ""),
        ("lower case words without an end", ""),
        ("{'json': 1}", ""),
    ],
)
def test_titles_of_plain_text(text, title):
    found = title_of(text, tuple(text_headings(text)))

    assert found == title
    assert len(found) <= 80


def names(headings, text):
    return [(text[heading.start : heading.end], heading.level) for heading in headings]


def test_headings_of_plain_text_stand_alone():
    text = (
        "The report\n\nFirst of all, it is long.\n\nAims and means\n\nWe did it.\n\nNot a heading.\n\nEnd of it.\n\n"
        "Speakers\n\nAnn Lee - City Council\n\nBob Hall - The Trust\n\n• An item\n\nKey: value\n\nlower case\n\n"
        "The one that introduces a long list of things:\n\nRed paint\n\nGreen paint\n\nBlue paint\n\nThe end came."
    )
    found = [name for name, _ in names(text_headings(text), text)]

    assert found == ["The report", "Aims and means", "Speakers", "Red paint"]


def test_a_short_line_above_a_long_one_is_a_heading():
    body = (
        "The discussion was about the barriers to taking this into the mainstream of public services, which are many. "
    )
    text = f"It began well.\nTackling the barriers\n{body * 2}\nSpeakers:\nAnn Lee, Trust\nBob Hall, Council"

    assert [name for name, _ in names(text_headings(text), text)] == ["Tackling the barriers", "Speakers:"]


def test_headings_of_markdown():
    text = (
        "---\ntitle: X\ndate: 2011-03-11\n---\n# One\n\nText\n\n```\n# not one\n```\n\n## Two ##\r\nText\n\n"
        "Three\n=====\n\n"
        "Four *it*\n---\n\n- item\n---\n#hashtag\n\n| a |\n---\n\n"
        "~~~~\nCode\n====\n~~~\n~~~~\n12\n==\n= Five =\n= = Six = =\n"
    )
    found = names(markdown_headings(text), text)

    assert found == [("One", 1), ("Two", 2), ("Three", 1), ("Four *it*", 2), ("Five", 1), ("Six", 2)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('---\ntitle: "A: b"\nDate: 2011\ntags: [a]\n---\ntext', {"title": "A: b", "date": "2011", "tags": "[a]"}),
        ("---\r\ntitle: A\r\n---\r\n", {"title": "A"}),
        ("---\nno end", {}),
        ("text\n---\ntitle: A\n---\n", {}),
    ],
)
def test_front_matter(text, values):
    end, found = front_matter(text)

    assert found == values
    assert text[end:] in ("text", "", text)
