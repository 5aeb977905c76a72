"""A Deployment whose newest revision has an image that does not exist: one rollback heals it, and its generation counts them."""

from typing import Final

from planaria_cluster.pins import BUSYBOX_IMAGE
from planaria_scenarios.api import Body

IMAGE: Final = BUSYBOX_IMAGE
BROKEN: Final = "planaria.local/no-such-image:1"


def deployment(image: str = IMAGE) -> Body:
    labels = {"app": "web"}
    container = {
        "name": "web",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/busybox", "sleep", "3600"],
        "resources": {"limits": {"cpu": "20m", "memory": "16Mi"}},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def policy() -> Body:
    return {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": {"name": "web"},
        "spec": {
            "mode": "Enforce",
            "triggers": {"waitingForSeconds": 0},
            "verification": {"stableForSeconds": 3, "timeoutSeconds": 90},
        },
    }
