"""Container logs: the affected pods' first, before and after their last restart, and one healthy sibling's for contrast.

A log line is hostile data. Here it is bounded, stripped of control characters and blackened; from then on it is text
in a `LogLine` and nothing else.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from planaria_contract import LogLine
from planaria_operator.evidence.redact import Redactor
from planaria_operator.evidence.sources import Sources
from planaria_operator.kube.interface import Kube
from planaria_operator.objects.pod import Container, Pod
from planaria_operator.text import shortened

MAX_PODS: Final = 6
MAX_CONTAINERS: Final = 2
"""Of one pod: what keeps it from being ready first, then what failed before, then in the order of the template."""
LINE_LENGTH: Final = 1000
INDENTATION: Final = 4
NULL_SHARE: Final = 0.4
"""Of a line's characters. Half of them are null in UTF-16, or a little less where not all are ASCII."""
BYTES_PER_LINE: Final = 1024
MIN_BYTES, MAX_BYTES = 64 * 1024, 512 * 1024

_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-9;?]{0,16}[ -/]{0,2}[@-~]|[@-Z\\-_])")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_STAMPED: Final = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?")


@dataclass(frozen=True, slots=True)
class LogRequest:
    pod: Pod
    container: str
    previous: bool

    @property
    def name(self) -> str:
        return f"log of {self.pod.meta.name}/{self.container}{' before its restart' if self.previous else ''}"


def wanted(affected: Sequence[Pod], healthy: Sequence[Pod]) -> list[LogRequest]:
    """What is asked for, oldest instance first within each container."""
    pods = [*affected[: MAX_PODS if not healthy else MAX_PODS - 1], *healthy[:1]]
    return [
        request for pod in pods for container in _containers(pod) for request in _instances(pod, container)
    ]


async def read_logs(
    kube: Kube, sources: Sources, requests: Sequence[LogRequest], lines: int, redactor: Redactor
) -> tuple[LogLine, ...]:
    """At most `lines` of each instance, indexed through in the order of `requests`."""
    limit = min(max(lines * BYTES_PER_LINE, MIN_BYTES), MAX_BYTES)

    async def one(request: LogRequest) -> list[LogLine]:
        meta = request.pod.meta
        text = await kube.logs(
            meta.namespace,
            meta.name,
            request.container,
            previous=request.previous,
            tail_lines=lines,
            limit_bytes=limit,
        )
        return await asyncio.to_thread(parse_log, text, request, redactor)

    found = await asyncio.gather(*(sources.read(each.name, one(each), []) for each in requests))
    joined = chain.from_iterable(found)
    return tuple(line.model_copy(update={"index": index}) for index, line in enumerate(joined))


def parse_log(text: str, request: LogRequest, redactor: Redactor) -> list[LogLine]:
    """Lines as the API server stamps them. What carries no stamp keeps its text."""
    stamped = [_split(line) for line in text.split("\n") if line.strip()]
    texts = redactor.lines(line for _, line in stamped)
    return [
        LogLine(
            index=index,
            pod=request.pod.meta.name,
            container=request.container,
            text=text,
            previous=request.previous,
            time=time,
        )
        for index, ((time, _), text) in enumerate(zip(stamped, texts, strict=True))
    ]


def clean(text: str) -> str:
    """One printable line: no escape sequences, no control or direction-changing characters, bounded."""
    bare = _CONTROLS.sub(" ", _ESCAPES.sub("", shortened(text, 4 * LINE_LENGTH))).replace("\t", " ").strip()
    return shortened(bare, LINE_LENGTH)


def _split(line: str) -> tuple[datetime | None, str]:
    match = _STAMPED.match(line)
    if not match:
        return None, _indented(line)
    try:
        return datetime.fromisoformat(match[1]), _indented(line[match.end() :])
    except ValueError:
        return None, _indented(line)


def _indented(line: str) -> str:
    """Clean, with a little of its indentation: a stack trace shows by it."""
    line = _narrow(line)
    head = line[:INDENTATION]
    return shortened(f"{' ' * (len(head) - len(head.lstrip()))}{clean(line)}", LINE_LENGTH)


def _narrow(line: str) -> str:
    """As text, where it has two bytes a character (UTF-16) and every second one is null. A few only part words."""
    return line.replace("\x00", "") if line.count("\x00") > NULL_SHARE * len(line) else line


def _containers(pod: Pod) -> list[Container]:
    """The main containers and any init container that is in the way, the ailing first; none that never ran."""
    early = [each for each in pod.init_containers if _failed(each) or not (each.ready or each.terminated)]
    logged = [each for each in (*early, *pod.containers) if any(_instances(pod, each))]
    # What an init container keeps from starting again has failed as well, but for another reason.
    ailing = sorted(logged, key=lambda each: (each.ready, each not in early, not _failed(each)))
    return ailing[:MAX_CONTAINERS]


def _failed(container: Container) -> bool:
    ended = container.terminated or container.last_termination
    return ended is not None and ended.exit_code != 0


def _instances(pod: Pod, container: Container) -> Iterable[LogRequest]:
    # While a container waits to be restarted, its current log is the log of the instance that ended.
    current = container.running_since is not None or container.terminated is not None
    if container.last_termination:
        yield LogRequest(pod, container.name, previous=True)
    if current:
        yield LogRequest(pod, container.name, previous=False)
