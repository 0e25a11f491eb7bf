import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.sentences import is_item, sentences

# Sentences of each text are separated by ‖ (which no case holds otherwise).
HARD = [
    "Dr. Lee met Mr. and Mrs. Hall.‖ They left.",
    "LEE, Ann - Chair of the City Council‖\nEK, Bo - Harbour Trust of the North Sea (panel)‖\nORR, Cy - Oslo",
    "Ann came late – as she\nalways did – to the fair.",
    "Prof. Tony Bovaird spoke.‖ Then J. K. Rowling did.",
    "See p. 4 and fig. 2 of No. 7.‖ It is there.",
    "The answer is no.‖ We asked twice.",
    "It rose by 2.3 per cent on 18.04.2011.‖ Prices fell by £1.50.",
    "The file (PDF 2.3Mb) is here.‖ Read it.",
    "He lives in the U.S. Government pays.",
    "He lives in the U.S.‖ The government pays.",
    "Tea, coffee, etc. are served.‖ Bring milk.",
    "Some animals, e.g. Cats, i.e. Felis catus, purr.",
    "We waited ... and waited.‖ Well...‖ It came.",
    "“Stop!” he said.‖ “Why?”‖ Nobody knew.",
    'He said "no." Then he left.'.replace('" Then', '"‖ Then'),
    "1 Introduction . . . . . . 4",
    "(It was late.)‖ She went home.",
    "Really?!‖ Yes!‖ Good.",
    "Visit www.example.org/a.b?c=d today.‖ It is free.",
    "In 2010.‖ The year after was worse.",
    "Acme Inc. sold it to Smith & Co. in May.‖ The price is secret.",
    "It was 5 p.m. on Friday.‖ It rained.",
    "Ms. O’Neil vs. The Crown was heard in St. Albans.",
    "He got a Ph.D. in 1999.‖ She did not.",
    "Es geschah am 3. Mai in Bonn.‖ Der Rat (z. B. Herr Dr. Öz) war da.",
    "世界人権宣言。‖第一条！‖本当ですか？‖はい。",
    "他说：“你好。”‖然后走了。",
    "यह एक वाक्य है।‖ यह दूसरा है।",
    "هل هذا سؤال؟‖ نعم.",
    "Co-production works [1].‖ It is cheap.[2]‖ It is fast. [3]‖ It lasts.",
    "Growth was slow.¹²‖ Then it stopped.",
    "They are called `` Anis '' .‖ In Brazil , Bert is `` Beto '' .",
    'It is for us , " she said . "‖ He went home .',
    "as of 2017, the company had debt. ‖it expires in 2027. ‖other losses are small.",
    "Title\n\n‖First line\nof a paragraph.‖ Second.",
    "Speakers:\n‖Philip Colligan - NESTA\n‖Megan Mathias - Kafka Brigade\n‖Tris Dyson and Becky Booth - Spice",
    "In order to post a comment you need to\nbe registered and signed in.",
    "The principles:\n‖• People as assets\n‖• Mutuality and\n  reciprocity\n‖• Networks",
    "Steps:\n‖1. Log in.\n‖2. Click on Save.\n‖3. Leave",
    "Lunch rota\n‖Day      Cook     Cleaner\n‖Monday   ann      bo\n‖Friday   cy       di\n‖it may change.",
    "Present: Mrs Cordelia Ash (chair), Captain Ruth Eller of the harbour\n‖Apologies: Mr Hal Pasco, Dr Bea Lund",
    "Adult\t£4\n‖child\t£2",
    "It is late.‖    It is dark\nand cold.‖    It rains.",
    "They came from Oslo,\nBergen and Kiel.",
    "a | b\n‖1 | 2\n‖after the table",
    "# Heading\n‖Text below it.",
    "Heading\n=======\n‖Text below it.",
    "Date: 11.03.2011\n‖Location: Cardiff Millennium Centre",
    "The quick brown fox of the Organization for\nEconomic Growth jumps over the lazy dog in\nManchester, "
    "where it lives with the Duke of\nWestminster and his wife.‖ It is happy.",
    "One.\r\n‖Two.\r\n\r\n‖Three",
    "One.\u2028‖Two.\x85‖Three.",
]


@pytest.mark.parametrize("marked", HARD)
def test_hard_cases(marked):
    expected = [sentence.strip() for sentence in marked.split("‖")]
    text = marked.replace("‖", "")

    assert [text[start:end] for start, end in sentences(text)] == expected


def test_a_range_gives_offsets_into_the_whole_text():
    text = "Before. One here. Two here. After."
    start, end = text.index("One"), text.index(" After")

    assert [text[a:b] for a, b in sentences(text, start, end)] == ["One here.", "Two here."]


@pytest.mark.parametrize("text", ["", " ", "\n\r\n\t\u3000"])
def test_no_text_has_no_sentences(text):
    assert sentences(text) == []


@given(st.text(st.sampled_from(list("aB1.!?… \n\r\t\"'()[]•-|#=:。」́👩\u200d\u2028\xa0")), max_size=200))
def test_spans_are_ordered_trimmed_and_cover_all_text(text):
    spans = sentences(text)

    assert all(a < b and text[a:b].strip() == text[a:b] for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    covered = set()
    for a, b in spans:
        covered.update(range(a, b))
    assert [i for i, c in enumerate(text) if not c.isspace() and i not in covered] == []


def test_splitting_sentences_again_changes_nothing():
    text = "Mr. Hall spoke. “Why?” she asked. He said so.[2] It ended at 5 p.m. on 3.4.2011."

    for start, end in sentences(text):
        assert sentences(text, start, end) == [(start, end)]


@pytest.mark.parametrize(
    "unit", ["a", ".", ". ", "[1]", "\n", '."', " ", "''", "Mr. ", ".[1, 2, 3,", '. "', "= ", "|", "(", "- a\n"]
)
def test_time_is_proportional_to_length(unit):
    began = time.perf_counter()
    sentences(unit * (500_000 // len(unit)))

    assert time.perf_counter() - began < 5  # a quadratic one takes minutes


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("• one", True),
        ("12. twelve", True),
        ("a) first", True),
        ("x | y", True),
        ("J. Smith", False),
        ("2010 was", False),
    ],
)
def test_items_of_lists(line, expected):
    assert is_item(line, 0, len(line)) is expected
