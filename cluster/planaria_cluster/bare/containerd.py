"""The node's container runtime, and the images in it."""

import hashlib
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from planaria_cluster import pins
from planaria_cluster.bare.dns import HEALTH_PORT
from planaria_cluster.bare.launcher import Launcher, Program
from planaria_cluster.bare.settings import Node, Settings
from planaria_cluster.bare.waiting import wait_until
from planaria_cluster.packages import program_path
from planaria_cluster.paths import make_folder, write_if_changed
from planaria_cluster.processes import PROC, Process
from planaria_cluster.run import run, succeeds

CNI_PLUGINS = Path("/usr/lib/cni")
SOCKET = "run/containerd/containerd.sock"  # inside the node, which has a /run of its own


def configuration(node: Node) -> str:
    # restrict_oom_score_adj: not every root may lower the score, and without it each sandbox dies at its start.
    # registry: every pull gets "not found" at once instead of trying the network until it times out.
    return f"""version = 2
root = "{node.folder}/containerd"
state = "/run/containerd"
[grpc]
  address = "/{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pins.PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PLUGINS}"
    conf_dir = "{node.folder}/cni.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{node.folder}/registry"
"""


def cni(node: Node) -> str:
    """Pod networking. `ptp` and not `bridge`: a reply between two pods of one node must pass the node's translation."""
    plugin = {
        "type": "ptp",
        "mtu": 1500,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": node.pod_range}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return json.dumps({"cniVersion": "0.4.0", "name": "planaria", "plugins": [plugin]}, indent=2)


def registry(settings: Settings) -> str:
    """All registries are CoreDNS' health port: it answers 404 to every path, which means that there is no such image."""
    address = f"http://{settings.host_address}:{HEALTH_PORT}"
    return f'server = "{address}"\n[host."{address}"]\n  capabilities = ["pull", "resolve"]\n'


def ensure(settings: Settings, node: Node, holder: Process, launcher: Launcher) -> None:
    """Write the configuration and start containerd in the node; returns when it answers."""
    files = {
        node.folder / "containerd.toml": configuration(node),
        node.folder / "cni.d" / "10-planaria.conflist": cni(node),
        node.folder / "registry" / "_default" / "hosts.toml": registry(settings),
    }
    for path, text in files.items():
        write_if_changed(path, text)
    argv: list[str | Path] = [program_path("containerd"), "--config", node.folder / "containerd.toml"]
    program = Program(node.part("containerd"), argv, "".join(files.values()), inside=holder)
    launcher.ensure(program)
    wait_until(
        lambda: answers(holder),
        f"containerd of {node.name} did not answer",
        20,
        lambda: _died(launcher, node),
    )


def socket(holder: Process) -> Path:
    """The node's containerd socket as the host sees it; short enough for a socket address wherever the state lies."""
    return PROC / str(holder.pid) / "root" / SOCKET


def answers(holder: Process) -> bool:
    return socket(holder).exists() and succeeds([*_ctr(holder), "version"], timeout=2)


def load(nodes: list[tuple[Node, Process]], archive: Path) -> list[str]:
    """Import a docker or OCI archive on every node that lacks it; the names of the nodes where it was imported."""
    key = _key(archive)
    lacking = [(node, holder) for node, holder in nodes if not _known(node, key)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda pair: _import(pair[0], pair[1], archive, key), lacking))
    return [node.name for node, _ in lacking]


def _import(node: Node, holder: Process, archive: Path, key: str) -> None:
    run([*_ctr(holder), "images", "import", archive])
    note, names = _note(node, key), _names(archive)
    for other in make_folder(note.parent).iterdir():
        if other.read_text() in ("", names):  # its image has lost its name to this one
            other.unlink(missing_ok=True)
    note.write_text(names)


def _known(node: Node, key: str) -> bool:
    note = _note(node, key)
    return note.exists() and note.read_text() != ""  # an empty one is of a version that did not write names


def _note(node: Node, key: str) -> Path:
    """Lies beside the images themselves, so that both vanish together."""
    return node.folder / "containerd" / "planaria" / key


def _names(archive: Path) -> str:
    """What the archive's images are called; an OCI archive keeps that in its index."""
    with tarfile.open(archive) as file:
        for member in ("manifest.json", "index.json"):
            if member in file.getnames() and (stream := file.extractfile(member)) is not None:
                found = json.load(stream)
                return json.dumps(found["manifests"] if "manifests" in found else found[0].get("RepoTags"))
    return str(archive.resolve())


def _key(archive: Path) -> str:
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:24]


def _ctr(holder: Process) -> list[str]:
    return ["ctr", "--address", str(socket(holder)), "--namespace", "k8s.io"]


def _died(launcher: Launcher, node: Node) -> str | None:
    part = node.part("containerd")
    return None if launcher.ledger.alive(part) else f"it ended: {launcher.tail(part)}"
