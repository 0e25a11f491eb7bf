"""The stages in order, with real retrieval over the seeds and a scripted language model."""

import json
import threading
from dataclasses import replace

import pytest

from rag import prompts
from rag.answers import answer_object, draft_and_quotes
from rag.assistant import Assistant
from rag.errors import QuestionError
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest
from rag.quoting import LINES
from rag.replies import replies_for
from rag.retrieval.hybrid import CONTINUED
from rag.types import Answer, Phase, Token, Turn

UNSURE = replies_for("").unsure

VENUE = "In which building was the Cardiff roadshow?"
CARDIFF = "003_2751ee3485e30d0d.txt"


@pytest.fixture
def ask(seeds_index, embedder, config):
    """Ask a question of an assistant whose model gives ``reply`` and says yes with probability ``yes``."""

    def run(question, reply, yes=0.97, history=(), documents=None, **settings):
        generator = ScriptedGenerator({question.strip(): reply}, {question.strip(): yes})
        prompt = prompts.load(config.prompt)
        assistant = Assistant(seeds_index, embedder, generator, prompt, replace(config, **settings))
        return assistant.ask(question, history, documents=documents), generator

    return run


def test_an_answer_opens_its_passage(ask, seeds_index):
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre [1].")
    assert (answer.status, answer.answer) == ("answered", "The venue was the Cardiff Millennium Centre. [1]")
    (citation,) = answer.citations
    assert (citation.document, citation.quote) == (CARDIFF, "Location: Cardiff Millennium Centre")
    assert seeds_index.text(CARDIFF, citation.start, citation.end) == citation.quote


def test_a_mistyped_name_is_read_as_the_documents_spell_it(seeds_index, embedder, config):
    typed = "what did demetria cacafranka teach"
    generator = ScriptedGenerator({"Cacafranca": "Demetria Cacafranca taught at the Social Innovation Lab Kent"})
    answer = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config).ask(typed)
    assert (answer.question, answer.status) == (typed, "answered")
    assert generator.prompts[-1].question == "what did demetria Cacafranca teach"
    assert answer.notes == (f"Interpreted as: {generator.prompts[-1].question}",)


def test_the_answer_comes_from_the_chosen_documents_alone(ask):
    others = ["000_cb5ee0bdbbfaaa21.txt", "002_46bddc4c7889273d.txt"]
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.", documents=others)
    assert answer.status == "unsure"
    assert "Millennium" not in answer.answer
    assert {item.passage.document for item in answer.evidence} <= set(others)
    assert {citation.document for citation in answer.citations} <= set(others)
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.", documents=[*others, CARDIFF])
    assert {citation.document for citation in answer.citations} == {CARDIFF}
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.", documents=[])
    assert (answer.status, answer.evidence) == ("abstained", ())
    assert answer.receipt["documents"] == {"searched": 0, "of": 5}


def test_what_was_searched_for_is_told_where_it_is_not_the_question(ask):
    history = (Turn("user", VENUE), Turn("assistant", "The Cardiff Millennium Centre."))
    answer, _ = ask("And when was it?", "On 11.03.2011.", history=history)
    assert answer.query == f"{VENUE} And when was it?"
    assert ask(VENUE, "The venue was the Cardiff Millennium Centre.")[0].query == ""


def test_the_answer_object_is_frozen(ask):
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.")
    table = json.loads(json.dumps(answer_object(answer)))
    assert {name: type(value).__name__ for name, value in table.items()} == {
        "id": "str",
        "question": "str",
        "status": "str",
        "confidence": "float",
        "answer": "str",
        "sentences": "list",
        "citations": "list",
        "evidence": "list",
        "query": "str",
        "path": "str",
        "notes": "list",
        "stopped": "bool",
        "receipt": "dict",
        "timings": "dict",
    }
    assert list(table["sentences"][0]) == ["text", "citations", "support"]
    assert list(table["citations"][0]) == ["mark", "document", "title", "start", "end", "quote", "page", "header"]
    assert list(table["evidence"][0]) == ["document", "start", "end", "score"]
    receipt = ["index_generation", "embedder", "generator", "prompt_sha256", "settings", "signals"]
    assert list(table["receipt"]) == receipt
    assert list(table["receipt"]["generator"]) == ["name", "sha256"]
    assert {"retrieval_s", "first_token_s", "total_s"} == set(table["timings"])
    assert 0 <= table["confidence"] <= 1
    assert table["sentences"][0]["support"] <= 1


def test_what_is_not_in_the_documents_is_not_shown(ask):
    draft = "The venue was the Cardiff Millennium Centre. It was in Newcastle upon Tyne."
    answer, _ = ask(VENUE, draft, min_confidence=0.5)
    assert (answer.status, answer.answer) == ("answered", "The venue was the Cardiff Millennium Centre. [1]")


def test_a_draft_of_which_most_is_not_there_becomes_quotes(ask):
    answer, _ = ask(
        VENUE, "The venue was the Cardiff Millennium Centre. Tickets were £25. It was in Newcastle upon Tyne."
    )
    assert answer.status == "unsure"
    assert answer.answer.startswith(f"{replies_for('').unsure}\n- “")
    assert "“Location: Cardiff Millennium Centre”" in answer.answer
    assert "Newcastle" not in answer.answer and "£25" not in answer.answer


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (VENUE, "The sources do not tell."),
        (VENUE, "Bananas ripen quickly."),
        (VENUE, "Cardiff"),
        (VENUE, "The Cardiff roadshow was in a building."),
        ("Was the Cardiff roadshow sponsored by a brewery in Bavaria?", "Yes."),
    ],
)
def test_where_a_draft_does_not_hold_the_sentences_nearest_to_the_question_are_quoted(
    ask, seeds_index, question, reply
):
    answer, _ = ask(question, reply)
    assert (answer.status, answer.path) == ("unsure", "read")
    assert answer.answer.startswith(UNSURE)
    draft, quotes = draft_and_quotes(answer)
    assert (draft, len(quotes)) == ("", len(answer.citations))
    assert 1 <= len(quotes) <= LINES
    for sentence, citation in zip(quotes, answer.citations, strict=True):
        assert (sentence.citations, sentence.support) == ((citation.mark,), 1.0)
        assert sentence.text == " ".join(citation.quote.split())
        assert citation.quote == seeds_index.text(citation.document, citation.start, citation.end)
    spans = [(citation.document, citation.start, citation.end) for citation in answer.citations]
    assert len(set(spans)) == len(spans)


def test_the_quotes_come_from_what_was_read_and_have_words_of_the_question(ask):
    answer, _ = ask(VENUE, "Bananas ripen quickly.")
    assert "“Location: Cardiff Millennium Centre”" in answer.answer
    read = {item.passage.document for item in answer.evidence}
    assert {citation.document for citation in answer.citations} <= read


def test_where_the_model_writes_nothing_nothing_is_said(ask):
    answer, generator = ask(VENUE, "")
    assert (answer.status, answer.sentences) == ("abstained", ())
    assert [prompt.task for prompt in generator.prompts] == ["answerable", "question"]


def test_a_confidence_between_the_two_thresholds_shows_the_draft_before_the_quotes(ask):
    venue = "The venue was the Cardiff Millennium Centre."
    answer, _ = ask(VENUE, venue)
    sure = answer.confidence
    answer, _ = ask(VENUE, venue, min_confidence=1.0, min_unsure=0.0)
    assert (answer.status, answer.confidence) == ("unsure", sure)
    draft, quotes = draft_and_quotes(answer)
    assert draft == f"{venue} [1]"
    assert (quotes[0].text, quotes[0].citations) == ("Location: Cardiff Millennium Centre", (1,))
    answer, _ = ask(VENUE, venue, min_confidence=1.0, min_unsure=1.0)
    assert (answer.status, answer.sentences, answer.citations) == ("abstained", (), ())


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("Who spoke at the Newcastle roadshow?", "David Pugh spoke at the Newcastle roadshow [1]."),
        ("What is the capital of Mongolia?", "The capital of Mongolia is Ulaanbaatar."),
    ],
)
def test_it_abstains_and_shows_the_nearest_passages(ask, question, reply):
    answer, _ = ask(question, reply, 0.1)
    assert answer.status == "abstained"
    assert answer.answer.startswith("The documents do not answer this question.")
    assert (answer.sentences, answer.citations) == ((), ())
    assert answer.evidence


def test_the_word_that_is_nowhere_is_named(ask):
    answer, _ = ask("Who spoke at the Newcastle roadshow?", "", 0.2)
    assert "“Newcastle”" in answer.answer
    assert "roadshow" not in answer.answer


@pytest.mark.parametrize(
    "question", ["Which council does he work for?", "When somebody moves to Swindon, whom must he tell?"]
)
def test_a_question_that_names_nobody_is_answered_from_what_is_found(ask, question):
    answer, generator = ask(question, "Swindon Borough Council.")
    assert [prompt.task for prompt in generator.prompts] == ["answerable", "question"]
    assert answer.status == "answered"


def test_thanks_are_not_searched_for(ask):
    answer, generator = ask("Thanks a lot!", "")
    assert (answer.status, answer.path, answer.answer) == ("answered", "reply", "You're welcome.")
    assert (answer.evidence, generator.prompts, generator.completions) == ((), [], [])


def test_what_it_can_do_is_told_from_the_titles(ask, seeds_index):
    answer, generator = ask("So what can you do?", "")
    assert "documents (5 at the moment)" in answer.answer
    assert sum(info.title in answer.answer for info in seeds_index.documents()) >= 3
    answer, _ = ask("What can you do?", "", documents=[])
    assert answer.answer == "There are no documents yet. Add some, then ask about them."
    assert generator.prompts == []


def test_which_documents_there_are_is_listed_and_cited_without_a_model(ask, seeds_index):
    answer, generator = ask("Which documents do you have?", "")
    assert (answer.status, answer.path) == ("answered", "count")
    assert {citation.document for citation in answer.citations} == {info.name for info in seeds_index.documents()}
    assert (generator.prompts, generator.completions) == ([], [])
    answer, _ = ask("Welche Dokumente gibt es?", "", documents=[CARDIFF])
    assert {citation.document for citation in answer.citations} == {CARDIFF}


def test_a_question_that_finds_nothing_behind_another_is_read_as_it_was_typed(seeds_index, embedder, config):
    venue = "The venue was the Cardiff Millennium Centre."
    generator = ScriptedGenerator({"The venue?": venue}, {"The venue?": 0.02})
    assistant = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config)
    history = (Turn("user", "Tell me about timebanking"), Turn("assistant", "It is a tool. [1]"))
    answer = assistant.ask("The venue?", history)
    read = [(prompt.earlier, prompt.task) for prompt in generator.prompts]
    assert read[0] == ("Tell me about timebanking", "answerable")
    assert ("", "answerable") in read[1:]
    assert answer.query == ""


def test_a_question_is_not_put_behind_thanks_or_what_was_not_answered(ask):
    history = (Turn("user", VENUE), Turn("assistant", "The documents do not answer this question."))
    assert ask("And when?", "", history=history)[0].query == ""
    history = (
        Turn("user", VENUE),
        Turn("assistant", "In Cardiff. [1]"),
        Turn("user", "Thanks"),
        Turn("assistant", "!"),
    )
    assert ask("And when was it?", "On 11.03.2011.", history=history)[0].query == f"{VENUE} And when was it?"


def test_he_is_read_as_who_was_named_before(seeds_index, embedder, config):
    generator = ScriptedGenerator({"Gavin Jones": "He shared stories of the journey."})
    history = (Turn("user", "What did Gavin Jones talk about?"), Turn("assistant", "Swindon."))
    assistant = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config)
    answer = assistant.ask("What did he say of stories?", history)
    assert (answer.question, answer.status) == ("What did he say of stories?", "answered")
    assert answer.notes == ("Interpreted as: What did Gavin Jones say of stories?",)


def test_a_list_of_names_is_read_by_the_model_like_any_other_passage(ask):
    answer, generator = ask(
        "Which organisation did Emma Main come from?", "Emma Main came from the Holy Cross Centre Trust."
    )
    assert answer.answer == "Emma Main came from the Holy Cross Centre Trust. [1]"
    assert [citation.quote for citation in answer.citations] == ["Emma Main - Holy Cross Centre Trust"]
    assert [prompt.task for prompt in generator.prompts] == ["answerable", "question"]


def test_nothing_is_drafted_where_the_confidence_is_low(ask):
    _, generator = ask("What is the capital of Mongolia?", "Ulaanbaatar.", 0.01)
    assert [prompt.task for prompt in generator.prompts] == ["answerable"]


def test_what_is_not_much_worse_than_the_best_passage_is_read_too(ask):
    counts = []
    for closeness in (0, 0.8, 1):
        answer, generator = ask(VENUE, "The Cardiff Millennium Centre.", closeness=closeness)
        assert generator.prompts[-1].evidence == answer.evidence
        assert all(item.score >= closeness * answer.evidence[0].score for item in answer.evidence)
        counts.append(len(answer.evidence))
    assert counts[0] == 3 and counts == sorted(counts, reverse=True) and counts[-1] == 1


def test_what_is_said_of_another_document_is_not_read_where_one_is_named(ask):
    answer, _ = ask("How did Halima Khan open the London roadshow?", "", closeness=0)
    assert all("London" in f"{item.passage.title} {item.passage.text}" for item in answer.evidence)
    assert [item.rank for item in answer.evidence] == [*range(1, len(answer.evidence) + 1)]
    assert 3 <= len(answer.evidence) <= 3 + CONTINUED


def test_a_bare_yes_is_cited_with_what_holds_the_question(ask):
    answer, _ = ask("Was the Cardiff roadshow at the Millennium Centre?", "Yes.")
    assert (answer.status, answer.answer) == ("answered", "Yes. [1]")
    assert "Location: Cardiff Millennium Centre" in answer.citations[0].quote


def test_what_is_said_of_another_year_is_no_answer(tmp_path, embedder, config):
    rounds = "# The fund\n\nThe spring 2025 round closes on 14 March. The autumn 2024 round closes on 11 October.\n"
    (tmp_path / "fund.md").write_text(rounds, "utf-8")
    with SqliteIndex.create(tmp_path / "index", embedder, config.passage_tokens) as index:
        ingest([tmp_path / "fund.md"], index, embedder, config)
        generator = ScriptedGenerator({"spring": "It closes on 14 March.", "autumn": "It closes on 11 October."})
        assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), config)
        for round, status in (("spring 2025", "answered"), ("autumn 2024", "answered"), ("autumn 2025", "unsure")):
            assert assistant.ask(f"On which day does the {round} round close?").status == status, round


def test_events_come_in_order(seeds_index, embedder, config):
    generator = ScriptedGenerator({"building": "The venue was the Cardiff Millennium Centre."})
    assistant = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config)
    events = list(assistant.stream(VENUE))
    assert [e.name for e in events if isinstance(e, Phase)] == ["searching", "reading", "writing", "checking"]
    assert "".join(e.text for e in events if isinstance(e, Token)) == "The venue was the Cardiff Millennium Centre."
    assert isinstance(events[-1], Answer)
    assert sum(isinstance(e, Answer) for e in events) == 1


@pytest.mark.parametrize("tokens", [3, 7, 10, 14])
def test_stop_keeps_the_whole_sentences_written_so_far(seeds_index, embedder, config, tokens):
    reply = "The venue was the Cardiff Millennium Centre. " * 2
    assistant = Assistant(
        seeds_index, embedder, ScriptedGenerator({"building": reply}), prompts.load(config.prompt), config
    )
    stopped, seen = threading.Event(), []
    for event in assistant.stream(VENUE, stop=stopped.is_set):
        seen.append(event)
        if sum(isinstance(e, Token) for e in seen) == tokens:
            stopped.set()
    assert sum(isinstance(e, Token) for e in seen) == tokens
    answer = seen[-1]
    assert answer.stopped
    assert [sentence.text for sentence in answer.sentences] == [reply[:44]] * (tokens // 7)
    assert answer.status == ("answered" if tokens >= 7 else "abstained")


def test_an_answer_that_was_complete_is_not_stopped_early(ask):
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.")
    assert not answer.stopped


def test_the_same_question_gives_the_same_answer(ask):
    first, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.")
    second, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.")
    assert replace(first, timings={}) == replace(second, timings={})
    assert len(first.id) == 12


def test_a_question_that_refers_back_is_searched_with_the_one_before(ask):
    history = (Turn("user", "What is the Denbighshire Nightrider?"), Turn("assistant", "A bus service. [1]"))
    answer, generator = ask("Who runs it?", "Volunteers operated Denbighshire Nightrider.", history=history)
    assert answer.evidence[0].passage.document == CARDIFF
    assert "Nightrider" in answer.evidence[0].passage.text
    assert {(prompt.question, prompt.earlier) for prompt in generator.prompts} == {
        ("Who runs it?", "What is the Denbighshire Nightrider?")
    }


@pytest.mark.parametrize("question", ["", "  \n", "\u200b", "*", '"' * 50, "?!", "🎉"])
def test_an_empty_question_is_refused(ask, question):
    with pytest.raises(QuestionError, match="empty"):
        ask(question, "x")


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("Where was the Cardiff roadshow held?", "passages did not fit and were not read."),
        ("Wo war das Roadshow in Cardiff?", "Stellen passten nicht hinein und wurden nicht gelesen."),
    ],
)
def test_what_did_not_fit_is_said_in_the_language_of_the_question(ask, question, note):
    answer, _ = ask(question, "NO ANSWER", evidence=6, closeness=0.0, context=500, answer_tokens=100)
    assert len(answer.notes) == 1 and answer.notes[0].endswith(note)


def test_a_question_longer_than_the_context_is_refused(ask):
    with pytest.raises(QuestionError, match="Ask a shorter one"):
        ask("word " * 5000, "x")


@pytest.mark.parametrize(
    "question", ["'; DROP TABLE documents; --", "NEAR(a b", 'a"b', "\u202e\u0301🎉x", "a*", "a" * 3000]
)
def test_ugly_questions_are_only_questions(ask, question):
    answer, _ = ask(question, "NO ANSWER", 0.5)
    assert answer.status == "abstained"
