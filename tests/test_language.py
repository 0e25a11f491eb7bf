"""What the words of each language mean where two texts are compared: one table, the same keys for every language."""

import tomllib

import pytest

from rag.text.detection import language_of_question
from rag.text.language import (
    BOUNDS,
    FILE,
    HALVES,
    LACKING,
    MONTHS,
    NEGATIONS,
    OPPOSITES,
    UNITS,
    YES_NO,
    language_of,
    numbers,
    stop_words,
    weekdays,
)

TABLE = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = sorted(TABLE.keys() - {"joints", "units", "stemmers", "separators"})


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When is the office open?", "en"),
        ("Wann ist das Büro offen?", "de"),
        ("Quand la mairie est-elle ouverte ?", "fr"),
        ("¿Cuándo abre la oficina?", "es"),
        ("Der Verein zahlt die Miete, nicht das Mitglied.", "de"),
        ("Le locataire paie l'électricité.", "fr"),
        ("El inquilino paga la luz y el agua.", "es"),
        ("¿Se admiten perros? No, no se admiten perros.", "es"),
        ("No dogs, no cats.", "en"),
        ("THE TENANT PAYS FOR WATER", "en"),
        ("Faint mae'r cwrs yn ei gostio?", "cy"),
    ],
)
def test_a_text_is_of_the_language_of_its_small_words(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("language", "questions"),
    {
        "cy": "Pryd mae'r llyfrgell ar agor?|Oes angen trwydded arnaf?|Faint yw'r blaendal?|Pwy yw'r trysorydd?",
        "de": "Brauche ich einen Ausweis?|Welche Fristen gelten?|Kündigungsfrist|Wer ist Kassenwart?",
        "fr": "Comment s'inscrire ?|Faut-il une carte ?|Où se réunit l'association ?|délai de préavis",
        "es": "¿Cómo me inscribo?|¿Cuánto cuesta una plaza?|¿A qué hora cierra el salón?|¿Quién es el tesorero?",
        "en": "Do I need a card?|How do I enrol?|Summarise the lease|Who is José Müller?|Amanda D'Souza|8 GB",
        "zh": "图书馆几点开门？|押金是多少？|谁是会计？|会员费",
    }.items(),
)
def test_a_short_question_is_of_its_language(language, questions):
    for question in questions.split("|"):
        assert language_of_question(question) == language, question


def test_a_question_that_does_not_reveal_its_language_is_of_that_of_the_documents():
    assert [language_of_question(text, "de") for text in ("8 GB", "Amanda D'Souza", "A100")] == ["de"] * 3
    assert language_of_question("How do I enrol?", "de") == "en"


@pytest.mark.parametrize(
    "text", ["", "8 GB", "Emma Main - Holy Cross Centre Trust", "Amanda D'Souza", "A | B | C", "日本"]
)
def test_a_text_without_small_words_is_of_the_language_that_is_spoken(text):
    assert language_of(text) == "en"
    assert language_of(text, "de") == "de"


def test_between_two_languages_the_one_that_is_spoken_decides():
    assert language_of("Los Angeles, the city") == "en"
    assert language_of("Los Angeles, the city", "es") == "es"


def test_every_language_has_the_same_keys():
    needed = {"stop", "negation", "lacking", "months", "numbers", "weekdays", "halves", "yes_no", "bounds", "opposites"}
    needed |= {"refers_back", "goes_on"}
    needed |= {"months_short", "honorifics"}
    own = {"weekday_letters", "ordinal_stop", "tens", "never_last", "before_number", "can_be_last", "starters"}
    assert LANGUAGES == ["cy", "de", "en", "es", "fr"]
    for language in LANGUAGES:
        assert needed <= TABLE[language].keys() <= needed | own, language


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_year_has_twelve_months_a_week_seven_days_and_numbers_go_on_to_twenty(language):
    table = TABLE[language]
    assert [MONTHS[name] for name in table["months"].split()] == [*range(1, 13)]
    assert [weekdays(language)[name] for name in table["weekdays"].split()] == [*range(1, 8)]
    assert [numbers(language)[word] for word in table["numbers"].split()] == [*range(2, 21)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_in_small_letters(language):
    words = [word for value in TABLE[language].values() if isinstance(value, str) for word in value.split()]
    assert words == [word.lower() for word in words]
    assert TABLE[language]["bounds"] == [phrase.lower() for phrase in TABLE[language]["bounds"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_negates_is_no_word_that_is_left_out_of_a_bound(language):
    table = TABLE[language]
    negations = set(table["negation"].split())
    assert negations <= NEGATIONS
    assert set(table["lacking"].split()) <= LACKING - NEGATIONS
    assert all(negations & set(phrase.split()) for phrase in table["bounds"])
    assert set(table["bounds"]) <= set(BOUNDS)


def test_yes_and_no_are_told_in_each_language():
    assert {word for word, yes in YES_NO.items() if yes} == {"yes", "ja", "oui", "sí", "ydy"}
    assert {word for word, yes in YES_NO.items() if not yes} == {"no", "none", "nein", "non", "nage"}


def test_opposites_are_pairs_of_two_different_words():
    assert OPPOSITES
    assert all(len(pair) == 2 and pair[0] != pair[1] for pair in OPPOSITES)
    for pair in [("before", "after"), ("vor", "nach"), ("avant", "après"), ("antes", "después")]:
        assert pair in OPPOSITES


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hour", "heures"),
        ("day", "tage"),
        ("week", "semana"),
        ("month", "mois"),
        ("year", "jahren"),
        ("£", "gbp"),
        ("€", "euros"),
        ("%", "prozent"),
        ("km", "kilometres"),
        ("gb", "gigabytes"),
    ],
)
def test_a_unit_has_many_names(one, other):
    assert UNITS[one] == UNITS[other]


@pytest.mark.parametrize(
    ("larger", "smaller", "times"),
    [
        ("day", "hours", 24),
        ("week", "days", 7),
        ("year", "months", 12),
        ("km", "m", 1000),
        ("kg", "g", 1000),
        ("£", "pence", 100),
    ],
)
def test_units_of_one_dimension_are_multiples_of_each_other(larger, smaller, times):
    assert UNITS[larger].dimension == UNITS[smaller].dimension
    assert UNITS[larger].factor == pytest.approx(times * UNITS[smaller].factor)


def test_no_two_currencies_are_worth_the_same():
    assert len({UNITS[name].factor for name in ("£", "€", "$", "pence", "cents")}) == 5


def test_stop_words_are_those_of_the_language_alone():
    assert "the" in stop_words("en") and "the" not in stop_words("de")
    assert "der" in stop_words("de") and "der" not in stop_words("en")
    assert {"half", "hälfte", "moitié", "mitad"} <= HALVES
