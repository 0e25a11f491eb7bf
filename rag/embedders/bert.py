"""A BERT encoder (Devlin et al., 2019) as an ONNX graph, built in memory from the published weights.

The graph is built node by node with ONNX Runtime's fused operators and uses the weights as loaded. It needs neither
torch nor a second copy on disk that could be damaged or out of date. Its vectors equal those of sentence-transformers
to about 1e-6.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["is_plain", "session"]

INPUTS = ("ids", "mask")
FUSED = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""
STEPS = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
"""The modules of a sentence-transformers model that is BERT with mean pooling; vectors are always normalised."""

Weights = dict[str, NDArray[np.float32]]


def is_plain(folder: Path) -> bool:
    """Return whether ``session`` supports the model in ``folder``: plain BERT with mean pooling.

    Everything else is left to sentence-transformers: other architectures, other pooling, prompts.
    """
    try:
        steps = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        if [step["type"].rsplit(".", 1)[-1] for step in steps] not in STEPS or steps[0]["path"]:
            return False
        pooling = _table(folder / steps[1]["path"] / "config.json")
        bert, reading = _table(folder / "config.json"), _table(folder / "sentence_bert_config.json")
        library = _table(folder / "config_sentence_transformers.json")
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return (
        bert.get("model_type") == "bert"
        and bert.get("hidden_act") == "gelu"
        and bert.get("position_embedding_type", "absolute") == "absolute"
        and [mode for mode, used in pooling.items() if mode.startswith("pooling_mode") and used]
        == ["pooling_mode_mean_tokens"]
        and not reading.get("do_lower_case")
        and not any(library.get("prompts", {}).values())
    )


def session(folder: Path) -> InferenceSession:
    """Return the encoder in ``folder``, ready to run on one thread (any number of threads may run it at once).

    Its inputs are ``ids`` and ``mask``, int32 of shape (texts, tokens); the mask is 1 for tokens and 0 for the padding
    after them. Its output is unit vectors, float32 of shape (texts, dimension).

    Raises:
        Exception: the weights are damaged or have another shape; the libraries share no narrower type.
    """
    import onnxruntime
    from safetensors.numpy import load_file

    config = _table(folder / "config.json")
    weights = {name.removeprefix("bert."): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    graph = _Graph({name: tensor.astype(np.float32, copy=False) for name, tensor in weights.items()}, config)
    onnxruntime.disable_telemetry_events()  # Some builds have them.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # It would store a plan for every batch shape.
    options.log_severity_level = 3
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for name, tensor in graph.constants.items()}
    options.add_external_initializers(list(values), list(values.values()))
    return onnxruntime.InferenceSession(graph.bytes(), options, providers=["CPUExecutionProvider"])


def _table(file: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


class _Graph:
    """The nodes of the encoder in the order of computation, and the arrays they use."""

    def __init__(self, weights: Weights, config: dict[str, Any]) -> None:
        self.constants: dict[str, NDArray[Any]] = {}
        self._weights = weights
        self._nodes: list[Any] = []
        self._width = int(config["hidden_size"])
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config["layer_norm_eps"])
        states, lengths = self._embeddings()
        for number in range(int(config["num_hidden_layers"])):
            states = self._layer(f"encoder.layer.{number}.", states, lengths)
        self._mean(states)

    def bytes(self) -> bytes:
        """Return the model in ONNX's format, without the arrays."""
        from onnx import TensorProto, helper

        inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "tokens"]) for name in INPUTS]
        output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", self._width])
        arrays = [_elsewhere(name, tensor) for name, tensor in self.constants.items()]
        graph = helper.make_graph(self._nodes, "bert", inputs, [output], initializer=arrays)
        versions = [helper.make_opsetid("", 12), helper.make_opsetid(FUSED, 1)]
        data: bytes = helper.make_model(graph, opset_imports=versions, ir_version=8).SerializeToString()
        return data

    def _embeddings(self) -> list[str]:
        """Add the normalised sum of the embeddings; return it and the number of tokens of each text."""
        table = self._weights
        place = "embeddings.position_embeddings.weight"
        table[place] = table[place] + table["embeddings.token_type_embeddings.weight"][0]
        arrays = [self._array("embeddings.word_embeddings.weight"), self._array(place), ""]
        norm = self._norm("embeddings.LayerNorm")
        inputs = ["ids", "", *arrays, *norm, "mask"]
        return self._node("EmbedLayerNormalization", inputs, FUSED, outputs=2, epsilon=self._epsilon)

    def _layer(self, name: str, states: str, lengths: str) -> str:
        """Add one layer: attention, then the feed-forward network."""
        parts = [f"{name}attention.self.{part}" for part in ("query", "key", "value")]
        for kind in ("weight", "bias"):
            self._weights[f"{name}all.{kind}"] = np.concatenate([self._weights[f"{part}.{kind}"] for part in parts])
        inputs = [states, self._matrix(f"{name}all"), self._array(f"{name}all.bias"), lengths]
        (taken,) = self._node("Attention", inputs, FUSED, num_heads=self._heads)
        states = self._added(f"{name}attention.output", taken, states)
        (wide,) = self._node("MatMul", [states, self._matrix(f"{name}intermediate.dense")])
        (wide,) = self._node("BiasGelu", [wide, self._array(f"{name}intermediate.dense.bias")], FUSED)
        return self._added(f"{name}output", wide, states)

    def _added(self, name: str, taken: str, states: str) -> str:
        """Add ``taken``, multiplied by a matrix, to ``states``, and normalise."""
        (narrow,) = self._node("MatMul", [taken, self._matrix(f"{name}.dense")])
        inputs = [narrow, states, *self._norm(f"{name}.LayerNorm"), self._array(f"{name}.dense.bias")]
        (states,) = self._node("SkipLayerNormalization", inputs, FUSED, epsilon=self._epsilon)
        return states

    def _mean(self, states: str) -> None:
        """Add the normalised mean over each text's tokens (after normalisation, a sum is equivalent)."""
        (mask,) = self._node("Cast", ["mask"], to=1)
        (mask,) = self._node("Unsqueeze", [mask], axes=[1])
        (total,) = self._node("MatMul", [mask, states])
        (total,) = self._node("Squeeze", [total], axes=[1])
        self._node("LpNormalization", [total], names=["vectors"], axis=1, p=2)

    def _node(
        self,
        operator: str,
        inputs: list[str],
        domain: str = "",
        outputs: int = 1,
        names: list[str] | None = None,
        **how: Any,
    ) -> list[str]:
        """Add a node and return the names of its outputs."""
        from onnx import helper

        names = names or [f"{len(self._nodes)}.{output}" for output in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, domain=domain, **how))
        return names

    def _array(self, name: str) -> str:
        self.constants[name] = self._weights[name]
        return name

    def _matrix(self, name: str) -> str:
        """Return the name of a layer's weights, transposed for ONNX: (inputs, outputs)."""
        self.constants[name] = np.ascontiguousarray(self._weights[f"{name}.weight"].T)
        return name

    def _norm(self, name: str) -> list[str]:
        return [self._array(f"{name}.weight"), self._array(f"{name}.bias")]


def _elsewhere(name: str, tensor: NDArray[Any]) -> Any:
    """Return the description of an array that the session receives separately from the model."""
    from onnx import TensorProto, helper

    kind = helper.np_dtype_to_tensor_dtype(tensor.dtype)
    described = TensorProto(name=name, dims=tensor.shape, data_type=kind, data_location=TensorProto.EXTERNAL)
    described.external_data.add(key="location", value="memory")
    return described
