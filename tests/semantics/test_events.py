"""An event is about a moment: what the pod has left behind is no evidence of what is wrong now."""

import pytest

from planaria_contract import EventFact, Fault, ObjectRef, SymptomKind
from planaria_semantics.rules import understand
from tests.builders import ago, observation, pod_fact, symptom

SYNC = 'MountVolume.SetUp failed for volume "token" : failed to sync configmap cache: timed out waiting for the condition'


def seen(reason, message, *, age=10.0, **pod):
    event = EventFact(
        reason=reason, message=message, subject=ObjectRef(kind="Pod", name="front-0"), last_seen=ago(age)
    )
    return observation(
        pods=(pod_fact("front-0", affected=True, **pod), pod_fact("front-1")),
        symptoms=(symptom(SymptomKind.NOT_READY, since=20),),
        events=(event,),
    )


@pytest.mark.parametrize(
    ("reason", "message", "fault"),
    [
        ("FailedMount", "Unable to attach or mount volumes", Fault.STORAGE_FAULT),
        ("FailedMount", 'secret "tls" not found', Fault.BAD_CONFIGURATION),
        ("FailedCreatePodSandBox", "failed to setup network for sandbox", Fault.NETWORK_FAULT),
    ],
)
def test_a_step_of_the_start_counts_until_it_is_behind_the_pod(reason, message, fault):
    assert understand(seen(reason, message, waiting_reason="ContainerCreating")).fault is fault
    assert understand(seen(reason, message, waiting_reason=None)).fault is Fault.HANG_OR_PROBE_FAILURE
    crashed = seen(reason, message, waiting_reason="CrashLoopBackOff", last_termination="Error")
    assert understand(crashed).fault is not fault


def test_a_kubelet_that_has_just_met_the_pod_is_no_storage_fault():
    assert (
        understand(seen("FailedMount", SYNC, waiting_reason="ContainerCreating")).fault
        is not Fault.STORAGE_FAULT
    )


@pytest.mark.parametrize(("age", "counts"), [(10, True), (130, True), (150, False)])
def test_what_was_over_before_the_fault_began_does_not_count(age, counts):
    state = understand(seen("Evicted", "The node was low on resource: memory.", age=age))
    assert (state.fault is Fault.MEMORY_EXHAUSTION) is counts
