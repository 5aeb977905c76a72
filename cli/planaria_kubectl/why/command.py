from argparse import Namespace

from planaria_kubectl.session import Session
from planaria_kubectl.surroundings import read_around
from planaria_kubectl.target import parse_target, resolved
from planaria_kubectl.why.report import WhyReport, explained
from planaria_kubectl.world import read_drains


async def run(session: Session, given: Namespace) -> WhyReport:
    asked = parse_target(given.target, session.namespace)
    world, target = await read_around(session.kube, asked, place=resolved)
    if target.namespace:
        await read_drains(session.kube, world)
    return explained(world, target, str(asked), given.since, session.now)
