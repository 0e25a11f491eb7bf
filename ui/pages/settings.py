"""The settings page: current settings, models and index, read-only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import gradio as gr

from rag.config import Config
from rag.ports import Embedder, Generator
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
    """Return the models, the index and every setting with its value; secrets are hidden."""
    index = {key.replace("_", " "): str(value) for key, value in service.index.stats().items()} if service.index else {}
    tables = {"models": _models(service, texts), "index": index, "all": _values(service.config, texts)}
    parts = [f"<p>{escape(texts('settings.about'))}</p>"]
    for key, rows in tables.items():
        if rows:
            parts += [f'<h2 class="label">{escape(texts("settings." + key))}</h2>', _table(rows, texts)]
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


def _values(config: Config, texts: Texts) -> dict[str, str]:
    """Return each setting; fields excluded from the record's repr are secrets."""
    rows = {}
    for setting in dataclasses.fields(config):
        value = getattr(config, setting.name)
        if not setting.repr:
            value = texts("settings.secret") if value else ""
        rows[setting.name] = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return rows


def _table(rows: Mapping[str, str], texts: Texts) -> str:
    head = "".join(f'<th scope="col">{escape(texts(key))}</th>' for key in ("settings.name", "settings.value"))
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows.items()
    )
    return f'<table class="settings"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
