"""Waiting times of several simultaneous users, each asking the next question as soon as the last one is answered."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from eval.bench.cold import now_mb
from eval.bench.samples import Sample
from eval.questions import Question
from rag.ingest import Progress
from rag.types import Token

__all__ = ["Ask", "users"]

Ask = Callable[[Question, str], Iterable[Any]]
"""Answers a user's question, event by event, like ``Assistant.stream``; callable from any thread."""


ENOUGH = 3
"""Questions per user from which fairness can be judged: of the first ones, somebody’s must be last."""


def users(
    questions: Sequence[Question], counts: Sequence[int], each: int, ask: Ask, tell: Progress
) -> Iterator[Sample]:
    """Yield the time of every question with each of ``counts`` users who ask ``each`` questions, and the throughput.

    A failed question is counted in ``failures`` of the sample ``all`` and has no sample of its own.
    """
    turn, asked = 0, sum(counts) * each
    for count in counts:
        tell("users", turn, asked, f"{count} users")
        plans = [[questions[(turn + user * each + n) % len(questions)] for n in range(each)] for user in range(count)]
        rows: list[Sample] = []
        failed: list[str] = []
        begin = time.perf_counter()
        _together([_user(f"user-{user}", plan, ask, count, rows, failed) for user, plan in enumerate(plans)])
        seconds = time.perf_counter() - begin
        turn += count * each
        yield from rows
        whole = {"answers": len(rows), "failures": len(failed), "rate": 60 * len(rows) / seconds, "memory_mb": now_mb()}
        if rows and each >= ENOUGH:
            whole["fairness"] = _fairness(rows)
        yield Sample("users", "footnote", "all", whole, count)
    tell("users", asked, asked, "")


def _fairness(rows: Iterable[Sample]) -> float:
    """Return the median wait of the slowest user divided by that of the fastest.

    >>> waited = {"a-0": 2.0, "a-1": 4.0, "b-0": 6.0, "b-1": 6.0}
    >>> _fairness([Sample("users", "footnote", name, {"total_s": seconds}) for name, seconds in waited.items()])
    2.0
    """
    waits = dict[str, list[float]]()
    for row in rows:
        waits.setdefault(row.id.rpartition("-")[0], []).append(row.values["total_s"])
    medians = [statistics.median(seconds) for seconds in waits.values()]
    return max(medians) / min(medians)


def _user(
    name: str, plan: Sequence[Question], ask: Ask, count: int, rows: list[Sample], failed: list[str]
) -> Callable[[], None]:
    def run() -> None:
        for number, question in enumerate(plan):
            try:
                values = _waited(ask(question, name))
            except Exception as error:  # counted: one question must not end the others
                failed.append(f"{type(error).__name__}: {error}")
            else:
                rows.append(Sample("users", "footnote", f"{name}-{number}", values, count))

    return run


def _waited(events: Iterable[Any]) -> dict[str, float]:
    begin, values = time.perf_counter(), dict[str, float]()
    for event in events:
        if isinstance(event, Token):
            values.setdefault("first_token_s", time.perf_counter() - begin)
    return {**values, "total_s": time.perf_counter() - begin}


def _together(work: Sequence[Callable[[], None]]) -> None:
    """Run everything at once, each in its own thread, and return when all are done."""
    start = threading.Barrier(len(work))

    def run(job: Callable[[], None]) -> None:
        start.wait()
        job()

    threads = [threading.Thread(target=run, args=(job,)) for job in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
