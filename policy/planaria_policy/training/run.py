"""A training run as a folder: what it was told, where it stands, and the network that came of it.

config.yaml          what it was told
latest.pt            everything needed to go on after a kill; tensors and plain values, never unpickled code
network.safetensors  the weights so far, with the shape they fit in
logs/                for TensorBoard
"""

import io
import json
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from planaria_policy.errors import BadData
from planaria_policy.network.policy import PolicyNetwork, Shape
from planaria_policy.replace import replace, unwritable
from planaria_policy.training.config import Config
from planaria_policy.training.trainer import Trainer

LATEST: Final = "latest.pt"
NETWORK: Final = "network.safetensors"
CONFIG: Final = "config.yaml"


class Run:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def started(self) -> bool:
        return (self.folder / LATEST).exists()

    def begin(self, config: Config) -> None:
        """Raises `BadData` where the folder holds a run that was told something else, or cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        path = self.folder / CONFIG
        if path.exists() and Config.read(path) != config:
            raise BadData(
                f"{self.folder}: holds a run with another configuration; name another folder with --output, "
                "or leave --config and --seed away to go on with it"
            )
        # A full disk, or a kill, must not leave half of it: what it does not say would be taken for the defaults.
        replace(path, config.as_yaml().encode())

    def save(self, trainer: Trainer) -> None:
        """Whole or not at all: a kill, or a full disk (`BadData`), leaves what was saved before."""
        state = io.BytesIO()  # torch itself would tell of a full disk without saying so
        torch.save(trainer.state(), state)
        replace(self.folder / LATEST, state.getbuffer())
        save_network(trainer.network, self.folder / NETWORK, {"round": trainer.round})

    def restore(self, trainer: Trainer) -> None:
        """Raises `BadData` where the file is damaged."""
        path = self.folder / LATEST
        try:
            # To the CPU, where every generator keeps its state; what belongs on a GPU is moved there as it is restored.
            state = torch.load(path, weights_only=True, map_location="cpu")
            trainer.restore(state)
        except Exception as error:  # torch raises whatever its parsers raise
            raise BadData(f"{path}: cannot be read ({error}); remove it to begin anew") from error


def save_network(network: PolicyNetwork, path: Path, about: dict[str, Any]) -> None:
    """Weights and shape; `about` is stored beside them as JSON."""
    told = {"shape": json.dumps(network.shape.as_json()), "about": json.dumps(about)}
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    replace(path, save(weights, metadata=told))


def load_network(path: Path, device: str = "cpu") -> PolicyNetwork:
    """Raises `BadData` naming the file where it is missing, damaged, or of another make."""
    try:
        with safe_open(path, framework="pt", device=device) as file:
            shape = Shape(**json.loads((file.metadata() or {})["shape"]))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no dict
        network = PolicyNetwork(shape).to(device)
        network.load_state_dict(weights)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise BadData(
            f"{path}: not a network of this version ({error}); train one with planaria policy train"
        ) from error
    return network.eval()
