"""Example responses for the OpenAPI description; tests check them against real ones."""

from __future__ import annotations

from typing import Any

__all__ = [
    "ADDED",
    "ANSWER",
    "ASK",
    "CHANGED",
    "COMPLETION",
    "DELETED",
    "DOCUMENT",
    "DOCUMENTS",
    "FEEDBACK",
    "MCP",
    "MCP_REQUEST",
    "MODEL",
    "MODELS",
    "OVERVIEW",
    "PASSAGE",
    "SEARCH",
    "UNSURE",
]

Responses = dict[int | str, dict[str, Any]]

ANSWER: dict[str, Any] = {
    "id": "0d8f7a3c21be",
    "question": "What was the venue of the Cardiff roadshow?",
    "status": "answered",
    "confidence": 0.93,
    "answer": "Location: Cardiff Millennium Centre [1]",
    "sentences": [{"text": "Location: Cardiff Millennium Centre", "citations": [1], "support": 1.0}],
    "citations": [
        {
            "mark": 1,
            "document": "003_2751ee3485e30d0d.txt",
            "title": "Cardiff Co-production Roadshow",
            "start": 78,
            "end": 113,
            "quote": "Location: Cardiff Millennium Centre",
            "page": None,
            "header": "",
        }
    ],
    "evidence": [{"document": "003_2751ee3485e30d0d.txt", "start": 0, "end": 640, "score": 1.0}],
    "query": "",
    "path": "read",
    "notes": [],
    "stopped": False,
    "receipt": {
        "index_generation": 5,
        "embedder": {"name": "all-MiniLM-L6-v2", "sha256": "53aa5117…"},
        "generator": {"name": "qwen2.5-coder-1.5b-instruct", "sha256": "cc324af0…"},
        "prompt_sha256": "4b1f6c02…",
        "settings": {"evidence": 3, "min_confidence": 0.5},
    },
    "timings": {"retrieval_s": 0.03, "first_token_s": 1.4, "total_s": 3.2},
}
UNSURE: dict[str, Any] = {
    **ANSWER,
    "id": "5b1e09d4c7a2",
    "question": "Which hall in Cardiff can be hired for a roadshow?",
    "status": "unsure",
    "confidence": 0.44,
    "answer": "The documents do not say this outright. This may answer it:\n"
    "- “Location: Cardiff Millennium Centre” [1]",
}
EVENTS = """event: phase
data: {"name": "searching", "text": "Searching the documents"}

event: quote
data: {"document": "003_2751ee3485e30d0d.txt", "title": "Cardiff …", "start": 78, "end": 113, "quote": "Location: …"}

event: token
data: {"text": "Location"}

event: sentence
data: {"text": "Location: Cardiff Millennium Centre", "citations": [1], "support": 1.0}

event: citation
data: {"mark": 1, "document": "003_2751ee3485e30d0d.txt", "start": 78, "end": 113, "quote": "Location: Cardiff …"}

event: answer
data: {"status": "answered", "answer": "Location: Cardiff Millennium Centre [1]"}

"""
FACTS = {
    "id": "003_2751ee3485e30d0d.txt",
    "title": "Cardiff Co-production Roadshow",
    "date": "2011-03-11",
    "media_type": "text/plain",
    "sha256": "2751ee3485e30d0d…",
    "characters": 8127,
    "passages": 14,
    "pages": 0,
    "empty_pages": [],
    "ingested_at": "2011-12-01T09:00:00+00:00",
    "newest_version": "",
    "newest_title": "",
}
FOUND = {
    "rank": 1,
    "score": 1.0,
    "dense": 0.71,
    "lexical": 9.4,
    "document": "003_2751ee3485e30d0d.txt",
    "title": "Cardiff Co-production Roadshow",
    "date": "2011-03-11",
    "section": "",
    "start": 0,
    "end": 35,
    "page": None,
    "text": "Location: Cardiff Millennium Centre",
}
STRETCH = {
    "document": "003_2751ee3485e30d0d.txt",
    "title": "Cardiff Co-production Roadshow",
    "date": "2011-03-11",
    "page": None,
    "start": 78,
    "end": 113,
    "quote": "Location: Cardiff Millennium Centre",
    "text": "…\nLocation: Cardiff Millennium Centre\n…",
    "text_start": 76,
    "text_end": 115,
    "characters": 8127,
    "newest_version": "",
    "newest_title": "",
}
OVERVIEW_OF = {
    "document": "003_2751ee3485e30d0d.txt",
    "headings": [{"text": "What we heard", "start": 702, "end": 715, "level": 1}],
    "facts": [{"text": "Location: Cardiff Millennium Centre", "start": 78, "end": 113, "level": 1}],
}


def _problem(error: str, message: str) -> dict[str, Any]:
    return {"description": message, "content": {"application/json": {"example": {"error": error, "message": message}}}}


def _json(description: str, example: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"example": example}}}


NOT_FOUND = _problem("bad_document", "There is no such document.")
ASK: Responses = {
    200: {
        "description": "The answer object; its `status` is answered, unsure (the documents may answer it: "
        "`sentences` are quotes) or abstained. As a stream: phase, quote, token, sentence, citation, answer, error",
        "content": {
            "application/json": {"examples": {"answered": {"value": ANSWER}, "unsure": {"value": UNSURE}}},
            "text/event-stream": {"example": EVENTS},
        },
    },
    400: _problem("bad_question", "The question is empty; ask something."),
    404: _problem("bad_document", "There is no collection 'minutes'. /api/documents lists what there is."),
    422: _problem("invalid_request", "history[2].content: Field required"),
    429: _problem("too_many", "You have too many questions waiting. Ask again in a moment."),
    503: _problem("too_many", "Too many questions are waiting. Ask again in a moment."),
    504: _problem("deadline", "There was no answer in time."),
}
SEARCH: Responses = {200: _json("The passages, best first", {"passages": [FOUND]}), 404: NOT_FOUND}
DOCUMENTS: Responses = {200: _json("The documents", {"documents": [FACTS]})}
DOCUMENT: Responses = {200: _json("The document", FACTS), 404: NOT_FOUND}
OVERVIEW: Responses = {200: _json("What the document is about", OVERVIEW_OF), 404: NOT_FOUND}
PASSAGE: Responses = {200: _json("The span and the text around it", STRETCH), 404: NOT_FOUND}
NEW = {"id": "report.pdf", "change": "added", "empty_pages": [], "same_as": ""}
TOKEN = _problem("token_refused", "This needs the admin token.")
ADDED: Responses = {
    201: _json("The document can be asked about now", NEW),
    401: TOKEN,
    413: _problem("http", "The request is too large."),
    422: _problem("bad_document", "The document can't be read; the message says why."),
}
DELETED: Responses = {204: {"description": "The document was deleted"}, 401: TOKEN, 404: NOT_FOUND}
FEEDBACK: Responses = {201: _json("The feedback was saved for review", {"id": "9f86d081884c7d65"})}
CHANGED: Responses = {
    200: _json("What is used from the next question on", {"evidence": 4}),
    401: TOKEN,
    422: _problem("setting", "'evidence' must be between 1 and 64, not 0."),
}


def _openai_problem(param: str | None, code: str, message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    return _json(message, {"error": {"message": message, "type": kind, "param": param, "code": code}})


REPLY: dict[str, Any] = {
    "id": "chatcmpl-0d8f7a3c21be",
    "object": "chat.completion",
    "created": 1322730000,
    "model": "footnote",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Location: Cardiff Millennium Centre [1]\n\n[1] Cardiff Co-production Roadshow "
                "(003_2751ee3485e30d0d.txt), characters 78–113\n    “Location: Cardiff Millennium Centre”",
                "citations": ANSWER["citations"],
                "footnote": ANSWER,
            },
            "finish_reason": "stop",
            "logprobs": None,
        }
    ],
    "usage": {"prompt_tokens": 11, "completion_tokens": 51, "total_tokens": 62},
}
CHUNKS = """: keep-alive

data: {"id": "chatcmpl-0d8f7a3c21be", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {…}}]}

data: [DONE]

"""
ENTRY = {"id": "footnote", "object": "model", "created": 0, "owned_by": "footnote"}
NO_MODEL = _openai_problem("model", "model_not_found", "The model 'gpt-4' does not exist. Use 'footnote'.")
COMPLETION: Responses = {
    200: {
        "description": "The answer with a list of sources; `citations` and `footnote` are in the message, in a stream "
        "in the last chunk with a choice",
        "content": {"application/json": {"example": REPLY}, "text/event-stream": {"example": CHUNKS}},
    },
    400: _openai_problem("n", "unsupported_value", "n: Footnote gives one answer. Leave this out, or set it to 1."),
    404: NO_MODEL,
    429: _openai_problem(None, "too_many", "You have too many questions waiting.", "rate_limit_error"),
}
MODELS: Responses = {200: _json("The models", {"object": "list", "data": [ENTRY]})}
MODEL: Responses = {200: _json("The model", ENTRY), 404: NO_MODEL}
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "ask", "arguments": {"question": "What was the venue of the Cardiff roadshow?"}},
}
MCP_REQUEST = {"requestBody": {"required": True, "content": {"application/json": {"example": CALL}}}}
MCP: Responses = {
    200: _json(
        "The response to a JSON-RPC request; as a stream, progress comes before it",
        {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": ANSWER["answer"]}]}},
    ),
    202: {"description": "A notification was received"},
}
