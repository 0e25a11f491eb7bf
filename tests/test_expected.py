"""Which drafts may be an answer at all."""

import pytest

from rag.citations import parse
from rag.expected import answers
from rag.types import Prompt


@pytest.mark.parametrize(
    ("question", "draft", "answered"),
    [
        ("In which building was the Kiel day?", "Kiel.", False),
        ("In which building was the Kiel day?", "The Kiel day was held in a building. In Kiel.", False),
        ("In which building was the Kiel day?", "Kiel. The Old Customs House.", True),
        ("How many came to Kiel?", "12", True),
        ("Apart from Kiel and Oslo, in which city was it?", "In Oslo.", False),
        ("Who came to the Kiel day?", "The source tells of late arrivals.", False),
        ("Was the day in Kiel?", "The sources say that it was in Oslo.", True),
        ("Tell me of the Kiel day.", "The Kiel day.", False),
        ("the kiel day?", "The Kiel day?", False),
        ("After lunch, is the day in Kiel?", "Yes.", True),
        ("And is the day in Kiel?", "The day is in Kiel.", True),
        ("the kiel day?", "It was in May.", True),
        ("Was the day in Kiel?", "Yes, the day was in Kiel.", True),
        ("Was the day in Kiel?", "Yes.", True),
        ("Who came to the Kiel day?", "Yes.", False),
        ("Which came first, Kiel or Oslo?", "Kiel", True),
        ("Which of the two was in Kiel?", "The one in Kiel.", True),
        ("Who printed Ann Lee's book?", "Ann Lee printed the book of boats.", False),
        ("Who printed Ann Lee's book?", "Ann Lee wrote it. Bo Ek printed it.", True),
        ("Who is Ann Lee?", "Ann Lee is a printer.", True),
        ("Who printed it, Ann Lee or Bo Ek?", "Ann Lee printed it.", True),
        ("And which building?", "The building in Kiel", False),
    ],
)
def test_a_draft_that_repeats_the_question_is_no_answer(question, draft, answered):
    prompt = Prompt("", (), question, earlier="Was the day in Kiel?" if question.startswith("And") else "")
    assert answers(parse(draft), prompt) == answered


@pytest.mark.parametrize(
    ("question", "draft", "answered"),
    [
        ("How many boats are there?", "Boats for the harbour.", False),
        ("How many boats are there?", "Boats for the harbour. Seven.", True),
        ("How many people may come?", "Several from each club", True),
        ("On the ferry, how many sailors are there?", "Sailors from Oslo", True),
        ("And when was it?", "Old Customs House", False),
        ("When was it held?", "In the second week after Easter", True),
        ("When it comes to boats, what helps?", "Old paint", True),
        ("When's the fair?", "In Leeds", False),
        ("How long has she run it?", "350 copies", False),
        ("How long has she run it?", "Since she came", True),
        ("How long is the old quay?", "It is 120 m long.", True),
        ("In which year did he join?", "1. The Harbour Trust", False),
        ("In which year did he join?", "In 2011", True),
        ("What is Ann Lee's phone number?", "Head of Boats", False),
        ("What is Ann Lee's phone number?", "960 214", True),
        ("And what's his number?", "Bo Ek", False),
        ("What is the email address of the office?", "Town Hall", False),
        ("What is the email address of the office?", "boats@port.example", True),
        ("Who has a phone?", "Ann Lee", True),
        ("What is the procedure for changing my phone number?", "Ask Ann Lee.", True),
        ("How do I change my email address?", "Ask Ann Lee.", True),
    ],
)
def test_an_answer_is_of_the_kind_that_is_asked_for(question, draft, answered):
    assert answers(parse(draft), Prompt("", (), question)) == answered
