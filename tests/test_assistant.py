"""The stages in order, with real retrieval over the seeds and a scripted language model."""

import json
import threading
from dataclasses import replace

import pytest
from rag.collection.overview import CONFIDENCE

from rag import prompts
from rag.answers import answer_object
from rag.assistant import Assistant
from rag.errors import QuestionError
from rag.generation import ScriptedGenerator
from rag.index import Index
from rag.ingest import ingest
from rag.types import Answer, Phase, Token, Turn

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
    assert answer.notes == (f"Read as: {generator.prompts[-1].question}",)


def test_the_answer_comes_from_the_chosen_documents_alone(ask):
    others = ["000_cb5ee0bdbbfaaa21.txt", "002_46bddc4c7889273d.txt"]
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.", documents=others)
    assert answer.status == "abstained"
    assert {item.passage.document for item in answer.evidence} <= set(others)
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.", documents=[*others, CARDIFF])
    assert {citation.document for citation in answer.citations} == {CARDIFF}
    answer, _ = ask(VENUE, "The venue was the Cardiff Millennium Centre.", documents=[])
    assert (answer.status, answer.evidence) == ("abstained", ())


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
        "notes": "list",
        "receipt": "dict",
        "timings": "dict",
    }
    assert list(table["sentences"][0]) == ["text", "citations", "support"]
    assert list(table["citations"][0]) == ["mark", "document", "title", "start", "end", "quote", "page"]
    assert list(table["evidence"][0]) == ["document", "start", "end", "score"]
    assert list(table["receipt"]) == ["index_generation", "embedder", "generator", "prompt_sha256", "settings"]
    assert list(table["receipt"]["generator"]) == ["name", "sha256"]
    assert {"retrieval_s", "first_token_s", "total_s"} == set(table["timings"])
    assert 0 <= table["confidence"] <= 1
    assert table["sentences"][0]["support"] <= 1


def test_what_is_not_in_the_documents_is_not_shown(ask):
    answer, _ = ask(
        VENUE, "The venue was the Cardiff Millennium Centre. Tickets were £25. It was in Newcastle upon Tyne."
    )
    assert answer.answer == "The venue was the Cardiff Millennium Centre. [1]"


@pytest.mark.parametrize(
    ("question", "reply", "yes"),
    [
        ("Who spoke at the Newcastle roadshow?", "David Pugh spoke at the Newcastle roadshow [1].", 0.85),
        ("What is the capital of Mongolia?", "The capital of Mongolia is Ulaanbaatar.", 0.3),
        (VENUE, "The sources do not tell.", 0.97),
        (VENUE, "Bananas ripen quickly.", 0.97),
        (VENUE, "", 0.97),
        (VENUE, "Cardiff", 0.97),
    ],
)
def test_it_abstains_and_shows_the_nearest_passages(ask, question, reply, yes):
    answer, _ = ask(question, reply, yes)
    assert answer.status == "abstained"
    assert answer.answer.startswith("The documents do not answer this question.")
    assert (answer.sentences, answer.citations) == ((), ())
    assert answer.evidence


def test_the_word_that_is_nowhere_is_named(ask):
    answer, _ = ask("Who spoke at the Newcastle roadshow?", "", 0.2)
    assert "“Newcastle”" in answer.answer
    assert "roadshow" not in answer.answer


def test_a_question_about_nobody_is_not_answered(ask):
    answer, generator = ask("Which council does he work for?", "Swindon Borough Council.")
    assert answer.status == "abstained"
    assert answer.answer.endswith("The question does not say who “he” is.")
    assert generator.prompts == []


def test_he_is_read_as_who_was_named_before(seeds_index, embedder, config):
    generator = ScriptedGenerator({"Gavin Jones": "He shared stories of the journey."})
    history = (Turn("user", "What did Gavin Jones talk about?"), Turn("assistant", "Swindon."))
    assistant = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config)
    answer = assistant.ask("What did he say of stories?", history)
    assert (answer.question, answer.status) == ("What did he say of stories?", "answered")
    assert answer.notes == ("Read as: What did Gavin Jones say of stories?",)


def test_what_one_line_answers_is_not_asked_of_the_model(ask):
    answer, generator = ask("Which organisation did Emma Main come from?", "Future Gov.")
    assert answer.answer == "Holy Cross Centre Trust: “Emma Main - Holy Cross Centre Trust” [1]"
    assert generator.prompts == []
    assert answer.confidence == CONFIDENCE


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
    answer, _ = ask(
        "How did Halima Khan open the London roadshow?", "She opened the event with an address.", closeness=0
    )
    assert answer.status == "abstained"
    assert all("London" in f"{item.passage.title} {item.passage.text}" for item in answer.evidence)
    assert [item.rank for item in answer.evidence] == [1, 2, 3]


def test_a_question_about_all_documents_is_answered_from_all_of_them(ask):
    answer, generator = ask("At which events did Philip Colligan speak?", "In London.")
    assert (answer.status, generator.prompts) == ("answered", [])
    assert answer.answer.startswith("“Philip Colligan” is named in 3 of 5 documents. [1][2][3]\n- ")
    assert {citation.document[:3] for citation in answer.citations} == {"000", "001", "003"}
    assert [item.rank for item in answer.evidence] == [1, 2, 3]


def test_each_document_that_is_asked_for_is_read_by_itself(seeds_index, embedder, config):
    replies = {"Birmingham": "Halima Khan opened the event.", "Manchester": "Halima Khan opened it."}
    generator = ScriptedGenerator(replies, {"Birmingham": 0.97, "Manchester": 0.97})
    assistant = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config)
    events = list(assistant.stream("What did the opening speaker say in Birmingham and in Manchester?"))
    answer = events[-1]
    assert {prompt.question for prompt in generator.prompts} == {
        "What did the opening speaker say in Birmingham?",
        "What did the opening speaker say in Manchester?",
    }
    assert all(len({item.passage.document for item in prompt.evidence}) == 1 for prompt in generator.prompts)
    lines = answer.answer.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "- Birmingham Co-production Roadshow",
        "- Manchester Co-Production Roadshow",
    ]
    assert len({citation.document for citation in answer.citations}) == 2
    assert [item.rank for item in answer.evidence] == [*range(1, len(answer.evidence) + 1)]
    drafted = "".join(event.text for event in events if isinstance(event, Token))
    assert drafted.startswith("\n- Birmingham Co-production Roadshow: Halima Khan") and "\n- Manchester" in drafted


@pytest.mark.parametrize(
    ("silent", "status"),
    [({"Manchester": 0.01}, "answered"), (dict.fromkeys(["Birmingham", "Manchester"], 0.01), "abstained")],
)
def test_what_some_documents_do_not_tell_is_noted_and_what_most_do_not_is_no_answer(
    seeds_index, embedder, config, silent, status
):
    replies = {"Birmingham": "Halima Khan opened the event.", "Manchester": "Halima Khan opened it."}
    generator = ScriptedGenerator(replies, silent)
    assistant = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config)
    answer = assistant.ask("What did the opening speaker say in Birmingham and in Manchester?")
    assert answer.status == status
    missed = ("Nothing on this was found in: Manchester Co-Production Roadshow.",)
    assert answer.notes == (missed if status == "answered" else ())
    assert len({item.passage.document for item in answer.evidence}) == 2


def test_a_bare_yes_is_shown_with_the_sentence_that_it_rests_on(ask):
    answer, _ = ask("Was the Cardiff roadshow at the Millennium Centre?", "Yes.")
    assert answer.answer.startswith("Yes: “Location: Cardiff Millennium Centre")
    answer, _ = ask("Was the Cardiff roadshow sponsored by a brewery in Bavaria?", "Yes.")
    assert answer.status == "abstained"


def test_what_is_said_of_another_year_is_no_answer(tmp_path, embedder, config):
    rounds = "# The fund\n\nThe spring 2025 round closes on 14 March. The autumn 2024 round closes on 11 October.\n"
    (tmp_path / "fund.md").write_text(rounds, "utf-8")
    with Index.create(tmp_path / "index", embedder, config.passage_tokens) as index:
        ingest([tmp_path / "fund.md"], index, embedder, config)
        generator = ScriptedGenerator({"spring": "It closes on 14 March.", "autumn": "It closes on 11 October."})
        assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), config)
        for round, status in (("spring 2025", "answered"), ("autumn 2024", "answered"), ("autumn 2025", "abstained")):
            assert assistant.ask(f"On which day does the {round} round close?").status == status, round


def test_events_come_in_order(seeds_index, embedder, config):
    generator = ScriptedGenerator({"building": "The venue was the Cardiff Millennium Centre."})
    assistant = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config)
    events = list(assistant.stream(VENUE))
    assert [e.name for e in events if isinstance(e, Phase)] == ["searching", "reading", "writing", "checking"]
    assert "".join(e.text for e in events if isinstance(e, Token)) == "The venue was the Cardiff Millennium Centre."
    assert isinstance(events[-1], Answer)
    assert sum(isinstance(e, Answer) for e in events) == 1


def test_stop_keeps_what_was_written_so_far(seeds_index, embedder, config):
    reply = "The venue was the Cardiff Millennium Centre. " * 2
    assistant = Assistant(
        seeds_index, embedder, ScriptedGenerator({"building": reply}), prompts.load(config.prompt), config
    )
    stopped, seen = threading.Event(), []
    for event in assistant.stream(VENUE, stop=stopped.is_set):
        seen.append(event)
        if sum(isinstance(e, Token) for e in seen) == 7:
            stopped.set()
    assert sum(isinstance(e, Token) for e in seen) == 7
    assert seen[-1].answer.startswith("The venue was the Cardiff Millennium Centre. [1]")


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


def test_a_question_longer_than_the_context_is_refused(ask):
    with pytest.raises(QuestionError, match="ask a shorter one"):
        ask("word " * 5000, "x")


@pytest.mark.parametrize(
    "question", ["'; DROP TABLE documents; --", "NEAR(a b", 'a"b', "\u202e\u0301🎉x", "a*", "a" * 3000]
)
def test_ugly_questions_are_only_questions(ask, question):
    answer, _ = ask(question, "NO ANSWER", 0.5)
    assert answer.status == "abstained"
