"""A record's name says what broke, so one that a person deletes is opened anew under the same name. It is another record."""

from typing import Any

import pytest

from planaria_operator.act.builder import Refusal
from planaria_operator.api.plan import Plan
from planaria_operator.reconcile.engine import Engine
from planaria_operator.watch.resources import parse_policy
from tests.reconcile.harness import RESTART, Script, World, policy_body


class Naming(Script):
    """Keeps under which name each plan was made."""

    def __init__(self) -> None:
        super().__init__([RESTART] * 2)
        self.planned: list[str] = []

    async def plan(self, decision: Any, *others: Any) -> Plan | Refusal:
        self.planned.append(others[-1])
        return await super().plan(decision, *others)


async def test_an_attempt_of_a_record_that_was_opened_anew_has_a_name_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Naming()
    here = World(script, monkeypatch, guardrails={"cooldown_seconds": 0})
    first = await here.until("Verifying")
    await here.parts.records.delete(first)
    anew = await here.until("Verifying")
    assert (anew.name, anew.uid == first.uid) == (first.name, False)
    names = [name for name, _ in script.applied]
    assert len(set(names)) == 2, "else what is marked by the one would count as done by the other"
    assert script.planned == names, "what is sent is what was planned"


async def test_a_policy_that_is_made_anew_begins_anew_though_the_old_records_are_still_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = World(Naming(), monkeypatch, guardrails={"breaker": {"failures": 1}})
    await here.until("Escalated", seconds=60)
    key, uid, body = here.policy.key, here.policy.uid, policy_body(here.policy)
    here.store.discard("HealingPolicy", *key, uid)
    del here.kube.objects["HealingPolicy", *key]
    body["metadata"]["uid"] = "uid-anew"
    here.store.put_policy(parse_policy(here.kube.put(body)))
    await Engine(here.parts).tick(here.now)
    assert [each.policy_uid for each in here.store.remediations.values()] == [uid], "not collected yet"
    status = here.policy.status
    assert (here.policy.uid, status.targets, status.active) == ("uid-anew", 1, 0)
    assert (status.failures, status.breaker.opened_at) == ((), None)
