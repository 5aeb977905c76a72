"""What a memory does, in SQLite and in PostgreSQL alike."""

import json
from dataclasses import replace

import numpy as np
import pytest

from planaria_policy.errors import BadData
from planaria_policy.memory import Memory, Rules
from planaria_policy.memory.schema import BLOBS
from planaria_policy.memory.words import told
from planaria_policy.spaces.choices import CATEGORIES, COLUMN
from tests.memory.samples import WIDTH, incidents, trajectory


@pytest.fixture
def memory(url):
    with Memory.open(url) as opened:
        yield opened


def draws():
    return np.random.default_rng(7)


def test_what_was_added_is_there_after_opening_it_anew(url, memory):
    many = [trajectory(seed=number) for number in range(5)]
    memory.add(many)
    with Memory.open(url) as again:
        assert incidents(again) == [one.incident for one in many]
        found = next(again.trajectories())
    np.testing.assert_array_equal(found.rows, many[0].rows)


def test_an_incident_added_twice_is_kept_once_in_its_newer_form(memory):
    one = trajectory("a", note="first")
    memory.add([one, trajectory("b")])
    memory.add([replace(one, note="second"), replace(one, note="third")])
    assert len(memory) == 2
    assert {each.incident: each.note for each in memory.trajectories()} == {"a": "third", "b": ""}


def test_all_or_none(memory):
    memory.add([trajectory("a")])

    def broken():
        yield trajectory("b")
        raise RuntimeError("the simulator fell over")

    with pytest.raises(RuntimeError):
        memory.add(broken())
    memory.add([])
    assert incidents(memory) == ["a"]


def test_capacity_holds_and_the_worthy_stay(url):
    with Memory.open(url, capacity=20) as memory:
        memory.add([trajectory(f"good-{number}", reward=1.0) for number in range(5)])
        memory.add([trajectory(f"failed-{number}", recovered=False) for number in range(5)])
        for number in range(10):
            memory.add([trajectory(f"plain-{number}-{each}", reward=-1.0) for each in range(5)])
        left = incidents(memory)
    assert len(left) == 20
    assert sum(name.startswith("plain") for name in left) == 10


def test_a_rare_fault_outlives_thousands_of_others(url):
    with Memory.open(url, capacity=170, rules=Rules(reserve=0.5)) as memory:
        memory.add([trajectory(f"rare-{each}", fault="storage_fault", reward=-9.0) for each in range(7)])
        for _ in range(10):
            memory.add([trajectory(reward=1.0) for _ in range(100)])
        left = [name for name in incidents(memory) if name.startswith("rare")]
    assert len(left) == int(0.5 * 170 / 17)


def test_a_sample_is_what_was_asked_for(memory):
    memory.add([trajectory(seed=number) for number in range(30)])
    sample = memory.sample(16, draws(), beta=0.4)
    assert len(sample) == 16 == len(sample.ids) == len(sample.weights)
    assert sample.weights.max() == 1
    again = memory.sample(16, draws(), beta=0.4)
    assert [one.incident for one in again.trajectories] == [one.incident for one in sample.trajectories]


def test_faults_that_are_left_out_are_not_drawn(memory):
    for fault in ("storage_fault", "node_fault", "overload"):
        memory.add([trajectory(fault=fault) for _ in range(5)])
    drawn = memory.sample(60, draws(), 0.5, without=("node_fault", "overload", "of no trajectory"))
    assert {each.fault for each in drawn.trajectories} == {"storage_fault"}
    assert {each.fault for each in memory.sample(60, draws(), 0.5).trajectories} > {"node_fault"}
    assert len(memory.sample(60, draws(), 0.5, without=("storage_fault", "node_fault", "overload"))) == 0


def test_an_empty_memory_gives_an_empty_sample(memory):
    assert len(memory.sample(8, draws(), 0.5)) == 0
    assert memory.nearest(np.zeros(WIDTH, np.float32), 3) == []
    assert memory.stats().count == 0


def test_a_higher_td_error_is_drawn_more_often(url, memory):
    memory.add([trajectory(f"{number}") for number in range(10)])
    first = memory.sample(500, draws(), 0.5)
    ids = np.unique(first.ids)
    memory.reprioritise(ids, np.where(ids == ids[3], -100.0, 0.0))
    with Memory.open(url) as other:
        for each in (memory, other):  # the one that wrote, and one that reads what was written
            found = each.sample(500, draws(), 0.5, rare_share=0)
            assert np.mean(found.ids == ids[3]) > 0.95


def test_ids_that_are_gone_are_passed_over_and_bad_errors_refused(memory):
    memory.add([trajectory("a")])
    memory.reprioritise(np.array([999]), np.array([1.0]))
    memory.reprioritise(np.array([], np.int64), np.array([]))
    for wrong in (np.array([np.nan]), np.array([1.0, 2.0])):
        with pytest.raises(ValueError, match="td_errors"):
            memory.reprioritise(np.array([1]), wrong)


def test_an_id_is_never_used_twice(memory):
    memory.add([trajectory("a")])
    (old,) = memory.sample(1, draws(), 0.5).ids
    memory.prune(0)
    memory.add([trajectory("b")])
    assert old not in memory.sample(5, draws(), 0.5).ids


def test_the_stale_are_kept_but_not_drawn(memory):
    memory.add([trajectory("old", policy_version=1), trajectory("new", policy_version=9)])
    found = memory.sample(50, draws(), 0.5, max_age=3)
    assert {one.incident for one in found.trajectories} == {"new"}
    assert len(memory) == 2


def test_what_is_no_longer_practised_does_not_age(memory):
    memory.add(
        [trajectory("seldom", fault="node_fault", policy_version=1), trajectory("often", policy_version=9)]
    )
    found = memory.sample(50, draws(), 0.5, max_age=3)
    assert {one.incident for one in found.trajectories} == {"seldom", "often"}


def test_two_who_opened_it_see_what_the_other_writes(url, memory):
    with Memory.open(url, capacity=5) as other:
        memory.add([trajectory(f"a{each}") for each in range(5)])
        assert len(other) == 5
        other.add([trajectory("b", recovered=False)])
        assert len(memory) == 5
        assert "b" in incidents(memory)
        assert "a0" not in {one.incident for one in memory.sample(200, draws(), 0.5).trajectories}
        memory.prune(1)
        assert incidents(other) == ["b"]


def test_nearest_tells_what_was_done_and_what_came_of_it(memory):
    axes = np.eye(WIDTH, dtype=np.float32)
    for number in range(3):
        memory.add([trajectory(f"{number}", facts=axes[number] * (number + 1) / 4, note=f"did {number}")])
    near, far = memory.nearest(axes[1], 2)
    assert (near.incident, near.note, near.recovered) == ("1", "did 1", True)
    assert len(near.actions) == 3
    assert near.distance == pytest.approx(0, abs=1e-3)
    assert far.distance == pytest.approx(1, abs=1e-3)
    assert memory.nearest(axes[0] / 4, 1, "euclidean")[0].incident == "0"
    assert memory.nearest(axes[2] * 3 / 4, 3, "euclidean")[0].incident == "2"
    memory.add([trajectory("closer", facts=axes[1])])
    assert memory.nearest(axes[1], 99, "euclidean")[0].incident == "closer"
    assert memory.nearest(np.zeros(3, np.float32), 2) == []


def test_stats(memory):
    memory.add([trajectory(fault="overload", policy_version=4) for _ in range(3)])
    memory.add([trajectory(fault="storage_fault", recovered=False, source="cluster", policy_version=2)])
    found = memory.stats()
    assert (found.count, found.recovered) == (4, 0.75)
    assert found.by_fault == {"overload": 3, "storage_fault": 1}
    assert found.by_source == {"simulator": 3, "cluster": 1}
    assert (found.oldest_version, found.newest_version) == (2, 4)
    assert found.bytes > 1000


def test_an_export_is_for_people(memory, tmp_path):
    memory.add([trajectory("a", note="restarted it, näher", reward=0.5), trajectory("b")])
    assert memory.export(tmp_path / "new" / "out.jsonl") == 2
    first, _ = [json.loads(line) for line in (tmp_path / "new" / "out.jsonl").read_text().splitlines()]
    assert first["incident"] == "a"
    assert first["return"] == 0.5
    assert first["note"] == "restarted it, näher"
    assert len(first["actions"]) == 3
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.jsonl"]


def test_an_export_that_cannot_be_written_names_the_path(memory, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadData, match=r"file/out\.jsonl"):
        memory.export(tmp_path / "file" / "out.jsonl")


def test_prune_leaves_the_worthiest(memory):
    memory.add([trajectory(f"plain{each}") for each in range(10)])
    memory.add([trajectory("failed", harmed=True)])
    assert memory.prune(3) == 8
    assert "failed" in incidents(memory)
    with pytest.raises(ValueError, match="keep"):
        memory.prune(-1)


def test_what_cannot_be_read_is_named_and_pruned(memory):
    memory.add([trajectory("a")])
    memory.add([trajectory("b", policy_version=2)])
    with memory._session.engines.writing.begin() as connection:
        connection.execute(BLOBS.update().where(BLOBS.c.id == 1).values(data=b"PLNT"))
        connection.execute(BLOBS.delete().where(BLOBS.c.id == 2))
    with pytest.raises(BadData, match=r"trajectory 2: its bytes are missing.*planaria memory prune"):
        memory.sample(20, draws(), 0.5, max_age=0)
    with pytest.raises(BadData, match=r"trajectory 1: .*damaged.*planaria memory prune"):
        next(memory.trajectories())
    memory.add([trajectory("c")])
    assert memory.prune(10) == 2
    assert incidents(memory) == ["c"]


def test_an_odd_capacity_is_refused(url):
    with pytest.raises(ValueError, match="capacity"):
        Memory.open(url, capacity=0)


def row(category, **heads):
    found = np.zeros(len(COLUMN), np.int64)
    found[0] = [str(each) for each in CATEGORIES].index(category)
    for head, choice in heads.items():
        found[COLUMN[head]] = choice
    return found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (row("none", wait=1), "wait 60 s"),
        (row("restart", scope=1, delay=1), "restart workload after 30 s"),
        (row("migrate", place=2), "migrate to node 3"),
        (row("migrate", place=4), "migrate to any node"),
        (row("scale", scale=3), "scale dependency by 1"),
        (row("resize", size=0), "resize cpu by 1.5"),
        (row("isolate", node=1, drain=1), "isolate node 2 and drain it"),
        (row("rollback"), "rollback"),
        (row("restart", scope=7), "restart with choices [0, 7, 0, 0, 0, 0, 0, 0]"),
        (np.full(9, 99), "unknown action 99"),
    ],
)
def test_a_row_in_words(given, words):
    assert told(given, places=5) == words
