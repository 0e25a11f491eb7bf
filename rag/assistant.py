"""The assistant: all stages from a question to a checked answer, in order.

question -> evidence -> (plan) -> confidence -> draft -> claims -> spans that support them -> answer
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Generator as Steps
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag import abstention, citations, prompts, quoting, tasks
from rag.answerability import yes_over_no
from rag.catalogue import Catalogue, Titles, words_of
from rag.citations import Checked, Claim
from rag.config import Config
from rag.embedders import open_embedder
from rag.errors import DocumentError, QuestionError
from rag.followups import by_name, earlier_questions, last_exchange, search_query, stands_alone
from rag.generators import open_generator
from rag.indexes.opening import open_index
from rag.planning.execution import execute
from rag.planning.plans import Plan, Planner
from rag.ports import Completion, Embedder, Filter, Generator, Reranker, Stop, WritableIndex
from rag.replies import Kind, Replies, kind_of_message, replies_in
from rag.rerankers import open_reranker
from rag.retrieval import hybrid
from rag.retrieval.reranking import described
from rag.retrieval.translation import Translator, language_to_search
from rag.text import spelling
from rag.types import Answer, Document, Evidence, Passage, Phase, Prompt, Status, Token, Turn
from rag.verification import spans

__all__ = ["Assistant", "made_for"]


@dataclass(frozen=True, slots=True)
class Drafted:
    """The result of drafting: confidence, supported claims, signals, number of claims, and whether it was stopped."""

    confidence: float
    kept: Checked
    signals: dict[str, float]
    claims: int = 0
    stopped: bool = False


class Assistant:
    """Answers questions from an index. Its parts are passed in, so each can be replaced."""

    def __init__(
        self,
        index: WritableIndex,
        embedder: Embedder,
        generator: Generator,
        prompt: prompts.PromptFile,
        config: Config,
        reranker: Reranker | None = None,
    ) -> None:
        self.index = index
        self.embedder = embedder
        self.reranker = reranker or open_reranker(config)
        self.generator = generator
        self.prompt = prompt
        self.config = config
        self.catalogue = Catalogue(index)
        self.planner = Planner(generator, tasks.load(PLAN))
        self.summary = tasks.load(SUMMARY)
        self.translator = Translator(generator, tasks.load(KEYWORDS))
        self.coefficients = abstention.load_coefficients()
        self._calibrate(index.calibration)

    @classmethod
    def open(cls, config: Config) -> Assistant:
        """Open the index and load the models that ``config`` names.

        Raises:
            FootnoteError: one of them is missing, damaged or doesn't fit the others.
        """
        embedder = open_embedder(config)
        index = open_index(config, embedder)
        index.search_dense(embedder.embed_query(""), 1)  # Load weights and vectors now, not at the first question.
        if reranker := open_reranker(config):
            reranker.score("", [""])
        prompt = prompts.load(config.prompt)
        return cls(index, embedder, open_generator(config, index), prompt, config, reranker)

    def _calibrate(self, fitted: dict[str, Any] | None) -> None:
        """Use a calibration made with the same models and signals; thresholds set by the user take precedence."""
        if not fitted or fitted["made_for"] != made_for(self.embedder, self.generator, self.prompt, self.reranker):
            return
        if not abstention.have_same_signals(fitted["coefficients"], self.coefficients):
            return
        self.coefficients = fitted["coefficients"]
        for name in ("min_confidence", "min_unsure"):
            if getattr(self.config, name) == getattr(Config(), name):
                self.config = replace(self.config, **{name: fitted[name]})

    @property
    def room(self) -> int:
        """Most tokens of a prompt; a server may have a smaller context than configured."""
        return min(self.config.context, self.generator.context) - self.config.answer_tokens

    def close(self) -> None:
        """Free the language model and close the index."""
        self.generator.close()
        self.index.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        id: str = "",
        stop: Stop | None = None,
        documents: Collection[str] | None = None,
    ) -> Answer:
        """Return the answer to ``question``; see :meth:`stream`."""
        *_, answer = self.stream(question, history, id, stop, documents)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        id: str = "",
        stop: Stop | None = None,
        documents: Collection[str] | None = None,
    ) -> Iterator[Phase | Token | Answer]:
        """Yield phases, the draft token by token, and the checked answer last.

        ``history`` is the conversation so far, oldest turn first. When ``stop()`` becomes true, the draft ends within a
        token, and its whole sentences are checked. If ``documents`` are given (public names), only those are used.

        Raises:
            QuestionError: the question is empty or too long.
        """
        question = question.strip()
        if not any(character.isalnum() for character in question):
            raise QuestionError("The question is empty; ask something.")
        clock = _Clock()
        answer = yield from self._routed(question, history, documents, clock, stop)
        yield replace(
            answer,
            id=id or _identity(question, history),
            question=question,
            receipt=self._receipt(documents) | answer.receipt,
            timings=clock.finish(),
        )

    def _routed(
        self,
        question: str,
        history: Sequence[Turn],
        documents: Collection[str] | None,
        clock: _Clock,
        stop: Stop | None,
    ) -> Steps[Phase | Token, None, Answer]:
        """Choose the path for ``question``: a plain reply, a plan over the collection, or reading.

        A follow-up without an answer is tried once more on its own, without the earlier questions.
        """
        if message := kind_of_message(question):
            return (yield from self._replied(*message, documents, clock, stop))
        yield Phase("searching", "Searching the documents")
        prompt = self._prompt(question, history, documents, stop)
        clock.mark("retrieval_s")
        answer = yield from self._planned(prompt, documents, clock, stop)
        answer = answer or (yield from self._read(prompt, clock, stop))
        if answer.status == "abstained" and prompt.earlier and stands_alone(prompt.question):
            prompt = self._prompt(question, (), documents, stop)
            answer = yield from self._read(prompt, clock, stop)
        paged = self._paged(answer)
        answer = _on_their_pages(answer, paged)
        replies = _replies(prompt)
        notes = () if prompt.question == question else (replies.note("interpreted", question=prompt.question),)
        if prompt.translated:
            notes = (*notes, replies.note("searched", words=", ".join(prompt.translated)))
        notes = (*notes, *answer.notes, *_recognised(answer, paged, replies))
        return replace(answer, query=prompt.query if prompt.earlier else "", notes=notes)

    def _prompt(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None, stop: Stop | None
    ) -> Prompt:
        """Return the prompt for ``question``: the evidence, and the question with typing errors corrected.

        For a question in another language than the documents, its words are translated and searched for.
        """
        named = by_name(question, history)
        evidence = self.retrieve(named, history, documents)
        read = spelling.corrected(named, evidence, lambda word: spelling.is_known(word, self.index, self.embedder))
        if read != named:
            evidence = self.retrieve(read, history, documents)
        if words := self._translated(search_query(read, history), evidence, documents, stop):
            evidence = self.retrieve(" ".join(words), (), documents)
        prompt = self.prompt.prompt(evidence, read, earlier_questions(read, history), last_exchange(history))
        return replace(prompt, translated=words)

    def _translated(
        self, query: str, evidence: Sequence[Evidence], documents: Collection[str] | None, stop: Stop | None
    ) -> tuple[str, ...]:
        """Return words of ``query`` in the language of the documents, if that is another one."""

        def texts() -> Iterator[str]:
            yield from (item.passage.text for item in evidence)
            same_words = self.index.search_lexical(query, LOOKED_AT, Filter.of(documents))
            yield from (passage.text for passage in self.index.passages([id for id, _ in same_words]))

        language = language_to_search(query, texts(), self.embedder)
        return self.translator.words(query, language, stop) if language else ()

    def _replied(
        self, kind: Kind, replies: Replies, documents: Collection[str] | None, clock: _Clock, stop: Stop | None
    ) -> Steps[Phase | Token, None, Answer]:
        """Reply to a message that isn't a question about the content of the documents."""
        known = self.catalogue.titles().among(documents).documents
        listed = kind == "documents" and known
        answer = (yield from self._executed(Plan("count"), "", replies, documents, clock, stop)) if listed else None
        return answer or Answer("", "", "answered", 1.0, replies.to(kind, known), path="reply")

    def _paged(self, answer: Answer) -> dict[str, Document]:
        """Return the documents with pages that ``answer`` cites, by name."""
        found: dict[str, Document] = {}
        for name in dict.fromkeys(citation.document for citation in answer.citations if citation.page is not None):
            with contextlib.suppress(DocumentError):  # deleted meanwhile
                found[name] = self.index.document(name)
        return found

    def _planned(
        self, prompt: Prompt, documents: Collection[str] | None, clock: _Clock, stop: Stop | None
    ) -> Steps[Phase | Token, None, Answer | None]:
        """Answer a question about documents as a whole; return ``None`` for any other, or if that fails."""
        titles = self.catalogue.titles().among(documents)
        plan = None if prompt.earlier else self.planner.plan(prompt.question, titles, stop)
        if not plan or plan.signals.get("operation", 1.0) < self.config.min_confidence:
            return None  # The outcome can't be surer than the plan, and may take long.
        return (yield from self._executed(plan, prompt.query, _replies(prompt), documents, clock, stop))

    def _executed(
        self,
        plan: Plan,
        query: str,
        replies: Replies,
        documents: Collection[str] | None,
        clock: _Clock,
        stop: Stop | None,
    ) -> Steps[Phase | Token, None, Answer | None]:
        """Execute ``plan``; return ``None`` if its result is too unlikely to be an answer."""
        tools = _Tools(self, replies, documents, clock, stop)
        outcome = yield from execute(plan, tools)
        if not outcome or outcome.confidence < self.config.min_confidence:
            return None
        text, sentences, cited = citations.cite(*zip(*outcome.checked, strict=True))
        parts = tuple(sentences), tuple(cited), outcome.evidence
        answer = Answer("", query, "answered", outcome.confidence, text, *parts, path=outcome.path)
        return replace(answer, notes=outcome.notes, stopped=tools.stopped(), receipt={"plan": dict(outcome.signals)})

    def _read(self, prompt: Prompt, clock: _Clock, stop: Stop | None) -> Steps[Phase | Token, None, Answer]:
        """Read the evidence, draft an answer if it may hold one, check the draft and decide the outcome."""
        passages = len(prompt.evidence)
        prompt = prompts.fit(prompt, self.generator.measure, self.room)
        dropped = passages - len(prompt.evidence)
        notes = (_replies(prompt).note("unread", dropped=dropped, passages=passages),) if dropped else ()
        drafted = yield from self._drafted(prompt, clock, stop)
        return replace(self._answer(prompt, drafted), notes=notes)

    def _drafted(
        self, prompt: Prompt, clock: _Clock, stop: Stop | None, before: str = ""
    ) -> Steps[Phase | Token, None, Drafted]:
        """Return the supported sentences of a draft, and the probability that they are a right answer.

        If the evidence is too unlikely to hold one, no draft is written. ``before`` is shown in front of the draft.
        """
        yield _reading(prompt.evidence)
        signals = self.signals(prompt, stop)
        confidence = abstention.confidence(signals, self.coefficients["read"])
        if confidence < self.config.min_unsure or not prompt.evidence:
            return Drafted(confidence, [], signals)
        draft = ""
        for piece in self.generator.stream(prompt, self.config.answer_tokens, stop):
            if not draft:
                clock.mark("first_token_s")
                yield Phase("writing", "Writing")
            yield Token(piece if draft else before + piece)
            draft += piece
        cut = stop is not None and stop()
        draft = citations.whole(draft) if cut else draft
        yield Phase("checking", "Checking each sentence against the documents")
        claims = abstention.without_echoes(citations.parse(draft), prompt)
        kept = self._checked(prompt, claims)
        signals |= abstention.draft_signals(prompt, claims, kept)
        confidence = abstention.confidence(signals, self.coefficients["drafted"])
        return Drafted(confidence, kept, signals, len(claims), cut)

    def _checked(self, prompt: Prompt, claims: Sequence[Claim]) -> Checked:
        """Return the ``claims`` that the evidence supports, with their support."""
        supports = spans.support(claims, prompt.evidence, prompt.searched)
        return [
            (claim, support)
            for claim, support in zip(claims, supports, strict=True)
            if support and support.score >= self.config.min_support
        ]

    def _answer(self, prompt: Prompt, drafted: Drafted) -> Answer:
        """Return the answer: the draft, possible answers, or an abstention."""
        confidence, kept = drafted.confidence, drafted.kept
        receipt = {"signals": {name: round(value, 4) for name, value in drafted.signals.items()}}
        if 2 * len(kept) < drafted.claims or abstention.is_hollow([claim for claim, _ in kept], prompt):
            kept = []  # the rest of the draft would say too little
        if kept and confidence >= self.config.min_confidence:
            text, sentences, cited = citations.cite(*zip(*kept, strict=True))
            status: Status = "answered"
        elif drafted.claims and (quotes := self._quotes(prompt, kept)):
            text, sentences, cited = citations.cite(*zip(*kept, *quotes, strict=True))
            text, status = f"{_replies(prompt).unsure}\n{text}", "unsure"
        else:
            text, sentences, cited = self._refusal(prompt), [], []
            status = "abstained"
        parts = tuple(sentences), tuple(cited), prompt.evidence
        return Answer("", prompt.query, status, confidence, text, *parts, stopped=drafted.stopped, receipt=receipt)

    def _quotes(self, prompt: Prompt, kept: Checked) -> Checked:
        """Return the sentences that may answer the question, those that support the draft first."""
        supporting = [span for _, support in kept for span in support.spans]
        return citations.as_quotes(quoting.quotes(supporting, prompt.searched, prompt.evidence, self.embedder))

    def warm(self, passages: Sequence[Passage], stop: Stop | None = None) -> int:
        """Read ``passages`` ahead for later questions, until ``stop()``; return how many were new.

        Call it while idle; a question that arrives meanwhile isn't delayed. The planning instructions are read first.
        """
        self.planner.warm(stop)
        evidence = tuple(Evidence(passage, 0.0, rank) for rank, passage in enumerate(passages, start=1))
        return self.generator.warm(self.prompt.prompt(evidence, ""), stop)

    def retrieve(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None = None
    ) -> list[Evidence]:
        """Return the evidence for a question, best first: the best passage and those close to it.

        If one passage stands out, it almost always holds the answer; others would take most of the time and mislead. So
        would passages about something else, if the question names a document by its title.
        """
        config = self.config
        found = hybrid.retrieve(
            search_query(question, history),
            self.index,
            self.embedder,
            max(config.evidence, LOOKED_AT),
            config.candidates,
            config.dense_weight,
            documents,
            self.reranker,
            config.reranked,
        )
        titles = self.catalogue.titles()
        if names := titles.names_in(question):
            named = titles.named_by(names)
            on_it = [item for item in found if item.passage.document in named or names & words_of(item.passage)]
            found = on_it or found
        best = [item for item in found[: config.evidence] if item.score >= config.closeness * found[0].score]
        return hybrid.continued(best, self.index)

    def signals(self, prompt: Prompt, stop: Stop | None = None) -> dict[str, float]:
        """Return signals that the evidence in ``prompt`` holds an answer."""
        return abstention.signals(prompt, self.index.term_frequency, yes_over_no(self.generator, prompt, stop))

    def _refusal(self, prompt: Prompt) -> str:
        """Return the text of an abstention, with the names of the question that occur nowhere."""
        if not len(self.index):
            return str(_replies(prompt).texts["nothing"])
        missing = abstention.missing_words(prompt.query, prompt.evidence)
        # Other words would tell the reader nothing.
        named = [word.text for word in missing if word.kind != "word"]
        nowhere = [word for word in named if self.index.term_frequency(word) == 0]
        return _replies(prompt).refusal(nowhere)

    def _receipt(self, documents: Collection[str] | None) -> dict[str, Any]:
        """Return everything needed to reproduce the answer, and how many ``documents`` were searched if not all."""
        config = self.config
        return {
            "index_generation": self.index.generation,
            "embedder": {"name": self.embedder.name, "sha256": self.embedder.fingerprint},
            **described(self.reranker, config),
            "generator": {"name": self.generator.name, "sha256": self.generator.fingerprint},
            "prompt_sha256": self.prompt.fingerprint,
            "settings": {name: getattr(config, name) for name in SETTINGS},
            **({} if documents is None else {"documents": self._narrowed(documents)}),
        }

    def _narrowed(self, documents: Collection[str]) -> dict[str, int]:
        return {"searched": len(documents), "of": len(self.catalogue.titles().documents)}


def made_for(
    embedder: Embedder, generator: Generator, prompt: prompts.PromptFile, reranker: Reranker | None = None
) -> dict[str, str]:
    """Return the fingerprints of everything the confidence signals depend on, except the settings."""
    made = {"embedder": embedder.fingerprint, "generator": generator.fingerprint, "prompt": prompt.fingerprint}
    return made | ({"reranker": reranker.fingerprint} if reranker else {})


PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
PLAN, SUMMARY, KEYWORDS = PROMPTS / "plan.txt", PROMPTS / "summary.txt", PROMPTS / "keywords.txt"
LOOKED_AT = 10
"""Passages searched for those about a document that the question names."""
SETTINGS = (
    "passage_tokens",
    "candidates",
    "dense_weight",
    "evidence",
    "parts",
    "closeness",
    "context",
    "answer_tokens",
    "min_confidence",
    "min_unsure",
    "min_support",
)
"""The settings that an answer depends on."""


def _replies(prompt: Prompt) -> Replies:
    """Return Footnote's own texts in the language of the question."""
    return replies_in(prompts.language(prompt.question, prompt.evidence))


def _on_their_pages(answer: Answer, paged: Mapping[str, Document]) -> Answer:
    """Return ``answer`` with the page of each quote: its passage may begin on an earlier one."""
    cited = (
        replace(citation, page=bisect_right(paged[citation.document].pages, citation.start))
        if citation.document in paged and paged[citation.document].pages
        else citation
        for citation in answer.citations
    )
    return replace(answer, citations=tuple(cited))


def _recognised(answer: Answer, paged: Mapping[str, Document], replies: Replies) -> Iterator[str]:
    """Yield a note for each document that is cited from pages that were recognised from pictures."""
    for name, document in paged.items():
        pages = {citation.page for citation in answer.citations if citation.document == name}
        if sure := [(page, confidence) for page, confidence in document.recognised_pages if page in pages]:
            yield replies.recognised(name, sure)


def _reading(evidence: Sequence[Evidence]) -> Phase:
    return Phase("reading", f"Reading {len(evidence)} passage{'' if len(evidence) == 1 else 's'}")


@dataclass(frozen=True, slots=True)
class _Tools:
    """The tools to execute a plan (:class:`rag.planning.tools.Tools`): the stages of an assistant."""

    assistant: Assistant
    replies: Replies
    documents: Collection[str] | None
    clock: _Clock
    stop: Stop | None

    @property
    def index(self) -> WritableIndex:
        return self.assistant.index

    @property
    def summary(self) -> tasks.TaskFile:
        return self.assistant.summary

    @property
    def parts(self) -> int:
        return self.assistant.config.parts

    @property
    def min_support(self) -> float:
        return self.assistant.config.min_support

    def titles(self) -> Titles:
        return self.assistant.catalogue.titles().among(self.documents)

    def retrieve(self, question: str, documents: Collection[str]) -> list[Evidence]:
        return self.assistant.retrieve(question, (), documents)

    def read(
        self, question: str, evidence: Sequence[Evidence], before: str = ""
    ) -> Steps[Phase | Token, None, tuple[float, Checked]]:
        assistant = self.assistant
        prompt = assistant.prompt.prompt(evidence, question)
        prompt = prompts.fit(prompt, assistant.generator.measure, assistant.room)
        drafted = yield from assistant._drafted(prompt, self.clock, self.stop, before)
        return drafted.confidence, drafted.kept if drafted.confidence >= assistant.config.min_confidence else []

    def complete(self, prompt: Completion, limit: int) -> Iterator[str]:
        return self.assistant.generator.complete(prompt, limit, stop=self.stop)

    def stopped(self) -> bool:
        return self.stop is not None and self.stop()


class _Clock:
    """Seconds since the question, at each mark; if a mark is repeated, the first counts."""

    def __init__(self) -> None:
        self._begin = time.perf_counter()
        self._marks = dict[str, float]()

    def mark(self, name: str) -> None:
        self._marks.setdefault(name, round(time.perf_counter() - self._begin, 3))

    def finish(self) -> dict[str, float]:
        self.mark("total_s")
        self._marks.setdefault("first_token_s", self._marks["total_s"])
        return self._marks


def _identity(question: str, history: Sequence[Turn]) -> str:
    """Return an id that is always the same for the same question and conversation."""
    parts = [*(f"{turn.role}\0{turn.content}" for turn in history), question]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
