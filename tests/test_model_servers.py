"""A language model on a server: what it can do is shown, and whatever goes wrong ends in time and in plain words."""

import threading
import time
from contextlib import closing

import pytest
from model_servers import REPLY, serving

from rag import commands
from rag.config import Config, load
from rag.errors import ConfigError, FootnoteError, ModelUnknown, ServerError
from rag.generators import open_generator
from rag.generators.http import HttpGenerator
from rag.maintenance import doctor
from rag.ports import Capabilities, Completion
from rag.servers.address import Address, parse
from rag.servers.connections import Deadlines, Servers

HELLO = Completion("", "Where was the roadshow?")
PATIENT = Deadlines(connect=60, read=60, total=90)
SHORT = {"slow": Deadlines(60, 1, 90), "stalls": Deadlines(60, 1, 90), "only pings": Deadlines(60, 60, 2)}
"""The deadlines that end these; what else goes wrong ends by itself."""


def on(*servers, **settings):
    """Return a generator on ``servers``, to be closed."""
    return closing(HttpGenerator(Servers([f"{server.url}/v1" for server in servers], deadlines=PATIENT), **settings))


def asked(generator, limit=12, stop=None):
    return "".join(generator.complete(HELLO, limit, stop=stop))


@pytest.mark.parametrize("mode", ["", "busy once", "drops once", "whole"])
def test_a_good_answer_comes_where_it_can(mode):
    """It is asked again as long as nothing has come; a server that does not stream is read all the same."""
    with serving(mode) as server, on(server) as generator:
        assert asked(generator) == "".join(REPLY)
        assert server.streams == (1 if mode in ("", "whole") else 2)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("slow", r"sent nothing for 1 s.*server_read_seconds"),
        ("stalls", r"sent nothing for 1 s"),
        ("only pings", r"did not finish within 2 s.*server_total_seconds"),
        ("cut off", r"broke off in the middle of its reply|connection .* broke"),
        ("too many", r"has too many requests"),
        ("broken", r"HTTP 500: out of memory"),
        ("no json", r"sent what is not JSON: “\{broken”"),
        ("a page", r"sent what is not JSON: “<html>"),
        ("no choices", r"reply without choices"),
        ("an error", r"out of memory"),
    ],
)
def test_what_goes_wrong_is_said_within_the_deadline(mode, message):
    with serving(mode) as server, on(server) as generator:
        generator._extra  # noqa: B018 - tried out before the clock starts
        generator._servers.deadlines = SHORT.get(mode, PATIENT)
        begin = time.monotonic()
        with pytest.raises(FootnoteError, match=message):
            asked(generator)
        assert time.monotonic() - begin < 20
        assert server.streams == (3 if mode in ("too many", "broken") else 1)  # Never again once something came.


def test_a_server_that_never_ends_is_left_at_the_limit():
    with serving("endless") as server, on(server) as generator:
        assert asked(generator, limit=5) == "word " * 5
        assert server.left.wait(60)


@pytest.mark.parametrize("mode", ["slow", "stalls"])
def test_a_stop_closes_the_connection_wherever_it_is(mode):
    with serving(mode) as server, on(server) as generator:
        generator._extra  # noqa: B018
        stopped = threading.Event()
        threading.Timer(0.3, stopped.set).start()
        begin = time.monotonic()
        assert asked(generator, stop=stopped.is_set) == ("" if mode == "slow" else "".join(REPLY[:2]))
        assert time.monotonic() - begin < 20
        assert server.left.wait(60)


def test_leaving_a_reply_closes_the_connection():
    with serving("endless") as server, on(server) as generator:
        pieces = generator.complete(HELLO, 1000)
        assert next(pieces) == "word "
        pieces.close()
        assert server.left.wait(60)


def test_a_server_that_is_gone_and_a_key_that_is_refused():
    with serving() as server:
        gone = f"{server.url}/v1"
    with pytest.raises(ServerError, match="cannot be reached"):
        HttpGenerator(Servers([gone]))
    with serving("key refused") as server, pytest.raises(ServerError, match="Set 'generator_key'") as refused:
        HttpGenerator(Servers([f"{server.url}/v1"], "very-secret", "generator_key"))
    assert server.keys == ["Bearer very-secret"] and "very-secret" not in str(refused.value)
    assert "very-secret" not in repr(load(None, {"FOOTNOTE_GENERATOR_KEY": "very-secret"}))


def test_the_model_must_be_there_and_be_named_where_there_are_several():
    with serving() as server:
        with pytest.raises(ModelUnknown, match="has no model 'large'; it has: small"):
            HttpGenerator(Servers([server.url]), "large")
        server.models.append({"id": "other"})
        with pytest.raises(
            ModelUnknown, match="several models, and the address doesn't name one; it has: small, other"
        ):
            HttpGenerator(Servers([server.url]))
        server.models[0] |= {"max_model_len": 700}
        with on(server, model="small") as generator:
            assert (generator.name, generator.context) == ("small", 700)


def test_the_fingerprint_is_of_the_model_and_its_server():
    with serving() as server, serving() as other:
        prints = []
        for change in ({}, {"created": 2}, {"max_model_len": 9000}):
            server.models[0] |= change
            with on(server) as generator:
                prints.append(generator.fingerprint)
        with on(other) as generator:
            prints.append(generator.fingerprint)
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


ABILITIES = [
    (("thoughts", "scores", "grammar", "completions"), Capabilities(False, True, True, False), True),
    (("thoughts", "scores", "structured_outputs"), Capabilities(False, True, True, False), False),
    (("ebnf", "completions"), Capabilities(False, False, True, False), True),
    ((), Capabilities(False, False, False, False), False),
]


@pytest.mark.parametrize(("abilities", "capabilities", "continues"), ABILITIES)
def test_only_what_a_server_has_shown_is_claimed(abilities, capabilities, continues):
    with serving(abilities=abilities) as server, on(server) as generator:
        assert generator.capabilities == capabilities
        assert generator._continues == continues
        list(generator.complete(HELLO, 12, 'root ::= "a"'))
        _, body = server.requests[-1]
        field = next((name for name in abilities if name not in ("thoughts", "scores", "completions")), "")
        assert (field in body) == capabilities.grammar
        assert ("chat_template_kwargs" in body) == ("thoughts" in abilities)
        if capabilities.scores:
            yes, no = generator.score(HELLO, ["yes", "no"])
            assert (yes, no) == pytest.approx((-0.2, -2.0))


def test_the_least_busy_server_is_asked():
    with serving("held") as one, serving("held") as two, on(one, two) as generator:
        threads = [threading.Thread(target=asked, args=(generator,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 60
        while (one.streams, two.streams) != (2, 2) and time.monotonic() < until:
            time.sleep(0.02)
        assert (one.streams, two.streams) == (2, 2)
        for server in (one, two):
            server.release.set()
        for thread in threads:
            thread.join()


def test_another_server_answers_where_one_fails():
    with serving("broken") as broken, serving() as well, on(broken, well) as generator:
        assert [asked(generator) for _ in range(3)] == ["".join(REPLY)] * 3
        assert broken.streams == 1  # After a failure it comes last for a while.


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://gpu.example/v1", Address(("https://gpu.example/v1",))),
        ("http://a/v1/, http://b/v1, http://a/v1#m/x", Address(("http://a/v1", "http://b/v1"), "m/x")),
    ],
)
def test_an_address_is_read(text, address):
    assert parse(text) == address


@pytest.mark.parametrize(("text", "message"), [("http:///v1", "n't the address"), ("http://a:b@c/v1", "password")])
def test_an_address_that_is_none_says_so(text, message):
    with pytest.raises(ConfigError, match=message) as refused:
        parse(text)
    assert "a:b" not in str(refused.value)


def test_the_configuration_alone_chooses_the_server():
    with serving(abilities=("thoughts", "scores", "grammar")) as server:
        config = Config(generator=f"{server.url}/v1#small", generator_key="k", context=1000)
        with closing(open_generator(config)) as generator:
            assert (generator.name, generator.context) == ("small", 1000)
            assert generator.capabilities.scores and generator.capabilities.grammar
        assert server.keys == ["Bearer k"]


def test_doctor_asks_the_servers_and_pull_leaves_them_alone():
    with serving() as server:
        address = f"{server.url}/v1#small"
        config = Config(generator=address)
        assert doctor._server(address, "generator", config) == (f"generator {address}", None)
    name, problem = doctor._server(address, "generator", config)
    assert name == f"generator {address}" and "cannot be reached" in problem
    assert commands._registered(config) == ["all-MiniLM-L6-v2"]
