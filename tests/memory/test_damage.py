"""What can be wrong with the place where a memory lies, and what a person is told."""

import os
import socket
import sqlite3
import subprocess
import sys

import pytest

from bench.postgres import NOBODY
from planaria_policy.errors import BadData, Temporary
from planaria_policy.memory import Memory, engine
from tests.memory.samples import incidents, trajectory


@pytest.fixture
def file(tmp_path):
    return tmp_path / "memory.db"


def filled(file, count=200):
    with Memory.open(file) as memory:
        memory.add([trajectory(seed=number) for number in range(count)])
    return file


def overwritten(file, start, length):
    with file.open("r+b") as stream:
        stream.seek(start)
        stream.write(b"\xa5" * length)
    return file


def damaged(file, how):
    if how == "text":
        file.write_text("this is no database, and never was one\n" * 100)
        return file
    if how == "header":
        return overwritten(filled(file), 0, 100)
    if how == "cut":
        filled(file)
        os.truncate(file, file.stat().st_size // 2)
        return file
    return overwritten(filled(file), 4096, 40_000)


KINDS = ("text", "header", "cut", "pages")


@pytest.mark.parametrize("how", KINDS)
def test_a_damaged_file_is_named_with_the_fix_and_left_as_it_is(file, how):
    before = damaged(file, how).read_bytes()
    with pytest.raises(BadData) as caught:
        Memory.open(file)
    assert f"mv {file} {file}.corrupt-" in str(caught.value)
    assert caught.value.__cause__ is not None
    assert file.read_bytes() == before


@pytest.mark.parametrize("how", KINDS)
def test_a_damaged_file_is_set_aside_where_that_is_wanted(file, how):
    before = damaged(file, how).read_bytes()
    with Memory.open(file, set_aside=True) as memory:
        assert memory.set_aside is not None
        assert memory.set_aside.name.startswith("memory.db.corrupt-2")
        assert memory.set_aside.read_bytes() == before
        memory.add([trajectory("new")])
        assert incidents(memory) == ["new"]


def test_one_set_aside_never_overwrites_another(file):
    seen = set()
    for text in ("first", "second", "third"):
        file.write_text(text * 1000)
        with Memory.open(file, set_aside=True) as memory:
            assert memory.set_aside is not None
            seen.add(memory.set_aside)
        for end in ("", "-wal", "-shm"):
            file.with_name(f"{file.name}{end}").unlink(missing_ok=True)
    assert len(seen) == 3
    assert all(path.exists() for path in seen)


def test_a_sound_one_is_not_set_aside(file):
    with Memory.open(filled(file), set_aside=True) as memory:
        assert memory.set_aside is None
        assert len(memory) == 200


def test_damage_that_comes_later_is_told_too(file):
    with Memory.open(filled(file)) as memory:
        memory._session.engines.close()
        overwritten(file, 4096, file.stat().st_size - 4096)
        with pytest.raises(BadData, match="damaged"):
            memory.stats()


def test_a_folder(tmp_path):
    with pytest.raises(BadData, match="it is a folder"):
        Memory.open(tmp_path)


def test_a_folder_that_is_not_there_is_made_and_one_that_cannot_be_is_named(tmp_path):
    Memory.open(tmp_path / "a" / "b" / "memory.db").close()
    (tmp_path / "file").write_text("")
    with pytest.raises(BadData, match=r"file/memory\.db"):
        Memory.open(tmp_path / "file" / "memory.db")


def test_a_file_that_is_not_there_is_not_made_where_it_is_only_looked_at(file):
    with pytest.raises(BadData, match="no such file"):
        Memory.open(file, create=False)
    assert not file.exists()


def test_another_programs_database_is_left_alone(file):
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE holidays (day TEXT)")
    other.close()
    with pytest.raises(BadData, match="another program"):
        Memory.open(file, set_aside=True)


@pytest.mark.parametrize(("mode", "told"), [(0o000, "cannot be opened"), (0o444, "may not be written")])
def test_no_permission(tmp_path, mode, told):
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else here")
    file = filled(tmp_path / "memory.db", 1)
    file.chmod(mode)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o055)
    program = f"""
import os
from planaria_policy.errors import BadData
from planaria_policy.memory import Memory
from tests.memory.samples import trajectory
os.setuid({NOBODY})
try:
    with Memory.open({str(file)!r}) as memory:
        memory.add([trajectory()])
except BadData as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert str(file) in found.stdout
    assert told in found.stdout


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://root@localhost/x", "not in mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("postgresql://user:secret@host:port/x", "cannot be read"),
        ("", "no name"),
    ],
)
def test_a_url_that_names_no_memory(url, told):
    with pytest.raises(BadData, match=told) as caught:
        Memory.open(url)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_may_come_back():
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(Temporary, match="not reached") as caught:
        Memory.open(f"postgresql://planaria:secret@127.0.0.1:{port}/planaria")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(engine, "CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(Temporary, match="not reached"):
        Memory.open(f"postgresql://planaria@127.0.0.1:{mute.getsockname()[1]}/planaria")


def test_what_a_person_can_mend_on_a_server(server):
    with pytest.raises(BadData, match="does not exist"):
        Memory.open(server.url("nowhere"))


def test_a_server_that_stands_still_fails_the_call(server, monkeypatch):
    monkeypatch.setattr(engine, "STATEMENT_SECONDS", 1)
    url = server.database("still")
    with Memory.open(url) as memory, server.connect("still") as other:
        other.execute("BEGIN")
        other.execute("LOCK planaria_memory_state")
        with pytest.raises(Temporary, match="refused"):
            memory.add([trajectory()])
        other.execute("ROLLBACK")
        memory.add([trajectory()])
        assert len(memory) == 1


def test_a_lost_connection_is_made_anew(server):
    url = server.database("lost")
    with Memory.open(url) as memory, server.connect() as other:
        memory.add([trajectory()])
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'")
        assert len(memory) == 1


def test_a_writer_that_waits_too_long_says_so(file, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.2)
    with Memory.open(file) as memory:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Temporary, match="another process"):
            memory.add([trajectory("a")])
        other.execute("ROLLBACK")
        other.close()
        memory.add([trajectory("a")])
        assert incidents(memory) == ["a"]
