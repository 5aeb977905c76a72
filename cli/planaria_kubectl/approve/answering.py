"""Show exactly what waits for an answer, ask whether it is meant, and write the answer as an Approval."""

import asyncio
import sys
from argparse import Namespace
from typing import Final

from planaria_kubectl.approve.report import ApprovalReport
from planaria_kubectl.approve.writing import write
from planaria_kubectl.clean import clean
from planaria_kubectl.diff.command import read_live
from planaria_kubectl.diff.report import DiffReport, objects_of, proposed
from planaria_kubectl.diff.view import render
from planaria_kubectl.errors import Misuse, PluginError
from planaria_kubectl.screen import show
from planaria_kubectl.session import Session
from planaria_kubectl.standing import ending, waits_for
from planaria_kubectl.times import clock
from planaria_kubectl.world import read_record
from planaria_operator.api.approval import ApprovalVerdict
from planaria_operator.api.attempt import AnswerRecord, ProposalRecord
from planaria_operator.api.remediation import Remediation

LOOK_SECONDS: Final = 0.5


async def answer(session: Session, given: Namespace, verdict: ApprovalVerdict) -> ApprovalReport:
    """Raises PluginError where nothing waits for an answer, and where the person at the terminal does not mean it."""
    remediation = await read_record(session.kube, session.namespace, given.remediation)
    asked = asked_of(remediation, session, given.digest)
    live, notes = await read_live(session.kube, objects_of(asked.plan))
    diff = proposed(remediation, asked, live, session.now).model_copy(update={"notes": notes})
    await _confirm(given, verdict, diff)
    reason = given.reason or ""
    approver, name, uid = await write(session.hands, remediation, asked.digest, verdict, reason)
    report = ApprovalReport(
        at=session.now,
        namespace=remediation.namespace,
        remediation=remediation.name,
        approval=name,
        verdict=verdict,
        digest=asked.digest,
        approver=approver,
        reason=reason,
        proposal=diff,
    )
    if not given.wait:
        return report
    return await _told(session, report, uid, given.wait.total_seconds())


def asked_of(remediation: Remediation, session: Session, digest: str | None) -> ProposalRecord:
    """What waits for an answer. Raises PluginError that says why nothing does."""
    name, asked = remediation.name, remediation.status.open_proposal
    if remediation.status.finished:
        raise PluginError(f"{name} is over ({ending(remediation)}): nothing waits for approval")
    if asked is None:
        waits = waits_for(remediation, None, session.now)
        raise PluginError(
            f"{name} proposes nothing now: it is {remediation.status.stage.value}, and waits for {waits}"
        )
    if asked.approved_at:
        raise PluginError(
            f"{asked.approved_by} approved plan {asked.digest} at {clock(asked.approved_at, session.now)} already"
        )
    if session.now >= asked.expires_at:
        raise PluginError(
            f"plan {asked.digest} waited for approval until {clock(asked.expires_at, session.now)}: it is too late"
        )
    if digest and digest != asked.digest:
        raise PluginError(
            f"--digest: {name} proposes plan {asked.digest} now, not {digest}: read it with diff {name}"
        )
    return asked


async def _confirm(given: Namespace, verdict: ApprovalVerdict, diff: DiffReport) -> None:
    if given.yes:
        return
    if given.output == "json" or not sys.stdin.isatty():
        raise Misuse("--yes: say that you mean it, where nobody can be asked")
    show(render(diff))
    sys.stdout.write(
        f"\n{clean(verdict.value)} exactly this, plan {clean(diff.digest)}? Only yes is taken for it: "
    )
    sys.stdout.flush()
    said = await asyncio.to_thread(sys.stdin.readline)
    if said.strip().lower() != "yes":
        raise PluginError("nothing was answered")


async def _told(session: Session, report: ApprovalReport, uid: str, seconds: float) -> ApprovalReport:
    """Once the operator has taken note of it, or `seconds` have passed."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                remediation = await read_record(session.kube, session.namespace, report.remediation)
                if (found := _heard(remediation, uid)) is not None:
                    break
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        message = "the operator has not taken note of it yet: kubectl planaria status tells whether it runs"
        return report.model_copy(update={"message": message})
    message = f"{remediation.name} is {remediation.status.stage.value} now"
    return report.model_copy(update={"outcome": found.outcome.value, "message": message})


def _heard(remediation: Remediation, uid: str) -> AnswerRecord | None:
    return next((each for each in remediation.status.answers if each.uid == uid), None)
