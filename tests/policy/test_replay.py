"""The memory term: V-trace by hand, padding that counts for nothing, and a run that learns from what it remembers."""

import numpy as np
import pytest
import torch

from planaria_contract import CLASSES, Action
from planaria_policy.errors import BadData
from planaria_policy.memory import Memory
from planaria_policy.network.choosing import judge
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator.causes import shipped
from planaria_policy.spaces.choices import CATEGORIES, COLUMN
from planaria_policy.training.config import Config
from planaria_policy.training.replay import (
    BESIDE,
    INCIDENTS,
    UNDONE,
    Batch,
    Rehearsal,
    _vtrace,
    batch_of,
    memory_loss,
    practised,
    remember,
)
from planaria_policy.training.trainer import Trainer
from tests.memory.samples import trajectory

CONFIG = Config(steps=64 * 8 * 6, incidents=64, horizon=8, batch=256, memory=0.1)


def by_hand(there, ended, reward):
    size = len(there)
    return Batch(
        columns={"reward": torch.tensor(reward)[:, None]}, legal={}, weights=torch.ones(1),
        there=torch.tensor(there)[:, None], ended=torch.tensor([ended]),
    ) if size else None  # fmt: skip


def test_on_policy_vtrace_is_the_discounted_sum_of_what_follows():
    """Ratios of 1, discount 0.5, rewards -1, -2, -4, an end: targets -3, -4, -4, whatever the values were."""
    value = torch.tensor([[0.3], [-0.7], [2.0]])
    target, advantage = _vtrace(value, torch.ones(3, 1), by_hand([True] * 3, True, [-1.0, -2.0, -4.0]), 0.5)
    assert target[:, 0].tolist() == pytest.approx([-3.0, -4.0, -4.0])
    assert advantage[:, 0].tolist() == pytest.approx([-3.3, -3.3, -6.0])


def test_what_is_padding_changes_nothing():
    value = torch.tensor([[0.3], [-0.7], [9.0]])
    ratio = torch.tensor([[1.0], [0.5], [0.0]])
    padded, _ = _vtrace(value, ratio, by_hand([True, True, False], True, [-1.0, -2.0, -99.0]), 0.5)
    plain, _ = _vtrace(value[:2], ratio[:2], by_hand([True, True], True, [-1.0, -2.0]), 0.5)
    assert torch.allclose(padded[:2], plain)


def test_an_incident_that_was_cut_off_keeps_a_future():
    value = torch.tensor([[-6.0]])
    cut, _ = _vtrace(value, torch.ones(1, 1), by_hand([True], False, [-1.0]), 0.5)
    ended, _ = _vtrace(value, torch.ones(1, 1), by_hand([True], True, [-1.0]), 0.5)
    assert cut.item() == pytest.approx(-4.0)
    assert ended.item() == pytest.approx(-1.0)


def test_an_action_that_the_network_would_no_longer_take_counts_less():
    value = torch.zeros(1, 1)
    target, _ = _vtrace(value, torch.full((1, 1), 0.25), by_hand([True], True, [-4.0]), 0.9)
    assert target.item() == pytest.approx(-1.0)


def test_luck_is_drawn_often_but_imitated_no_oftener_than_it_happened(tmp_path):
    """One incident in ten went better by chance. Its surprise makes it a favourite of equation 10."""
    trainer = Trainer(CONFIG.model_copy(update={"memory": 0.0}))
    rollout = trainer.source.collect(trainer.network, trainer.draws)
    with Memory.open(tmp_path / "memory.db") as memory:
        remember(memory, rollout, trainer._table, version=1)
        drawn = memory.sample(4000, np.random.default_rng(1), UNDONE, rare_share=0.0)
        ids = np.unique(drawn.ids)
        lucky = ids[: len(ids) // 10]
        memory.reprioritise(ids, np.where(np.isin(ids, lucky), 5.0, 0.01))
        drawn = memory.sample(4000, np.random.default_rng(2), UNDONE, rare_share=0.0)
        is_lucky = torch.as_tensor(np.isin(drawn.ids, lucky))
        weights = batch_of(drawn.trajectories, drawn.weights).weights
    assert is_lucky.float().mean() > 0.6
    assert weights.mean() == pytest.approx(1.0, abs=1e-4)
    assert (weights * is_lucky).mean() == pytest.approx(len(lucky) / len(ids), abs=0.02)


def test_what_was_done_is_imitated_whatever_came_of_it(tmp_path):
    """One that went badly, of a network that would not act so: neither V-trace nor the outcome says to keep it, and it is kept."""
    trainer = Trainer(CONFIG.model_copy(update={"memory": 0.0}))
    with Memory.open(tmp_path / "memory.db") as memory:
        remember(memory, trainer.source.collect(trainer.network, trainer.draws), trainer._table, version=1)
        drawn = memory.sample(64, np.random.default_rng(1), UNDONE)
    batch = batch_of(drawn.trajectories, drawn.weights)
    batch.columns["reward"][:] = -20.0
    batch.columns["log_probability"][:] = 9.0  # ratios of nearly 0
    network = PolicyNetwork()
    before = said(network, batch)
    optimizer = torch.optim.SGD(network.category.parameters(), lr=0.1)
    memory_loss(network, batch, 0.99)[0].backward()
    optimizer.step()
    assert said(network, batch) > before


def said(network, batch):
    """Mean log-probability of what was done."""
    return float((judged_of(network, batch) * batch.there).mean())


def judged_of(network, batch):
    """[T, B] log-probability of what was done."""
    flat = {name: batch.columns[name].flatten(0, 1) for name in ("facts", "nodes", "rows")}
    legal = {head: mask.flatten(0, 1) for head, mask in batch.legal.items()}
    judged = judge(network, flat["facts"], flat["nodes"], legal, flat["rows"])
    return judged.log_probability.detach().view(batch.there.shape)


@pytest.mark.parametrize("place", [0, 2, 3])
def test_incidents_of_clusters_of_different_size_stand_beside_each_other(place):
    """The last choice of `place`, 3 of three nodes, leaves the node to the scheduler."""
    small, large = migrated(3, place), migrated(6, 0)
    alone, both = batch_of([small], [1.0]), batch_of([small, large], [1.0, 1.0])
    assert both.columns["nodes"].shape[2] == 6
    assert both.columns["rows"][:, 0, COLUMN["place"]].unique().item() == (6 if place == 3 else place)
    network = PolicyNetwork()
    assert torch.allclose(judged_of(network, alone)[:, 0], judged_of(network, both)[:, 0], atol=1e-5)


def migrated(nodes, place):
    """A node that is there, as the first of its facts says; every choice legal."""
    one = trajectory(nodes=nodes)
    one.nodes[..., 0] = 1.0
    one.rows[:] = 0
    one.rows[:, 0], one.rows[:, COLUMN["place"]] = CATEGORIES.index(Action.MIGRATE), place
    for mask in one.legal.values():
        mask[:] = True
    return one


def test_a_run_with_memory_fills_it_and_learns_from_it(tmp_path):
    with Memory.open(tmp_path / "memory.db") as memory:
        rounds = list(Trainer(CONFIG, memory=memory).run())
        assert all("loss/memory" in done.figures for done in rounds)
        assert len(memory) > 100
        drawn = memory.sample(32, np.random.default_rng(1), 1.0)
        loss, missed = memory_loss(PolicyNetwork(), batch_of(drawn.trajectories, drawn.weights), 0.99)
        loss.backward()
        assert torch.isfinite(loss)
        assert missed.shape == (32,)
        assert missed.min() >= 0


def test_a_fault_is_practised_with_half_an_even_share_of_what_is_played():
    trainer = Trainer(CONFIG.model_copy(update={"memory": 0.0}))
    table = trainer._table
    rollout = trainer.source.collect(trainer.network, trainer.draws)
    often, seldom, rarely = (table.fault.tolist().index(fault) for fault in (3, 5, 7))
    rollout.cause[:] = often
    assert practised(rollout, table) == {CLASSES[3]}
    rollout.cause[:, :12], rollout.cause[:, 12:14] = seldom, rarely  # of 64, an even share of which is 21
    assert practised(rollout, table) == {CLASSES[3], CLASSES[5]}


def test_only_what_is_not_practised_is_rehearsed(tmp_path, monkeypatch):
    table, drawn = shipped(), []
    first = tuple(name for name, fault in zip(table.names, table.fault.tolist(), strict=True) if fault < 8)
    second = tuple(name for name in table.names if name not in first)
    config = CONFIG.model_copy(update={"incidents": 256, "invented": 0.0})
    with Memory.open(tmp_path / "memory.db") as memory:
        list(Trainer(config.model_copy(update={"held_out": second}), memory=memory).run())
        took = memory.sample

        def noted(*given, **how):
            drawn.append(took(*given, **how))
            return drawn[-1]

        monkeypatch.setattr(memory, "sample", noted)
        rounds = Trainer(config.model_copy(update={"held_out": first, "seed": 2}), memory=memory).run()
        assert next(rounds).figures["loss/memory"] != 0
    assert len(drawn) == 1
    old = [each.note in first for each in drawn[0].trajectories]
    assert len(old) == INCIDENTS
    assert np.mean(old) > 0.9


@pytest.mark.parametrize(("batches", "looked_at"), [(1, BESIDE), (2, 2 * BESIDE), (3, 2 * BESIDE + 10)])
def test_each_batch_has_other_remembered_incidents_beside_it(tmp_path, monkeypatch, batches, looked_at):
    trainer, told = Trainer(CONFIG.model_copy(update={"memory": 0.0})), []
    with Memory.open(tmp_path / "memory.db") as memory:
        remember(memory, trainer.source.collect(trainer.network, trainer.draws), trainer._table, version=1)
        drawn = memory.sample(2 * BESIDE + 10, np.random.default_rng(1), UNDONE)
        monkeypatch.setattr(memory, "reprioritise", lambda ids, missed: told.append((ids, missed)))
        rehearsal = Rehearsal(memory, drawn)
        losses = {float(rehearsal.loss(trainer.network, 0.99).detach()) for _ in range(batches)}
        rehearsal.settle()
    ((ids, missed),) = told
    assert len(losses) == batches
    assert ids.tolist() == drawn.ids[:looked_at].tolist()
    assert len(missed) == looked_at
    assert (missed > 0).any()


def test_whole_incidents_are_remembered_with_their_end(tmp_path):
    trainer = Trainer(CONFIG.model_copy(update={"memory": 0.0}))
    rollout = trainer.source.collect(trainer.network, trainer.draws)
    with Memory.open(tmp_path / "memory.db") as memory:
        remember(memory, rollout, trainer._table, version=4)
        for kept in memory.trajectories():
            _, _, version, at, begin = kept.incident.split("-")
            end = int(begin) + len(kept.reward) - 1
            assert int(version) == 4
            assert rollout.done[end, int(at)]
            assert not rollout.done[int(begin) : end, int(at)].any()
            assert rollout.done[int(begin) - 1, int(at)]
            assert np.allclose(kept.reward, rollout.reward[int(begin) : end + 1, int(at)], rtol=1e-5)


def test_a_weight_without_a_memory_is_refused():
    with pytest.raises(BadData, match="name one with --memory"):
        Trainer(CONFIG)
