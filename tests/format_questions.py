"""Ask known-answer questions on documents of eight formats, all in one index, and count by format. Run by hand:

PYTHONPATH=. python tests/format_questions.py [--formats xlsx csv] [--details]

Models and settings are the default ones. Right is an answer with every fact; an unsure one that quotes every fact is
counted apart. The questions were written before the first run; none is changed because its answer is wrong.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import office

from eval.answer_metrics import facts_found
from eval.outcomes import quoted
from eval.tables import aligned
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders import open_embedder
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.text.statements import readable
from rag.types import Answer

OUTCOMES = ("right", "unsure, quoted", "unsure, not quoted", "wrong", "refused")


class Asked(NamedTuple):
    """A question on the document of one format; each fact is a tuple of its accepted spellings."""

    format: str
    question: str
    facts: tuple[tuple[str, ...], ...]


def on(format: str, *asked: tuple[str | tuple[str, ...], ...]) -> list[Asked]:
    """Return questions on the document of ``format``: each is followed by its facts."""
    return [
        Asked(format, str(question), tuple((fact,) if isinstance(fact, str) else fact for fact in facts))
        for question, *facts in asked
    ]


QUESTIONS = [
    *on(
        "xlsx",
        ("What did the club pay for the Scorpio sea kayak?", ("£1,485", "£1,485.00", "1485 pounds")),
        ("When is the next check of the helmets?", ("24 Jan 2026", "24 January 2026")),
        ("Where is the pressure washer kept?", "lower shed"),
        ("Who coaches the rolling clinic?", "Tomasz Wilk"),
        ("How much does the white water weekend cost for someone who isn't a member?", ("£175", "£175.00")),
        ("Which course do I have to do before Junior Adventure?", "Junior Explore"),
        ("What has the club budgeted for insurance?", ("£2,340", "£2,340.00")),
        ("How much do we expect to earn from boat hire from July to September?", ("£2,840", "£2,840.00")),
        ("What surplus does the canoe club budget for 2026?", ("£8,680", "£8,680.00")),
        ("When did we buy the trailer for eight boats?", ("14 Oct 2016", "14 October 2016")),
    ),
    *on(
        "csv",
        ("What is our account number with Oakley Chocolate?", "OC-2950"),
        ("On which days does Brindle Eggs deliver?", ("Tue", "Tuesday", "Tuesdays"), ("Fri", "Friday", "Fridays")),
        ("What's the phone number of Pike Refrigeration?", "01632 960484"),
        ("Who is our contact at Kestrel Oils?", "Matteo Greco"),
        ("What is the smallest order that Ullock Sugar accepts for demerara?", ("£90", "£90.00")),
        ("When does the lease of the van run out?", ("14 August 2026", "14 Aug 2026")),
        ("How long do we have to pay Dale Packaging?", "45 days"),
        ("By when must rye flour be ordered?", ("Tuesday noon", "noon on Tuesday", "Tuesday at noon")),
        ("Who do we ring when the mixer breaks down?", ("Walt Sims", "Merlin Maintenance")),
        ("What does a level 2 hygiene course cost per person?", ("£38", "£38.00")),
    ),
    *on(
        "pptx",
        ("When does the new library open?", ("20 June",)),
        ("How big is the tram depot?", ("820 square metres", "820 m²", "820 sq m")),
        ("Who designed the new library building?", "Bramhall Oduya"),
        ("What is the agreed price of the shelving?", ("£54,200",)),
        ("What is the heaviest a packed box may be?", ("12 kg", "12kg")),
        ("Who looks after the computers and printers during the move?", "Hannah Voss"),
        ("What colour are the labels for adult fiction?", "yellow"),
        ("When can staff not take leave?", "18 May", "19 June"),
        ("Where can readers pick up reservations while the library is closed?", "Hollin Road"),
        ("How large is the funding gap that the Friends' appeal is meant to close?", ("£38,000",)),
        ("How much rent did the library pay at Garrick House?", ("£71,000",)),
    ),
    *on(
        "eml",
        ("Which engineer is coming to repair the lift?", "Lucjan Baran"),
        ("Who has the key to the lift room?", "Sheila"),
        ("What does the new door operator cost us?", ("£1,845",)),
        ("What is the purchase order number for the lift repair?", "PO-30718"),
        ("Who was stuck in the lift?", "Achterberg"),
        ("How many guests are expected at the client seminar?", ("46", "forty-six")),
        ("Where do heavy deliveries go while the lift is broken?", ("Pump Lane", "loading bay")),
        ("Until when is the quotation from Orbis Lifts valid?", "18 February 2026"),
        ("How long is the guarantee on the new lift part?", ("24 months", "two years")),
        ("Why doesn't the service contract pay for the door operator?", ("excludes doors", "doors are excluded")),
    ),
    *on(
        "pdf",
        ("What did it cost to mend the burst pipe at the allotments?", ("£1,130",)),
        ("How much is the rent for half an allotment plot?", ("£36",)),
        ("How long do people wait for a plot?", ("three years", "3 years")),
        ("When are bonfires allowed on the allotments?", "1 November", "February"),
        ("What does Mr Szymanski charge for a jar of honey?", ("£7",)),
        ("Who is judging the summer show?", "Arthur Penhaligon"),
        ("What must not go in the skip?", "tyres", "fridges", "asbestos"),
        ("How much are three bags of compost from the hut?", ("£15",)),
        ("What is the deposit for a key to the lower gate?", ("£10",)),
        ("When does the working party meet?", "last Sunday"),
    ),
    *on(
        "form",
        ("Who is organising the Whitsun Bank street party?", "Delphine Achebe"),
        ("From what time is Whitsun Bank closed?", ("11:00", "11 am", "11.00", "11")),
        ("How many people are expected at the street party?", "180"),
        ("Who insures the street party?", "Hexham Mutual"),
        ("What's the insurance policy number for the road closure?", "HM-771-20934"),
        ("What fee was paid for closing the road?", ("£28", "£28.00")),
        ("On what date is the road closed for the party?", ("7 June 2026", "7 June")),
        ("Who removes the bollards so that fire engines can get through?", "Lisle"),
        ("Which stretch of road will be shut for the street party?", "Tanner Row", "61"),
        ("Who provides first aid at the street party?", "St John"),
    ),
    *on(
        "scan",
        ("When was the water pipe in Priory Lane laid?", "1938"),
        ("When does work on the water main start?", "30 March"),
        ("Who is the site manager for the water main?", "Declan Foy"),
        ("Which contractor is replacing the main in Priory Lane?", "Rathbone Civil Engineering"),
        ("Which entrance should school buses use?", "Abbey Walk"),
        ("On which two days will the school have no water?", "14 April", "5 May"),
        ("How much bottled water will be delivered?", ("400 litres",)),
        ("What is the most that Dunmore Water pays for loss of business?", ("2,500 pounds", "£2,500")),
        ("What is the reference of the water company's letter?", "DWC/26/0093"),
    ),
    *on(
        "epub",
        ("How many beds does Calder Bridge Hostel have?", ("64", "sixty-four")),
        ("When is the front door of the hostel locked?", ("11 pm",), ("6.30 am", "6:30 am")),
        ("Where do late guests find their key?", "box 3"),
        ("What does a private room cost at the hostel?", ("£62",)),
        ("How far ahead do groups have to cancel?", ("six weeks", "6 weeks")),
        ("How much money is the float in the till?", ("£150",)),
        ("By what time does supper have to be ordered?", ("3 pm",)),
        ("Where do hostel guests gather if there is a fire?", "old weighbridge"),
        ("Who checks the extinguisher in the kitchen?", "Ravi Menon"),
        ("When is the hostel shut in winter?", "15 December", "27 December", "January"),
    ),
]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--formats", nargs="+", choices=sorted(office.MADE), default=list(office.MADE))
    options.add_argument("--details", action="store_true", help="print answer and evidence of what is not right")
    given = options.parse_args()
    with TemporaryDirectory() as made:
        measure(Path(made), [asked for asked in QUESTIONS if asked.format in given.formats], given.details)


def measure(place: Path, questions: Sequence[Asked], details: bool) -> None:
    """Make the documents, put them all into one index, ask ``questions``, and print what came of each."""
    folder = place / "documents"
    folder.mkdir()
    for name, content in office.files():
        (folder / name).write_bytes(content)
    config = replace(Config(), index=place / "index")
    embedder = open_embedder(config)
    with create_index(config, embedder) as index:
        if failed := ingest([folder], index, embedder, config).failed:
            raise SystemExit(f"not read: {failed}")
    counts = {asked.format: Counter[str]() for asked in questions}
    with Assistant.open(config) as assistant:
        for asked in questions:
            answer = assistant.ask(asked.question)
            outcome = outcome_of(answer, asked)
            counts[asked.format][outcome] += 1
            print(f"{asked.format:5} {outcome:18} {asked.question}", flush=True)
            if details and outcome != "right":
                explain(answer, asked)
    tell(counts)


def outcome_of(answer: Answer, asked: Asked) -> str:
    """Return one of ``OUTCOMES``."""
    if answer.status == "abstained":
        return "refused"
    if answer.status == "unsure":
        return "unsure, quoted" if all(facts_found(quoted(answer), asked.facts)) else "unsure, not quoted"
    return "right" if all(facts_found(answer.answer, asked.facts)) else "wrong"


def explain(answer: Answer, asked: Asked) -> None:
    """Print what was said and read instead of the facts."""
    print(f"      wanted {asked.facts}, path {answer.path}, confidence {answer.confidence:.2f}")
    print(f"      {answer.receipt['signals']}")
    print(*(f"      > {line}" for line in answer.answer.splitlines()), sep="\n")
    for item in answer.evidence:
        text = readable(item.passage).replace("\n", "\n        ")
        print(f"      [{item.rank}] {item.passage.document}\n        {text}", flush=True)


def tell(counts: dict[str, Counter[str]]) -> None:
    """Print the outcomes by format, and of all."""
    rows = {**counts, "all": sum(counts.values(), Counter[str]())}
    lines = [["", *OUTCOMES, "of", "right"]]
    for name, found in rows.items():
        share = f"{100 * found['right'] / found.total():.0f} %"
        lines.append([name, *(str(found[outcome]) for outcome in OUTCOMES), str(found.total()), share])
    print(*aligned(lines, right=range(1, len(lines[0]))), sep="\n")


if __name__ == "__main__":
    main()
