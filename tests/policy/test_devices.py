"""A GPU: what is kept lies in memory, what plays and learns on the device. Without a GPU only the parts can be told apart."""

from dataclasses import fields

import pytest
import torch

from planaria_policy.memory import Memory
from planaria_policy.training.config import Config
from planaria_policy.training.replay import batch_of
from planaria_policy.training.run import Run
from planaria_policy.training.trainer import Trainer
from tests.memory.samples import trajectory

SMALL = Config(steps=64 * 8 * 4, incidents=64, horizon=8, batch=256, memory=0.1)
PLAIN = SMALL.model_copy(update={"memory": 0.0})
PARTS = ("legal", "columns")
"""Fields that hold several tensors."""


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_run_on_a_gpu_remembers_ends_and_goes_on(tmp_path):
    run = Run(tmp_path / "run")
    run.begin(SMALL)
    with Memory.open(tmp_path / "memory.db") as memory:
        half = Trainer(SMALL, "cuda", memory=memory)
        steps = half.run()
        next(steps), next(steps)
        run.save(half)
        rest = Trainer(SMALL, "cuda", memory=memory)
        run.restore(rest)
        assert [done.number for done in rest.run()] == [3, 4]
        assert len(memory) > 100


def test_a_checkpoint_is_read_to_where_generators_keep_their_state(tmp_path):
    run, trainer = Run(tmp_path), Trainer(PLAIN)
    run.begin(PLAIN)
    next(trainer.run())
    run.save(trainer)
    other = Trainer(PLAIN)
    other.device = "meta"
    run.restore(other)
    assert other.round == 1


def test_remembered_incidents_and_those_of_other_processes_are_moved_to_the_device():
    trainer = Trainer(PLAIN)
    rollout = trainer.source.collect(trainer.network, trainer.draws).to("meta")
    batch = batch_of([trajectory(), trajectory()], [1.0, 2.0], "meta")
    tensors = [
        getattr(one, field.name)
        for one in (rollout, batch)
        for field in fields(one)
        if field.name not in PARTS
    ]
    tensors += [*rollout.legal.values(), *batch.legal.values(), *batch.columns.values()]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
