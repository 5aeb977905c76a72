"""Can a pod's volumes follow it to another node? Pure: what is read of the claims comes with the setting."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from planaria_operator.act.bodies import meta
from planaria_operator.act.builder import Setting
from planaria_operator.act.places import chosen
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.cordon import open_nodes

HOSTNAME: Final = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim, and the volume that it is bound to."""

    name: str
    volume: JsonBody | None
    """None where it is not bound yet, or is gone: then nothing holds the pod."""
    problem: str = ""
    """Why nothing can be said of it."""

    @property
    def stays(self) -> str:
        """Why it is bound to one node; empty where it can follow."""
        if self.problem:
            return self.problem
        spec = (self.volume or {}).get("spec") or {}
        local = next((kind for kind in ("local", "hostPath") if kind in spec), "")
        if local:
            return f"its volume {meta(self.volume or {}).get('name')} is a directory of one node ({local})"
        if HOSTNAME in _keys(spec):
            return f"its volume {meta(self.volume or {}).get('name')} is bound to one node by its affinity"
        return ""


def claims_of(pod: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the PersistentVolumeClaims that a pod mounts; an ephemeral volume's claim dies with its pod."""
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    return tuple(
        volume["persistentVolumeClaim"]["claimName"]
        for volume in volumes
        if "persistentVolumeClaim" in volume
    )


def staying(setting: Setting, pod: Mapping[str, Any]) -> str:
    """Why the pod cannot follow to another node, in words; empty where it can."""
    about = meta(pod)
    for name in claims_of(pod):
        claim = setting.claims.get((about.get("namespace") or "", name))
        why = claim and (claim.stays or _confined(setting, pod, claim))
        if why:
            return f"pod {about['name']} mounts claim {name}: {why}"
    return ""


def _confined(setting: Setting, pod: Mapping[str, Any], claim: Claim) -> str:
    """Drivers of local volumes, and zones, have keys of their own. One that the pod's own node does not answer to, as after a
    migration of drivers, is not judged.
    """
    required = (((claim.volume or {}).get("spec") or {}).get("nodeAffinity") or {}).get("required")
    here = setting.store.node(pod["spec"].get("nodeName") or "")
    if not required or here is None or not chosen(required, here):
        return ""
    if any(chosen(required, node) for node in open_nodes(setting.store, without=here.meta.name)):
        return ""
    return f"no other open node reaches its volume {meta(claim.volume or {}).get('name')}"


def _keys(spec: Mapping[str, Any]) -> Iterator[str]:
    required = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for term in required:
        yield from (row["key"] for row in term.get("matchExpressions") or ())
