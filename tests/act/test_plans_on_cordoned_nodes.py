"""A new template replaces pods: those that run on a cordoned node and could start nowhere else are not given up for it. Pure."""

from dataclasses import replace

import pytest

from planaria_contract import Resize, Restart, Rollback
from planaria_contract.actions import Parameters
from planaria_operator.act import resize, restart, rollback
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.volumes import Claim
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.cluster import Taint
from tests.act.bodies import (
    affected,
    controller_revision,
    pod,
    refusal,
    replica_set,
    seen,
    setting,
    template,
    workload,
)
from tests.builders import node, store

LIMITED = {"limits": {"memory": "256Mi"}, "requests": {"memory": "128Mi"}}
OLD, NEW = template("app:1", resources=LIMITED), template("app:2", resources=LIMITED)
BOTH = [Rollback(), Resize(resource="memory", ratio=2.0)]
LOCAL = Claim("data", {"metadata": {"name": "pv-1"}, "spec": {"local": {"path": "/d"}}})
NETWORK = Claim("data", {"metadata": {"name": "pv-1"}, "spec": {"csi": {}}})


def of(
    name: str, *, on: str = "node-1", ready: bool = False, revision: int = 2, owner: str = "StatefulSet"
) -> JsonBody:
    label = {"controller-revision-hash": f"front-{revision}"}
    if owner == "ReplicaSet":
        label = {"pod-template-hash": f"hash{revision}"}
    body = pod(name, node_name=on, owner=owner, resources=LIMITED, labels=label)
    body["status"]["conditions"] = [{"type": "Ready", "status": str(ready)}]
    body["spec"]["volumes"] = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    return body


def asked(
    parameters: Parameters,
    *pods: JsonBody,
    claim: Claim = LOCAL,
    kind: str = "StatefulSet",
    demands: JsonBody | None = None,
    **spec: object,
) -> Setting:
    """node-1 is cordoned; the pods that are not ready are those that the incident is about."""
    made = replica_set if kind == "Deployment" else controller_revision
    new = {**NEW, "spec": {**NEW["spec"], **(demands or {})}}
    found = setting(
        parameters,
        kind=kind,
        target=workload(kind, made_of=new, **{"replicas": len(pods), **spec}),  # type: ignore[arg-type]
        pods=pods,
        revisions=(made(2, new), made(1, OLD)),
        world=store(node("node-1", schedulable=False), node("node-2")),
    )
    ill = [each for each in pods if each["status"]["conditions"][0]["status"] == "False"]
    facts = [affected(each["metadata"]["name"], node=each["spec"]["nodeName"]) for each in ill]
    return replace(found, observation=seen(*facts), claims={("shop", "data"): claim})


def build(made: Setting) -> Plan | Refusal:
    if isinstance(made.decision.parameters, Rollback):
        return rollback.build(made)
    if isinstance(made.decision.parameters, Restart):
        return restart.build(made)
    return resize.build(made)


@pytest.mark.parametrize("parameters", BOTH)
def test_a_running_pod_whose_volume_stays_on_a_cordoned_node_is_not_replaced(parameters: Parameters):
    runs, broken = of("front-0", ready=True), of("front-1", on="node-2")
    assert refusal(build(asked(parameters, runs, broken))) is Reason.VOLUME_STAYS
    assert refusal(build(asked(parameters, runs, broken, claim=NETWORK))) is None
    elsewhere = of("front-0", ready=True, on="node-2")
    assert refusal(build(asked(parameters, elsewhere, broken))) is None


@pytest.mark.parametrize(
    ("taint", "tolerated", "kept"),
    [
        (Taint("dedicated", "db"), [], True),
        (Taint("dedicated", "db"), [{"key": "dedicated", "value": "db"}], False),
        (Taint("node.kubernetes.io/memory-pressure"), [], False),
    ],
    ids=["not tolerated", "tolerated", "passing"],
)
@pytest.mark.parametrize("parameters", [*BOTH, Restart(scope="workload"), Restart(pods=("front-0",))])
def test_a_node_that_was_tainted_since_is_as_closed_as_one_that_is_cordoned(
    parameters: Parameters, taint: Taint, tolerated: list[JsonBody], kept: bool
):
    """By a person: what Kubernetes sets for a node's condition it takes off again by itself."""
    runs = of("front-0", ready=True)
    runs["spec"]["tolerations"] = tolerated
    made = replace(asked(parameters, runs), store=store(node("node-1", taints=(taint,)), node("node-2")))
    made = replace(made, observation=seen(affected("front-0")))
    assert refusal(build(made)) is (Reason.VOLUME_STAYS if kept else None)


@pytest.mark.parametrize("parameters", BOTH)
def test_a_running_pod_that_no_other_open_node_takes_is_not_replaced(parameters: Parameters):
    runs, broken = of("front-0", ready=True), of("front-1", on="node-2")
    old = {**OLD, "spec": {**OLD["spec"], "nodeSelector": {"disk": "nvme"}}}
    made = asked(parameters, runs, broken, claim=NETWORK, demands={"nodeSelector": {"disk": "nvme"}})
    made = replace(made, revisions=(made.revisions[0], controller_revision(1, old)))
    runs["spec"]["nodeSelector"] = {"disk": "nvme"}
    assert refusal(build(made)) is Reason.NOT_MOVABLE


def test_a_rollback_to_a_template_that_starts_elsewhere_is_not_held_by_where_the_newer_one_may():
    broken = of("front-0")
    broken["spec"]["nodeSelector"] = {"disk": "nvme"}
    made = asked(Rollback(), broken, claim=NETWORK, demands={"nodeSelector": {"disk": "nvme"}})
    assert refusal(build(made)) is None


@pytest.mark.parametrize("parameters", BOTH)
def test_a_broken_pod_loses_nothing_by_waiting_for_its_node_while_the_others_are_mended(
    parameters: Parameters,
):
    assert refusal(build(asked(parameters, of("front-0"), of("front-1", on="node-2")))) is None


@pytest.mark.parametrize("parameters", BOTH)
def test_where_every_broken_pod_would_only_wait_for_its_node_nothing_is_changed(parameters: Parameters):
    """It would be undone as of no use, and not be tried again once the node is open."""
    well = of("front-1", on="node-2", ready=True)
    assert refusal(build(asked(parameters, of("front-0"), well))) is Reason.VOLUME_STAYS


def test_a_rollout_that_makes_no_pod_is_not_held_by_one_that_waits_for_its_node():
    """Nothing of it shows in a pod: a quota that is full, for one."""
    made = asked(Rollback(), of("front-0"))
    assert refusal(build(replace(made, observation=seen()))) is None


def test_what_has_the_template_to_go_back_to_already_is_not_replaced():
    runs, broken = of("front-0", ready=True, revision=1), of("front-1", on="node-2")
    assert refusal(build(asked(Rollback(), runs, broken))) is None


def test_a_rollback_that_needs_no_new_pod_asks_for_no_place():
    """A rollout that got stuck before it took an old pod away: only the new ones go."""
    old = of("front-a", ready=True, on="node-2", revision=1, owner="ReplicaSet")
    broken = of("front-b", owner="ReplicaSet")
    for wanted, reason in ((1, None), (2, Reason.VOLUME_STAYS)):
        made = asked(Rollback(), old, broken, kind="Deployment", replicas=wanted)
        assert refusal(build(made)) is reason


@pytest.mark.parametrize("parameters", BOTH)
@pytest.mark.parametrize(
    "strategy",
    [{"type": "OnDelete"}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}],
    ids=["OnDelete", "partition"],
)
def test_what_a_rollout_leaves_to_a_person_is_not_lost_by_it(parameters: Parameters, strategy: JsonBody):
    runs, broken = of("front-0", ready=True), of("front-1", on="node-2")
    assert refusal(build(asked(parameters, runs, broken, updateStrategy=strategy))) is None
