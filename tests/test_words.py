import pytest

from rag.text.words import content_words, found


def forms(text):
    return [word.form for word in content_words(text)]


@pytest.mark.parametrize(
    "text",
    [
        "11.03.2011",
        "11/03/2011",
        "2011-03-11",
        "11 March 2011",
        "11th of March 2011",
        "March 11, 2011",
        "Mar 11th 2011",
        "11 mar. 2011",
        "March 11 , 2011",
        "11 March , 2011",
    ],
)
def test_one_date_in_many_spellings(text):
    assert forms(f"It was on {text}") == ["2011-03-11"]


@pytest.mark.parametrize("text", ["£250K", "250,000", "250 thousand", "£ 250000", "0.25 million"])
def test_one_number_in_many_spellings(text):
    assert forms(text) == ["250000"]


@pytest.mark.parametrize("language", ["de", "fr", "es"])
@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1.480 €", "1480"),
        ("1 480 €", "1480"),
        ("1480 €", "1480"),
        ("1.480.000", "1480000"),
        ("1.250,50 €", "1250.5"),
        ("1 250,50 €", "1250.5"),
        ("1250,5", "1250.5"),
        ("14,5 %", "14.5"),
        ("0,125", "0.125"),
        ("1.5", "1.5"),
    ],
)
def test_numbers_as_they_are_written_elsewhere(text, form, language):
    (word, *_) = content_words(f"{text}.", language)
    assert word.form == form


def test_in_english_a_point_before_three_digits_is_decimal():
    assert forms("a loss of 0.125 and 1.480 then") == ["loss", "0.125", "1.48"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("two days", "48 hours"),
        ("2 days", "2-day"),
        ("one of two weeks", "one of 14 days"),
        ("2 working days", "48 hours"),
        ("90 minutes", "1.5 hours"),
        ("24 months", "two years"),
        ("GBP 1,480", "£1,480"),
        ("1480 pounds", "£1,480"),
        ("30 pence", "£0.30"),
        ("EUR 12", "12 euros"),
        ("14,5 %", "14.5 per cent"),
        ("14.5%", "14.5 percent"),
        ("half", "50 %"),
        ("1.5 kg", "1500 g"),
        ("500 cm", "five metres"),
        ("8 GB", "8 gigabytes"),
        ("half an hour", "30 minutes"),
        ("2 litres", "2000 ml"),
    ],
)
def test_one_quantity_in_many_units(one, other):
    assert measures(one) == measures(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2 days", "2 hours"),
        ("£5", "€5"),
        ("£5", "$5"),
        ("8 GB", "8 TB"),
        ("5 m", "5 km"),
        ("5 %", "£5"),
        ("5 kg", "5 litres"),
    ],
)
def test_another_unit_is_another_quantity(one, other):
    assert measures(one) != measures(other)


def measures(text):
    return [word.measure for word in content_words(f"it is {text}", "en") if word.measure]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2 pm", "14"),
        ("14:00", "14"),
        ("14.00", "14"),
        ("2.30 p.m.", "14.3"),
        ("14h30", "14.3"),
        ("2 am", "2"),
        ("12 pm", "12"),
        ("12 am", "0"),
    ],
)
def test_one_hour_in_many_spellings(text, form):
    assert forms(f"it is at {text}") == [form]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "am 11. März 2011"),
        ("fr", "le 11 mars 2011"),
        ("es", "el 11 de marzo de 2011"),
        ("en", "11th March 2011"),
    ],
)
def test_a_date_in_four_languages(language, text):
    assert [word.form for word in content_words(text, language)] == ["2011-03-11"]


@pytest.mark.parametrize(
    ("language", "word", "number"),
    [("de", "zwölf", "12"), ("fr", "douze", "12"), ("es", "doce", "12"), ("en", "twelve", "12")],
)
def test_small_numbers_by_their_words_in_four_languages(language, word, number):
    assert [word.form for word in content_words(word, language)] == [number]


def test_a_digit_in_a_name_is_no_number():
    words = {
        word.text: (word.form, word.kind) for word in content_words("An H200 has an ed25519 key and a COVID-19 test.")
    }
    assert words["H200"] == ("h200", "name")
    assert words["ed25519"] == ("ed25519", "name")
    assert words["COVID-19"] == ("covid19", "name")


def test_weekdays_are_names_that_exclude_each_other():
    (monday,) = content_words("on Mondays")
    assert (monday.form, monday.measure) == ("weekday1", "weekday:1")
    assert content_words("montag", "de")[0].form == content_words("lundi", "fr")[0].form == "weekday1"
    assert forms("the sun and the wed") == ["sun", "wed"]


def test_in_german_a_capital_makes_no_name():
    assert {word.kind for word in content_words("Der Mieter zahlt die Miete.", "de")} == {"word"}


def test_words_tell_where_they_begin():
    text = "It was on 11 March 2011 in Leeds."
    assert all(text[word.start :].startswith(word.text) for word in content_words(text))


def test_a_number_is_not_another():
    assert forms("£250") != forms("£250K")
    assert forms("2.3 and 23") == ["2.3", "23"]
    assert forms("six principles")[0] == forms("6 principles")[0] == "6"


@pytest.mark.parametrize(
    ("question", "there", "expected"),
    [
        ("2011", "2011-03-11", True),
        ("2010", "2011-03-11", False),
        ("March 2011", "2011-03-11", True),
        ("April 2011", "2011-03-11", False),
        ("11 March", "2011-03-11", True),
        ("12 March", "2011-03-11", False),
        ("12", "12-05", False),
    ],
)
def test_a_date_is_found_in_one_that_lies_in_it(question, there, expected):
    (word,) = content_words(question)
    assert found(word, {there}) is expected


def test_names_are_told_from_words_that_begin_a_sentence():
    kinds = {word.text: word.kind for word in content_words("Barriers were named. Paul Davies named them in Walsall.")}
    assert kinds == {"Barriers": "word", "named": "word", "Paul": "word", "Davies": "name", "Walsall": "name"}


def test_possessives_and_endings_are_one_word():
    assert forms("Fairshares' pension") == forms("fairshares pensions")
    assert forms("people’s recognised needs") == forms("People recognising need")


@pytest.mark.parametrize(
    "text", ["", " \n\t", "🎉🎉", "\u202e\u0301", "1" * 5000, "a." * 5000, "1,,2..3-4", "99.99.9999"]
)
def test_ugly_text_does_no_harm(text):
    assert all(word.form for word in content_words(text))


def test_a_name_without_its_accents_is_the_name():
    assert forms("x Zürich and Shōtoku") == forms("x Zurich and Shotoku")
    assert forms("x Łódź") != forms("x Lod")


@pytest.mark.parametrize(
    ("short", "full"), [("Jul–Sep", "July to September"), ("in Okt. und Dez.", "im Oktober und Dezember")]
)
def test_a_short_month_is_the_month(short, full):
    forms = [[word.form for word in content_words(text)] for text in (short, full)]
    assert forms[0] == forms[1] and len(forms[0]) == 2


def test_a_word_that_may_be_a_month_is_none():
    assert [word.form for word in content_words("They march, and Jan may not.")] == ["march", "jan", "may"]
