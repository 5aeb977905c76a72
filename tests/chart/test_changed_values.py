"""Values that change on a release, whose objects a real API server stores by server-side apply, as Helm 4, Flux and Argo CD do."""

from typing import Any

import pytest

from tests.chart.rendering import named, render
from tests.kubectl import Kubectl

pytestmark = pytest.mark.apiserver

ONE_AT_A_TIME = {
    "policy": "policy.memory.type=sqlite",
    "operator": "operator.replicas=1,operator.leaderElection.enabled=false",
}


def stored_strategy(kubectl: Kubectl, namespace: str, component: str, *options: str) -> Any:
    """Of the component's Deployment, once it is rendered with these options and applied; no pod of it starts."""
    body = named(render(*options, namespace=namespace), "Deployment", f"planaria-{component}")
    idle = {**body, "spec": {**body["spec"], "replicas": 0}}
    return kubectl.apply(namespace, idle)["spec"]["strategy"]


@pytest.mark.parametrize("component", ONE_AT_A_TIME)
def test_what_was_rolled_can_be_told_to_run_one_pod_at_a_time_and_back(
    component: str, kubectl: Kubectl, restricted: str
):
    rolled = stored_strategy(kubectl, restricted, component)
    changed = stored_strategy(kubectl, restricted, component, "--set", ONE_AT_A_TIME[component])
    assert changed == {"type": "Recreate"}
    assert stored_strategy(kubectl, restricted, component) == rolled
