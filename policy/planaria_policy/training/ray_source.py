"""Plays on a Ray cluster: every worker has its own incidents and gets the network anew each round.

A worker that dies is replaced, and the round goes on with what the others brought: its incidents are lost, the
training is not. A round of fewer incidents is a smaller batch, nothing worse.
"""

import os
from typing import Any, Final

import torch

# Ray reports its use to its makers unless told not to, and reads this when it is imported.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_DISABLE_IMPORT_WARNING", "1")

import ray
from ray.exceptions import RayError

from planaria_policy.errors import Temporary
from planaria_policy.network.policy import PolicyNetwork, Shape
from planaria_policy.training.collect import Rollout, joined
from planaria_policy.training.config import Config
from planaria_policy.training.source import Here

LOCAL: Final = "local"
ROUND_SECONDS: Final = 300.0
APART: Final = 1_000_003
"""Between the seeds of two workers, and of a worker and the one that replaces it."""


class Worker:
    """Lives in a process of its own."""

    def __init__(self, config: Config, shape: Shape, seed: int) -> None:
        torch.set_num_threads(1)
        self.here = Here(config, seed)
        self.network = PolicyNetwork(shape)
        self.draws = torch.Generator().manual_seed(seed)

    def play(self, weights: dict[str, torch.Tensor]) -> Rollout:
        self.network.load_state_dict(weights)
        return self.here.collect(self.network, self.draws)

    def process(self) -> int:
        """Its process id."""
        return os.getpid()


class RaySource:
    def __init__(self, config: Config, address: str, workers: int) -> None:
        """Raises `Temporary` where the cluster cannot be reached."""
        try:
            ray.init(
                address=None if address == LOCAL else address,
                num_cpus=workers if address == LOCAL else None,
                include_dashboard=False if address == LOCAL else None,
                log_to_driver=False,
            )
        except (RayError, ConnectionError, OSError, ValueError) as error:
            raise Temporary(f"--ray {address}: cannot be reached ({error})") from error
        share = max(1, config.incidents // workers)
        self._config = config.model_copy(update={"incidents": share})
        self._shape = Shape(width=config.width, latent=config.latent, flat=config.flat)
        self._made = 0
        self.lost = 0
        """Workers that died so far."""
        self._wanted = workers
        self.workers: list[Any] = []
        """Made for the first round: only then it is known how many there were before a restart, whose incidents are played."""

    def collect(self, network: PolicyNetwork, draws: torch.Generator) -> Rollout:
        """Raises `Temporary` where every worker was lost three times in a row."""
        del draws  # every worker draws for itself
        weights = ray.put({name: tensor.cpu() for name, tensor in network.state_dict().items()})
        self.workers = self.workers or [self._worker() for _ in range(self._wanted)]
        for _ in range(3):
            parts = self._round(weights)
            if parts:
                return joined(parts)
        raise Temporary(f"Ray: all {len(self.workers)} workers were lost three times in a row")

    def state(self) -> dict[str, Any]:
        """Worlds stay with their workers: after a restart the incidents are new ones."""
        return {"made": self._made}

    def restore(self, state: dict[str, Any]) -> None:
        """Before the first round."""
        self._made = int(state.get("made", 0))

    def close(self) -> None:
        ray.shutdown()

    def _round(self, weights: Any) -> list[Rollout]:
        asked = [worker.play.remote(weights) for worker in self.workers]
        parts = []
        for number, answer in enumerate(asked):
            try:
                parts.append(ray.get(answer, timeout=ROUND_SECONDS))
            except RayError:  # the worker or its node is gone, or it is far too slow
                self.lost += 1
                ray.kill(self.workers[number])
                self.workers[number] = self._worker()
        return parts

    def _worker(self) -> Any:
        self._made += 1
        seed = self._config.seed + APART * self._made
        return ray.remote(Worker).options(num_cpus=1).remote(self._config, self._shape, seed)
