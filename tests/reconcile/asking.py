"""A world under mode Approve, with people who answer."""

from datetime import timedelta
from typing import Any

import pytest

from planaria_contract import Resize
from planaria_operator.api.remediation import Remediation
from planaria_operator.watch.resources import parse_approval, parse_policy
from tests import builders
from tests.reconcile.harness import RESTART, VERIFICATION, Script, World, policy_body

RESIZE = Resize(resource="memory", ratio=2)


class Asking(World):
    """Under mode Approve, with people who answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *decisions: Any, **spec: Any) -> None:
        settings = {"mode": "Approve", "verification": VERIFICATION, **spec}
        self.answers: list[dict[str, Any]] = []
        super().__init__(Script(list(decisions) or [RESTART] * 99), monkeypatch, **settings)

    def restart(self) -> None:
        super().restart()
        for body in self.answers:
            self.store.put(parse_approval(body))

    def answer(self, found: Remediation, by: str = "anna", verdict: str = "Approve", **spec: Any) -> None:
        asked = found.status.proposal
        name = spec.pop("name", f"{found.name}-{len(self.answers)}")
        digest = spec.pop("digest", asked.digest if asked else "0" * 32)
        meta = {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "creationTimestamp": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        said = {"remediation": found.name, "digest": digest, "verdict": verdict, "approver": by, **spec}
        self.answers.append({"kind": "Approval", "metadata": meta, "spec": said})
        self.store.put(parse_approval(self.answers[-1]))

    def change(self, **spec: Any) -> None:
        """A person edits the policy."""
        body = policy_body(builders.policy(**spec))
        self.store.policies.clear()
        self.store.put_policy(parse_policy(self.kube.put(body)))

    async def answered_while_away(self, verdict: str) -> Remediation:
        """Anna answers in time, and the operator is back only when the time is over: as it stands then."""
        waiting = await self.until("Awaiting", seconds=0)
        self.now += timedelta(seconds=30)
        self.answer(waiting, verdict=verdict, reason="the image is mended now")
        self.now += timedelta(seconds=120)
        self.restart()
        return await self.step(1)


def outcomes(remediation: Remediation) -> list[str]:
    return [each.outcome.value for each in remediation.status.answers]
