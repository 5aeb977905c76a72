"""Invented causes: a face of one, a body of another, and nothing of what is held out."""

import torch

from bench.policy_compare import HELD_OUT
from planaria_contract import CLASSES, Fault
from planaria_policy.simulator.causes import NODE_STATES, shipped
from planaria_policy.simulator.inventing import COUNT, with_invented
from planaria_policy.training.config import Config
from planaria_policy.training.source import environment_of, table_of

BODY = ("reach", "grows", "heals", "cures", "relieves")


def pairs(table, columns, rows):
    """What each row has in these columns, as something that can be compared."""
    return [tuple(tuple(getattr(table, name)[row].flatten().tolist()) for name in columns) for row in rows]


def test_each_has_the_face_of_one_written_cause_and_the_body_of_another():
    table, written = table_of(Config(), "cpu"), range(len(shipped().names))
    invented = range(len(written), len(table.names))
    assert len(invented) == COUNT
    for columns in (("fault", "symptoms", "cpu"), BODY):
        assert set(pairs(table, columns, invented)) <= set(pairs(table, columns, written))
    whole = ("fault", "symptoms", "cpu", *BODY)
    strange = set(pairs(table, whole, invented)) - set(pairs(table, whole, written))
    assert len(strange) > COUNT / 4


def test_of_a_held_out_cause_they_have_neither_face_nor_body():
    table = table_of(Config(held_out=HELD_OUT), "cpu")
    held = [table.at(name) for name in HELD_OUT]
    written = [row for row in range(len(shipped().names)) if row not in held]
    invented = range(len(shipped().names), len(table.names))
    for columns in (("symptoms", "memory", "siblings", "cpu"), BODY):
        only_held = set(pairs(table, columns, held)) - set(pairs(table, columns, written))
        assert only_held
        assert not only_held & set(pairs(table, columns, invented))


def test_they_are_drawn_with_their_share_and_the_held_out_never():
    config = Config(held_out=HELD_OUT, invented=0.25)
    environment = environment_of(config, seed=2, size=20_000)
    cause, names = environment.world.cause, environment.table.names
    share = float((cause[:, 0] >= len(shipped().names)).float().mean())
    assert abs(share - 0.25) < 0.015
    assert not {names[row] for row in cause.flatten().tolist() if row >= 0} & set(HELD_OUT)


def test_what_reads_as_healthy_is_never_a_fault_in_disguise_and_a_lost_node_no_other():
    known = shipped()
    table = with_invented(known, tuple(range(len(known.names))), 0.2, seed=3)
    rows = slice(len(known.names), None)
    assert (table.fault[rows] != CLASSES.index(Fault.HEALTHY)).all()
    assert (table.node[rows] != NODE_STATES.index("lost")).all()
    assert torch.equal(table.fault[: len(known.names)], known.fault)


def test_the_same_seed_invents_the_same():
    one, same, other = (table_of(Config(seed=seed), "cpu") for seed in (4, 4, 5))
    assert torch.equal(one.cures, same.cures)
    assert not torch.equal(one.cures, other.cures)
