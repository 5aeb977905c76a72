"""What the plugin might find, made from the example of every field and from views. Pure."""

from datetime import timedelta
from typing import Any

from planaria_contract import ObjectRef
from planaria_kubectl.pauses import PauseRequest
from planaria_kubectl.world import World
from planaria_operator.api.conditions import Condition, Status
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.objects.store import View
from tests import builders
from tests.api import example
from tests.builders import NOW

FRONT = builders.deployment("front", labels={"app": "front", "tier": "web"})
SETS = builders.replica_set(FRONT)
WELL = builders.pods_of(SETS)
ILL = [builders.pod("front-0", SETS, ready=False, ready_since=builders.ago(45)), *WELL[1:]]
TARGET = builders.ref(FRONT)
POLICY_SEEN = type(example.POLICY_STATUS)(observed_generation=1)


def world(
    *views: View, policies: tuple[HealingPolicy, ...] = (), records: tuple[Remediation, ...] = ()
) -> World:
    made = World()
    for view in views:
        made.store.put(view)
    for policy in policies:
        made.store.put_policy(policy)
    for record in records:
        made.store.put_remediation(record)
    return made


def seen(policy: HealingPolicy, **status: Any) -> HealingPolicy:
    """As an operator has looked at it."""
    return policy.model_copy(update={"status": POLICY_SEEN.model_copy(update=status)})


def record(name: str = "front-1a2b3c4d", *, stage: Stage = Stage.FINISHED, **status: Any) -> Remediation:
    """The example of every field, on FRONT, shifted to now."""
    shift = NOW - example.after(60)
    about = example.WEB.model_copy(update={"name": "front", "uid": FRONT.meta.uid})
    spec = example.SPEC.model_copy(
        update={"target": about, "policy": "default", "visible_at": example.SEEN + shift}
    )
    attempt = example.ATTEMPT.model_copy(
        update={
            "plan": example.PLAN.model_copy(update={"target": about}),
            "applied_at": example.after(7) + shift,
        }
    )
    whole = {
        "stage": stage,
        "attempts": (attempt,),
        "finished_at": NOW - timedelta(seconds=12) if stage is Stage.FINISHED else None,
        "next_check_at": None,
        "healthy_since": None,
        "conditions": example.STATUS.conditions if stage is Stage.FINISHED else (),
        **status,
    }
    return Remediation(name=name, namespace="shop", spec=spec, status=example.STATUS.model_copy(update=whole))


def condition(type_: str, status: Status, reason: str, message: str) -> Condition:
    return Condition(type=type_, status=status, reason=reason, message=message, last_transition_time=NOW)


def pause(requester: str = "anna", reason: str = "black friday", **fields: Any) -> PauseRequest:
    return PauseRequest(requester=requester, reason=reason, **fields)


def deployment_ref(name: str) -> ObjectRef:
    return ObjectRef(kind="Deployment", name=name, namespace="shop")
