"""`why`, as data: what Planaria makes of one target now, and what became of its incidents lately. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from planaria_contract import ObjectRef
from planaria_kubectl.brakes import verdicts_on_anything
from planaria_kubectl.pauses import PauseRequest
from planaria_kubectl.reach import candidates, claimants, why_not_selected
from planaria_kubectl.report import Report
from planaria_kubectl.standing import ending, waits_for
from planaria_kubectl.target import meta_of
from planaria_kubectl.why.conclusion import Conclusion, concluded
from planaria_kubectl.why.evicted import evicted_of
from planaria_kubectl.world import World
from planaria_operator.api.base import ApiModel
from planaria_operator.api.decision import GuardRecord
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationSpec, RemediationStatus, SymptomRecord
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incident
from planaria_operator.objects.store import ClusterStore
from planaria_operator.record.convert import symptom_record


class PolicyView(ApiModel):
    """One policy, as it stands to the target."""

    kind: str = "HealingPolicy"
    namespace: str
    """Empty for a ClusterHealingPolicy."""
    name: str
    mode: str
    selects: bool
    heals: bool
    """Of those that select the target only the most specific heals it."""
    because: str
    pauses: tuple[PauseRequest, ...] = ()


class Story(ApiModel):
    """One Remediation, whole."""

    namespace: str
    name: str
    is_target: bool
    """False where the target was acted on for another object's sake."""
    evicted: tuple[str, ...] = ()
    """Pods of the target that the drain of a node moved."""
    outcome: str = ""
    """The reason that closed it; empty while it is open."""
    waits_for: str = ""
    spec: RemediationSpec
    status: RemediationStatus


class WhyReport(Report):
    target: str
    namespace: str = ""
    """Empty for a node."""
    asked_for: str
    """As typed: a pod stands for its workload."""
    since: datetime
    conclusion: Conclusion
    symptoms: tuple[SymptomRecord, ...] = ()
    """What shows now, ripe or not."""
    ripe_at: datetime | None = None
    """When the first symptom is, or was, old enough to open an incident."""
    policies: tuple[PolicyView, ...] = ()
    guards: tuple[GuardRecord, ...] = ()
    """What each would say to an action on the target now; empty where no policy heals it."""
    remediations: tuple[Story, ...] = ()
    """Open ones first, then the latest."""
    earlier: int = 0
    """Finished before `since`, and not told."""
    notes: tuple[str, ...] = ()


def explained(world: World, target: ObjectRef, asked_for: str, back: timedelta, now: datetime) -> WhyReport:
    """`target` with its uid, or without where it does not exist; `back`: how far."""
    healers = claimants(world, target)
    healer, incident = _incident(world, healers, target, now)
    told, earlier = _stories(world, target, now - back, now)
    guards = _guards(world, healer, target, now)
    return WhyReport(
        at=now,
        target=str(target),
        namespace=target.namespace or "",
        asked_for=asked_for,
        since=now - back,
        conclusion=concluded(world, target, healer, incident, guards, now),
        symptoms=tuple(symptom_record(each) for each in incident.symptoms[:16]) if incident else (),
        ripe_at=incident.ripe_at if incident else None,
        policies=tuple(_policy(world, each, healers, target, now) for each in candidates(world, target)),
        guards=guards,
        remediations=told,
        earlier=earlier,
        notes=(*world.notes, *owners(world.store, target)),
    )


def owners(store: ClusterStore, target: ObjectRef) -> Iterator[str]:
    """Who else has a say in the target, so that some actions are refused whatever happens to it."""
    workload = store.workload(target.kind, target.namespace or "", target.name)
    if workload is None:
        return
    if owner := workload.meta.owner:
        reason = Reason.FOREIGN_OWNER.value
        yield f"{owner} controls {target}: rollback, resize and scale are refused ({reason}), its pods may be restarted"
    keeper = workload.keeper
    if keeper and keeper.keeps("template"):
        reason = Reason.OWNED_BY_GIT_OPS.value
        yield f"{keeper} keeps {target} as Git has it: rollback and resize are refused ({reason}) without gitOps: Override"


def _incident(
    world: World, healers: Sequence[HealingPolicy], target: ObjectRef, now: datetime
) -> tuple[HealingPolicy | None, Incident | None]:
    """What the operator would detect on the target at this moment, and under which policy; else under the first."""
    for healer in healers:
        found = detect(world.store, healer, now)
        own = next((each for each in found if target.uid and each.target.uid == target.uid), None)
        if own:
            return healer, own
    return next(iter(healers), None), None


def _guards(
    world: World, healer: HealingPolicy | None, target: ObjectRef, now: datetime
) -> tuple[GuardRecord, ...]:
    if healer is None or meta_of(world.store, target) is None:
        return ()
    return verdicts_on_anything(world.store, healer, target, now)


def _policy(
    world: World, policy: HealingPolicy, healers: Sequence[HealingPolicy], target: ObjectRef, now: datetime
) -> PolicyView:
    why_not = why_not_selected(world.store, policy, target)
    heals = any(policy is healer for healer in healers)
    first = next(iter(healers), None)
    asked = world.pauses.get(policy.key, ())
    return PolicyView(
        kind=policy.kind,
        namespace=policy.namespace,
        name=policy.name,
        mode=policy.spec.mode.value,
        selects=not why_not,
        heals=heals,
        because=why_not
        or ("selects and heals it" if heals else f"{_named(first)} selects it too, and is more specific"),
        pauses=tuple(each for each in asked if each.holds(now)),
    )


def _named(policy: HealingPolicy | None) -> str:
    return f"{policy.kind} {policy.name}" if policy else ""


def _stories(
    world: World, target: ObjectRef, since: datetime, now: datetime
) -> tuple[tuple[Story, ...], int]:
    found = [*_concerning(world, target)]
    recent = [each for each in found if _recent(each, since)]
    recent.sort(key=lambda each: each.status.finished)
    return tuple(_story(world, each, target, now) for each in recent), len(found) - len(recent)


def _concerning(world: World, target: ObjectRef) -> Iterator[Remediation]:
    """Those of the target, and those that acted on it or moved its pods for another object; by name, so that a namesake is told too."""
    for each in world.remediations:
        touched = [each.spec.target, *(attempt.plan.target for attempt in each.status.attempts)]
        own = any((one.kind, one.name, one.namespace) == _place(target) for one in touched)
        if own or any(evicted_of(world.store, each, target)):
            yield each


def _place(target: ObjectRef) -> tuple[str, str, str | None]:
    return target.kind, target.name, target.namespace


def _recent(remediation: Remediation, since: datetime) -> bool:
    finished = remediation.status.finished_at
    return not remediation.status.finished or finished is None or finished >= since


def _story(world: World, remediation: Remediation, target: ObjectRef, now: datetime) -> Story:
    spec = remediation.spec
    policy = world.store.policies.get(remediation.policy_key)
    return Story(
        namespace=remediation.namespace,
        name=remediation.name,
        is_target=(spec.target.kind, spec.target.name) == (target.kind, target.name),
        evicted=tuple(pod.name for pod in evicted_of(world.store, remediation, target)),
        outcome=ending(remediation),
        waits_for=waits_for(remediation, policy, now),
        spec=spec,
        status=remediation.status,
    )
