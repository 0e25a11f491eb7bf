"""llama.cpp in this process: one model, its attention states, and how a prompt is read into it."""

from rag.generators.llama.generator import LlamaGenerator

__all__ = ["LlamaGenerator"]
