"""From a prompt to tokens: the language model, run in this process by llama.cpp.

A generator keeps the :class:`~rag.types.Prompt` in its parts as long as it can. The embedded one tokenises each part
on its own (instructions, every passage, the question with its history), which has three uses: what a document says is
never read as a control token; a count of tokens is exact; and the attention state of parts that a prompt shares with
the one before is kept instead of computed again. Every part is decoded as a batch of its own, whether or not others
were kept, so that the same prompt always gives the same tokens.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rag import models
from rag.config import Config, usable_cores
from rag.errors import GenerationError, ModelDamaged
from rag.prompts import PromptFile
from rag.types import Prompt

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Generator", "LlamaGenerator", "ScriptedGenerator", "open_generator"]

Stop = Callable[[], bool]


class Generator(Protocol):
    """Writes text for prompts. ``name`` and ``fingerprint`` identify the model; ``context`` is in tokens."""

    name: str
    fingerprint: str
    context: int

    def measure(self, prompt: Prompt) -> int:
        """Return the exact number of tokens that ``prompt`` takes up, the chat template included."""
        ...

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` tokens of text, the likeliest each time; ends within a token of ``stop()``.

        Raises:
            GenerationError: the prompt and ``limit`` do not fit the context, or the model failed.
        """

    def score(self, prompt: Prompt, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the natural logarithm of the probability that the reply to ``prompt`` begins with each choice."""
        ...

    def close(self) -> None:
        """Free what the model takes up."""


def open_generator(config: Config, prompt_file: PromptFile) -> LlamaGenerator:
    """Return the generator that ``config`` names, loaded.

    Raises:
        ModelError: its weights are unknown, missing or damaged.
    """
    return LlamaGenerator(
        models.locate(config.generator, config.models),
        prompt_file,
        name=Path(config.generator).name,
        fingerprint=models.fingerprint(config.generator, config.models),
        context=config.context,
        threads=config.threads,
        gpu_layers=config.gpu_layers,
    )


class LlamaGenerator:
    """A GGUF model in a llama.cpp context of its own, decoded greedily (temperature 0).

    One question at a time: a second thread waits for the first. Closing it frees the weights.

    Raises:
        ModelDamaged: the file cannot be loaded as a model.
    """

    def __init__(
        self,
        file: Path,
        prompt_file: PromptFile,
        *,
        name: str = "",
        fingerprint: str = "",
        context: int = 4096,
        threads: int = 0,
        gpu_layers: int = 0,
    ) -> None:
        import llama_cpp

        self.name = name or file.stem
        self.fingerprint = fingerprint
        self.context = context
        self._prompt_file = prompt_file
        self._llama = llama_cpp
        self._lock = threading.Lock()
        self._stop: Stop = _never
        self._cached: list[list[int]] = []
        self._log: list[str] = []
        self._log_callback = llama_cpp.llama_log_callback(self._record)
        llama_cpp.llama_log_set(self._log_callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self._load(file, threads or usable_cores(), gpu_layers)

    def _record(self, level: int, text: bytes, _: Any) -> None:
        """Keep what llama.cpp says about errors instead of letting it write to the user's terminal."""
        if level >= 3:
            self._log = [*self._log[-4:], text.decode("utf-8", "replace").strip()]

    def _load(self, file: Path, threads: int, gpu_layers: int) -> None:
        llama = self._llama
        settings = llama.llama_model_default_params()
        settings.n_gpu_layers = gpu_layers
        self._model = llama.llama_model_load_from_file(str(file).encode(), settings)
        if not self._model:
            raise ModelDamaged(f"{file} cannot be loaded as a language model ({' '.join(self._log) or 'no reason'}).")
        params = llama.llama_context_default_params()
        params.n_ctx = self.context
        params.n_batch = params.n_ubatch = 512
        params.n_threads = params.n_threads_batch = threads
        self._abort_callback = llama.ggml_abort_callback(lambda _: self._stop())
        params.abort_callback = self._abort_callback
        self._ctx = llama.llama_init_from_model(self._model, params)
        if not self._ctx:
            raise GenerationError(f"No memory for a context of {self.context} tokens; set context to a smaller number.")
        self._memory = llama.llama_get_memory(self._ctx)
        self._vocab = llama.llama_model_get_vocab(self._model)
        self._vocab_size = llama.llama_vocab_n_tokens(self._vocab)
        self._before, self._after = self._template()

    def close(self) -> None:
        """Free the context and the weights; the generator cannot be used afterwards."""
        with self._lock:
            if self._ctx:
                self._llama.llama_free(self._ctx)
                self._llama.llama_model_free(self._model)
                self._ctx = self._model = None

    def __enter__(self) -> LlamaGenerator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- text to tokens

    def _template(self) -> tuple[str, str]:
        """Return what the model's own chat template puts before and after a user's message."""
        llama = self._llama
        template = llama.llama_model_chat_template(self._model, None)
        messages = (llama.llama_chat_message * 1)(llama.llama_chat_message(role=b"user", content=b"\x1a"))
        buffer = ctypes.create_string_buffer(4096)
        length = llama.llama_chat_apply_template(template, messages, 1, True, buffer, len(buffer))
        if length <= 0:
            return "", "\n"
        before, _, after = buffer.raw[:length].decode().partition("\x1a")
        return before, after

    def _tokens(self, text: str, special: bool = False) -> list[int]:
        """Return the tokens of ``text``; control tokens are read only in ``special`` text, which is our own."""
        data = text.encode()
        room = len(data) + 8
        tokens = (self._llama.llama_token * room)()
        count = self._llama.llama_tokenize(self._vocab, data, len(data), tokens, room, False, special)
        if count < 0:
            raise GenerationError(f"The model's tokenizer failed on a text of {len(text)} characters.")
        return list(tokens[:count])

    def _parts(self, prompt: Prompt) -> list[list[int]]:
        """Return the tokens of each part of ``prompt``, in the order in which they are decoded."""
        first = self._tokens(self._before, special=True) + self._tokens(prompt.instructions)
        passages = [self._tokens(self._prompt_file.passage(item)) for item in prompt.evidence]
        last = self._tokens(self._prompt_file.question(prompt)) + self._tokens(self._after, special=True)
        return [first, *passages, last]

    def measure(self, prompt: Prompt) -> int:
        """Return the exact number of tokens that ``prompt`` takes up."""
        return sum(map(len, self._parts(prompt)))

    # --- tokens to text

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` tokens of text (see :meth:`Generator.stream`)."""
        with self._lock, self._stopping(stop):
            logits = self._read(prompt, limit)
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            written: list[int] = []
            while logits is not None and len(written) < limit:
                token = int(np.argmax(logits))
                if self._llama.llama_vocab_is_eog(self._vocab, token) or _loops(written):
                    break
                written.append(token)
                if piece := decoder.decode(self._piece(token)):
                    yield piece
                logits = self._decode([token])

    def score(self, prompt: Prompt, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the log-probability of each choice (see :meth:`Generator.score`), by its first token.

        All are equally likely when stopped.
        """
        with self._lock, self._stopping(stop):
            logits = self._read(prompt, 1)
            if logits is None:
                return [-float(np.log(len(choices)))] * len(choices)
            top = float(np.max(logits))
            total = top + float(np.log(np.sum(np.exp(logits - top, dtype=np.float64))))
            return [float(logits[self._tokens(choice)[0]]) - total for choice in choices]

    @contextlib.contextmanager
    def _stopping(self, stop: Stop | None) -> Iterator[None]:
        """Let ``stop`` end a decode in the middle, and forget what the reply itself left in the context."""
        self._stop = stop or _never
        try:
            yield
        finally:
            self._stop = _never
            self._forget(len(self._cached))

    def _read(self, prompt: Prompt, room: int) -> NDArray[np.float32] | None:
        """Decode ``prompt`` behind what is kept of the last one; return the logits of the next token.

        The array (vocabulary,) is llama.cpp's own memory, valid until the next decode; ``None`` when stopped.
        """
        parts = self._parts(prompt)
        if sum(map(len, parts)) + room > self.context:
            raise GenerationError(f"The prompt and an answer of {room} tokens do not fit {self.context} tokens.")
        same = 0
        while same < min(len(self._cached), len(parts) - 1) and self._cached[same] == parts[same]:
            same += 1
        self._forget(same)
        logits = None
        for part in parts[same:]:
            logits = self._decode(part)
            if logits is None:
                return None
            self._cached.append(part)
        return logits

    def _forget(self, parts: int) -> None:
        """Drop everything but the first ``parts`` of what is in the context."""
        del self._cached[parts:]
        self._llama.llama_memory_seq_rm(self._memory, 0, sum(map(len, self._cached)), -1)

    def _decode(self, tokens: list[int]) -> NDArray[np.float32] | None:
        """Decode ``tokens`` behind what is in the context; ``None`` when stopped."""
        llama = self._llama
        for begin in range(0, len(tokens), 512):
            if self._stop():
                return None
            piece = tokens[begin : begin + 512]
            array = (llama.llama_token * len(piece))(*piece)
            status = llama.llama_decode(self._ctx, llama.llama_batch_get_one(array, len(piece)))
            if status == 2:
                return None
            if status != 0:
                raise GenerationError(f"llama.cpp could not decode {len(tokens)} tokens (status {status}).")
        return np.ctypeslib.as_array(llama.llama_get_logits_ith(self._ctx, -1), shape=(self._vocab_size,))

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = self._llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(length, 0)]


class ScriptedGenerator:
    """A fake: replies from a script, word by word, and records every prompt.

    ``replies`` maps a text that the question holds to the reply; ``scores`` maps it to the probability of the
    first choice of :meth:`score` (the others share the rest). A token is a word.
    """

    name = "scripted"
    fingerprint = "0" * 64

    def __init__(
        self, replies: Mapping[str, str], scores: Mapping[str, float] | None = None, context: int = 4096
    ) -> None:
        self.context = context
        self.prompts: list[Prompt] = []
        self._replies = dict(replies)
        self._scores = dict(scores or {})

    def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def measure(self, prompt: Prompt) -> int:
        """Return the number of words in all parts of ``prompt``."""
        parts = [prompt.instructions, prompt.question]
        parts += [item.passage.text for item in prompt.evidence] + [turn.content for turn in prompt.history]
        return sum(len(part.split()) for part in parts)

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield the words of the scripted reply (see :meth:`Generator.stream`)."""
        self._take(prompt, limit)
        reply = next((text for key, text in self._replies.items() if key in prompt.question), "")
        for word in re.findall(r"\S+\s*", reply)[:limit]:
            if (stop or _never)():
                return
            yield word

    def score(self, prompt: Prompt, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the logarithms of the scripted probabilities (see :meth:`Generator.score`)."""
        self._take(prompt, 1)
        scripted = next((score for key, score in self._scores.items() if key in prompt.question), 0.9)
        first = min(max(scripted, 1e-6), 1 - 1e-6)
        others = (1 - first) / max(len(choices) - 1, 1)
        return [float(np.log(first if i == 0 else others)) for i in range(len(choices))]

    def _take(self, prompt: Prompt, room: int) -> None:
        if self.measure(prompt) + room > self.context:
            raise GenerationError(f"The prompt and an answer of {room} tokens do not fit {self.context} tokens.")
        self.prompts.append(prompt)


def _never() -> bool:
    return False


def _loops(tokens: Sequence[int], length: int = 24) -> bool:
    """Return whether the last ``length`` tokens repeat those before them: a small model that will not stop."""
    return len(tokens) >= 2 * length and tokens[-length:] == tokens[-2 * length : -length]
