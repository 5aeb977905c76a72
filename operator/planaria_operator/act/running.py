"""A command in a pod: the mark that is set before it, and what is said after it. Pure.

A command is the one call that the API server cannot make safe to send twice. So the pod is marked first, by an annotation
that names the attempt, and only then is the command begun. Whoever finds the mark does not know whether the command ran,
and does not begin it: at most once, and whether it helped is seen by verification.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from planaria_operator.act.naming import names
from planaria_operator.api.plan import ObjectReference, Operation
from planaria_operator.kube.errors import Permanent
from planaria_operator.kube.interface import ExecResult, JsonBody

RELOADED_BY: Final = "planaria.dev/reloaded-by"
"""On a pod: the attempt that was about to run the declared command in it, by its name (see `naming.py`)."""

EXEC_SECONDS: Final = 30.0
"""For the command to end. One that takes longer may still be running, which counts as failed."""

OUTPUT_BYTES: Final = 4096
"""Of what it prints, as much as is kept until it was redacted."""

TOLD_CHARACTERS: Final = 300
"""Of that, as much as the record tells."""


class CommandFailed(Permanent):
    """It ran, and ended with another exit code than 0."""


def words_of(operation: Operation) -> tuple[str, tuple[str, ...]]:
    """(container, command) of an Exec."""
    body = json.loads(operation.body)
    return str(body["container"]), tuple(body["command"])


def marking(pod: Mapping[str, Any], token: str) -> JsonBody | None:
    """The merge patch that marks the pod; None where this attempt has marked it already."""
    present = (pod["metadata"].get("annotations") or {}).get(RELOADED_BY)
    if names(present, token):
        return None
    return {"metadata": {"annotations": {RELOADED_BY: token}}}


def ended(about: ObjectReference, result: ExecResult) -> str:
    """With what it printed, as it came. Raises CommandFailed."""
    said = f"exit code {result.exit_code}{_quoted(result.output)}"
    if result.exit_code:
        raise CommandFailed(f"the declared command failed in {about}: {said}")
    return f"ran the declared command in {about}: {said}"


def begun_before(about: ObjectReference) -> str:
    return (
        f"{about} was marked by this attempt before: the declared command may have run, and is not run again"
    )


def _quoted(output: str) -> str:
    """Its lines stay lines until they were redacted: a key is recognised by where it begins and ends."""
    lines = ("".join(char if char.isprintable() else " " for char in line) for line in output.splitlines())
    text = "\n".join(line for line in lines if line.strip())
    return f", it printed: {text}" if text else ", it printed nothing"
