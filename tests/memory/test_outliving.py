"""A database that goes away while it is used, and comes back: what waits is done, by the same thread."""

import time

import pytest

from planaria_policy.errors import Temporary
from planaria_policy.recording.worker import Worker
from tests.memory.postgres import Server
from tests.memory.samples import trajectory


@pytest.fixture
def own():
    started = Server()
    yield started
    started.start()
    started.stop()


def worker(url, *, patient):
    made = Worker(url, "under test", room=10, patient=patient)
    made.start()
    return made


def test_what_waits_for_a_database_that_is_away_is_done_when_it_is_back(own):
    patient = worker(own.database("memory"), patient=True)
    assert patient.put(len).result(30) == 0
    own.halt()
    waiting = patient.put(len)
    until = time.monotonic() + 30
    while not patient.trouble:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "PostgreSQL is not reached" in patient.trouble
    own.start()
    assert waiting.result(60) == 0
    assert patient.trouble == ""
    own.halt()
    assert patient.close() == 0


def test_what_is_to_be_written_during_a_failover_waits_for_the_new_primary(own):
    """A primary that is demoted answers still, and writes nothing any more."""
    patient = worker(own.database("memory"), patient=True)
    assert patient.put(len).result(30) == 0
    read_only(own, "on")
    waiting = patient.put(lambda memory: memory.add([trajectory()]))
    until = time.monotonic() + 30
    while not patient.trouble:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "read-only transaction" in patient.trouble
    assert not waiting.done()
    read_only(own, "off")
    waiting.result(60)
    assert patient.put(len).result(30) == 1
    patient.close()
    own.halt()


def test_what_is_tried_counts_as_waiting_and_what_the_end_cuts_short_as_lost(tmp_path):
    patient, tries = worker(str(tmp_path / "memory.db"), patient=True), []

    def away(_memory):
        tries.append(1)
        raise Temporary("it is away")

    under_way = [patient.put(away), patient.put(away)]
    until = time.monotonic() + 30
    while not tries:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert patient.waiting == 2
    assert patient.close() == 2
    assert all(each.done() for each in under_way)


def read_only(server, how):
    with server.connect() as other:
        other.execute(f"ALTER DATABASE memory SET default_transaction_read_only = {how}")
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'memory'")


def test_who_does_not_wait_is_told_and_served_again_later(own):
    impatient = worker(own.database("memory"), patient=False)
    assert impatient.put(len).result(30) == 0
    own.halt()
    with pytest.raises(Temporary):
        impatient.put(len).result(30)
    own.start()
    until = time.monotonic() + 60
    while True:
        try:
            assert impatient.put(len).result(30) == 0
            break
        except Temporary:  # it leaves the database alone for a while
            assert time.monotonic() < until
            time.sleep(0.1)
    impatient.close()
    own.halt()
