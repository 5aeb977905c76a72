"""Events outlive their troubles: what a pod's start had to wait for is no evidence once the pod runs."""

from typing import Any

import pytest

from planaria_contract import SymptomKind
from planaria_operator.evidence.overcome import without_overcome
from planaria_operator.evidence.scene import scene
from planaria_operator.objects.pod import Termination
from tests.builders import (
    ago,
    container,
    deployment,
    node,
    pod,
    policy,
    ref,
    replica_set,
    store,
    symptom,
    waiting,
)

FRONT = deployment()
CURRENT = replica_set(FRONT)
MOUNT = ("FailedMount", 'MountVolume.SetUp failed for volume "kube-api-access-x": failed to fetch token')
PULL = ("Failed", 'Failed to pull image "shop:2": i/o timeout')
PULL_AGAIN = ("BackOff", 'Back-off pulling image "shop:2"')
CRASH = ("BackOff", "Back-off restarting failed container app in pod front-0")
PROBE = ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")


def told(said: tuple[str, str], seconds_ago: float, *containers: Any) -> bool:
    ill = pod("front-0", CURRENT, ready=False, ready_since=ago(40), containers=containers)
    known = store(FRONT, CURRENT, ill, node())
    reason, note = said
    body = {
        "reason": reason,
        "note": note,
        "regarding": {"kind": "Pod", "name": "front-0"},
        "eventTime": ago(seconds_ago).isoformat(),
    }
    about = scene(known, policy(), ref(FRONT), (symptom(SymptomKind.NOT_READY, ill, since=40),))
    return bool(without_overcome([body], about, known))


RUNS = container(running_since=ago(300))


@pytest.mark.parametrize("said", [MOUNT, PULL, PULL_AGAIN, ("FailedScheduling", "0/2 nodes are available")])
def test_what_a_start_waited_for_is_over_once_all_containers_have_begun(said: tuple[str, str]):
    assert not told(said, 310, RUNS)
    assert told(said, 310, RUNS, waiting("ImagePullBackOff"))
    assert told(said, 310, waiting("ContainerCreating"))


@pytest.mark.parametrize("said", [MOUNT, PULL])
def test_what_is_said_after_the_start_stands(said: tuple[str, str]):
    assert told(said, 290, RUNS)


@pytest.mark.parametrize("said", [CRASH, PROBE])
def test_what_is_no_matter_of_the_start_stands(said: tuple[str, str]):
    assert told(said, 310, RUNS)


def test_a_restart_is_not_the_first_start():
    before = Termination("Error", 1, finished=ago(100), started=ago(300))
    again = container(running_since=ago(90), last_termination=before)
    down = container(terminated=before)
    for restarted in (again, down):
        assert not told(PULL, 310, restarted)
        assert told(PULL, 95, restarted)
