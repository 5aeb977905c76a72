"""When a fault can first be seen in the API: the moment from which recovery is counted, operator or not."""

from planaria_scenarios.history import History
from planaria_scenarios.oracle import Baseline
from planaria_scenarios.views import Pod


def first_sign(baseline: Baseline, history: History) -> str:
    """A sentence on the first thing that is wrong, empty where nothing is. Pods that are merely starting are not."""
    ours = {pod.node for pod in history.living}
    if lost := sorted(ours & history.nodes_lost.keys()):
        return f"Node/{lost[0]} is not ready"
    before = {uid: pod for known in baseline.workloads.values() for uid, pod in known.pods.items()}
    for pod in sorted(history.living, key=lambda pod: pod.name):
        if sign := _of_pod(pod, before.get(pod.uid)):
            return f"Pod/{pod.name} {sign}"
    return ""


def _of_pod(pod: Pod, before: Pod | None) -> str:
    if pod.waiting:
        return f"waits in {pod.waiting}"
    if pod.ended and pod.restarts > (before.restarts if before else 0):
        return f"restarted after {pod.ended}"
    if pod.ended and (before is None or pod.ended != before.ended):
        return f"ended: {pod.ended}"
    if before is not None and before.ready and not pod.ready:
        return "was ready and is not"
    return ""
