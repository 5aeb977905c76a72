"""The helm program, and what the chart renders to."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from planaria_cluster import ClusterError

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "charts" / "planaria"
KUBERNETES: Final = "1.34.0"
"""What is rendered for; a helm that was built without release flags takes itself for 1.20."""
SECONDS: Final = 60


class HelmError(Exception):
    """What helm said, or that there is none."""


def helm() -> Path:
    """$PLANARIA_HELM, the helm on PATH, or the one that the local cluster's tool builds. Raises HelmError."""
    for candidate in (os.environ.get("PLANARIA_HELM"), shutil.which("helm")):
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    return _built()


def _built() -> Path:
    try:
        tools = import_module("planaria_cluster.tools")
        return Path(tools.helm())
    except ImportError as error:
        raise HelmError("no helm: put one on PATH, or name it in PLANARIA_HELM") from error
    except ClusterError as error:
        raise HelmError(f"no helm, and none could be built: {error}; name one in PLANARIA_HELM") from error


def rendered(
    *options: str, namespace: str = "planaria-system", only: Sequence[str] = (), release: str = "planaria"
) -> str:
    """The manifests of a release. `only` names templates. Raises HelmError with helm's own message."""
    shown = [word for template in only for word in ("--show-only", template)]
    command = [str(helm()), "template", release, str(CHART), "--namespace", namespace]
    command += ["--kube-version", KUBERNETES, *shown, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise HelmError(done.stderr.strip())
    return done.stdout
