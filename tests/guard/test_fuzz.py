"""Ten thousand policies and incidents of every kind: no guard breaks, and every refusal has its reason."""

import random
from typing import Any

import pytest

from planaria_contract import Resize, Restart, Scale
from planaria_contract.actions import Parameters
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.decide.masks import confidence_masks, policy_masks
from planaria_operator.detect.detector import detect
from planaria_operator.guard.chain import GUARDS, check_all
from planaria_operator.guard.verdict import Limits, Verdict
from planaria_operator.guard.weather import weather
from planaria_operator.reconcile.brakes import braked
from tests.builders import (
    NOW,
    ago,
    cluster_policy,
    decision,
    deployment,
    node,
    pods_of,
    policy,
    ref,
    replica_set,
    space,
    store,
)
from tests.guard.proposals import attempt, proposal, remediation, reservation, understood, with_reservations

COUNT = 10_000
NAMES = [guard.name for guard in GUARDS]
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"]
PARAMETERS: list[Parameters] = [
    Restart(scope="workload", delay_seconds=60),
    Scale(ratio=2.0),
    Resize(resource="memory", ratio=2),
]


def window(dice: random.Random) -> dict[str, Any]:
    hours = [f"{dice.randrange(24):02}:{dice.randrange(60):02}" for _ in range(2)]
    days = dice.sample(["Monday", "Tuesday", "Wednesday", "Saturday", "Sunday"], dice.randint(1, 5))
    kind, zone = dice.choice(["Allow", "Deny"]), dice.choice(ZONES)
    return {"kind": kind, "start": hours[0], "end": hours[1], "days": days, "timeZone": zone}


def budget(dice: random.Random) -> dict[str, Any]:
    return {"actions": dice.choice([0, 1, 5, 1000]), "windowSeconds": dice.choice([60, 3600, 86400])}


def spec(dice: random.Random) -> dict[str, Any]:
    modes = ["Observe", "Recommend", "Enforce"]
    kinds = ["restart", "scale", "resize", "rollback"]
    requests = [
        {"requester": f"p{number}", "reason": "x", "until": dice.choice([None, ago(60), ago(-60)])}
        for number in range(dice.choice([0, 0, 2]))
    ]
    return {
        "mode": dice.choice(modes),
        "pauseRequests": requests,
        "actions": [
            {
                "type": kind,
                "mode": dice.choice([None, *modes]),
                "minConfidencePercent": dice.choice([None, 0, 99]),
            }
            for kind in dice.sample(kinds, dice.randint(0, 4))
        ],
        "guardrails": {
            "windows": [window(dice) for _ in range(dice.choice([0, 0, 1, 3]))],
            "minConfidencePercent": dice.randint(0, 100),
            "hesitationSeconds": dice.choice([0, 60, 3600]),
            "repeatWindowSeconds": dice.choice([0, 60, 604800]),
            "cooldownSeconds": dice.choice([0, 300, 86400]),
            "budget": budget(dice),
            "targetBudget": budget(dice),
            "namespaceBudget": budget(dice),
            "maxConcurrent": dice.choice([1, 100]),
            "minHealthy": dice.choice([0, 3, 100000, "0%", "50%", "100%"]),
            "storm": {"incidents": dice.choice([2, 1000]), "cooldownSeconds": dice.choice([0, 86400])},
            "breaker": {"failures": dice.choice([1, 100]), "reset": dice.choice(["", "a"])},
        },
    }


def verdicts(dice: random.Random) -> list[Verdict]:
    """One incident under one policy of either kind in one world, all drawn."""
    views = [deployment(f"w{number}", ready=dice.choice([0, 3])) for number in range(dice.randint(1, 4))]
    owned = replica_set(views[0])
    sick = {
        "ready": dice.random() < 0.5,
        "ready_since": ago(dice.choice([-60, 5, 90])),
        "started_at": ago(900),
    }
    elsewhere = [deployment("w0", namespace="stock", ready=dice.choice([0, 3]), uid="uid-elsewhere")]
    spaces = [space(name) for name in dice.choice([("shop",), ("shop", "stock")])]
    here = store(views, elsewhere, spaces, owned, pods_of(owned, 2, **sick), node(ready=dice.random() < 0.8))
    under = policy(**spec(dice))
    if dice.random() < 0.4:
        chosen_by = dice.choice([{}, {"kubernetes.io/metadata.name": "shop"}, {"team": "nobody"}])
        under = cluster_policy(namespaces=chosen_by, **spec(dice))
    here.put_policy(dice.choice([policy("other", labels={"app": "w0"}), cluster_policy("other")]))
    taken = [
        reservation(dice.choice([-500, 5, 4000]), by=f"r{number}") for number in range(dice.randint(0, 3))
    ]
    under = with_reservations(under, *taken)
    for number in range(dice.randint(0, 2)):
        other = remediation(dice.choice(views), name=f"r{number}", attempts=(attempt(views[0], ago(100)),))
        stage = dice.choice(list(Stage))
        here.put_remediation(
            other.model_copy(update={"status": other.status.model_copy(update={"stage": stage})})
        )
    found = detect(here, under, NOW)
    sky = weather(here, under, found, NOW)
    status = braked(here, under, under.status, sky, NOW)
    under = under.model_copy(update={"status": status})
    state = understood(dice.randint(0, 100))
    assert all(
        mask.reason for mask in (*policy_masks(under), *confidence_masks(under, state.confidence_percent))
    )
    own = remediation(views[0], semantic_state=state, understood_at=dice.choice([None, NOW, ago(9999)]))
    chosen = decision(dice.choice(PARAMETERS), ref(views[0]))
    limits = Limits(dice.choice([1, 60]), dice.choice([1, 20]))
    return check_all(
        proposal(
            target=views[0],
            world=here,
            under=under,
            remediation=own,
            decision=chosen,
            limits=limits,
            weather=sky,
        )
    )


@pytest.mark.parametrize("seed", range(10))
def test_no_guard_breaks_and_every_refusal_has_a_reason(seed: int):
    dice = random.Random(seed)
    refused: set[Reason] = set()
    for _ in range(COUNT // 10):
        found = verdicts(dice)
        assert [verdict.guard for verdict in found] == NAMES
        for verdict in found:
            assert verdict.allowed is (verdict.reason is Reason.ALLOWED)
            assert verdict.message
            assert verdict.retry_after >= 1
            assert verdict.reason is not Reason.GUARD_UNAVAILABLE, verdict.message
        refused |= {verdict.reason for verdict in found if not verdict.allowed}
    assert len(refused) >= 12, "the draw reaches most brakes"
