"""The settings as texts: a configuration file with their meaning, and a table for people who look one up."""

from __future__ import annotations

import dataclasses
import inspect
import json
from pathlib import Path
from typing import Any

from rag.config import Config
from rag.settings import GROUPS

__all__ = ["about", "as_table", "as_toml", "meaning", "toml_value"]

ROOT = Path(__file__).resolve().parent.parent


def as_toml(config: Config) -> str:
    """Return ``config`` as a TOML file in which each setting is explained; secrets are left out."""
    lines: list[str] = []
    for group, kind in GROUPS.items():
        lines += [f"# {line}".rstrip() for line in about(kind).splitlines()] + [f"[{group}]", ""]
        for setting in dataclasses.fields(kind):
            value = getattr(config, setting.name)
            line = f"{setting.name} = {toml_value(value)}"
            if setting.metadata["secret"]:
                line = f'# {setting.name} = ""' + ("  # It is set, and not shown." if value else "")
            lines += [f"# {meaning(setting)}", line, ""]
    return "\n".join(lines)


def as_table() -> str:
    """Return every setting with its default and meaning as Markdown, a table for each group."""
    lines = [
        "# Settings",
        "",
        "Written by `footnote config --table`. A configuration file has a table for each group.",
        "",
    ]
    for group, kind in GROUPS.items():
        lines += [f"## [{group}]", "", about(kind), "", "| setting | default | meaning |", "| --- | --- | --- |"]
        for setting in dataclasses.fields(kind):
            default = _portable(getattr(Config(), setting.name))
            lines.append(f"| `{setting.name}` | `{toml_value(default)}` | {meaning(setting)} |")
        lines.append("")
    return "\n".join(lines)


def about(kind: type) -> str:
    """Return what the settings of a group are for."""
    return inspect.cleandoc(str(kind.__doc__))


def meaning(setting: dataclasses.Field[Any]) -> str:
    """Return what a setting means and which values it may have."""
    about, low, high, least = (setting.metadata[key] for key in ("about", "low", "high", "secret"))
    if least > 1:
        return f"{about} At least {least} characters."
    return f"{about} From {low:,} to {high:,}." if low < high else str(about)


def toml_value(value: Any) -> str:
    """Return ``value`` in TOML, whose texts, numbers, switches and lists are written as in JSON."""
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _portable(value: Any) -> Any:
    """Return ``value`` without the parts of a path that are this machine's own."""
    if not isinstance(value, Path):
        return value
    if value.is_relative_to(ROOT):
        return value.relative_to(ROOT)
    return Path("~") / value.relative_to(Path.home()) if value.is_relative_to(Path.home()) else value
