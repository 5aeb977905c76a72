"""Plays many incidents at once with the present network, and keeps what it needs to learn from them."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch

from planaria_contract import Action
from planaria_policy.network.choosing import active_heads, choose
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator.environment import Environment, Step
from planaria_policy.simulator.masks import AT, Legal
from planaria_policy.simulator.observe import Sight
from planaria_policy.spaces.choices import COLUMN, HEADS


@dataclass(frozen=True)
class Rollout:
    """T decisions of B incidents; tensors are [T, B, ...]."""

    facts: torch.Tensor
    nodes: torch.Tensor
    legal: Legal
    rows: torch.Tensor
    noise: torch.Tensor
    log_probability: torch.Tensor
    value: torch.Tensor
    next_value: torch.Tensor
    """Of what came after: 0 where the incident ended, an estimate where it was cut off."""
    reward: torch.Tensor
    terminated: torch.Tensor
    done: torch.Tensor
    """Terminated or truncated."""
    recovered: torch.Tensor
    harmed: torch.Tensor
    cause: torch.Tensor
    """What was wrong, as a row of the cause table: for the memory and for reports, never for the network."""

    def flat(self) -> "Rollout":
        """The same as [T * B, ...]."""
        return self._each(lambda tensor: tensor.flatten(0, 1))

    def to(self, device: str) -> "Rollout":
        return self._each(lambda tensor: tensor.to(device))

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> "Rollout":
        legal = {head: change(mask) for head, mask in self.legal.items()}
        rest = (field.name for field in fields(self) if field.name != "legal")
        return Rollout(legal=legal, **{name: change(getattr(self, name)) for name in rest})


@torch.no_grad()
def collect(
    environment: Environment,
    network: PolicyNetwork,
    horizon: int,
    draws: torch.Generator,
    *,
    masked: bool = True,
) -> Rollout:
    """`masked=False` lets the network choose anything; what is illegal comes to nothing but a short wait."""
    sight = environment.observe()
    kept: dict[str, list[torch.Tensor]] = {}
    masks: dict[str, list[torch.Tensor]] = {}
    for _ in range(horizon):
        size, device = sight.facts.shape[0], sight.facts.device
        noise = torch.randn(size, network.shape.latent, generator=draws, device=device)
        legal = sight.legal if masked else everything(sight.legal)
        rows, judged = choose(network, sight.facts, sight.nodes, legal, noise=noise, draws=draws)
        _keep(kept, {"cause": environment.world.cause[:, 0].clone()})
        step = environment.step(rows if masked else refused(rows, sight.legal))
        _keep(masks, legal)
        _keep(kept, {"facts": sight.facts, "nodes": sight.nodes, "rows": rows, "noise": noise})
        _keep(kept, {"log_probability": judged.log_probability, "value": judged.value, "reward": step.reward})
        _keep(kept, {"terminated": step.terminated, "done": step.terminated | step.truncated})
        _keep(
            kept, {"recovered": step.recovered, "harmed": step.harmed, "cut_value": _cut_value(network, step)}
        )
        sight = environment.observe()
    _, last, _ = network.encode(sight.facts, sight.nodes)
    stacked = {name: torch.stack(parts) for name, parts in kept.items()}
    cut_value = stacked.pop("cut_value")
    following = torch.cat([stacked["value"][1:], last[None]])
    stacked["next_value"] = torch.where(stacked["done"], cut_value, following)
    return Rollout(legal={head: torch.stack(parts) for head, parts in masks.items()}, **stacked)


def everything(legal: Legal) -> Legal:
    return {head: torch.ones_like(mask) for head, mask in legal.items()}


def refused(rows: torch.Tensor, legal: Legal) -> torch.Tensor:
    """The same rows, but what is illegal became the shortest wait, or a person where waiting is not legal either."""
    active = active_heads(rows.device)[rows[:, 0]].bool()
    fine = legal["category"].gather(1, rows[:, :1])[:, 0]
    for number, head in enumerate(HEADS):
        chosen = legal[head].gather(1, rows[:, COLUMN[head], None])[:, 0]
        fine = fine & (chosen | ~active[:, number])
    instead = torch.zeros_like(rows)
    instead[:, 0] = torch.where(legal["category"][:, AT[Action.NONE]], AT[Action.NONE], AT[Action.ESCALATE])
    return torch.where(fine[:, None], rows, instead)


def _keep(kept: dict[str, list[torch.Tensor]], new: dict[str, torch.Tensor]) -> None:
    for name, tensor in new.items():
        kept.setdefault(name, []).append(tensor)


def _cut_value(network: PolicyNetwork, step: Step) -> torch.Tensor:
    """[B] value of what would have followed where an incident was cut off, else 0."""
    value = torch.zeros_like(step.reward)
    if step.cut.numel():
        seen: Sight = step.cut_sight
        value[step.cut] = network.encode(seen.facts, seen.nodes)[1]
    return value


def joined(parts: list[Rollout]) -> Rollout:
    """Several rollouts of the same length as one, side by side."""
    legal = {head: torch.cat([part.legal[head] for part in parts], 1) for head in parts[0].legal}
    names = [field.name for field in fields(Rollout) if field.name != "legal"]
    return Rollout(
        legal=legal, **{name: torch.cat([getattr(part, name) for part in parts], 1) for name in names}
    )
