"""Start one program in the background, inside a node's namespaces or in new ones; prints its pid as the host sees it.

Run as a program of its own (`python -I -S enter.py JSON`): joining a mount or pid namespace needs a process with
one thread, and the caller's spinner is a second one. It imports nothing of this package so that it starts in 20 ms.
`unshare` and `nsenter` do not serve: with a pid namespace they stay as a parent in between, whose pid is not the program's.
"""

import ctypes
import json
import os
import sys
from typing import Any

CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x20000000, 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def join_namespaces(pid: int) -> None:
    # All are opened first: after the mount namespace has changed, /proc is the node's and knows other pids.
    handles = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in ("net", "pid", "mnt")]
    for handle in handles:
        check(_libc.setns(handle, 0), "setns")
        os.close(handle)


def become(spec: dict[str, Any], log: int, report: int) -> None:
    """In the grandchild: turn into the program, or report why not."""
    try:
        os.setsid()
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir("/")
        os.execve(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606  (no shell is the point)
    except OSError as error:
        os.write(report, f"{spec['argv'][0]}: {error}".encode())
    os._exit(127)


def main() -> int:
    spec = json.loads(sys.argv[1])
    log = os.open(spec["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    for procs in spec["procs"]:
        with open(procs, "w") as file:  # noqa: PTH123  (pathlib would double the start time)
            file.write(str(os.getpid()))
    if spec["join"]:
        join_namespaces(spec["join"])
    elif spec["unshare"]:
        check(_libc.unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET), "unshare")
    heard, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        become(spec, log, report)
    os.close(report)
    failure = os.read(heard, 1000)
    if failure:
        sys.stderr.write(failure.decode())
        return 1
    sys.stdout.write(str(pid))
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except OSError as problem:
        sys.stderr.write(str(problem))
        code = 1
    sys.stdout.flush()
    os._exit(code)
