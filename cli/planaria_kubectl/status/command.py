from argparse import Namespace

from planaria_kubectl.session import Session
from planaria_kubectl.status.report import StatusReport, summarised
from planaria_kubectl.world import read_records


async def run(session: Session, given: Namespace) -> StatusReport:
    namespace = "" if given.all_namespaces else session.namespace
    return summarised(await read_records(session.kube, namespace), namespace, session.now)
