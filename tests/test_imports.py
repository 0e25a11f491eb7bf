"""The import graph of the program: no cycle, no import upward, engines behind their ports, SQL in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("rag", "ui", "eval")
COMPOSITION = {"rag.cli", "rag.commands"}
"""Modules that put the program together: the only ones of ``rag`` that may import ``ui`` and ``eval``."""
OPENERS = {
    "rag.indexes.sqlite": {"rag.indexes.opening", "rag.indexes.upkeep"},
    "rag.indexes.milvus": {"rag.indexes.opening"},
}
"""Folder of an engine, and the modules outside it that may import it: what opens an index, and what keeps it whole."""
PIECES = {
    ("eval.bench.suite", "rag.generators.scripted"),
    ("eval.bench.synthetic", "rag.embedders.hashed"),
    ("rag.indexes.opening", "rag.generators.llama.states"),
}
"""What is taken from the folders of other engines all the same: fakes to measure with, and the kept attention states,
which are told what an index removes."""
SQL = re.compile(
    r"^\s*(SELECT\s.+\sFROM\s|INSERT\s+(OR \w+ )?INTO\s|DELETE\s+FROM\s|UPDATE\s+\w+\s+SET\s|CREATE\s+\w+\s|PRAGMA\s)"
)


@cache
def modules() -> dict[str, ast.Module]:
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return {name_of(file): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def found_imports(node: ast.AST, typing: bool) -> Iterator[str]:
    """Yield what is imported below ``node``, at whatever time; for type checkers alone where ``typing`` is set."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            if typing:
                yield from (name for part in child.body for name in found_imports(ast.Module([part], []), False))
            children = child.orelse
            yield from (name for part in children for name in found_imports(ast.Module([part], []), typing))
        elif isinstance(child, ast.Import) and not typing:
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and not typing:
            assert child.level == 0 and child.module, "imports are absolute"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from found_imports(child, typing)


@cache
def graph(typing: bool) -> dict[str, set[str]]:
    """Return by module the modules of the program that it imports: when it runs, or for type checkers alone."""
    known = modules()

    def target(name: str) -> str | None:
        return name if name in known else name.rpartition(".")[0] if name.rpartition(".")[0] in known else None

    return {
        module: {found for name in found_imports(tree, typing) if (found := target(name)) and found != module}
        for module, tree in known.items()
    }


def every_import() -> Iterator[tuple[str, str]]:
    for typing in (False, True):
        yield from ((module, other) for module, others in graph(typing).items() for other in others)


def test_the_graph_sees_what_is_there() -> None:
    assert "rag.ports" in graph(False)["rag.retrieval.hybrid"]
    assert "rag.indexes.sqlite.index" in graph(False)["rag.indexes.opening"], "imports inside functions count"
    assert len(modules()) > 150


@pytest.mark.parametrize("typing", [False, True], ids=["running", "with types"])
def test_no_module_imports_itself_over_others(typing: bool) -> None:
    edges = dict(graph(False))
    if typing:
        for module, others in graph(True).items():
            edges[module] = edges[module] | others
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail("imports in a circle: " + " <- ".join(error.args[1]))


def test_nothing_imports_upward() -> None:
    upward = [
        (module, other)
        for module, other in every_import()
        if module.startswith("rag") and module not in COMPOSITION and not other.startswith("rag")
    ]
    assert not upward, "rag imports neither ui nor eval"


@pytest.mark.parametrize("engine", OPENERS)
def test_an_engine_is_imported_by_what_opens_it_alone(engine: str) -> None:
    importers = {
        module for module, other in every_import() if other.startswith(engine) and not module.startswith(engine)
    }
    assert importers == OPENERS[engine]


def test_other_engines_are_imported_by_the_packages_that_open_them_alone() -> None:
    folders = ("rag.embedders.", "rag.generators.", "rag.rerankers.")
    taken = {
        (module, other)
        for module, other in every_import()
        if other.startswith(folders) and not f"{module}.".startswith(folders)
    }
    assert taken == PIECES


def test_the_ports_know_no_engine() -> None:
    others = {other for module, other in every_import() if module == "rag.ports"}
    assert others <= {"rag.types"}


def test_sql_stands_in_the_folder_of_its_engine_alone() -> None:
    outside = {name: tree for name, tree in modules().items() if not name.startswith("rag.indexes.sqlite")}
    assert not [name for name, others in imported_libraries(outside).items() if "sqlite3" in others]
    texts = [
        (name, node.value)
        for name, tree in outside.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    assert not texts
    inside = [name for name in modules() if name.startswith("rag.indexes.sqlite")]
    assert any(SQL.match(str(n.value)) for m in inside for n in ast.walk(modules()[m]) if isinstance(n, ast.Constant))


def test_clients_of_engines_are_imported_in_their_folders_alone() -> None:
    for library, folder in (("pymilvus", "rag.indexes.milvus"), ("sqlite3", "rag.indexes.sqlite")):
        users = [name for name, others in imported_libraries(modules()).items() if library in others]
        assert users and all(name.startswith(folder) for name in users)


def imported_libraries(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    return {
        name: {found.partition(".")[0] for typing in (False, True) for found in found_imports(tree, typing)}
        for name, tree in trees.items()
    }
