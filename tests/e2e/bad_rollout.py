"""The bad rollout of the bench, in a namespace."""

from typing import Any

from bench import bad_rollout
from tests.kubectl import Kubectl

IMAGE, BAD = bad_rollout.IMAGE, bad_rollout.BROKEN


def deployment(namespace: str, image: str = IMAGE) -> dict[str, Any]:
    return _within(namespace, bad_rollout.deployment(image))


def policy(namespace: str) -> dict[str, Any]:
    return _within(namespace, bad_rollout.policy())


def _within(namespace: str, body: dict[str, Any]) -> dict[str, Any]:
    body["metadata"]["namespace"] = namespace
    return body


def finished(kubectl: Kubectl, namespace: str) -> bool:
    stages = [body.get("status", {}).get("stage") for body in kubectl.items("remediations", namespace)]
    return bool(stages) and all(stage == "Finished" for stage in stages)
