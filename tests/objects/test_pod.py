"""Pods as the API server has them."""

from typing import Any

from planaria_operator.objects.pod import Pod, parse_pod


def parsed(spec: dict[str, Any], *conditions: dict[str, Any]) -> Pod:
    about = {"name": "front-0", "namespace": "shop", "uid": "u1"}
    return parse_pod({"metadata": about, "spec": spec, "status": {"conditions": list(conditions)}})


def test_a_pod_is_gated_until_the_scheduler_has_seen_that_the_last_gate_is_gone():
    blocked = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
    queued = parsed({"containers": [], "schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}, blocked)
    assert (queued.gated, queued.scheduled, queued.active) == (True, False, True)
    assert parsed({"containers": []}, blocked).gated
    assert not parsed({"containers": []}, {**blocked, "reason": "Unschedulable"}).gated
    assert not parsed({"containers": []}).gated


def test_a_container_is_ready_where_the_kubelet_says_so():
    about = {"name": "front-0", "namespace": "shop", "uid": "u1"}
    spec = {"containers": [{"name": "app"}, {"name": "proxy"}], "initContainers": [{"name": "wait"}]}
    running = {"running": {"startedAt": "2026-11-23T11:59:00Z"}}
    status = {
        "initContainerStatuses": [{"name": "wait", "ready": False, "started": True, "state": running}],
        "containerStatuses": [{"name": "proxy", "ready": True, "state": running}],
    }
    made = parse_pod({"metadata": about, "spec": spec, "status": status})
    assert [each.ready for each in (*made.init_containers, *made.containers)] == [False, False, True]


def test_a_message_that_was_cut_says_so():
    """Blackening goes by it: half of a secret before a cut looks like none."""
    waiting = {"name": "app", "state": {"waiting": {"reason": "ErrImagePull", "message": "x" * 600}}}
    body = {
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "app"}]},
        "status": {"containerStatuses": [waiting]},
    }
    assert parse_pod(body).containers[0].waiting_message.endswith("x…")
