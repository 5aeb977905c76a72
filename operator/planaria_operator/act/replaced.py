"""Would those that are made in the place of pods start anywhere? A node that is cordoned, or tainted since, takes none. Pure."""

from collections.abc import Mapping
from typing import Any

from planaria_operator.act.bodies import affected_pods, is_kept, meta, on_delete, over
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.places import fits_any, shut_out
from planaria_operator.act.revisions import alike, is_of, parse_revision
from planaria_operator.act.volumes import staying
from planaria_operator.api.reasons import Reason
from planaria_operator.objects.cordon import open_nodes
from planaria_operator.objects.pod import parse_pod

Pods = list[Mapping[str, Any]]


def placeless(
    setting: Setting, pod: Mapping[str, Any], template: Mapping[str, Any] | None = None
) -> Refusal | None:
    """Why the one that is made in its place could start nowhere, and would wait for the node to be opened; None where it could.
    `template`: what it is made from, where that may be placed otherwise than the pod.
    """
    closed = shut_out(setting.store, pod)
    if not closed:
        return None
    away = f"{meta(pod)['name']} would find no place: {closed}, and "
    others = open_nodes(setting.store, without=pod["spec"]["nodeName"])
    # Admission may have given the pod tolerations of its own, so what it says counts beside the template.
    if not any(fits_any(each, others) for each in (pod, template or pod)):
        return Refusal(Reason.NOT_MOVABLE, f"{away}no other one is open to it"[:512])
    why = staying(setting, pod)
    return Refusal(Reason.VOLUME_STAYS, f"{away}{why}"[:512]) if why else None


def gives_up(setting: Setting, template: Mapping[str, Any] | None = None) -> Refusal | None:
    """Why pods should not be replaced by a new template; None where they may be. `template`: an earlier one that is gone back to.

    One that is ready would be away until its node is opened. One that is not loses nothing by waiting; but where all that are
    broken would only wait, the action would be undone as of no use, and not be tried again once the node is open.
    """
    staying_on, going = _divided(setting, template)
    found = [(pod, placeless(setting, pod, template)) for pod in going]
    lost = [(pod, why) for pod, why in found if why]
    ready = [why for pod, why in lost if parse_pod(pod).ready]
    if ready or not lost:
        return next(iter(ready), None)
    waiting = {meta(pod)["uid"]: why for pod, why in lost}
    broken = [waiting.get(meta(pod)["uid"]) for pod in affected_pods(setting)]
    needs_none = len(staying_on) >= setting.target["spec"].get("replicas", 1)
    return None if needs_none or not all(broken) else next(iter(broken), None)


def _divided(setting: Setting, template: Mapping[str, Any] | None) -> tuple[Pods, Pods]:
    """Pods that the new template leaves, and those that it replaces: with OnDelete only what is evicted for it."""
    goal = [
        each for each in map(parse_revision, setting.revisions) if template and alike(each.template, template)
    ]
    living: Pods = [pod for pod in setting.pods.values() if not over(pod)]
    stays = [pod for pod in living if is_of(pod, goal)]
    renewed = affected_pods(setting) if on_delete(setting.target) else living
    return stays, [pod for pod in renewed if pod not in stays and not is_kept(setting.target, pod)]
