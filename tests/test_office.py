"""Every fact that `format_questions` asks for is read from the document that it asks about."""

import office
import pytest
from format_questions import QUESTIONS
from scans import needs_tesseract

from eval.answer_metrics import facts_found
from rag.documents import read_all
from rag.types import Document


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=needs_tesseract) if kind == "scan" else kind for kind in office.MADE]
)
def test_the_facts_are_read(kind, tmp_path):
    [(name, content)] = office.files([kind])
    (tmp_path / name).write_bytes(content)
    text = "\n".join(item.text for item in read_all(tmp_path / name, name) if isinstance(item, Document))
    asked = [question for question in QUESTIONS if question.format == kind]
    assert len(asked) > 8
    assert [question for question in asked if not all(facts_found(text, question.facts))] == []
