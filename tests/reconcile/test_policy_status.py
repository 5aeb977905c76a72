"""What a HealingPolicy says of itself."""

import pytest

from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.reconcile.policy_status import METRICS_NOT_CONFIGURED, summarised
from tests.builders import NOW, ago, deployment, policy, store

STORE = store(deployment("front"), deployment("back"))


def summary(status: HealingPolicyStatus | None = None, **changes: object) -> HealingPolicyStatus:
    facts: dict[str, object] = {
        "now": NOW,
        "unhealthy": 1,
        "protected": False,
        "overlapping": {},
        "known": {"MetricsAvailable": METRICS_NOT_CONFIGURED},
        **changes,
    }
    return summarised(STORE, policy(), status or HealingPolicyStatus(), **facts)  # type: ignore[arg-type]


def ready(status: HealingPolicyStatus) -> tuple[str, str]:
    condition = next(condition for condition in status.conditions if condition.type == "Ready")
    return condition.status.value, condition.reason


def test_it_counts_what_it_selects() -> None:
    assert (summary().targets, summary().unhealthy) == (2, 1)
    assert ready(summary()) == ("True", "PolicyReady")


def test_in_a_protected_namespace_it_is_not_ready_and_says_so() -> None:
    assert ready(summary(protected=True)) == ("False", "NamespaceProtected")


def test_where_nothing_can_be_done_because_namespaces_are_not_watched_it_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(STORE.unwatched, "Namespace", "the operator's role does not allow it")
    assert ready(summary()) == ("False", "NamespacesUnknown")


def test_targets_that_another_policy_heals_are_named() -> None:
    assert ready(summary(overlapping={"HealingPolicy shop/web": 2})) == ("True", "Overlapping")


def test_nothing_is_written_where_nothing_changed() -> None:
    first = summary(now=ago(60))
    assert summary(first) == first


def test_reservations_are_left_alone() -> None:
    before = HealingPolicyStatus.model_validate(
        {
            "reservations": [
                {"remediation": "front-1", "attempt": 1, "target": "Deployment/front", "time": ago(5)}
            ]
        }
    )
    assert summary(before).reservations == before.reservations
