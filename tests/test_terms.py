"""What is indexed of a text and looked up of a question, in any language."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.text.detection import detect
from rag.text.stems import stem
from rag.text.terms import lookup, searchable, spans_of, terms


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("The aﬃliate oﬃce", "the affiliate office"),
        ("af\u00adfil\u00adi\u00adate", "affiliate"),
        ("ＲＯＯＭ ５", "room 5"),
        ("cafe\u0301", "café"),
        ("zero\u200bwidth", "zerowidth"),
        ("ﬁre", "fire"),
        ("№ 5", "no 5"),
    ],
)
def test_what_looks_alike_is_found_alike(written, typed):
    assert terms(written, "en") == terms(typed, "en") != []


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("de", "Gebühren", "Gebühr"),
        ("de", "Häuser", "Häusern"),
        ("de", "Gebuehr", "Gebühr"),
        ("fr", "règlements", "règlement"),
        ("es", "bibliotecas", "biblioteca"),
        ("nl", "boeken", "boek"),
        ("it", "biblioteche", "biblioteca"),
        ("sv", "böckerna", "böcker"),
        ("ru", "книги", "книгу"),
        ("en", "libraries", "library"),
    ],
)
def test_the_forms_of_a_word_are_one_in_its_language(language, one, other):
    assert terms(one, language) == terms(other, language)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("图书馆", ["图书", "书馆"]),
        ("図書館で", ["図書", "書館", "館で"]),
        ("ห้อง", ["ห้", "้อ", "อง"]),
        ("A4纸", ["a4", "纸"]),
        ("हिन्दी", ["हिन्दी"]),
        ("café-bar, 3,5", ["cafe", "bar", "3", "5"]),
        ("!? — …", []),
    ],
)
def test_terms(text, found):
    assert terms(text, "") == found


def test_a_term_never_holds_what_the_full_text_index_would_part():
    text = "".join(map(chr, range(0x20, 0x3000))) + "".join(map(chr, range(0xF900, 0x10500)))

    assert all(c > "\x7f" or (c.isalnum() and c == c.lower()) for term in terms(text) for c in term)


def test_a_word_is_looked_up_as_each_language_of_the_documents_has_it():
    (word,) = lookup("Müller's".removesuffix("'s"), {"en", "de", "zh"}).words

    assert set(word) >= {"muller", "mull"}


def test_words_that_only_ask_are_not_looked_up():
    assert lookup("车位每个月多少钱？", {"zh"}).words == [("车位",), ("个月",), ("钱",)]
    assert lookup("Wie hoch ist die Miete?", {"de"}).words == [("hoch",), ("miet",)]
    assert lookup("what is it", {"en"}).words != []


def test_neighbours_are_looked_up_together():
    assert lookup("the prime minister of Fiji", {"en"}).pairs == [("prime minist",)]
    assert ("图书 书馆",) in lookup("图书馆", {"zh"}).pairs


def test_a_long_question_is_looked_up_in_part():
    assert len(lookup(" ".join(map(str, range(1000))), {"en"}).words) == 256


def test_normalising_twice_changes_nothing():
    text = "The aﬃliate of\u00adfice, ＲＯＯＭ ５ Straße İ"
    assert searchable(searchable(text)) == searchable(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The office opens at nine, and it is closed on Sundays."),
        ("de", "Der Verein zahlt die Miete, nicht das Mitglied."),
        ("fr", "Le dépôt de garantie est de 800 euros."),
        ("es", "¿Cuánto cuesta el alquiler de la sala?"),
        ("nl", "De borg bedraagt twee maanden huur en wordt na afloop terugbetaald."),
        ("it", "La biblioteca apre alle nove e chiude alle diciotto."),
        ("pt", "A biblioteca abre às nove horas e não fecha para o almoço."),
        ("ca", "La biblioteca obre a les nou i tanca a les sis de la tarda."),
        ("cy", "Mae'r llyfrgell yn agor am naw."),
        ("pl", "Biblioteka jest otwarta od dziewiątej."),
        ("ja", "図書館の開館時間は九時です"),
        ("zh", "图书馆九点开放"),
        ("th", "ห้องสมุดเปิดเวลาเก้าโมง"),
        ("ar", "تفتح المكتبة في الساعة التاسعة"),
        ("", "8 | 20 | 4"),
        ("", ""),
    ],
)
def test_the_language_of_a_document(language, text):
    assert detect(text) == language


def test_words_are_stemmed_in_several_threads_at_once():
    words = [f"{prefix}{number}ational" for number in range(1500) for prefix in ("sens", "rel", "condit")]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda word: stem.__wrapped__(word, "en"), words))
    assert found == [stem(word, "en") for word in words]


def test_the_words_of_a_question_are_found_where_they_are():
    text = "Die Gebühren; eine Gebührenordnung, GEBÜHR.\n図書館の図書"
    assert [text[a:b] for a, b in spans_of("Welche Gebühr?", text, "de")] == ["Gebühren", "GEBÜHR"]
    assert [text[a:b] for a, b in spans_of("図書館", text, "ja")] == ["図書館", "図書"]
    assert spans_of("the of", "nothing", "en") == []
