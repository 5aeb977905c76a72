import asyncio
from argparse import Namespace
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from planaria_contract import Action
from planaria_kubectl.diff.report import DiffReport, Live, objects_of, planned, proposed, recorded
from planaria_kubectl.errors import PluginError
from planaria_kubectl.planning import Planning
from planaria_kubectl.session import Session
from planaria_kubectl.standing import waits_for
from planaria_kubectl.world import World, read_record, read_world
from planaria_operator.act.builder import Refusal
from planaria_operator.act.naming import attempt_name
from planaria_operator.api.attempt import Attempt
from planaria_operator.api.decision import DecisionRecord
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.kube.errors import Forbidden, NotFound
from planaria_operator.kube.interface import RESOURCES, Kube
from planaria_operator.record.convert import decision, object_ref, symptom


async def run(session: Session, given: Namespace) -> DiffReport:
    remediation = await read_record(session.kube, session.namespace, given.remediation)
    asked = remediation.status.open_proposal
    if asked and given.attempt is None and not remediation.status.finished:
        live, notes = await read_live(session.kube, objects_of(asked.plan))
        return proposed(remediation, asked, live, session.now).model_copy(update={"notes": notes})
    attempt = _chosen(remediation, given.attempt)
    if attempt:
        live, notes = await read_live(session.kube, objects_of(attempt.plan))
        return recorded(remediation, attempt, live, session.now).model_copy(update={"notes": notes})
    return await _planned_now(session, remediation)


def _chosen(remediation: Remediation, number: int | None) -> Attempt | None:
    """The latest, or the one of that number; None where nothing was attempted and none was asked for."""
    attempts = remediation.status.attempts
    if number is None:
        return attempts[-1] if attempts else None
    for attempt in attempts:
        if attempt.number == number:
            return attempt
    known = ", ".join(str(each.number) for each in attempts) or "none"
    raise PluginError(f"{remediation.name} has no attempt {number}: it has {known}")


async def _planned_now(session: Session, remediation: Remediation) -> DiffReport:
    """What the decision in the record would come to, were it carried out at this moment."""
    found, why = remediation.status.decision, _settled(remediation, session.now)
    if found is None or why:
        return _nothing(session, remediation, why)
    try:
        return await _planned(session, remediation, found)
    except Forbidden as error:
        unknown = "what it would send is not known, because you may not read what it rests on"
        return _nothing(session, remediation, f"the decision is {found.action.value}; {unknown}: {error}")


async def _planned(session: Session, remediation: Remediation, found: DecisionRecord) -> DiffReport:
    """Raises Forbidden where too little may be read for it."""
    world = await _world_of(session.kube, remediation)
    policy = world.store.policies.get(remediation.policy_key)
    if policy is None:
        return _nothing(session, remediation, _no_policy(remediation, world)).model_copy(
            update={"notes": tuple(world.notes)}
        )
    planning = Planning(session.kube, world, policy, session.now)
    space = remediation.spec.target.namespace or policy.namespace or None
    symptoms = tuple(symptom(each, space) for each in remediation.spec.symptoms)
    observation = await planning.observe(object_ref(remediation.spec.target), symptoms, remediation.name)
    plan = await planning.plan(decision(found), observation, attempt_name(remediation, 1))
    if isinstance(plan, Refusal):
        return _nothing(session, remediation, f"{found.action.value} cannot be planned now: {plan.message}")
    live, notes = await read_live(session.kube, objects_of(plan))
    report = planned(remediation, plan, live, session.now, number=1)
    return report.model_copy(update={"notes": (*world.notes, *notes), "message": _held_back(remediation)})


async def _world_of(kube: Kube, remediation: Remediation) -> World:
    """As far as the policy reaches; the namespace of the target alone for who may see no other."""
    scope, own = remediation.policy_key[0], remediation.spec.target.namespace
    try:
        return await read_world(kube, scope)
    except Forbidden as error:
        if scope or not own:
            raise
        world = await read_world(kube, own)
        world.notes.append(f"you may not look into other namespaces, so only {own} was read: {error}")
        return world


def _settled(remediation: Remediation, now: datetime) -> str:
    """Why nothing of it is planned, whatever the world is like; empty where something may be."""
    found = remediation.status.decision
    if remediation.status.finished:
        return "it is finished, and nothing was ever applied"
    if remediation.status.stage is Stage.ESCALATED:  # the decision may still be what a person has rejected
        return f"it waits for {waits_for(remediation, None, now)}"
    if found is None:
        return "nothing was decided yet"
    handed = found.action in {Action.NONE, Action.ESCALATE}
    return f"the decision is {found.action.value}: {found.explanation}" if handed else ""


def _no_policy(remediation: Remediation, world: World) -> str:
    """What may not be listed, or was written for another version, is not gone."""
    which = f"{remediation.spec.policy_kind} {remediation.spec.policy}"
    return f"{which} cannot be read, or is gone" if world.notes else f"{which} is gone"


def _held_back(remediation: Remediation) -> str:
    executed = remediation.status.condition("Executed")
    return f"held back by {executed.reason}: {executed.message}" if executed else ""


def _nothing(session: Session, remediation: Remediation, why: str) -> DiffReport:
    return DiffReport(
        at=session.now,
        namespace=remediation.namespace,
        remediation=remediation.name,
        target=str(remediation.spec.target),
        attempt=len(remediation.status.attempts) + 1,
        origin="Nothing",
        message=why,
    )


async def read_live(kube: Kube, objects: Iterable[ObjectReference]) -> tuple[Live, tuple[str, ...]]:
    """The objects as they are now, and a note for each that may not be read."""
    wanted = sorted(objects, key=str)
    found = await asyncio.gather(*(_read(kube, each) for each in wanted))
    answers = dict(zip(wanted, found, strict=True))
    bodies = {about: body for about, body in answers.items() if isinstance(body, dict)}
    gone = frozenset(about for about, body in answers.items() if body is None)
    return Live(bodies, gone), tuple(body for body in answers.values() if isinstance(body, str))


async def _read(kube: Kube, about: ObjectReference) -> dict[str, Any] | str | None:
    """The body; None where it is gone; why not, where it may not be read."""
    if about.kind not in RESOURCES:
        return f"{about} is of a kind that this version does not know"
    try:
        return await kube.get(about.kind, about.namespace or "", about.name)
    except NotFound:
        return None
    except Forbidden as error:
        return str(error)
