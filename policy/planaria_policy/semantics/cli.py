"""`planaria semantics train` and `planaria semantics evaluate`."""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from planaria_policy.semantics import report
from planaria_policy.semantics.baselines import frozen_encoder, rules, tfidf
from planaria_policy.semantics.corpus import CorpusError, load
from planaria_policy.semantics.evaluate import Evaluation, by_system, evaluate, judged, noise_model
from planaria_policy.semantics.make import make
from planaria_policy.semantics.plots import draw_confusion, draw_reliability, draw_systems
from planaria_policy.semantics.progress import Told
from planaria_policy.semantics.recipe import Recipe
from planaria_policy.semantics.split import split
from planaria_policy.semantics.windows import Case, cases
from planaria_semantics.encoder import EncoderReader
from planaria_semantics.encoder.bundle import SHIPPED, Bundle, BundleError

SEED = 23
RUNS = Path("runs/semantics")
NOISE = Path(__file__).parent / "measured" / "confusion.json"

TRAIN_EXAMPLE = """\
example, the shipped model as `make semantics` makes it (two hours on two cores):
  planaria semantics train --output semantics/planaria_semantics/encoder/model/encoder.zip
"""
EVALUATE_EXAMPLE = """\
example, the table of docs/semantics.md with its plots:
  planaria semantics evaluate --baselines --plots docs/images --json results/semantics.json --check
"""


def train(arguments: Sequence[str]) -> int:
    parser = _parser(
        "train", "Fine-tune the embedded encoder on the corpus and write the model file.", TRAIN_EXAMPLE
    )
    parser.add_argument(
        "--output", type=Path, default=SHIPPED, metavar="FILE", help="default: the shipped model's place"
    )
    usual = Recipe()
    parser.add_argument(
        "--from", dest="begun", type=Path, metavar="FILE",
        help="take this model for the mean of the courses, and only read the corpus once more: how it learns lines that "
        "were added (default: begin anew, which takes six times as long)",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=int, metavar="N", help=f"default: {usual.epochs}, with --from {usual.further_epochs}"
    )
    parser.add_argument("--seed", type=int, default=usual.seed, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--runs", type=Path, default=RUNS, metavar="FOLDER",
        help="where finished networks are kept until the model is written, so that the same command goes on after a stop "
        "(default: %(default)s)",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        with Told(console) as progress:
            begun = Bundle.load(options.begun) if options.begun else None
            bundle = make(options.output, _recipe(options), progress, options.runs, begun)
    except (CorpusError, BundleError) as error:
        console.print(f"error: {error}", style="red", soft_wrap=True)
        return 2
    except OSError as error:
        return _no_room(console, error)
    except KeyboardInterrupt:
        console.print(
            f"stopped; the same command goes on after the networks that were finished, from {options.runs}"
        )
        return 130
    size = options.output.stat().st_size / 2**20
    console.print(f"wrote {options.output}: {bundle.manifest.id} {bundle.manifest.version}, {size:.1f} MiB")
    return 0


def _no_room(console: Console, error: OSError) -> int:
    place = error.filename or tempfile.gettempdir()  # by way of which the network is exported
    console.print(f"error: {place}: {error.strerror}; make room there", style="red", soft_wrap=True)
    return 2


def _recipe(options: argparse.Namespace) -> Recipe:
    recipe = Recipe(seed=options.seed)
    if options.epochs is None:
        return recipe
    if options.begun:
        return replace(recipe, further_epochs=options.epochs)
    return replace(recipe, epochs=options.epochs)


def evaluate_command(arguments: Sequence[str]) -> int:
    parser = _parser(
        "evaluate", "Measure a model on source systems that training never saw.", EVALUATE_EXAMPLE
    )
    parser.add_argument(
        "--model", type=Path, default=SHIPPED, metavar="FILE", help="default: the shipped model"
    )
    parser.add_argument(
        "--baselines", action="store_true", help="also TF-IDF, untouched MiniLM and the rules"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers")
    parser.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="draw reliability, confusion and systems"
    )
    parser.add_argument(
        "--noise-model",
        type=Path,
        nargs="?",
        const=NOISE,
        metavar="FILE",
        help="write the confusion that the policy's simulator draws from",
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    options = parser.parse_args(arguments)
    console = Console()
    try:
        with Told(Console(stderr=True)) as progress:
            found, held = _measure(options.model, progress, baselines=options.baselines)
        console.print(report.table(found))
        _write(options, found, held)
    except (CorpusError, BundleError) as error:
        console.print(f"error: {error}", style="red", soft_wrap=True)
        return 2
    except OSError as error:
        return _no_room(console, error)
    lines = report.missed(found[0]) if options.check else []
    for line in lines:
        console.print(line, style="red")
    return 1 if lines else 0


def _measure(model: Path, progress: Progress, *, baselines: bool) -> tuple[list[Evaluation], list[Case]]:
    parts = split(load())
    held = cases(parts.test, SEED, progress)
    found = [evaluate("encoder", EncoderReader.load(model), held, progress)]
    if baselines:
        found += [
            judged("TF-IDF + linear", tfidf(parts.train, held, progress), held),
            judged("MiniLM + linear", frozen_encoder(parts.train, held, progress), held),
            judged("rules", rules(held), held),
        ]
    return found, held


def _write(options: argparse.Namespace, found: list[Evaluation], held: list[Case]) -> None:
    systems = by_system(found[0], held)
    if options.json:
        _write_json(options.json, report.numbers(found, systems))
    if options.noise_model:
        _write_json(options.noise_model, noise_model(found[0]))
    if options.plots:
        draw_reliability(found, options.plots / "semantics-reliability.png")
        draw_confusion(found[0], options.plots / "semantics-confusion.png")
        draw_systems(systems, options.plots / "semantics-systems.png")


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _parser(name: str, description: str, example: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"planaria semantics {name}", description=description, epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
