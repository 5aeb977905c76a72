"""From a trained network to the file that is served."""

import hashlib
import io
import warnings
from typing import Any

import torch

from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.serving.file import Manifest, PolicyFile
from planaria_policy.spaces.choices import CATEGORIES, HEADS
from planaria_policy.spaces.sights import NODE_SIGHTS, SIGHTS

INPUTS = ("facts", "nodes")
OUTPUTS = ("category", "value", *HEADS)


def exported(network: PolicyNetwork, about: dict[str, Any]) -> PolicyFile:
    """Any number of questions and of nodes goes through one file. `about` says where the network comes from."""
    facts = torch.zeros(2, network.shape.facts)
    nodes = torch.zeros(2, 3, network.shape.node_facts)
    questions, candidates = torch.export.Dim("questions"), torch.export.Dim("candidates")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about its own inside
        program = torch.onnx.export(
            network.eval(),
            (facts, nodes),
            dynamo=True,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_shapes=({0: questions}, {0: questions, 1: candidates}),
            verbose=False,
        )
    held = io.BytesIO()
    program.save(held)
    body = held.getvalue()
    digest = hashlib.sha256(body).hexdigest()
    manifest = Manifest(
        id="planaria-ppo",
        version=digest[:12],
        checksum=digest,
        categories=tuple(category.value for category in CATEGORIES),
        heads=tuple(HEADS),
        sights=tuple(SIGHTS),
        node_sights=tuple(NODE_SIGHTS),
        about=about,
    )
    return PolicyFile(manifest, body)
