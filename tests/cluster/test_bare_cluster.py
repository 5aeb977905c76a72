"""A throwaway cluster from nothing to nothing: real nodes, real containers, real damage. Root on Linux only."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from planaria_cluster import open_cluster
from planaria_cluster.bare import cgroups, settings
from planaria_cluster.bare.provider import BareProvider
from planaria_cluster.errors import ClusterError
from planaria_cluster.ledger import Ledger
from planaria_cluster.paths import state_root
from planaria_cluster.processes import PROC, marked

NAME = f"t{os.getpid()}"
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.apart,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux"),
]

WEB = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: planaria.local/busybox:1
        command: [sh, -c, 'mkdir /www; hostname > /www/index.html; echo serving; exec httpd -f -p 8080 -h /www']
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""
GREEDY = """
apiVersion: v1
kind: Pod
metadata: {name: greedy}
spec:
  restartPolicy: Never
  containers:
  - name: greedy
    image: planaria.local/busybox:1
    command: [sh, -c, 'tail -c 200m /dev/zero']
    resources: {limits: {memory: 32Mi}}
"""
ROOMY = """
apiVersion: v1
kind: Pod
metadata: {name: roomy}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: roomy
    image: planaria.local/busybox:1
    command: [sleep, "600"]
    resources: {requests: {memory: 16Mi}, limits: {memory: 32Mi}}
"""
NO_IMAGE = """
apiVersion: v1
kind: Pod
metadata: {name: no-image}
spec: {containers: [{name: a, image: "registry.example.com/shop/cart:9.9"}]}
"""


def outside() -> dict[str, list[str]]:
    """What this test's cluster could leave on the machine. Other clusters come and go meanwhile and do not count."""
    others = re.compile(r"planaria(-(?!" + NAME + r"\b)|\d)|/containers/storage/")

    def lines(*argv: str) -> list[str]:
        text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        return sorted(line for line in text.splitlines() if not others.search(line))

    return {
        "processes": [str(process) for process in marked(f"PLANARIA_CLUSTER={settings.folder(NAME)}")],
        "mounts": sorted(
            line for line in Path("/proc/self/mounts").read_text().splitlines() if not others.search(line)
        ),
        "namespaces": sorted(str(path) for path in Path("/run/netns").glob("*")),
        "links": lines("ip", "-brief", "link"),
        "routes": lines("ip", "route"),
        "tables": lines("nft", "list", "tables"),
        "cgroups": [str(path) for top in cgroups.hierarchies() for path in top.glob(f"*{NAME}*")],
        "state": [str(path) for path in state_root().glob(f"*{NAME}*")],
    }


@pytest.fixture(scope="module")
def before() -> dict[str, list[str]]:
    return outside()


@pytest.fixture(scope="module")
def cluster(before: dict[str, list[str]]) -> Iterator[BareProvider]:
    made = open_cluster(NAME, "bare")
    assert isinstance(made, BareProvider)
    try:
        made.up(nodes=2)
        yield made
    finally:
        made.down()


@pytest.fixture
def kubectl(cluster: BareProvider) -> Callable[..., str]:
    def call(*words: str, stdin: str | None = None) -> str:
        argv = [str(cluster.kubectl()), "--kubeconfig", str(cluster.kubeconfig()), *words]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def present() -> settings.Settings:
    found = settings.load(NAME)
    assert found is not None
    return found


def pids() -> dict[str, int]:
    return {record.part: record.process.pid for record in Ledger(settings.folder(NAME) / "run")}


def eventually(check: Callable[[], bool], seconds: float) -> float:
    """Seconds that it took; fails after `seconds`."""
    start = time.monotonic()
    while not check():
        assert time.monotonic() - start < seconds, "did not come true in time"
        time.sleep(0.3)
    return time.monotonic() - start


def ready(kubectl: Callable[..., str]) -> dict[str, str]:
    query = '{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}'
    return dict(pair.split("=") for pair in kubectl("get", "nodes", "-o", f"jsonpath={query}").split())


def reached(name: str) -> bool:
    """Whether the kubelet's port can be connected to."""
    (node,) = (each for each in present().all_nodes if each.name == name)
    try:
        socket.create_connection((node.address, 10250), timeout=2).close()
    except OSError:
        return False
    return True


def test_two_nodes_are_ready(cluster, kubectl):
    assert ready(kubectl) == {f"{NAME}-node-1": "True", f"{NAME}-node-2": "True"}
    assert cluster.status().state == "up"


def test_a_service_reaches_pods_on_both_nodes_by_name(kubectl):
    kubectl("apply", "-f", "-", stdin=WEB)
    eventually(lambda: kubectl("get", "daemonset", "web", "-o", "jsonpath={.status.numberReady}") == "2", 60)
    first = kubectl("get", "pods", "-l", "app=web", "-o", "name").split()[0]
    assert kubectl("logs", first) == "serving\n"
    loop = "for i in $(seq 30); do wget -qO- http://web.default.svc.cluster.local; done"
    # A new endpoint is in every node's table a moment after the pod is ready.
    eventually(lambda: len(set(kubectl("exec", first, "--", "sh", "-c", loop).split())) == 2, 20)
    answer = kubectl("exec", first, "--", "nslookup", "kubernetes.default.svc.cluster.local")
    assert present().api_service in answer


def test_a_node_reports_what_its_containers_use(kubectl):
    kubectl("wait", "--for=condition=Ready", "pods", "-l", "app=web", "--timeout=30s")
    path = f"/api/v1/nodes/{NAME}-node-1/proxy/metrics/resource"
    eventually(lambda: "container_memory_working_set_bytes{" in kubectl("get", "--raw", path), 30)


def test_memory_limits_kill(kubectl):
    kubectl("apply", "-f", "-", stdin=GREEDY)
    reason = "jsonpath={.status.containerStatuses[0].state.terminated.reason}"
    eventually(lambda: kubectl("get", "pod", "greedy", "-o", reason) == "OOMKilled", 30)


def test_memory_is_raised_in_place(kubectl):
    kubectl("apply", "-f", "-", stdin=ROOMY)
    kubectl("wait", "--for=condition=Ready", "pod/roomy", "--timeout=30s")
    patch = {"spec": {"containers": [{"name": "roomy", "resources": {"limits": {"memory": "64Mi"}}}]}}
    kubectl("patch", "pod", "roomy", "--subresource", "resize", "--patch", json.dumps(patch))
    status = "jsonpath={.status.containerStatuses[0].resources.limits.memory} {.status.containerStatuses[0].restartCount}"
    eventually(lambda: kubectl("get", "pod", "roomy", "-o", status) == "64Mi 0", 30)


def test_an_unknown_image_fails_at_once_and_says_not_found(kubectl):
    kubectl("apply", "-f", "-", stdin=NO_IMAGE)
    waiting = "jsonpath={.status.containerStatuses[0].state.waiting}"

    def failed() -> bool:
        state = json.loads(kubectl("get", "pod", "no-image", "-o", waiting) or "{}")
        return "ImagePull" in state.get("reason", "") and "not found" in state.get("message", "")

    assert eventually(failed, 20) < 10


def test_a_node_buries_its_orphans(cluster):
    """Each container's shim is one in the end: unburied they would fill the machine's table of processes."""
    node, _ = present().all_nodes
    assert cluster.exec_node(node.name, ["sh", "-c", "sleep 0.2 & exit"]) == 0
    time.sleep(1)  # until it has ended, and its parent before it
    eventually(lambda: not unburied(pids()[node.part("holder")]), 10)


def unburied(parent: int) -> list[str]:
    children = (PROC / f"{parent}/task/{parent}/children").read_text().split()
    return [child for child in children if "State:\tZ" in (PROC / child / "status").read_text()]


def test_nothing_listens_where_others_can_reach(cluster):
    made = present()
    inodes = set()
    for process in marked(made.marker):
        for link in (PROC / str(process.pid) / "fd").iterdir():
            try:
                inodes.add(str(link.readlink()))
            except OSError:
                continue
    listening = []
    for line in (
        Path("/proc/net/tcp").read_text().splitlines()[1:]
        + Path("/proc/net/tcp6").read_text().splitlines()[1:]
    ):
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            listening.append(fields[1].split(":")[0])
    allowed = {
        bytes(reversed(bytes(map(int, address.split("."))))).hex().upper()
        for address in (made.host_address, made.loopback)
    }
    assert listening
    assert set(listening) <= allowed


def test_a_second_up_changes_nothing(cluster):
    running = pids()
    cluster.up()
    assert pids() == running


def test_up_repairs_a_killed_api_server_and_a_killed_containerd(cluster, kubectl):
    ledger = Ledger(settings.folder(NAME) / "run")
    containers = kubectl(
        "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].status.containerStatuses[0].containerID}"
    )
    killed = ["kube-apiserver", f"{NAME}-node-1.containerd"]
    for part in killed:
        process = ledger.alive(part)
        assert process is not None
        process.end(grace=0)
    assert cluster.status().state == "degraded"
    running = pids()
    cluster.up()
    assert {part for part, pid in pids().items() if running[part] != pid} == set(killed)
    kubectl("wait", "--for=condition=Ready", "pods", "-l", "app=web", "--timeout=60s")
    query = "jsonpath={.items[*].status.containerStatuses[0].containerID}"
    assert kubectl("get", "pods", "-l", "app=web", "-o", query) == containers


def test_up_repairs_a_node_that_is_gone_altogether(cluster, kubectl):
    holder = Ledger(settings.folder(NAME) / "run").alive(f"{NAME}-node-2.holder")
    assert holder is not None
    holder.signal(signal.SIGKILL)
    cluster.up()
    assert cluster.status().state == "up"
    kubectl("rollout", "status", "daemonset/web", "--timeout=90s")


def test_a_stopped_node_is_lost_and_comes_back(cluster, kubectl):
    node = f"{NAME}-node-2"
    cluster.stop_node(node)
    lost = eventually(lambda: ready(kubectl)[node] == "Unknown", 60)
    assert lost > 10
    assert cluster.status().state == "degraded"
    cluster.start_node(node)
    assert ready(kubectl)[node] == "True"


def test_a_lost_node_is_reached_by_nobody_and_comes_back(cluster, kubectl):
    node = f"{NAME}-node-2"
    assert reached(node)
    cluster.lose_node(node)
    assert not reached(node)
    eventually(lambda: ready(kubectl)[node] == "Unknown", 60)
    cluster.start_node(node)
    assert ready(kubectl)[node] == "True"
    assert reached(node)


def test_a_part_of_the_control_plane_is_stopped_and_started(cluster, kubectl):
    """What was written before is there after."""
    kubectl("create", "configmap", "before")
    cluster.stop_part("etcd")
    assert cluster.status().state == "degraded"
    with pytest.raises(ClusterError, match="does not run"):
        cluster.stop_part("etcd")
    others = {part: pid for part, pid in pids().items() if part != "etcd"}
    cluster.start_part("etcd")
    assert {part: pid for part, pid in pids().items() if part != "etcd"} == others
    kubectl("get", "configmap", "before")
    cluster.stop_part("kube-apiserver")
    cluster.start_part("kube-apiserver")
    kubectl("get", "configmap", "before")
    assert cluster.status().state == "up"


def test_down_leaves_nothing(cluster, before):
    cluster.down()
    # A zombie lasts until the machine's first process buries it.
    eventually(lambda: outside() == before, 10)
    assert outside() == before
