"""The rules: each reads one kind of evidence and says which fault it speaks for, and how strongly.

Weights are a scale of trust, set by hand until recorded outcomes exist to fit them to: what Kubernetes itself reports (10)
outweighs what it suspects (5 to 7), that outweighs measurements (4 to 6), and no amount of log text outweighs any of
those, since anybody whose words end up in a log could write it (5 at most).
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from planaria_contract import Evidence, Fault, LogLine, SymptomKind
from planaria_semantics.signs.reading import Reading
from planaria_semantics.signs.signatures import recognise_event

CERTAIN: Final = 10.0
LOG: Final = 4.0
LOG_REPEATED: Final = 5.0
COMPLAINED: Final = 7.0
"""Of a dependency without endpoints, where the log complains of it."""
MEMORY_FULL: Final = 0.8
CPU_FULL: Final = 0.9
VOLUME_FULL: Final = 0.95
SHARED: Final = frozenset({Fault.OVERLOAD, Fault.CPU_SATURATION})
"""Siblings carry one load, and leave the Service by turns: that the ready one complains too confirms it."""
SILENT_SECONDS: Final = 15
"""Only a pod whose siblings went on logging meanwhile counts as silent, so this may be short."""


class Sign(NamedTuple):
    fault: Fault
    weight: float
    because: str
    """In our own words: it ends up in the summary."""
    evidence: Evidence
    fallback: bool = False
    """True for what every cause looks like from outside: it counts in full only where nothing else explains it."""


Rule = Callable[[Reading], Iterator[Sign]]

_SYMPTOMS: Final = {
    SymptomKind.OUT_OF_MEMORY: (Fault.MEMORY_EXHAUSTION, "the kernel kills it at its memory limit"),
    SymptomKind.IMAGE_PULL: (Fault.IMAGE_PULL, "its image cannot be pulled"),
    SymptomKind.CONFIG_ERROR: (Fault.BAD_CONFIGURATION, "its container cannot be created as specified"),
    SymptomKind.UNSCHEDULABLE: (Fault.SCHEDULING_BLOCKED, "the scheduler finds no place for it"),
    SymptomKind.NODE_NOT_READY: (Fault.NODE_FAULT, "its node stopped reporting"),
}
_CRASHES: Final = {SymptomKind.CRASH_LOOP, SymptomKind.TERMINATED, SymptomKind.RESTARTING}


def reported(reading: Reading) -> Iterator[Sign]:
    """Symptoms that name their cause."""
    seen = set()
    for index, symptom in enumerate(reading.observation.symptoms):
        if symptom.kind in _SYMPTOMS and symptom.kind not in seen:
            seen.add(symptom.kind)
            fault, because = _SYMPTOMS[symptom.kind]
            yield Sign(fault, CERTAIN, because, _evidence("symptom", index, symptom.message))


def out_of_memory(reading: Reading) -> Iterator[Sign]:
    """The last termination of a pod outlives its symptom, by years even: a hint and no more."""
    killed = [pod for pod in reading.affected if pod.last_termination == "OOMKilled"]
    if killed and not reading.observation.has(SymptomKind.OUT_OF_MEMORY):
        text = f"{killed[0].name}: last ended by OOMKilled"
        yield Sign(Fault.MEMORY_EXHAUSTION, 2, "it was killed at its memory limit before", _fact(text))


def nodes(reading: Reading) -> Iterator[Sign]:
    for node in reading.lost_nodes:
        if not reading.observation.has(SymptomKind.NODE_NOT_READY):
            yield Sign(Fault.NODE_FAULT, CERTAIN, "its node is not ready", _fact(f"{node.name} is not ready"))
    for node in reading.strained_nodes:
        fault = Fault.STORAGE_FAULT if "DiskPressure" in node.pressure else Fault.MEMORY_EXHAUSTION
        fault = Fault.NETWORK_FAULT if "NetworkUnavailable" in node.pressure else fault
        text = f"{node.name}: {', '.join(node.pressure)}"
        yield Sign(fault, 4, "its node is under pressure", _fact(text))


def crashes(reading: Reading) -> Iterator[Sign]:
    """That it ends is certain; why, the exit code says only sometimes."""
    found = (
        (index, symptom)
        for index, symptom in enumerate(reading.observation.symptoms)
        if symptom.kind in _CRASHES
    )
    index, symptom = next(found, (0, None))
    if symptom is None or reading.observation.has(SymptomKind.OUT_OF_MEMORY):
        return
    evidence = _evidence("symptom", index, symptom.message)
    codes = {pod.last_exit_code for pod in reading.affected}
    reasons = {pod.last_termination for pod in reading.affected}
    if reasons & {"StartError", "ContainerCannotRun"} or codes & {126, 127}:
        yield Sign(Fault.BAD_CONFIGURATION, 7, "its command cannot be run", evidence)
    elif codes & {134, 136, 139}:
        yield Sign(Fault.APPLICATION_CRASH, 6, "it dies of a fatal signal", evidence)
    else:
        yield Sign(Fault.APPLICATION_CRASH, 4, "it ends with an error", evidence, fallback=True)


def hangs(reading: Reading) -> Iterator[Sign]:
    """Alive and not ready: something does not answer, unless another cause is found."""
    symptoms = reading.observation.symptoms
    index = next((i for i, each in enumerate(symptoms) if each.kind is SymptomKind.NOT_READY), None)
    stuck = next((i for i, each in enumerate(symptoms) if each.kind is SymptomKind.STUCK_ROLLOUT), None)
    if index is None and stuck is None:
        return
    at = stuck if index is None else index
    evidence = _evidence("symptom", at or 0, symptoms[at or 0].message)
    yield Sign(Fault.HANG_OR_PROBE_FAILURE, 3, "it runs but is not ready", evidence, fallback=True)
    quiet = next((pod for pod in reading.affected if reading.silent(pod, SILENT_SECONDS)), None)
    if quiet:
        text = f"{quiet.name} stopped logging while its siblings went on"
        yield Sign(Fault.HANG_OR_PROBE_FAILURE, 3, "its log fell silent", _fact(text))


def events(reading: Reading) -> Iterator[Sign]:
    """The newest event of each kind that a catalogue entry knows, as far as it still holds."""
    seen = set()
    for index, event in enumerate(reading.observation.events):
        entry = recognise_event(event.reason, event.message) if reading.holds(event) else None
        if entry is None or entry in seen or (entry.of_start and reading.has_run(event.subject.name)):
            continue
        seen.add(entry)
        text = f"{event.reason}: {event.message}"
        yield Sign(entry.fault, entry.weight, entry.because, _evidence("event", index, text))


def memory(reading: Reading) -> Iterator[Sign]:
    full = sorted(reading.saturated("memory_bytes", MEMORY_FULL), key=lambda item: -(item[1].saturation or 0))
    if not full:
        return
    index, series = full[0]
    share = series.saturation or 0
    weight = 6 if share >= 0.95 else 5
    evidence = _evidence("metric", index, f"{series.subject}: {share:.0%} of its memory limit")
    yield Sign(Fault.MEMORY_EXHAUSTION, weight, f"it uses {share:.0%} of its memory limit", evidence)
    median = reading.sibling_median("memory_bytes")
    if median and series.last and series.last > 1.5 * median:
        times = series.last / median
        text = f"{series.subject}: {times:.1f} times the memory of its siblings"
        yield Sign(
            Fault.MEMORY_EXHAUSTION,
            2,
            f"{times:.1f} times as much as its siblings",
            _evidence("metric", index, text),
        )


def processor(reading: Reading) -> Iterator[Sign]:
    """Load saturates the processor as often as a fault does: the log may know which."""
    for index, series in reading.saturated("cpu_millicores", CPU_FULL):
        share = series.saturation or 0
        evidence = _evidence("metric", index, f"{series.subject}: {share:.0%} of its CPU limit")
        yield Sign(Fault.CPU_SATURATION, 4, f"it uses {share:.0%} of its CPU limit", evidence, fallback=True)
        if Fault.OVERLOAD in reading.hits:
            yield Sign(Fault.OVERLOAD, 2, "its CPU limit is reached", evidence)
        return


def volumes(reading: Reading) -> Iterator[Sign]:
    for index, series in reading.saturated("volume_bytes", VOLUME_FULL):
        evidence = _evidence("metric", index, f"{series.subject}: {series.saturation:.0%} full")
        yield Sign(Fault.STORAGE_FAULT, 6, "a volume is full", evidence)


def broken_dependencies(reading: Reading) -> Iterator[Sign]:
    """Something that it names has nothing behind it. That its log complains makes it the cause."""
    complains = bool({Fault.DEPENDENCY_UNAVAILABLE, Fault.NETWORK_FAULT} & reading.hits.keys())
    for dependency in reading.broken_dependencies:
        workload = dependency.workload
        behind = f", {workload.ref} has {workload.ready} of {workload.desired} ready" if workload else ""
        text = f"Service/{dependency.service} has no ready endpoint{behind}"
        weight = COMPLAINED if complains else 4
        yield Sign(
            Fault.DEPENDENCY_UNAVAILABLE,
            weight,
            f"Service {dependency.service} has no ready endpoint",
            _fact(text),
        )


def logs(reading: Reading) -> Iterator[Sign]:
    """The most frequent kind of line of each fault. What healthy siblings log too weighs half, unless it is shared."""
    for fault, hits in reading.hits.items():
        times = sum(hit.times for hit in hits)
        weight = LOG_REPEATED if times >= 3 else LOG
        if fault in reading.calm_faults - SHARED:
            weight /= 2
        for hit in hits[:2]:
            because = f"its log speaks of it {times} times" if times > 1 else "its log speaks of it"
            share = weight if hit is hits[0] else 0.0
            yield Sign(fault, share, because, _log(hit.line))


def new_revision(reading: Reading) -> Iterator[Sign]:
    """A crash that came with a revision is the revision's; a log that complains of its settings says in what."""
    crashing = bool(_CRASHES & {symptom.kind for symptom in reading.observation.symptoms})
    if not crashing or not reading.new_revision_only or reading.observation.has(SymptomKind.OUT_OF_MEMORY):
        return
    configured = Fault.BAD_CONFIGURATION in reading.hits
    fault = Fault.BAD_CONFIGURATION if configured else Fault.APPLICATION_CRASH
    because = "only pods of the new revision are affected"
    if reading.old_revision_serves:
        because += ", those of the old one serve"
    yield Sign(fault, 3, because, _fact(because))


def _evidence(kind: str, index: int, text: str) -> Evidence:
    return Evidence(kind=kind, index=index, excerpt=text[:200])


def _log(line: LogLine) -> Evidence:
    return _evidence("log", line.index, line.text)


def _fact(text: str) -> Evidence:
    return _evidence("fact", 0, text)


RULES: Final[tuple[Rule, ...]] = (
    reported,
    out_of_memory,
    nodes,
    crashes,
    hangs,
    events,
    memory,
    processor,
    volumes,
    broken_dependencies,
    logs,
    new_revision,
)
