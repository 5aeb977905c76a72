"""`planaria policy watch`: one simulated incident on the terminal, decision by decision."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from rich.console import Console
from rich.table import Table

from planaria_contract import Fault
from planaria_policy.errors import PolicyError
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator import players
from planaria_policy.simulator.causes import shipped
from planaria_policy.simulator.environment import Environment, Step
from planaria_policy.simulator.health import loss_now
from planaria_policy.simulator.masks import affected_on
from planaria_policy.simulator.observe import Sight
from planaria_policy.simulator.render import render
from planaria_policy.simulator.scene import Scene
from planaria_policy.simulator.world import TARGET
from planaria_policy.spaces.choices import CATEGORIES
from planaria_policy.spaces.decode import decode
from planaria_policy.spaces.sights import FAULTS
from planaria_policy.training.play import by_network
from planaria_policy.training.run import load_network

EXAMPLE: Final = """\
examples:
  planaria policy watch --cause leak-in-one-replica --player rules
  planaria policy watch --cause any --network runs/policy/network.safetensors --seed 3
  planaria policy watch --scene incident.yaml
"""
PLAYERS: Final = {
    "rules": players.rules,
    "oracle": players.oracle,
    "restart-always": players.restart_always,
    "do-nothing": players.do_nothing,
}


def watch(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="planaria policy watch",
        description="Watch one simulated incident: what is really wrong, what is seen, what is done, what comes of it.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--cause", default="any", metavar="NAME", help="of causes.yaml; default: any")
    what.add_argument("--scene", type=Path, metavar="FILE", help="an incident written by hand, as YAML")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--player", choices=PLAYERS, default="rules", help="who decides (default: %(default)s)")
    who.add_argument("--network", type=Path, metavar="FILE", help="a trained network decides")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: %(default)s")
    options = parser.parse_args(arguments)
    console = Console()
    try:
        network = load_network(options.network) if options.network else None
        _play(console, _scene(options).environment(), network, PLAYERS[options.player])
    except PolicyError as error:
        Console(stderr=True).print(f"error: {error}", style="red", highlight=False, markup=False)
        return 2
    return 0


def _scene(options: argparse.Namespace) -> Scene:
    if options.scene:
        return Scene.read(options.scene)
    names = shipped().names
    draws = torch.Generator().manual_seed(options.seed)
    anyone = names[int(torch.randint(len(names), (1,), generator=draws))]
    return Scene(cause=anyone if options.cause == "any" else options.cause, seed=options.seed)


def _play(
    console: Console, environment: Environment, network: PolicyNetwork | None, player: players.Player
) -> None:
    world = environment.world
    hidden = [environment.table.names[at] for at in world.cause[0].tolist() if at >= 0]
    console.print(f"hidden cause: [bold]{' and '.join(hidden)}[/]", highlight=False)
    decides = by_network(network) if network else player
    total, ended = 0.0, False
    while not ended:
        sight = environment.observe()
        rows = decides(environment, sight)
        _show_sight(console, environment)
        _show_decision(console, environment, sight, rows, network)
        step = environment.step(rows)
        total += float(step.reward[0])
        ended = bool(step.terminated[0] | step.truncated[0])
        _show_step(console, step)
    how = (
        "recovered"
        if bool(step.recovered[0])
        else "handed to a person"
        if bool(step.terminated[0])
        else "cut off"
    )
    console.print(
        f"[bold]{how}[/] after {float(world.clock[0]):.0f} s, return {total:.2f} minutes", highlight=False
    )


def _show_sight(console: Console, environment: Environment) -> None:
    world = environment.world
    second = int(world.second[0])
    also = f", or {FAULTS[second].value}" if second >= 0 else ""
    read: Fault = FAULTS[int(world.read[0])]
    lost = float(loss_now(world, environment.table)[0, TARGET])
    console.print(
        f"\n[bold]{float(world.clock[0]):5.0f} s[/]  {int(affected_on(world).sum())} of {int(world.total[0])} pods hit, "
        f"{lost:.0%} of the work lost; read as {read.value} ({float(world.confidence[0]):.0%} sure{also})",
        highlight=False,
    )


def _show_decision(
    console: Console,
    environment: Environment,
    sight: Sight,
    rows: torch.Tensor,
    network: PolicyNetwork | None,
) -> None:
    parameters, target = decode(rows[0].numpy(), render(environment.world))
    told = parameters.model_dump(mode="json", exclude={"category", "pods", "reason"}, exclude_none=True)
    console.print(f"         -> [bold]{parameters.category.value}[/] {target} {told}", highlight=False)
    if network:
        console.print(_probabilities(network, sight))


@torch.no_grad()
def _probabilities(network: PolicyNetwork, sight: Sight) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 9))
    latent, _, _ = network.encode(sight.facts, sight.nodes)
    logits = torch.where(sight.legal["category"], network.category(latent.mean), -1e9)
    for category, share in zip(CATEGORIES, logits.softmax(-1)[0].tolist(), strict=True):
        if share >= 0.01:
            table.add_row(category.value, f"{share:.0%}", "#" * round(share * 30))
    return table


def _show_step(console: Console, step: Step) -> None:
    harm = "; [red]it made something worse[/]" if bool(step.harmed[0]) else ""
    console.print(
        f"         {float(step.seconds[0]):.0f} s later: {float(step.reward[0]):.2f} minutes{harm}",
        highlight=False,
    )
