import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import models
from rag.config import Config
from rag.documents import read
from rag.errors import ModelDamaged
from rag.passages import FileTokenizer, context_text, cut
from rag.types import Document, Heading, Passage

SEEDS = Path(__file__).parent.parent / "seeds"


class WordTokenizer:
    """Words and single marks; a word of more than six letters is as many tokens as it has beginnings of six."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        found = (match.span() for match in re.finditer(r"\w+|[^\w\s]", text))
        return [(at, min(at + 6, end)) for start, end in found for at in range(start, end, 6)]


def minilm() -> FileTokenizer:
    return FileTokenizer(models.locate("all-MiniLM-L6-v2", Config().models) / "tokenizer.json")


@pytest.fixture(scope="module", params=[WordTokenizer, minilm])
def tokenizer(request):
    return request.param()


def document(text: str, **fields) -> Document:
    return Document(name="a.txt", text=text, sha256="", media_type="text/plain", **fields)


def check(text: str, passages: list[Passage], tokenizer, limit: int) -> None:
    """The contract of cut()."""
    covered = 0
    for passage in passages:
        assert passage.text == text[passage.start : passage.end]
        assert passage.text and passage.text == passage.text.strip()
        assert not text[covered : passage.start].strip(), "text between passages"
        assert covered <= passage.start, "overlap"
        assert len(tokenizer.spans(passage.text)) <= limit
        covered = passage.end
    assert not text[covered:].strip(), "text behind the last passage"


UGLY = st.one_of(
    st.text(max_size=400),
    st.text(
        st.characters(categories=["Mn", "Me", "Lo", "So", "Cf", "Zs", "Cc"], exclude_characters="\0"), max_size=200
    ),
    st.lists(
        st.sampled_from(
            "The word. |Dr. Lee|e\u0301\u0323\u0301|👩‍👩‍👧‍👦|🇩🇪🇫🇷|שלום עולם. |مرحبا؟ |世界。|\r\n|\r|\n\n|\n|\t|"
            "  • item\n|# Heading\n|a | b\n"
            "|\u2028|\xa0|\u200b|\ufeff|ﬁ|İ|ß|\u202e|supercalifragilisticexpialidocious|x"
            + "y" * 120
            + "|, |: |... |\x0c|\x85"
        ).flatmap(lambda parts: st.sampled_from(parts.split("|"))),
        max_size=80,
    ).map("".join),
)


@given(text=UGLY, limit=st.sampled_from([16, 24, 160]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_passages_of_ugly_text(tokenizer, text, limit):
    check(text, cut(document(text), tokenizer, limit), tokenizer, limit)


@given(text=UGLY, data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_any_headings_and_pages_are_taken(tokenizer, text, data):
    starts = data.draw(st.lists(st.integers(0, max(len(text) - 1, 0)), unique=True, max_size=8).map(sorted))
    ends = [*starts[1:], len(text)][: len(starts)]
    headings = tuple(
        Heading(a, data.draw(st.integers(a, b)), data.draw(st.integers(1, 6)))
        for a, b in zip(starts, ends, strict=True)
    )
    found = cut(document(text, headings=headings, pages=(0, *starts)), tokenizer, 16)

    check(text, found, tokenizer, 16)
    assert all(passage.page and 1 <= passage.page <= len(starts) + 1 for passage in found)


@pytest.mark.parametrize(
    "text",
    [
        "One. Two.\r\nThree.\r\n\r\nFour without a stop",
        "No newline at the end",
        "\r\n\r\n  Leading space.\n",
        "word " * 1000,
        "x" * 5000,
        "世界人権宣言" * 500,
        "👩‍👩‍👧‍👦" * 300,
        "e\u0301" * 3000,
        "- a\n" * 500,
        "=" * 3000,
    ],
)
def test_passages_of_awkward_text(tokenizer, text):
    check(text, cut(document(text), tokenizer, 32), tokenizer, 32)


def test_no_text_has_no_passages(tokenizer):
    assert cut(document(" \n"), tokenizer, 160) == []


@pytest.mark.parametrize(
    "text",
    [
        "The report of 2010 says that Dr. Lee paid £2.5m. Why? Nobody knows the answer to this question. " * 10_500,
        "word, and " * 100_000,
        "a" * 1_000_000,
    ],
    ids=["sentences", "one sentence", "one word"],
)
def test_a_line_of_one_megabyte(text):
    tokenizer = minilm()
    began = time.process_time()
    passages = cut(document(text), tokenizer, 160)

    assert time.process_time() - began < 15  # seconds of processor time; 1 to 3
    check(text, passages, tokenizer, 160)


def test_many_headings_take_no_quadratic_time():
    text = "# a\n" * 50_000
    headings = tuple(Heading(at + 2, at + 3, 1) for at in range(0, len(text), 4))
    began = time.process_time()

    check(text, cut(document(text, headings=headings), WordTokenizer(), 160), WordTokenizer(), 160)
    assert time.process_time() - began < 20


def test_a_combined_character_is_not_broken():
    family = "👩‍👩‍👧‍👦"
    passages = cut(document(family * 200), WordTokenizer(), 16)

    assert len(passages) > 1
    assert all(passage.text.startswith("👩") and passage.text.endswith("👦") for passage in passages)


def test_a_passage_breaks_where_sentences_end(tokenizer):
    text = "The cat sat on the mat. " * 60
    assert all(passage.text.endswith("mat.") for passage in cut(document(text), tokenizer, 40))


def test_an_over_long_sentence_breaks_between_words(tokenizer):
    text = "the cat and the dog and " * 60
    passages = cut(document(text), tokenizer, 40)

    assert " ".join(passage.text for passage in passages) == text.strip()


def test_a_list_stays_with_the_line_that_introduces_it():
    tokenizer = minilm()
    passages = cut(read(SEEDS / "000_cb5ee0bdbbfaaa21.txt", "000.txt"), tokenizer, 160)
    [principles] = [passage for passage in passages if "six principles of co-production:" in passage.text]

    assert principles.text.count("•") == 6
    assert principles.text.startswith("Defining Co-production")
    assert principles.title == "London Co-production Roadshow"
    assert principles.section == "Defining Co-production"


@pytest.mark.parametrize("between", ["    ", "\t"])
def test_a_table_set_in_columns_stays_with_its_header(between):
    rows = "".join(f"{n} May{between}Ann Lee{between}Bo Ek\n" for n in range(1, 9))
    header = f"Week{between}Day watch{between}Night watch\n--------\n"
    text = f"The rota was agreed by all who came.\n\n{header}{rows}"
    passages = cut(document(text), WordTokenizer(), 62)
    assert len(passages) == 2
    (found,) = [passage.text for passage in passages if "Week" in passage.text]
    assert "1 May" in found and "8 May" in found


def test_a_passage_in_the_middle_of_a_table_has_its_header(tokenizer):
    rows = "".join(f"| Hall {n} | {n} May |\n" for n in range(1, 30))
    text = f"All halls.\n\n| Room | Day |\n|---|---|\n{rows}\nAfterwards all is shut, and nobody comes to any of them."
    passages = cut(document(text), tokenizer, 60)
    check(text, passages, tokenizer, 60)
    within = [passage for passage in passages if passage.text.startswith("| Hall")]
    assert len(within) > 1
    assert {passage.header for passage in within} == {"| Room | Day |"}
    assert {passage.header for passage in passages if passage not in within} == {""}


def test_short_sections_go_together_and_long_ones_break_at_headings(tokenizer):
    section = "{0}\n\nThe cat of part {0} sat on the mat of the house and slept until it was evening again.\n\n"
    short = "".join(section.format(name) for name in ("One", "Two"))
    long = "".join(
        section.format(name).rstrip() + " It slept on for a long time in the sun." * 6 + "\n\n"
        for name in ("Six", "Ten")
    )

    def headed(text):
        return document(
            text, headings=tuple(Heading(*m.span(), 1) for m in re.finditer(r"^\w{3}$", text, re.MULTILINE))
        )

    assert len(cut(headed(short), tokenizer, 80)) == 1
    assert [p.text.split()[0] for p in cut(headed(long), tokenizer, 100)] == ["Six", "Ten"]


def test_a_heading_is_not_left_behind(tokenizer):
    text = "# A\n\n" + "The cat sat on the mat. " * 7 + "\n\n# B\n\n" + "The dog lay on the rug. " * 7
    headings = (Heading(2, 3, 1), Heading(text.index("# B") + 2, text.index("# B") + 3, 1))
    for limit in range(20, 80, 3):
        for passage in cut(document(text, headings=headings), tokenizer, limit):
            assert not passage.text.endswith(("# A", "# B"))


def test_section_and_page_of_a_passage(tokenizer):
    text = "Part\n\nIntro text here.\n\nFirst\n\nOf the first.\n\nSecond\n\nOf the second."
    spans = {
        name: Heading(text.index(name), text.index(name) + len(name), 1 + (name != "Part"))
        for name in ("Part", "First", "Second")
    }
    found = cut(
        document(text, title="T", headings=tuple(spans.values()), pages=(0, spans["Second"].start)), tokenizer, 5
    )

    last = next(passage for passage in found if "Second" in passage.text)
    assert (last.section, last.page, last.title, last.document, last.id) == ("Part > Second", 2, "T", "a.txt", 0)
    assert found[0].page == 1


def test_an_empty_page_is_no_passages_page(tokenizer):
    found = cut(document("One.\n\nThree.", pages=(0, 4, 6)), tokenizer, 2)
    assert [passage.page for passage in found] == [1, 3]


def test_pages_count_from_one_when_two_begin_at_the_same_place(tokenizer):
    [passage] = cut(document("Text.", pages=(0, 0, 5)), tokenizer, 16)
    assert passage.page == 2


def test_the_title_is_not_its_own_section(tokenizer):
    [passage] = cut(document("Cats\n\nThey purr.", title="Cats", headings=(Heading(0, 4, 1),)), tokenizer, 16)
    assert passage.section == ""


def test_a_limit_below_one_is_refused(tokenizer):
    with pytest.raises(ValueError, match="at least one token"):
        cut(document("a"), tokenizer, 0)


PASSAGE = Passage("a.txt", 0, 16, "It opened in May", title="The museum", section="History > Opening")


def test_context_is_title_and_section_and_text(tokenizer):
    assert context_text(PASSAGE, tokenizer, 100) == "The museum\nHistory > Opening\nIt opened in May"


def test_context_repeats_nothing_that_the_passage_begins_with(tokenizer):
    passage = replace(PASSAGE, text="# The museum\n\n## Opening\n\nIt opened in May", title="The museum")
    assert context_text(passage, tokenizer, 100) == "History\n" + passage.text


def test_the_header_of_a_table_stands_before_its_rows(tokenizer):
    passage = replace(PASSAGE, text="| Hall 3 | 4 May |", header="| Room | Day |", section="")
    assert context_text(passage, tokenizer, 100) == "The museum\nRoom Day\n| Hall 3 | 4 May |"
    tight = len(tokenizer.spans("The museum\n| Hall 3 | 4 May |"))
    assert "Room" not in context_text(passage, tokenizer, tight)


def test_context_is_trimmed_to_a_third(tokenizer):
    passage = replace(PASSAGE, title="word " * 50, section="part " * 50)
    text = context_text(passage, tokenizer, 30)

    assert text.endswith("\nIt opened in May")
    assert len(tokenizer.spans(text)) <= 4 + 10
    assert "word" in text and "part" in text


def test_context_leaves_the_text_whole(tokenizer):
    assert context_text(PASSAGE, tokenizer, 4) == "It opened in May"
    with pytest.raises(ValueError, match="does not fit into 3"):
        context_text(PASSAGE, tokenizer, 3)


@given(title=st.text(max_size=60), section=st.text(max_size=60), text=UGLY, limit=st.integers(16, 60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_context_is_never_over_the_limit(tokenizer, title, section, text, limit):
    for passage in cut(document(text), tokenizer, 16):
        context = context_text(replace(passage, title=title, section=section), tokenizer, limit)
        assert context.endswith(passage.text)
        assert len(tokenizer.spans(context)) <= limit


def test_offsets_of_the_tokenizer_are_characters():
    text = "Ünï 世 👩‍👧 end"
    spans = minilm().spans(text)

    assert [text[a:b] for a, b in spans][-1] == "end"
    assert all(0 <= a <= b <= len(text) for a, b in spans)


def test_the_tokenizer_does_not_truncate():
    assert len(minilm().spans("word " * 2000)) == 2000


def test_a_broken_tokenizer_file_is_reported(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelDamaged, match=r"tokenizer\.json can.t be read"):
        FileTokenizer(tmp_path / "tokenizer.json")


def test_a_table_row_of_several_sentences_is_never_cut(tokenizer):
    rows = [
        f"Name {n} | It is chosen by all. Anyone may name somebody. It is kept. | yes | list {n}" for n in range(40)
    ]
    made = document("Who | How | Vote | Where\n" + "\n".join(rows))
    passages = cut(made, tokenizer, 60)
    assert len(passages) > 10
    assert all(passage.text.startswith(("Who |", "Name ")) for passage in passages)
    assert {passage.header for passage in passages[1:]} == {"Who | How | Vote | Where"}
