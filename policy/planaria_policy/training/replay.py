"""Remembered incidents in the loss: the lambda 3 term of equation 13, with equations 9 and 10 from the memory.

An old incident was acted in by an old network. V-trace (Espeholt et al. 2018, equation 1) corrects for that with
ratios cut at 1, and the memory leaves out what is too old altogether. Where the network would not act so any more the
ratio is nearly 0, and V-trace says nothing: so what was done is also imitated, which is what keeps a skill that is no
longer practised (behavioural cloning: Rolnick et al. 2019, CLEAR). The memory gives only the newest of each fault, so that
nobody imitates a beginner; a skill does not age while it is not practised. And only what is not practised is rehearsed.

Whatever came of it is imitated: of what is uncertain, the part that went well is luck, and luck would pass for skill. For
the same reason the bias of equation 10's draw, which is by surprise, is undone wholly, and not little by little.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final

import numpy as np
import torch

from planaria_contract import CLASSES
from planaria_policy.memory import Memory, Sample, Trajectory
from planaria_policy.memory.drawing import rare
from planaria_policy.memory.trajectory import PARTS
from planaria_policy.memory.widening import widened
from planaria_policy.network.choosing import judge
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator.causes import CauseTable
from planaria_policy.training.collect import Rollout

INCIDENTS: Final = 1024
"""Remembered incidents in one round."""
BESIDE: Final = 256
"""So many of them stand beside one batch: the same beside every batch of a round would be learned by heart."""
KEPT: Final = 512
"""New incidents that a round puts into the memory."""
IMITATION: Final = 0.5
"""Weight of the imitation beside V-trace's own terms."""
UNDONE: Final = 1.0
"""Beta of the draw."""
COLUMNS: Final = ("facts", "nodes", "rows", "log_probability", "reward")


@dataclass(frozen=True)
class Batch:
    """T decisions of B remembered incidents, padded at the end; [T, B, ...]."""

    columns: dict[str, torch.Tensor]
    legal: dict[str, torch.Tensor]
    there: torch.Tensor
    """[T, B] False where an incident had already ended."""
    ended: torch.Tensor
    """[B] terminated, not cut off."""
    weights: torch.Tensor
    """[B] against the bias of the draw; 1 on average, however wide the priorities lie."""


def batch_of(trajectories: Sequence[Trajectory], weights: Any, device: str = "cpu") -> Batch:
    """At least one; of clusters of any size, each as wide as the one with the most nodes."""
    longest = max(len(each.reward) for each in trajectories)
    width = max(each.nodes.shape[1] for each in trajectories)
    trajectories = [widened(each, width) for each in trajectories]

    def stack(columns: Iterable[Any]) -> torch.Tensor:
        return torch.stack([_padded(each, longest) for each in columns], 1).to(device)

    lengths = torch.tensor([len(each.reward) for each in trajectories])
    even = torch.as_tensor(np.asarray(weights), dtype=torch.float32)
    return Batch(
        columns={name: stack(getattr(each, name) for each in trajectories) for name in COLUMNS},
        legal={head: stack(each.legal[head] for each in trajectories) for head in PARTS},
        there=(torch.arange(longest)[:, None] < lengths).to(device),
        ended=torch.tensor([bool(each.terminated) for each in trajectories], device=device),
        weights=(even / even.mean()).to(device),
    )


def memory_loss(network: PolicyNetwork, batch: Batch, discount: float) -> tuple[torch.Tensor, torch.Tensor]:
    """(loss, TD error of each incident [B]): policy gradient and value loss under V-trace, and imitation."""
    flat = {name: column.flatten(0, 1) for name, column in batch.columns.items()}
    legal = {head: mask.flatten(0, 1) for head, mask in batch.legal.items()}
    judged = judge(network, flat["facts"], flat["nodes"], legal, flat["rows"])
    shape = batch.there.shape
    value, log_now = judged.value.view(shape), judged.log_probability.view(shape)
    there = batch.there.float()
    ratio = ((log_now - batch.columns["log_probability"]).exp().clamp(max=1.0) * there).detach()
    target, advantage = _vtrace(value.detach(), ratio, batch, discount)
    count = there.sum().clamp(min=1)
    policy = -(batch.weights * ratio * advantage * log_now * there).sum() / count
    missed = torch.nn.functional.smooth_l1_loss(value, target, reduction="none")
    imitation = -(batch.weights * log_now * there).sum() / count
    loss = policy + 0.5 * (batch.weights * missed * there).sum() / count + IMITATION * imitation
    return loss, ((target - value.detach()).abs() * there).sum(0) / there.sum(0).clamp(min=1)


def _vtrace(
    value: torch.Tensor, ratio: torch.Tensor, batch: Batch, discount: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(targets, advantages), [T, B]. An incident that was cut off keeps its last value as its future."""
    there, reward = batch.there, batch.columns["reward"]
    last = there & ~torch.cat([there[1:], torch.zeros_like(there[:1])])
    following = torch.cat([value[1:], torch.zeros_like(value[:1])])
    following = torch.where(last, torch.where(batch.ended, 0.0, value), following)
    error = ratio * (reward + discount * following - value) * there
    gained, gains = torch.zeros_like(value[0]), []
    for step in reversed(range(value.shape[0])):
        gained = error[step] + discount * ratio[step] * gained * ~last[step]
        gains.append(gained)
    target = value + torch.stack(gains[::-1])
    ahead = torch.where(last, following, torch.cat([target[1:], torch.zeros_like(target[:1])]))
    return target, (reward + discount * ahead - value) * there


class Rehearsal:
    """What was drawn for one round; a part of it stands beside each batch, in turn."""

    def __init__(self, memory: Memory, drawn: Sample, device: str = "cpu") -> None:
        self._memory, self._drawn = memory, drawn
        parts = [slice(begin, begin + BESIDE) for begin in range(0, len(drawn), BESIDE)]
        self._turns = cycle(
            [(part, batch_of(drawn.trajectories[part], drawn.weights[part], device)) for part in parts]
        )
        self._missed = np.zeros(len(drawn), np.float32)
        self._seen = 0

    def loss(self, network: PolicyNetwork, discount: float) -> torch.Tensor:
        part, batch = next(self._turns)
        loss, missed = memory_loss(network, batch, discount)
        self._missed[part] = missed.cpu().numpy()
        self._seen = max(self._seen, part.stop)
        return loss

    def settle(self) -> None:
        """Tell the memory how much was missed at last, which is how often each is drawn again (equation 10)."""
        self._memory.reprioritise(self._drawn.ids[: self._seen], self._missed[: self._seen])


def practised(rollout: Rollout, table: CauseTable) -> frozenset[str]:
    """Faults that are not rare in what is played. Drawn beside the others they would take their place."""
    played = table.fault[rollout.cause].flatten().cpu().numpy()
    return frozenset(CLASSES[number].value for number in np.unique(played[~rare(played)]))


def remember(memory: Memory, rollout: Rollout, table: CauseTable, version: int, run: int = 0) -> None:
    """Put whole incidents of a rollout into the memory, at most `KEPT` of them. `run`: tells those of two runs apart."""
    rollout, found = rollout.to("cpu"), []
    for at in range(rollout.reward.shape[1]):
        begin = None
        for end in rollout.done[:, at].nonzero()[:, 0].tolist():
            if begin is not None:
                found.append(_trajectory(rollout, at, slice(begin, end + 1), table, version, run))
            begin = end + 1
        if len(found) >= KEPT:
            break
    memory.add(found[:KEPT])


def _trajectory(
    rollout: Rollout, at: int, steps: slice, table: CauseTable, version: int, run: int
) -> Trajectory:
    def part(name: str) -> Any:
        return getattr(rollout, name)[steps, at].numpy()

    cause = int(rollout.cause[steps.start, at])
    return Trajectory(
        **{name: part(name) for name in ("facts", "nodes", "rows", "log_probability", "value", "reward")},
        legal={head: rollout.legal[head][steps, at].numpy() for head in PARTS},
        terminated=bool(rollout.terminated[steps.stop - 1, at]),
        incident=f"simulated-{run}-{version}-{at}-{steps.start}",
        fault=CLASSES[int(table.fault[cause])].value,
        recovered=bool(rollout.recovered[steps.stop - 1, at]),
        harmed=bool(rollout.harmed[steps, at].any()),
        policy_version=version,
        source="simulator",
        note=table.names[cause],
    )


def _padded(column: Any, length: int) -> torch.Tensor:
    tensor = torch.as_tensor(np.asarray(column))
    rest = length - tensor.shape[0]
    return torch.cat([tensor, tensor[-1:].expand(rest, *tensor.shape[1:])]) if rest else tensor
