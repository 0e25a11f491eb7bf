import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations import Span, Support, as_quotes, cite, is_yes_or_no, parse, without_marks
from rag.types import Evidence, Passage


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ("", []),
        ("It was in Cardiff.", ["It was in Cardiff."]),
        ("It was in Cardiff [1].", ["It was in Cardiff."]),
        ("It was in Cardiff. [1]", ["It was in Cardiff."]),
        ("[1] It was in Cardiff.", ["It was in Cardiff."]),
        ("£250K [1]", ["£250K"]),
        ("One [1][2]. Two [3, 4]. Three [1-3].", ["One.", "Two.", "Three."]),
        ("One【2】. Two [source 3].", ["One.", "Two."]),
        ("It grew [1] and fell [2].", ["It grew and fell."]),
        ("It was on 11.03.2011 [1]. Then more [2].", ["It was on 11.03.2011.", "Then more."]),
        ("They are:\n1. Trust [1]\n2. Skills [2]", ["They are:", "Trust", "Skills"]),
        ("They are:\n- **Trust** [1]\n- Skills", ["They are:", "Trust", "Skills"]),
        ("In [2011] it was [sic] so.", ["In [2011] it was [sic] so."]),
        ("It costs £30 [price-list.md].", ["It costs £30."]),
        ("It costs £30 [Price list 2024.docx], as [the list.md](x) says.", ["It costs £30, as [the list.md](x) says."]),
    ],
)
def test_sentences_without_marks(draft, expected):
    assert [claim.text for claim in parse(draft)] == expected


def support(start, end, document="a.txt", rank=1, score=1.0):
    text = "The venue was Cardiff. Spice hosted it."
    evidence = Evidence(Passage(document, 100, 139, text, "Title", page=2), 1.0, rank)
    return Support((Span(evidence, start, end),), score)


def test_quotes_are_cut_from_the_passage_and_marks_count_from_one():
    claims = parse("Cardiff [3]. Spice [7].")
    text, sentences, citations = cite(claims, [support(100, 122, score=0.75), support(123, 139)])
    assert text == "Cardiff. [1] Spice. [2]"
    assert [c.quote for c in citations] == ["The venue was Cardiff.", "Spice hosted it."]
    assert [(c.mark, c.document, c.start, c.end, c.page) for c in citations] == [
        (1, "a.txt", 100, 122, 2),
        (2, "a.txt", 123, 139, 2),
    ]
    assert [(s.citations, s.support) for s in sentences] == [((1,), 0.75), ((2,), 1.0)]


def test_one_span_behind_two_sentences_is_one_citation():
    text, _, citations = cite(parse("Cardiff. In Wales."), [support(100, 122), support(100, 122)])
    assert text == "Cardiff. [1] In Wales. [1]"
    assert len(citations) == 1


def test_a_block_of_code_is_one_claim_with_its_mark_below():
    block = "```sh\ncd /tmp\nls. -l\n```"
    claims = parse(f"Use this:\n\n{block}\n\nIt lists files.")
    assert [claim.text for claim in claims] == ["Use this:", block, "It lists files."]
    text, _, _ = cite(claims[1:2], [support(100, 122)])
    assert text == f"{block}\n[1]"


def test_a_block_of_code_that_is_cut_off_is_closed():
    assert [claim.text for claim in parse("```\nls")] == ["```\nls\n```"]


def test_a_claim_without_a_span_has_no_mark():
    text, sentences, citations = cite(parse("Cardiff [1]. Mars [2]."), [support(100, 122), None])
    assert text == "Cardiff. [1] Mars."
    assert sentences[1].citations == ()
    assert len(citations) == 1


def test_an_answer_of_a_few_words_stands_as_it_is():
    text, (sentence,), (citation,) = cite(parse("Cardiff"), [support(100, 122)])
    assert (text, sentence.text, citation.quote) == ("Cardiff [1]", "Cardiff", "The venue was Cardiff.")
    assert cite(parse("The venue was Cardiff"), [support(100, 121)])[0] == "The venue was Cardiff [1]"
    assert cite(parse("Cardiff"), [None])[0] == "Cardiff"


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ("According to the document, it was in Cardiff.", "It was in Cardiff."),
        ("The sources state that it was in Cardiff.", "It was in Cardiff."),
        ("The source says that Cardiff was it.", "Cardiff was it."),
        ("The sources do not say.", "The sources do not say."),
    ],
)
def test_what_a_model_says_of_its_sources_is_no_part_of_a_claim(draft, said):
    assert [claim.text for claim in parse(draft)] == [said]


@pytest.mark.parametrize(
    ("draft", "alone"),
    [
        ("Yes.", True),
        ("no", True),
        ("Ja.", True),
        ("Nein", True),
        ("Oui.", True),
        ("Sí.", True),
        ("Yes, in May.", False),
    ],
)
def test_a_yes_or_no_alone_is_told_in_each_language(draft, alone):
    (claim,) = parse(draft)
    assert is_yes_or_no(claim) is alone


def test_quotes_are_a_list_in_quotation_marks_each_with_its_span():
    quotes = as_quotes([support(100, 122).spans[0], support(123, 139).spans[0]])
    text, sentences, citations = cite(*zip(*quotes, strict=True))
    assert text == "- “The venue was Cardiff.” [1]\n- “Spice hosted it.” [2]"
    assert [(s.citations, s.support) for s in sentences] == [((1,), 1.0), ((2,), 1.0)]
    assert [s.text.strip("“”") for s in sentences] == [c.quote for c in citations]


def test_a_quote_of_several_lines_is_one_line():
    text = "It was held\n  in Cardiff."
    evidence = Evidence(Passage("a.txt", 0, len(text), text), 1.0, 1)
    ((claim, _),) = as_quotes([Span(evidence, 0, len(text))])
    assert claim.text == "“It was held in Cardiff.”"


def test_the_layout_of_a_list_is_kept():
    text, _, _ = cite(parse("They are:\n1. Trust [1]\n2. Skills"), [support(100, 122)] * 3)
    assert text == "They are: [1]\n1. Trust [1]\n2. Skills [1]"


def test_marks_are_taken_out_of_history():
    assert without_marks("In Cardiff. [1] By Spice [2, 3].") == "In Cardiff. By Spice."


@given(st.text(alphabet=st.sampled_from(list("ab. \n[]【】0123-–,*•#é🎉")), max_size=80))
def test_no_draft_is_too_ugly(draft):
    claims = parse(draft)
    _, sentences, citations = cite(claims, [None] * len(claims))
    assert citations == []
    assert [s.text for s in sentences] == [c.text for c in claims]
    assert all(c.text.strip() for c in claims)
