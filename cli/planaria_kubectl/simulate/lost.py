"""The cluster as it would look with a node lost: what is read of that node says that its kubelet has stopped reporting."""

import copy

from planaria_kubectl.read_only import ReadOnlyKube
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.objects.cluster import parse_node

SILENT = "Unknown"


class WithLostNode(ReadOnlyKube):
    """Reads and dry runs, as through a `ReadOnlyKube`; only the node looks otherwise."""

    def __init__(self, kube: Kube, node: str) -> None:
        super().__init__(kube)
        self._node = node

    async def get(self, kind: str, namespace: str, name: str, *, subresource: str = "") -> JsonBody:
        body = await super().get(kind, namespace, name, subresource=subresource)
        return silent(body) if (kind, name) == ("Node", self._node) else body


def silent(body: JsonBody) -> JsonBody:
    """The node with the condition Ready that the node controller gives to one that does not report."""
    if not parse_node(body).ready:
        return body
    lost = copy.deepcopy(body)
    for condition in lost["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = SILENT
    return lost
