"""The network: what is seen -> latent z -> category -> parameters, and the value of the situation beside them."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import torch
from torch import nn

from planaria_policy.spaces.choices import CATEGORIES, FIXED
from planaria_policy.spaces.sights import NODE_SIGHTS, SIGHTS

Logits = dict[str, torch.Tensor]
"""For `category` and each head; the last dimension runs over the choices."""

CALM: Final = 0.01
"""Scale of the last layers' first weights, so that training begins from an even choice (Andrychowicz et al. 2021)."""


@dataclass(frozen=True)
class Shape:
    """Everything that is needed to build the network anew; it is stored beside the weights."""

    facts: int = len(SIGHTS)
    node_facts: int = len(NODE_SIGHTS)
    width: int = 128
    latent: int = 32
    node_width: int = 16
    flat: bool = False
    """Ablation: parameters are chosen without knowing the category."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Latent:
    """q(z|s), a diagonal normal distribution; [B, latent] each."""

    mean: torch.Tensor
    log_std: torch.Tensor

    def sample(self, noise: torch.Tensor) -> torch.Tensor:
        """The latent z for `noise` drawn from N(0, I)."""
        return self.mean + noise * self.log_std.exp()

    def divergence(self) -> torch.Tensor:
        """[B] KL(q(z|s) || N(0, I)), equation 8, in nats."""
        return 0.5 * (self.mean**2 + (2 * self.log_std).exp() - 1 - 2 * self.log_std).sum(-1)


class PolicyNetwork(nn.Module):
    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = size = shape or Shape()
        self.node_key = nn.Linear(size.node_facts, size.node_width)
        seen = size.facts + 2 * size.node_width
        self.trunk = nn.Sequential(
            nn.Linear(seen, size.width), nn.ReLU(), nn.Linear(size.width, size.width), nn.ReLU()
        )
        self.to_latent = nn.Linear(size.width, 2 * size.latent)
        self.category = _calm(nn.Linear(size.latent, len(CATEGORIES)))
        self.parameters_of = nn.Linear(size.latent, size.width)
        self.category_code = nn.Embedding(len(CATEGORIES), size.width)
        self.fixed = nn.ModuleDict(
            {head: _calm(nn.Linear(size.width, choices)) for head, choices in FIXED.items()}
        )
        self.place_query = nn.Linear(size.width, size.node_width)
        self.node_query = nn.Linear(size.width, size.node_width)
        self.by_scheduler = _calm(nn.Linear(size.width, 1))
        self.value = nn.Sequential(nn.Linear(size.width, size.width), nn.ReLU(), nn.Linear(size.width, 1))

    def encode(self, facts: torch.Tensor, nodes: torch.Tensor) -> tuple[Latent, torch.Tensor, torch.Tensor]:
        """(q(z|s), value [B], node keys [B, N, node_width]) of facts [B, F] and nodes [B, N, G]."""
        keys = torch.relu(self.node_key(nodes)) * nodes[..., :1]
        count = nodes[..., 0].sum(-1, keepdim=True).clamp(min=1)
        trunk = self.trunk(torch.cat([facts, keys.amax(-2), keys.sum(-2) / count], -1))
        mean, log_std = self.to_latent(trunk).chunk(2, -1)
        return Latent(mean, log_std.clamp(-5, 1)), self.value(trunk)[..., 0], keys

    def parameter_logits(self, z: torch.Tensor, category: torch.Tensor, keys: torch.Tensor) -> Logits:
        """Logits of every head, given the category: [..., choices] for z [..., latent] and keys [..., N, node_width].

        The choice `place` has one more than there are nodes: the scheduler's.
        """
        about = self.parameters_of(z)
        if not self.shape.flat:
            about = about + self.category_code(category)
        hidden = torch.relu(about)
        logits = {head: layer(hidden) for head, layer in self.fixed.items()}
        places = _points(keys, self.place_query(hidden))
        logits["place"] = torch.cat([places, self.by_scheduler(hidden)], -1)
        logits["node"] = _points(keys, self.node_query(hidden))
        return logits

    def forward(self, facts: torch.Tensor, nodes: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """As it is served: without noise, the parameters of every category at once.

        Returns category logits [B, C], value [B], then for each of `spaces.choices.HEADS` logits [B, C, choices].
        """
        latent, value, keys = self.encode(facts, nodes)
        z = latent.mean
        every = torch.arange(len(CATEGORIES), device=facts.device)
        heads = self.parameter_logits(z[:, None, :], every[None, :], keys[:, None])
        return self.category(z), value, *(heads[head].expand(-1, len(CATEGORIES), -1) for head in heads)


def _points(keys: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
    return (keys * query[..., None, :]).sum(-1) / keys.shape[-1] ** 0.5


def _calm(layer: nn.Linear) -> nn.Linear:
    with torch.no_grad():
        layer.weight.mul_(CALM)
        layer.bias.zero_()
    return layer
