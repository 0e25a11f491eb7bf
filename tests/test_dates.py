"""Dates as people write them."""

import pytest

from rag.text.dates import in_another_year, iso_date


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
    ("asked", "told", "other"),
    [
        ("When does the Autumn 2025 round close?", "Autumn 2024 | 11 October", True),
        ("When does the Autumn 2025 round close?", "Autumn 2025 | 10 October", False),
        ("When does the Autumn 2025 round close?", "It closes on 10 October.", False),
        ("How many came in May 2025?", "9 of 64 came, after 12 of 70 in autumn 2024.", False),
        ("How many came in May, 2025?", "In May of 2024, 9 of 64 came.", True),
        ("Did more come in May 2025 than in May 2024?", "In May 2024, 9 of 64 came.", False),
        ("When does the autumn round close?", "Autumn 2024 | 11 October", False),
    ],
)
def test_a_month_or_season_of_another_year_is_told_apart(asked, told, other):
    assert in_another_year(asked, told) is other
