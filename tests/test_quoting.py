"""The sentences that are quoted where no draft answers a question: by words and by meaning, in turns."""

from itertools import pairwise

from rag import quoting
from rag.citations import quote
from rag.quoting import LINES, nearest
from rag.types import Evidence, Passage

HALL = "The hall is open in May. Bo Ek keeps the keys. Dogs are kept out. Bicycles are left at the door."
ATTIC = "It costs £9 a day."


def found(text, rank=1, **fields):
    return Evidence(Passage("a.md", 700, 700 + len(text), text, "Papers", **fields), 1.0, rank)


def quotes(question, evidence, embedder, most=9):
    return [quote(span) for span in nearest(question, evidence, embedder, most)]


def test_the_sentence_with_most_of_the_question_comes_first(embedder):
    assert quotes("Who keeps the keys?", [found(HALL)], embedder)[0] == "Bo Ek keeps the keys."


def test_the_sentence_that_means_it_is_among_the_first_two_without_a_word_of_the_question(embedder):
    assert "It costs £9 a day." in quotes("What is the price?", [found(HALL), found(ATTIC, 2)], embedder, 2)


def test_what_stands_above_a_passage_counts_for_its_sentences(embedder):
    other = "It costs £43 a day."
    evidence = [found(ATTIC, section="Attic"), found(other, 2, section="Great Hall")]
    assert quotes("What does the Great Hall cost a day?", evidence, embedder)[0] == other


def test_each_sentence_comes_once_and_no_more_than_are_wanted(embedder):
    evidence = [found(HALL), found(ATTIC, 2)]
    every = quotes("Who keeps the keys?", evidence, embedder)
    assert sorted(every) == sorted([*(f"{part}." for part in HALL.rstrip(".").split(". ")), ATTIC])
    for most in range(6):
        assert quotes("Who keeps the keys?", evidence, embedder, most) == every[:most]


def test_without_evidence_nothing_is_quoted(embedder):
    assert nearest("Who keeps the keys?", [], embedder, 3) == []


def test_spans_are_offsets_into_the_document(embedder):
    spans = sorted(nearest("Who?", [found(HALL)], embedder, 9), key=lambda span: span.start)
    assert (spans[0].start, spans[-1].end) == (700, 700 + len(HALL))
    assert all(span.end < following.start for span, following in pairwise(spans))


LIST = (
    "Members may borrow:\n- two films\n- five books\n- one board game\n\nThe desk is shut on Sundays, also for returns."
)


def quoted(question, evidence, embedder, *supporting):
    return [quote(span) for span in quoting.quotes(supporting, question, evidence, embedder)]


def test_an_item_or_an_introduction_is_quoted_with_its_whole_list_line_by_line(embedder):
    lines = [line.removeprefix("- ") for line in LIST.partition("\n\n")[0].split("\n")]
    for question in ("How many board games?", "What may members borrow?"):
        assert quoted(question, [found(LIST)], embedder)[: len(lines)] == lines


def test_a_long_list_is_cut_and_the_item_that_was_looked_for_stays(embedder):
    long = "Rooms:\n" + "\n".join(f"- room {n} has {n} chairs and one large table" for n in range(40))
    lines = quoted("Which has 37 chairs?", [found(long)], embedder)
    assert "room 37 has 37 chairs and one large table" in lines
    assert len(lines) <= LINES


def test_a_short_sentence_is_quoted_with_the_next_one(embedder):
    text = f"The fee is due in May. It rises by £5 in June. {'The hall has a stage, a kitchen and many chairs. ' * 3}"
    assert (
        quoted("When is the fee due?", [found(text)], embedder)[0] == "The fee is due in May. It rises by £5 in June."
    )


def test_a_row_of_a_table_is_quoted_alone(embedder):
    table = "| Room | Fee |\n| --- | --- |\n| Attic | £9 |\n| Great Hall | £43 |\n| Studio | £12 |"
    assert "| Great Hall | £43 |" in quoted("What does the Great Hall cost?", [found(table)], embedder)


def test_what_supports_the_draft_comes_first_and_nothing_comes_twice(embedder):
    [film] = [span for span in nearest("Films?", [found(LIST)], embedder, 9) if "films" in quote(span)]
    lines = quoted("When is the desk shut?", [found(LIST)], embedder, film)
    assert lines[0] == "Members may borrow:"
    assert len(set(lines)) == len(lines) == 5
