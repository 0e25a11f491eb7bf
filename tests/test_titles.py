"""What the top of a text says of it: its title and its date."""

import pytest

from rag.formats.outline import text_headings
from rag.formats.titles import date_of, title_of


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Title\n\nDate: 18.04.2011\n\nText", "2011-04-18"),
        ("Title\r\n**Published:** March 5, 2010\r\n", "2010-03-05"),
        ("Minutes\n\nDate      18.04.2011\nPlace     Kiel", "2011-04-18"),
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
        ("Open Day\n\nCorn Hall, Leeds, on Thursday 5 October 2023. Hosted by the Trust.", "2023-10-05"),
        ("Open Day\n\nOn Saturday 5 October 2019 the Trust held its meeting.", "2019-10-05"),
        ("Ann Lee\n\nOn 5 October 2019 Ann Lee was born.", ""),
        ("Ann Lee\n\nShe met him in the old town of Leeds on the evening of Saturday 5 October 2019.", ""),
    ],
)
def test_the_date_stands_near_the_top(text, date):
    assert date_of(text) == date


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Events\n\nLondon Roadshow\n\nDate: 18.04.2011\n\nThe roadshow was good.", "London Roadshow"),
        ("PORT BOARD      Posted 5 May 2019\nHarbour watch of May\n\nIt runs.", "PORT BOARD – Harbour watch of May"),
        ("Sea Meeting\n\nDate      27.04.2019\nPlace     Old Hall\n\nIt was long.", "Sea Meeting"),
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
        (
            "OPEN DAY 2 - THE STORE\nSeminar report\n\nDate: 1 May 2021\n\nWe met.",
            "OPEN DAY 2 - THE STORE – Seminar report",
        ),
        ('OLD QUAY TRUST\n\nReport: Open Day 4, "Who sees it?"\nTown Hall, 1 May 2021', 'Open Day 4, "Who sees it?"'),
        ("To: all\nSubject: Boats in the harbour\n\nDear all, it is late.", "Boats in the harbour"),
        ("Ann Lee - Trust\nBo Ek - Club\n\nThey met in the old town hall.", "They met in the old town hall"),
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
