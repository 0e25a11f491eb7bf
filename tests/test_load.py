"""Sixteen users at once, one of them greedy: nobody gets an error, and nobody gets ahead of the others."""

import threading
import time
from collections import Counter

from api import running
from browser import VENUE, ScriptedAssistant

from rag.config import Config

USERS = [f"127.0.6.{n}" for n in range(1, 17)]
GREEDY = USERS[0]
EACH, MORE = 3, 12
"""Questions that each user has waiting, and those that the greedy one has beside them."""


class HeldAssistant(ScriptedAssistant):
    """Begins when it is told to."""

    go = threading.Event()

    def stream(self, *arguments, **options):
        self.go.wait(60)
        return super().stream(*arguments, **options)


def test_sixteen_users_at_once_are_served_in_turn():
    assistant = HeldAssistant([VENUE], pace=0.0001)
    config = Config(queue_length=64, queue_per_user=16, requests_per_minute=100_000)
    outcomes = Counter()

    def ask(user: str, number: int) -> None:
        question = f"{user} asks?"
        if number % 2:
            outcomes[list(api.events({"question": question}, address=user))[-1][0]] += 1
        else:
            outcomes[api.post("/api/ask", {"question": question}, address=user).json["status"]] += 1

    with running(lambda: assistant, config) as api:
        asked = [(user, number) for user in [*[GREEDY] * (1 + MORE // EACH), *USERS[1:]] for number in range(EACH)]
        visitors = [threading.Thread(target=ask, args=question) for question in asked]
        for thread in visitors:
            thread.start()
        end = time.monotonic() + 60
        while api.service.waiting < len(asked) - 1:  # One has been taken, and is held.
            assert time.monotonic() < end
            time.sleep(0.01)
        assistant.go.set()
        for thread in visitors:
            thread.join(60)
    assert outcomes == {"answer": len(USERS) + MORE // EACH, "abstained": 2 * (len(USERS) + MORE // EACH)}
    order = [question.split()[0] for question, _ in assistant.asked]
    for turn in range(EACH):
        served = Counter(order[: 1 + len(USERS) * (turn + 1)])
        assert max(served.values()) <= turn + 2 and min(served[user] for user in USERS) >= turn
    assert set(order[-MORE + 2 :]) == {GREEDY}
