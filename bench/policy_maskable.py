"""MaskablePPO of sb3-contrib on the flattened action space: what a well-kept library learns from the same simulator.

Every category with every choice of its parameters is one action of a single discrete space, masked where any part of it is. It sees
the same numbers as our network, with the nodes laid side by side, so it is bound to one number of nodes. Whatever both have is set
alike: incidents at once, horizon, epochs, batch, rate and entropy with their schedules, discount, trace, clip, width.
"""

import math
from itertools import product
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from rich.progress import Progress
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.masks import Legal
from planaria_policy.simulator.observe import Sight
from planaria_policy.simulator.players import Player
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, FIXED, HEADS, USED_BY
from planaria_policy.spaces.sights import NODE_SIGHTS, SIGHTS
from planaria_policy.training.config import Config
from planaria_policy.training.source import environment_of
from planaria_policy.training.trainer import LOWEST_RATE


def flat_actions(nodes: int) -> torch.Tensor:
    """[A, 1 + heads] every category with every choice of the heads that it uses."""
    choices = {**FIXED, "place": nodes + 1, "node": nodes}
    rows = []
    for number, category in enumerate(CATEGORIES):
        used = USED_BY[category]
        for chosen in product(*(range(choices[head]) for head in used)):
            row = [number] + [0] * len(HEADS)
            for head, choice in zip(used, chosen, strict=True):
                row[COLUMN[head]] = choice
            rows.append(row)
    return torch.tensor(rows)


def flat_masks(legal: Legal, actions: torch.Tensor) -> torch.Tensor:
    """[B, A] legal where the category and every used head are."""
    may = legal["category"][:, actions[:, 0]]
    for head in HEADS:
        used = torch.tensor([head in USED_BY[category] for category in CATEGORIES])[actions[:, 0]]
        may = may & (legal[head][:, actions[:, COLUMN[head]]] | ~used)
    return may


def flat_sight(sight: Sight) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """[B, F + N * G]."""
    seen: np.ndarray[Any, np.dtype[np.float32]] = torch.cat([sight.facts, sight.nodes.flatten(1)], 1).numpy()
    return seen


class Flat(VecEnv):  # type: ignore[misc]  # its library is not in the environment that is type-checked
    """Our batched environment under the interface of Stable-Baselines3."""

    def __init__(self, environment: Environment, nodes: int) -> None:
        self.environment, self.actions = environment, flat_actions(nodes)
        self._sight = environment.observe()
        seen = len(SIGHTS) + nodes * len(NODE_SIGHTS)
        super().__init__(
            environment.world.size,
            gym.spaces.Box(-1.0, 1.0, (seen,), np.float32),
            gym.spaces.Discrete(len(self.actions)),
        )

    def reset(self) -> Any:
        self._sight = self.environment.observe()
        return flat_sight(self._sight)

    def step_async(self, actions: Any) -> None:
        self._rows = self.actions[torch.as_tensor(actions)]

    def step_wait(self) -> Any:
        step = self.environment.step(self._rows)
        self._sight = self.environment.observe()
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for at, seen in zip(step.cut.tolist(), flat_sight(step.cut_sight), strict=True):
            infos[at] = {"terminal_observation": seen, "TimeLimit.truncated": True}
        done = (step.terminated | step.truncated).numpy()
        return flat_sight(self._sight), step.reward.numpy().copy(), done, infos

    def action_masks(self) -> list[Any]:
        return list(flat_masks(self._sight.legal, self.actions).numpy())

    def env_method(self, method_name: str, *_args: Any, **_more: Any) -> list[Any]:
        found: list[Any] = getattr(self, method_name)()
        return found

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        del indices
        return [None if attr_name == "render_mode" else getattr(self, attr_name)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise NotImplementedError(attr_name)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        del wrapper_class, indices
        return [False] * self.num_envs

    def close(self) -> None:
        pass


def trained(config: Config, progress: Progress) -> Player:
    """Plays its likeliest legal action."""
    torch.manual_seed(config.seed)
    flat = Flat(environment_of(config, config.seed), config.nodes)
    model = MaskablePPO(
        "MlpPolicy",
        flat,
        n_steps=config.horizon,
        batch_size=config.batch,
        n_epochs=config.epochs,
        learning_rate=lambda left: config.rate * _share(left),
        gamma=config.discount,
        gae_lambda=config.trace,
        clip_range=config.clip,
        ent_coef=config.entropy,
        vf_coef=config.value_weight,
        max_grad_norm=config.largest_gradient,
        policy_kwargs={"net_arch": [config.width, config.width], "activation_fn": torch.nn.ReLU},
        seed=config.seed,
        device="cpu",
    )
    task = progress.add_task(f"MaskablePPO, seed {config.seed}", total=config.steps)
    model.learn(config.steps, callback=_Schedule(config, lambda done: progress.update(task, completed=done)))
    progress.remove_task(task)
    return _player(model, flat.actions)


def _player(model: Any, actions: torch.Tensor) -> Player:
    def decide(_environment: Environment, sight: Sight) -> torch.Tensor:
        masks = flat_masks(sight.legal, actions).numpy()
        chosen, _ = model.predict(flat_sight(sight), action_masks=masks, deterministic=True)
        return actions[torch.as_tensor(chosen)]

    return decide


def _share(left: float) -> float:
    """The trainer's own schedule; `left` falls from 1 to 0."""
    return LOWEST_RATE + (1 - LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * (1 - left)))


class _Schedule(BaseCallback):  # type: ignore[misc]
    """The entropy bonus falls with the rate, which the library does not do of itself."""

    def __init__(self, config: Config, told: Any) -> None:
        super().__init__()
        self._config, self._told = config, told

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        left = 1 - min(1.0, self.num_timesteps / self._config.steps)
        self.model.ent_coef = self._config.entropy * _share(left)
        self._told(self.num_timesteps)
