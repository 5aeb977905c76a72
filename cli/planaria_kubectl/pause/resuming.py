from argparse import Namespace

from planaria_kubectl.errors import PluginError
from planaria_kubectl.pause.command import requester_of
from planaria_kubectl.pause.report import PauseReport, told
from planaria_kubectl.pause.writing import holder, read, write
from planaria_kubectl.pauses import pauses_of
from planaria_kubectl.session import Session


async def run(session: Session, given: Namespace) -> PauseReport:
    requester = requester_of(given)
    namespace = "" if given.cluster else session.namespace
    policy = await read(session.hands, namespace, given.policy)
    if not any(each.requester == requester for each in pauses_of(policy)):
        message = f"{requester} had not asked to pause"
        return told(namespace, given.policy, message, pauses_of(policy), session.now)
    stored = await write(session.hands, policy, requester, None)
    if any(each.requester == requester for each in pauses_of(stored)):
        edited = f"hpol {given.policy} -n {namespace}" if namespace else f"chpol {given.policy}"
        owner = holder(stored, requester) or "somebody else"
        raise PluginError(
            f"the request of {requester} was written by {owner}, not by this plugin: "
            f"take it out where it came from, or with kubectl edit {edited}"
        )
    message = f"{requester} no longer asks to pause"
    return told(namespace, given.policy, message, pauses_of(stored), session.now)
