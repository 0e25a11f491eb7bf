"""The HTML of the page: everything escaped, lists and line breaks kept, marks that lead to their sources."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from browser import CARDIFF, LONDON, NOWHERE, PAYLOADS, POISONED, PRINCIPLES, SWINDON, VENUE, answer_of
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.outline import day
from rag.types import Answer, Citation, Passage, Phase, Sentence, Token
from ui.conversation import Answered, Exchange, Failed, Stopped, Waiting, advance, history
from ui.markup import duration, escape, lines_html, short, text_html
from ui.render import announcement, exchange_html

DATES = {CARDIFF.document: "2011-03-11"}
ELEMENTS = set("h2 h3 div p span ul ol li br strong bdi details summary blockquote mark q dl dt dd button".split())
ATTRIBUTES = set("class dir id data-to type aria-label aria-hidden role open value".split())


def done(answer: Answer, question: str = "", dates=None, number: int = 1) -> Exchange:
    exchange = Exchange(number, question or answer.question)
    return advance(exchange, Answered(answer, DATES if dates is None else dates))


def soup(exchange: Exchange) -> BeautifulSoup:
    return BeautifulSoup(exchange_html(exchange), "lxml")


def words(element) -> str:
    return " ".join(element.get_text().split())


# --- an answer and its sources


def test_each_mark_is_a_named_button_that_leads_to_its_source():
    page = soup(done(VENUE))
    marks = page.select(".answer button.mark")
    assert [mark.text for mark in marks] == ["1", "2"]
    assert marks[0]["aria-label"] == "Source 1: Cardiff Co-production Roadshow"
    for mark in marks:
        assert page.find(id=mark["data-to"]).select_one(".number").text == mark.text


def test_the_way_back_leads_to_the_mark():
    page = soup(done(VENUE))
    for back in page.select("button.back"):
        assert "mark" in page.find(id=back["data-to"])["class"]


def test_a_source_shows_its_passage_with_the_quote_marked():
    page = soup(done(VENUE))
    sources = page.select(".source")
    for source, citation in zip(sources, VENUE.citations, strict=True):
        passage = source.select_one(".passage")
        assert passage.text == CARDIFF.text
        assert [mark.text for mark in passage.select("mark")] == [citation.quote]
    assert words(sources[0].select_one(".where")) == "Cardiff Co-production Roadshow 11 March 2011 page 1"
    assert "003_2751ee3485e30d0d.txt, characters 17 to 52" in words(sources[0])


def test_the_right_occurrence_is_marked():
    passage = Passage("a.txt", 10, 27, "one two one two !", title="")
    answer = Answer(
        "", "q", "answered", 1.0, "It is one. [1]", (Sentence("It is one.", (1,), 1.0),),
        (Citation(1, "a.txt", "", 18, 21, "one"),), evidence=answer_of("", [("", passage, "one")]).evidence,
    )  # fmt: skip
    assert '<blockquote class="passage" dir="auto">one two <mark>one</mark> two !</blockquote>' in exchange_html(
        done(answer)
    )


def test_a_citation_without_its_passage_still_shows_its_quote():
    page = soup(done(replace(VENUE, evidence=())))
    assert [p.text for p in page.select(".passage")] == [citation.quote for citation in VENUE.citations]


def test_a_document_without_a_title_is_called_by_its_name():
    citation = replace(VENUE.citations[0], title="", page=None)
    page = soup(done(replace(VENUE, citations=(citation,), answer="In Cardiff. [1]"), dates={}))
    assert words(page.select_one(".where")) == CARDIFF.document
    assert page.select_one("button.mark")["aria-label"] == f"Source 1: {CARDIFF.document}"


def test_only_a_single_source_is_unfolded():
    assert len(soup(done(VENUE)).select(".source > details[open]")) == 0
    alone = replace(VENUE, citations=VENUE.citations[:1], answer="In Cardiff. [1]")
    assert len(soup(done(alone)).select(".source > details[open]")) == 1


def test_scores_are_there_and_folded():
    scores = soup(done(VENUE)).select_one(".source details.more")
    assert not scores.has_attr("open")
    rows = {row.dt.text: row.dd.text for row in scores.select("dl > div")}
    assert rows == {"Rank": "1", "Score": "1.000", "Meaning (cosine)": "0.600", "Words (BM25)": "8.00"}


def test_time_and_number_of_sources_are_shown():
    assert words(soup(done(VENUE)).select_one(".facts")).startswith("2 sources, quoted exactly3.4 s")
    assert "93%" in words(soup(done(VENUE)).select_one(".facts .more"))


def test_notes_are_shown():
    page = soup(done(replace(VENUE, notes=("The first turns did not fit.", "One passage did not fit."))))
    assert [words(note) for note in page.select(".note")] == [
        "The first turns did not fit.",
        "One passage did not fit.",
    ]


def test_list_items_stay_a_list():
    page = soup(done(PRINCIPLES))
    assert [words(p) for p in page.select(".answer > p")] == ["The six principles are:"]
    items = page.select(".answer > ul > li")
    assert len(items) == 6
    assert words(items[0]) == "Recognising people as assets (rather than problems)1"
    assert len(page.select(".source")) == 6


def test_a_sentence_without_a_source_is_visibly_marked():
    sentences = (VENUE.sentences[0], Sentence("Tickets were free.", (), 0.1), VENUE.sentences[1])
    text = f"{sentences[0].text} [1] Tickets were free. {sentences[2].text} [2]"
    page = soup(done(replace(VENUE, answer=text, sentences=sentences)))
    (weak,) = page.select(".weak")
    assert words(weak) == "Tickets were free. (no source found)"
    assert [mark.text for mark in page.select("button.mark")] == ["1", "2"]


def test_a_mark_that_points_nowhere_is_no_button():
    page = soup(done(replace(VENUE, answer="In Cardiff. [1] See [7].")))
    assert [mark.text for mark in page.select("button.mark")] == ["1"]
    assert "See [7]." in words(page)


def test_two_marks_of_one_number_have_one_id():
    page = soup(done(replace(VENUE, answer="In Cardiff. [1] Yes. [1] [2]")))
    assert [mark.text for mark in page.select("button.mark")] == ["1", "1", "2"]
    ids = [element["id"] for element in page.select("[id]")]
    assert len(ids) == len(set(ids))


def test_ids_differ_between_exchanges():
    first, second = ({e["id"] for e in soup(done(VENUE, number=n)).select("[id]")} for n in (1, 2))
    assert first and not first & second


# --- the other states


def test_an_abstention_looks_like_one():
    page = soup(done(NOWHERE))
    assert words(page.select_one(".calm")) == "The documents do not answer thisThey nowhere mention “Mongolia”."
    assert words(page.select_one(".label")) == "Nearest passages, which may not answer it"
    assert [p.text for p in page.select(".passage")] == [SWINDON.text, CARDIFF.text]
    assert not page.select("mark, button.mark, details[open]")


def test_an_abstention_over_no_documents_shows_no_passages():
    page = soup(done(replace(NOWHERE, evidence=(), answer="The documents do not answer this question.")))
    assert words(page.select_one(".reply")).startswith("The documents do not answer this1.1 s")
    assert not page.select(".label")


def test_a_draft_is_shown_without_its_marks_and_not_as_an_answer():
    exchange = advance(advance(Exchange(1, "Where?"), Phase("writing", "Writing")), Token("In **Cardiff** [3]. Ther"))
    page = soup(exchange)
    assert words(page.select_one(".draft")) == "In Cardiff. Ther"
    assert words(page.select_one(".activity")) == "Writing"
    assert not page.select(".answer, button")
    assert words(soup(advance(exchange, Token("e [1"))).select_one(".draft")) == "In Cardiff. There"


def test_what_is_going_on_is_shown_and_said():
    exchange = advance(Exchange(1, "Where?"), Waiting(1))
    assert words(soup(exchange).select_one(".activity")) == announcement(exchange) == "Waiting: one question is ahead"


def test_a_failure_says_what_to_do():
    exchange = advance(Exchange(1, "Where?"), Failed("The index is empty; run 'footnote ingest'."))
    assert words(soup(exchange).select_one(".calm")) == "No answerThe index is empty; run 'footnote ingest'."
    assert announcement(exchange) == "The index is empty; run 'footnote ingest'."


def test_a_screen_reader_hears_the_answer_once_and_without_marks():
    assert announcement(done(VENUE)) == (
        "It was held at the Cardiff Millennium Centre. NESTA, nef, Spice and the Coproduction Practitioners Network "
        "hosted it. 2 sources, quoted exactly"
    )
    assert announcement(done(NOWHERE)) == NOWHERE.answer
    assert (
        announcement(advance(advance(Exchange(1, "Where?"), Token("In Car")), Phase("writing", "Writing"))) == "Writing"
    )


def test_stopped_before_anything_is_no_abstention():
    exchange = advance(advance(Exchange(1, "Where?"), Answered(NOWHERE)), Stopped())
    assert words(soup(exchange).select_one(".reply")) == "Stopped before an answer was written."
    assert announcement(exchange) == "Stopped."
    assert not history([exchange])


def test_stopped_with_something_checked_shows_it_and_says_so():
    exchange = advance(done(VENUE), Stopped())
    page = soup(exchange)
    assert len(page.select("button.mark")) == 2
    assert "Stopped early; what had been written was checked." in words(page)


def test_only_answers_go_into_the_history():
    failed = advance(Exchange(2, "And?"), Failed("It failed."))
    turns = history([done(VENUE), failed, done(NOWHERE, number=3)])
    assert [(turn.role, turn.content) for turn in turns] == [
        ("user", VENUE.question),
        ("assistant", VENUE.answer),
        ("user", NOWHERE.question),
        ("assistant", NOWHERE.answer),
    ]


# --- nothing is interpreted


class Strict(HTMLParser):
    """Fails on any element or attribute that the page does not make itself, and collects the text."""

    def __init__(self):
        super().__init__()
        self.depth, self.text = 0, ""

    def handle_starttag(self, tag, attrs):
        assert tag in ELEMENTS, tag
        assert {name for name, _ in attrs} <= ATTRIBUTES, attrs
        self.depth += tag != "br"

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_data(self, data):
        self.text += data


def strictly(html: str) -> str:
    """Return the text of ``html``, which holds nothing but elements of the page's own, all closed."""
    parser = Strict()
    parser.feed(html)
    parser.close()
    assert parser.depth == 0
    return parser.text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_shown_as_its_characters_wherever_it_stands(payload):
    passage = Passage(f"{payload}/a.txt", 5, 5 + len(payload), payload, title=payload, page=2)
    answer = replace(answer_of(payload, [(payload, passage, payload)]), notes=(payload,))
    weak = replace(answer, sentences=(replace(answer.sentences[0], citations=()),))
    abstained = replace(answer, status="abstained", citations=(), answer=payload)
    exchanges = [
        done(answer, dates={passage.document: payload}),
        done(weak),
        done(abstained),
        advance(Exchange(1, payload), Token(payload)),
        advance(Exchange(1, payload), Waiting(payload)),
        advance(Exchange(1, payload), Failed(payload)),
    ]
    for exchange in exchanges:
        text = strictly(exchange_html(exchange))
        assert payload in text


def test_all_payloads_at_once():
    strictly(exchange_html(done(POISONED)))


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=80), st.text(st.sampled_from("-*•1.)# \n[2]<>&\"'"), max_size=40))
def test_any_text_is_shown_whole(free, ugly):
    for text in (free, ugly):
        shown = strictly(text_html(text, lambda start, end, text=text: escape(text[start:end])))
        assert [c for c in shown if c.isalpha()] == [c for c in text.encode("utf-8", "replace").decode() if c.isalpha()]
        strictly(exchange_html(done(replace(VENUE, answer=text, question=text))))


# --- small things


def test_lines_and_lists():
    text = "Two things:\nfirst\n\n1. a\n2) b\n\n# Head\n* c\n  – d"
    assert text_html(text, lambda start, end: text[start:end]) == (
        '<p dir="auto">Two things:<br>first</p>'
        '<ol><li value="1" dir="auto">a</li><li value="2" dir="auto">b</li></ol>'
        '<p dir="auto"><strong>Head</strong></p>'
        '<ul><li dir="auto">c</li><li dir="auto">d</li></ul>'
    )
    assert lines_html(" a\n<b> ") == "a<br>&lt;b&gt;"


@pytest.mark.parametrize(
    ("date", "shown"),
    [("2011-03-11", "11 March 2011"), ("2011-12", "December 2011"), ("2011", "2011"), ("2011-13-01", "2011-13-01")],
)
def test_dates_as_a_reader_writes_them(date, shown):
    assert day(date) == shown


def test_durations():
    assert [duration(s) for s in (0.04, 3.44, 59.94, 59.96, 102.6)] == [
        "0.0 s",
        "3.4 s",
        "59.9 s",
        "1 min 0 s",
        "1 min 43 s",
    ]


def test_short_ends_at_a_word():
    assert short("one  two\nthree") == "one two three"
    assert short("word " * 100, 22) == "word word word word …"
    assert len(short("x" * 10_000)) < 230


def test_a_lone_surrogate_becomes_a_question_mark():
    assert escape("a\ud800<") == "a?&lt;"


def test_the_passages_are_cut_from_the_seeds():
    for passage in (CARDIFF, LONDON, SWINDON):
        assert len(passage.text) == passage.end - passage.start > 100
