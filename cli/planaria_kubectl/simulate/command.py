from argparse import Namespace
from dataclasses import replace

from planaria_contract import Action, Fault, ObjectRef
from planaria_kubectl.brakes import NAME, imagined, supposed_state, verdicts
from planaria_kubectl.diff.command import read_live
from planaria_kubectl.diff.report import objects_of, operations
from planaria_kubectl.errors import Misuse
from planaria_kubectl.planning import Planning, Proposed, propose, rehearsed
from planaria_kubectl.reach import candidates, claimants, why_not_selected
from planaria_kubectl.session import Session
from planaria_kubectl.simulate.ladder import Step, attempts_of, ladder, on_rung
from planaria_kubectl.simulate.lost import WithLostNode
from planaria_kubectl.simulate.report import DryRun, SimulateReport, outcome, rung
from planaria_kubectl.simulate.supposing import sky, supposed, with_lost_node
from planaria_kubectl.surroundings import read_around
from planaria_kubectl.target import meta_of, parse_target
from planaria_kubectl.world import World
from planaria_operator.api.healing_policy import DecideMode, HealingPolicy
from planaria_operator.api.plan import Plan
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.decider import Situation
from planaria_operator.decide.liberties import liberties
from planaria_operator.decide.masks import node_masks, policy_masks
from planaria_operator.guard.weather import Weather, may_isolate
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
    chosen, note = _chosen(found)
    report = report.model_copy(update={"notes": (*report.notes, *note)})
    planning = Planning(session.kube, world, chosen, session.now)
    return await _simulated(planning, report, target, fault, given.pods)


def _chosen(found: list[HealingPolicy]) -> tuple[HealingPolicy, tuple[str, ...]]:
    """Of several that have pods on a node, each for its own: the one that may treat the node as a whole."""
    chosen = next((each for each in found if may_isolate(each)), found[0])
    others = [str(each) for each in found if each.key != chosen.key]
    also = f"shown is what {chosen} would do; for pods of their own on the node also: {', '.join(others[:4])}"
    return chosen, (also,) if others else ()


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
    shown = supposed(planning.world, policy, target, fault, pods, planning.now)
    if target.kind == "Node":
        planning = replace(planning, kube=WithLostNode(planning.kube, target.name))
    weather = sky(planning.world, policy, target, shown, planning.now)
    shared = weather.shared_nodes.get(target.uid or "")
    node = shared.node if shared else None
    observation = with_lost_node(await planning.observe(target, shown.symptoms, NAME))
    state = supposed_state(target, fault, report.confidence_percent)
    situation = Situation(
        observation=observation,
        state=semantic_state(state),
        masks=(*policy_masks(policy), *node_masks(target, node)),
        liberties=liberties(policy),
        attempts_left=attempts_of(policy),
        age_seconds=0.0,
        shared_node=node,
        incident=NAME,
    )
    proposed, step = await _proposed(planning, situation)
    learned = (LEARNED,) if policy.spec.decide.mode is DecideMode.POLICY else ()
    decided = report.model_copy(
        update={
            "policy": policy.label,
            "mode": policy.spec.mode.value,
            "affected": tuple(pod.name for pod in observation.affected),
            "supposed": not shown.real,
            "decision": decision_record(proposed.decision),
            "ladder": tuple(
                [rung(each) async for each in ladder(situation, proposed.decision, policy, step)]
            ),
            "missing": observation.missing,
            "notes": (*report.notes, *learned),
        }
    )
    whole = decided
    if proposed.plan:
        record = decision_record(proposed.decision)
        case = imagined(policy, target, planning.now, state=state, decision=record)
        whole = await _with_plan(planning, decided, case, proposed.plan, weather)
    code, message = outcome(proposed.decision, whole.summary, whole.guards, whole.dry_run)
    return whole.model_copy(update={"code": code, "message": message})


async def _proposed(planning: Planning, situation: Situation) -> tuple[Proposed, Step]:
    """On the first rung of the policy's ladder that has something for it."""
    step = Step()
    while True:
        seen = on_rung(situation, planning.policy, step.number)
        proposed = await propose(planning, seen, TOKEN)
        higher = planning.policy.spec.escalation.rung(step.number + 1)
        if proposed.decision.category is not Action.ESCALATE or higher is None:
            return proposed, step
        step = Step(step.number + 1)


async def _with_plan(
    planning: Planning, report: SimulateReport, case: Remediation, plan: Plan, weather: Weather
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
            "guards": verdicts(planning.world.store, planning.policy, case, plan, planning.now, weather),
            "notes": (*report.notes, *notes),
        }
    )
