"""Whatever the API server sends, detection answers: it never raises, and it never depends on the order of arrival."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from planaria_operator.detect.detector import detect
from planaria_operator.detect.symptoms import WAITING
from planaria_operator.objects.pod import Container, Termination
from tests.builders import NOW, deployment, node, pod, policy, replica_set, store

times = st.one_of(st.none(), st.integers(-600, 90000).map(lambda seconds: NOW - timedelta(seconds=seconds)))
endings = st.builds(
    Termination, st.sampled_from(["OOMKilled", "Error", "Completed", ""]), st.integers(0, 255), times, times
)
containers = st.builds(
    Container,
    name=st.just("app"),
    restarts=st.integers(0, 1000),
    started=st.booleans(),
    running_since=times,
    waiting_reason=st.one_of(st.none(), st.sampled_from([*WAITING, "ContainerCreating", ""])),
    waiting_message=st.text(max_size=600),
    terminated=st.one_of(st.none(), endings),
    last_termination=st.one_of(st.none(), endings),
    has_startup_probe=st.booleans(),
)
OWNER = deployment()
CURRENT = replica_set(OWNER)
pods = st.builds(
    pod,
    st.sampled_from(["front-0", "front-1", "front-2"]),
    st.just(CURRENT),
    containers=st.lists(containers, min_size=1, max_size=2),
    created=times,
    deleting=st.booleans(),
    ready=st.booleans(),
    ready_since=times,
    started_at=times,
    scheduled=st.booleans(),
    unscheduled_since=times,
    phase=st.sampled_from(["Pending", "Running", "Succeeded", "Failed", "Unknown", ""]),
    node=st.sampled_from([None, "node-1", "node-gone"]),
)
nodes = st.builds(node, ready=st.booleans(), ready_since=times)


@given(st.lists(pods, unique_by=lambda each: each.meta.name), nodes)
def test_detection_never_raises_and_is_independent_of_order(found, where):
    views = [OWNER, CURRENT, where, *found]
    forward, backward = detect(store(views), policy(), NOW), detect(store(reversed(views)), policy(), NOW)
    assert forward == backward
    assert all(incident.symptoms and incident.key for incident in forward)


@given(st.lists(pods, unique_by=lambda each: each.meta.name), nodes, st.integers(0, 7200))
def test_what_is_ripe_stays_ripe_until_something_changes_or_probation_ends(found, where, later):
    """A trigger's own wait only ever ends; time alone closes an incident only through a container that proved well."""
    running = [each for each in found if not any(c.last_termination or c.terminated for c in each.containers)]
    world = store(OWNER, CURRENT, where, running)
    ripe = {str(each.target) for each in detect(world, policy(), NOW) if each.ripe}
    still = {
        str(each.target) for each in detect(world, policy(), NOW + timedelta(seconds=later)) if each.ripe
    }
    assert ripe <= still
