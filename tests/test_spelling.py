"""Mistyped words of a question, put right from the evidence."""

import pytest

from rag.spelling import corrected
from rag.types import Evidence, Passage

TEXT = (
    "Demetria Cacafranca, Carol Taylor and Rabiyah Latif had spoken of the council. The plenary session closed. "
    "A Nightrider runs."
)
EVIDENCE = [Evidence(Passage("a.txt", 0, len(TEXT), TEXT, "Manchester Communication Academy"), 1.0, 1)]
KNOWN = {
    word.strip(".,:").lower()
    for word in f"{TEXT} Manchester Communication Academy Carl Demetrio what did say and".split()
}


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("demetria cacafranka", "demetria Cacafranca"),
        ("carol tayler?", "carol Taylor?"),
        ("rabiya latif", "Rabiyah latif"),
        ("MANCHESTER COMUNICATION ACADAMY", "MANCHESTER Communication Academy"),
        ("WHO CLOSD MANCHESTER ACADAMY", "who closed manchester Academy"),
        ("who closd teh plenery sesion", "who closed the plenary session"),
        ("What did Carl Tayler say, and Demetrio Latif?", "What did Carol Taylor say, and Demetrio Latif?"),
        ("rabiya lateef, wat council?", "Rabiyah Latif, what council?"),
        ("lateef", "lateef"),
        ("did carol tyalor close?", "did carol Taylor close?"),
        ("the night rider and the night-rider", "the Nightrider and the Nightrider"),
        ("taylor and rabiyah", "taylor and rabiyah"),
        ("who havent spoken, who cant speak", "who havent spoken, who cant speak"),
        ("Who is Wat Tyler?", "Who is Wat Tyler?"),
        ("Wat is it?", "what is it?"),
        ("Who spoke in Newcastle?", "Who spoke in Newcastle?"),
        ("Who is Philippa Collins?", "Who is Philippa Collins?"),
        ("Caro?", "Carol?"),
        ("wich organistion, and wehre", "which organisation, and where"),
        ("sessions", "sessions"),
        ("", ""),
        ("£250K 🎉 日本", "£250K 🎉 日本"),
    ],
)
def test_only_what_is_nowhere_and_alike_is_put_right(asked, read):
    assert corrected(asked, EVIDENCE, lambda word: word.lower() in KNOWN) == read


def test_without_evidence_nothing_changes():
    assert corrected("demetria cacafranka", [], lambda word: False) == "demetria cacafranka"
