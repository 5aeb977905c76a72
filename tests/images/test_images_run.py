"""Each image as a pod under the restricted security standard, its root read-only and without a single volume."""

import json
from pathlib import Path

import pytest

from planaria_cluster import open_cluster
from planaria_cluster.products import Release
from tests.kubectl import Kubectl

pytestmark = [pytest.mark.images, pytest.mark.cluster]
NAMESPACE = "planaria-images"
PROBE = {"operator": ("/healthz", 8080), "policy": ("/readyz", 8090)}
OUT_OF_MEMORY = json.dumps({"id": 1, "text": "java.lang.OutOfMemoryError: Java heap space"})


def pod(name):
    path, port = PROBE[name]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": "main",
                    "image": Release().tag(name),
                    "imagePullPolicy": "IfNotPresent",
                    "readinessProbe": {"httpGet": {"path": path, "port": port}, "periodSeconds": 1},
                    "securityContext": {
                        "readOnlyRootFilesystem": True,
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
        },
    }


@pytest.fixture(scope="module")
def kubectl(kubeconfig, archives):
    cluster = open_cluster()
    for image in archives.values():
        cluster.load(Path(image.path))
    kubectl = Kubectl.of(kubeconfig)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found")
    kubectl("apply", "-f", "-", stdin=json.dumps(namespace))
    for name in PROBE:
        kubectl("apply", "-f", "-", stdin=json.dumps(pod(name)))
    yield kubectl
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(params=sorted(PROBE))
def running(request, kubectl):
    kubectl("wait", "-n", NAMESPACE, f"pod/{request.param}", "--for=condition=Ready", "--timeout=120s")
    return request.param


def test_it_serves_as_nobody_on_a_root_that_cannot_be_written(running, kubectl):
    script = "import os; print(os.getuid()); open('/opt/planaria/x', 'w')"
    done = kubectl.run("exec", "-n", NAMESPACE, running, "--", "python3", "-c", script)
    assert done.stdout == "65532\n"
    assert "Read-only file system" in done.stderr


def test_the_operator_says_what_it_waits_for(kubectl):
    kubectl("wait", "-n", NAMESPACE, "pod/operator", "--for=condition=Ready", "--timeout=120s")
    first = kubectl("logs", "-n", NAMESPACE, "operator").splitlines()
    assert first
    assert all(json.loads(line)["event"] for line in first)


def test_the_encoder_reads_in_the_operators_image(kubectl):
    kubectl("wait", "-n", NAMESPACE, "pod/operator", "--for=condition=Ready", "--timeout=120s")
    words = ("exec", "-i", "-n", NAMESPACE, "operator", "--", "planaria", "semantics", "classify")
    answer = json.loads(kubectl(*words, stdin=OUT_OF_MEMORY))
    assert (answer["fault"], answer["source"]) == ("memory_exhaustion", "encoder")


LOADED = """
import ctypes, pathlib, sysconfig
for path in pathlib.Path(sysconfig.get_path("purelib")).rglob("*.so*"):
    ctypes.CDLL(str(path))
    print(path.name)
"""


def test_every_library_survived_the_stripping(running, kubectl):
    loaded = kubectl("exec", "-n", NAMESPACE, running, "--", "python3", "-c", LOADED).splitlines()
    assert len(loaded) > 20
    assert any(each.startswith("libscipy_openblas") for each in loaded)


ASKED = """
import asyncio, json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from planaria_semantics.vllm.client import VllmClient
class Server(BaseHTTPRequestHandler):
    def say(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
    def do_GET(self):
        self.say({"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "v"}]})
    def do_POST(self):
        message = {"role": "assistant", "content": "yes"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self.say({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})
server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
async def ask():
    client = VllmClient(f"http://127.0.0.1:{server.server_port}", "m")
    await client.check()
    print(await client.ask([], {}))
    await client.aclose()
asyncio.run(ask())
"""


def test_what_is_left_of_the_vllm_client_asks(kubectl):
    kubectl("wait", "-n", NAMESPACE, "pod/operator", "--for=condition=Ready", "--timeout=120s")
    assert kubectl("exec", "-n", NAMESPACE, "operator", "--", "python3", "-c", ASKED) == "yes\n"


def test_the_shipped_policy_is_served(kubectl):
    kubectl("wait", "-n", NAMESPACE, "pod/policy", "--for=condition=Ready", "--timeout=120s")
    script = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8090/v1/model', timeout=5).read().decode())"
    model = json.loads(kubectl("exec", "-n", NAMESPACE, "policy", "--", "python3", "-c", script))
    assert model["about"], "the shipped file names what it was trained on"
    assert (model["refused"], model["memory"]) == ([], None)
