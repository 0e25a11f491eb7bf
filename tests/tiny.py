"""Tiny models with random weights, saved as the published ones are, and their files on a hub of the tests' own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers import Server

WORDS = "where is the river stone harbour candle meadow lantern orchard copper violin query passage : . ?".split()
LONGEST = 64
REVISION = "f" * 40
HEAD = ("2_Dense", "3_LayerNorm", "4_Dense")
"""Where the parts of a cross-encoder's head are saved."""


def tokenizer(folder: Path) -> int:
    """Save a tokenizer of whole words; return how many it knows."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    names = [*special.values(), *WORDS]
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(names)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    template = "[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", [("[CLS]", 2), ("[SEP]", 3)]
    made.post_processor = processors.TemplateProcessing(*template)
    PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=LONGEST, **special).save_pretrained(folder)
    return len(names)


def encoder(folder: Path, architecture: str, half: bool = False) -> Path:
    """Save an encoder without a head, BERT or ModernBERT."""
    import torch
    import transformers

    torch.manual_seed(5)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    special = {"pad_token_id": 0, "bos_token_id": 2, "cls_token_id": 2, "eos_token_id": 3, "sep_token_id": 3}
    sizes |= {"vocab_size": tokenizer(folder), "max_position_embeddings": LONGEST, "initializer_range": 0.5}
    config = getattr(transformers, f"{architecture}Config")(**sizes, **(special if architecture != "Bert" else {}))
    model = getattr(transformers, f"{architecture}Model")(config)
    (model.to(torch.bfloat16) if half else model).save_pretrained(folder)
    return folder


def embedder(folder: Path, architecture: str = "Bert", pooling: str = "mean", half: bool = False) -> Path:
    """Save an embedder in ``folder`` and return where: an encoder, its tokens pooled."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

    base = Transformer(str(encoder(folder / "base", architecture, half)))
    saved = folder / "embedder"
    SentenceTransformer(modules=[base, Pooling(32, pooling_mode=pooling), Normalize()]).save(str(saved))
    table = {"max_seq_length": LONGEST, "do_lower_case": False}  # as the published ones say it
    (saved / "sentence_bert_config.json").write_text(json.dumps(table))
    return saved


def reranker(folder: Path) -> Path:
    """Save a cross-encoder in ``folder`` and return where: ModernBERT and a head in modules of its own, as Ettin's."""
    import torch
    from sentence_transformers import CrossEncoder
    from sentence_transformers.base.modules import Dense, Transformer
    from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling

    base = Transformer(str(encoder(folder / "base", "ModernBert")))
    torch.manual_seed(6)
    names = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
    wide = Dense(32, 32, bias=False, activation_function=torch.nn.GELU(), **names)
    narrow = Dense(32, 1, activation_function=torch.nn.Identity(), **names | {"module_output_name": "scores"})
    saved = folder / "reranker"
    CrossEncoder(modules=[base, Pooling(32, pooling_mode="cls"), wide, LayerNorm(32), narrow]).save(str(saved))
    return saved


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a saved model that the registry would list, the weights first."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = [name for name in names if name not in ("README.md", "model.safetensors") and not name.startswith(".")]
    return {name: (folder / name).read_bytes() for name in ("model.safetensors", *names)}


def publish(
    server: Server,
    name: str,
    kind: str,
    files: Mapping[str, bytes],
    pinned: Sequence[str] = (),
    prompts: Mapping[str, str] | None = None,
) -> str:
    """Put ``files`` on the hub and return the table that registers them, those in ``pinned`` with size and hash."""
    entries = []
    for file, data in files.items():
        server.add_hub_file(f"maker/{name}", REVISION, file, data, large=file.endswith((".safetensors", ".gguf")))
        known: dict[str, Any] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        table = {"name": file} | (known if file in pinned else {})
        entries.append("{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items()) + " }")
    lines = [f'["{name}"]', f'kind = "{kind}"', 'licence = "Apache-2.0"', 'description = "made up"']
    if prompts:
        lines.append("prompts = { " + ", ".join(f"{key} = {json.dumps(text)}" for key, text in prompts.items()) + " }")
    sources = f'{{ path = "FOOTNOTE_WEIGHTS" }}, {{ hub = "maker/{name}", revision = "{REVISION}" }}'
    return "\n".join([*lines, f"files = [{', '.join(entries)}]", f"sources = [{sources}]", ""])


CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""A chat template as many models have it."""


def generator(folder: Path, template: str = CHATML) -> Path:
    """Save a language model of one layer that knows single bytes and a few marks, and return its GGUF file."""
    import numpy as np

    marks = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
    tokens = [*marks, *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    kinds = [2, 3, 3, 3, 3, 4, 4, *[6] * 256, 1]  # unknown, control, of the user's own, byte, ordinary
    width, inner = 32, 64
    fields: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.context_length": 2048,
        "llama.embedding_length": width,
        "llama.block_count": 1,
        "llama.feed_forward_length": inner,
        "llama.attention.head_count": 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [0.0] * len(tokens),
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": template,
    }
    shapes = {"token_embd": (len(tokens), width), "output_norm": (width,), "blk.0.attn_norm": (width,)}
    shapes |= {f"blk.0.attn_{part}": (width, width) for part in ("q", "k", "v", "output")}
    shapes |= {"blk.0.ffn_norm": (width,), "blk.0.ffn_gate": (inner, width), "blk.0.ffn_up": (inner, width)}
    shapes |= {"blk.0.ffn_down": (width, inner)}
    random = np.random.default_rng(9)
    arrays = {f"{name}.weight": random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    file = folder / "tiny.gguf"
    file.write_bytes(_gguf(fields, arrays))
    return file


def _gguf(fields: Mapping[str, Any], arrays: Mapping[str, Any]) -> bytes:
    """Return a file in the format GGUF, version 3."""
    from struct import pack

    def text(value: str) -> bytes:
        return pack("<Q", len(value.encode())) + value.encode()

    def typed(value: Any) -> tuple[int, bytes]:
        if isinstance(value, list):
            parts = [typed(item) for item in value]
            kind = 5 if isinstance(value[0], int) else parts[0][0]  # with a sign in a list, without one alone
            return 9, pack("<IQ", kind, len(parts)) + b"".join(data for _, data in parts)
        if isinstance(value, str):
            return 8, text(value)
        return (4, pack("<I", value)) if isinstance(value, int) else (6, pack("<f", value))

    head = b"GGUF" + pack("<IQQ", 3, len(arrays), len(fields))
    for key, value in fields.items():
        kind, data = typed(value)
        head += text(key) + pack("<I", kind) + data
    body = b""
    for name, array in arrays.items():
        body += bytes(-len(body) % 32)
        sizes = array.shape[::-1]
        head += text(name) + pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, 0, len(body))
        body += array.tobytes()
    return head + bytes(-len(head) % 32) + body
