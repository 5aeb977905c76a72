"""A policy for many namespaces: each guard asks about the right one, and what it remembers is not mixed up between them.

There is a Deployment `front` in `shop`, which shows the fault, and a namesake in `stock`.
"""

from dataclasses import replace
from typing import Any

import pytest

from planaria_contract import Scale
from planaria_operator.api.attempt import Attempt, AttemptOutcome
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.policy_status import Reservation
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.detect.detector import detect
from planaria_operator.detect.selection import Ranking
from planaria_operator.guard.breaker import Breaker
from planaria_operator.guard.budget import ActionBudget, BudgetInTotal, BudgetOfNamespace, BudgetOfTarget
from planaria_operator.guard.causes import groups
from planaria_operator.guard.chain import check_all
from planaria_operator.guard.concurrency import Concurrency
from planaria_operator.guard.cooldown import Cooldown
from planaria_operator.guard.disruption import Disruption
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.opt_out import OptOut
from planaria_operator.guard.protected import ProtectedNamespace
from planaria_operator.guard.repeat import NoRepetition
from planaria_operator.guard.storm import Storm
from planaria_operator.guard.weather import storm_of, weather
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.disruption import parse_disruption_budget
from planaria_operator.objects.meta import HEAL
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.record.convert import decision_record
from tests.builders import (
    NOW,
    ago,
    cluster_policy,
    decision,
    deployment,
    node,
    pod,
    policy,
    ref,
    service_of,
    space,
    store,
)
from tests.guard.proposals import (
    FRONT,
    attempt,
    plan,
    proposal,
    put_records,
    reference,
    remediation,
    with_reservations,
)

NAMESAKE = deployment("front", namespace="stock", uid="uid-namesake")
SPACES = (space("shop"), space("stock"))
LOST = node(ready=False, ready_since=ago(100))


def under_base(
    target: Workload | Node = FRONT, *, name: str = "front-1", stage: Stage = Stage.UNDERSTOOD, **status: Any
) -> Remediation:
    """One that was opened under the ClusterHealingPolicy `base`."""
    made = remediation(target, name=name, **status)
    return made.model_copy(
        update={
            "namespace": target.meta.namespace or "planaria-system",
            "spec": made.spec.model_copy(update={"policy": "base", "policy_kind": "ClusterHealingPolicy"}),
            "status": made.status.model_copy(update={"stage": stage}),
        }
    )


def world(*views: Any, records: tuple[Remediation, ...] = ()) -> ClusterStore:
    made = store(SPACES, FRONT, NAMESAKE, *views)
    put_records(made, *records)
    return made


def asked(
    guard: Any, *, under: HealingPolicy | None = None, here: ClusterStore | None = None, **fields: Any
) -> Any:
    fields.setdefault("remediation", under_base(fields.get("target", FRONT)))
    return guard.check(proposal(under=under or cluster_policy(), world=here or world(), **fields))


def taken(
    where: str, seconds: float = 60, *, target: str = "Deployment/front", by: str = "other-1"
) -> Reservation:
    return Reservation(remediation=by, attempt=1, target=target, namespace=where, time=ago(seconds))


def evicting(*pods: tuple[str, str], target: Workload | Node = FRONT) -> Plan:
    gone = (
        Operation(verb=Verb.EVICT, object=ObjectReference(kind="Pod", namespace=namespace, name=name))
        for namespace, name in pods
    )
    return plan(reference(target), *gone)


def in_namespace(owner: Workload, name: str, **fields: Any) -> Any:
    made = pod(name, owner, **fields)
    return replace(made, meta=replace(made.meta, namespace=owner.meta.namespace, uid=f"uid-{name}"))


def test_every_guard_allows_what_there_is_nothing_against():
    here = world()
    verdicts = check_all(proposal(under=cluster_policy(), world=here, remediation=under_base()))
    assert [each.guard for each in verdicts if not each.allowed] == []


# --- protected, opted out


def test_the_record_of_a_node_may_lie_in_the_operators_own_namespace():
    verdict = asked(ProtectedNamespace(), target=LOST, plan=evicting(("shop", "front-0"), target=LOST))
    assert verdict.allowed, verdict.message
    touched = evicting(("kube-system", "dns-0"), target=LOST)
    assert asked(ProtectedNamespace(), target=LOST, plan=touched).reason is Reason.PROTECTED_NAMESPACE


def test_the_namespace_of_the_target_is_the_one_that_may_be_protected():
    system = deployment("dns", namespace="kube-system")
    assert asked(ProtectedNamespace(), target=system).reason is Reason.PROTECTED_NAMESPACE


def test_a_namespace_that_opts_out_holds_its_own_targets_and_no_others():
    here = world(space("stock", annotations={HEAL: "disabled"}))
    assert asked(OptOut(), here=here).allowed
    assert asked(OptOut(), here=here, target=NAMESAKE).reason is Reason.OPTED_OUT


def test_a_workload_that_opts_out_is_told_from_its_namesake():
    marked = deployment("front", namespace="stock", uid="uid-namesake", labels={HEAL: "disabled"})
    here = store(SPACES, FRONT, marked)
    assert asked(OptOut(), here=here).allowed
    assert asked(OptOut(), here=here, target=marked).reason is Reason.OPTED_OUT


def test_from_a_node_no_pod_is_moved_out_of_a_namespace_that_opts_out():
    here = world(space("stock", annotations={HEAL: "disabled"}), LOST, in_namespace(NAMESAKE, "back-0"))
    verdict = asked(OptOut(), here=here, target=LOST, plan=evicting(("stock", "back-0"), target=LOST))
    assert (verdict.reason, verdict.message) == (Reason.OPTED_OUT, f"Namespace/stock says {HEAL}: disabled")


# --- what was done lately


def test_the_cooldown_of_a_namesake_is_not_the_targets():
    used = with_reservations(cluster_policy(), taken("stock"))
    assert asked(Cooldown(), under=used).allowed
    assert asked(Cooldown(), under=used, target=NAMESAKE).reason is Reason.COOLDOWN


def test_the_target_budget_of_a_namesake_is_not_the_targets():
    used = with_reservations(cluster_policy(guardrails={"target_budget": {"actions": 1}}), taken("stock"))
    assert asked(BudgetOfTarget(), under=used).allowed
    assert asked(BudgetOfTarget(), under=used, target=NAMESAKE).reason is Reason.TARGET_BUDGET_EXHAUSTED


def test_what_a_namespaced_policy_did_to_the_target_counts():
    here = world()
    here.put_policy(with_reservations(policy("own", namespace="stock"), taken("")))
    under = cluster_policy(guardrails={"target_budget": {"actions": 1}})
    assert asked(BudgetOfTarget(), under=under, here=here).allowed
    assert (
        asked(BudgetOfTarget(), under=under, here=here, target=NAMESAKE).reason
        is Reason.TARGET_BUDGET_EXHAUSTED
    )


def test_the_budget_of_the_policy_is_one_for_all_its_namespaces():
    used: HealingPolicy = cluster_policy(guardrails={"budget": {"actions": 2}})
    used = with_reservations(used, taken("stock"), taken("shop", by="other-2"))
    assert asked(ActionBudget(), under=used).reason is Reason.BUDGET_EXHAUSTED


def test_the_budget_of_a_namespace_counts_what_was_done_in_it_under_any_policy():
    under: HealingPolicy = cluster_policy(guardrails={"namespace_budget": {"actions": 2}})
    under = with_reservations(under, taken("stock", by="base-1"))
    here = world()
    here.put_policy(with_reservations(policy("own", namespace="stock"), taken("", by="own-1")))
    assert asked(BudgetOfNamespace(), under=under, here=here).allowed
    verdict = asked(BudgetOfNamespace(), under=under, here=here, target=NAMESAKE)
    assert (verdict.reason, verdict.message[:6]) == (Reason.NAMESPACE_BUDGET_EXHAUSTED, "2 of 2")


def test_a_namespaced_policy_feels_what_one_for_many_did_in_its_namespace():
    here = world()
    here.put_policy(with_reservations(cluster_policy(), taken("shop"), taken("stock", by="other-2")))
    under = policy(guardrails={"namespace_budget": {"actions": 1}})
    verdict = BudgetOfNamespace().check(proposal(under=under, world=here))
    assert (verdict.reason, verdict.message[:6]) == (Reason.NAMESPACE_BUDGET_EXHAUSTED, "1 of 1")


def test_a_node_takes_from_no_namespaces_budget_and_from_the_operators():
    used: HealingPolicy = cluster_policy(guardrails={"namespace_budget": {"actions": 1}})
    used = with_reservations(used, taken("", target="Node/node-1"), taken("shop", by="other-2"))
    verdict = asked(BudgetOfNamespace(), under=used, target=FRONT)
    assert verdict.message.startswith("1 of 1")
    assert asked(BudgetInTotal(), under=used).message.startswith("2 of 60")


def test_what_was_done_to_one_node_takes_nothing_from_another():
    """They have no namespace in common: they have none."""
    under: HealingPolicy = cluster_policy(guardrails={"namespace_budget": {"actions": 1}})
    here = world(LOST)
    here.put_policy(with_reservations(cluster_policy("other"), taken("", target="Node/node-2")))
    verdict = asked(BudgetOfNamespace(), under=under, here=here, target=LOST)
    assert (verdict.allowed, verdict.message) == (True, "a node is in no namespace")


# --- what is under way, what failed


def test_remediations_of_one_policy_in_all_namespaces_count_as_its_own():
    busy = under_base(NAMESAKE, name="busy-1", stage=Stage.ACTING)
    same_name = remediation(FRONT, name="other-1")  # of a HealingPolicy `base`, which is another policy
    same_name = same_name.model_copy(
        update={
            "spec": same_name.spec.model_copy(update={"policy": "base"}),
            "status": same_name.status.model_copy(update={"stage": Stage.ACTING}),
        }
    )
    under = cluster_policy(guardrails={"max_concurrent": 1})
    assert asked(Concurrency(), under=under, here=world(records=(same_name,))).allowed
    assert asked(Concurrency(), under=under, here=world(records=(busy,))).reason is Reason.TOO_MANY_AT_ONCE


def useless(target: Workload) -> Attempt:
    record = decision_record(decision(Scale(ratio=2.0), ref(target)))
    changes = {"decision": record, "outcome": AttemptOutcome.INEFFECTIVE, "finished_at": ago(60)}
    return attempt(target, ago(100)).model_copy(update=changes)


def test_what_did_not_help_a_namesake_may_help_here():
    failed = under_base(NAMESAKE, name="failed-1", stage=Stage.FINISHED, attempts=(useless(NAMESAKE),))
    here = world(records=(failed,))
    assert asked(NoRepetition(), here=here).allowed
    assert asked(NoRepetition(), here=here, target=NAMESAKE).reason is Reason.INEFFECTIVE_BEFORE


def test_failures_in_all_namespaces_open_the_one_breaker_of_the_policy():
    records = tuple(
        under_base(target, name=name, stage=Stage.FINISHED, attempts=(useless(target),))
        for target, name in ((FRONT, "a-1"), (NAMESAKE, "b-1"))
    )
    under = cluster_policy(guardrails={"breaker": {"failures": 2}})
    assert asked(Breaker(), under=under, here=world(records=records)).reason is Reason.BREAKER_OPEN
    assert Breaker().check(proposal(world=world(records=records))).allowed, "another policy's stays closed"


# --- how the others are


def test_min_healthy_counts_the_workloads_of_all_its_namespaces():
    ill = [deployment(f"w{number}", namespace="stock", ready=0, uid=f"w{number}") for number in range(3)]
    under = cluster_policy(guardrails={"min_healthy": "50%"})
    verdict = asked(MinHealthy(), under=under, here=world(ill))
    assert (verdict.reason, verdict.message[:6]) == (Reason.TOO_FEW_HEALTHY, "1 of 4"), (
        "the namesake is another"
    )
    narrow = cluster_policy(namespaces={"kubernetes.io/metadata.name": "shop"})
    assert asked(MinHealthy(), under=narrow, here=world(ill)).message.startswith("0 of 0")


def test_a_target_that_is_only_known_by_a_namesake_leaves_min_healthy_without_an_answer():
    with pytest.raises(LookupError, match="Deployment/front"):
        asked(MinHealthy(), here=store(SPACES, NAMESAKE))


def budget(namespace: str, allowed: int) -> Any:
    return parse_disruption_budget(
        {
            "metadata": {"name": "front", "namespace": namespace, "generation": 1},
            "spec": {"selector": {"matchLabels": {"app": "front"}}},
            "status": {
                "disruptionsAllowed": allowed,
                "currentHealthy": 2,
                "desiredHealthy": 2,
                "observedGeneration": 1,
            },
        }
    )


def test_each_eviction_has_to_fit_into_the_budgets_of_its_own_namespace():
    pods = in_namespace(FRONT, "front-0"), in_namespace(NAMESAKE, "front-9")
    here = world(LOST, *pods, budget("shop", 1), budget("stock", 0))
    both = evicting(("shop", "front-0"), ("stock", "front-9"), target=LOST)
    assert asked(Disruption(), here=here, target=LOST, plan=evicting(("shop", "front-0"))).allowed
    verdict = asked(Disruption(), here=here, target=LOST, plan=both)
    assert (verdict.reason, verdict.message) == (
        Reason.DISRUPTION_BUDGET,
        "front allows 0 evictions now; 1 are needed",
    )


# --- storms


def sick(name: str, namespace: str, **fields: Any) -> list[Any]:
    owner = deployment(name, namespace=namespace, ready=0, uid=f"uid-{namespace}-{name}", **fields)
    own = in_namespace(
        owner,
        f"{name}-{namespace}",
        ready=False,
        ready_since=ago(60),
        started_at=ago(900),
        node=f"n-{namespace}-{name}",
    )
    return [owner, own]


def test_what_breaks_in_several_namespaces_is_one_storm():
    here = store(SPACES, *(sick(name, namespace) for name in "ab" for namespace in ("shop", "stock")))
    under = cluster_policy(guardrails={"storm": {"incidents": 4}, "min_healthy": 0})
    assert storm_of(here, under, detect(here, under, NOW), NOW)
    narrow = cluster_policy(
        namespaces={"kubernetes.io/metadata.name": "shop"},
        guardrails={"storm": {"incidents": 4}, "min_healthy": 0},
    )
    assert storm_of(here, narrow, detect(here, narrow, NOW), NOW) is None


def test_a_dependency_is_shared_within_its_namespace_only():
    """`db` is down in both; what names it is put under the one of its own namespace."""
    views = []
    for namespace in ("shop", "stock"):
        database = sick("db", namespace)
        views += [*database, *service_of(database[0]), *sick("cart", namespace, environment=("db:5432",))]
    here, under = store(SPACES, views), cluster_policy()
    found = groups(here, under, detect(here, under, NOW), Ranking(here), NOW)
    assert {key: group.lead for key, group in found.items()} == {
        ("Deployment", namespace, name): ("Deployment", namespace, "db")
        for namespace in ("shop", "stock")
        for name in ("db", "cart")
    }


def test_in_a_storm_each_namespace_has_a_lead_of_its_own():
    views = []
    for namespace in ("shop", "stock"):
        database = sick("db", namespace)
        views += [*database, *service_of(database[0]), *sick("cart", namespace, environment=("db:5432",))]
    here = store(SPACES, views)
    under = cluster_policy(guardrails={"storm": {"incidents": 2}})
    sky = weather(here, under, detect(here, under, NOW), NOW)
    for database, cart in ((views[0], views[4]), (views[6], views[10])):
        assert asked(Storm(), under=under, here=here, target=database, weather=sky).allowed
        verdict = asked(Storm(), under=under, here=here, target=cart, weather=sky)
        assert verdict.reason is Reason.SHARED_CAUSE
