"""Dates as people write them."""

import pytest

from rag.text.dates import habit, iso_date


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
    ("text", "order", "date"),
    [
        ("03/04/2024", "month", "2024-03-04"),
        ("03/04/2024", "day", "2024-04-03"),
        ("03/14/2024", "day", "2024-03-14"),
        ("14/03/2024", "month", "2024-03-14"),
        ("18.04.2011", "month", "2011-04-18"),
        ("11 marzo 2011", "", "2011-03-11"),
        ("11 de marzo de 2011", "", "2011-03-11"),
        ("lundi 7 février 2022", "", "2022-02-07"),
        ("5 Sept 2010", "", "2010-09-05"),
        ("Mayor 2011", "", ""),
    ],
)
def test_dates_by_habit_and_in_other_languages(text, order, date):
    assert iso_date(text, order) == date


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["Meeting 03/14/2024", "Meeting 03/04/2024"], "month"),
        (["14/03/2024", "15/03/2024", "03/16/2024"], "day"),
        (["14/03/2024", "03/16/2024"], ""),
        (["13/13/2024", "03/04/2024", "no date"], ""),
    ],
)
def test_the_habit_is_that_of_most_texts(texts, order):
    assert habit(texts) == order
