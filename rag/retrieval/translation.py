"""Questions in another language than the documents: the words of a question, translated to search with.

An embedder that knows both languages needs none of this. The default one knows English only, and the words of a German
question are in no English document, so the language model translates them, under a grammar. A generator without
grammars doesn't translate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rag.ports import Embedder, Generator, Stop
from rag.retrieval.hybrid import knows
from rag.tasks import TaskFile
from rag.text.detection import language_of_question
from rag.text.language import NAMES

__all__ = ["Translator", "language_to_search"]

LIMIT = 40
"""Most tokens of the translated words."""
GRAMMAR = r"""root ::= " " item (", " item){0,5} "\n"
item ::= word (" " word){0,2}
word ::= [^ ,|:;.?!\n]{1,30}
"""
UNKNOWN = ""


def language_to_search(question: str, texts: Iterable[str], embedder: Embedder) -> str:
    """Return the language of the documents if ``question`` is in another one that ``embedder`` doesn't relate to it.

    ``texts`` are those of the best passages for the question as it is asked: if there are documents in its language,
    some of them are among these. Empty if one is, if the language of the question is unknown, or if ``embedder`` knows
    both languages. Only as many texts are read as the result needs.
    """
    asked = language_of_question(question, UNKNOWN)
    if not asked:
        return ""
    read, languages = list[str](), Counter[str]()
    for text in texts:
        language = language_of_question(text, UNKNOWN)
        if language == asked:
            return ""
        read.append(text)
        languages.update([language] if language else [])
    if not languages or min(knows(embedder, [question]), knows(embedder, read)) > 0.5:
        return ""
    return languages.most_common(1)[0][0]


class Translator:
    """Translates words of questions with ``generator`` and the prompt ``task``."""

    def __init__(self, generator: Generator, task: TaskFile) -> None:
        self._generator = generator
        self.task = task

    def words(self, question: str, language: str, stop: Stop | None = None) -> tuple[str, ...]:
        """Return the important words of ``question`` in ``language`` (ISO 639-1); nothing if they can't be translated.

        They are without duplicates, in the model's order.
        """
        if language not in NAMES or not self._generator.capabilities.grammar:
            return ()
        task = self.task.completion(question=" ".join(question.split()), language=NAMES[language].capitalize())
        if self._generator.measure(task) + LIMIT > self._generator.context:
            return ()
        text = "".join(self._generator.complete(task, LIMIT, GRAMMAR, stop))
        whole = text if text.endswith("\n") else text.rpartition(",")[0]  # the last one may have been cut off
        return tuple(dict.fromkeys(word for part in whole.split(",") if (word := part.strip())))
