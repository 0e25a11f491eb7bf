"""Prometheus metrics: counts and times, never text from a question or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from rag.types import Answer, Status
from ui.conversation import Answered, Event, Failed

if TYPE_CHECKING:
    from ui.service import Service

__all__ = ["Metrics"]

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)
"""Upper bounds of the histogram buckets."""
STAGES = {"retrieval_s": "retrieval", "first_token_s": "first_token", "total_s": "total"}


class Metrics:
    """The metrics of one server, in their own registry."""

    def __init__(self, service: Service) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._service = service
        self.registry = CollectorRegistry()
        self._questions = Counter(
            "footnote_questions",
            "Questions by interface and result",
            ["interface", "outcome"],
            registry=self.registry,
        )
        self._answers = Counter("footnote_answers", "Answers by outcome", ["outcome"], registry=self.registry)
        for outcome in get_args(Status):
            self._answers.labels(outcome)  # So that every label exists from the start.
        self._abstentions = Counter(
            "footnote_abstentions", "Questions that the documents don't answer", registry=self.registry
        )
        self._stages = Histogram(
            "footnote_stage_seconds",
            "Seconds until each stage of an answer was reached; waiting comes before the first",
            ["stage"],
            buckets=SECONDS,
            registry=self.registry,
        )
        Gauge("footnote_queue_length", "Questions waiting in the queue", registry=self.registry).set_function(
            lambda: service.waiting
        )
        Gauge("footnote_ready", "Whether the models are loaded", registry=self.registry).set_function(
            lambda: service.is_ready
        )
        self.registry.register(_Caches(service))

    def ended(self, interface: str, waited: float, event: Event | None) -> None:
        """Count a question that waited ``waited`` seconds and ended with ``event``."""
        self._questions.labels(interface, _outcome(event)).inc()
        self._stages.labels("waiting").observe(waited)
        if isinstance(event, Answered):
            self._answered(event.answer)

    def refused(self, interface: str) -> None:
        """Count a question that the queue refused."""
        self._questions.labels(interface, "refused").inc()

    def text(self) -> bytes:
        """Return all metrics in the text format, version 0.0.4."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)

    def _answered(self, answer: Answer) -> None:
        self._answers.labels(answer.status).inc()
        if answer.status == "abstained":
            self._abstentions.inc()
        for name, stage in STAGES.items():
            if name in answer.timings:
                self._stages.labels(stage).observe(answer.timings[name])


class _Caches:
    """Where attention states of passages were found, from the generator's ``states`` counters."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Any:
        """Yield the current counts."""
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(
            "footnote_states", "Lookups of attention states, by where they were found", labels=["found"]
        )
        states = getattr(self._service.generator, "states", None)
        for place, count in (states.counts if states else {}).items():
            family.add_metric([place], count)
        yield family


def _outcome(event: Event | None) -> str:
    if isinstance(event, Answered):
        return event.answer.status
    return event.error if isinstance(event, Failed) else "stopped"
