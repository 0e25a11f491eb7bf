"""The assistant behind the page: loaded in the background, lent to one question at a time, stopped when asked to."""

import hashlib
import logging
import threading
import time
from dataclasses import replace

import pytest
from browser import CARDIFF, NOWHERE, PRINCIPLES, SEEDS, SWINDON, VENUE, ScriptedAssistant, evidence_of, until

from rag import prompts
from rag.assistant import Assistant
from rag.errors import ModelMissing
from rag.generators.scripted import ScriptedGenerator
from rag.types import Answer, Phase, Token, Turn
from ui.conversation import Answered, Failed, Place, Stopped, Waiting
from ui.limits import QUESTION, TURNS
from ui.problems import INTERNAL_ERROR
from ui.service import Service


@pytest.fixture
def serve():
    """Start services that are closed after the test."""
    services = []

    def start(load) -> Service:
        services.append(Service(load))
        services[-1].start()
        return services[-1]

    yield start
    for service in services:
        service.close()
        assert not service._thread.is_alive()


@pytest.mark.parametrize(
    ("question", "turns", "told"),
    [("x" * (QUESTION + 1), 0, "8,001 characters"), ("Where?", TURNS + 1, "201 turns")],
)
def test_what_is_too_long_is_refused_alike_for_every_interface(serve, question, turns, told):
    service = serve(lambda: ScriptedAssistant([VENUE]))
    (event,) = service.ask(question, [Turn("user", "?")] * turns)
    assert isinstance(event, Failed) and event.error == "bad_question" and told in event.text


# --- the scripted assistant behaves as the real one does

BUILDING = replace(VENUE, question="In which building was the Cardiff roadshow held?")
"""A question that no single line answers, and the answer to it."""


@pytest.fixture(params=["scripted", "real"])
def assistant(request):
    if request.param == "scripted":
        return ScriptedAssistant([BUILDING], pace=0)
    index, embedder, config = map(request.getfixturevalue, ["seeds_index", "embedder", "config"])
    generator = ScriptedGenerator(
        {BUILDING.question: "It was held at the Cardiff Millennium Centre [1]."}, {BUILDING.question: 0.97}
    )
    return Assistant(index, embedder, generator, prompts.load(config.prompt), config)


def test_contract_phases_then_tokens_then_the_answer(assistant):
    *events, answer = assistant.stream(BUILDING.question)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.question) == ("answered", BUILDING.question)
    assert all(isinstance(event, Phase | Token) for event in events)
    names = [event.name for event in events if isinstance(event, Phase)]
    assert names == ["searching", "reading", "writing", "checking"]
    assert "Cardiff Millennium Centre" in "".join(event.text for event in events if isinstance(event, Token))


def test_contract_a_stopped_answer_still_ends_with_an_answer(assistant):
    stop = threading.Event()
    tokens = 0
    for event in assistant.stream(BUILDING.question, (), "", stop.is_set):
        if isinstance(event, Token):
            stop.set()
            tokens += 1
    assert isinstance(event, Answer) and event.stopped
    assert tokens == 1


def test_contract_the_index_knows_dates_and_counts(assistant):
    *_, answer = assistant.stream(BUILDING.question)
    dates = {assistant.index.document(item.passage.document).date for item in answer.evidence}
    assert "2011-03-11" in dates
    assert assistant.index.stats()["documents"] == 5


# --- loading


def test_a_question_waits_until_the_assistant_is_loaded(serve):
    gate = threading.Event()

    def load():
        gate.wait(60)
        return ScriptedAssistant([VENUE], pace=0)

    service = serve(load)
    events = service.ask(VENUE.question)
    assert next(events) == Waiting(loading=True)
    assert not service.loaded.is_set()
    gate.set()
    assert isinstance(list(events)[-1], Answered)
    assert service.loaded.is_set()
    assert service.documents == 5


def test_a_failed_load_says_what_to_do_and_is_tried_again(serve):
    outcomes = [ModelMissing("The model is missing; run 'footnote models pull'."), ScriptedAssistant([VENUE], pace=0)]

    def load():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    service = serve(load)
    until(service.loaded.is_set)
    assert service.problem == "The model is missing; run 'footnote models pull'."
    assert isinstance(list(service.ask(VENUE.question))[-1], Answered)
    assert service.problem == ""


def test_a_load_that_keeps_failing_fails_each_question(serve):
    def load():
        raise ModelMissing("The model is missing.")

    service = serve(load)
    for _ in range(2):
        assert list(service.ask(VENUE.question))[-1] == Failed("The model is missing.", "model")


def test_our_own_mistake_is_logged_and_not_shown(serve, caplog):
    class Broken(ScriptedAssistant):
        def stream(self, question, history=(), id="", stop=None, documents=None):
            yield Phase("searching", "Searching")
            if question == "break":
                raise ZeroDivisionError("secret")
            yield from super().stream(question, history, id, stop)

    service = serve(lambda: Broken([VENUE], pace=0))
    with caplog.at_level(logging.ERROR):
        assert list(service.ask("break"))[-1] == Failed(INTERNAL_ERROR)
    assert "ZeroDivisionError: secret" in caplog.text
    assert "secret" not in INTERNAL_ERROR
    assert isinstance(list(service.ask(VENUE.question))[-1], Answered)


# --- answers


def test_an_answer_comes_with_what_the_index_knows_of_its_passages(serve):
    service = serve(lambda: ScriptedAssistant([VENUE], pace=0))
    events = list(service.ask(VENUE.question))
    assert [event.name for event in events if isinstance(event, Phase)] == [
        "searching",
        "reading",
        "writing",
        "checking",
    ]
    assert "".join(event.text for event in events if isinstance(event, Token)) == VENUE.answer
    answered = events[-1]
    assert isinstance(answered, Answered) and answered.answer == VENUE
    text = (SEEDS / CARDIFF.document).read_text(encoding="utf-8")
    place = answered.places[1]
    assert (place.date, place.sha256) == ("2011-03-11", hashlib.sha256(text.encode()).hexdigest())
    assert place.before == text[: CARDIFF.start]
    assert text[CARDIFF.end :].startswith(place.after.removesuffix("…")) and len(place.after) > 600


def test_a_document_that_has_gone_or_changed_meanwhile_gives_no_text_around_its_passages(serve):
    gone, changed = (replace(CARDIFF, document="gone.txt"), replace(CARDIFF, start=CARDIFF.start + 1))
    answer = replace(VENUE, evidence=evidence_of([gone, changed, SWINDON]))
    places = list(serve(lambda: ScriptedAssistant([answer], pace=0)).ask(VENUE.question))[-1].places
    assert places[2] == Place("2011-03-11")
    assert sorted(places) == [2, 3]
    assert places[3].before.startswith("… ") and places[3].after.endswith("…")


def test_the_history_reaches_the_assistant(serve):
    assistant = ScriptedAssistant([VENUE], pace=0)
    service = serve(lambda: assistant)
    history = (Turn("user", "Hello?"), Turn("assistant", "Hello."))
    list(service.ask(VENUE.question, history))
    assert assistant.asked == [(VENUE.question, history)]


# --- one at a time, and stopping


def test_questions_are_answered_one_after_the_other_and_know_their_place(serve):
    assistant = ScriptedAssistant([VENUE, PRINCIPLES], pace=0.01)
    service = serve(lambda: assistant)
    first = service.ask(VENUE.question, session="a")
    assert not isinstance(next(first), Answered)
    results = {}

    def ask(session):
        results[session] = list(service.ask(PRINCIPLES.question, session=session))

    others = [threading.Thread(target=ask, args=(session,)) for session in "bc"]
    for n, thread in enumerate(others, 1):
        thread.start()
        until(lambda n=n: service.waiting == n)
    assert isinstance(list(first)[-1], Answered)
    for thread in others:
        thread.join(10)
    assert all(isinstance(events[-1], Answered) for events in results.values())
    waits = {session: [e for e in events if isinstance(e, Waiting)] for session, events in results.items()}
    assert waits["b"] == [Waiting(1)]
    assert [wait.ahead for wait in waits["c"]] == [2, 1]
    assert waits["c"][0].seconds is None and waits["c"][1].seconds > 0
    assert [question for question, _ in assistant.asked] == [VENUE.question] + 2 * [PRINCIPLES.question]


def test_stop_ends_the_draft_within_a_token(serve):
    assistant = ScriptedAssistant([PRINCIPLES], pace=0.02)
    service = serve(lambda: assistant)
    tokens, stopped_at = 0, None
    for event in service.ask(PRINCIPLES.question, session="a"):
        tokens += isinstance(event, Token)
        if tokens == 3 and stopped_at is None:
            assert service.busy("a")
            assert service.stop("a")
            stopped_at = time.monotonic()
    assert event == Stopped()
    assert assistant.stopped.is_set()
    assert tokens <= 5
    assert time.monotonic() - stopped_at < 2
    assert not service.busy("a") and not service.stop("a")


def test_a_question_that_is_stopped_while_it_waits_is_never_asked(serve):
    assistant = ScriptedAssistant([VENUE], pace=0.01)
    service = serve(lambda: assistant)
    first = service.ask(VENUE.question, session="a")
    next(first)
    second = service.ask(PRINCIPLES.question, session="b")
    assert isinstance(next(second), Waiting)
    service.stop("b")
    assert list(second) == [Stopped()]
    assert isinstance(list(first)[-1], Answered)
    assert service.waiting == 0
    assert [question for question, _ in assistant.asked] == [VENUE.question]


def test_a_reader_who_leaves_stops_the_answer(serve):
    assistant = ScriptedAssistant([PRINCIPLES], pace=0.02)
    service = serve(lambda: assistant)
    events = service.ask(PRINCIPLES.question, session="a")
    while not isinstance(next(events), Token):
        pass
    events.close()
    assert assistant.stopped.wait(60)
    assert isinstance(list(service.ask("Anything else?"))[-1], Answered)


def test_close_stops_what_is_running_and_waiting():
    assistant = ScriptedAssistant([PRINCIPLES], pace=0.05)
    service = Service(lambda: assistant)
    service.start()
    first, second = service.ask(PRINCIPLES.question, session="a"), service.ask(VENUE.question, session="b")
    while not isinstance(next(first), Token):
        pass
    next(second)
    service.close()
    assert not service._thread.is_alive()
    assert list(first)[-1] == Stopped()
    assert list(second) == [Stopped()]
    assert assistant.stopped.is_set()


def test_a_service_that_was_never_started_closes():
    Service(lambda: ScriptedAssistant([NOWHERE])).close()
