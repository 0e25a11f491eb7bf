"""Suggested questions: those to begin with, those that may follow an answer, and the word that a question may mean.

Each question of :mod:`rag.questions` is kept only if the search for it finds the passage that it was made from first.
Where nothing good can be made, there are fewer. The language model is not needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from rag.catalogue import Titles, title_of
from rag.planning.plans import possible
from rag.ports import DocumentInfo, Filter, Index
from rag.questions import ALIKE, Suggestion, alike, questions
from rag.text.spelling import meant
from rag.types import Answer, Evidence, Passage

__all__ = ["Suggestions"]

LOOKED_AT = 40
"""Most passages of a document, and most searches, for one set of suggestions."""
SPREAD = 12
"""Most documents from which the first questions are made."""
NEAR = 4
"""Passages on either side of an answer's passages that may suggest the next question."""
READ = 30
"""Passages in which the word that a question may mean is searched."""


Search = Callable[[str, int], Sequence[Evidence]]
"""Returns up to so many passages for a question, best first."""


class Suggestions:
    """Makes questions from ``index`` and checks them with ``search``; ``known`` words are spelt correctly."""

    def __init__(self, index: Index, search: Search, known: Callable[[str], bool]) -> None:
        self._index = index
        self._search = search
        self._known = known

    def first(self, most: int = 4) -> list[str]:
        """Return up to ``most`` questions to begin with, of as many documents as possible."""
        infos = self._index.documents()
        step = -(-len(infos) // SPREAD) or 1
        named = _named(infos)
        makers = [self._of(info, named) for info in infos[::step]]
        return [found.question for found in self._checked(_in_turn(makers), infos, (), most)]

    def after(self, answer: Answer, asked: Sequence[str] = (), most: int = 3) -> list[str]:
        """Return up to ``most`` questions about the passages near an answer; nothing that was ``asked`` or answered."""
        told = [(cited.document, cited.start, cited.end) for cited in answer.citations]
        names = dict.fromkeys(item.passage.document for item in answer.evidence)
        names = dict.fromkeys([name for name, *_ in told] or list(names)[:1])
        infos = self._index.documents()
        named = _named(infos)
        makers = [self._near(info, named, answer) for name in names for info in infos if info.name == name]
        new = (one for one in _in_turn(makers) if not _is_told(one, told))
        return [found.question for found in self._checked(new, infos, (answer.question, *asked), most)]

    def meant(self, answer: Answer) -> tuple[str, str] | None:
        """Return the word that the question of an answer may mean in place of one that no document contains.

        The question with that word comes second. ``None`` if the question was answered, or nothing is near.
        """
        if answer.status == "answered":
            return None
        texts = [item.passage.text for item in self._search(answer.question, READ)]
        titles = [title_of(info) for info in self._index.documents()]
        return meant(answer.question, [*texts, *titles], self._known)

    def all(self, most: int) -> list[Suggestion]:
        """Return up to ``most`` checked questions of all documents, for measuring them."""
        infos = self._index.documents()
        named = _named(infos)
        return self._checked(_in_turn(self._of(info, named) for info in infos), infos, (), most, 100 * most)

    def _of(self, info: DocumentInfo, named: Counter[str]) -> list[Suggestion]:
        ids = self._index.passage_ids(Filter.of([info.name]))[:LOOKED_AT]
        return self._made(info, named, self._index.passages(ids))

    def _near(self, info: DocumentInfo, named: Counter[str], answer: Answer) -> list[Suggestion]:
        """Return the questions about the passages of a document that are near those of ``answer``, nearest first."""
        ids = self._index.passage_ids(Filter.of([info.name]))
        at = [ids.index(item.passage.id) for item in answer.evidence if item.passage.id in ids]
        distance = {id: min((abs(n - one) for one in at), default=n) for n, id in enumerate(ids)}
        near = [id for id in ids if distance[id] <= NEAR]
        made = self._made(info, named, self._index.passages(near))
        return sorted(made, key=lambda one: (distance[one.passage.id] > 1, one.kind))

    def _made(self, info: DocumentInfo, named: Counter[str], passages: Sequence[Passage]) -> list[Suggestion]:
        return questions(self._index.document(info.name), passages, named[info.title] == 1)

    def _checked(
        self,
        made: Iterable[Suggestion],
        infos: Sequence[DocumentInfo],
        asked: Sequence[str],
        most: int,
        patience: int = LOOKED_AT,
    ) -> list[Suggestion]:
        """Return up to ``most`` of ``made`` that the search answers from their passages, each about something else."""
        kept, known = list[Suggestion](), list(asked)
        titles = Titles.of(infos)
        for tried, one in enumerate(made):
            if len(kept) >= most or tried >= patience:
                break
            if any(alike(one.question, other) >= ALIKE for other in known) or possible(one.question, titles):
                continue
            found = self._search(one.question, 1)
            if found and found[0].passage.id == one.passage.id:
                kept.append(one)
                known.append(one.question)
        return kept


def _named(infos: Iterable[DocumentInfo]) -> Counter[str]:
    """Return how many documents have each title."""
    return Counter(info.title for info in infos)


def _is_told(one: Suggestion, told: Collection[tuple[str, int, int]]) -> bool:
    name = one.passage.document
    return any(name == cited and one.start < end and start < one.end for cited, start, end in told)


def _in_turn(made: Iterable[Sequence[Suggestion]]) -> Iterator[Suggestion]:
    """Yield the first of each list, the most natural ones first, then the second of each, and so on."""
    rows = list(made)
    for place in range(max(map(len, rows), default=0)):
        yield from sorted((row[place] for row in rows if place < len(row)), key=lambda one: one.kind)
