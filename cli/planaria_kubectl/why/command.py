from argparse import Namespace

from planaria_kubectl.session import Session
from planaria_kubectl.target import parse_target, resolved, scope_of
from planaria_kubectl.why.report import WhyReport, explained
from planaria_kubectl.world import read_world


async def run(session: Session, given: Namespace) -> WhyReport:
    asked = parse_target(given.target, session.namespace)
    world = await read_world(session.kube, scope_of(asked))
    target = resolved(world.store, asked)
    return explained(world, target, str(asked), given.since, session.now)
