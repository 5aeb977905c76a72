"""`planaria policy train`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from torch.utils.tensorboard import SummaryWriter

from planaria_policy.errors import PolicyError
from planaria_policy.memory import Memory
from planaria_policy.replace import unwritable
from planaria_policy.training.config import Config
from planaria_policy.training.live import Display
from planaria_policy.training.run import CONFIG, Run
from planaria_policy.training.source import Source
from planaria_policy.training.trainer import Trainer

EXAMPLE = """\
examples:
  planaria policy train                                   the shipped policy, as `make policy` makes it
  planaria policy train --output runs/try --steps 2000000 --seed 3
  planaria policy train --output runs/try                 goes on where that run was ended
"""
SAVE_EVERY = 20


def train(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="planaria policy train",
        description="Train the policy in the simulator. A run that was ended goes on where it was.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="YAML; default: the shipped configuration"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs/policy"), metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="instead of the configuration's")
    parser.add_argument(
        "--steps", type=_positive, metavar="N", help="decisions in all, instead of the configuration's"
    )
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, or auto (default): cuda where there is one"
    )
    parser.add_argument("--ray", metavar="ADDRESS", help="play on this Ray cluster; `local` starts one here")
    parser.add_argument(
        "--memory", metavar="URL", help="trajectory memory; default: memory.db in the output folder"
    )
    parser.add_argument(
        "--workers", type=_positive, default=2, metavar="N", help="with --ray: collectors (default 2)"
    )
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        return _train(options, console)
    except PolicyError as error:
        return _told(console, error)
    except OSError as error:  # of TensorBoard, which writes in a thread of its own
        return _told(console, unwritable(Path(error.filename or options.output / "logs"), error))
    except KeyboardInterrupt:
        console.print(f"stopped; the same command goes on from the last checkpoint in {options.output}")
        return 130


def _told(console: Console, error: PolicyError) -> int:
    console.print(f"error: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
    return 2


def _train(options: argparse.Namespace, console: Console) -> int:
    run = Run(options.output)
    config = _config(options, run)
    run.begin(config)
    device = options.device if options.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    memory = Memory.open(options.memory or options.output / "memory.db") if config.memory else None
    trainer = Trainer(config, device, _source(options, config), memory)
    if run.started:
        run.restore(trainer)
        console.print(f"going on after round {trainer.round} of {trainer.rounds}")
    logs = SummaryWriter(str(options.output / "logs"))
    with Display(console, trainer.rounds) as display:
        for done in trainer.run():
            display.show(done)
            for name, value in done.figures.items():
                logs.add_scalar(name, value, done.steps)
            if done.number % SAVE_EVERY == 1:
                run.save(trainer)
    run.save(trainer)
    logs.close()
    console.print(f"{trainer.steps:,} decisions; the network is in {run.folder}")
    return 0


def _config(options: argparse.Namespace, run: Run) -> Config:
    told = {name: getattr(options, name) for name in ("seed", "steps") if getattr(options, name) is not None}
    if options.config:
        return Config.read(options.config).model_copy(update=told)
    if (run.folder / CONFIG).exists() and not told:
        return Config.read(run.folder / CONFIG)
    return Config(**told)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _source(options: argparse.Namespace, config: Config) -> Source | None:
    if not options.ray:
        return None
    from planaria_policy.training.ray_source import RaySource  # noqa: PLC0415  Ray takes seconds to import

    return RaySource(config, options.ray, options.workers)
