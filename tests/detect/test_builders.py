"""The builders' defaults are a calm cluster, or every test built on them would start from a fault."""

from tests.builders import NOW, deployment, pod, pods_of, policy, replica_set, service_of, store


def test_default_world_is_healthy_and_connected():
    front = deployment()
    current = replica_set(front)
    world = store(front, current, pods_of(current), service_of(front, ready=3))
    assert front.healthy
    assert not front.rollout_in_progress
    assert [each.meta.name for each in world.pods_of(front)] == [f"front-hash1-{n}" for n in range(3)]
    assert world.workload_of(world.pods_of(front)[0]) == front
    assert world.ready_endpoints("shop", "front") == 3


def test_a_pod_carries_its_template_hash_and_ready_time_lies_in_the_past():
    front = deployment()
    one = pod("front-0", replica_set(front, 4))
    assert one.meta.labels["pod-template-hash"] == "hash4"
    assert one.ready_since
    assert one.ready_since < NOW


def test_policy_takes_spec_fields_as_plain_dictionaries():
    assert policy(triggers={"not_ready_for_seconds": 7}).spec.triggers.not_ready_for_seconds == 7
