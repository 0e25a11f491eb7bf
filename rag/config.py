"""The settings: one frozen record, read once where a program starts and passed down.

In rising precedence: defaults, a TOML file with a table per group, environment variables (``FOOTNOTE_`` and the
setting's name in capitals), command-line options. Unknown names in the file are errors.
"""

from __future__ import annotations

import dataclasses
import difflib
import logging
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from rag.errors import ConfigError
from rag.settings import GROUPS, Answers, Models, Retrieval, Server, Storage, group_of

__all__ = [
    "GROUPS",
    "Answers",
    "Config",
    "Models",
    "Retrieval",
    "Server",
    "Storage",
    "changed",
    "group_of",
    "load",
    "usable_cores",
]

ENVIRONMENT_PREFIX = "FOOTNOTE_"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Config(Storage, Models, Retrieval, Answers, Server):
    """All settings by name; no name occurs in two groups."""


CLOSE = 0.9
"""Likeness, 0 to 1, from which the name of a variable is taken for a misspelt one."""
WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", Path: "a path"}

Given = dict[str, tuple[Any, str]]
"""Values by the names of their settings, each with the place that it comes from."""


def load(
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Any] | None = None,
) -> Config:
    """Return the configuration from a TOML ``file``, the ``environment`` and ``overrides`` (``None`` is left out).

    Raises:
        ConfigError: the file can't be read, or a key or value is invalid.
    """
    given = _from_file(file) if file is not None else {}
    given |= _from_environment(environment)
    for name, value in (overrides or {}).items():
        if value is not None:
            given[name] = value, f"--{name.replace('_', '-')}"
    return _with_room(_validated(given))


def changed(config: Config, values: Mapping[str, Any]) -> Config:
    """Return ``config`` with other ``values`` of settings that can change while a server runs.

    Raises:
        ConfigError: there is no such setting, it needs a restart, or its value is not understood.
    """
    for name in values:
        _known(name, _types(), "the settings")
        if not Config.__dataclass_fields__[name].metadata["live"]:
            raise ConfigError(f"'{name}' can't change while the server runs; set it in the configuration and restart.")
    given = _validated({name: (value, f"'{name}'") for name, value in values.items()})
    return _with_room(dataclasses.replace(config, **{name: getattr(given, name) for name in values}))


def _with_room(config: Config) -> Config:
    """Return ``config``, if its context has room for a prompt besides the answer.

    Raises:
        ConfigError: it has not.
    """
    if config.answer_tokens > config.context // 2:
        raise ConfigError(
            f"answer_tokens ({config.answer_tokens}) leaves too little room in a context of {config.context} tokens; "
            "set it to at most half of context."
        )
    return config


def usable_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _from_environment(environment: Mapping[str, str]) -> Given:
    variables = {ENVIRONMENT_PREFIX + name.upper(): name for name in _types()}
    for variable in environment:
        # Other programs set variables of this prefix, too (Kubernetes does): they are no reason to stop.
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in variables:
            for close in difflib.get_close_matches(variable, variables, n=1, cutoff=CLOSE):
                log.warning("The variable %s is not a setting; did you mean %s?", variable, close)
    return {variables[v]: (text, f"the variable {v}") for v, text in environment.items() if v in variables}


def _from_file(file: Path) -> Given:
    given: Given = {}
    for key, value in _read(file).items():
        if key in GROUPS and isinstance(value, dict):
            names = GROUPS[key].__dataclass_fields__
            given |= {name: (found, _known(name, names, f"[{key}] of {file}")) for name, found in value.items()}
        else:
            place = _known(key, _types(), str(file))
            log.warning("%s: write '%s' in the table [%s].", file, key, group_of(key))
            given[key] = value, place
    for name, (value, place) in given.items():
        if _types()[name] is Path and isinstance(value, str):
            given[name] = file.parent / Path(value).expanduser(), place
    return given


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The configuration file {file} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration file {file} is not valid TOML: {error}.") from error


def _known(name: str, names: Iterable[str], place: str) -> str:
    """Return where the setting ``name`` was given, if it is one of ``names``.

    Raises:
        ConfigError: it isn't; the error names the closest one.
    """
    if name in names:
        return f"'{name}' in {place}"
    if name in GROUPS:
        hint = "it is the name of a table."
    elif name in _types():
        hint = f"it belongs in [{group_of(name)}]."
    elif close := difflib.get_close_matches(name, [*_types(), *GROUPS], n=1):
        hint = f"did you mean '{close[0]}'?"
    else:
        hint = "known are: " + ", ".join(sorted(names)) + "."
    raise ConfigError(f"There is an unknown name '{name}' in {place}; {hint}")


@cache
def _types() -> dict[str, Any]:
    """Return the type of each setting."""
    return get_type_hints(Config)


def _validated(given: Given) -> Config:
    """Return the configuration of ``given`` values, each converted to the type of its field and within its range."""
    if not given:
        return Config()
    from pydantic import TypeAdapter, ValidationError  # Takes a tenth of a second: only those wait who set anything.

    try:
        config = TypeAdapter(Config).validate_python({name: _plain(name, value) for name, (value, _) in given.items()})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise _refusal(name, given, f"be {WORDS.get(_types()[name], 'a list of texts')}") from None
    for setting in dataclasses.fields(config):
        value, least = getattr(config, setting.name), setting.metadata["secret"]
        low, high = setting.metadata["low"], setting.metadata["high"]
        if low < high and not low <= value <= high:
            raise _refusal(setting.name, given, f"be between {low:g} and {high:g}")
        if value and least and len(value) < least:
            raise _refusal(setting.name, given, f"have at least {least} characters ('openssl rand -hex 32' makes some)")
    return config


def _plain(name: str, value: Any) -> Any:
    """Return ``value`` in a form that only its own type can be read from."""
    kind = _types()[name]
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    if isinstance(value, str) and kind not in WORDS:
        return [item.strip() for item in value.split(",") if item.strip()]
    return [value] if isinstance(value, bool) and kind is not bool else value


def _refusal(name: str, given: Given, rule: str) -> ConfigError:
    value, place = given[name]
    shown = "" if Config.__dataclass_fields__[name].metadata["secret"] else f", not {value!r}"
    return ConfigError(f"{place} must {rule}{shown}.")
