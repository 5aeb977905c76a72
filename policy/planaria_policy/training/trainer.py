"""The training loop: play, judge, learn, note; the same run goes on after a kill as if nothing had been."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from planaria_policy.errors import BadData
from planaria_policy.memory import Memory
from planaria_policy.network.choosing import judge
from planaria_policy.network.policy import PolicyNetwork, Shape
from planaria_policy.training.collect import Rollout
from planaria_policy.training.config import Config
from planaria_policy.training.losses import Terms, advantages, ppo
from planaria_policy.training.replay import INCIDENTS, UNDONE, Rehearsal, practised, remember
from planaria_policy.training.source import Here, Source, table_of

LOWEST_RATE = 0.05


@dataclass(frozen=True)
class Round:
    """What came of one round of playing and learning; every figure is a mean over it."""

    number: int
    steps: int
    """Decisions since the beginning of the run."""
    figures: dict[str, float]


class Trainer:
    """`source` plays, by default in this process; `memory` is needed where the configuration gives it a weight."""

    def __init__(
        self,
        config: Config,
        device: str = "cpu",
        source: Source | None = None,
        memory: Memory | None = None,
    ) -> None:
        if config.memory and memory is None:
            raise BadData(
                "memory: the configuration gives it a weight, but there is none; name one with --memory"
            )
        self.memory = memory if config.memory else None
        self._table = table_of(config, device)
        self.config, self.device = config, device
        torch.manual_seed(config.seed)
        self.network = PolicyNetwork(Shape(width=config.width, latent=config.latent, flat=config.flat)).to(
            device
        )
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=config.rate, eps=1e-5)
        self.draws = torch.Generator(device=device).manual_seed(config.seed)
        self.source = source or Here(config, config.seed, device)
        self.round = 0

    @property
    def rounds(self) -> int:
        """How many the whole run has."""
        return math.ceil(self.config.steps / (self.config.incidents * self.config.horizon))

    @property
    def steps(self) -> int:
        return self.round * self.config.incidents * self.config.horizon

    def run(self) -> Iterator[Round]:
        """One `Round` after the other until the run is complete."""
        while self.round < self.rounds:
            rollout = self.source.collect(self.network, self.draws).to(self.device)
            learned = self._learn(rollout, self._remembered(rollout))
            self.round += 1
            yield Round(self.round, self.steps, {**_played(rollout), **learned, "rate": self._rate()})

    def state(self) -> dict[str, Any]:
        """Everything that a run needs to go on exactly as it would have; tensors and plain values only."""
        return {
            "round": self.round,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "draws": self.draws.get_state(),
            "source": self.source.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.round = state["round"]
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.draws.set_state(state["draws"])
        self.source.restore(state["source"])

    # --- learning

    def _learn(self, rollout: Rollout, rehearsal: Rehearsal | None) -> dict[str, float]:
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        advantage, target = advantages(rollout, config)
        flat, advantage, target = rollout.flat(), advantage.flatten(), target.flatten()
        unexplained = (target - flat.value).var() / target.var().clamp(min=1e-8)
        noted: list[dict[str, float]] = []
        for _ in range(config.epochs):
            order = torch.randperm(advantage.shape[0], generator=self.draws, device=self.device)
            for rows in order.split(config.batch):
                terms = self._terms(flat, rows, advantage[rows], target[rows])
                remembered = self._rehearsed(rehearsal)
                self._descend(terms.total + config.memory * remembered)
                noted.append({**terms.figures(), "memory": float(remembered.detach())})
        if rehearsal:
            rehearsal.settle()
        means = {f"loss/{name}": sum(each[name] for each in noted) / len(noted) for name in noted[0]}
        return {**means, "loss/explained_variance": 1 - float(unexplained)}

    def _remembered(self, rollout: Rollout) -> Rehearsal | None:
        """Remember some of this round's incidents, and draw those to rehearse beside it."""
        if self.memory is None:
            return None
        config = self.config
        remember(self.memory, rollout, self._table, self.round, config.seed)
        known = practised(rollout, self._table)
        drawn = self.memory.sample(
            INCIDENTS, self._chance(), UNDONE, max_age=config.memory_age, without=known
        )
        return Rehearsal(self.memory, drawn, self.device) if len(drawn) else None

    def _rehearsed(self, rehearsal: Rehearsal | None) -> torch.Tensor:
        if rehearsal is None:
            return torch.zeros((), device=self.device)
        return rehearsal.loss(self.network, self.config.discount)

    def _chance(self) -> np.random.Generator:
        """New in every round and the same in every run, so that nothing has to be kept for going on after a kill."""
        return np.random.default_rng((self.config.seed, self.round))

    def _terms(
        self, flat: Rollout, rows: torch.Tensor, advantage: torch.Tensor, target: torch.Tensor
    ) -> Terms:
        legal = {head: mask[rows] for head, mask in flat.legal.items()}
        judged = judge(
            self.network, flat.facts[rows], flat.nodes[rows], legal, flat.rows[rows], flat.noise[rows]
        )
        even = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        return ppo(judged, flat.log_probability[rows], even, target, self._config_now())

    def _descend(self, loss: torch.Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.largest_gradient)
        self.optimizer.step()

    def _share(self) -> float:
        """From 1 at the beginning to `LOWEST_RATE` at the end, along a cosine."""
        wave = 0.5 * (1 + math.cos(math.pi * self.round / self.rounds))
        return LOWEST_RATE + (1 - LOWEST_RATE) * wave

    def _rate(self) -> float:
        return self.config.rate * self._share()

    def _config_now(self) -> Config:
        return self.config.model_copy(update={"entropy": self.config.entropy * self._share()})


def _played(rollout: Rollout) -> dict[str, float]:
    ended = rollout.done.sum().clamp(min=1)
    return {
        "play/return": float(rollout.reward.sum() / ended),
        "play/recovered": float(rollout.recovered.sum() / ended),
        "play/harmed": float(rollout.harmed.sum() / ended),
        "play/decisions": float(rollout.done.numel() / ended),
    }
