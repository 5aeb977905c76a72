"""What a scenario's files may say. Whatever else they say is refused when they are loaded."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from planaria_contract import Action, Fault

Ref = Annotated[
    str,
    Field(
        pattern=r"^(Deployment|StatefulSet|DaemonSet|Job)/[a-z0-9][a-z0-9-]{0,52}$",
        description="Kind/name, such as Deployment/shop.",
    ),
]
Seconds = Annotated[int, Field(ge=1, le=900)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SetEnv(Strict):
    """A new revision with other environment variables."""

    object: Ref
    env: dict[str, str] = Field(min_length=1)


class SetImage(Strict):
    """A new revision with another image."""

    object: Ref
    image: str = Field(min_length=1)


class ScaleTo(Strict):
    object: Ref
    replicas: int = Field(ge=0, le=100)


class Http(Strict):
    """A POST to one pod of a workload, through the API server."""

    to: Ref
    path: str = Field(pattern=r"^/")
    body: str = ""
    victim: bool = False
    """Whether the pod is one that may be restarted afterwards."""


class StopNode(Strict):
    """Stop the kubelet of a node that holds pods of this workload."""

    hosting: Ref


class DeletePod(Strict):
    of: Ref


class Step(Strict):
    """One thing that is done to the cluster. Exactly one field is set."""

    apply: str | None = Field(default=None, pattern=r"^[a-z0-9-]+\.yaml$")
    set_env: SetEnv | None = None
    set_image: SetImage | None = None
    scale: ScaleTo | None = None
    http: Http | None = None
    stop_node: StopNode | None = None
    delete_pod: DeletePod | None = None
    wait_seconds: Seconds | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = sorted(self.model_fields_set)
        if len(given) != 1:
            raise ValueError(
                f"a step does one thing, this one does {len(given)} ({', '.join(given) or 'none'}); "
                f"write one of {', '.join(sorted(type(self).model_fields))} per list item"
            )
        return self


class Expected(Strict):
    """What a good operator makes of the fault."""

    faults: tuple[Fault, ...] = Field(min_length=1)
    actions: tuple[Action, ...] = Field(min_length=1)
    target: Ref
    """What is acted on. Every other workload of the scenario must stay as it is."""
    or_node: bool = False
    """Whether the node that was stopped may be named as the target instead."""


class Template(StrEnum):
    ANY = "any"
    SAME = "same"


class Oracle(Strict):
    """When the world is whole again."""

    workload: Ref
    also: tuple[Ref, ...] = ()
    """Further workloads that must be healthy too."""
    template: Template = Template.ANY
    """`same`: the pod template must be the one from before the fault."""
    settle_seconds: Seconds = 15
    """How long it must last without a break."""


class Keep(StrEnum):
    """Which pods of the target must come through without a restart."""

    NONE = "none"
    OTHERS = "others"
    LIVING = "living"
    ALL = "all"
    SEEN = "seen"


class Harm(Strict):
    """What must not happen, besides what never may: a deleted workload, a touched bystander, a wrong target."""

    max_actions: int = Field(default=1, ge=0, le=10)
    min_ready: int = Field(default=0, ge=0)
    """Ready replicas of the target, from injection on; a missed probe that is soon made good is forgiven."""
    keep_spec: bool = False
    """The target itself must not be edited."""
    keep_pods: Keep = Keep.NONE
    """Of the pods from before the fault: `all`; `others`: but the victims; `living`: but those on the stopped node.
    `seen`: also those that came later. For a control, the target is the oracle's workload."""
    node_lost_first: bool = False
    """No action before Kubernetes itself calls the node not ready."""


class Kind(StrEnum):
    FAULT = "fault"
    CONTROL = "control"


class Scenario(Strict):
    """One scenario, as its `scenario.yaml` has it; `name` is the folder's."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
    title: str = Field(min_length=1, max_length=80)
    story: str = Field(min_length=1)
    kind: Kind
    exclusive: bool = False
    """Runs alone, since it disturbs whatever shares the cluster."""
    ready_seconds: Seconds = 90
    """How long the workload may take to be ready before the fault."""
    warmup_seconds: Seconds = 5
    """How long it then runs undisturbed."""
    inject: tuple[Step, ...] = Field(min_length=1)
    expected: Expected | None = None
    oracle: Oracle
    harm: Harm = Harm()
    watch_seconds: Seconds | None = None
    """Controls: how long nothing may be done."""
    limit_seconds: Seconds
    """From injection; what has not recovered by then has failed."""

    @property
    def is_control(self) -> bool:
        return self.kind is Kind.CONTROL

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        if self.is_control and (self.expected or not self.watch_seconds):
            raise ValueError("a control expects nothing: set watch_seconds and leave expected out")
        if not self.is_control and (self.watch_seconds or not self.expected):
            raise ValueError("a fault needs expected, and watch_seconds belongs to controls only")
        if self.watch_seconds and self.watch_seconds > self.limit_seconds:
            raise ValueError("watch_seconds must not exceed limit_seconds")
        return self

    @model_validator(mode="after")
    def _nodes_are_shared(self) -> Self:
        if any(step.stop_node for step in self.inject) and not self.exclusive:
            raise ValueError("a scenario that stops a node needs exclusive: true")
        return self
