"""Torch -> ONNX with 8-bit weights, and back."""

import io
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor

from planaria_policy.semantics.network import Network
from planaria_policy.semantics.quiet import plain_graph


def exported(network: Network) -> bytes:
    """The network as it ships: (ids, mask) -> logits and vectors, any number of texts of any length."""
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder, "whole.onnx"), Path(folder, "small.onnx")
        ids = torch.ones((2, 9), dtype=torch.int64)
        names = {"ids": {0: "texts", 1: "tokens"}, "mask": {0: "texts", 1: "tokens"}}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network.eval().float(), (ids, torch.ones_like(ids)), str(whole), dynamo=False, opset_version=17,
                input_names=["ids", "mask"], output_names=["fault", "severity", "vectors"],
                dynamic_axes={**names, "fault": {0: "texts"}, "severity": {0: "texts"}, "vectors": {0: "texts"}},
            )  # fmt: skip
        with plain_graph():
            quantize_dynamic(whole, small, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
        buffer = io.BytesIO()
        onnx.save(onnx.load(small), buffer)
        return buffer.getvalue()


def weights(network: bytes) -> dict[str, Tensor]:
    """By the names that `Network` has for them, all that is trained: the inverse of `exported`, up to the rounding."""
    graph = onnx.load_from_string(network).graph
    held = {tensor.name: np.array(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    found = {
        name: torch.from_numpy(values) for name, values in held.items() if name.endswith((".weight", ".bias"))
    }
    for node in graph.node:
        if node.op_type == "MatMulInteger" and node.input[1] in held:
            whole = node.input[1].removesuffix("_quantized")
            matrix = held[node.input[1]].astype(np.float32) * held[f"{whole}_scale"]
            found[_module(node.name)] = torch.from_numpy(np.ascontiguousarray(matrix.T))
    return found


def _module(node: str) -> str:
    """`/bert/encoder/layer.0/output/dense/MatMul_quant` -> `bert.encoder.layer.0.output.dense.weight`."""
    return node.rpartition("/")[0].strip("/").replace("/", ".") + ".weight"
