"""What a person means by `deploy/web`."""

from typing import Final

from planaria_contract import ObjectRef
from planaria_kubectl.errors import Misuse, PluginError
from planaria_operator.objects.meta import Meta, Owner
from planaria_operator.objects.store import ClusterStore

NAMES: Final = {
    "Deployment": ("deployment", "deployments", "deploy"),
    "StatefulSet": ("statefulset", "statefulsets", "sts"),
    "DaemonSet": ("daemonset", "daemonsets", "ds"),
    "Node": ("node", "nodes", "no"),
    "Pod": ("pod", "pods", "po"),
}
"""As `kubectl get` takes them."""
KINDS: Final = {name: kind for kind, names in NAMES.items() for name in names}


def parse_target(words: str, namespace: str) -> ObjectRef:
    """Raises Misuse."""
    called, slash, name = words.partition("/")
    kind = KINDS.get(called.lower().partition(".")[0])  # deployment.apps is a Deployment too
    if kind is None or not slash or not name or "/" in name:
        raise Misuse(
            f"{words!r}: write KIND/NAME with a kind of {', '.join(sorted(NAMES))}, as in deploy/web"
        )
    return ObjectRef(kind=kind, name=name, namespace=None if kind == "Node" else namespace)


def scope_of(target: ObjectRef) -> str:
    """The namespace to read: all of them for a node, which may be the target of a policy in each."""
    return target.namespace or ""


def meta_of(store: ClusterStore, target: ObjectRef) -> Meta | None:
    """None where there is no such object."""
    if target.kind == "Node":
        node = store.node(target.name)
        return node.meta if node else None
    if target.kind == "Pod":
        pod = store.pod(target.namespace or "", target.name)
        return pod.meta if pod else None
    workload = store.workload(target.kind, target.namespace or "", target.name)
    return workload.meta if workload else None


def settled(store: ClusterStore, target: ObjectRef) -> ObjectRef:
    """With its uid, and for a pod the workload that would replace it. Raises PluginError where a pod has none."""
    found = resolved(store, target)
    if found.kind == "Pod" and found.uid:
        raise PluginError(f"{unmanaged(store, found)}: Planaria heals nothing else")
    return found


def resolved(store: ClusterStore, target: ObjectRef) -> ObjectRef:
    """As `settled`, but a pod that no workload would replace stands for itself."""
    meta = meta_of(store, target)
    pod = store.pod(meta.namespace, meta.name) if meta and target.kind == "Pod" else None
    workload = store.workload_of(pod) if pod else None
    if workload is None:
        return target.model_copy(update={"uid": meta.uid if meta else None})
    owner = workload.meta
    return ObjectRef(kind=owner.kind, name=owner.name, namespace=owner.namespace, uid=owner.uid)


def controller_of(store: ClusterStore, target: ObjectRef) -> Owner | None:
    pod = store.pod(target.namespace or "", target.name)
    return store.controller_of(pod) if pod else None


def unmanaged(store: ClusterStore, target: ObjectRef) -> str:
    """Why a pod is nobody's to heal, in words."""
    owner = controller_of(store, target)
    if owner is None:
        return f"{target} belongs to no Deployment, StatefulSet or DaemonSet"
    if owner.kind in NAMES and owner.group == "apps":
        return f"{target} belongs to {owner}, which does not exist any more"
    of = f" of {owner.group}" if owner.kind in NAMES and owner.group else ""
    return f"{target} is controlled by {owner}{of}, which Planaria does not know"
