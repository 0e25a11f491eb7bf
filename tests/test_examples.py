"""The examples in docstrings are what really comes; those of ``eval`` are with its metrics."""

import doctest
import importlib
import pkgutil

import pytest

import rag


@pytest.mark.parametrize("name", [module.name for module in pkgutil.walk_packages(rag.__path__, "rag.")])
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
