"""The examples in docstrings are what really comes; those of ``eval`` are with its metrics."""

import doctest
import importlib
import pkgutil

import pytest

import rag
import ui

MODULES = [module.name for part in (rag, ui) for module in pkgutil.walk_packages(part.__path__, f"{part.__name__}.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
