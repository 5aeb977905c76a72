"""The folder of policies: new files are taken and refused while the service runs, and a person can return to the one before."""

import asyncio
import errno
import zipfile

import pytest
import torch

from planaria_policy.network.export import exported
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.serving import cli, watch
from planaria_policy.serving.file import PolicyFile
from planaria_policy.serving.shelf import Shelf
from tests.policy.folder import put, put_trained


@pytest.fixture(scope="module")
def untrained():
    torch.manual_seed(1)
    return PolicyNetwork()


def test_a_new_policy_is_taken_after_its_self_test_and_rolled_back_for_good(tmp_path, untrained):
    put(tmp_path, "monday", 1)
    shelf = Shelf(tmp_path)
    assert shelf.name == "monday"
    assert not shelf.look()
    exported(untrained, {}).save(tmp_path / "bad.zip")
    assert not shelf.look()
    assert shelf.name == "monday"
    assert "self-test" in next(iter(shelf.refused.values())).why
    (tmp_path / "bad.zip").unlink()
    put(tmp_path, "tuesday", 2)
    assert shelf.look()
    assert shelf.name == "tuesday"
    assert Shelf(tmp_path).roll_back() == "monday"
    assert shelf.look()
    assert shelf.name == "monday"
    assert not shelf.look(), "what was rolled back is not taken up again"
    assert Shelf(tmp_path).name == "monday"


def test_a_refused_file_is_told_until_it_is_removed_or_made_anew(tmp_path):
    put(tmp_path, "monday", 1)
    shelf = Shelf(tmp_path)
    for name in ("removed", "anew"):
        put(tmp_path, name, 2, b"damaged")
    assert not shelf.look()
    assert {each.name for each in shelf.refused.values()} == {"removed", "anew"}
    (tmp_path / "removed.zip").unlink()
    put(tmp_path, "anew", 3)
    assert shelf.look()
    assert (shelf.name, shelf.refused) == ("anew", {})


# --- exported again, under the same name


@pytest.mark.parametrize("number", [2, 0], ids=["newer", "older"])
def test_what_is_exported_again_under_its_name_is_served_without_a_restart(tmp_path, number):
    put_trained(tmp_path, "mine", 1, "first")
    shelf = Shelf(tmp_path)
    put_trained(tmp_path, "mine", number, "second")
    assert shelf.look()
    assert trained(shelf) == ("mine", "second") == trained(Shelf(tmp_path))
    assert not shelf.look()


def test_what_is_exported_again_and_fails_is_told_and_the_one_before_is_served_on(tmp_path):
    put_trained(tmp_path, "mine", 1, "first")
    shelf = Shelf(tmp_path)
    put(tmp_path, "mine", 2, b"damaged")
    assert not shelf.look()
    assert not shelf.look()
    assert trained(shelf) == ("mine", "first")
    assert [each.name for each in shelf.refused.values()] == ["mine"]
    put_trained(tmp_path, "mine", 3, "third")
    assert shelf.look()
    assert (trained(shelf), shelf.refused) == (("mine", "third"), {})


def test_what_is_exported_again_and_fails_does_not_stand_before_what_is_newer_than_the_served(tmp_path):
    put_trained(tmp_path, "mine", 1, "first")
    shelf = Shelf(tmp_path)
    put(tmp_path, "mine", 3, b"damaged")
    put(tmp_path, "tuesday", 2)
    assert (shelf.look(), shelf.name) == (True, "tuesday")


def trained(shelf):
    return shelf.name, shelf.brain.manifest.about["training"]


def test_a_served_file_that_is_gone_is_served_on_until_there_is_another(tmp_path):
    put(tmp_path, "monday", 2)
    shelf = Shelf(tmp_path)
    (tmp_path / "monday.zip").unlink()
    assert (shelf.look(), shelf.name) == (False, "monday")
    put(tmp_path, "sunday", 1)
    assert (shelf.look(), shelf.name) == (True, "sunday")


def test_a_file_that_could_not_be_read_once_is_tried_again(tmp_path, monkeypatch):
    put(tmp_path, "monday", 1)
    shelf = Shelf(tmp_path)
    put(tmp_path, "tuesday", 2)
    with monkeypatch.context() as failing:
        failing.setattr(zipfile, "ZipFile", broken_disk)
        assert not shelf.look()
    assert [each.name for each in shelf.refused.values()] == ["tuesday"]
    assert shelf.look()
    assert (shelf.name, shelf.refused) == ("tuesday", {})


def broken_disk(*_):
    raise OSError(errno.EIO, "Input/output error")


async def test_a_disk_error_does_not_end_the_watch(tmp_path, monkeypatch, caplog):
    put(tmp_path, "monday", 1)
    shelf = Shelf(tmp_path)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)
    watching = asyncio.create_task(watch.watch(shelf, lambda: None))
    (tmp_path / "served").unlink()
    (tmp_path / "served").mkdir()  # cannot be read as a file
    while not caplog.messages:
        await asyncio.sleep(0.01)
        assert not watching.done()
    await asyncio.sleep(0.1)
    assert len(caplog.messages) == 1, "told once, not at every look"
    assert "monday is still served" in caplog.messages[0]
    (tmp_path / "served").rmdir()
    put(tmp_path, "tuesday", 2)
    while shelf.name != "tuesday":
        await asyncio.sleep(0.01)
    watching.cancel()


def test_a_folder_that_cannot_be_read_is_one_line_at_the_start(tmp_path, capsys):
    (tmp_path / "served").mkdir()
    assert cli.serve(["--policies", str(tmp_path)]) == 2
    assert f"error: {tmp_path}: cannot be read (Is a directory)" in capsys.readouterr().err


# --- rollback


@pytest.fixture
def rolled(tmp_path):
    """A folder where `good` was served before `bad one`."""
    put(tmp_path, "good", 1)
    shelf = Shelf(tmp_path)
    put(tmp_path, "bad one", 2)
    assert shelf.look()
    return tmp_path


def rollback(folder, capsys):
    status = cli.rollback(["--policies", str(folder)])
    told = capsys.readouterr()
    return status, told.out or told.err


def test_what_was_rolled_back_is_not_served_again_whatever_its_name(rolled, capsys):
    assert rollback(rolled, capsys) == (0, "good is served again\n")
    shelf = Shelf(rolled)
    assert (shelf.look(), shelf.name) == (False, "good")


def test_what_is_trained_anew_under_the_name_of_what_was_rolled_back_is_served(rolled, capsys):
    put_trained(rolled, "bad one", 3, "worse")
    assert rollback(rolled, capsys)[0] == 0
    shelf = Shelf(rolled)
    put_trained(rolled, "bad one", 4, "worse")
    assert (shelf.look(), shelf.name) == (False, "good")
    put_trained(rolled, "bad one", 5, "anew")
    assert (shelf.look(), shelf.name) == (True, "bad one")
    assert trained(Shelf(rolled)) == ("bad one", "anew")


def test_what_was_rolled_back_is_read_once_and_again_when_it_is_changed_or_unbarred(
    rolled, capsys, monkeypatch
):
    rollback(rolled, capsys)
    shelf, load, loaded = Shelf(rolled), PolicyFile.load, []

    def loading(path):
        loaded.append(path.stem)
        return load(path)

    monkeypatch.setattr(PolicyFile, "load", loading)
    for times_read, number in enumerate([3, 4], start=1):
        put(rolled, "bad one", number)
        assert [shelf.look() for _ in range(3)] == [False] * 3
        assert loaded == ["bad one"] * times_read
    (rolled / "barred").write_text("another\n")
    assert (shelf.look(), shelf.name) == (True, "bad one")


@pytest.fixture
def overtaken(tmp_path, capsys):
    """Rolled back to `good` from `wednesday`, with `tuesday` between them, which was never served."""
    put(tmp_path, "good", 1)
    shelf = Shelf(tmp_path)
    put(tmp_path, "tuesday", 2)
    put(tmp_path, "wednesday", 3)
    assert (shelf.look(), shelf.name) == (True, "wednesday")
    assert rollback(tmp_path, capsys) == (0, "good is served again\n")
    return tmp_path, shelf


def test_files_that_were_there_at_a_rollback_do_not_overtake_it(overtaken):
    folder, running = overtaken
    assert (running.look(), running.name) == (True, "good")
    for shelf in (running, Shelf(folder)):
        assert (shelf.look(), shelf.name) == (False, "good")
    assert (folder / "served").read_text() == "good\n"


@pytest.mark.parametrize("name", ["thursday", "tuesday"], ids=["added", "made anew"])
def test_what_a_person_puts_there_after_a_rollback_is_served(overtaken, name):
    folder, shelf = overtaken
    shelf.look()
    put_trained(folder, name, 4, "anew")
    assert (shelf.look(), shelf.name) == (True, name)


def test_a_person_may_point_to_what_a_rollback_has_passed_over(overtaken):
    folder, shelf = overtaken
    shelf.look()
    (folder / "served").write_text("tuesday\n")
    assert (shelf.look(), shelf.name, Shelf(folder).name) == (True, "tuesday", "tuesday")


def test_a_start_at_which_what_was_returned_to_cannot_be_read_does_not_overtake_the_rollback(
    overtaken, monkeypatch
):
    folder, _ = overtaken
    with monkeypatch.context() as failing:
        load = PolicyFile.load
        failing.setattr(
            PolicyFile, "load", lambda path: load(path) if path.stem != "good" else load(folder / "none.zip")
        )
        assert Shelf(folder).name == "shipped"
    shelf = Shelf(folder)
    assert (shelf.look(), shelf.name) == (False, "good")


def test_a_rollback_to_the_shipped_policy_is_not_overtaken_either(tmp_path, capsys):
    shelf = Shelf(tmp_path)
    for number, name in enumerate(("monday", "tuesday"), start=1):
        put(tmp_path, name, number)
    assert (shelf.look(), shelf.name) == (True, "tuesday")
    assert rollback(tmp_path, capsys) == (0, "shipped is served again\n")
    assert (shelf.look(), shelf.name) == (True, "shipped")
    assert (shelf.look(), Shelf(tmp_path).name) == (False, "shipped")


def test_a_name_that_was_barred_before_contents_were_stays_barred(rolled, capsys):
    rollback(rolled, capsys)
    (rolled / "barred").write_text("bad one\n")
    put_trained(rolled, "bad one", 3, "anew")
    shelf = Shelf(rolled)
    assert (shelf.look(), shelf.name) == (False, "good")


def test_a_rollback_to_what_was_rolled_back_from_says_so(rolled, capsys):
    rollback(rolled, capsys)
    (rolled / "before").write_text("bad one\n")
    status, told = rollback(rolled, capsys)
    assert (status, told.count("\n")) == (2, 1)
    assert "bad one.zip: was rolled back from; good is still served" in told


def test_a_second_rollback_does_not_bar_what_the_first_one_returned_to(rolled, capsys):
    rollback(rolled, capsys)
    status, told = rollback(rolled, capsys)
    assert status == 2
    assert "no policy was served before good" in told
    assert Shelf(rolled).name == "good"


def test_a_rollback_without_an_earlier_policy_says_so(tmp_path, capsys):
    put(tmp_path, "only", 1)
    status, told = rollback(tmp_path, capsys)
    assert (status, told.count("\n")) == (2, 1)
    assert "no policy was served before only" in told


def test_the_first_policy_of_a_folder_is_rolled_back_from_to_the_shipped_one(tmp_path, capsys):
    shelf = Shelf(tmp_path)
    assert shelf.name == "shipped"
    put(tmp_path, "bad one", 1)
    assert (shelf.look(), shelf.name) == (True, "bad one")
    assert rollback(tmp_path, capsys) == (0, "shipped is served again\n")
    assert (shelf.look(), shelf.name) == (True, "shipped")
    assert (shelf.look(), Shelf(tmp_path).name) == (False, "shipped")
    put_trained(tmp_path, "good", 2, "anew")
    assert (shelf.look(), shelf.name) == (True, "good")


def test_a_rollback_to_a_file_that_is_gone_or_damaged_says_so(rolled, capsys):
    (rolled / "good.zip").write_bytes(b"")
    status, told = rollback(rolled, capsys)
    assert status == 2
    assert "good.zip: not a policy file" in told
    assert "bad one is still served" in told
    (rolled / "good.zip").unlink()
    assert "good.zip: not a policy file" in rollback(rolled, capsys)[1]
    assert Shelf(rolled).name == "bad one"


@pytest.mark.parametrize("pointer", ["served", "barred"])
def test_a_rollback_where_nothing_may_be_written_says_what_is_still_served(rolled, pointer, capsys):
    (rolled / f".{pointer}.new").mkdir()  # the file that is to become the pointer
    status, told = rollback(rolled, capsys)
    assert status == 2
    assert f"{rolled}: may not be written (Is a directory); bad one is still served" in told
    assert (rolled / "served").read_text() == "bad one\n"


def test_a_folder_that_may_not_be_written_is_served_from(tmp_path):
    put(tmp_path, "monday", 1)
    shelf = Shelf(tmp_path)
    for pointer in ("served", "before"):
        (tmp_path / f".{pointer}.new").mkdir()
    put(tmp_path, "tuesday", 2)
    assert (shelf.look(), shelf.name) == (True, "tuesday")
    assert (shelf.look(), shelf.name) == (False, "tuesday"), (
        "the pointer names monday still, and is not followed"
    )
