"""`planaria AREA COMMAND`: a table of commands. Nothing is imported before it is needed: --help must not load a model."""

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple


class Command(NamedTuple):
    place: str
    """module:function, called with the remaining arguments; returns the exit status."""
    extra: str
    """What has to be installed for it."""
    does: str


COMMANDS: Final = {
    ("semantics", "classify"): Command(
        "planaria_semantics.classify:main", "semantics", "name the fault that log lines or events speak of"
    ),
    ("semantics", "train"): Command(
        "planaria_policy.semantics.cli:train", "train", "make the encoder's model from the corpus"
    ),
    ("semantics", "evaluate"): Command(
        "planaria_policy.semantics.cli:evaluate_command", "train", "measure a model on systems it never saw"
    ),
    ("policy", "train"): Command(
        "planaria_policy.training.cli:train", "train", "train the policy in the simulator"
    ),
    ("policy", "watch"): Command(
        "planaria_policy.simulator.watch:watch", "train", "watch one simulated incident, step by step"
    ),
    ("policy", "calibrate"): Command(
        "planaria_policy.simulator.calibrate:calibrate",
        "train",
        "fit the simulator's times to a real cluster",
    ),
    ("policy", "export"): Command(
        "planaria_policy.network.cli:export", "train", "write a trained network as a file that can be served"
    ),
    ("policy", "report"): Command(
        "planaria_policy.training.report:report", "train", "write a policy's model card and training report"
    ),
    ("policy", "evaluate"): Command(
        "planaria_policy.evaluation.cli:evaluate_command",
        "policy",
        "tell from recorded incidents what a policy would have returned",
    ),
    ("policy", "serve"): Command(
        "planaria_policy.serving.cli:serve", "policy", "answer the operator's questions over HTTP"
    ),
    ("policy", "rollback"): Command(
        "planaria_policy.serving.cli:rollback", "policy", "serve the policy before this one again"
    ),
    ("memory", "stats"): Command("planaria_policy.memory.cli:stats", "policy", "what the memory holds"),
    ("memory", "export"): Command(
        "planaria_policy.memory.cli:export", "policy", "write remembered incidents as JSON lines"
    ),
    ("memory", "prune"): Command(
        "planaria_policy.memory.cli:prune", "policy", "keep only the most valuable incidents"
    ),
}
MISUSED: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in {"-h", "--help"}:
        sys.stdout.write(usage())
        return 0
    command = COMMANDS.get((given[0], given[1])) if len(given) > 1 else None
    if command is None:
        asked = " ".join(given[:2])
        helped = (
            len(given) > 1 and given[1] in {"-h", "--help"} and any(area == given[0] for area, _ in COMMANDS)
        )
        (sys.stdout if helped else sys.stderr).write(
            usage() if helped else f"planaria: no command {asked!r}\n\n{usage()}"
        )
        return 0 if helped else MISUSED
    return _run(command, given[2:])


def usage() -> str:
    width = max(len(" ".join(name)) for name in COMMANDS)
    rows = (f"  planaria {' '.join(name):<{width}}  {command.does}" for name, command in COMMANDS.items())
    return "\n".join(
        [
            "usage: planaria AREA COMMAND [OPTION...]",
            "",
            *rows,
            "",
            "planaria AREA COMMAND --help tells the rest.",
            "",
        ]
    )


def _run(command: Command, arguments: list[str]) -> int:
    module, _, function = command.place.partition(":")
    try:
        found: Callable[[list[str]], int] = getattr(importlib.import_module(module), function)
        return found(arguments)
    except ModuleNotFoundError as error:  # at the import, or of what a command loads only once it needs it
        sys.stderr.write(
            f"planaria: this command needs {error.name}, which is not installed here, and not in every image; "
            f"from a checkout: pip install '.[{command.extra}]'\n"
        )
        return MISUSED
