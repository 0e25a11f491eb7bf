"""The requests that Open WebUI sends to an OpenAI-compatible server, written after its source.

The bodies have the fields of ``routers/openai.py`` (its own ``metadata`` stays behind) and of ``routers/tasks.py``; the
prompts have the headings, tags, keys and order of the default templates, in other words.
"""

from __future__ import annotations

from typing import Any

HEADERS = {
    "Authorization": "Bearer sk-none",
    "X-OpenWebUI-User-Name": "Ann",
    "X-OpenWebUI-User-Id": "5d0b8a52",
    "X-OpenWebUI-User-Role": "user",
    "X-OpenWebUI-Chat-Id": "0f6c",
}
TOOL = {
    "type": "function",
    "function": {"name": "get_current_timestamp", "description": "…", "parameters": {"type": "object"}},
}


def chat(question: str, earlier: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """Return the body for a question in the chat, with what the settings of a model may add."""
    messages = [{"role": "system", "content": "You are the assistant of our council."}, *(earlier or [])]
    return {
        "stream": True,
        "model": "footnote",
        "messages": [*messages, {"role": "user", "content": question}],
        "stream_options": {"include_usage": True},
        "temperature": 0.7,
        "top_p": 0.9,
        "seed": 7,
        **more,
    }


def task(prompt: str, **more: Any) -> dict[str, Any]:
    return {"model": "footnote", "messages": [{"role": "user", "content": prompt}], "stream": False, **more}


def quoted(turns: list[dict[str, str]]) -> str:
    said = "\n".join(f"{turn['role'].upper()}: {turn['content']}" for turn in turns)
    return f"<chat_history>\n{said}\n</chat_history>"


def title(turns: list[dict[str, str]]) -> dict[str, Any]:
    prompt = (
        "### Task:\nName the conversation in two to four words.\n"
        "### Guidelines:\n- No emojis.\n- Use the language of the chat.\n- Reply with the raw JSON object alone.\n"
        '### Output:\nJSON format: { "title": "the title" }\n'
        '### Examples:\n- { "title": "Stock Trends" },\n- { "title": "Cookies" }\n'
        f"### Chat History:\n{quoted(turns)}"
    )
    return task(prompt, max_completion_tokens=1000)


def follow_ups(turns: list[dict[str, str]]) -> dict[str, Any]:
    prompt = (
        "### Task:\nSuggest 3-5 questions that the **user** may ask next.\n"
        '### Guidelines:\n- Reply with a JSON object with a "follow_ups" key.\n'
        '### Output:\nJSON format: { "follow_ups": ["Question 1?", "Question 2?"] }\n'
        f"### Chat History:\n{quoted(turns)}"
    )
    return task(prompt)


def tags(turns: list[dict[str, str]]) -> dict[str, Any]:
    prompt = (
        "### Task:\nFind 1-3 broad tags for the themes of the chat.\n\n"
        '### Guidelines:\n- If the chat is short, use only ["General"]\n\n'
        '### Output:\nJSON format: { "tags": ["tag1", "tag2"] }\n\n'
        f"### Chat History:\n{quoted(turns)}"
    )
    return task(prompt)


def queries(turns: list[dict[str, str]]) -> dict[str, Any]:
    prompt = (
        "### Task:\nDecide whether a search is needed, and for what.\n\n"
        '### Guidelines:\n- Reply **only** in the format { "queries": ["query1", "query2"] }.\n'
        '- If nothing needs to be found: { "queries": [] }.\n\n'
        '### Output:\nStrictly return in JSON format: \n{\n  "queries": ["query1", "query2"]\n}\n\n'
        f"### Chat History:\n{quoted(turns)}\n"
    )
    return task(prompt)


def autocompletion(turns: list[dict[str, str]], typed: str) -> dict[str, Any]:
    prompt = (
        "### Task:\nYou complete text. Go on with the text in `<text>`, as `<type>` says.\n\n"
        '### **Instructions**:\n1. If unsure, return: `{ "text": "" }`.\n\n'
        '### **Output Rules**:\n- Respond only in JSON format: `{ "text": "<your_completion>" }`.\n\n'
        "### **Examples**:\nInput:\n<type>General</type>\n<text>The sun was</text>\nOutput:\n"
        '{ "text": "going down." }\n\n---\n'
        f"### Context:\n{quoted(turns)}\n<type>search query</type>  \n<text>{typed}</text>  \n#### Output:\n"
    )
    return task(prompt)


def choice_of_tools(turns: list[dict[str, str]]) -> dict[str, Any]:
    """Return the body with which tools are chosen for models that don't call them themselves."""
    instructions = (
        f"Available Tools: {[TOOL['function']]}\n\nChoose the tools for the query.\n\n- Return the JSON object.\n\n"
        '- If none fits: \n   {\n     "tool_calls": []\n   }\n'
    )
    history = "\n".join(f'{turn["role"].upper()}: """{turn["content"]}"""' for turn in turns[::-1][:4])
    messages = [
        {"role": "system", "content": instructions},
        {"role": "user", "content": f"Query: History:\n{history}\nQuery: {turns[-1]['content']}"},
    ]
    return {"model": "footnote", "messages": messages, "stream": False}
