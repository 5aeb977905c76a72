"""The environment: B incidents, one decision for each in a step, a new incident where one has ended."""

from dataclasses import dataclass
from typing import Any, Final

import torch

from planaria_contract import Action
from planaria_policy.simulator.causes import CauseTable, shipped
from planaria_policy.simulator.effects import HARMFUL, Chosen, Effects, effects, wait_seconds
from planaria_policy.simulator.generate import Generator, Sizes
from planaria_policy.simulator.health import loss_between, loss_now, standing, unhealth
from planaria_policy.simulator.noise import Noise, read_noise
from planaria_policy.simulator.observe import Sight, observe
from planaria_policy.simulator.reward import costs, reward
from planaria_policy.simulator.times import Times, read_times
from planaria_policy.simulator.world import TARGET, World
from planaria_policy.spaces.choices import SCALES, SCOPES, SIZES

FRESH_LOOK: Final = 0.35
"""How often a second look at the same incident is judged anew; otherwise the evidence says the same as before."""
LONGEST_SECONDS: Final = 3600.0
MOST_STEPS: Final = 24
"""Where an incident is cut off though it has not ended: truncated, not terminated."""


@dataclass(frozen=True)
class Step:
    """What came of one decision in each of B incidents."""

    reward: torch.Tensor
    """[B] minutes of full outage, negative."""
    terminated: torch.Tensor
    """[B] the incident ended: recovered, or a person has it."""
    truncated: torch.Tensor
    """[B] cut off; its value has to be estimated from `cut_sight`."""
    recovered: torch.Tensor
    harmed: torch.Tensor
    seconds: torch.Tensor
    """[B] that the step lasted."""
    cut: torch.Tensor
    """Indexes of the truncated rows."""
    cut_sight: Sight
    """What was seen of those at the end of the step, before they were replaced."""


class Environment:
    """Deterministic from its seed. `autoreset=False` leaves ended incidents as they are, for playing scenarios."""

    def __init__(
        self,
        size: int,
        seed: int,
        *,
        table: CauseTable | None = None,
        noise: Noise | None = None,
        sizes: Sizes | None = None,
        times: Times | None = None,
        autoreset: bool = True,
    ) -> None:
        self.table = table or shipped()
        device = str(self.table.weight.device)
        self.noise = noise or read_noise(device=device)
        self.times = times or read_times()
        self.draws = torch.Generator(device=device).manual_seed(seed)
        self.generator = Generator(self.table, sizes or Sizes(), self.times.notice, self.draws)
        self.autoreset = autoreset
        self._works = torch.tensor(self.times.row(), device=device)
        self._costs = costs(device)
        self._pool, self._taken = self._begin(size), 0
        self.world = self._begin(size)

    def set(self, world: World) -> None:
        """Play this world instead, from its beginning."""
        self.world = world
        self._look(world, first=True)

    def observe(self) -> Sight:
        return observe(self.world)

    def step(self, rows: torch.Tensor) -> Step:
        """`rows` [B, 1 + heads] must be legal; `spaces/choices.py` says what they mean."""
        world, chosen = self.world, Chosen(rows)
        done = effects(world, self.table, chosen, self._works, self.draws)
        escalates = chosen.does(Action.ESCALATE)
        lost, seconds = self._pass_time(chosen, done, escalates)
        self._remember(chosen)
        recovered = ~standing(world).any(1) & ~escalates
        harmed = done.breaks > HARMFUL
        terminated = recovered | escalates
        truncated = ((world.clock >= LONGEST_SECONDS) | (world.steps >= MOST_STEPS)) & ~terminated
        self._look(world)
        cut = truncated.nonzero()[:, 0]
        cut_sight = observe(world.pick(cut))
        if self.autoreset:
            self._renew((terminated | truncated).nonzero()[:, 0])
        return Step(
            reward=reward(lost, self._costs[chosen.category], done.disturbs, harmed),
            terminated=terminated,
            truncated=truncated,
            recovered=recovered,
            harmed=harmed,
            seconds=seconds,
            cut=cut,
            cut_sight=cut_sight,
        )

    def state(self) -> dict[str, Any]:
        """Tensors and plain values, from which `restore` makes the same course of events."""
        return {
            "draws": self.draws.get_state(),
            "taken": self._taken,
            "world": self.world.tensors(),
            "pool": self._pool.tensors(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.draws.set_state(state["draws"])
        self._taken = state["taken"]
        self.world, self._pool = self._here(state["world"]), self._here(state["pool"])

    def _here(self, tensors: dict[str, torch.Tensor]) -> World:
        """A checkpoint is read to the CPU, whatever device plays."""
        return World(**{name: tensor.to(self._works.device) for name, tensor in tensors.items()})

    # --- time

    def _pass_time(
        self, chosen: Chosen, done: Effects, escalates: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Move the clock on to the next decision; (users' seconds that were lost, seconds that passed), both [B]."""
        world, table = self.world, self.table
        start = world.clock.clone()
        works_at = start + done.takes
        lost = unhealth(world, loss_between(world, table, start, works_at)) * (works_at - start)
        world.cured |= done.cures
        again = works_at[:, None] + world.heals_at - world.onset
        world.heals_at = torch.where(done.restarts, again, world.heals_at)
        world.onset = torch.where(done.restarts, works_at[:, None], world.onset)
        silent = done.quiet > 0
        world.quiet_until = torch.where(silent, works_at[:, None] + done.quiet, world.quiet_until)
        world.clock = works_at
        end = self._next_decision(chosen, done, escalates, works_at)
        loss = loss_between(world, table, works_at, end)
        loss[:, TARGET] = 1 - (1 - loss[:, TARGET]) * (1 - done.breaks)
        lost += unhealth(world, loss) * (end - works_at)
        world.clock = end
        return lost, end - start

    def _next_decision(
        self, chosen: Chosen, done: Effects, escalates: torch.Tensor, now: torch.Tensor
    ) -> torch.Tensor:
        """[B] when the operator asks again: it got well, the wait is over, the action did not help, or it came back."""
        world, times = self.world, self.times
        there = ~world.cured & (world.onset <= now[:, None])
        well_at = torch.where(there, world.heals_at, now[:, None]).amax(1)
        waits = chosen.does(Action.NONE)
        until = torch.where(waits, wait_seconds(chosen), times.verify)
        until = torch.where(escalates, times.person, until)
        relapse = torch.where(there, world.quiet_until, 0.0).amax(1)
        limit = torch.maximum(now + until, relapse)
        well = torch.maximum(well_at, now)
        broken = done.breaks > HARMFUL  # what an action broke is only mended by undoing it
        return torch.where(broken, limit, torch.minimum(limit, well))

    # --- what is remembered and read

    def _remember(self, chosen: Chosen) -> None:
        world = self.world
        rows = torch.arange(world.size, device=world.clock.device)
        world.steps += 1
        world.tried[rows, chosen.category] += 1
        acts = ~(chosen.does(Action.NONE) | chosen.does(Action.ESCALATE))
        world.last = torch.where(acts, chosen.category, world.last)
        world.attempts_left = world.attempts_left - acts.long()
        begin = 0
        for action, head, count in (
            (Action.RESTART, "scope", len(SCOPES)),
            (Action.SCALE, "scale", len(SCALES)),
            (Action.RESIZE, "size", len(SIZES)),
        ):
            world.done[rows, begin + chosen.head(head)] |= chosen.does(action)
            begin += count
        by_rollout = chosen.does(Action.RESTART) & (chosen.head("scope") == SCOPES.index("workload"))
        changed = by_rollout | chosen.does(Action.RESIZE) | chosen.does(Action.ROLLBACK)
        world.healed = world.healed | changed

    def _look(self, world: World, *, first: bool = False) -> None:
        """Read the evidence. The class is drawn from the measured confusion of the cause that hurts most."""
        hurts = world.impact * standing(world) * (world.hit > 0)
        worst = hurts.argmax(1, keepdim=True)
        truth = self.table.fault[world.cause.gather(1, worst)[:, 0].clamp(min=0)]
        reading = self.noise.draw(truth, self.draws)
        fresh = torch.rand(world.size, generator=self.draws, device=truth.device) < FRESH_LOOK
        fresh = fresh | first
        world.read = torch.where(fresh, reading.fault, world.read)
        world.second = torch.where(fresh, reading.secondary, world.second)
        world.confidence = torch.where(fresh, reading.confidence, world.confidence)
        world.novelty = torch.where(fresh, reading.novelty, world.novelty)
        lost = loss_now(world, self.table)[:, TARGET]
        about = torch.randint(-1, 2, lost.shape, generator=self.draws, device=lost.device)
        world.severity = ((lost * 3).ceil() + about).clamp(0, 3)

    # --- new incidents

    def _begin(self, size: int) -> World:
        world = self.generator.draw(size)
        self._look(world, first=True)
        return world

    def _renew(self, rows: torch.Tensor) -> None:
        """Replace ended incidents by fresh ones, which are drawn many at a time."""
        while rows.numel():
            if self._taken == self._pool.size:
                self._pool, self._taken = self._begin(self._pool.size), 0
            now = rows[: self._pool.size - self._taken]
            self.world.replace(now, self._pool, slice(self._taken, self._taken + now.numel()))
            self._taken += now.numel()
            rows = rows[now.numel() :]
