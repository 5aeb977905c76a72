"""`diff`: each call of a plan as what goes and what comes, and how it stands to the object as it is now."""

import json
from argparse import Namespace

import pytest

from planaria_contract import Action
from planaria_kubectl.approve.command import run as approve
from planaria_kubectl.diff.changes import Change, changes_of
from planaria_kubectl.diff.command import run
from planaria_kubectl.diff.report import DiffReport, Live, planned, recorded
from planaria_kubectl.diff.standing import Standing, standing_of
from planaria_kubectl.diff.view import render
from planaria_kubectl.errors import PluginError
from planaria_kubectl.screen import rendered, terminal
from planaria_kubectl.session import Session
from planaria_operator.act.patches import ATTEMPT
from planaria_operator.act.running import RELOADED_BY
from planaria_operator.api.conditions import Status
from planaria_operator.api.decision import DecisionRecord, ParametersRecord
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.cordon import CORDONED_BY, UNCORDON, WHEN_WELL
from tests import builders
from tests.builders import NOW
from tests.kubectl_plugin.test_plugin_simulate import kube
from tests.kubectl_plugin.worlds import condition, record
from tests.reconcile.harness import policy_body

ABOUT = ObjectReference(kind="Deployment", namespace="shop", name="front", uid="u1")
POD = ObjectReference(kind="Pod", namespace="shop", name="front-0", uid="p1")
NODE = ObjectReference(kind="Node", name="node-1", uid="n1")
OLD, NEW = {"image": "app:1", "env": ["A", "B"]}, {"image": "app:2", "env": ["A", "B"]}
PATCH = [
    {"op": "test", "path": "/metadata/uid", "value": "u1"},
    {"op": "test", "path": "/spec/template", "value": OLD},
    {"op": "replace", "path": "/spec/template", "value": NEW},
    {"op": "add", "path": "/metadata/annotations/planaria.dev~1attempt", "value": "front-1/1"},
]
RESIZE = {
    "metadata": {"uid": "p1"},
    "spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": "64Mi", "cpu": "1"}}}]},
}


def operation(verb=Verb.PATCH, about=ABOUT, **fields):
    return Operation(verb=verb, object=about, **fields)


PATCHING = operation(body=json.dumps(PATCH))
UNDOING = operation(body=json.dumps(PATCH).replace("front-1/1", "front-1/1/revert"))
SCALING = operation(Verb.SCALE, from_replicas=2, to_replicas=3)
RESIZING = operation(Verb.RESIZE, POD, body=json.dumps(RESIZE), best_effort=True)


def live(template=OLD, *, uid="u1", marker=None, replicas=2):
    annotations = {ATTEMPT: marker} if marker else {}
    return {
        "metadata": {"uid": uid, "annotations": annotations},
        "spec": {"template": template, "replicas": replicas},
    }


def test_a_patch_carries_what_was_there_before():
    assert changes_of(PATCHING, None) == (
        Change(path="/spec/template", before=OLD, after=NEW),
        Change(path="/metadata/annotations/planaria.dev~1attempt", after="front-1/1"),
    )
    assert changes_of(PATCHING, live(marker="front-0/2"))[1].before == "front-0/2"


def test_a_merge_is_read_to_its_leaves_and_leaves_out_what_stays():
    container = {"name": "app", "resources": {"limits": {"memory": "32Mi", "cpu": "1"}}}
    pod = {"metadata": {"uid": "p1"}, "spec": {"containers": [{"name": "side"}, container]}}
    path = "/spec/containers/app/resources/limits/memory"
    assert changes_of(RESIZING, pod) == (Change(path=path, before="32Mi", after="64Mi"),)
    assert {each.path: each.after for each in changes_of(RESIZING, None)} == {
        path: "64Mi",
        path.replace("memory", "cpu"): "1",
    }


@pytest.mark.parametrize(
    ("made", "change"),
    [
        (SCALING, Change(path="/spec/replicas", before=2, after=3)),
        (operation(Verb.EVICT, POD), Change(path="", before="Pod/front-0 uid p1")),
        (
            operation(Verb.AVOID, NODE),
            Change(path="/spec/taints", after={"key": "planaria.dev/avoid", "effect": "PreferNoSchedule"}),
        ),
        (
            operation(Verb.UNAVOID, NODE),
            Change(path="/spec/taints", before={"key": "planaria.dev/avoid", "effect": "PreferNoSchedule"}),
        ),
    ],
)
def test_the_other_verbs(made, change):
    assert changes_of(made, None) == (change,)


MARKS = json.dumps({CORDONED_BY: "front-1/1", UNCORDON: WHEN_WELL})
BODIES = {
    Verb.PATCH: json.dumps(PATCH),
    Verb.RESIZE: json.dumps(RESIZE),
    Verb.CORDON: MARKS,
    Verb.UNCORDON: MARKS,
    Verb.EXEC: json.dumps({"container": "app", "command": ["nginx", "-s", "reload"]}),
}


def test_every_verb_says_what_it_changes():
    for verb in Verb:
        body = BODIES.get(verb, "")
        made = operation(verb, body=body, from_replicas=1, to_replicas=2)
        assert any(each.before != each.after for each in changes_of(made, None)), verb


@pytest.mark.parametrize(
    ("made", "body", "token", "standing"),
    [
        (PATCHING, live(), "front-1/1", Standing.FITS),
        (PATCHING, live(NEW, marker="front-1/1"), "front-1/1", Standing.ARRIVED),
        (PATCHING, live(NEW, marker="front-1/1"), "front-1/1@12345678", Standing.ARRIVED),
        (PATCHING, live({"image": "app:9"}), "front-1/1", Standing.OVERTAKEN),
        (PATCHING, live(uid="u2"), "front-1/1", Standing.GONE),
        (PATCHING, None, "front-1/1", Standing.UNKNOWN),
        (UNDOING, live(), "front-1/1/revert", Standing.UNKNOWN),
        (UNDOING, live(marker="front-1/1"), "front-1/1/revert", Standing.FITS),
        (UNDOING, live(marker="front-1/1/revert"), "front-1/1/revert", Standing.ARRIVED),
        (SCALING, live(replicas=2), "t/1", Standing.FITS),
        (SCALING, live(replicas=3), "t/1", Standing.ARRIVED),
        (SCALING, live(replicas=7), "t/1", Standing.OVERTAKEN),
        (operation(Verb.EVICT, POD), live(uid="p1"), "t/1", Standing.FITS),
        (operation(Verb.EVICT, POD), live(uid="p2"), "t/1", Standing.GONE),
        (RESIZING, live(uid="p1"), "t/1", Standing.UNKNOWN),
    ],
)
def test_how_a_call_stands_to_the_object_of_now(made, body, token, standing):
    assert standing_of(made, body, exists=True, token=token) is standing


def test_an_object_that_is_gone_is_told_from_one_that_may_not_be_read():
    assert standing_of(PATCHING, None, exists=False, token="t/1") is Standing.GONE


PLAN = Plan(
    action=Action.ROLLBACK,
    target=ABOUT,
    summary="back to revision 1",
    harm="takes the rest back too",
    operations=(PATCHING, RESIZING),
    inverse=(SCALING,),
    cleanup=(operation(Verb.UNAVOID, NODE),),
)


def shown(report):
    return rendered(render(report), terminal(120, colours=False))


def test_the_whole_on_a_terminal():
    bodies = {ABOUT: live(), POD: {"metadata": {"uid": "p1"}}}
    report = planned(record("front-1"), PLAN, Live(bodies, frozenset({NODE})), NOW, number=1)
    assert shown(report) == (
        "front-1  Deployment/front in shop, attempt 1  not written down yet: what would be planned now\n"
        "  rollback: back to revision 1\n"
        "  harm it can do: takes the rest back too\n"
        f"  digest of the calls: {PLAN.digest}\n"
        "\n"
        "APPLY\n"
        "  Patch Deployment/front  the object is as planned on\n"
        "    spec/template\n"
        "        - A\n"
        "        - B\n"
        "      - image: app:1\n"
        "      + image: app:2\n"
        "    metadata/annotations/planaria.dev/attempt\n"
        "      + front-1/1\n"
        "  Resize Pod/front-0  (best effort)\n"
        "    spec/containers/app/resources/limits/memory\n"
        "      + 64Mi\n"
        "    spec/containers/app/resources/limits/cpu\n"
        "      + 1\n"
        "\n"
        "TO UNDO IT\n"
        "  Scale Deployment/front  the object is as planned on\n"
        "    spec/replicas\n"
        "      - 2\n"
        "      + 3\n"
        "\n"
        "ONCE IT IS OVER\n"
        "  Unavoid Node/node-1  the object is gone\n"
        "    spec/taints\n"
        "      - effect: PreferNoSchedule\n"
        "      - key: planaria.dev/avoid\n"
    )


def test_a_recorded_attempt_is_told_byte_for_byte_with_what_came_of_it():
    remediation = record()
    attempt = remediation.status.attempts[0].model_copy(update={"plan": PLAN, "digest": "recorded"})
    report = recorded(remediation, attempt, Live({}), NOW)
    assert (report.origin, report.digest, report.outcome) == ("Recorded", "recorded", "Recovered")
    assert report.operations[0].body == PATCHING.body
    assert "Recovered  applied" in shown(report)
    assert report.to_body()["operations"][0]["changes"][0] == {
        "path": "/spec/template",
        "before": OLD,
        "after": NEW,
    }


# --- nodes and commands

CORDON = operation(Verb.CORDON, NODE, body=MARKS)
RUN = operation(Verb.EXEC, POD, body=BODIES[Verb.EXEC])


def closed_node(by: str | None = None, manager: str = "planaria"):
    annotations = {CORDONED_BY: by, UNCORDON: WHEN_WELL} if by else {}
    owned = [{"manager": manager, "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}]
    about = {"uid": "n1", "annotations": annotations, "managedFields": owned}
    return {"metadata": about, "spec": {"unschedulable": True}}


def test_a_cordon_shows_the_field_and_whose_it_will_be():
    spec, marks = changes_of(CORDON, {"metadata": {"uid": "n1"}, "spec": {}})
    assert (spec.path, spec.before, spec.after) == ("/spec/unschedulable", None, True)
    assert marks.after == {CORDONED_BY: "front-1/1", UNCORDON: WHEN_WELL}


def test_a_command_is_shown_word_by_word():
    (change,) = changes_of(RUN, None)
    assert (change.path, change.after) == ("/container app", ["nginx", "-s", "reload"])


@pytest.mark.parametrize(
    ("live_node", "cordon", "uncordon"),
    [
        ({"metadata": {"uid": "n1"}, "spec": {}}, Standing.FITS, Standing.ARRIVED),
        (closed_node("front-1/1"), Standing.ARRIVED, Standing.FITS),
        (closed_node("other-1/1"), Standing.OVERTAKEN, Standing.OVERTAKEN),
        (closed_node("front-1/1", manager="kubectl-cordon"), Standing.ARRIVED, Standing.OVERTAKEN),
        (closed_node(), Standing.OVERTAKEN, Standing.OVERTAKEN),
    ],
    ids=["open", "ours", "another-attempts", "a-person-closed-it-since", "a-persons"],
)
def test_how_a_cordon_stands_to_the_node(live_node, cordon, uncordon):
    back = operation(Verb.UNCORDON, NODE, body=MARKS)
    assert standing_of(CORDON, live_node, exists=True, token="front-1/1") is cordon
    assert standing_of(back, live_node, exists=True, token="front-1/1/revert") is uncordon


def test_a_marked_pod_says_that_the_command_is_not_begun_again():
    marked = {"metadata": {"uid": "p1", "annotations": {RELOADED_BY: "front-1/1"}}}
    assert standing_of(RUN, marked, exists=True, token="front-1/1") is Standing.ARRIVED
    assert standing_of(RUN, marked, exists=True, token="front-1/2") is Standing.FITS


def rejected(stage: Stage) -> Remediation:
    """As a rejection leaves it: the decision and what was last refused still stand in the record."""
    said = (
        condition("Executed", Status.FALSE, "AwaitingApproval", "plan 1234 waits for approval"),
        condition("Approved", Status.FALSE, "ApprovalRejected", "anna rejected plan 1234"),
        condition("Succeeded", Status.UNKNOWN, "Escalated", "anna rejected plan 1234"),
    )
    restart = DecisionRecord(
        action=Action.RESTART,
        target=ABOUT.model_copy(update={"uid": None}),
        parameters=ParametersRecord(scope="workload"),
        decided_by="rules",
        model="rules@1",
    )
    return record("front-1", stage=stage, attempts=(), proposal=None, conditions=said, decision=restart)


async def diff_of(remediation: Remediation, server: FakeKube | None = None) -> DiffReport:
    server = server or kube()
    about = {"name": remediation.name, "namespace": "shop", "uid": "r1"}
    body = {"kind": "Remediation", "metadata": about, "spec": remediation.spec.to_body()}
    server.put({**body, "status": remediation.status.to_body()})
    given = Namespace(remediation=remediation.name, attempt=None)
    return await run(Session(server, server, "shop", NOW), given)


async def test_what_a_person_has_taken_over_is_not_planned_any_more():
    assert (await diff_of(rejected(Stage.UNDERSTOOD))).origin == "PlannedNow"
    report = await diff_of(rejected(Stage.ESCALATED))
    assert (report.origin, report.operations) == ("Nothing", ())
    assert report.message == "it waits for a person: anna rejected plan 1234"


async def test_a_policy_that_cannot_be_read_is_not_said_to_be_gone():
    server = kube()
    (policy,) = await server.list("HealingPolicy", "shop")
    server.put({**policy, "spec": {"mode": "OfAnotherVersion"}})
    report = await diff_of(rejected(Stage.UNDERSTOOD), server)
    assert report.message == "HealingPolicy default cannot be read, or is gone"
    assert any("OfAnotherVersion" in note for note in report.notes)


async def test_a_record_of_another_version_is_one_line_that_says_so():
    server, name = kube(), "front-1"
    server.put(
        {
            "kind": "Remediation",
            "metadata": {"name": name, "namespace": "shop", "uid": "r1"},
            "spec": record().spec.to_body(),
            "status": {"stage": "OfAnotherVersion"},
        }
    )
    session = Session(server, server, "shop", NOW)
    given = Namespace(remediation=name, attempt=None, digest=None, reason="x", yes=True, wait=None)
    for command in (run, approve):
        with pytest.raises(PluginError, match=r"front-1 cannot be read by this version: status\.stage"):
            await command(session, given)


async def test_a_policy_that_is_gone_is_said_to_be():
    server = kube()
    (policy,) = await server.list("HealingPolicy", "shop")
    await server.delete("HealingPolicy", "shop", policy["metadata"]["name"])
    assert (await diff_of(rejected(Stage.UNDERSTOOD), server)).message == "HealingPolicy default is gone"


class Viewer(FakeKube):
    """May list what is in the namespaces of `may`, and of the kinds of `wide` everything."""

    may = frozenset({"shop"})
    own = ("Namespace", "shop")
    wide = frozenset({"ClusterHealingPolicy"})

    async def list(self, kind, namespace="", **fields):
        if namespace not in self.may and kind not in self.wide:
            raise Forbidden(f"list {kind}: cannot list resource {kind!r} at the cluster scope")
        return await super().list(kind, namespace, **fields)

    async def get(self, kind, namespace, name, **fields):
        if namespace not in self.may and (kind, name) != self.own:
            raise Forbidden(f"get {kind} {name}: cannot get resource {kind!r} at the cluster scope")
        return await super().get(kind, namespace, name, **fields)


def of_a_cluster_policy(remediation: Remediation) -> Remediation:
    about = {"policy_kind": "ClusterHealingPolicy", "policy": "base"}
    return remediation.model_copy(update={"spec": remediation.spec.model_copy(update=about)})


def town_of_a_cluster_policy(kind: type[Viewer]) -> Viewer:
    server = kind(*kube().objects.values())
    server.put(policy_body(builders.cluster_policy()))
    server.put({"kind": "Namespace", "metadata": {"name": "shop"}})
    return server


async def test_who_may_look_into_one_namespace_is_shown_the_plan_of_a_cluster_policy_and_what_was_not_read():
    report = await diff_of(of_a_cluster_policy(rejected(Stage.UNDERSTOOD)), town_of_a_cluster_policy(Viewer))
    assert (report.origin, len(report.operations)) == ("PlannedNow", 1), report.message
    (note,) = (each for each in report.notes if "other namespaces" in each)
    assert "at the cluster scope" in note


async def test_a_policy_that_chooses_by_labels_that_may_not_be_read_is_not_said_to_select_nothing():
    server = town_of_a_cluster_policy(Viewer)
    server.own = ("Namespace", "none")
    report = await diff_of(of_a_cluster_policy(rejected(Stage.UNDERSTOOD)), server)
    assert report.message == (
        "restart cannot be planned now: whether base selects Deployment/front is not known "
        "without the labels of namespace shop"
    )


async def test_what_cannot_be_planned_by_what_may_be_read_names_the_decision_and_the_missing_right():
    server = town_of_a_cluster_policy(Viewer)
    server.fail(
        "list", "Pod", Forbidden("list pods: cannot list resource 'pods' in namespace 'shop'"), times=9
    )
    report = await diff_of(of_a_cluster_policy(rejected(Stage.UNDERSTOOD)), server)
    assert (report.origin, report.operations) == ("Nothing", ())
    assert report.message.startswith(
        "the decision is restart; what it would send is not known, because you may not"
    )
    assert "cannot list resource" in report.message
