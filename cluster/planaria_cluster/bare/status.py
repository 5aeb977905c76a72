"""What runs of a cluster, told from the records, the kernel and the API server."""

from planaria_cluster.bare.api import Api, ApiError
from planaria_cluster.bare.bring_up import parts
from planaria_cluster.bare.launcher import Launcher
from planaria_cluster.bare.settings import Settings
from planaria_cluster.provider import ClusterStatus, Row, State


def cluster_status(settings: Settings, launcher: Launcher) -> ClusterStatus:
    rows = [_process_row(launcher, part) for part in parts(settings)] + _node_rows(settings)
    return ClusterStatus(
        settings.name,
        "bare",
        _summary(rows),
        rows,
        str(settings.folder / "kubeconfig"),
        str(settings.folder / "bin" / "kubectl"),
    )


def _process_row(launcher: Launcher, part: str) -> Row:
    process = launcher.ledger.alive(part)
    if process is None:
        return Row(part, "dead")
    return Row(part, "stopped" if process.stopped() else "running", process.pid, process.started_at())


def _node_rows(settings: Settings) -> list[Row]:
    names = [node.name for node in settings.all_nodes]
    try:
        ready = Api(settings.server, settings.folder / "pki", timeout=2).nodes()
    except (ApiError, OSError):
        return [Row(name, "unknown") for name in names]
    rows = [Row(name, "Ready" if ready.get(name) else "NotReady") for name in names]
    simulated = [state for name, state in ready.items() if name not in names]
    if simulated:
        rows.append(
            Row(
                "simulated nodes",
                f"{sum(state is not None for state in simulated)} of {len(simulated)} Ready",
            )
        )
    return rows


def _summary(rows: list[Row]) -> State:
    states = {row.state for row in rows if row.name != "simulated nodes"}
    if states <= {"running", "Ready"}:
        return "up"
    return "down" if states <= {"dead", "unknown"} else "degraded"
