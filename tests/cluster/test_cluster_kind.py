"""The kind provider's command lines, recorded instead of run."""

import io
import json

import pytest

from planaria_cluster import images
from planaria_cluster.errors import CommandError, NoClusterError, PrerequisiteError, UsageError
from planaria_cluster.kind.configuration import configuration
from planaria_cluster.kind.provider import KindProvider
from planaria_cluster.progress import Progress


class Recorder:
    def __init__(self):
        self.calls = []
        self.clusters = ""
        self.containers = "demo-control-plane\ndemo-worker\ndemo-worker2\n"
        self.failing = ""

    def __call__(self, argv, *, stdin=None, env=None):
        line = " ".join(argv)
        self.calls.append(line)
        if self.failing and self.failing in line:
            raise CommandError(argv, 3, "inactive")
        if line == "kind get clusters":
            return self.clusters
        if line.startswith("docker ps"):
            return self.containers
        if "create cluster" in line:
            self.clusters = "demo\n"
        return ""

    def has(self, start):
        return [call for call in self.calls if call.startswith(start)]


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def demo(recorder, monkeypatch, tmp_path):
    monkeypatch.setenv("PLANARIA_STATE", str(tmp_path))
    monkeypatch.setattr(images, "engine_answers", lambda: True)
    archive = tmp_path / "busybox.tar"
    archive.touch()
    monkeypatch.setattr(images, "base_images", lambda _: [tmp_path / "pause.tar", archive])
    return KindProvider("demo", Progress(io.StringIO()), recorder, kind="kind")


def test_up_creates_waits_and_loads(demo, recorder, tmp_path):
    demo.up()
    (create,) = recorder.has("kind create cluster --name demo --config")
    assert "--kubeconfig" in create
    assert recorder.has(f"kind load image-archive {tmp_path / 'busybox.tar'} --name demo")
    assert (
        json.loads((tmp_path / "kind-demo" / "kind.json").read_text())["nodes"][1:]
        == [{"role": "worker"}] * 2
    )


def test_up_on_a_present_cluster_wakes_and_does_not_create(demo, recorder):
    recorder.clusters = "demo\n"
    demo.up()
    assert not recorder.has("kind create")
    assert recorder.has("docker start demo-worker2")
    assert recorder.has("docker exec demo-worker2 systemctl start kubelet")


def test_stop_and_start_a_node(demo, recorder, monkeypatch):
    recorder.clusters = "demo\n"
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    demo.stop_node("demo-worker")
    assert recorder.calls[-1] == "docker exec demo-worker systemctl stop kubelet"
    demo.start_node("demo-worker")
    assert recorder.has("docker exec demo-worker systemctl start kubelet")
    assert recorder.has("/bin/kubectl")[0].endswith(
        "wait --for=condition=Ready node/demo-worker --timeout=90s"
    )


def test_a_stopped_kubelet_makes_the_cluster_degraded(demo, recorder):
    recorder.clusters = "demo\n"
    assert demo.status().state == "up"
    recorder.failing = "exec demo-worker2 systemctl is-active"
    assert demo.status().state == "degraded"
    recorder.clusters = ""
    assert demo.status().state == "absent"


def test_down_deletes(demo, recorder):
    demo.down()
    assert recorder.calls == ["kind delete cluster --name demo"]


def test_what_is_not_there_is_said(demo, monkeypatch):
    with pytest.raises(NoClusterError, match="no node x; it has demo-control-plane"):
        demo.stop_node("x")
    with pytest.raises(NoClusterError, match="no cluster demo"):
        demo.kubeconfig()
    for beyond in (lambda: demo.up(simulated=3), lambda: demo.lose_node("x"), lambda: demo.stop_part("etcd")):
        with pytest.raises(UsageError, match="bare"):
            beyond()
    monkeypatch.setattr(images, "engine_answers", lambda: False)
    with pytest.raises(PrerequisiteError, match="no Docker engine"):
        demo.up()
    assert not demo.doctor()[0].ok


def test_the_configuration_asks_for_a_short_grace_period():
    tree = json.loads(configuration(2))
    assert len(tree["nodes"]) == 3
    older, newer, _ = tree["kubeadmConfigPatches"]
    assert "    node-monitor-grace-period: 20s\n" in older
    assert '- {name: "node-monitor-grace-period", value: "20s"}' in newer
