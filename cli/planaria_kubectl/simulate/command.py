from argparse import Namespace

from planaria_contract import Fault, ObjectRef
from planaria_kubectl.brakes import NAME, imagined, supposed_state, verdicts
from planaria_kubectl.diff.command import read_live
from planaria_kubectl.diff.report import objects_of, operations
from planaria_kubectl.errors import Misuse
from planaria_kubectl.planning import Planning, propose, rehearsed
from planaria_kubectl.reach import candidates, claimants, why_not_selected
from planaria_kubectl.session import Session
from planaria_kubectl.simulate.ladder import ladder
from planaria_kubectl.simulate.report import DryRun, SimulateReport, outcome, rung
from planaria_kubectl.simulate.supposing import supposed, with_lost_node
from planaria_kubectl.surroundings import read_around
from planaria_kubectl.target import meta_of, parse_target
from planaria_kubectl.world import World
from planaria_operator.api.healing_policy import DecideMode
from planaria_operator.api.plan import Plan
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.decider import Situation
from planaria_operator.decide.liberties import liberties
from planaria_operator.decide.masks import node_masks, policy_masks
from planaria_operator.record.convert import decision_record, semantic_state

TOKEN = f"{NAME}/1"
LEARNED = "this policy lets the learned policy decide; shown is the runbook, which decides where that does not answer"


async def run(session: Session, given: Namespace) -> SimulateReport:
    fault, asked = _fault(given.fault), parse_target(given.target, session.namespace)
    world, target = await read_around(session.kube, asked)
    report = SimulateReport(
        at=session.now,
        target=str(target),
        namespace=target.namespace or "",
        fault=fault.value,
        confidence_percent=given.confidence,
        code="NotSelected",
        message=_why_nobody(world, target),
        notes=tuple(world.notes),
    )
    if meta_of(world.store, target) is None:
        return report.model_copy(update={"code": "NoSuchObject", "message": f"{target} does not exist"})
    found = claimants(world, target)
    if not found:
        return report
    planning = Planning(session.kube, world, found[0], session.now)
    return await _simulated(planning, report, target, fault, given.pods)


def _fault(name: str) -> Fault:
    try:
        return Fault(name.replace("-", "_").lower())
    except ValueError:
        raise Misuse(f"--fault {name!r}: choose one of {', '.join(Fault)}") from None


def _why_nobody(world: World, target: ObjectRef) -> str:
    found = candidates(world, target)
    if not found:
        return "there is no policy there: nothing would be done"
    reasons = (f"{each.name}: {why_not_selected(world.store, each, target)}" for each in found)
    return f"no policy selects it: nothing would be done ({'; '.join(reasons)})"


async def _simulated(
    planning: Planning, report: SimulateReport, target: ObjectRef, fault: Fault, pods: int | None
) -> SimulateReport:
    policy = planning.policy
    shown = supposed(planning.world, policy, target, pods, planning.now)
    observation = with_lost_node(await planning.observe(target, shown.symptoms, NAME))
    state = supposed_state(target, fault, report.confidence_percent)
    situation = Situation(
        observation=observation,
        state=semantic_state(state),
        masks=(*policy_masks(policy), *node_masks(target, None)),
        liberties=liberties(policy),
        attempts_left=policy.spec.escalation.max_attempts,
        age_seconds=0.0,
        incident=NAME,
    )
    proposed = await propose(planning, situation, TOKEN)
    learned = (LEARNED,) if policy.spec.decide.mode is DecideMode.POLICY else ()
    decided = report.model_copy(
        update={
            "policy": policy.label,
            "mode": policy.spec.mode.value,
            "affected": tuple(pod.name for pod in observation.affected),
            "supposed": not shown.real,
            "decision": decision_record(proposed.decision),
            "ladder": tuple([rung(each) async for each in ladder(situation, proposed.decision, policy)]),
            "missing": observation.missing,
            "notes": (*report.notes, *learned),
        }
    )
    whole = decided
    if proposed.plan:
        record = decision_record(proposed.decision)
        case = imagined(policy, target, planning.now, state=state, decision=record)
        whole = await _with_plan(planning, decided, case, proposed.plan)
    code, message = outcome(proposed.decision, whole.summary, whole.guards, whole.dry_run)
    return whole.model_copy(update={"code": code, "message": message})


async def _with_plan(
    planning: Planning, report: SimulateReport, case: Remediation, plan: Plan
) -> SimulateReport:
    """What it would send, what the API server says to that, and what each guard says."""
    live, notes = await read_live(planning.kube, objects_of(plan))
    accepted, said = await rehearsed(planning.kube, plan)
    return report.model_copy(
        update={
            "summary": plan.summary,
            "harm": plan.harm,
            "digest": plan.digest,
            "operations": operations(plan, live, TOKEN),
            "dry_run": DryRun(accepted=accepted, message=said),
            "guards": verdicts(planning.world.store, planning.policy, case, plan, planning.now),
            "notes": (*report.notes, *notes),
        }
    )
