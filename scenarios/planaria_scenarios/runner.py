"""One scenario from an empty namespace to a judgement, and nothing left behind."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from planaria_scenarios.answering import answering
from planaria_scenarios.api import Api
from planaria_scenarios.catalogue import Entry
from planaria_scenarios.errors import ApiError, EnvironmentalError, ScenarioError
from planaria_scenarios.harm import Case, harmful
from planaria_scenarios.history import WORKLOADS
from planaria_scenarios.inject import Injector
from planaria_scenarios.nodes import Nodes
from planaria_scenarios.oracle import Baseline, Settling, lost_for_good, ready_pods, unhealthy
from planaria_scenarios.progress import (
    Deployed,
    Ended,
    Injecting,
    Listener,
    RecordChanged,
    Visible,
    Whole,
    silent,
)
from planaria_scenarios.recorder import Recorder
from planaria_scenarios.records import Record, read
from planaria_scenarios.result import Result
from planaria_scenarios.signs import first_sign
from planaria_scenarios.verdict import problems

TICK = 1.0
FORCE_SECONDS = 45.0  # until a policy is in force: of two operators, one may have to lose the lead and the other to gain it
CLOSE_SECONDS = 45.0  # what the operator gets to close its records once the world is whole


@dataclass(frozen=True)
class Stage:
    """Where a scenario is played."""

    api: Api
    nodes: Nodes
    operator: bool
    """Whether an operator watches; without one there are no policies and no records."""
    keep: bool = False
    """Leave the namespace to be looked at."""
    patience: float = 1.0
    """How many times longer than usual everything may take, such as with an operator that is killed again and again."""
    enough: Callable[[tuple[Record, ...]], bool] | None = None
    """Says of the records that there is nothing more to watch, whether it recovered or not."""


async def run(entry: Entry, namespace: str, stage: Stage, listener: Listener = silent) -> Result:
    """Play one scenario in `namespace`, which must exist. Never raises for what the scenario does: see `Result`.

    Whatever ends it, a cancelled task included, the stopped node is started and the namespace deleted.
    """
    play = _Play(entry, namespace, stage, listener)
    try:
        await play.run()
    except ScenarioError as error:
        play.result.error = str(error)
    finally:
        await asyncio.shield(play.clean_up())
    listener(Ended(entry, time.time(), play.result))
    return play.result


class _Play:
    def __init__(self, entry: Entry, namespace: str, stage: Stage, listener: Listener) -> None:
        self.entry, self.scenario = entry, entry.scenario
        self.namespace, self.stage, self.listener = namespace, stage, listener
        self.settling = Settling(self.scenario.oracle.settle_seconds)
        self.shown: dict[str, Record] = {}
        self.visible: float | None = None
        self.reasons: list[str] = []
        self.injector: Injector | None = None
        self.result = Result(
            name=entry.name,
            title=self.scenario.title,
            kind=self.scenario.kind.value,
            operator=stage.operator,
            namespace=namespace,
            limit_seconds=self.scenario.limit_seconds,
        )

    async def run(self) -> None:
        for body in self.entry.workload:
            await self.stage.api.apply(body, self.namespace)
        async with Recorder.running(self.stage.api, self.namespace, records=self.stage.operator) as recorder:
            self.recorder, self.history = recorder, recorder.history
            await self._until_ready()
            await self._policy()
            await asyncio.sleep(self.scenario.warmup_seconds)
            self.baseline = Baseline.of(self.history)
            self.listener(Deployed(self.entry, time.time(), self.namespace))
            await self._inject()
            await self._watch()
            await self._until_closed()
            self._judge()

    async def _until_ready(self) -> None:
        """Every workload of the manifest, not only those that the oracle asks for: bystanders are judged too."""
        wanted = [
            f"{body['kind']}/{body['metadata']['name']}"
            for body in self.entry.workload
            if body["kind"] != "Service"
        ]
        end = time.time() + self.scenario.ready_seconds
        while waiting := [ref for ref in wanted if not self._is_ready(ref)]:
            if time.time() > end:
                raise EnvironmentalError(
                    f"{', '.join(waiting)} not ready within {self.scenario.ready_seconds} s, before any fault"
                )
            await self.recorder.wait(TICK)

    def _is_ready(self, ref: str) -> bool:
        workload = self.history.workload(ref)
        if workload is None or workload.desired == 0:
            return False
        pods = self.history.pods_of(workload)
        return (
            len(pods) == workload.desired
            and all(pod.ready for pod in pods)
            and workload.ready == workload.desired
        )

    async def _policy(self) -> None:
        if not self.stage.operator:
            return
        for body in self.entry.policy:
            await self.stage.api.apply(body, self.namespace)
            await self._policy_in_force(body["metadata"]["name"])

    async def _policy_in_force(self, name: str) -> None:
        for _ in range(int(2 * FORCE_SECONDS * self.stage.patience)):
            status = (await self.stage.api.get("HealingPolicy", self.namespace, name)).get("status") or {}
            ready = {item["type"]: item["status"] for item in status.get("conditions") or []}.get("Ready")
            if ready == "True" and status.get("targets"):
                return
            await asyncio.sleep(0.5)
        raise EnvironmentalError(f"HealingPolicy {name} is not in force: does the operator run?")

    async def _inject(self) -> None:
        self.injector = Injector(self.stage.api, self.stage.nodes, self.namespace, self.history)
        self.injector.injected.at = time.time()
        await self.injector.run(self.entry, self._say)
        for kind in WORKLOADS:
            # Read, not remembered: the watch may be behind the edit that was just made.
            bodies, _ = await self.stage.api.list(kind, self.namespace)
            for body in bodies:
                ref = f"{kind}/{body['metadata']['name']}"
                self.injector.injected.generations[ref] = body["metadata"]["generation"]

    def _say(self, what: str) -> None:
        self.result.injected.append(what)
        self.listener(Injecting(self.entry, time.time(), what))

    async def _watch(self) -> None:
        """Until the oracle is content for long enough, or time is up, or nothing can be saved any more."""
        began = time.time()
        while (now := time.time()) < began + self.scenario.limit_seconds * self.stage.patience:
            self._note_sign(now)
            self._note_records()
            if self.stage.enough and self.stage.enough(self._records()):
                return
            if await self._whole(now) and now >= began + (self.scenario.watch_seconds or 0):
                self.listener(Whole(self.entry, now, self.settling.since or now))
                return
            if lost := lost_for_good(self.scenario.oracle, self.baseline, self.history):
                self.reasons = lost
                return
            await self.recorder.wait(TICK)

    async def _whole(self, now: float) -> bool:
        if not self.scenario.is_control and self.visible is None:
            return False
        answers = await self._answers()
        self.reasons = unhealthy(self.scenario.oracle, self.baseline, self.history, answers)
        return self.settling.update(healthy=not self.reasons, now=now)

    async def _answers(self) -> frozenset[str]:
        pods = ready_pods(self.scenario.oracle, self.history)
        everyone = frozenset(pod.uid for pod in pods)
        if unhealthy(self.scenario.oracle, self.baseline, self.history, everyone):
            return (
                frozenset()
            )  # asking costs requests; while something else is wrong the answer changes nothing
        return await answering(self.stage.api, self.namespace, pods)

    def _note_sign(self, now: float) -> None:
        if self.visible is None and (sign := first_sign(self.baseline, self.history)):
            self.visible = now
            self.result.sign = sign
            self.listener(Visible(self.entry, now, sign))

    def _note_records(self) -> None:
        for record in self._records():
            if self.shown.get(record.name) != record:
                self.shown[record.name] = record
                self.listener(RecordChanged(self.entry, time.time(), record))

    def _records(self) -> tuple[Record, ...]:
        return tuple(read(body) for body in self.history.remediations)

    async def _until_closed(self) -> None:
        """The operator's own verification ends a little after ours; its record belongs to the judgement."""
        if self.stage.enough:
            return
        end = time.time() + CLOSE_SECONDS * self.stage.patience
        while time.time() < end and not all(record.closed for record in self._records()):
            await self.recorder.wait(TICK)
            self._note_records()

    def _judge(self) -> None:
        injected = self.injector.injected if self.injector else None
        if injected is None:
            raise EnvironmentalError("nothing was injected")
        case = Case(self.scenario, self.baseline, injected, self.history, self._records())
        start = self.visible or injected.at
        whole = self.settling.since if not self.reasons else None
        applied = [attempt.applied for attempt in case.attempts if attempt.applied is not None]
        result = self.result
        result.visible_after = self.visible - injected.at if self.visible else None
        result.recovered_after = max(0.0, whole - start) if whole and self._lasted(whole) else None
        result.applied_after = max(0.0, min(applied) - start) if applied else None
        result.breaks = self.settling.breaks
        result.faults = [record.fault for record in case.records if record.fault]
        result.open_records = [record.name for record in case.records if not record.closed]
        result.read_by = [record.read_by for record in case.records if record.fault]
        result.actions = case.attempts
        result.harm = harmful(case)
        result.problems = problems(
            case, recovered=result.recovered, operator=self.stage.operator, reasons=self._why()
        )

    def _lasted(self, since: float) -> bool:
        return time.time() - since >= self.scenario.oracle.settle_seconds

    def _why(self) -> list[str]:
        if self.visible is None and not self.scenario.is_control:
            return ["the fault never became visible"]
        return self.reasons

    async def clean_up(self) -> None:
        if self.injector and self.injector.injected.node:
            await self.stage.nodes.start(self.injector.injected.node)
        if not self.stage.keep:
            with suppress(ApiError):
                await self.stage.api.delete("Namespace", "", self.namespace)
