"""The terms of equation 13, each a pure function of a batch [B], each logged alone."""

from dataclasses import dataclass

import torch

from planaria_policy.network.choosing import Judged
from planaria_policy.training.collect import Rollout
from planaria_policy.training.config import Config


@dataclass(frozen=True)
class Terms:
    """Scalars; `total` is what is minimised."""

    policy: torch.Tensor
    value: torch.Tensor
    entropy: torch.Tensor
    bottleneck: torch.Tensor
    """KL in nats, before its weight."""
    approx_kl: torch.Tensor
    """How far the network has moved from the one that acted (Schulman's second estimator)."""
    clipped: torch.Tensor
    """Share of the batch where the ratio was cut."""
    total: torch.Tensor

    def figures(self) -> dict[str, float]:
        return {name: float(term.detach()) for name, term in vars(self).items()}


def advantages(rollout: Rollout, config: Config) -> tuple[torch.Tensor, torch.Tensor]:
    """(advantage, return to learn the value from), [T, B] each: GAE, equation 7.

    A terminated incident has no future; one that was cut off has the future that the value estimates for it.
    """
    # Half of all that a trainer's start, and each `--help`, would load.
    from torchrl.objectives.value.functional import generalized_advantage_estimate  # noqa: PLC0415

    columns = [rollout.value, rollout.next_value, rollout.reward, rollout.done, rollout.terminated]
    value, following, reward, done, terminated = (column[..., None] for column in columns)
    advantage, target = generalized_advantage_estimate(
        config.discount, config.trace, value, following, reward, done, terminated, time_dim=0
    )
    return advantage[..., 0], target[..., 0]


def ppo(
    judged: Judged,
    old_log_probability: torch.Tensor,
    advantage: torch.Tensor,
    target: torch.Tensor,
    config: Config,
) -> Terms:
    """Equations 6 and 8. `advantage` should be normalised; every argument is [B]."""
    if advantage.shape != judged.log_probability.shape:
        raise ValueError(
            f"advantage: shape {tuple(advantage.shape)} beside {tuple(judged.log_probability.shape)} would "
            "broadcast into an outer product; give one number for each action"
        )
    moved = judged.log_probability - old_log_probability
    ratio = moved.exp()
    cut = ratio.clamp(1 - config.clip, 1 + config.clip)
    policy = -torch.minimum(ratio * advantage, cut * advantage).mean()
    # Huber's loss: one incident that lasted an hour must not outweigh a thousand.
    value = torch.nn.functional.smooth_l1_loss(judged.value, target)
    entropy = judged.entropy.mean()
    bottleneck = judged.latent.divergence().mean()
    total = policy + config.value_weight * value - config.entropy * entropy + config.bottleneck * bottleneck
    return Terms(
        policy=policy,
        value=value,
        entropy=entropy,
        bottleneck=bottleneck,
        approx_kl=((ratio - 1) - moved).mean(),
        clipped=((ratio - 1).abs() > config.clip).float().mean(),
        total=total,
    )
