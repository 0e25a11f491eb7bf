"""Messages that ask nothing of the documents, and what is said in the language of the question."""

import string

import pytest

from rag.replies import FILE, _tables, is_refusal, kind_of_message, replies_for

TEXTS = ("refusal", "unmentioned", "or", "unsure", "greeting", "thanks", "about", "nothing")


def fields(text):
    """Return the placeholders of a text; ``lower`` is a month as well."""
    return {name.replace("lower", "month") for _, name, _, _ in string.Formatter().parse(text) if name}


QUESTIONS = [
    "When does the library open?",
    "Thanks, and when does it open?",
    "Hello, who is the treasurer?",
    "What can you do with a broken meter?",
    "Which documents do I need for a loan?",
    "Which documents mention the deposit?",
    "Help with the boiler",
    "OK, how much is Hall 3?",
    "Who are you allowed to bring?",
    "What do you know about the deposit?",
    "Good morning prayers: when?",
    "Danke, und wann öffnet sie?",
    "Merci, et le prix ?",
    "Gracias, ¿y el precio?",
    "141",
    "?",
]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hello", "greeting"),
        ("hi there!", "greeting"),
        ("Good morning", "greeting"),
        ("Guten Morgen", "greeting"),
        ("Bonjour à vous", "greeting"),
        ("¡Buenos días!", "greeting"),
        ("thanks", "thanks"),
        ("Thank you very much for your help.", "thanks"),
        ("ok thanks", "thanks"),
        ("Vielen Dank!", "thanks"),
        ("Merci beaucoup", "thanks"),
        ("Muchas gracias", "thanks"),
        ("What can you do?", "about"),
        ("help", "about"),
        ("Wer sind Sie?", "about"),
        ("Which documents do you have?", "documents"),
        ("please list all your documents", "documents"),
        ("Welche Dokumente gibt es?", "documents"),
        ("Quels documents avez-vous ?", "documents"),
        ("¿Qué documentos tienes?", "documents"),
        ("Bore da", "greeting"),
        ("Diolch yn fawr iawn!", "thanks"),
        ("Beth allwch chi ei wneud?", "about"),
        ("Pa ddogfennau sydd gennych chi?", "documents"),
        *((question, None) for question in QUESTIONS),
    ],
)
def test_what_kind_of_message_it_is(text, kind):
    found = kind_of_message(text)
    assert (found and found[0]) == kind


def test_every_language_says_the_same_things():
    tables = _tables()
    assert tables.keys() == {"en", "de", "fr", "es", "cy"}
    for language, table in tables.items():
        assert table.keys() == tables["en"].keys(), f"{language} in {FILE}"
        assert table["said"].keys() == tables["en"]["said"].keys(), f"{language} in {FILE}"
        assert {key: fields(table[key]) for key in TEXTS} == {key: fields(tables["en"][key]) for key in TEXTS}
        for part in ("notes", "lists"):
            wanted = {key: fields(text) for key, text in tables["en"][part].items()}
            assert {key: fields(text) for key, text in table[part].items()} == wanted, f"{part} of {language}"


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ("Who is Bo Ek?", "The documents do not answer this question. They never mention “Bo” or “Ek”."),
        ("Wer ist der Bo Ek?", "Die Dokumente beantworten diese Frage nicht. Nirgends steht dort “Bo” oder “Ek”."),
        (
            "Qui est le Bo Ek ?",
            "Les documents ne répondent pas à cette question. Ils ne mentionnent nulle part “Bo” ou “Ek”.",
        ),
        (
            "¿Quién es el Bo Ek?",
            "Los documentos no responden a esta pregunta. No mencionan en ningún lugar “Bo” o “Ek”.",
        ),
        (
            "Pwy yw Bo Ek?",
            "Nid yw'r dogfennau'n ateb y cwestiwn hwn. Nid ydynt yn sôn o gwbl am “Bo” neu “Ek”.",
        ),
    ],
)
def test_a_refusal_is_in_the_language_of_the_question(question, refusal):
    assert replies_for(question).refusal(["Bo", "Ek"]) == refusal
    assert is_refusal(refusal)
    assert not is_refusal("Bo Ek is the treasurer.")
