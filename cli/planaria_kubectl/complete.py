"""`kubectl_complete-planaria`: what kubectl's own shell completion asks a plugin for.

It is called with the words so far, the last of which is being typed, and prints one candidate a line and then a directive:
https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective. Whatever goes wrong, it offers nothing and says nothing.
"""

import asyncio
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Final

from planaria_contract import Fault
from planaria_kubectl.arguments import parsers

NO_FILES: Final = ":4"
SECONDS: Final = 5.0
"""A person is waiting with a finger on the tab key."""
TARGETS: Final = {"deploy": "Deployment", "sts": "StatefulSet", "ds": "DaemonSet", "node": "Node"}
NAMES: Final = {
    **dict.fromkeys(("diff", "approve", "reject"), "Remediation"),
    **dict.fromkeys(("pause", "resume"), "HealingPolicy"),
}
"""What the one positional argument of a command names; `why` and `simulate` name a target."""
_FREE: Final = (
    *("-n", "--namespace", "--kubeconfig", "--context", "--since", "--attempt", "--confidence", "--pods"),
    *("--reason", "--digest", "--wait", "--for", "--requester"),
)
GIVEN: Final[dict[str, list[str]]] = {
    **{flag: [] for flag in _FREE},
    **{flag: ["table", "json"] for flag in ("-o", "--output")},
    "--fault": [fault.value for fault in Fault],
}
"""What may stand behind a flag; behind most of them what is neither a target nor the name of a record."""


def main(argv: list[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    found: Iterable[str] = ()
    with suppress(Exception):  # a message here would land in the middle of somebody's command line
        found = asyncio.run(asyncio.wait_for(candidates(words or [""]), SECONDS))
    typed = _typed(words[-1] if words else "")
    lines = [each for each in found if each.startswith(typed) and each.isprintable()]
    sys.stdout.write("\n".join([*lines, NO_FILES]) + "\n")
    return 0


def _typed(word: str) -> str:
    """The shell completes what stands behind the equals sign of a flag."""
    return word.partition("=")[2] if word.startswith("-") and "=" in word else word


async def candidates(words: Sequence[str]) -> list[str]:
    """Whatever may stand where the last word is; more than fits what was typed of it."""
    _, commands = parsers()
    if len(words) == 1:
        return list(commands)
    command, before, typed = words[0], words[-2], words[-1]
    if command not in commands:
        return []
    if before in GIVEN:
        return GIVEN[before]
    if "=" in typed and (flag := typed.partition("=")[0]) in GIVEN:
        return GIVEN[flag]
    if typed.startswith("-"):
        return _flags(commands[command])
    return await _names(command, words[1:-1])


def _flags(command: ArgumentParser) -> list[str]:
    return sorted(set(re.findall(r"--[a-z][a-z-]*", command.format_help())))


async def _names(command: str, words: Sequence[str]) -> list[str]:
    from planaria_kubectl.session import open_session  # noqa: PLC0415  flags need no client

    given = Namespace(
        kubeconfig=Path(text) if (text := _value(words, "--kubeconfig")) else None,
        context=_value(words, "--context"),
        namespace=_value(words, "--namespace", "-n"),
    )
    async with open_session(given) as session:
        if kind := NAMES.get(command):
            cluster = "--cluster" in words
            bodies = await session.kube.list(
                f"Cluster{kind}" if cluster else kind, "" if cluster else session.namespace
            )
            return [str(body["metadata"]["name"]) for body in bodies]
        if command == "status":
            return []
        lists = await asyncio.gather(
            *(
                session.kube.list(kind, "" if kind == "Node" else session.namespace)
                for kind in TARGETS.values()
            ),
            return_exceptions=True,  # who may not list nodes is still offered the rest
        )
    return [
        f"{short}/{body['metadata']['name']}"
        for short, bodies in zip(TARGETS, lists, strict=True)
        if not isinstance(bodies, BaseException)
        for body in bodies
    ]


def _value(words: Sequence[str], *flags: str) -> str | None:
    """The last, as the command itself takes it; `--flag value`, `--flag=value` and `-fvalue`."""
    given = [value for word, following in pairwise((*words, "")) if (value := _given(word, following, flags))]
    return given[-1] if given else None


def _given(word: str, following: str, flags: Sequence[str]) -> str:
    if word in flags:
        return following
    flag, equals, value = word.partition("=")
    if equals and flag in flags:
        return value
    short = next((each for each in flags if len(each) == len("-n") and word.startswith(each)), None)
    return word.removeprefix(short) if short else ""
