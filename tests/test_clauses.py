"""Passages never part a clause from its number, nor a table from its caption."""

import re

import pytest

from rag.citations import Claim
from rag.passages import cut
from rag.types import Document, Evidence, Passage
from rag.verification.spans import support


class Words:
    """Counts words."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of the words of ``text``."""
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


CLAUSE = "The tenant of the mill pays the rent for each month in advance, and the landlord sends a receipt for it."


@pytest.mark.parametrize("number", ["{}.", "({})", "§ {}", "Clause {}", "1.{}.2", "Artikel {}:", "3.{}(a)", "{}.2.a)"])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_number_on_a_line_of_its_own_goes_with_its_clause(number, gap):
    text = "\n\n".join(number.format(n) + gap + CLAUSE for n in range(1, 13))
    passages = cut(Document("a.txt", text, "0", "text/plain"), Words(), 60)
    assert len(passages) > 3
    assert not any(passage.text.endswith(number.format(n)) for passage in passages for n in range(1, 13))


@pytest.mark.parametrize("row", ["| P{} | £{}0 |", "P{} | £{}0", "P{}    lower field    £{}0"])
def test_a_caption_goes_with_its_table(row):
    tables = [f"Rents of field {n}\n\n" + "\n".join(row.format(m, m) for m in range(1, 5)) for n in range(1, 9)]
    text = "\n\n".join(f"{CLAUSE}\n\n{table}" for table in tables)
    passages = cut(Document("a.txt", text, "0", "text/plain"), Words(), 60)
    assert len(passages) > 3
    assert not any(re.search(r"Rents of field \d$", passage.text) for passage in passages)


CLAUSES = (
    "Agreement\n\n1. Rent is paid monthly.\n2. The roof is repaired.\n3. The keys stay here.\n4. No pets are kept."
)


@pytest.mark.parametrize("form", ["{}. ", "{}) ", "({}) "])
def test_what_a_clause_says_is_supported_by_the_clause_with_its_number(form):
    lines = [line.partition(". ") for line in CLAUSES.split("\n")]
    text = "\n".join(form.format(number) + rest if rest else number for number, _, rest in lines)
    asked = form.format(3).strip(" .)(§")
    evidence = [Evidence(Passage("a.docx", 0, len(text), text, "Agreement"), 1.0, 1)]
    question = f"What does clause {asked} say?"
    drafts = [Claim(f"Clause {asked} says that {what}.") for what in ("the keys stay here", "the roof is repaired")]
    right, wrong = support(drafts, evidence, question)
    assert right and wrong and right.score > 0.5 and wrong.score == 0
