"""Cues: words that suggest a question about several documents or a whole one, by operation and language.

They decide nothing: a question with such words goes to the language model, which chooses an operation among those the
words allow. They are written as typed, in lower case.
"""

from __future__ import annotations

__all__ = ["AUXILIARIES", "COMPARING", "CUES", "EVERYTHING", "GENERAL", "KINDS", "words"]

CUES: dict[str, dict[str, str]] = {
    "mention": {
        "en": "which what list name show any these those throughout all both",
        "de": "welche welcher welches welchen welchem liste nenne zeige alle allen beiden",
        "fr": "quel quelle quels quelles lesquels lesquelles liste énumère nomme montre tous toutes",
        "es": "cuál cuáles qué lista enumera muestra todos todas",
    },
    "count": {
        "en": "many number count",
        "de": "viele vielen anzahl",
        "fr": "combien nombre",
        "es": "cuántos cuántas número",
    },
    "first": {
        "en": "first earliest oldest",
        "de": "erste ersten erster erstes älteste ältesten ältester ältestes zuerst",
        "fr": "premier première ancien ancienne",
        "es": "primer primero primera antiguo antigua",
    },
    "last": {
        "en": "last latest newest recent",
        "de": "letzte letzten letzter letztes neueste neuesten neuester neuestes jüngste jüngsten zuletzt",
        "fr": "dernier dernière récent récente",
        "es": "última último reciente",
    },
    "order": {
        "en": "order chronological chronologically timeline sorted list",
        "de": "reihenfolge chronologisch chronologischer liste",
        "fr": "ordre chronologique liste",
        "es": "orden cronológico lista",
    },
    "needed": {
        "en": "must need needs needed should require required requires bring submit",
        "de": "muss müssen brauche braucht brauchen benötige benötigt einreichen vorlegen mitbringen",
        "fr": "faut dois doit doivent fournir présenter",
        "es": "debo debe necesito presentar",
    },
    "when": {"en": "when date dates", "de": "wann datum", "fr": "quand date dates", "es": "cuándo fecha fechas"},
    "compare": {
        "en": "compare compared compares comparing comparison contrast difference differences differ differs "
        "different common similarities versus vs changed",
        "de": "vergleiche vergleich vergleichen vergleicht unterschied unterschiede unterscheiden unterscheidet "
        "gemeinsam gemeinsamkeiten geändert",
        "fr": "compare comparer comparez comparaison différence différences diffèrent commun changé",
        "es": "compara comparar comparación diferencia diferencias común cambiado",
    },
    "each": {
        "en": "each every all both across",
        "de": "jede jeder jedes jedem jeden alle allen beide beiden sämtliche sämtlichen",
        "fr": "chaque chacun chacune tous toutes deux",
        "es": "cada todos todas ambos ambas",
    },
    "summarise": {
        "en": "summarise summarize summarised summarized summary summaries overview gist outline recap digest themes "
        "topics takeaways points changes",
        "de": "zusammenfassen zusammenfassung fasse zusammen überblick übersicht inhalt themen worum kernpunkte "
        "änderungen neuerungen",
        "fr": "résume résumer résumez résumé aperçu synthèse thèmes changements nouveautés",
        "es": "resume resumir resumen síntesis temas panorama cambios novedades",
    },
}
"""Words that ask for each operation of a plan, by language.

``when`` is another way to ask for an order. ``needed`` means that a document has to be provided or made, so the
question isn't about existing ones.
"""
GENERAL = frozenset(
    "archive collection document file folder material source text akte datei dokument sammlung unterlage "
    "fichier archivo documento".split()
)
"""Words for any document."""
KINDS = GENERAL | frozenset(
    """agreement appendix article bill book booklet brochure bylaw chapter circular contract event form
    guide guideline handbook invoice issue lease leaflet letter log manual meeting memo memorandum minute newsletter
    note notice paper policy post procedure protocol recipe record regulation report roadshow session specification
    statute survey transcript version workshop
    anleitung artikel bericht brief handbuch mietvertrag merkblatt niederschrift ordnung protokoll
    rechnung rezept richtlinie satzung sitzung vertrag
    bail compte-rendu contrat lettre manuel procès-verbal rapport recette règlement réunion
    acta carta contrato informe receta reunión""".split()
)
"""Common words for documents and their topics, in addition to those that the titles share."""
EVERYTHING = frozenset("everything all main key important alles alle tout tous todo todos".split())
"""Words beside those for a summary that name no document: "the main points of everything"."""
COMPARING = frozenset("compare vergleiche vergleichen comparer comparez compara comparar".split())
"""Words that ask for a comparison whatever is compared: "compare the two tariffs"."""
AUXILIARIES = frozenset(
    "is are was were do does did has have had can could will would should must may who when where why how "
    "ist sind war waren hat haben wird werden kann muss est sont fut ont es son fue fueron".split()
)
"""Words that don't occur between "which" and the noun."""


def words(operation: str) -> frozenset[str]:
    """Return the words that ask for ``operation``, in every language.

    >>> {"which", "welche"} <= words("mention")
    True
    """
    return frozenset(word for listed in CUES[operation].values() for word in listed.split())
