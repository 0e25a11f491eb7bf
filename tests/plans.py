"""Questions about invented collections, and what is to be done for each: ``none`` where it is an ordinary question."""

from __future__ import annotations

from rag.catalogue import Titles
from rag.ports import DocumentInfo

__all__ = ["ORDINARY", "PLANNED", "info", "titles"]


def info(name: str, title: str = "", date: str = "") -> DocumentInfo:
    """Return what is known of a document."""
    return DocumentInfo(name, title, date, "text/plain", "", name, "", 0, 1, 0, (), "")


def titles() -> Titles:
    """Return the titles of an allotment society's papers, a kitchen's recipes, leases, a manual and two policies."""
    return Titles.of(
        [
            info("minutes-ashford.txt", "Minutes of the Ashford meeting", "2021-05-03"),
            info("minutes-dover.txt", "Minutes of the Dover meeting", "2021-06-07"),
            info("rye.md", "Rye loaf recipe"),
            info("honey.md", "Honey cake recipe"),
            info("dishwasher.pdf", "Dishwasher X200 manual"),
            info("ashford-lease.txt", "Lease of the Ashford garden", "2015-01-01"),
            info("dover-lease.txt", "Lease of the Dover garden", "2018-01-01"),
            info("mietvertrag.txt", "Mietvertrag Gartenweg 4", "2019-03-01"),
            info("satzung-2010.txt", "Satzung des Vereins 2010", "2010"),
            info("satzung-2020.txt", "Satzung des Vereins 2020", "2020"),
            info("reglement.txt", "Règlement intérieur"),
            info("expenses-2019.md", "Expenses policy 2019", "2019"),
            info("expenses-2022.md", "Expenses policy 2022", "2022"),
        ]
    )


PLANNED = [
    ("Which of the minutes mention the water tank?", "mention"),
    ("Which recipes contain rye flour?", "mention"),
    ("Which documents talk about overtime pay?", "mention"),
    ("In which letters is Captain Marsh named?", "mention"),
    ("Which policies say anything about working from home?", "mention"),
    ("How many of the documents mention timebanking?", "count mention"),
    ("How many documents are in this collection?", "count"),
    ("Which lease is the oldest?", "first"),
    ("Which meeting came last?", "last"),
    ("What did the most recent newsletter say about the car park?", "last"),
    ("List all the meetings in chronological order.", "order"),
    ("When was each meeting held?", "each order"),
    ("Compare the Ashford and the Dover lease.", "compare"),
    ("What is the difference between the 2019 and the 2022 policy on expenses?", "compare"),
    ("How do the rye recipe and the honey cake recipe differ in baking time?", "compare"),
    ("What was decided about the hedge at each meeting?", "each"),
    ("Who signed each of the contracts?", "each"),
    ("What temperature does each recipe need?", "each"),
    ("Summarise the Dover lease.", "summarise"),
    ("Give me an overview of the collection.", "summarise"),
    ("Can you give me a short summary of the dishwasher manual?", "summarise"),
    ("What are the main themes across all the meetings?", "summarise"),
    ("What are the key topics of the documents?", "summarise"),
    ("Which themes run through all of these papers?", "summarise"),
    ("What are the main changes in the expenses policy of 2022?", "summarise"),
    ("Welche Änderungen gibt es in der Satzung 2020?", "summarise"),
    ("Welche Rezepte enthalten Hefe?", "mention"),
    ("Wie viele Protokolle gibt es?", "count"),
    ("Fasse den Mietvertrag zusammen.", "summarise"),
    ("Vergleiche die Satzung von 2010 mit der Satzung von 2020.", "compare"),
    ("Quels documents mentionnent le jardin partagé ?", "mention"),
    ("Résume le règlement intérieur.", "summarise"),
]
"""Questions with the operations that answer them."""
ORDINARY = [
    "When is the election?",
    "Where is the laptop?",
    "Who is the treasurer?",
    "How many people came to the Leeds workshop?",
    "Which partitions does the GPU cluster have?",
    "Which sections of the policy apply to contractors?",
    "How many members does the committee have?",
    "What is the difference between a full and an associate member?",
    "What is the first thing to do when the alarm in the manual goes off?",
    "List the ingredients of the rye loaf recipe.",
    "What are all the fees named in the contract?",
    "Who must sign every contract?",
    "How much does each form cost?",
    "What does the policy say about mobile phones?",
    "Which policy number does the insurance have?",
    "How long must records be kept?",
    "When was the lease signed?",
    "What documents do I need to apply for a loan?",
    "How many pages may a report have?",
    "What should I do before every meeting?",
    "Which documents must a visitor bring?",
    "Wie hoch ist die Kaution im Mietvertrag?",
    "Welche Unterlagen muss ich für den Antrag einreichen?",
    "Wer leitet die Sitzung, wenn der Vorsitzende fehlt?",
    "Quel est le premier article du contrat ?",
    "Combien de livres puis-je emprunter ?",
    "What are the last two digits on the form?",
    "Who attended the meeting in Dover?",
    "What happens if the tenant changes the locks?",
    "Who must be told of changes to the rota?",
    "When do the changes to the expenses policy come into force?",
    "Which changes need the consent of the landlord?",
]
"""Questions that a document or two answer, among them many that look as if they were on all of them."""
