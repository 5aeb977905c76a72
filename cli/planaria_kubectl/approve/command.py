from argparse import Namespace

from planaria_kubectl.approve.answering import answer
from planaria_kubectl.approve.report import ApprovalReport
from planaria_kubectl.session import Session
from planaria_operator.api.approval import ApprovalVerdict


async def run(session: Session, given: Namespace) -> ApprovalReport:
    return await answer(session, given, ApprovalVerdict.APPROVE)
