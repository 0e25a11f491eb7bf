"""The settings page: models, index, and every setting with its meaning; an administrator can change some of them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

import gradio as gr

from rag.config import Config
from rag.ports import Embedder, Generator
from rag.reference import about, meaning
from rag.settings import GROUPS
from ui.markup import escape
from ui.pages.frame import QUIET, head, head_html, scripted
from ui.service import Service
from ui.texts import ENGLISH, Texts, texts_of

__all__ = ["build", "settings_html"]

Setting = dataclasses.Field[Any]


def build(page: gr.Blocks, service: Service) -> None:
    """Add the page to ``page``."""
    name = head("settings", ENGLISH)
    shown = scripted(_view("", ENGLISH), "settings.html", ["settings.js"], elem_id="settings")

    def show(request: gr.Request) -> tuple[str, str]:
        texts = texts_of(request)
        return head_html("settings", texts), _view(settings_html(service, texts), texts)

    def refresh(request: gr.Request) -> str:
        texts = texts_of(request)
        return _view(settings_html(service, texts), texts)

    page.load(show, None, [name, shown], queue=False, **QUIET)
    shown.saved(refresh, None, [shown], queue=False, **QUIET)


def settings_html(service: Service, texts: Texts) -> str:
    """Return the models, the index and every setting with its value and meaning; secrets are hidden."""
    index = service.index.stats() if service.index else {}
    rows = {key.replace("_", " "): _figure(value, texts) for key, value in index.items()}
    parts = [f'<p class="settings-about">{escape(texts("settings.live"))}</p>']
    for group, kind in GROUPS.items():
        head = f'<h2 class="label">{group}</h2><p class="settings-about" lang="en">{_described(about(kind))}</p>'
        parts.append(head + _settings(group, kind, service.settings, texts))
    for key, table in {"models": _models(service, texts), "index": rows}.items():
        if table:
            parts += [f'<h2 class="label">{escape(texts("settings." + key))}</h2>', _table(table, texts)]
    return "".join(parts)


def _figure(value: object, texts: Texts) -> str:
    return texts.number(value) if isinstance(value, int) else str(value)


def _models(service: Service, texts: Texts) -> dict[str, str]:
    """Return the names and hashes of the models in use."""
    assistant = service.assistant if service.is_ready else None
    rows = {}
    for kind in ("generator", "embedder"):
        model: Generator | Embedder | None = getattr(assistant, kind, None)
        rows[texts(f"settings.{kind}")] = model.name if model else texts("settings.not_loaded")
        if model and model.fingerprint:
            rows[f"{texts(f'settings.{kind}')}, {texts('settings.fingerprint')}"] = model.fingerprint
    return rows


def _table(rows: Mapping[str, str], texts: Texts) -> str:
    """Return a table of names and values."""
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows.items()
    )
    return _framed(("settings.name", "settings.value"), body, texts)


def _settings(group: str, kind: type[Any], config: Config, texts: Texts) -> str:
    """Return the table of a group; the meaning of each setting is in English, as ``rag.settings`` has it."""
    body = "".join(_row(group, setting, config, texts) for setting in dataclasses.fields(kind))
    return _framed(("settings.name", "settings.value", "settings.meaning"), body, texts)


def _framed(columns: tuple[str, ...], body: str, texts: Texts) -> str:
    head = "".join(f'<th scope="col">{escape(texts(key))}</th>' for key in columns)
    return f'<table class="settings"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(group: str, setting: Setting, config: Config, texts: Texts) -> str:
    name, live = setting.name, setting.metadata["live"]
    value = f'<span class="value">{escape(_value(config, setting, texts))}</span>'
    value += _field(group, setting, getattr(config, name)) if live else ""
    mark = "" if live else f' <span class="restart">{escape(texts("settings.restart"))}</span>'
    return (
        f'<tr{" data-live" if live else ""}><th scope="row">{escape(name)}</th><td>{value}</td>'
        f'<td><span lang="en" id="about-{name}">{_described(meaning(setting))}</span>{mark}</td></tr>'
    )


def _field(group: str, setting: Setting, value: float) -> str:
    """Return the field in which a number can be changed; the server has the last word on what is allowed."""
    low, high = setting.metadata["low"], setting.metadata["high"]
    step = "1" if isinstance(value, int) else "any"
    return (
        f'<input type="number" name="{setting.name}" value="{value}" min="{low}" max="{high}" step="{step}" '
        f'data-group="{group}" aria-label="{setting.name}" aria-describedby="about-{setting.name}">'
    )


def _value(config: Config, setting: Setting, texts: Texts) -> str:
    value = getattr(config, setting.name)
    if value and setting.metadata["secret"]:
        return texts("settings.secret")
    if isinstance(value, bool):
        return str(value).lower()  # As in the configuration file.
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _described(text: str) -> str:
    """Return a description of a setting, with its examples of values as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _view(html: str, texts: Texts) -> str:
    """Return the JSON for static/settings.js."""
    words = {key: texts(f"settings.{key}") for key in ("change", "save", "cancel", "saved", "unchanged", "token")}
    words |= {"token_keep": texts("documents.token_keep"), "language": texts.language}
    return json.dumps({"html": html, "words": words}).replace("<", "\\u003c")
