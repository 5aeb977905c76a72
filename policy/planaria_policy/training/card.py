"""The model card and training report of a policy, as Markdown: everything in it is read from files, nothing is written by hand.

The order is that of Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import yaml

from planaria_policy.serving.file import PolicyFile
from planaria_policy.simulator.causes import Cause
from planaria_policy.training.curves import PANELS, Curve

HEAD: Final = """\
# Model card of {id} `{version}`

Written by `planaria policy report`; do not edit. [policy.md](policy.md) explains how it works.

"""
MEANT: Final = """\
## What it is meant for

To propose one action for one incident of a Kubernetes workload, out of those that the HealingPolicy allows, as `decide.mode: policy` or beside
the rules as `shadow`. Its answer goes through the same guards, the same dry run and the same verification as a rule's.

**Not** for: acting without these guards; clusters whose faults are read by something other than the shipped encoder, before its
confusion was measured and the policy trained anew; judging how likely an action is to help: its probabilities are preferences.

"""
LIMITS: Final = """\
## Limits

- What it knows of faults and cures stands in `simulator/causes.yaml`; a fault that behaves like none of them is judged by what it resembles.
- Return and score are the simulator's; a few minutes on a real cluster stand in [policy.md](policy.md).
- It does not learn by itself from the incidents of the cluster that it serves.
"""


def card(
    file: PolicyFile,
    causes: Sequence[Cause],
    curves: Mapping[str, Curve],
    image: str,
    bench: Mapping[str, Any],
) -> str:
    """`image`: where the curves are, as seen from the card. `bench`: what `python -m bench policy --json` wrote."""
    manifest = file.manifest
    parts = [
        HEAD.format(id=manifest.id, version=manifest.version),
        _what(file),
        MEANT,
        _faults(causes, _config(file).get("invented", 0.0)),
        _learned(curves, image),
        _measured(bench),
        LIMITS,
    ]
    return "".join(parts)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The first column is text, the others are figures."""
    line = ["---", *["---:"] * (len(headings) - 1)]
    whole = [headings, line, *rows]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in whole) + "\n"


def _config(file: PolicyFile) -> Mapping[str, Any]:
    return yaml.safe_load(file.manifest.about.get("config", "")) or {}


def _what(file: PolicyFile) -> str:
    manifest, config = file.manifest, _config(file)
    rows = [
        ("checksum (SHA-256)", f"`{manifest.checksum}`"),
        ("size of the network", f"{len(file.network) / 1024:.0f} KiB, ONNX"),
        ("sees", f"{len(manifest.sights)} facts of the incident, {len(manifest.node_sights)} of each node"),
        ("chooses", f"{', '.join(manifest.categories)}; then {', '.join(manifest.heads)}"),
        *(
            (name, config[name])
            for name in ("seed", "steps", "incidents", "invented", "rate", "width", "latent")
            if name in config
        ),
    ]
    return "## What it is\n\n" + table(("", ""), rows).replace("---:", "---")


def _faults(causes: Sequence[Cause], invented: float) -> str:
    by_fault: dict[str, list[str]] = {}
    for cause in causes:
        by_fault.setdefault(cause.fault.value, []).append(cause.name)
    rows = [(fault, ", ".join(names)) for fault, names in by_fault.items()]
    intro = "Simulated incidents with these hidden causes"
    if invented:
        intro += f"; in {invented:.0%} of them with the looks of one and the nature of another, put together at random"
    named = table(("fault", "causes"), rows).replace("---:", "---")
    return f"## What it was trained on\n\n{intro}:\n\n{named}"


def _learned(curves: Mapping[str, Curve], image: str) -> str:
    rows = [(title, f"{curves[name].end:.4g}") for name, title in PANELS.items() if name in curves]
    return (
        f"## How it learned\n\n![training curves]({image})\n\nIn the last twentieth of the run:\n\n"
        + table(("", "mean"), rows)
    )


def _measured(bench: Mapping[str, Any]) -> str:
    told = {
        "families": "on fresh incidents with the causes of training",
        "ablations": "with a part taken away",
    }
    parts = [_players(bench[name], title) for name, title in told.items() if name in bench]
    parts += [_players(part, name) for name, part in bench.get("unseen", {}).items()]
    if "families" in bench:
        parts.insert(1, _by_fault(bench["families"]["by_fault"]))
    if "forgetting" in bench:
        parts.append(_forgetting(bench["forgetting"]))
    if bench.get("goals"):
        parts.append(_goals(bench["goals"]))
    intro = "## What was measured\n\n`python -m bench policy --json`"
    if "time" in bench:
        intro += f", {bench['time'][:10]}, {bench['machine']['cores']} cores"
    return (
        intro + ". The score is the share of what the oracle gains over doing nothing.\n\n" + "".join(parts)
    )


def _players(part: Mapping[str, Any], title: str) -> str:
    rows = [
        (
            name,
            f"{row['score'][0]:.3f} ± {row['score'][1]:.3f}",
            f"{row['return']:.2f}",
            f"{row['recovered']:.1%}",
            f"{row['harmed']:.3%}",
            f"{row['seconds']:.0f}",
        )
        for name, row in part["players"].items()
    ]
    return f"### {title[0].upper()}{title[1:]}\n\n" + table(
        ("player", "score", "return (min)", "recovered", "harmed", "seconds"), rows
    )


def _by_fault(by_fault: Mapping[str, Mapping[str, float]]) -> str:
    names = list(next(iter(by_fault.values())))
    rows = [(fault, *(f"{row[name]:.2f}" for name in names)) for fault, row in by_fault.items()]
    return "Return by fault, in minutes:\n\n" + table(("fault", *names), rows)


def _forgetting(found: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    def mean(kept: Sequence[Mapping[str, float]], name: str) -> float:
        return sum(each[name] for each in kept) / len(kept)

    rows = [
        (
            name,
            *(f"{mean(kept, key):.3f}" for key in ("before", "after")),
            f"{mean(kept, 'lost'):.1%}",
            f"{mean(kept, 'second'):.3f}",
        )
        for name, kept in found.items()
    ]
    return "### Families learned one after the other\n\n" + table(
        ("", "first half, just learned", "first half, at the end", "lost", "second half"), rows
    )


def _goals(goals: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (goal["name"], goal["measured"], goal["wanted"], "yes" if goal["met"] else "**no**") for goal in goals
    ]
    return "### Goals\n\n" + table(("goal", "measured", "wanted", "met"), rows)
