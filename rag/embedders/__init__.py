"""The real embedders behind the seam ``Embedder``, by sentence-transformers and by ONNX Runtime."""
