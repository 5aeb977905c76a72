import gc
from collections.abc import Iterator

import pytest

from planaria_operator.telemetry.garbage import settle_everything, settle_new


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


class Node:
    def __init__(self) -> None:
        self.me = self


def test_what_lives_is_no_longer_looked_at():
    settle_everything()
    frozen = gc.get_freeze_count()
    kept = [Node() for _ in range(1000)]
    assert gc.get_count()[0] + len(gc.get_objects()) < frozen
    settle_new()
    assert gc.get_freeze_count() >= frozen + len(kept)


def test_what_was_set_aside_and_has_died_since_is_collected_the_next_time():
    import weakref

    node = Node()
    there = weakref.ref(node)
    settle_everything()
    del node
    gc.collect()
    assert there() is not None, "a frozen cycle is not collected"
    settle_everything()
    assert there() is None
