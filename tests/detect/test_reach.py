"""What a policy reaches, and which of several has a target."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.api.actions import Mode
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.detect.detector import detect
from planaria_operator.detect.selection import Ranking, reach, reaches, selected
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from tests.builders import NOW, ago, cluster_policy, deployment, node, pod, policy, space, store

TIERED = {"app": "front", "tier": "web"}
FRONT = deployment(labels=TIERED)


def world(*policies: HealingPolicy, views: tuple[Any, ...] = ()) -> ClusterStore:
    made = store(space("shop", labels={"team": "a"}), space("stock", labels={"team": "b"}), FRONT, *views)
    for each in policies:
        made.put_policy(each)
    return made


def holder(*policies: HealingPolicy) -> str:
    """Asked under each of them: they must all name the same one."""
    ranking = Ranking(world(*policies))
    (found,) = {str(ranking.holder(each, FRONT)) for each in policies}
    return found


# --- reach


def test_a_namespaced_policy_reaches_its_own_namespace_whatever_is_known_of_it():
    assert reach(store(), policy()) == ["shop"]
    assert reaches(store(), policy(), "shop")
    assert not reaches(world(), policy(), "stock")


def test_without_a_selector_every_namespace_is_reached_but_protected_ones():
    here = ClusterStore(protected=frozenset({"kube-system"}))
    for name in ("stock", "shop", "kube-system"):
        here.put(space(name))
    assert reach(here, cluster_policy()) == ["shop", "stock"]
    assert not reaches(here, cluster_policy(), "kube-system")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [({"team": "a"}, ["shop"]), ({"kubernetes.io/metadata.name": "stock"}, ["stock"]), ({"team": "c"}, [])],
)
def test_namespaces_are_chosen_by_their_labels_and_by_name(wanted: dict[str, str], found: list[str]):
    assert reach(world(), cluster_policy(namespaces=wanted)) == found


def test_namespaces_are_chosen_by_expressions_too():
    row = {"key": "team", "operator": "NotIn", "values": ["a"]}
    chosen = cluster_policy(namespace_selector={"matchExpressions": [row]})
    assert reach(world(), chosen) == ["stock"]


def test_a_namespace_whose_labels_are_not_known_is_not_reached():
    assert not reaches(store(), cluster_policy(), "shop")


def test_workloads_of_all_reached_namespaces_are_selected():
    back = deployment("back", namespace="stock")
    here = world(views=(back,))
    assert selected(here, cluster_policy()) == [FRONT, back]
    assert selected(here, cluster_policy(namespaces={"team": "b"})) == [back]


# --- who has a target


def test_a_namespaced_policy_is_more_specific_than_any_for_many_namespaces():
    narrow = cluster_policy("a", namespaces={"team": "a"}, labels={"tier": "web"})
    assert holder(narrow, policy("z")) == "HealingPolicy shop/z"


@pytest.mark.parametrize("make", [policy, cluster_policy])
def test_of_one_kind_a_selector_for_workloads_beats_none(make: Any):
    assert holder(make("a"), make("z", labels={"tier": "web"})).endswith("z")


def test_then_a_selector_for_namespaces_beats_none():
    assert holder(cluster_policy("a"), cluster_policy("z", namespaces={"team": "a"})).endswith("z")
    both = cluster_policy("a", namespaces={"team": "a"}), cluster_policy("z", labels={"tier": "web"})
    assert holder(*both).endswith("z"), "workloads say more than namespaces"


@pytest.mark.parametrize("make", [policy, cluster_policy])
def test_then_the_first_by_name(make: Any):
    assert holder(make("b"), make("a")).endswith("a")


def test_who_does_not_select_it_has_nothing_to_say():
    others = (
        policy("a", labels={"tier": "db"}),
        policy("b", kinds=("StatefulSet", "Node")),
        policy("c", namespace="stock"),
        cluster_policy("d", namespaces={"team": "b"}),
    )
    here = world(*others, policy("z"))
    assert Ranking(here).holder(policy("z"), FRONT).name == "z"


def test_a_policy_that_only_observes_has_its_targets_all_the_same():
    assert holder(policy("watch", mode=Mode.OBSERVE), cluster_policy("base")) == "HealingPolicy shop/watch"


# --- who moves its pods off a lost node


LOST = node(ready=False, ready_since=ago(100))


def away(owner: Workload, name: str) -> Any:
    made = pod(name, owner, ready=False, ready_since=ago(100), started_at=ago(900))
    return replace(made, meta=replace(made.meta, namespace=owner.meta.namespace, uid=f"uid-{name}"))


def lost_node(*policies: HealingPolicy) -> ClusterStore:
    back = deployment("back", namespace="stock")
    return world(*policies, views=(LOST, away(FRONT, "front-0"), back, away(back, "back-0")))


def under(here: ClusterStore, asked: HealingPolicy) -> dict[str, set[str]]:
    """Which objects show something, by target."""
    return {
        incident.target.name: {each.subject.name for each in incident.symptoms}
        for incident in detect(here, asked, NOW)
    }


def test_one_policy_for_many_namespaces_has_one_incident_of_the_node_for_all_their_pods():
    base = cluster_policy()
    assert under(lost_node(base), base) == {"node-1": {"node-1", "front-0", "back-0"}}


def test_each_pod_is_moved_under_one_policy():
    base, own = cluster_policy(), policy("own", namespace="stock")
    here = lost_node(base, own)
    assert under(here, base) == {"node-1": {"node-1", "front-0"}}
    assert under(here, own) == {"node-1": {"node-1", "back-0"}}


def test_a_policy_without_nodes_leaves_the_loss_to_one_that_has_them():
    """Else one lost node would be treated twice: as the node, and as the Deployment that it held pods of."""
    base, own = cluster_policy(), policy("own", kinds=("Deployment",))
    here = lost_node(base, own)
    assert under(here, own) == {}
    assert "front-0" in under(here, base)["node-1"]


def test_where_nobody_is_about_nodes_the_workload_shows_it():
    own = policy("own", kinds=("Deployment",))
    assert under(lost_node(own), own) == {"front": {"front-0"}}


def test_where_healing_is_disabled_no_policy_for_many_namespaces_moves_pods():
    base = cluster_policy()
    here = lost_node(base)
    assert Ranking(here).carries(base, FRONT)
    here.put(space("shop", labels={"team": "a"}, annotations={"planaria.dev/heal": "disabled"}))
    assert not Ranking(here).carries(base, FRONT)
    assert under(here, base) == {"front": {"front-0"}, "node-1": {"node-1", "back-0"}}
