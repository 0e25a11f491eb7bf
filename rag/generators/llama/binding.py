"""The part of llama.cpp that Footnote uses: one model with one context of tokens, positions, sequences and states.

The context's memory is a row of cells. Each cell holds the keys and values of one token at one position and belongs to
one or more *sequences*. Tokens decoded in a sequence attend only to the cells of that sequence and are stored in the
first free cells. Sums over cells are rounded in the order of the cells, and sums over a batch in groups of its rows, so
the result is identical to the last bit only if the same tokens are decoded together and occupy the same cells.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import GenerationError, ModelDamaged
from rag.generators.llama.grammar import Grammar
from rag.ports import Stop

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Interrupted", "Llama", "Run"]

SEQUENCES = 3
"""Sequences per context."""
OUTPUTS = 32
"""Most rows of logits from one decode."""
FLASH = 0
"""Flash attention: 0 off, 1 on (``LLAMA_FLASH_ATTN_TYPE_…``)."""
REPACK = platform.machine().lower() not in ("x86_64", "amd64")
"""Whether llama.cpp rearranges the weights for the processor when it loads them (``use_extra_bufts``).

Without it, on two kinds of x86-64 processor, a prompt of 450 tokens takes 0.7 times as long, a token of the reply 1.15
times and loading 0.3 times. Over 40 questions about documents of organisations, the median answer starts after 4.2 s
instead of 6.4 s and is complete after 6.1 s instead of 7.5 s. Not measured on ARM, which has faster code for it.
"""
BATCH = 512
"""Tokens computed together; longer inputs are split."""
INTERRUPTIBLE = 8
"""Only longer decodes can be interrupted halfway: checking costs a shorter one too much time."""
ABORTED, NO_ROOM = 2, 1
SPIN = "1000"
"""Rounds in which a thread of llama.cpp waits for the others before it sleeps (``GOMP_SPINCOUNT``).

The default of GNU OpenMP keeps it spinning for milliseconds: beside another busy process, which has taken the core of
the thread it waits for, a token then takes six times as long.
"""
SLOTS = (b"\x1a", b"\x1b", b"\x1c")
"""Placeholders for the messages when a chat template is rendered."""
THOUGHT = "<think>\n\n</think>\n\n"
"""The start of a reply without thinking, as in the templates of Qwen3 and others (``enable_thinking=False``)."""


class Interrupted(Exception):
    """A decode was stopped halfway."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive tokens from position ``begin`` in each of ``sequences``.

    Logits are returned for the last ``logits`` tokens.
    """

    tokens: Sequence[int]
    begin: int
    sequences: tuple[int, ...] = (0,)
    logits: int = 1


class Llama:
    """A GGUF model with a context of ``context`` cells, without sampling: see :meth:`decode`.

    Raises:
        ModelDamaged: the file can't be loaded as a model.
        GenerationError: not enough memory for the context.
    """

    def __init__(self, file: Path, context: int, threads: int, gpu_layers: int = 0) -> None:
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN)  # Read once, when OpenMP is loaded.
        import llama_cpp

        self._api = llama_cpp
        self.context = context
        said, _ = _listener()
        llama_cpp.llama_backend_init()
        settings = llama_cpp.llama_model_default_params()
        settings.n_gpu_layers = gpu_layers
        settings.use_extra_bufts = REPACK
        self._model = llama_cpp.llama_model_load_from_file(str(file).encode(), settings)
        if not self._model:
            raise ModelDamaged(f"{file} can't be loaded as a language model ({' '.join(said) or 'no reason'}).")
        self._stop: Stop | None = None
        self._abort = llama_cpp.ggml_abort_callback(lambda _: self._stop is not None and self._stop())
        params = self._settings(context, threads)
        self._pointer = llama_cpp.llama_init_from_model(self._model, params)
        if not self._pointer:
            raise GenerationError(f"No memory for a context of {context} tokens; set context to a smaller number.")
        self._memory = llama_cpp.llama_get_memory(self._pointer)
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._vocab_size = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self._batch = _Batch(llama_cpp, context)
        system = llama_cpp.llama_print_system_info().decode()
        self.identity = (
            f"{llama_cpp.__version__} {system} {params.type_k} {params.type_v} {threads} {BATCH} {FLASH} {REPACK}"
        )
        """Everything besides model and tokens that determines the bytes of a state."""

    def _settings(self, context: int, threads: int) -> Any:
        params = self._api.llama_context_default_params()
        params.n_ctx = params.n_batch = context
        params.n_ubatch = min(BATCH, context)
        params.n_threads = params.n_threads_batch = threads
        params.n_seq_max, params.kv_unified = SEQUENCES, True
        params.flash_attn_type = FLASH
        params.n_outputs_max = OUTPUTS  # Room for the logits of a whole batch would be 300 MB.
        return params

    def close(self) -> None:
        """Free the context and the weights; the object can't be used afterwards."""
        if self._pointer:
            self._batch.free()
            self._api.llama_free(self._pointer)
            self._api.llama_model_free(self._model)
            self._pointer = self._model = None

    # --- text

    def template(self) -> tuple[str, str, str]:
        """Return the parts of the model's chat template: before a user's message, before a reply, and between turns.

        If the model can think before it replies, the template skips that.
        """
        api = self._api
        template = api.llama_model_chat_template(self._model, None)
        turns = zip((b"user", b"assistant", b"user"), SLOTS, strict=True)
        messages = [api.llama_chat_message(role=role, content=slot) for role, slot in turns]
        buffer = ctypes.create_string_buffer(4096)
        array = (api.llama_chat_message * len(messages))(*messages)
        length = api.llama_chat_apply_template(template, array, len(messages), True, buffer, len(buffer))
        if length <= 0:
            return "", "\n", "\n"
        before, _, between, after = re.split("|".join(map(bytes.decode, SLOTS)), buffer.raw[:length].decode())
        return before, after + (THOUGHT if b"enable_thinking" in (template or b"") else ""), between

    def tokens(self, text: str, special: bool = False) -> list[int]:
        """Return the tokens of ``text``; control tokens are only recognised in ``special`` text, which is our own."""
        data = text.encode()
        room = len(data) + 8
        tokens = (self._api.llama_token * room)()
        count = self._api.llama_tokenize(self._vocab, data, len(data), tokens, room, False, special)
        if count < 0:
            raise GenerationError(f"The model's tokenizer failed on a text of {len(text)} characters.")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes of ``token``; one character may consist of several tokens."""
        buffer = ctypes.create_string_buffer(256)
        length = self._api.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(length, 0)]

    def ends(self, token: int) -> bool:
        """Return whether ``token`` ends a reply."""
        return bool(self._api.llama_vocab_is_eog(self._vocab, token))

    def grammar(self, text: str) -> Grammar:
        """Return the grammar in ``text`` for the tokens of this model; the caller must free it.

        Raises:
            GenerationError: ``text`` isn't a valid grammar.
        """
        return Grammar(self._api, self._vocab, text)

    # --- computing

    def decode(self, runs: Sequence[Run], stop: Stop | None = None) -> list[NDArray[np.float32]]:
        """Decode all ``runs`` together; return the requested logits in order, each of shape (vocabulary,).

        The arrays are llama.cpp's own memory and valid until the next decode. After an error the contents of the
        context are undefined: call ``clear``.

        Raises:
            Interrupted: ``stop()`` became true.
            GenerationError: too few free cells, or llama.cpp failed.
        """
        wanted = self._batch.fill(runs)
        count = self._batch.count
        with self._interruptible(stop if count > INTERRUPTIBLE else None):
            status = self._api.llama_decode(self._pointer, self._batch.struct)
        if status == ABORTED:
            raise Interrupted
        if status != 0:
            reason = "no room in the context" if status == NO_ROOM else f"status {status}"
            raise GenerationError(f"llama.cpp could not decode {count} tokens ({reason}).")
        return [self._logits(place) for place in wanted]

    @contextmanager
    def _interruptible(self, stop: Stop | None) -> Iterator[None]:
        """Let llama.cpp call ``stop`` after every step of its computation, if there is one."""
        if stop is None:
            yield
            return
        self._stop = stop
        self._api.llama_set_abort_callback(self._pointer, self._abort, None)
        try:
            yield
        finally:
            self._api.llama_set_abort_callback(self._pointer, self._api.ggml_abort_callback(), None)
            self._stop = None

    def _logits(self, place: int) -> NDArray[np.float32]:
        pointer = self._api.llama_get_logits_ith(self._pointer, place)
        return np.ctypeslib.as_array(pointer, shape=(self._vocab_size,))

    # --- the memory

    def clear(self) -> None:
        """Empty all cells."""
        self._api.llama_memory_clear(self._memory, False)

    def copy(self, source: int, target: int, end: int = -1) -> None:
        """Add the cells of ``source`` before position ``end`` (default: all) to ``target``."""
        self._api.llama_memory_seq_cp(self._memory, source, target, 0, end)

    def remove(self, sequence: int, begin: int = 0, end: int = -1) -> None:
        """Remove positions ``begin`` to ``end`` (exclusive) from ``sequence``; cells in no sequence become free."""
        self._api.llama_memory_seq_rm(self._memory, sequence, begin, end)

    def state(self, sequence: int) -> bytes:
        """Return the state of ``sequence``: its keys and values with their positions."""
        size = self._api.llama_state_seq_get_size(self._pointer, sequence)
        buffer = (ctypes.c_uint8 * size)()
        self._api.llama_state_seq_get_data(self._pointer, buffer, size, sequence)
        return bytes(buffer)

    def load(self, sequence: int, state: bytes) -> None:
        """Load a state from :meth:`state` into ``sequence``, in the first free cells.

        Raises:
            GenerationError: the state is from another kind of context, or there are too few free cells.
        """
        pointer = ctypes.cast(ctypes.c_char_p(state), ctypes.POINTER(ctypes.c_uint8))
        if self._api.llama_state_seq_set_data(self._pointer, pointer, len(state), sequence) != len(state):
            raise GenerationError(f"llama.cpp could not load a state of {len(state)} bytes.")


@functools.cache
def _listener() -> tuple[deque[str], Any]:
    """Collect llama.cpp's latest error messages instead of letting it write to the user's terminal.

    Returns the messages, and the callback, which must be kept alive: llama.cpp calls it until the process ends.
    """
    import llama_cpp

    said = deque[str](maxlen=5)

    def hear(level: int, text: bytes, _: Any) -> None:
        if level >= 3:
            said.append(text.decode("utf-8", "replace").strip())

    callback = llama_cpp.llama_log_callback(hear)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    return said, callback


class _Batch:
    """A ``llama_batch`` for up to ``room`` tokens, filled through views of its arrays."""

    def __init__(self, api: Any, room: int) -> None:
        self._api = api
        self.struct = api.llama_batch_init(room, 0, SEQUENCES)
        self._token, self._position, self._sequences, self._logits = (
            np.ctypeslib.as_array(array, shape=(room,))
            for array in (self.struct.token, self.struct.pos, self.struct.n_seq_id, self.struct.logits)
        )

    @property
    def count(self) -> int:
        return int(self.struct.n_tokens)

    def fill(self, runs: Sequence[Run]) -> list[int]:
        """Write ``runs`` one after the other; return the places of the tokens whose logits are requested."""
        end, wanted = 0, list[int]()
        for run in runs:
            begin, end = end, end + len(run.tokens)
            if end > len(self._token):
                raise GenerationError(f"A batch of {end} tokens does not fit a context of {len(self._token)}.")
            self._token[begin:end] = run.tokens
            self._position[begin:end] = np.arange(run.begin, run.begin + end - begin)
            self._sequences[begin:end] = len(run.sequences)
            self._logits[begin:end] = 0
            self._logits[end - run.logits : end] = 1
            wanted += range(end - run.logits, end)
            for place in range(begin, end):
                for i, sequence in enumerate(run.sequences):
                    self.struct.seq_id[place][i] = sequence
        self.struct.n_tokens = end
        return wanted

    def free(self) -> None:
        self._api.llama_batch_free(self.struct)
