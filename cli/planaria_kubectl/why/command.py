from argparse import Namespace

from planaria_kubectl.session import Session
from planaria_kubectl.surroundings import read_around
from planaria_kubectl.target import parse_target, resolved
from planaria_kubectl.why.report import WhyReport, explained


async def run(session: Session, given: Namespace) -> WhyReport:
    asked = parse_target(given.target, session.namespace)
    world, target = await read_around(session.kube, asked, place=resolved)
    return explained(world, target, str(asked), given.since, session.now)
