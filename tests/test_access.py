"""Who a user is, to the server: an address, what a trusted proxy says, or a signed token."""

import time

import jwt
import pytest
from api import running
from browser import VENUE, ScriptedAssistant

from rag.config import Config
from rag.errors import TooMany
from ui.limits import Rates

SECRET = "correct horse battery staple, and more"
PROXY = "127.0.0.9"


@pytest.fixture(scope="module")
def api():
    """A server where every user has two requests a minute, so that who shares a user can be seen."""
    config = Config(requests_per_minute=2, trusted_proxies=(PROXY,), user_header="X-Remote-User", user_secret=SECRET)
    with running(lambda: ScriptedAssistant([VENUE]), config) as api:
        yield api


def token(sub, life=60, secret=SECRET, **claims):
    return jwt.encode({"sub": sub, "exp": time.time() + life, **claims}, secret, "HS256")


def statuses(api, requests):
    """Return the status of each request, given by its address and headers; 404 is to be let in."""
    return [api.get("/v1/nothing", address=address, headers=headers).status for address, headers in requests]


def test_an_address_is_a_user_whatever_headers_it_sends(api):
    forged = [{"X-Forwarded-For": f"10.0.0.{n}", "X-Remote-User": f"user{n}"} for n in range(3)]
    assert statuses(api, [("127.0.1.1", headers) for headers in forged]) == [404, 404, 429]


def test_a_trusted_proxy_names_the_address_or_the_user(api):
    named = [(PROXY, {"X-Remote-User": name}) for name in ("ann", "ann", "bob", "ann")]
    assert statuses(api, named) == [404, 404, 404, 429]
    addresses = [
        (PROXY, {"X-Forwarded-For": f"1.2.3.4, {address}"}) for address in ("10.9.0.1", "10.9.0.1", "10.9.0.2")
    ]
    assert statuses(api, addresses) == [404, 404, 404]
    assert statuses(api, addresses[:1]) == [429]


def test_a_signed_token_names_the_user_wherever_it_comes_from(api):
    bearer = {"Authorization": f"Bearer {token('carol')}"}
    assert statuses(api, [("127.0.2.1", bearer), ("127.0.2.2", bearer), ("127.0.2.3", bearer)]) == [404, 404, 429]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (token("dave", life=-5), "expired"),
        (token("dave", life=7200), "too long"),
        (token("dave", secret="another secret that is as long as it should be"), "Signature"),
        (jwt.encode({"sub": "dave", "exp": time.time() + 60}, None, "none"), "not allowed"),
        (jwt.encode({"exp": time.time() + 60}, SECRET, "HS256"), "sub"),
        (jwt.encode({"sub": "dave"}, SECRET, "HS256"), "exp"),
        ("a.b.c", "was rejected"),
    ],
    ids=["expired", "long", "signature", "unsigned", "nobody", "endless", "garbage"],
)
def test_a_token_that_is_not_right_is_refused(api, bad, said):
    reply = api.get("/api/nothing", headers={"Authorization": f"Bearer {bad}"}, address="127.0.3.1")
    assert (reply.status, reply.json["error"], reply.headers["www-authenticate"]) == (401, "token_refused", "Bearer")
    assert said in reply.json["message"]


def test_a_key_that_a_client_sends_because_it_must_is_no_token(api):
    assert api.get("/v1/nothing", headers={"Authorization": "Bearer none"}, address="127.0.4.1").status == 404


def test_behind_a_proxy_the_public_address_is_ours():
    config = Config(public_url="https://ask.example", trusted_proxies=(PROXY,))
    with running(lambda: ScriptedAssistant([VENUE]), config) as api:
        through = {"Host": "ask.example", "X-Forwarded-Proto": "https"}
        for origin, status in (
            ("https://ask.example", 404),
            ("http://ask.example", 403),
            ("https://evil.example", 403),
        ):
            reply = api.get("/api/nothing", headers={**through, "Origin": origin}, address=PROXY)
            assert reply.status == status, origin
        assert api.get("/healthz", headers={"Host": "other.example"}).status == 400


def test_a_bucket_fills_again_and_full_ones_are_forgotten(monkeypatch):
    monkeypatch.setattr(Rates, "MOST", 3)
    rates = Rates(60)
    for _ in range(60):
        rates.take("a", now=0.0)
    with pytest.raises(TooMany) as error:
        rates.take("a", now=0.5)
    assert error.value.retry_after == 1
    rates.take("a", now=1.0)
    for user in "bcd":
        rates.take(user, now=2.0)
    rates.take("e", now=30.0)
    assert set(rates._buckets) == {"a", "e"}
