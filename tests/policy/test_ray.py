"""Collectors on a Ray cluster: the same rollouts, and one that is killed does not stop the training."""

import os
import signal

import pytest
import torch

from planaria_policy.errors import Temporary
from planaria_policy.training.config import Config
from planaria_policy.training.trainer import Trainer

CONFIG = Config(steps=128 * 4 * 4, incidents=128, horizon=4, batch=256)


@pytest.fixture(scope="module")
def source():
    from planaria_policy.training.ray_source import RaySource

    made = RaySource(CONFIG, "local", workers=2)
    yield made
    made.close()


def test_workers_play_their_share_and_a_killed_one_is_replaced(source):
    import ray

    trainer = Trainer(CONFIG, source=source)
    rounds = trainer.run()
    first = next(rounds)
    assert first.figures["play/decisions"] >= 1
    rollout = source.collect(trainer.network, trainer.draws)
    assert rollout.reward.shape == (4, 128)
    assert not torch.equal(rollout.facts[:, :64], rollout.facts[:, 64:]), (
        "two workers play different incidents"
    )
    os.kill(ray.get(source.workers[0].process.remote()), signal.SIGKILL)
    rest = list(rounds)
    assert trainer.round == trainer.rounds
    assert rest[-1].number == trainer.rounds
    assert source.lost == 1
    assert source.collect(trainer.network, trainer.draws).reward.shape == (4, 128)


def test_after_a_restart_the_workers_play_other_incidents_than_those_of_the_beginning(source, monkeypatch):
    import ray

    end(source)
    monkeypatch.setattr(ray, "init", lambda **_: None)  # the cluster runs already
    first, again = (type(source)(CONFIG, "local", workers=2) for _ in range(2))
    begun = first_seen(first)
    end(first)
    again.restore(first.state())
    assert not torch.equal(first_seen(again), begun)


def first_seen(source):
    return source.collect(Trainer(CONFIG).network, torch.Generator()).facts[0]


def end(source):
    import ray

    for worker in source.workers:
        ray.kill(worker)


def test_a_cluster_that_is_not_there_is_told(monkeypatch):
    from planaria_policy.training.ray_source import RaySource

    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "1")
    with pytest.raises(Temporary, match="--ray no-address: cannot be reached"):
        RaySource(CONFIG, "no-address", workers=1)
