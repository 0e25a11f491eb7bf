"""From a question to an answer whose every sentence opens its passage: the stages, in order.

question -> evidence -> confidence -> draft -> claims -> spans behind them -> answer
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Generator as Steps
from dataclasses import replace
from typing import Any

from rag import abstention, citations, prompts, retrieval, verification
from rag.citations import Checked, Support, quote
from rag.collection.catalogue import Catalogue, words_of
from rag.collection.directory import Directory
from rag.collection.overview import CONFIDENCE, Overview
from rag.config import Config
from rag.dates import in_another_year
from rag.embedding import Embedder, open_embedder
from rag.errors import QuestionError
from rag.expected import answers
from rag.generation import Generator, Stop, open_generator
from rag.index import DocumentInfo, Index
from rag.question import spelling
from rag.question.each import asked_of_each
from rag.question.followups import by_name, earlier_questions, search_query, unnamed
from rag.question.keywords import in_full
from rag.reranking import Reranker, described, open_reranker
from rag.types import Answer, Evidence, Passage, Phase, Prompt, Token, Turn

__all__ = ["Assistant", "made_for"]


class Assistant:
    """Answers questions from an index. Its parts are given, so that each can be exchanged for another."""

    def __init__(
        self,
        index: Index,
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
        self.overview = Overview(index, self.catalogue)
        self.directory = Directory(index, self.catalogue)
        self.coefficients = abstention.load_coefficients()
        self._calibrate(index.calibration)

    @classmethod
    def open(cls, config: Config) -> Assistant:
        """Open the index and load the models that ``config`` names.

        Raises:
            FootnoteError: one of them is missing, damaged or does not fit the others.
        """
        embedder = open_embedder(config)
        index = Index.open(config.index, embedder)
        index.search_dense(embedder.embed_query(""), 1)  # Weights and vectors are read now, not at the first question.
        if reranker := open_reranker(config):
            reranker.score("", [""])
        prompt = prompts.load(config.prompt)
        return cls(index, embedder, open_generator(config, prompt, index), prompt, config, reranker)

    def _calibrate(self, fitted: dict[str, Any] | None) -> None:
        """Take what was fitted with these models and these signals; a ``min_confidence`` that somebody set stays."""
        if not fitted or fitted["made_for"] != made_for(self.embedder, self.generator, self.prompt, self.reranker):
            return
        if fitted["coefficients"].keys() != self.coefficients.keys():
            return
        self.coefficients = fitted["coefficients"]
        if self.config.min_confidence == Config().min_confidence:
            self.config = replace(self.config, min_confidence=fitted["min_confidence"])

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
        """Yield what is being done, the draft token by token, and last the checked answer.

        ``history`` is the conversation so far, oldest turn first. When ``stop()`` becomes true the draft ends
        within a token, and what was written so far is checked. Where ``documents`` are given (by their public names),
        the answer comes from them alone.

        Raises:
            QuestionError: the question is empty or too long.
        """
        question = question.strip()
        if not any(character.isalnum() for character in question):
            raise QuestionError("The question is empty; ask something.")
        clock = _Clock()
        yield Phase("searching", "Searching the documents")
        named = by_name(question, history)
        evidence = self.retrieve(named, history, documents)
        read = in_full(spelling.corrected(named, evidence, self._is_known))
        if read != named:
            evidence = self.retrieve(read, history, documents)
        clock.mark("retrieval_s")
        earlier = earlier_questions(read, history)
        prompt = Prompt(self.prompt.instructions, tuple(evidence), read, earlier=earlier)
        answer = self._look_up(prompt, documents)
        if answer:
            yield _reading(answer.evidence)
        elif not earlier and (parts := self._asked_of_each(read, documents)):
            answer = yield from self._read_each(prompt, parts, clock, stop)
        else:
            answer = yield from self._read(prompt, clock, stop)
        yield replace(
            answer,
            id=id or _identity(question, history),
            question=question,
            query=prompt.query if earlier else "",
            notes=answer.notes if read == question else (f"Read as: {read}", *answer.notes),
            receipt=self._receipt(),
            timings=clock.finish(),
        )

    def _look_up(self, prompt: Prompt, documents: Collection[str] | None) -> Answer | None:
        """Return the answer to a question about the collection, or that single lines answer; ``None`` to any other."""
        checked = self.overview.answer(prompt.query, documents) or self.directory.answer(
            prompt.question, prompt.earlier, documents
        )
        if not checked:
            return None
        passages = dict.fromkeys(span.evidence.passage for _, support in checked for span in support.spans)
        evidence = tuple(Evidence(passage, 1.0, rank) for rank, passage in enumerate(passages, start=1))
        return _answered(prompt.query, checked, CONFIDENCE, evidence)

    def _read(self, prompt: Prompt, clock: _Clock, stop: Stop | None) -> Steps[Phase | Token, None, Answer]:
        """Read the evidence, write a draft where it holds an answer, and return the checked answer."""
        prompt, notes = prompts.fit(prompt, self.generator.measure, self.config.context - self.config.answer_tokens)
        confidence, checked = yield from self._drafted(prompt, clock, stop)
        if checked:
            return replace(_answered(prompt.query, checked, confidence, prompt.evidence), notes=notes)
        return replace(self._abstained(prompt, confidence), notes=notes)

    def _read_each(
        self, prompt: Prompt, parts: Sequence[tuple[DocumentInfo, str]], clock: _Clock, stop: Stop | None
    ) -> Steps[Phase | Token, None, Answer]:
        """Ask each document of ``parts`` its own question, and return what at least half of them tell, as a list."""
        told: Checked = []
        silent, confidences = list[str](), list[float]()
        evidence = dict[Passage, Evidence]()
        for info, question in parts:
            if stop and stop():
                break
            title = info.title or info.name
            alone = replace(prompt, question=question, evidence=tuple(self.retrieve(question, (), [info.name])))
            alone, _ = prompts.fit(alone, self.generator.measure, self.config.context - self.config.answer_tokens)
            confidence, checked = CONFIDENCE, self.directory.answer(question, "", [info.name])
            if not checked:
                confidence, checked = yield from self._drafted(alone, clock, stop, f"\n- {title}: ")
            confidences.append(confidence)
            told += citations.under(title, checked)
            silent += [] if checked else [title]
            read = [span.evidence for _, support in checked for span in support.spans]
            evidence |= {item.passage: item for item in (*alone.evidence, *read) if item.passage not in evidence}
        confidence = sum(confidences) / max(1, len(confidences))
        shown = tuple(replace(item, rank=rank) for rank, item in enumerate(evidence.values(), start=1))
        if 2 * len(silent) > len(confidences) or not told:
            return self._abstained(replace(prompt, evidence=shown), confidence)
        notes = (f"Nothing on this was found in: {'; '.join(silent)}.",) if silent else ()
        return replace(_answered(prompt.query, told, confidence, shown), notes=notes)

    def _drafted(
        self, prompt: Prompt, clock: _Clock, stop: Stop | None, before: str = ""
    ) -> Steps[Phase | Token, None, tuple[float, Checked]]:
        """Return how likely it is that the evidence holds an answer, and the supported sentences of a draft.

        Where it is not likely enough, nothing is written. ``before`` is shown in front of the draft.
        """
        yield _reading(prompt.evidence)
        confidence = self._confidence(prompt, stop)
        if confidence < self.config.min_confidence:
            return confidence, []
        draft = ""
        for piece in self.generator.stream(prompt, self.config.answer_tokens, stop):
            if not draft:
                clock.mark("first_token_s")
                yield Phase("writing", "Writing")
            yield Token(piece if draft else before + piece)
            draft += piece
        yield Phase("checking", "Checking each sentence against the documents")
        return confidence, self._checked(prompt, draft)

    def warm(self, passages: Sequence[Passage], stop: Stop | None = None) -> int:
        """Read ``passages`` ahead, for questions to come, until ``stop()``; return how many were new.

        For idle times; a question that comes meanwhile is not delayed.
        """
        evidence = tuple(Evidence(passage, 0.0, rank) for rank, passage in enumerate(passages, start=1))
        return self.generator.warm(Prompt(self.prompt.instructions, evidence, ""), stop)

    def retrieve(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None = None
    ) -> list[Evidence]:
        """Return the passages that the question is answered from, best first: those that are not far from the best.

        Where one stands out it nearly always holds the answer: others would take most of the time, and mislead. So
        would those on something else, where the question names one document by its title.
        """
        config = self.config
        found = self._looked_at(search_query(question, history), documents)
        titles = self.catalogue.titles()
        if names := titles.names_in(question):
            named = titles.named_by(names)
            on_it = [item for item in found if item.passage.document in named or names & words_of(item.passage)]
            found = on_it or found
        best = found[: config.evidence]
        return [
            replace(item, rank=rank)
            for rank, item in enumerate(best, start=1)
            if item.score >= config.closeness * best[0].score
        ]

    def _looked_at(self, query: str, documents: Collection[str] | None) -> list[Evidence]:
        """Return the passages among which those are that are read, best first."""
        config = self.config
        limit, share = max(config.evidence, LOOKED_AT), config.dense_weight
        found = query, self.index, self.embedder, limit, config.candidates, share, documents
        return retrieval.retrieve(*found, self.reranker, config.reranked)

    def _asked_of_each(self, question: str, documents: Collection[str] | None) -> Sequence[tuple[DocumentInfo, str]]:
        """Return the documents of each of which ``question`` asks the same, and what it is asked."""

        def near() -> list[str]:
            return list(dict.fromkeys(item.passage.document for item in self._looked_at(question, documents)))

        return asked_of_each(question, self.catalogue.titles(), documents, near)

    def _is_known(self, word: str) -> bool:
        """Return whether ``word`` is in some passage, or whole in the embedder's vocabulary: what is typed well is."""
        return self.index.term_frequency(word) > 0 or len(self.embedder.tokenizer.spans(word.lower())) == 1

    def _confidence(self, prompt: Prompt, stop: Stop | None) -> float:
        """Return the probability that the evidence in ``prompt`` answers its question."""
        if not prompt.evidence or unnamed(prompt.query):
            return 0.0
        return abstention.confidence(self.signals(prompt, stop), self.coefficients)

    def signals(self, prompt: Prompt, stop: Stop | None = None) -> dict[str, float]:
        """Return what speaks for and against the evidence in ``prompt`` holding an answer."""
        yes, no = self.generator.score(replace(prompt, task="answerable"), ["yes", "no"], stop)
        return abstention.signals(prompt, self.index.term_frequency, yes - no)

    def _checked(self, prompt: Prompt, draft: str) -> Checked:
        """Return the supported sentences of ``draft`` with what stands behind them; none where they do not answer."""
        claims = citations.parse(draft)
        supports = verification.support(claims, prompt.evidence, prompt.query)
        kept = [
            (claim, support)
            for claim, support in zip(claims, supports, strict=True)
            if support and support.score >= self.config.min_support and not _of_another_year(prompt.question, support)
        ]
        return kept if answers([claim for claim, _ in kept], prompt) else []

    def _abstained(self, prompt: Prompt, confidence: float) -> Answer:
        """Return the answer that says that the documents do not answer the question."""
        return Answer("", prompt.query, "abstained", confidence, self._refusal(prompt), evidence=prompt.evidence)

    def _refusal(self, prompt: Prompt) -> str:
        """Return the words of an abstention: that the documents do not say, and what of the question leads nowhere."""
        missing = abstention.missing_words(prompt.query, prompt.evidence)
        # Of the words that only say how it is asked, a reader would learn nothing.
        named = [word.text for word in missing if word.kind != "word"]
        nowhere = [word for word in named if self.index.term_frequency(word) == 0]
        text = "The documents do not answer this question."
        if nowhere:
            text += " They nowhere mention " + " or ".join(f"“{word}”" for word in nowhere) + "."
        if whom := unnamed(prompt.query):
            text += f" The question does not say who “{whom}” is."
        return text

    def _receipt(self) -> dict[str, Any]:
        """Return what the answer was made from and with, so that it can be made again."""
        config = self.config
        return {
            "index_generation": self.index.generation,
            "embedder": {"name": self.embedder.name, "sha256": self.embedder.fingerprint},
            **described(self.reranker, config),
            "generator": {"name": self.generator.name, "sha256": self.generator.fingerprint},
            "prompt_sha256": self.prompt.fingerprint,
            "settings": {name: getattr(config, name) for name in SETTINGS},
        }


def made_for(
    embedder: Embedder, generator: Generator, prompt: prompts.PromptFile, reranker: Reranker | None = None
) -> dict[str, str]:
    """Return the fingerprints of all that the signals of the confidence depend on, beside the settings."""
    made = {"embedder": embedder.fingerprint, "generator": generator.fingerprint, "prompt": prompt.fingerprint}
    return made | ({"reranker": reranker.fingerprint} if reranker else {})


LOOKED_AT = 10
"""Passages among which those on what the question names are looked for."""
SETTINGS = (
    "passage_tokens",
    "candidates",
    "dense_weight",
    "evidence",
    "closeness",
    "context",
    "answer_tokens",
    "min_confidence",
    "min_support",
)
"""The settings that an answer depends on."""


def _reading(evidence: Sequence[Evidence]) -> Phase:
    return Phase("reading", f"Reading {len(evidence)} passage{'' if len(evidence) == 1 else 's'}")


def _answered(question: str, checked: Checked, confidence: float, evidence: tuple[Evidence, ...]) -> Answer:
    """Return the answer that consists of the claims in ``checked``."""
    text, shown, cited = citations.cite(*zip(*checked, strict=True))
    return Answer("", question, "answered", confidence, text, tuple(shown), tuple(cited), evidence)


def _of_another_year(question: str, support: Support) -> bool:
    """Return whether all that stands behind a claim is on a month or season of another year than is asked for."""
    return bool(support.spans) and all(in_another_year(question, quote(span)) for span in support.spans)


class _Clock:
    """Seconds since the question came in, at each mark; of several alike, at the first."""

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
    """Return an id that is the same for the same question in the same conversation."""
    parts = [*(f"{turn.role}\0{turn.content}" for turn in history), question]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
