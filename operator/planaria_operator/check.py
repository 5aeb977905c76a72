"""`planaria-operator check`: whether an installation works, tried from beside it (`helm test`).

The operator is asked whether it is ready, the policy service for a decision, and a HealingPolicy that matches nothing is
made, taken up by the operator, and taken away again; where that is asked for, a ClusterHealingPolicy too.
"""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

from planaria_contract import Consultation, Fault, ModelVersion, ObjectRef, Observation, SemanticState, Source
from planaria_operator.api.base import API_VERSION
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.service import PolicyService, PolicyServiceError
from planaria_operator.kube.connect import connect
from planaria_operator.kube.errors import KubeError
from planaria_operator.kube.interface import JsonBody, Kube

TOTAL_SECONDS: Final = 90.0
PAUSE_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 5.0
"""For one answer; how fast the policy service usually is, is not the question here."""


class CheckFailed(Exception):
    """One line: what does not work, and where to look."""


async def check(namespace: str, operator_url: str, policy_url: str | None, *, cluster: bool = False) -> int:
    """The exit status: 0 where everything works, 1 where something does not, with a line for each on standard output."""
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            await _patiently(lambda: operator_ready(operator_url))
            _tell("ok: the operator is ready")
            if policy_url:
                await _patiently(lambda: decision_given(policy_url))
                _tell("ok: the policy service decides")
            kube = await connect()
            try:
                await policy_taken_up(kube, namespace)
                _tell(f"ok: a HealingPolicy in {namespace} is taken up")
                if cluster:
                    await policy_taken_up(kube, "")
                    _tell("ok: a ClusterHealingPolicy is taken up")
            finally:
                await kube.close()
    except (CheckFailed, KubeError) as error:
        _tell(f"failed: {error}")
        return 1
    except TimeoutError:
        _tell(f"failed: not done after {TOTAL_SECONDS:.0f} s")
        return 1
    return 0


async def operator_ready(url: str) -> None:
    """Raises CheckFailed with what the operator says it waits for."""
    try:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url.rstrip('/')}/readyz") as answer,
        ):
            if answer.status != 200:
                text = (await answer.text())[:500].strip()
                raise CheckFailed(f"the operator at {url} is not ready: {text}")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CheckFailed(f"the operator at {url} does not answer: {error or 'too late'}") from error


async def decision_given(url: str) -> None:
    """Raises CheckFailed where the policy service gives no decision."""
    service = PolicyService(url, ANSWER_SECONDS)
    try:
        await service.ask(question())
    except PolicyServiceError as error:
        raise CheckFailed(f"the policy service at {url} gives no decision: {error}") from error
    finally:
        await service.aclose()


def question() -> Consultation:
    """About a workload that does not exist and is healthy."""
    target = ObjectRef(kind="Deployment", namespace="check", name="check")
    state = SemanticState(
        fault=Fault.HEALTHY,
        component="check",
        severity=0,
        confidence=1,
        summary="an installation is checked",
        source=Source.RULES,
        model=ModelVersion(id="check", version="1"),
    )
    observation = Observation(incident="check", time=datetime.now(UTC), target=target, symptoms=())
    return Consultation(observation=observation, state=state)


async def policy_taken_up(kube: Kube, namespace: str) -> None:
    """Make a policy, wait until the operator has written its status, delete it. Raises CheckFailed or KubeError.

    `namespace` is empty for a ClusterHealingPolicy.
    """
    name = f"planaria-check-{secrets.token_hex(3)}"
    kind = "HealingPolicy" if namespace else "ClusterHealingPolicy"
    await kube.create(kind, namespace, _policy(kind, name))
    try:
        await _patiently(lambda: _ready(kube, kind, namespace, name))
    finally:
        await kube.delete(kind, namespace, name)


async def _ready(kube: Kube, kind: str, namespace: str, name: str) -> None:
    body = await kube.get(kind, namespace, name)
    named = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
    conditions: list[dict[str, Any]] = (body.get("status") or {}).get("conditions") or []
    ready = next((each for each in conditions if each["type"] == "Ready"), None)
    if ready is None:
        raise CheckFailed(f"the operator does not take up the {named}; see its log")
    # Its own namespace is protected, and saying so is an answer too.
    if ready["status"] != "True" and ready.get("reason") != Reason.NAMESPACE_PROTECTED:
        raise CheckFailed(f"the {named} is not ready: {ready.get('message')}")


def _policy(kind: str, name: str) -> JsonBody:
    nothing = {"matchLabels": {"planaria.dev/check": name}}
    namespaces = {"namespaceSelector": nothing} if kind == "ClusterHealingPolicy" else {}
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"mode": "Observe", "selector": nothing, **namespaces},
    }


async def _patiently(attempt: Callable[[], Awaitable[None]]) -> None:
    """Until it works, or a third of the time is over: what was installed a moment ago may still be starting."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + TOTAL_SECONDS / 3
    while True:
        try:
            return await attempt()
        except CheckFailed:
            if loop.time() > deadline:
                raise
            await asyncio.sleep(PAUSE_SECONDS)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
