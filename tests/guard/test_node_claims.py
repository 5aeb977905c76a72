"""Of several policies that would isolate a node, the most specific has it, and the others say so."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_contract import Action
from planaria_operator.api.healing_policy import ClusterHealingPolicy
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import precedence
from planaria_operator.guard.node_action import NodeAction
from planaria_operator.guard.shared_node import SharedNode
from planaria_operator.guard.weather import CALM, NodeClaims, Weather
from tests import builders
from tests.builders import cluster_policy, node, ref, store, symptom
from tests.guard.proposals import proposal, remediation

LOST = node("node-1", ready=False)
FRONT, BACK = builders.deployment(), builders.deployment("back")
ISOLATING: dict[str, Any] = {"actions": [{"type": "isolate"}], "kinds": ["Deployment", "Node"]}
WIDE = cluster_policy("a-wide", **ISOLATING)
NARROW = cluster_policy("b-narrow", namespaces={"team": "a"}, **ISOLATING)
SECOND = cluster_policy("c-narrow", namespaces={"team": "b"}, **ISOLATING)


def of_node(policy: ClusterHealingPolicy) -> Incident:
    return Incident(policy, ref(LOST), (symptom(subject=LOST),))


def judged(*policies: ClusterHealingPolicy, skies: Weather = CALM) -> dict[str, dict[str, str]]:
    """The nodes that are somebody else's, by policy."""
    claims = NodeClaims()
    ordered = sorted(policies, key=precedence)
    return {each.name: dict(claims.under(each, [of_node(each)], skies).held_nodes) for each in ordered}


def test_a_selector_for_namespaces_is_more_specific_than_none_and_then_the_name_counts():
    found = judged(WIDE, SECOND, NARROW)
    holder = {"node-1": "ClusterHealingPolicy b-narrow"}
    assert found == {"b-narrow": {}, "c-narrow": holder, "a-wide": holder}


@pytest.mark.parametrize(
    "other",
    [
        cluster_policy("b-narrow", namespaces={"team": "a"}),
        cluster_policy(
            "b-narrow", namespaces={"team": "a"}, actions=[{"type": "isolate"}], kinds=["Deployment"]
        ),
    ],
    ids=["does not list isolate", "is not about nodes"],
)
def test_a_policy_that_would_never_isolate_holds_no_node(other: ClusterHealingPolicy):
    assert judged(other, WIDE)["a-wide"] == {}


def test_a_policy_with_nothing_on_the_node_holds_it_not():
    claims = NodeClaims()
    claims.under(NARROW, [], CALM)
    assert claims.under(WIDE, [of_node(WIDE)], CALM) is CALM


def test_what_several_workloads_show_on_a_node_counts_like_the_nodes_own_fault():
    members = frozenset({FRONT.meta.uid, BACK.meta.uid})
    sky = Weather(None, {}, dict.fromkeys(members, SharedNode("node-1", members, FRONT.meta.uid)))
    claims = NodeClaims()
    mine = [Incident(NARROW, ref(FRONT), (symptom(),))]
    assert claims.under(NARROW, mine, sky).held_nodes == {}
    assert claims.under(WIDE, [of_node(WIDE)], CALM).held_nodes == {"node-1": "ClusterHealingPolicy b-narrow"}


def test_the_loser_is_held_and_says_who_has_the_node():
    about = ObjectReference(kind="Node", name="node-1", uid=LOST.meta.uid)
    cordon = Operation(verb=Verb.CORDON, object=about, body="{}")
    plan = Plan(action=Action.ISOLATE, target=about, summary="cordon node-1", operations=(cordon,))
    asked = proposal(
        target=LOST, plan=plan, world=store(LOST), under=WIDE, remediation=remediation(LOST), weather=CALM
    )
    assert NodeAction().check(asked).allowed
    held = Weather(None, held_nodes={"node-1": "ClusterHealingPolicy b-narrow"})
    verdict = NodeAction().check(replace(asked, weather=held))
    assert (verdict.allowed, verdict.reason) == (False, Reason.NODE_OF_ANOTHER_POLICY)
    assert (
        verdict.message
        == "ClusterHealingPolicy b-narrow is more specific, lists isolate too, and has node node-1"
    )
