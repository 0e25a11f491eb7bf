"""The settings page: current settings, models and index, read-only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import gradio as gr

from rag.config import Config
from rag.ports import Embedder, Generator
from rag.reference import meaning
from rag.settings import GROUPS
from ui.markup import escape
from ui.pages.frame import PLAIN, QUIET, head, head_html
from ui.service import Service
from ui.texts import ENGLISH, Texts, texts_of

__all__ = ["build", "settings_html"]


def build(page: gr.Blocks, service: Service) -> None:
    """Add the page to ``page``."""
    name = head("settings", ENGLISH)
    shown = gr.HTML("", elem_id="settings", **PLAIN)

    def show(request: gr.Request) -> tuple[str, str]:
        texts = texts_of(request)
        return head_html("settings", texts), settings_html(service, texts)

    page.load(show, None, [name, shown], queue=False, **QUIET)


def settings_html(service: Service, texts: Texts) -> str:
    """Return the models, the index and every setting with its value and meaning; secrets are hidden."""
    index = {key.replace("_", " "): str(value) for key, value in service.index.stats().items()} if service.index else {}
    parts = [f"<p>{escape(texts('settings.about'))}</p>"]
    for key, rows in {"models": _models(service, texts), "index": index}.items():
        if rows:
            parts += [_heading(texts("settings." + key)), _table(rows, texts)]
    for group, kind in GROUPS.items():
        meanings = {setting.name: meaning(setting) for setting in dataclasses.fields(kind)}
        values = {name: _value(service.config, name, texts) for name in meanings}
        parts += [_heading(f"{texts('settings.all')} [{group}]"), _table(values, texts, meanings)]
    return "".join(parts)


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


def _value(config: Config, name: str, texts: Texts) -> str:
    value = getattr(config, name)
    if value and Config.__dataclass_fields__[name].metadata["secret"]:
        return texts("settings.secret")
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _heading(text: str) -> str:
    return f'<h2 class="label">{escape(text)}</h2>'


def _table(rows: Mapping[str, str], texts: Texts, meanings: Mapping[str, str] | None = None) -> str:
    """Return a table of names and values; ``meanings`` of the names are a third column, in English as they are."""
    columns = ("settings.name", "settings.value", *(["settings.meaning"] if meanings else []))
    head = "".join(f'<th scope="col">{escape(texts(key))}</th>' for key in columns)
    body = ""
    for name, value in rows.items():
        body += f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td>'
        body += f'<td lang="en">{escape(meanings[name])}</td></tr>' if meanings else "</tr>"
    return f'<table class="settings"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
