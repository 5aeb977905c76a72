"""One policy for many namespaces on the real cluster: it heals where it was asked to, and nowhere else.

The same bad rollout in three namespaces. Two carry the label that the ClusterHealingPolicy chooses by; one of these has a
HealingPolicy of its own, which only observes.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from planaria_scenarios.subprocesses import free_port
from tests.e2e.bad_rollout import BAD, IMAGE, deployment, finished, policy
from tests.e2e.operator_process import operator
from tests.kubectl import Kubectl, condition, image_of

pytestmark = pytest.mark.cluster

LABEL = "planaria.dev/test-run"


@dataclass(frozen=True)
class Ending:
    """What the API server says when everything is over."""

    chosen: str
    left: str
    own: str
    policy: dict[str, Any]
    remediations: list[dict[str, Any]]
    images: dict[str, str]
    after_the_policy: list[str]
    """Remediations in the chosen namespace once the policy is deleted."""

    def of(self, namespace: str) -> list[dict[str, Any]]:
        return [each for each in self.remediations if each["metadata"]["namespace"] == namespace]


@pytest.fixture(scope="module")
def ending(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ending]:
    kubectl, run = Kubectl.of(kubeconfig), secrets.token_hex(4)
    chosen, left, own = (f"many-{name}-{run}" for name in ("chosen", "left", "own"))
    try:
        _break(kubectl, run, chosen, left, own)
        folder = tmp_path_factory.mktemp("many")
        asyncio.run(_heal(kubectl, kubeconfig, folder, run, chosen, own))
        yield _ending(kubectl, run, chosen, left, own)
    finally:
        kubectl("delete", "chpol", run, "--ignore-not-found")
        kubectl("delete", "namespace", chosen, left, own, "--wait=false", "--ignore-not-found")


def test_a_bad_rollout_is_healed_in_a_chosen_namespace(ending: Ending) -> None:
    (remediation,) = ending.of(ending.chosen)
    assert (remediation["spec"]["policyKind"], remediation["spec"]["policy"]) == (
        "ClusterHealingPolicy",
        ending.policy["metadata"]["name"],
    )
    succeeded = condition(remediation["status"], "Succeeded")
    assert (succeeded["status"], succeeded["reason"]) == ("True", "Recovered")
    assert ending.images[ending.chosen] == IMAGE


def test_one_that_is_not_chosen_is_left_alone(ending: Ending) -> None:
    assert ending.of(ending.left) == []
    assert ending.images[ending.left] == BAD


def test_a_policy_of_the_namespace_has_its_targets_and_the_other_names_it(ending: Ending) -> None:
    (remediation,) = ending.of(ending.own)
    assert (remediation["spec"]["policyKind"], remediation["spec"]["policy"]) == ("HealingPolicy", "web")
    assert ending.images[ending.own] == BAD, "it only observes"
    overlapped, ready = (condition(ending.policy["status"], kind) for kind in ("Overlapped", "Ready"))
    assert (overlapped["status"], overlapped["reason"]) == ("True", "Overlapping")
    assert overlapped["message"] == f"1 of 2 targets are healed under HealingPolicy {ending.own}/web (1)"
    assert ready["message"].startswith("Enforce: 2 workloads selected in 2 namespaces")


def test_the_budget_is_kept_with_the_namespace_of_the_target(ending: Ending) -> None:
    (reservation,) = ending.policy["status"]["reservations"]
    assert (reservation["namespace"], reservation["target"]) == (ending.chosen, "Deployment/web")


def test_the_records_go_with_their_policy_which_is_in_no_namespace(ending: Ending) -> None:
    assert ending.after_the_policy == []


def _break(kubectl: Kubectl, run: str, chosen: str, left: str, own: str) -> None:
    for name in (chosen, left, own):
        kubectl("create", "namespace", name)
        kubectl.apply(name, deployment(name))
    kubectl("label", "namespace", chosen, own, f"{LABEL}={run}")
    observing = policy(own)
    observing["spec"]["mode"] = "Observe"
    kubectl.apply(own, observing)
    wide = policy("")
    wide["kind"], wide["metadata"] = "ClusterHealingPolicy", {"name": run}
    wide["spec"]["namespaceSelector"] = {"matchLabels": {LABEL: run}}
    wide["spec"]["guardrails"] = {"minHealthy": 0}  # both of its workloads are broken at once
    kubectl.apply("default", wide)
    for name in (chosen, left, own):
        kubectl("rollout", "status", "deployment/web", "-n", name, "--timeout=120s")
    for name in (chosen, left, own):
        kubectl.apply(name, deployment(name, BAD))


async def _heal(kubectl: Kubectl, kubeconfig: Path, folder: Path, run: str, chosen: str, own: str) -> None:
    """Until the chosen one is healed, the other's own policy has said what it would do, and the loser has named it."""

    def held_back() -> bool:
        stages = [each.get("status", {}).get("stage") for each in kubectl.items("remediations", own)]
        return stages == ["Blocked"]

    async with operator(kubeconfig, folder, free_port(), "--extractor", "rules") as process:
        try:
            async with asyncio.timeout(180):
                await _until(lambda: finished(kubectl, chosen))
                await _until(held_back)
        except TimeoutError as error:
            raise AssertionError(process.text()[-4000:]) from error


async def _until(true: Callable[[], bool]) -> None:
    while not await asyncio.to_thread(true):
        await asyncio.sleep(1)


def _ending(kubectl: Kubectl, run: str, chosen: str, left: str, own: str) -> Ending:
    wide = kubectl.json("get", "chpol", run)
    records = [each for name in (chosen, left, own) for each in kubectl.items("remediations", name)]
    webs = {name: kubectl.json("get", "deployment", "web", "-n", name) for name in (chosen, left, own)}
    images = {name: image_of(web) for name, web in webs.items()}
    kubectl("delete", "chpol", run)
    kubectl("wait", "remediations", "--all", "-n", chosen, "--for=delete", "--timeout=60s")
    after = [each["metadata"]["name"] for each in kubectl.items("remediations", chosen)]
    return Ending(chosen, left, own, wide, records, images, after)
