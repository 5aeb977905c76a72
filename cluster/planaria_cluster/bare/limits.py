"""What the kernel allows one user at most, where the default is too little for several clusters on one machine."""

from pathlib import Path
from typing import Final

from planaria_cluster.progress import Progress

SETTING: Final = "fs.inotify.max_user_instances"
INSTANCES: Final = Path("/proc/sys", *SETTING.split("."))
ENOUGH: Final = 512
"""A cluster of two nodes takes about thirty; the kernel's default is 128. kind's known issues name the same number."""


def ensure(progress: Progress, file: Path = INSTANCES) -> None:
    """Raise the limit where it is lower and may be raised; a kubelet that meets it is told by `bring_up.with_remedy`.

    It holds until the machine starts anew, and is not taken back: another cluster may have come to need it.
    """
    try:
        if int(file.read_text(encoding="ascii")) >= ENOUGH:
            return
        file.write_text(str(ENOUGH), encoding="ascii")
    except (OSError, ValueError):
        return
    progress.say(f"raised {SETTING} to {ENOUGH}, until this machine starts anew")
