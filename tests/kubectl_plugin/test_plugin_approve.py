"""`approve` and `reject`: exactly what waits is shown and answered, in one's own name, and nothing else is written."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from planaria_kubectl.approve.answering import asked_of
from planaria_kubectl.approve.report import ApprovalReport
from planaria_kubectl.approve.view import render
from planaria_kubectl.approve.writing import body_of
from planaria_kubectl.diff.report import Live, proposed
from planaria_kubectl.errors import PluginError
from planaria_kubectl.main import main
from planaria_kubectl.screen import rendered, terminal
from planaria_kubectl.session import Session
from planaria_kubectl.standing import waits_for
from planaria_kubectl.status.report import summarised
from planaria_kubectl.status.view import render as render_status
from planaria_kubectl.why.conclusion import concluded
from planaria_kubectl.why.report import explained
from planaria_kubectl.why.view import render as render_why
from planaria_operator.api.approval import ApprovalSpec, ApprovalVerdict
from planaria_operator.api.attempt import ProposalRecord
from planaria_operator.api.base import API_VERSION
from planaria_operator.api.conditions import Status
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.meta import now
from tests.api import example
from tests.builders import NOW, policy
from tests.kubectl_plugin.worlds import FRONT, SETS, TARGET, WELL, condition, record, seen, world

DIGEST = example.PLAN.digest


def proposal(**changes: Any) -> ProposalRecord:
    whole = {
        "proposed_at": NOW - timedelta(seconds=60),
        "expires_at": NOW + timedelta(seconds=600),
        "approved_at": None,
        "approved_by": None,
    }
    asked = example.STATUS.proposal
    assert asked is not None
    return asked.model_copy(update={**whole, **changes})


def waiting(*, stage: Stage = Stage.AWAITING, state: Status = Status.UNKNOWN, **changes: Any) -> Remediation:
    said = condition("Approved", state, "AwaitingApproval", "waits for approval")
    return record(stage=stage, attempts=(), answers=(), proposal=proposal(**changes), conditions=(said,))


def session() -> Session:
    return Session(FakeKube(), FakeKube(), "shop", NOW)


def test_what_waits_is_what_is_answered():
    assert asked_of(waiting(), session(), None).digest == DIGEST
    assert asked_of(waiting(), session(), DIGEST).plan == example.PLAN


@pytest.mark.parametrize(
    ("found", "digest", "complaint"),
    [
        (waiting(stage=Stage.FINISHED), None, "is over"),
        (waiting(state=Status.FALSE, stage=Stage.ESCALATED), None, "proposes nothing now: it is Escalated"),
        (waiting(state=Status.TRUE, approved_at=NOW, approved_by="berta"), None, "berta approved plan"),
        (waiting(expires_at=NOW), None, "it is too late"),
        (waiting(), "f" * 32, f"proposes plan {DIGEST} now, not {'f' * 32}"),
    ],
    ids=["over", "nothing", "approved", "expired", "another plan"],
)
def test_where_nothing_waits_it_says_why(found: Remediation, digest: str | None, complaint: str):
    with pytest.raises(PluginError, match=complaint):
        asked_of(found, session(), digest)


def test_the_approval_goes_with_its_remediation():
    spec = ApprovalSpec(
        remediation="front-1a2b3c4d", digest=DIGEST, verdict=ApprovalVerdict.APPROVE, approver="anna"
    )
    made = body_of(waiting().model_copy(update={"uid": "u-1"}), spec)
    assert made["metadata"]["generateName"] == "front-1a2b3c4d-"
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Remediation", "front-1a2b3c4d", "u-1")


def test_the_answer_on_a_terminal():
    found = waiting()
    report = ApprovalReport(
        at=NOW,
        namespace="shop",
        remediation=found.name,
        approval="front-1a2b3c4d-x7k2p",
        verdict=ApprovalVerdict.REJECT,
        digest=DIGEST,
        approver="anna\x1b[31m",
        outcome="Counted",
        proposal=proposed(found, proposal(), Live({}), NOW),
    )
    shown = rendered(render(report), terminal(200, colours=False))
    assert (
        shown.splitlines()[0]
        == f"anna\N{REPLACEMENT CHARACTER}[31m rejected plan {DIGEST} of shop/front-1a2b3c4d"
    )
    assert "resize Deployment/front" in shown or "resize" in shown
    assert "Counted" in shown


def test_status_and_why_name_the_command_and_put_it_first():
    others = record("front-0", stage=Stage.BLOCKED, attempts=())
    here = world(FRONT, SETS, *WELL, policies=(seen(policy()),), records=(others, waiting()))
    report = summarised(here, "shop", NOW)
    first = report.active[0]
    assert (first.name, first.stage, first.awaits_approval) == ("front-1a2b3c4d", "Awaiting", True)
    assert first.waits_for.startswith("a person to approve")
    shown = rendered(render_status(report), terminal(300, colours=False))
    assert "kubectl planaria approve front-1a2b3c4d -n shop" in shown
    alone = world(FRONT, SETS, *WELL, policies=(seen(policy()),), records=(waiting(),))
    said = concluded(alone, TARGET, policy(), None, (), NOW)
    assert (said.code, said.next) == (
        "AwaitsApproval",
        "kubectl planaria approve front-1a2b3c4d -n shop",
    )


# --- against a real API server


def stored(kubectl: Any, namespace: str, found: Remediation) -> None:
    head = {"apiVersion": API_VERSION, "kind": "Remediation", "metadata": {"name": found.name}}
    target = found.spec.target.model_copy(update={"namespace": namespace})
    spec = found.spec.model_copy(update={"target": target})
    kubectl.apply(namespace, {**head, "spec": spec.to_body()})
    kubectl.apply_status(namespace, {**head, "status": found.status.to_body()})


@pytest.mark.apiserver
def test_an_approver_answers_with_the_plugin_and_a_viewer_cannot(
    plugin: Any, namespace: str, kubectl: Any, tmp_path: Path
):
    found = waiting(expires_at=now() + timedelta(hours=1))
    stored(kubectl, namespace, found)
    manifest = Path(__file__).parents[2] / "operator" / "manifests" / "rbac.yaml"
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(manifest))
    configs = {}
    for name in ("approver", "view"):
        role = {"approver": "planaria-approver", "view": "planaria-view"}[name]
        kubectl("create", "serviceaccount", name, "-n", namespace)
        account = f"--serviceaccount={namespace}:{name}"
        kubectl("create", "rolebinding", name, f"--clusterrole={role}", account, "-n", namespace)
        folder = tmp_path / name
        folder.mkdir()
        configs[name] = kubectl.with_token(kubectl("create", "token", name, "-n", namespace).strip(), folder)

    diff = plugin("diff", found.name, config=configs["view"])
    assert (diff["origin"], diff["digest"]) == ("Proposed", DIGEST)
    refused = plugin("approve", found.name, "--yes", fails=True, config=configs["view"])
    assert "not allowed to create approvals.planaria.dev" in refused
    assert refused.count("\n") == 1
    assert kubectl.items("approvals", namespace) == []

    report = plugin("approve", found.name, "--yes", "--digest", DIGEST, config=configs["approver"])
    assert report["approver"] == f"system:serviceaccount:{namespace}:approver"
    (approval,) = kubectl.items("approvals", namespace)
    assert approval["metadata"]["name"] == report["approval"]
    assert approval["spec"] == {
        "remediation": found.name,
        "digest": DIGEST,
        "verdict": "Approve",
        "approver": report["approver"],
        "reason": "",
    }
    late = plugin("reject", found.name, "--yes", "--reason", "no", "--wait", "1s", config=configs["approver"])
    assert "has not taken note" in late["message"]
    assert {each["spec"]["verdict"] for each in kubectl.items("approvals", namespace)} == {
        "Approve",
        "Reject",
    }
    kubectl("delete", "rem", found.name, "-n", namespace)
    kubectl("wait", "appr", "--all", "--for=delete", "-n", namespace, "--timeout=60s")


@pytest.mark.apiserver
def test_nobody_answers_by_accident(
    plugin: Any, namespace: str, kubectl: Any, kubeconfig: Path, capsys: pytest.CaptureFixture[str]
):
    found = waiting(expires_at=now() + timedelta(hours=1))
    stored(kubectl, namespace, found)
    words = [found.name, "-n", namespace, "--kubeconfig", str(kubeconfig)]
    assert main(["approve", *words]) == 2
    assert "--yes" in capsys.readouterr().err
    assert main(["reject", *words, "--yes", "--reason", "  "]) == 2
    assert "--reason" in capsys.readouterr().err
    assert kubectl.items("approvals", namespace) == []


@pytest.mark.apiserver
@pytest.mark.parametrize(("typed", "made"), [("yes\n", 1), ("y\n", 0), ("\n", 0), ("", 0)])
def test_at_a_terminal_it_shows_the_plan_and_takes_only_yes(
    namespace: str,
    kubectl: Any,
    kubeconfig: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    made: int,
):
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return typed

    found = waiting(expires_at=now() + timedelta(hours=1))
    stored(kubectl, namespace, found)
    monkeypatch.setattr("sys.stdin", Terminal())
    status = main(["approve", found.name, "-n", namespace, "--kubeconfig", str(kubeconfig)])
    told = capsys.readouterr()
    assert status == int(not made), told.err
    assert "exactly this waits for approval" in told.out
    assert DIGEST in told.out
    assert len(kubectl.items("approvals", namespace)) == made


def test_a_deadline_of_another_day_has_its_date():
    """Approvals may wait for a week."""
    asked = waiting(expires_at=NOW + timedelta(days=3))
    assert asked.status.proposal is not None
    end = f"{NOW + timedelta(days=3):%Y-%m-%d %H:%M:%S}"
    assert f"until {end}, " in waits_for(asked, None, NOW)
    assert proposed(asked, asked.status.proposal, Live({}), NOW).message.endswith(f"until {end}")
    told = explained(world(FRONT, records=(asked,)), TARGET, "front", timedelta(hours=1), NOW)
    assert f"until {end}" in " ".join(rendered(render_why(told), terminal(200, colours=False)).split())
