"""Citation metrics: are the citations valid, and do they point at the right place?

Everything is computed from characters; no model judges. Text outside the gold may still be right (documents repeat
things), so precision is a lower bound.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from eval.precision_recall import PrecisionRecall
from eval.questions import Question
from eval.spans import Located, overlap, shared_characters, total_characters
from rag.types import Answer, Citation

__all__ = [
    "broken_marks",
    "character_gold",
    "citation_coverage",
    "citation_validity",
    "document_gold",
    "quotations",
    "span_gold",
    "verbatim_rate",
]

_MARK = re.compile(r"\[(\d{1,3})\]")
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"")


def broken_marks(answer: Answer, texts: Mapping[str, str]) -> tuple[int, ...]:
    """Return the marks, in the text or the sentences, that have no valid citation.

    A citation is valid if ``texts[document][start:end] == quote`` and the quote isn't empty. ``texts`` are the stored
    texts by document name.
    """
    holding = {citation.mark: True for citation in answer.citations}
    for citation in answer.citations:
        holding[citation.mark] &= _holds(citation, texts)
    return tuple(mark for mark in _marks(answer) if not holding.get(mark, False))


def citation_validity(answer: Answer, texts: Mapping[str, str]) -> float | None:
    """Return the share of the marks that have a valid citation, or None without marks.

    Anything below 1 is a defect of the program, whatever the model wrote. Mark 2 has no citation:

    >>> from rag.types import Sentence
    >>> sentences, citation = (Sentence("Ann and Bo.", (1, 2), 1.0),), Citation(1, "a.txt", "", 4, 7, "Ann")
    >>> said = Answer("1", "Who?", "answered", 0.9, "Ann [1] and Bo [2].", sentences, (citation,))
    >>> citation_validity(said, {"a.txt": "Led by Ann"}), citation_validity(said, {"a.txt": "The Ann"})
    (0.0, 0.5)
    """
    marks = _marks(answer)
    return 1 - len(broken_marks(answer, texts)) / len(marks) if marks else None


def citation_coverage(answer: Answer) -> float | None:
    """Return the share of the sentences with at least one citation, or None without sentences.

    >>> from rag.types import Sentence
    >>> sentences = (Sentence("Ann led.", (1,), 1.0), Sentence("Bo did not.", (), 0.0))
    >>> citation_coverage(Answer("1", "Who?", "answered", 0.9, "", sentences))
    0.5
    """
    cited = [bool(sentence.citations) for sentence in answer.sentences]
    return sum(cited) / len(cited) if cited else None


def document_gold(citations: Iterable[Located], question: Question) -> PrecisionRecall:
    """Compare the documents cited with those that hold the answer, whether spans are known in them or not.

    Precision: cited gold documents / cited documents. Recall: cited gold documents / gold documents, or, if any gold is
    enough, 1 if one is cited. Two documents are cited, one of the two that are needed:

    >>> from eval.sets import Span
    >>> question = Question("q", "?", True, gold=(Span("a", 0, 9), Span("b", 0, 9)), need="all")
    >>> document_gold([Span("a", 90, 99), Span("c", 0, 9)], question)
    PrecisionRecall(precision=0.5, recall=0.5, f1=0.5)
    """
    cited, gold = {citation.document for citation in citations}, question.sources
    both = len(cited & gold)
    return PrecisionRecall.of(both / max(1, len(cited)), _recall(both, len(gold), question))


def span_gold(citations: Collection[Located], question: Question) -> PrecisionRecall:
    """Compare the spans cited with the gold spans: one that overlaps the other has found it.

    Precision: citations that overlap gold / citations. Recall: gold spans that a citation overlaps / gold spans, or, if
    any gold is enough, 1 if one is overlapped.

    >>> from eval.sets import Span
    >>> question = Question("q", "?", True, gold=(Span("a", 0, 9), Span("b", 0, 9)))
    >>> span_gold([Span("a", 5, 60), Span("c", 0, 9)], question)
    PrecisionRecall(precision=0.5, recall=1.0, f1=0.6666666666666666)
    """
    right = sum(any(overlap(citation, gold) for gold in question.gold) for citation in citations)
    found = sum(any(overlap(citation, gold) for citation in citations) for gold in question.gold)
    return PrecisionRecall.of(right / max(1, len(citations)), _recall(found, len(question.gold), question))


def character_gold(citations: Collection[Located], question: Question) -> PrecisionRecall:
    """Compare the characters cited with the gold characters.

    ``precision = |C ∩ G| / |C|`` and ``recall = |C ∩ G| / |G|``, or, if any gold is enough, that of the gold span that
    is covered best. A cited sentence of 40 characters holds a gold name of 10 characters:

    >>> from eval.sets import Span
    >>> question = Question("q", "?", True, gold=(Span("a", 30, 40), Span("b", 0, 10)))
    >>> character_gold([Span("a", 0, 40)], question)
    PrecisionRecall(precision=0.25, recall=1.0, f1=0.4)
    """
    choices = [[gold] for gold in question.gold] if question.need == "any" else [question.gold]
    recalls = (shared_characters(citations, gold) / max(1, total_characters(gold)) for gold in choices)
    precision = shared_characters(citations, question.gold) / max(1, total_characters(citations))
    return PrecisionRecall.of(precision, max(recalls, default=0.0))


def quotations(text: str) -> tuple[str, ...]:
    """Return the quotations of at least three words; they claim to be verbatim.

    >>> quotations('He said “nothing about us without us”, or "so".')
    ('nothing about us without us',)
    """
    found = (curly or straight for curly, straight in _QUOTED.findall(text))
    return tuple(quote for quote in found if len(quote.split()) >= 3)


def verbatim_rate(quotes: Sequence[str], texts: Iterable[str]) -> float | None:
    """Return the share of ``quotes`` that one of ``texts`` contains word for word, or None without quotes.

    White space is ignored. Quotes are those of the citations, or the ``quotations`` in an answer.

    >>> verbatim_rate(["about us", "without them"], ["nothing about\\nus without us"])
    0.5
    """
    sources = [" ".join(text.split()) for text in texts]
    found = [any(" ".join(quote.split()) in source for source in sources) for quote in quotes]
    return sum(found) / len(found) if found else None


def _marks(answer: Answer) -> list[int]:
    in_text = (int(mark) for mark in _MARK.findall(answer.answer))
    in_sentences = (mark for sentence in answer.sentences for mark in sentence.citations)
    return sorted({*in_text, *in_sentences, *(citation.mark for citation in answer.citations)})


def _holds(citation: Citation, texts: Mapping[str, str]) -> bool:
    text = texts.get(citation.document)
    return bool(citation.quote) and text is not None and text[citation.start : citation.end] == citation.quote


def _recall(found: int, gold: int, question: Question) -> float:
    return float(found > 0) if question.need == "any" else found / max(1, gold)
