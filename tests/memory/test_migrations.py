"""The schema comes to its newest version by itself, from every older one."""

import pytest
from sqlalchemy import inspect

from planaria_policy.errors import BadData
from planaria_policy.memory import Memory, store
from planaria_policy.memory.engine import engines
from planaria_policy.memory.place import place
from planaria_policy.memory.schema import BLOBS, METADATA, TRAJECTORIES
from planaria_policy.memory.upgrade import upgrade
from tests.memory.samples import incidents, trajectory


@pytest.fixture
def old(url):
    """A memory as version 1 wrote it: no first facts."""
    opened = engines(place(url))
    upgrade(opened, url, to="1")
    many = [trajectory(f"{number}", seed=number) for number in range(7)]
    with opened.writing.begin() as connection:
        store.begin_write(connection, len(many))
        for number, each in enumerate(map(store.record, many), start=1):
            values = {**each.values, "id": number, "priority": 1.0, "changed": 1}
            del values["first_facts"]
            connection.execute(TRAJECTORIES.insert().inline(), values)
            connection.execute(BLOBS.insert(), {"id": number, "data": each.blob if number != 3 else b"?"})
    yield many
    opened.close()


def test_version_1_is_brought_up_to_date_with_what_it_holds(url, old, monkeypatch):
    with Memory.open(url) as memory:
        (found,) = memory.nearest(old[5].facts[0], 1)
        assert found.incident == "5"
        memory.add([trajectory("more")])
        assert len(memory) == 8
        memory.prune(100)  # the damaged third, which was no reason to refuse the rest
        assert incidents(memory) == ["0", "1", "3", "4", "5", "6", "more"]


def test_the_migrations_end_where_the_tables_say(url):
    Memory.open(url).close()
    opened = engines(place(url))
    found = inspect(opened.reading)
    for table in METADATA.tables.values():
        there = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert there == {column.name: column.nullable for column in table.columns}
    (index,) = [each for each in found.get_indexes(TRAJECTORIES.name) if not each["unique"]]
    assert index["column_names"] == ["changed"]
    opened.close()


def test_a_newer_one_is_refused(url):
    with Memory.open(url) as memory:
        memory.add([trajectory()])
        with memory._session.engines.writing.begin() as connection:
            connection.exec_driver_sql("UPDATE planaria_memory_version SET version_num = '4'")
    with pytest.raises(BadData, match=r"newer Planaria.*version 4.*up to 3.*Upgrade Planaria"):
        Memory.open(url, set_aside=True)


def test_an_upgrade_that_fails_leaves_everything_as_it_was(url, old, monkeypatch):
    def broken(*_):
        raise RuntimeError("the power went")

    monkeypatch.setattr("zlib.crc32", broken)
    with pytest.raises(RuntimeError):
        Memory.open(url)
    monkeypatch.undo()
    with Memory.open(url) as memory:
        assert len(memory) == 7
        assert memory.nearest(old[0].facts[0], 1)[0].incident == "0"
