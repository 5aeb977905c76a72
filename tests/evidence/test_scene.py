"""Which pods of a target are affected: those that show the fault, and no others."""

from planaria_contract import SymptomKind
from planaria_operator.evidence.scene import scene
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.workload import Workload
from tests.builders import deployment, pod, policy, ref, replica_set, store, symptom

FRONT = deployment()
SET = replica_set(FRONT)
STARTING = pod("front-1", SET, ready=False)
WELL = pod("front-2", SET)


def affected(*pods: Pod, by: SymptomKind, on: Pod | Workload) -> list[str]:
    known = store(FRONT, SET, pods)
    found = scene(known, policy(), ref(FRONT), (symptom(by, on),))
    return [each.meta.name for each in found.affected]


def test_the_pods_that_show_the_fault_are():
    ill = pod("front-0", SET, ready=False)
    assert affected(ill, STARTING, WELL, by=SymptomKind.CRASH_LOOP, on=ill) == ["front-0"]


def test_where_those_are_gone_the_ones_that_are_not_ready_are():
    gone = pod("front-0", SET, ready=False)
    assert affected(STARTING, WELL, by=SymptomKind.CRASH_LOOP, on=gone) == ["front-1"]


def test_where_the_workload_alone_shows_it_those_that_are_not_ready_are():
    assert affected(STARTING, WELL, by=SymptomKind.STUCK_ROLLOUT, on=FRONT) == ["front-1"]
