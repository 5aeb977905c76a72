"""One decision of an incident that is not over yet, as it waits in the memory's database."""

import struct
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from planaria_contract import Action, Consultation, Decision, ObjectRef
from planaria_policy.errors import BadData
from planaria_policy.memory import Trajectory, decode, encode
from planaria_policy.serving.brain import Thought
from planaria_policy.spaces.sights import AT
from planaria_policy.spaces.view import View

LENGTH: Final = struct.Struct("<I")


class About(BaseModel):
    """What the numbers do not hold, and joining needs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: float
    """When the cluster was looked at, in Unix seconds of the operator's clock."""
    visible: float
    """When the fault was first visible, likewise."""
    actions: int
    """How many were tried before in this incident, waits left out."""
    waits: int
    own: ObjectRef
    """The target."""
    nodes: tuple[str, ...]
    """Names of the candidate nodes, in order."""
    share: float | None = None
    """Of the target's pods, 0 to 1, that served nobody; None in a step of before it was kept."""


@dataclass(frozen=True, eq=False)
class Step:
    seen: Trajectory
    """One decision: what was seen, what the network chose, its log-probability and value. Its reward is not known yet."""
    about: About

    @property
    def share(self) -> float:
        """Of the target that was down, 0 to 1."""
        seen = float(self.seen.facts[0, AT["pods.affected"]])
        return min(max(seen if self.about.share is None else self.about.share, 0.0), 1.0)

    @classmethod
    def of(cls, asked: Consultation, thought: Thought) -> Self:
        """Raises BadData for an incident whose name no database can hold."""
        return cls(_seen(asked, thought), _about(asked))

    def to_bytes(self) -> bytes:
        head = self.about.model_dump_json().encode()
        return LENGTH.pack(len(head)) + head + encode(self.seen)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises BadData where the bytes are damaged or another version wrote them."""
        try:
            (length,) = LENGTH.unpack_from(data)
            about = About.model_validate_json(data[LENGTH.size : LENGTH.size + length])
        except (struct.error, ValidationError) as error:
            raise BadData(f"a pending step is damaged: {error}") from error
        return cls(decode(data[LENGTH.size + length :]), about)


def _seen(asked: Consultation, thought: Thought) -> Trajectory:
    seen, decision = thought.seen, thought.decision
    return Trajectory(
        facts=seen.facts[None],
        nodes=seen.nodes[None],
        legal={part: mask[None] for part, mask in seen.legal.items()},
        rows=thought.row[None],
        log_probability=np.array([thought.log_probability], np.float32),
        value=np.array([_value(decision)], np.float32),
        reward=np.zeros(1, np.float32),
        terminated=False,
        incident=asked.incident,
        fault=asked.state.fault.value,
        recovered=False,
        harmed=False,
        policy_version=0,
        source="cluster",
    )


def _value(decision: Decision) -> float:
    return decision.value or 0.0


def _about(asked: Consultation) -> About:
    view = View(asked)
    at = asked.observation.time.timestamp()
    waits = sum(parameters.category is Action.NONE for parameters in asked.tried)
    return About(
        at=at,
        visible=at - view.age,
        actions=len(asked.tried) - waits,
        waits=waits,
        own=asked.observation.target,
        nodes=tuple(node.name for node in asked.observation.nodes),
        share=_down(view) / max(view.total, 1),
    )


def _down(view: View) -> int:
    """Pods that serve nobody: the affected, and those that should be there and are not.

    The workload says how many of these there are: a pod that could not be made is no fact, and of many not all are named.
    """
    affected, workload = view.affected, view.workload
    if workload is None:
        return len(affected)
    missing = max(0, workload.desired - workload.ready)
    return max(len(affected), missing + sum(pod.ready for pod in affected))
