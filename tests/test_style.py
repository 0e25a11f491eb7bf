"""How long the functions are: what a reader has to hold in mind at once. How many branches they have, ruff checks."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
MEDIAN, NINE_OF_TEN, LONGEST = 7, 18, 40


def lengths() -> Iterator[tuple[int, str]]:
    """Yield the lines of each function, its docstring aside, and where it is."""
    for folder in ("rag", "ui", "eval"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    place = f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
                    yield (node.end_lineno or node.lineno) - node.lineno + 1 - documented(node), place


def documented(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1 if ast.get_docstring(node) is not None else 0


def test_functions_are_short():
    found = sorted(lengths(), reverse=True)
    lines = [length for length, _ in found]
    assert len(lines) > 1000
    assert [place for length, place in found if length > LONGEST] == []
    assert median(lines) <= MEDIAN
    assert quantiles(lines, n=10)[-1] <= NINE_OF_TEN
