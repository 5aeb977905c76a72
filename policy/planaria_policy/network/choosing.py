"""From logits and masks to actions, their log-probability and entropy. A masked choice has probability zero, exactly."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import torch
from torch.nn.functional import log_softmax

from planaria_policy.network.policy import Latent, Logits, PolicyNetwork
from planaria_policy.spaces.choices import COLUMN, HEADS, used

NEVER: Final = -1e9
"""A logit that is finite, so that a row without any legal choice gives no NaN where its head is not used."""


@dataclass(frozen=True)
class Judged:
    """What a network says of B actions, the log-probability in nats."""

    log_probability: torch.Tensor
    entropy: torch.Tensor
    """[B] of the category, plus that of the heads which the action uses."""
    value: torch.Tensor
    latent: Latent


def choose(
    network: PolicyNetwork,
    facts: torch.Tensor,
    nodes: torch.Tensor,
    legal: Logits,
    *,
    noise: torch.Tensor | None = None,
    draws: torch.Generator | None = None,
) -> tuple[torch.Tensor, Judged]:
    """Actions [B, 1 + heads] and what the network says of them; the likeliest ones where `draws` is None."""
    latent, value, keys = network.encode(facts, nodes)
    z = latent.mean if noise is None else latent.sample(noise)
    categories = _masked(network.category(z), legal["category"])
    category = _pick(categories, draws)
    heads = network.parameter_logits(z, category, keys)
    masked = {head: _masked(heads[head], legal[head]) for head in HEADS}
    active = active_heads(facts.device)[category]
    choices = [_pick(masked[head], draws) * active[:, number] for number, head in enumerate(HEADS)]
    rows = torch.stack([category, *choices], 1)
    return rows, _judge(rows, categories, masked, active, Judged(value, value, value, latent))


def judge(
    network: PolicyNetwork,
    facts: torch.Tensor,
    nodes: torch.Tensor,
    legal: Logits,
    rows: torch.Tensor,
    noise: torch.Tensor | None = None,
) -> Judged:
    """What the network says of actions that were chosen before; `noise` is what z was drawn with then."""
    latent, value, keys = network.encode(facts, nodes)
    z = latent.mean if noise is None else latent.sample(noise)
    heads = network.parameter_logits(z, rows[:, 0], keys)
    masked = {head: _masked(heads[head], legal[head]) for head in HEADS}
    categories = _masked(network.category(z), legal["category"])
    active = active_heads(facts.device)[rows[:, 0]]
    return _judge(rows, categories, masked, active, Judged(value, value, value, latent))


def _judge(
    rows: torch.Tensor, categories: torch.Tensor, masked: Logits, active: torch.Tensor, judged: Judged
) -> Judged:
    log_probability, entropy = _of(categories, rows[:, 0])
    for number, head in enumerate(HEADS):
        of_head, disorder = _of(masked[head], rows[:, COLUMN[head]])
        log_probability = log_probability + of_head * active[:, number]
        entropy = entropy + disorder * active[:, number]
    return Judged(log_probability, entropy, judged.value, judged.latent)


def _of(logits: torch.Tensor, choice: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(log-probability of the choice, entropy), [B] each."""
    logs = log_softmax(logits, -1)
    return logs.gather(-1, choice[:, None])[:, 0], -(logs.exp() * logs).sum(-1)


def _masked(logits: torch.Tensor, legal: torch.Tensor) -> torch.Tensor:
    return torch.where(legal, logits, NEVER)


def _pick(logits: torch.Tensor, draws: torch.Generator | None) -> torch.Tensor:
    """Gumbel's trick: the largest of logits plus noise is a draw from their softmax."""
    if draws is None:
        return logits.argmax(-1)
    chance = torch.rand(logits.shape, generator=draws, device=logits.device)
    return (logits - (-chance.clamp(min=1e-20).log()).clamp(min=1e-20).log()).argmax(-1)


@cache
def active_heads(device: torch.device) -> torch.Tensor:
    """[C, heads] which heads a category uses."""
    return torch.tensor([used(head) for head in HEADS], device=device).T.contiguous().long()
