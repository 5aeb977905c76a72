"""A Deployment whose newest revision has an image that does not exist: one rollback heals it, and its generation counts them."""

from typing import Any

from tests.kubectl import Kubectl

IMAGE = "planaria.local/busybox:1"


def deployment(namespace: str, image: str = IMAGE) -> dict[str, Any]:
    labels = {"app": "web"}
    container = {
        "name": "web",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/busybox", "sleep", "3600"],
        "resources": {"limits": {"cpu": "20m", "memory": "16Mi"}},
    }
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def policy(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "mode": "Enforce",
            "triggers": {"waitingForSeconds": 0},
            "verification": {"stableForSeconds": 3, "timeoutSeconds": 90},
        },
    }


def finished(kubectl: Kubectl, namespace: str) -> bool:
    stages = [body.get("status", {}).get("stage") for body in kubectl.items("remediations", namespace)]
    return bool(stages) and all(stage == "Finished" for stage in stages)
