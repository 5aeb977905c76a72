"""Draws worlds: clusters with a service graph, a target, and what is wrong with it."""

from dataclasses import dataclass, replace
from typing import Final

import torch

from planaria_contract import Action, SymptomKind
from planaria_policy.simulator.causes import NODE_STATES, REACHES, CauseTable
from planaria_policy.simulator.world import NEAR, NO_CAUSE, SLOTS, TARGET, World
from planaria_policy.spaces.choices import CATEGORIES, SCALES, SCOPES, SIZES, WAITS
from planaria_policy.spaces.sights import SYMPTOMS, YOUNG_SECONDS

DAY: Final = 86400.0
MOST_WAITED: Final = 6
TIGHT: Final = 0.22
"""Spare capacity below which a target stands in a cluster that is full: a fifth of them."""
DONE_BITS: Final = len(SCOPES) + len(SCALES) + len(SIZES)
"""Choices that are not made twice in one incident."""

RESTARTS: Final = [
    SYMPTOMS.index(kind)
    for kind in (
        SymptomKind.RESTARTING,
        SymptomKind.CRASH_LOOP,
        SymptomKind.OUT_OF_MEMORY,
        SymptomKind.TERMINATED,
    )
]
"""Symptoms that come with restarts; other pods rarely have any."""

LISTED: Final = {
    Action.RESTART: 0.95,
    Action.MIGRATE: 0.9,
    Action.SCALE: 0.9,
    Action.RESIZE: 0.9,
    Action.ROLLBACK: 0.9,
    Action.ISOLATE: 0.4,
    Action.RELOAD: 0.3,
}
"""How often a policy object allows an action. Escalating is always allowed, waiting for a while."""


@dataclass(frozen=True)
class Sizes:
    """How large the clusters are, and what can be wrong with them."""

    services: int = 6
    nodes: int = 6
    most_pods: int = 8
    causes: tuple[int, ...] | None = None
    """Rows of the cause table that are drawn. Default: all."""
    compound: float = 0.1
    """How often a second cause joins the first."""
    young_by_chance: float = 0.15
    """How often a rollout came shortly before a fault that it did not bring."""
    waited: float = 0.15
    """How often somebody has already waited, up to `MOST_WAITED` times, and it has not passed."""
    odd_usage: float = 0.1
    """How often a usage has nothing to do with the cause."""
    fresh: float = 0.2
    """How often the target itself is new, so that its first revision is young and there is none to return to."""

    def without(self, rows: set[int], table: CauseTable) -> "Sizes":
        """The same, but these causes are held out."""
        return replace(self, causes=tuple(row for row in range(len(table.names)) if row not in rows))


class Generator:
    """Draws B worlds at a time, all from one seed."""

    def __init__(self, table: CauseTable, sizes: Sizes, notice: float, draws: torch.Generator) -> None:
        self.table, self.sizes, self.notice, self.draws = table, sizes, notice, draws
        self.device = table.weight.device
        weight = torch.zeros_like(table.weight)
        rows = list(sizes.causes) if sizes.causes is not None else list(range(len(table.names)))
        weight[rows] = table.weight[rows]
        self._weight = weight
        quiet = ~table.dependency & (table.node == NODE_STATES.index("fine"))
        self._joining = weight * quiet if bool((weight * quiet).sum() > 0) else weight

    def draw(self, size: int, causes: torch.Tensor | None = None, pods: int | None = None) -> World:
        """`causes` [size, F] fixes what is wrong, `pods` how many the target has."""
        cause = self._causes(size) if causes is None else causes
        first, table = cause[:, 0], self.table
        nodes = self._nodes(size)
        lost = table.node[first] == NODE_STATES.index("lost")
        total = self._whole(pods or 1, pods or self.sizes.most_pods, size)
        start = self._whole(0, 10**6, size) % nodes["node_exists"].sum(1)
        pods = _spread(total, start, nodes["node_exists"])
        hits = self._hits(cause, total, start, pods, nodes["node_exists"])
        rollout = self._rollout(first, hits["hit_on"].amax(1).sum(1), total)
        exists = nodes["node_exists"]
        bad = torch.nn.functional.one_hot(start, self.sizes.nodes).bool()
        nodes["node_ready"] = exists & ~(bad & lost[:, None])
        pressed = (table.node[first] == NODE_STATES.index("pressure"))[:, None] & bad
        nodes["node_pressure"] = exists & (pressed | self._often(0.05, size, self.sizes.nodes))
        is_node = lost & self._often(0.95, size)
        world = World(
            **self._graph(size),
            **nodes,
            **hits,
            **rollout,
            **self._incident(size, first),
            pods=pods,
            free=self._whole(0, 6, size, self.sizes.nodes).float() * exists,
            is_node=is_node,
            total=total,
            healed=self._often(0.02, size),
            autoscaled=self._often(0.12, size),
            movable=self._often(0.85, size) | lost,
            limited=self._often(0.85, size) | (table.resource[first] > 0),
            allowed=self._allowed(size),
            broken=table.dependency[first] | self._often(0.02, size),
            at_zero=table.at_zero[first],
            spare=self._between(0.1, 0.7, size),
            cause=cause,
        )
        self._wait(world)
        self._keep_room(world)
        return world

    # --- the parts

    def _causes(self, size: int) -> torch.Tensor:
        first = torch.multinomial(self._weight, size, replacement=True, generator=self.draws)
        second = torch.multinomial(self._joining, size, replacement=True, generator=self.draws)
        joins = self._often(self.sizes.compound, size) & (second != first) & self._sick(first)
        return torch.stack([first, torch.where(joins & self._sick(second), second, NO_CAUSE)], 1)

    def _sick(self, cause: torch.Tensor) -> torch.Tensor:
        return self.table.impact[cause, 1] > 0.2

    def _graph(self, size: int) -> dict[str, torch.Tensor]:
        services = self.sizes.services
        there = torch.arange(services, device=self.device) < self._whole(TARGET + 1, services, size)[:, None]
        weight = self._between(0.1, 0.4, size, services) * there
        weight[:, TARGET] = 1.0
        coupled = self._between(0.3, 1.0, size, services, services) * self._often(
            0.5, size, services, services
        )
        coupled[:, TARGET, NEAR] = self._between(0.85, 1.0, size)
        coupling = torch.tril(coupled, -1) * there[:, :, None] * there[:, None, :]
        blip = self._often(0.08, size, services) * self._between(0.0, 0.4, size, services)
        blip[:, : TARGET + 1] = 0.0
        return {
            "weight": weight,
            "coupling": coupling,
            "blip": blip * there,
            "blip_ends": self._between(20, 200, size),
            "traffic_phase": self._between(0, DAY, size),
        }

    def _nodes(self, size: int) -> dict[str, torch.Tensor]:
        count = self._whole(2, self.sizes.nodes, size)
        exists = torch.arange(self.sizes.nodes, device=self.device) < count[:, None]
        return {"node_exists": exists, "node_open": exists & ~self._often(0.06, size, self.sizes.nodes)}

    def _hits(
        self,
        cause: torch.Tensor,
        total: torch.Tensor,
        start: torch.Tensor,
        pods: torch.Tensor,
        exists: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """How many pods each cause hits, where, how hard, from when to when."""
        table, size = self.table, cause.shape[0]
        known = cause.clamp(min=0)
        reach = table.reach[known]
        here = pods.gather(1, start[:, None]).expand(-1, SLOTS)
        whole = total[:, None].expand(-1, SLOTS)
        part = (whole * self._between(0.25, 0.7, size, SLOTS)).ceil().long()
        fresh = torch.where(self._often(0.4, size, SLOTS), whole, (whole * 0.25).ceil().long())
        hit = torch.ones_like(whole)
        for name, count in (("some", part), ("all", whole), ("new", fresh), ("node", here)):
            hit = torch.where(reach == REACHES.index(name), count, hit)
        hit = torch.minimum(hit, whole) * (cause != NO_CAUSE)
        at_start = torch.nn.functional.one_hot(start, self.sizes.nodes)
        on = torch.stack([_spread(hit[:, slot], start, exists) for slot in range(SLOTS)], 1)
        one_node = (reach == REACHES.index("node"))[:, :, None]
        onset = torch.zeros(size, SLOTS, device=self.device)
        onset[:, 1] = self._between(-30, 200, size)
        heals = -torch.log1p(-self._even(size, SLOTS)) * table.heals[known]
        return {
            "hit": hit,
            "hit_on": torch.where(one_node, at_start[:, None] * hit[:, :, None], on),
            "fault_node": start[:, None].expand(-1, SLOTS).clone(),
            "impact": self._within(table.impact[known]) * (cause != NO_CAUSE),
            "onset": onset - table.grows[known],
            "heals_at": (onset + heals).nan_to_num(nan=float("inf")),
            "need": self._within(table.need[known]),
            "cured": cause == NO_CAUSE,
            "quiet_until": torch.zeros(size, SLOTS, device=self.device),
        }

    def _rollout(
        self, first: torch.Tensor, hit: torch.Tensor, total: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        size, table = first.shape[0], self.table
        guilty = table.young[first]
        chance = self._often(self.sizes.young_by_chance, size) & ~guilty
        age = torch.exp(self._between(8.2, 15.5, size))
        young = self._between(5, YOUNG_SECONDS * 0.8, size)
        fresh = self._often(self.sizes.fresh, size) & ~guilty
        rolling = torch.where(guilty, hit < total, chance & ~fresh & self._often(0.3, size))
        lone = (table.reach[first] == REACHES.index("one")) & (hit < total) & self._often(0.3, size)
        return {
            "revision_age": torch.where(guilty | chance | fresh, young, age),
            "previous": guilty | (~fresh & self._often(0.85, size)),
            "rolling": rolling,
            "old_fine": rolling & (guilty | lone),
            "old_affected": rolling & ~guilty & ~lone,
        }

    def _allowed(self, size: int) -> torch.Tensor:
        chance = torch.tensor([LISTED.get(category, 1.0) for category in CATEGORIES], device=self.device)
        return self._even(size, len(CATEGORIES)) < chance

    def _incident(self, size: int, first: torch.Tensor) -> dict[str, torch.Tensor]:
        table, device = self.table, self.device
        symptoms = self._even(size, table.symptoms.shape[1]) < table.symptoms[first]
        symptoms[:, 0] |= ~symptoms.any(1)  # an incident has at least one: NotReady
        none = torch.zeros(size, device=device)
        return {
            "memory": self._usage(table.memory[first]),
            "siblings": self._usage(table.siblings[first]),
            "cpu": self._usage(table.cpu[first]),
            "measured": self._often(0.85, size),
            "symptoms": symptoms.float(),
            "restarts": self._whole(1, 6, size) * (symptoms[:, RESTARTS].any(1) | self._often(0.15, size)),
            "flap": self._even(size) * self._often(0.3, size),
            "clock": none + self.notice * self._between(0.5, 1.8, size),
            "steps": torch.zeros(size, dtype=torch.long, device=device),
            "attempts_left": torch.where(self._often(0.7, size), 3, self._whole(1, 5, size)),
            "tried": torch.zeros(size, len(CATEGORIES), device=device),
            "last": torch.full((size,), -1, dtype=torch.long, device=device),
            "done": torch.zeros(size, DONE_BITS, dtype=torch.bool, device=device),
            "read": torch.zeros(size, dtype=torch.long, device=device),
            "second": torch.full((size,), -1, dtype=torch.long, device=device),
            "confidence": none.clone(),
            "novelty": none.clone(),
            "severity": none.clone(),
        }

    def _wait(self, world: World) -> None:
        """What is waited for and passes is gone, so only what stays is there to be waited for once more."""
        waits = self._whole(1, MOST_WAITED, world.size) * self._often(self.sizes.waited, world.size)
        later = world.clock + WAITS[0] * waits
        waits = waits * (world.heals_at[:, 0] > later)
        world.clock = world.clock + WAITS[0] * waits
        world.tried[:, CATEGORIES.index(Action.NONE)] = waits.float()
        world.steps = world.steps + waits

    def _keep_room(self, world: World) -> None:
        """A cluster is built to lose a node: the others have room for its pods, except where all is tight."""
        others = (world.node_exists.sum(1) - 1).clamp(min=1)
        kept = (world.pods.amax(1) / others).ceil() * (world.spare > TIGHT)
        world.free = world.free + kept[:, None] * world.node_exists

    def _usage(self, ranges: torch.Tensor) -> torch.Tensor:
        """[B] from `ranges` [B, 2], now and then anything: what is measured need not be what suffers."""
        odd = self._often(self.sizes.odd_usage, len(ranges))
        return torch.where(odd, self._even(len(ranges)), self._within(ranges))

    # --- the draws

    def _even(self, *shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=self.draws, device=self.device)

    def _between(self, low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * self._even(*shape)

    def _often(self, chance: float, *shape: int) -> torch.Tensor:
        return self._even(*shape) < chance

    def _whole(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """From `low` to `high`, both among them."""
        return torch.randint(low, high + 1, shape, generator=self.draws, device=self.device)

    def _within(self, ranges: torch.Tensor) -> torch.Tensor:
        """Of ranges [..., 2] one value each."""
        return torch.lerp(ranges[..., 0], ranges[..., 1], self._even(*ranges.shape[:-1]))


def _spread(count: torch.Tensor, start: torch.Tensor, exists: torch.Tensor) -> torch.Tensor:
    """[B, N]: `count` pods dealt out one by one to the nodes that exist, the first to node `start`."""
    nodes = exists.sum(1, keepdim=True)
    place = (torch.arange(exists.shape[1], device=exists.device) - start[:, None]) % nodes
    return ((count[:, None] - place + nodes - 1) // nodes).clamp(min=0) * exists
