"""Only the very process that was started is ever signalled."""

import dataclasses
import os
import signal
import subprocess
import sys

import pytest

from planaria_cluster import processes
from planaria_cluster.errors import ClusterError
from planaria_cluster.ledger import Ledger, Record
from planaria_cluster.processes import Process


@pytest.fixture
def sleeper():
    child = subprocess.Popen(["sleep", "60"], env={**os.environ, "PLANARIA_TEST": "marked here"})
    yield child
    child.kill()
    child.wait()


def test_a_recycled_pid_is_neither_alive_nor_signalled(sleeper):
    true = Process.of(sleeper.pid)
    for stranger in (
        dataclasses.replace(true, start=true.start - 1),
        dataclasses.replace(true, boot="another boot"),
    ):
        assert not stranger.alive()
        assert not stranger.signal(signal.SIGKILL)
        stranger.end(grace=0)
    assert true.alive()
    assert sleeper.poll() is None


def test_stop_continue_end(sleeper):
    process = Process.of(sleeper.pid)
    assert process.signal(signal.SIGSTOP)
    while not process.stopped():
        pass
    assert process.alive()
    process.end(grace=2)
    assert sleeper.wait(2) == -signal.SIGTERM
    assert not process.signal(signal.SIGTERM)


def test_a_zombie_is_gone():
    child = subprocess.Popen(["true"])
    process = Process.of(child.pid)
    assert process.gone_within(5)
    assert not process.alive()
    child.wait()


def test_an_ended_pid_cannot_be_recorded():
    child = subprocess.Popen(["true"])
    child.wait()
    with pytest.raises(ClusterError):
        Process.of(child.pid)


def test_a_lost_process_is_found_by_its_marker(sleeper):
    assert processes.marked("PLANARIA_TEST=marked here") == [Process.of(sleeper.pid)]
    assert processes.marked("PLANARIA_TEST=marked") == []


def test_the_start_time_is_a_time_of_day(sleeper):
    import time

    assert abs(Process.of(sleeper.pid).started_at() - time.time()) < 5


def test_a_program_name_with_brackets_does_not_confuse(tmp_path):
    odd = tmp_path / "a) R (b"
    odd.symlink_to(sys.executable)
    child = subprocess.Popen([str(odd), "-S", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert Process.of(child.pid).alive()
    finally:
        child.kill()
        child.communicate()


def test_the_ledger_survives_a_half_written_record(tmp_path, sleeper):
    ledger = Ledger(tmp_path)
    ledger.write(Record("etcd", Process.of(sleeper.pid), "x"))
    (tmp_path / "kubelet.json").write_text('{"process": ')
    assert ledger.read("kubelet") is None
    assert ledger.read("nothing") is None
    assert [record.part for record in ledger] == ["etcd"]
    assert ledger.alive("etcd") == Process.of(sleeper.pid)
    ledger.forget("etcd")
    assert ledger.alive("etcd") is None
