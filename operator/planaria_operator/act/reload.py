"""Run the command that the policy object declares, in the pods that show the fault. The command comes from nowhere else."""

import json
from collections.abc import Mapping
from typing import Any, Final

from planaria_contract import Action, Reload
from planaria_operator.act.bodies import (
    MOST_OPERATIONS,
    meta,
    most_pods,
    named,
    reference,
    same_pods,
    target_of,
)
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.api.plan import Operation, Plan, Verb
from planaria_operator.api.reasons import Reason

DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"
"""The annotation by which `kubectl exec` chooses."""


def build(setting: Setting) -> Plan | Refusal:
    assert isinstance(setting.decision.parameters, Reload)
    command = setting.bounds.command
    if not command:
        return Refusal(Reason.NO_COMMAND_DECLARED, "the policy's entry for reload has no command")
    wanted = setting.decision.parameters.pods or tuple(pod.name for pod in setting.observation.affected)
    found = [(pod, _container(setting, pod)) for pod in same_pods(setting, wanted)]
    able = [(pod, container) for pod, container in found if _running(pod, container)]
    if not able:
        where = setting.bounds.container or "the container for it"
        return Refusal(Reason.NOT_RUNNING, f"{where} runs in none of {len(found)} affected pods")
    chosen = able[: min(most_pods(setting), MOST_OPERATIONS)]
    pods = [pod for pod, _ in chosen]
    bounded = f" (at most {len(chosen)} at once, of {len(able)})" if len(able) > len(chosen) else ""
    words = json.dumps(command)
    return Plan(
        action=Action.RELOAD,
        target=target_of(setting),
        summary=f"run {words[:200]} in {len(chosen)} pods{bounded}: {named(pods)}"[:512],
        harm="whatever the declared command does; it cannot be undone, and one that was cut off may have run in part",
        operations=tuple(_exec(pod, container, command) for pod, container in chosen),
    )


def _exec(pod: Mapping[str, Any], container: str, command: tuple[str, ...]) -> Operation:
    body = json.dumps({"container": container, "command": command}, separators=(",", ":"))
    return Operation(verb=Verb.EXEC, object=reference("Pod", pod), body=body)


def _container(setting: Setting, pod: Mapping[str, Any]) -> str:
    annotated = (meta(pod).get("annotations") or {}).get(DEFAULT_CONTAINER)
    return str(setting.bounds.container or annotated or pod["spec"]["containers"][0]["name"])


def _running(pod: Mapping[str, Any], container: str) -> bool:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return any(each["name"] == container and "running" in (each.get("state") or {}) for each in statuses)
