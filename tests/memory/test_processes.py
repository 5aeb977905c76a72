"""Several processes at once, and one that is killed while it writes."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

from planaria_policy.memory import Memory
from tests.memory.samples import incidents, trajectory

WRITER = """
import sys
from itertools import count
from dataclasses import replace
from planaria_policy.memory import Memory
from tests.memory.samples import trajectory
url, name, batches, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
many = [trajectory(seed=number) for number in range(size)]
with Memory.open(url, capacity=400) as memory:
    for batch in range(batches):
        memory.add([replace(each, incident=f"{name}-{batch}-{at}") for at, each in enumerate(many)])
        print(batch, flush=True)
"""
SIZE = 20


def writer(url, name, batches):
    command = [sys.executable, "-c", WRITER, url, name, str(batches), str(SIZE)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_add_at_once_from_the_first_moment_on(url):
    writers = [writer(url, name, 8) for name in ("a", "b")]
    for each in writers:
        each.communicate(timeout=120)
        assert each.returncode == 0
    with Memory.open(url) as memory:
        names = incidents(memory)
    assert sorted(names) == sorted(
        f"{name}-{batch}-{at}" for name in "ab" for batch in range(8) for at in range(SIZE)
    )


def killed_at_some_moment(url, name, draws):
    """The number of the last batch that the writer said it had written; -1 for none."""
    process = writer(url, name, 10_000)
    said = [int(process.stdout.readline())]
    time.sleep(draws.uniform(0, 0.15))
    process.send_signal(signal.SIGKILL)
    said += [int(line) for line in process.communicate(timeout=30)[0].splitlines()]
    return said[-1]


def test_a_kill_at_any_moment_loses_nothing_that_was_written(url):
    draws = random.Random(11)
    for round_ in range(8):
        last = killed_at_some_moment(url, f"round{round_}", draws)
        with Memory.open(url) as memory:
            names = incidents(memory)  # every one is read
            assert len(names) == len(memory) == memory.stats().count
        assert len(names) % SIZE == 0, "a batch is there wholly or not at all"
        assert f"round{round_}-{last}-{SIZE - 1}" in names
        if "://" not in url:
            assert whole(url) == "ok"


def whole(file):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone()[0]


def test_what_one_removes_while_another_reads_is_left_out(url):
    with Memory.open(url) as memory, Memory.open(url) as other:
        memory.add([trajectory(f"{number}") for number in range(600)])
        told = memory.trajectories()
        first = next(told)
        other.prune(10)
        assert first.incident == "0"
        assert len(list(told)) < 600
