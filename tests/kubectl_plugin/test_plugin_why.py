"""`why`: nothing is silent. Every reason for something, or for nothing, without a cluster."""

from dataclasses import replace
from datetime import timedelta

import pytest

from planaria_kubectl.errors import Misuse, PluginError
from planaria_kubectl.reach import why_not_selected
from planaria_kubectl.screen import rendered, terminal
from planaria_kubectl.target import parse_target, resolved, settled
from planaria_kubectl.why.report import explained
from planaria_kubectl.why.view import render
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.policy_status import Failure, StormStatus
from planaria_operator.api.remediation import Stage
from planaria_operator.objects.keeper import Keeper
from planaria_operator.objects.meta import Owner
from tests import builders
from tests.api import example
from tests.builders import NOW, ago, service_of
from tests.guard.storming import sick
from tests.kubectl_plugin.worlds import (
    FRONT,
    ILL,
    SETS,
    TARGET,
    WELL,
    condition,
    deployment_ref,
    pause,
    record,
    seen,
    world,
)

HOUR = timedelta(hours=1)


def ask(made, target=TARGET, back=HOUR):
    return explained(made, target, str(target), back, NOW)


def shown(made, target=TARGET, back=HOUR):
    return rendered(render(ask(made, target, back)), terminal(160, colours=False))


def front(*pods, policy=None, records=(), workload=FRONT):
    return world(
        workload, SETS, *(pods or WELL), policies=(policy or seen(builders.policy()),), records=records
    )


QUEUED = builders.gated_pod("front-0", SETS)
CRASHED = builders.pod(
    "front-0",
    SETS,
    containers=(
        builders.container(restarts=1, last_termination=builders.terminated(), running_since=ago(4)),
    ),
)


@pytest.mark.parametrize(
    ("made", "target", "code", "words"),
    [
        (front(), deployment_ref("nope"), "NoSuchObject", "does not exist in namespace shop"),
        (world(FRONT), TARGET, "NoPolicy", "there is no policy in namespace shop"),
        (
            front(policy=seen(builders.policy(labels={"tier": "db"}))),
            TARGET,
            "NotSelected",
            "no policy selects Deployment/front",
        ),
        (front(policy=builders.policy()), TARGET, "PolicyUnseen", "no operator has looked at"),
        (front(), TARGET, "Calm", "shows nothing that counts as a fault"),
        (
            front(*ILL, policy=seen(builders.policy(actions=({"type": "scale"},)))),
            TARGET,
            "Due",
            "for long enough",
        ),
        (front(QUEUED, *WELL[1:]), TARGET, "Calm", "left alone: front-0 (it waits behind a scheduling gate)"),
        (front(*ILL), TARGET, "Due", "NotReady for long enough"),
        (front(CRASHED, *WELL[1:]), TARGET, "NeverRipe", "never opens an incident by itself"),
        (
            front(*ILL, policy=seen(builders.policy(triggers={"not_ready_for_seconds": 60}))),
            TARGET,
            "NotRipe",
            "an incident opens in 15s",
        ),
        (
            front(*ILL, policy=seen(builders.policy(guardrails={"budget": {"actions": 0}}))),
            TARGET,
            "HeldBack",
            "budget would hold any action back: 0 of 0 actions",
        ),
        (front(records=(record(stage=Stage.VERIFYING),)), TARGET, "BeingHealed", "is open, Verifying"),
        (
            front(
                records=(
                    record(
                        stage=Stage.BLOCKED,
                        conditions=(condition("Executed", Status.FALSE, "ObserveMode", "mode is Observe"),),
                    ),
                )
            ),
            TARGET,
            "HeldBack",
            "waits for ObserveMode to pass: mode is Observe",
        ),
        (front(records=(record(stage=Stage.ESCALATED),)), TARGET, "HandedOver", "waits for a person"),
        (
            front(records=(record(stage=Stage.WAITING, next_check_at=ago(600)),)),
            TARGET,
            "Overdue",
            "waits for the operator, which should have looked again 10m ago: is it running?",
        ),
    ],
)
def test_each_case_has_one_code_one_sentence_and_a_next_step(made, target, code, words):
    conclusion = ask(made, target).conclusion
    assert conclusion.code == code
    assert words in conclusion.message
    assert conclusion.next
    assert words in " ".join(shown(made, target).split())


def test_an_opt_out_is_named_with_the_command_that_ends_it():
    out = builders.deployment("front", labels={"planaria.dev/ignore": "true"})
    conclusion = ask(front(workload=out), builders.ref(out)).conclusion
    assert conclusion.code == "OptedOut"
    assert conclusion.next.startswith("kubectl label deployment/front -n shop planaria.dev/ignore-")


def test_a_protected_namespace_holds_everything_back():
    system = builders.deployment("dns", namespace="kube-system")
    policy = seen(builders.policy(namespace="kube-system"))
    conclusion = ask(world(system, policies=(policy,)), builders.ref(system)).conclusion
    assert (conclusion.code, "is protected" in conclusion.message) == ("HeldBack", True)


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (builders.policy(), ""),
        (
            builders.policy(kinds=("StatefulSet", "Node")),
            "spec.kinds has StatefulSet, Node, and not Deployment",
        ),
        (
            builders.policy(labels={"tier": "db", "zone": "a"}),
            (
                "its selector wants the label tier=db, and it is 'web'; "
                "its selector wants the label zone=a, and there is none"
            ),
        ),
        (
            builders.policy(
                selector={"match_expressions": ({"key": "tier", "operator": "NotIn", "values": ("web",)},)}
            ),
            "its selector wants tier NotIn (web), and it is 'web'",
        ),
    ],
)
def test_why_a_policy_does_not_select_it(policy, why):
    assert why_not_selected(front(policy=policy).store, policy, TARGET) == why


def test_of_two_policies_the_second_says_who_comes_first():
    made = front()
    made.store.put_policy(seen(builders.policy("zeta")))
    views = {each.name: each for each in ask(made).policies}
    assert (views["default"].heals, views["zeta"].heals) == (True, False)
    assert views["zeta"].because == "HealingPolicy default selects it too, and is more specific"


def test_a_node_is_healed_by_one_policy_of_each_namespace():
    elsewhere = builders.deployment("back", namespace="bank")
    sets = replace(
        builders.replica_set(elsewhere),
        meta=builders.meta("ReplicaSet", "back-1", namespace="bank", owner=elsewhere.meta),
    )
    pod = replace(
        builders.pod("back-0"), meta=builders.meta("Pod", "back-0", namespace="bank", owner=sets.meta)
    )
    node = builders.node("node-1", ready=False, ready_since=ago(300))
    made = world(
        FRONT, SETS, *WELL, elsewhere, sets, pod, node, builders.node("node-2"),
        policies=(seen(builders.policy()), seen(builders.policy(namespace="bank"))),
    )  # fmt: skip
    report = ask(made, builders.ref(node))
    assert [each.heals for each in report.policies] == [True, True]
    assert report.conclusion.code in {"Due", "HeldBack"}
    assert "NodeNotReady" in report.conclusion.message


def test_pauses_stand_beside_their_policy():
    made = front()
    made.pauses["shop", "default"] = (pause(),)
    assert "selects and heals it; paused by anna: black friday" in shown(made)


def test_a_calm_target_shows_what_every_guard_would_say():
    cooling = seen(builders.policy())
    acted = record(finished_at=ago(30))
    report = ask(front(policy=cooling, records=(acted,)))
    assert {each.guard: each.allowed for each in report.guards}["cooldown"] is False
    assert "IF SOMETHING WERE TO BE DONE NOW" in shown(front(policy=cooling, records=(acted,)))


STORM = StormStatus(since=ago(90), why="5 or more targets broke within 300 s")


def stormy(*views, storm=STORM):
    """As the operator has noted it; two targets that broke are enough for one."""
    limits = {"min_healthy": 0, "storm": {"incidents": 2}}
    return world(*views, policies=(seen(builders.policy(guardrails=limits), storm=storm),))


def test_in_a_storm_nothing_would_be_done():
    conclusion = ask(stormy(FRONT, SETS, *ILL)).conclusion
    assert conclusion.code == "HeldBack"
    assert "storm would hold any action back: calm since 12:00:00Z" in conclusion.message


def test_a_storm_whose_cooldown_is_over_holds_nothing_back():
    over = STORM.model_copy(update={"calm_since": ago(121)})
    assert ask(stormy(FRONT, SETS, *ILL, storm=over)).conclusion.code == "Due"


def test_in_a_storm_only_the_one_that_is_treated_for_all_would_be_acted_on():
    back, user = sick("back"), sick("user", node="node-2", depends_on="back")
    made = stormy(*back, *service_of(back[0]), *user, builders.node("node-1"), builders.node("node-2"))
    said = {
        name: next(each for each in ask(made, deployment_ref(name)).guards if each.guard == "storm")
        for name in ("back", "user")
    }
    assert said["back"].message == "treats Deployment back for 2 incidents"
    assert said["user"].reason == "SharedCause"


def test_the_whole_story_of_a_record_is_told():
    words = shown(front(records=(record(),)))
    for part in (
        *("OutOfMemoryKilled on Pod/web-1", "memory_exhaustion in Deployment/web (93% sure, by rules"),
        *("else overload", "log 7: level=error", "The limit is too low", "resize 90%, restart 10%"),
        *("migrate   NotMovable: local volume", "allows  mode: Enforce", "memory limit of web from 64Mi"),
        *("the learned policy would restart (71%)", "remembers shop/web-outofmemorykilled@uid (97% alike)"),
        *("IncidentOpened: 3 pods of web killed", "web is healthy since", "recovered in 18s", "undone"),
        *("firm (rung 2), since", "oncall of Escalated", "Sent", "NotificationFailed: HTTP 500"),
    ):
        assert part in words, part


def test_earlier_ones_are_counted_and_reached_by_looking_further_back():
    old = record("front-0ld", finished_at=ago(7200))
    made = front(records=(old,))
    assert (ask(made).remediations, ask(made).earlier) == ((), 1)
    assert "1 earlier ones are not shown: --since goes further back" in shown(made)
    assert [each.name for each in ask(made, back=timedelta(hours=3)).remediations] == ["front-0ld"]


def test_what_was_done_to_it_for_another_object_is_told_as_such():
    other = record("back-1")
    spec = other.spec.model_copy(update={"target": other.spec.target.model_copy(update={"name": "back"})})
    made = front(records=(other.model_copy(update={"spec": spec}),))
    (story,) = ask(made).remediations
    assert story.is_target is False
    assert "Deployment/back, which needed it to be acted on" in shown(made)


# --- who else has a say


def strangers_pod():
    """A pod of a ReplicaSet that an Argo Rollout controls."""
    rollout = builders.meta("Rollout", "canary")
    replica_set = replace(SETS, meta=builders.meta("ReplicaSet", "canary-1", owner=rollout))
    return replica_set, builders.pod("canary-1-0", replica_set)


def test_a_pod_of_a_controller_that_is_not_known_is_said_to_be_left_to_it():
    made = front()
    for view in strangers_pod():
        made.store.put(view)
    target = resolved(made.store, parse_target("po/canary-1-0", "shop"))
    report = ask(made, target)
    assert report.conclusion.code == "Unmanaged"
    assert "controlled by Rollout/canary, which Planaria does not know" in report.conclusion.message
    assert report.conclusion.next == "kubectl describe rollout canary -n shop"


def test_a_bare_pod_and_one_whose_workload_is_gone_are_told_apart():
    made = front()
    made.store.put(builders.pod("bare"))
    for name, group in (("gone", "apps"), ("kruise", "apps.kruise.io")):
        pod = builders.pod(name)
        owner = Owner("StatefulSet", "away", "u", group)
        made.store.put(replace(pod, meta=replace(pod.meta, owner=owner)))
    for name, words in (
        ("bare", "belongs to no Deployment"),
        ("gone", "StatefulSet/away, which does not exist"),
        ("kruise", "StatefulSet/away of apps.kruise.io, which Planaria does not know"),
    ):
        target = resolved(made.store, parse_target(f"po/{name}", "shop"))
        assert words in ask(made, target).conclusion.message


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        (
            builders.deployment("front", owner=builders.meta("Cluster", "pg")),
            "Cluster/pg controls Deployment/front: rollback, resize and scale are refused (ForeignOwner)",
        ),
        (
            builders.deployment("front", keeper=Keeper("Argo CD", "application shop")),
            "Argo CD (application shop) keeps Deployment/front as Git has it",
        ),
    ],
)
def test_who_else_has_a_say_in_the_target_is_noted(workload, words: str):
    assert words in shown(front(workload=workload))


def test_where_nobody_else_has_a_say_nothing_is_noted():
    assert ask(front()).notes == ()


# --- what a person types


@pytest.mark.parametrize("words", ["deploy/web", "deployments/web", "Deployment/web", "deployment.apps/web"])
def test_kinds_are_understood_as_kubectl_does(words):
    assert parse_target(words, "shop") == deployment_ref("web")


@pytest.mark.parametrize("words", ["web", "job/x", "deploy/", "/x", "deploy/a/b", "deploy web"])
def test_what_is_no_target_says_how_to_write_one(words):
    with pytest.raises(Misuse, match="write KIND/NAME"):
        parse_target(words, "shop")


def test_a_pod_stands_for_its_workload_and_a_bare_one_for_nothing():
    made = front()
    assert settled(made.store, parse_target(f"po/{WELL[1].meta.name}", "shop")) == TARGET
    made.store.put(builders.pod("bare"))
    with pytest.raises(PluginError, match="belongs to no Deployment"):
        settled(made.store, parse_target("po/bare", "shop"))


def test_the_timeline_of_an_incident_of_days_says_which_day():
    (first, *_) = example.STATUS.timeline
    lines = tuple(
        first.model_copy(update={"time": moment, "message": f"line {number}"})
        for number, moment in enumerate((NOW - timedelta(days=2), NOW - timedelta(seconds=9)))
    )
    told = shown(front(records=(record(stage=Stage.ESCALATED, timeline=lines),)))
    assert f"{lines[0].time:%Y-%m-%d %H:%M:%S} {first.station}" in told
    assert f" {lines[1].time:%H:%M:%S} {first.station}" in told
    assert f"{lines[1].time:%Y-%m-%d %H:%M:%S} {first.station}" not in told


@pytest.mark.parametrize("observed", ["restart", "rollback"])
def test_an_action_that_is_only_observed_holds_no_other_back(observed):
    """In a policy that mends by rollback and leaves restarts to people, something is done about a fault."""
    actions = [{"type": each} for each in ("restart", "rollback")]
    actions = [{**each, "mode": "Observe"} if each["type"] == observed else each for each in actions]
    policy = seen(builders.policy(actions=actions, guardrails={"min_healthy": 0}))
    report = ask(world(FRONT, SETS, *ILL, policies=(policy,)))
    assert report.conclusion.code == "Due"
    (mode,) = (each for each in report.guards if each.guard == "mode")
    other = "rollback" if observed == "restart" else "restart"
    assert mode.message == f"mode of {other} in HealingPolicy default is Enforce"


def test_where_every_action_is_only_observed_nothing_is_done():
    actions = [{"type": each, "mode": "Observe"} for each in ("restart", "rollback")]
    policy = seen(builders.policy(actions=actions, guardrails={"min_healthy": 0}))
    conclusion = ask(world(FRONT, SETS, *ILL, policies=(policy,))).conclusion
    assert (conclusion.code, "mode would hold any action back" in conclusion.message) == ("HeldBack", True)


def test_a_restart_that_did_not_help_before_holds_no_other_action_back():
    failed = Failure(
        remediation="front-0",
        uid="r0",
        attempt=1,
        action="restart Deployment/shop/front scope=workload",
        outcome=AttemptOutcome.INEFFECTIVE,
        time=ago(900),
    )
    policy = seen(builders.policy(guardrails={"min_healthy": 0}), failures=(failed,))
    assert ask(world(FRONT, SETS, *ILL, policies=(policy,))).conclusion.code == "Due"
