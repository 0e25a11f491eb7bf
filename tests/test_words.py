import pytest

from rag.words import content_words, found


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
