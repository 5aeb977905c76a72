"""What has to be read to judge about one target: its namespace, or everything where the policy that has it reaches further."""

from collections.abc import Callable

from planaria_contract import ObjectRef
from planaria_kubectl.reach import claimants
from planaria_kubectl.target import scope_of, settled
from planaria_kubectl.world import World, read_world
from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.interface import Kube
from planaria_operator.objects.store import ClusterStore


async def read_around(
    kube: Kube, asked: ObjectRef, *, place: Callable[[ClusterStore, ObjectRef], ObjectRef] = settled
) -> tuple[World, ObjectRef]:
    """The world, and the target as it is in it. Raises as `place` does."""
    scope = scope_of(asked)
    world = await read_world(kube, scope)
    target = place(world.store, asked)
    if not scope or not any(policy.cluster_wide for policy in claimants(world, target)):
        return world, target
    try:
        wide = await read_world(kube, "")
    except Forbidden:
        world.notes.append("you may not look into other namespaces: what the guards count there is left out")
        return world, target
    return wide, place(wide.store, asked)
