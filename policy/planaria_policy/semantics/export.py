"""Torch -> ONNX with 8-bit weights."""

import io
import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from planaria_policy.semantics.network import Network


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
        quantize_dynamic(whole, small, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
        buffer = io.BytesIO()
        onnx.save(onnx.load(small), buffer)
        return buffer.getvalue()
