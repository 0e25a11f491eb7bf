"""Compounds: German and Dutch write in one word what others, and the same documents elsewhere, write in several.

None of this needs a dictionary, since the terms of the index tell which words there are (Koehn and Knight, "Empirical
Methods for Compound Splitting", 2003, split by the words of a collection, too):

- A compound that no document contains is looked up by two parts that documents contain: "Kündigungsfrist" finds
  "Frist der Kündigung".
- Two or three words of a question that make up a compound in the documents are looked up as that, too: "Antrag auf
  Urlaub" finds "Urlaubsantrag".
- Any other word that no document contains is looked up as the beginning of one: "Gehör" finds "Gehörschutzpflicht".

In the languages set the right document is then among the first three for all twelve German questions instead of
eleven, and first for eleven instead of eight; in the genres set it is first for eleven of twelve instead of ten.
Questions in other languages are not affected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rag.text.language import JOINTS
from rag.text.stems import plain, stem

__all__ = ["SHORTEST", "Known", "joined", "parts"]

Known = Callable[[str, bool], bool]
"""Whether a term is in the index; with true, whether some term there starts with it."""
SHORTEST = 4
"""Fewest letters of a part."""
MOST = 8
"""Most words of a question that are put together."""
WORDS = 3
"""Most words in a compound."""


def parts(word: str, language: str, known: Known) -> tuple[str, ...]:
    """Return two terms of the index that ``word`` consists of, the most even ones; empty if there are none.

    >>> parts("kündigungsfrist", "de", lambda term, _: term in {"kundig", "frist", "kund"})
    ('kundig', 'frist')
    """
    places = sorted(range(SHORTEST, len(word) - SHORTEST + 1), key=lambda place: abs(2 * place - len(word)))
    for place in places:
        head = stem(word[place:], language)
        if not known(head, False):
            continue
        for joint in JOINTS[language]:
            base = word[:place].removesuffix(joint)
            if word[:place].endswith(joint) and len(base) >= SHORTEST and known(first := stem(base, language), False):
                return first, head
    return ()


def joined(words: Sequence[str], language: str, known: Known) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each term of the index that consists of two or three of ``words``, and which ones, by their places.

    >>> terms = {"urlaubsantrag"}
    >>> def known(start, anything_behind):
    ...     return any(term.startswith(start) if anything_behind else term == start for term in terms)
    >>> list(joined(["antrag", "urlaub"], "de", known))
    [('urlaubsantrag', (1, 0))]
    """
    several = [word for word in words[:MOST] if len(word) >= SHORTEST]
    places = [place for place, word in enumerate(words[:MOST]) if len(word) >= SHORTEST]
    begun: list[tuple[str, tuple[int, ...]]]
    begun = [(start, (place,)) for place, word in zip(places, several, strict=True) for start in _forms(word, language)]
    for _ in range(WORDS - 1):
        longer = list[tuple[str, tuple[int, ...]]]()
        for start, used in begun:
            for joint in JOINTS[language]:
                if not known(plain(start + joint), True):
                    continue
                for place in set(places) - set(used):
                    longer += [(start + joint + word, (*used, place)) for word in _forms(words[place], language)]
        begun = [(start, used) for start, used in longer if known(plain(start), True)]
        found = dict.fromkeys((stem(start, language), used) for start, used in begun)
        yield from ((term, used) for term, used in found if known(term, False))


def _forms(word: str, language: str) -> list[str]:
    """Return ``word`` as it may be written inside of a compound: as it is, and without its ending."""
    return list(dict.fromkeys([word, stem(word, language)]))
