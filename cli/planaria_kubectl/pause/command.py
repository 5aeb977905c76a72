import getpass
from argparse import Namespace
from datetime import timedelta

from planaria_kubectl.errors import Misuse
from planaria_kubectl.pause.report import PauseReport, told
from planaria_kubectl.pause.writing import read, write
from planaria_kubectl.pauses import PauseRequest, pauses_of
from planaria_kubectl.session import Session


async def run(session: Session, given: Namespace) -> PauseReport:
    if not given.reason.strip():
        raise Misuse("--reason: say why in a few words, for whoever wonders")
    if given.span == timedelta(0):
        raise Misuse("--for: 0s is over at once; leave --for out to pause without end")
    requester = requester_of(given)
    # Whole seconds, as the API keeps them.
    until = (session.now + given.span).replace(microsecond=0) if given.span else None
    request = PauseRequest(requester=requester, reason=given.reason, until=until)
    namespace = "" if given.cluster else session.namespace
    policy = await read(session.hands, namespace, given.policy)
    stored = await write(session.hands, policy, requester, request)
    message = f"{requester} asks to pause"
    return told(namespace, given.policy, message, pauses_of(stored), session.now)


def requester_of(given: Namespace) -> str:
    """Raises Misuse where none is given and the system does not know who is logged in."""
    try:
        name = given.requester or getpass.getuser()
    except (KeyError, OSError):
        raise Misuse("--requester: say who asks; the system does not know your login name") from None
    if len(name) > 253:
        raise Misuse(f"--requester: {len(name)} characters are too many; 253 is the most")
    return str(name)
