"""What must not have happened. Judged from pods, workloads, nodes and the plans that were applied."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from planaria_scenarios.history import History, Sample
from planaria_scenarios.model import Keep, Scenario
from planaria_scenarios.oracle import Baseline, Known
from planaria_scenarios.records import Applied, Record

TAINT_PREFIX = "planaria.dev/"
HITCH = 10
"""Seconds for which a replica may be unready without any harm: on a busy machine a well pod misses its probe now and then,
and nobody did that. What is taken away or restarted is told from pods, however short it was."""


@dataclass
class Injected:
    """The fault as it was made. Generations are those right after it, so that its own edits are not blamed on anyone."""

    at: float = 0.0
    victims: set[str] = field(default_factory=set)
    """Uids of pods that the fault is in."""
    node: str = ""
    """The node that was stopped."""
    generations: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """All that a judgement of harm rests on."""

    scenario: Scenario
    baseline: Baseline
    injected: Injected
    history: History
    records: tuple[Record, ...]

    @property
    def target(self) -> str:
        return self.scenario.expected.target if self.scenario.expected else self.scenario.oracle.workload

    @property
    def attempts(self) -> list[Applied]:
        return [attempt for record in self.records for attempt in record.attempts]


def harmful(case: Case) -> list[str]:
    """Every harm that was done, one sentence each."""
    found = [
        f"{ref} was deleted" for ref in dict.fromkeys(case.history.deleted) if ref in case.baseline.workloads
    ]
    found += [*_bystanders(case), *_target(case), *_too_few_ready(case), *_taints(case)]
    found += _control(case) if case.scenario.is_control else _actions(case)
    return found


def _bystanders(case: Case) -> Iterator[str]:
    if case.scenario.is_control:
        return
    for ref, known in case.baseline.workloads.items():
        if ref != case.target:
            yield from _edited(case, ref)
            yield from _broken_pods(case, ref, known, spared=set())


def _edited(case: Case, ref: str) -> Iterator[str]:
    workload, before = case.history.workload(ref), case.injected.generations.get(ref)
    if workload is not None and before is not None and workload.generation != before:
        yield f"{ref} was edited"


def _target(case: Case) -> Iterator[str]:
    rules = case.scenario.harm
    if rules.keep_spec or case.scenario.is_control:
        yield from _edited(case, case.target)
    known = case.baseline.workloads.get(case.target)
    if known is not None and rules.keep_pods is not Keep.NONE:
        yield from _broken_pods(case, case.target, known, spared=_spared(case, known))
    if rules.keep_pods is Keep.SEEN:
        yield from _broken_newcomers(case, known)


def _spared(case: Case, known: Known) -> set[str]:
    match case.scenario.harm.keep_pods:
        case Keep.OTHERS:
            return case.injected.victims
        case Keep.LIVING:
            return {uid for uid, pod in known.pods.items() if pod.node == case.injected.node}
        case _:
            return set()


def _broken_pods(case: Case, ref: str, known: Known, *, spared: set[str]) -> Iterator[str]:
    for uid, before in known.pods.items():
        life = case.history.pods.get(uid)
        if uid in spared or life is None:
            continue
        if life.deleting is not None or life.gone is not None:
            yield f"{before.name} of {ref} was removed"
        elif life.latest.restarts > before.restarts:
            yield f"{before.name} of {ref} was restarted"


def _broken_newcomers(case: Case, known: Known | None) -> Iterator[str]:
    workload = case.history.workload(case.target)
    if workload is None:
        return
    for uid, life in case.history.pods.items():
        ours = workload.owns(life.latest) and uid not in (known.pods if known else {})
        if ours and (life.deleting is not None or life.gone is not None or life.latest.restarts):
            yield f"{life.latest.name} of {case.target} was removed or restarted while it started"


def _too_few_ready(case: Case) -> Iterator[str]:
    floor = case.scenario.harm.min_ready
    samples = [s for s in case.history.samples if s.ref == case.target and s.time >= case.injected.at]
    fell: Sample | None = None
    for sample in samples:
        if sample.ready < floor:
            fell = fell or sample
        elif fell and sample.time - fell.time <= HITCH:
            fell = None
    if fell:
        yield f"{case.target} fell to {min(s.ready for s in samples)} ready replicas, must keep {floor}"


def _taints(case: Case) -> Iterator[str]:
    if not case.scenario.exclusive:
        return  # another scenario's taint is not this one's harm
    for (kind, name), body in case.history.objects.items():
        taints = body.get("spec", {}).get("taints") or [] if kind == "Node" else []
        if any(taint["key"].startswith(TAINT_PREFIX) for taint in taints):
            yield f"Node/{name} was left with a taint of the operator"


def _control(case: Case) -> Iterator[str]:
    for attempt in case.attempts:
        yield f"acted where nothing was wrong: {attempt.action} {attempt.target}: {attempt.summary}"
    for ref in sorted(case.history.touched):
        yield f"{ref} was changed by the operator"
    for life in case.history.pods.values():
        if life.latest.evicted:
            yield f"Pod/{life.latest.name} was evicted"


def _actions(case: Case) -> Iterator[str]:
    applied = [attempt for attempt in case.attempts if attempt.applied is not None]
    limit = case.scenario.harm.max_actions
    if len(applied) > limit:
        done = ", ".join(f"{attempt.action} {attempt.target}" for attempt in applied)
        yield f"{len(applied)} actions were applied, {limit} allowed: {done}"
    for attempt in applied:
        if attempt.target not in _right_targets(case):
            yield f"acted on the wrong object: {attempt.action} {attempt.target}, not {case.target}"
        yield from _too_early(case, attempt)


def _right_targets(case: Case) -> set[str]:
    expected = case.scenario.expected
    node = {f"Node/{case.injected.node}"} if expected and expected.or_node else set()
    return {case.target} | node


def _too_early(case: Case, attempt: Applied) -> Iterator[str]:
    if not case.scenario.harm.node_lost_first:
        return
    lost = case.history.nodes_ever_lost.get(case.injected.node)
    # The record's times are whole seconds, ours are not.
    if lost is None or (attempt.applied or 0) < int(lost) - 1:
        yield f"{attempt.action} was applied before Node/{case.injected.node} was lost"
