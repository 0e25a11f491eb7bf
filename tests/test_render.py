"""The HTML of the page: everything escaped, lists and line breaks kept, marks that lead to their sources."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import CARDIFF, LONDON, NOWHERE, PAYLOADS, POISONED, PRINCIPLES, SWINDON, VENUE, answer_of
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.replies import replies_in
from rag.types import Answer, Citation, Passage, Phase, Sentence, Token
from ui.conversation import Answered, Exchange, Failed, Place, Stopped, Waiting, advance, history
from ui.local import STATIC
from ui.markup import escape, lines_html, short, text_html
from ui.plain import plain_text
from ui.render import activity_text, announcement, exchange_html
from ui.texts import ENGLISH, FORMS, in_language, languages

PLACES = {1: Place("2011-03-11", "a1b2c3" * 10, "Roadshow\n", "\nThe end.")}
ELEMENTS = set(
    "h2 h3 div p span ul ol li br strong code pre bdi details summary blockquote mark q dl dt dd button section "
    "a".split()
)
ATTRIBUTES = set(
    "class dir data-alone data-opens data-mark data-act data-text type aria-label aria-hidden role value hidden "
    "tabindex".split()
)
LINK = set("class href target rel".split())


def done(answer: Answer, question: str = "", places=None, number: int = 1) -> Exchange:
    exchange = Exchange(number, question or answer.question)
    return advance(exchange, Answered(answer, PLACES if places is None else places))


def soup(exchange: Exchange) -> BeautifulSoup:
    return BeautifulSoup(exchange_html(exchange), "lxml")


def words(element) -> str:
    return " ".join(element.get_text().split())


# --- an answer and its sources


def test_each_mark_and_each_item_of_the_list_opens_its_source():
    page = soup(done(VENUE))
    marks = page.select(".answer button.mark")
    assert [mark.text for mark in marks] == ["1", "2"]
    assert marks[0]["aria-label"] == "Source 1: Cardiff Co-production Roadshow"
    for openers in (marks, page.select(".sources button")):
        quotes = [page.select_one(f'.evidence mark[data-mark~="{opener["data-opens"]}"]') for opener in openers]
        assert [quote.text for quote in quotes] == [citation.quote for citation in VENUE.citations]


def test_the_evidence_is_out_of_sight_until_it_is_opened():
    assert soup(done(VENUE)).select_one(".evidence").has_attr("hidden")


def test_a_source_shows_its_passage_with_the_quote_marked_and_the_text_around_it():
    page = soup(done(VENUE))
    (piece,) = page.select(".piece")
    assert piece.select_one(".passage").text == "Roadshow\n" + CARDIFF.text + "\nThe end."
    assert [around.text for around in piece.select(".around")] == ["Roadshow\n", "\nThe end."]
    assert [mark.text for mark in piece.select("mark")] == [citation.quote for citation in VENUE.citations]
    assert words(piece.h3) == "1 2 Cardiff Co-production Roadshow 11 March 2011 page 1"
    first, second = piece.select(".origin")
    assert "003_2751ee3485e30d0d.txt, characters 17 to 52" in words(first)
    assert (first.has_attr("hidden"), second.has_attr("hidden")) == (False, True)
    assert words(page.select_one(".source .where")) == "Cardiff Co-production Roadshow 11 March 2011 page 1"


def test_a_source_leads_to_its_document_at_the_quote():
    link = soup(done(VENUE)).select_one(".piece a")
    assert link["href"] == "read?document=003_2751ee3485e30d0d.txt&start=17&end=52&version=a1b2c3a1b2c3#quote"
    assert (link["target"], link["rel"]) == ("_blank", ["noopener"])


def test_the_section_of_a_passage_is_named():
    evidence = tuple(replace(e, passage=replace(e.passage, section="Events > Cardiff")) for e in VENUE.evidence)
    assert words(soup(done(replace(VENUE, evidence=evidence))).select_one(".section")) == "Events > Cardiff"


def test_the_right_occurrence_is_marked():
    passage = Passage("a.txt", 10, 27, "one two one two !", title="")
    answer = Answer(
        "", "q", "answered", 1.0, "It is one. [1]", (Sentence("It is one.", (1,), 1.0),),
        (Citation(1, "a.txt", "", 18, 21, "one"),), evidence=answer_of("", [("", passage, "one")]).evidence,
    )  # fmt: skip
    assert soup(done(answer, places={})).select_one(".passage").decode_contents() == (
        '<span class="around"></span>one two <mark data-mark="1">one</mark> two !<span class="around"></span>'
    )


def test_quotes_that_overlap_are_each_marked_whole():
    passage = Passage("a.txt", 10, 23, "one two three", title="")
    cited = (Citation(1, "a.txt", "", 10, 17, "one two"), Citation(2, "a.txt", "", 14, 23, "two three"))
    given = answer_of("", [("", passage, "one")])
    page = soup(done(replace(given, citations=cited), places={}))
    assert page.select_one(".passage").text == passage.text
    for citation in cited:
        parts = page.select(f'.passage mark[data-mark~="{citation.mark}"]')
        assert "".join(part.text for part in parts) == citation.quote


def test_a_citation_without_its_passage_still_shows_its_quote():
    page = soup(done(replace(VENUE, evidence=()), places={}))
    assert [p.text for p in page.select(".passage")] == [citation.quote for citation in VENUE.citations]


def test_a_document_without_a_title_is_called_by_its_name():
    citation = replace(VENUE.citations[0], title="", page=None)
    page = soup(done(replace(VENUE, citations=(citation,), answer="In Cardiff. [1]"), places={}))
    assert words(page.select_one(".where")) == CARDIFF.document
    assert words(page.select_one(".piece h3")) == f"1 {CARDIFF.document}"
    assert page.select_one("button.mark")["aria-label"] == f"Source 1: {CARDIFF.document}"


def test_scores_are_there_and_folded():
    scores = soup(done(VENUE)).select_one(".piece details.more")
    assert not scores.has_attr("open")
    rows = {row.dt.text: row.dd.text for row in scores.select("dl > div")}
    assert rows == {"Rank": "1", "Score": "1.000", "Meaning (cosine)": "0.600", "Words (BM25)": "8.00"}


def test_time_and_number_of_sources_are_shown():
    assert words(soup(done(VENUE)).select_one(".facts")).startswith("1 source3.4 s")
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
    assert len(page.select(".source")) == 1 and len(page.select(".sources button")) == 6


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


# --- the other states


def test_an_abstention_looks_like_one():
    page = soup(done(NOWHERE, places={}))
    assert words(page.select_one(".calm")) == "The documents do not answer thisThey nowhere mention “Mongolia”."
    assert words(page.select_one(".label")) == "Closest passages (may not contain the answer)"
    assert [p.text for p in page.select(".passage")] == [SWINDON.text, CARDIFF.text]
    assert [button["data-opens"] for button in page.select(".sources button")] == ["1", "2"]
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
    assert (
        words(soup(exchange).select_one(".activity")) == announcement(exchange) == "Waiting: 1 question ahead of yours"
    )


def test_a_failure_says_what_to_do():
    exchange = advance(Exchange(1, "Where?"), Failed("The index is empty; run 'footnote ingest'."))
    assert words(soup(exchange).select_one(".calm")) == "No answerThe index is empty; run 'footnote ingest'."
    assert announcement(exchange) == "The index is empty; run 'footnote ingest'."


def test_a_screen_reader_hears_the_answer_once_and_without_marks():
    assert announcement(done(VENUE)) == (
        "It was held at the Cardiff Millennium Centre. NESTA, nef, Spice and the Coproduction Practitioners Network "
        "hosted it. 1 source"
    )
    assert announcement(done(NOWHERE)) == NOWHERE.answer
    assert (
        announcement(advance(advance(Exchange(1, "Where?"), Token("In Car")), Phase("writing", "Writing"))) == "Writing"
    )


def test_stopped_before_anything_is_no_abstention():
    exchange = advance(advance(Exchange(1, "Where?"), Answered(NOWHERE)), Stopped())
    assert words(soup(exchange).select_one(".calm")) == "Stopped before there was an answer."
    assert announcement(exchange) == "Stopped before there was an answer."
    assert not history([exchange])


def test_stopped_with_something_checked_shows_it_and_says_so():
    exchange = advance(done(replace(VENUE, stopped=True)), Stopped())
    page = soup(exchange)
    assert len(page.select("button.mark")) == 2
    assert "Stopped early. The part written so far was checked." in words(page)


def test_an_answer_is_copied_as_text_with_its_sources():
    buttons = {button["data-act"]: button["data-text"] for button in soup(done(VENUE)).select(".acts button")}
    assert buttons.keys() == {"copy", "retry", "edit"}, "without an archive there is no link"
    place = "Cardiff Co-production Roadshow, 003_2751ee3485e30d0d.txt, page 1"
    cited = [f"[{c.mark}] {place}: “{' '.join(c.quote.split())}”" for c in VENUE.citations]
    assert buttons["copy"] == f"{VENUE.answer}\n\nSources:\n" + "\n".join(cited)
    assert buttons["retry"] == buttons["edit"] == VENUE.question
    assert plain_text(NOWHERE, ENGLISH) == NOWHERE.answer
    assert plain_text(replace(NOWHERE, stopped=True), ENGLISH).endswith(
        "Stopped early. The part written so far was checked."
    )


def test_what_was_searched_for_is_shown_where_it_is_not_what_was_typed():
    assert not soup(done(VENUE)).select(".searched")
    page = soup(done(replace(VENUE, query="Where was the roadshow? And when?")))
    assert (
        words(page.select_one(".searched"))
        == "Searched for: Where was the roadshow? And when? Search for exactly what I typed"
    )


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
        assert {name for name, _ in attrs} <= (LINK if tag == "a" else ATTRIBUTES), attrs
        assert tag != "a" or dict(attrs)["href"].startswith("read?document=")
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
    answer = replace(answer_of(payload, [(payload, passage, payload)]), notes=(payload,), query=payload)
    weak = replace(answer, sentences=(replace(answer.sentences[0], citations=()),))
    abstained = replace(answer, status="abstained", citations=(), answer=payload)
    exchanges = [
        done(answer, places={1: Place(payload, payload, payload, payload)}),
        done(weak),
        done(abstained),
        advance(Exchange(1, payload), Token(payload)),
        advance(Exchange(1, "q"), Phase("unknown", payload)),
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
    ("date", "english", "german"),
    [
        ("2011-03-11", "11 March 2011", "11. März 2011"),
        ("2011-12", "December 2011", "Dezember 2011"),
        ("2011", "2011", "2011"),
        ("2011-13-01", "2011-13-01", "2011-13-01"),
    ],
)
def test_dates_as_a_reader_writes_them(date, english, german):
    assert (ENGLISH.date(date), in_language("de").date(date)) == (english, german)


def test_durations():
    seconds = (0.04, 3.44, 59.94, 59.96, 102.6)
    assert [ENGLISH.duration(s) for s in seconds] == ["0.0 s", "3.4 s", "59.9 s", "1 min 0 s", "1 min 43 s"]
    assert in_language("de").duration(3.44) == "3,4 s"


def test_every_language_has_the_same_texts_with_the_same_gaps():
    english = languages()["en"].table
    for texts in languages().values():
        table = json.loads((STATIC / "texts" / f"{texts.language}.json").read_text(encoding="utf-8"))
        of_counts = {key for key in table.keys() - english.keys() if key.rpartition(".")[2] in FORMS.values()}
        assert table.keys() - of_counts == english.keys(), texts.language
        for key, text in english.items():
            assert set(re.findall(r"{(\w*)}", text)) == set(re.findall(r"{(\w*)}", table[key])), key
        assert len(texts("months").split()) == 12


def test_a_text_that_a_language_lacks_is_in_english(tmp_path, monkeypatch):
    (tmp_path / "texts").mkdir()
    for language, table in {"en": {"ask": "Ask", "stop": "Stop"}, "it": {"stop": "Ferma"}}.items():
        (tmp_path / "texts" / f"{language}.json").write_text(json.dumps(table))
    monkeypatch.setattr("ui.texts.STATIC", tmp_path)
    texts = languages.__wrapped__()["it"]
    assert (texts("ask"), texts("stop")) == ("Ask", "Ferma")


def test_counts_in_welsh():
    counts = [in_language("cy").count("waiting", count) for count in (1, 2, 3, 4, 6, 7)]
    assert [text.split()[3] for text in counts] == [
        "cwestiwn", "gwestiwn", "chwestiwn", "cwestiwn", "chwestiwn", "cwestiwn"
    ]  # fmt: skip


def test_every_text_is_used_somewhere():
    files = [*Path("ui").rglob("*.py"), *Path("ui/static").glob("*.js"), Path("rag/types.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    names = {key: (key.partition(".")[2] or key).removesuffix(".one").removesuffix(".other") for key in ENGLISH.table}
    assert {key for key, name in names.items() if not re.search(rf"\b{re.escape(name)}\b", code)} == set()


@pytest.mark.parametrize(
    ("asked", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("en-GB,de;q=0.9", "en"), ("it,de;q=0.2", "de"), ("de;q=0,en", "en"),
     ("cy", "cy"), ("ja", "en"), ("", "en"), ("*", "en"), ("de;q=1.2.3", "en"), ("<script>", "en")],
)  # fmt: skip
def test_the_browser_chooses_the_language(asked, language):
    assert in_language(asked).language == language


def test_a_page_in_german():
    page = BeautifulSoup(exchange_html(done(NOWHERE, places={}), in_language("de")), "lxml")
    assert words(page.select_one(".calm h3")) == "Die Dokumente beantworten das nicht"
    working = advance(Exchange(1, "Wo?"), Phase("reading", "Reading 4 passages"))
    assert announcement(working, in_language("de")) == "4 Stellen werden gelesen"
    working = advance(working, Phase("reading", "Reading document 2 of 5"))
    assert announcement(working, in_language("de")) == "Wird gelesen: 2 von 5"


@pytest.mark.parametrize(("language", "reason"), [("de", "Nirgends steht dort “Bo”."), ("cy", "o gwbl am “Bo”.")])
def test_a_refusal_is_said_once_in_any_language(language, reason):
    said = replies_in(language).refusal(["Bo"])
    page = BeautifulSoup(exchange_html(done(replace(NOWHERE, answer=said), places={}), in_language(language)), "lxml")
    assert words(page.select_one(".calm p")).endswith(reason)
    assert replies_in(language).texts["refusal"] not in words(page)


def test_a_known_error_is_in_the_language_of_the_reader():
    exchange = advance(Exchange(1, "Wo?"), Failed("Two minutes have passed without an answer.", "deadline"))
    assert "Das hat zu lange gedauert." in exchange_html(exchange, in_language("de"))
    assert "Two minutes have passed" in exchange_html(exchange)


def test_short_ends_at_a_word():
    assert short("one  two\nthree") == "one two three"
    assert short("word " * 100, 22) == "word word word word …"
    assert len(short("x" * 10_000)) < 230


def test_a_lone_surrogate_becomes_a_question_mark():
    assert escape("a\ud800<") == "a?&lt;"


def test_the_passages_are_cut_from_the_seeds():
    for passage in (CARDIFF, LONDON, SWINDON):
        assert len(passage.text) == passage.end - passage.start > 100


@pytest.mark.parametrize("language", [language for language in languages() if language != "en"])
def test_every_step_is_told_in_the_language_of_the_page_and_of_the_widget(language):
    texts = languages()[language]
    steps = [
        Phase("searching", "Searching the documents"),
        Phase("reading", "Reading 1 passage"),
        Phase("reading", "Reading 3 passages"),
        Phase("reading", "Reading document 2 of 5"),
        Phase("reading", "Reading part 2 of 5"),
        Phase("writing", "Writing"),
        Phase("checking", "Checking each sentence against the documents"),
    ]
    widget = json.loads((STATIC / "texts" / "widget" / f"{language}.json").read_text(encoding="utf-8"))
    for step in steps:
        said = activity_text(step, texts)
        assert said != activity_text(step, ENGLISH)
        assert widget[step.name]
    assert re.findall(r"\d+", activity_text(steps[3], texts)) == ["2", "5"]


def test_a_draft_shows_no_empty_item_of_a_list():
    exchange = advance(Exchange(1, "?"), Token("Three:\n- one\n-"))
    assert soup(exchange).select_one(".draft").get_text("|") == "Three:|one"
