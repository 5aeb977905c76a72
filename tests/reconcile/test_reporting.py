"""What came of an incident is told once, when it ends: what was done, what helped, and under the name it was asked by."""

import asyncio
from datetime import timedelta

from planaria_contract import Action, Decider, Resize, Wait
from planaria_operator.api.decision import DecisionRecord, EvidenceRecord
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.decide.choice import Choice
from planaria_operator.decide.service import PolicyService
from planaria_operator.kube.errors import Conflict, Invalid
from planaria_operator.reconcile.reporting import incident_name, report
from planaria_operator.verify.health import Health
from tests.builders import NOW
from tests.reconcile.harness import RESTART, WELL, world

GONE = Health(healthy=False, gone=True, message="gone")


async def test_an_action_that_helped_is_told_once_under_the_name_it_was_asked_by(monkeypatch):
    here = world(monkeypatch, Wait(wait_seconds=30), RESTART)
    await here.until("Verifying")
    assert here.script.outcomes == []
    here.health = WELL
    done = await here.until("Finished")
    (told,) = here.script.outcomes
    assert {told.incident} == {each.incident for each in here.script.situations}
    assert told.incident == f"{done.namespace}/{done.name}@{done.uid}"
    assert (told.recovered, told.escalated, told.harm) == (True, False, ())
    assert told.seconds == done.status.recovery_seconds
    (attempt,) = told.attempts
    assert attempt.decision.parameters == RESTART
    assert (attempt.applied, attempt.helped, attempt.reverted) == (True, True, False)
    assert attempt.seconds > 0
    assert told.state
    assert done.status.semantic_state
    assert told.state.fault.value == done.status.semantic_state.fault


async def test_no_word_of_an_application_is_told(monkeypatch):
    words = "login of jane@example.com failed"
    here = world(monkeypatch, RESTART)
    acting = await here.until("Acting")
    assert acting.status.semantic_state
    read = acting.status.semantic_state.model_copy(
        update={"summary": words, "evidence": (EvidenceRecord(kind="log", index=0, excerpt=words),)}
    )
    status = acting.status.model_copy(update={"semantic_state": read})
    report(here.parts, acting.model_copy(update={"status": status}), recovered=True)
    (told,) = here.script.outcomes
    assert told.state
    assert told.state.fault is read.fault
    assert words not in told.to_json()


async def test_a_case_that_is_handed_over_is_told_then_and_not_again_when_a_person_has_healed_it(monkeypatch):
    here = world(monkeypatch, RESTART, escalation={"max_attempts": 1})
    await here.until("Escalated")
    (told,) = here.script.outcomes
    assert (told.recovered, told.escalated) == (False, True)
    assert [(each.applied, each.helped, each.reverted) for each in told.attempts] == [(True, False, True)]
    here.health = WELL
    await here.until("Finished")
    assert len(here.script.outcomes) == 1


async def test_what_got_well_by_itself_and_what_was_deleted_are_told_apart(monkeypatch):
    here = world(monkeypatch, RESTART)
    await here.step()
    here.health = WELL
    await here.until("Finished")
    gone = world(monkeypatch, RESTART)
    await gone.step()
    gone.health = GONE
    await gone.until("Finished")
    (well,), (deleted,) = here.script.outcomes, gone.script.outcomes
    assert (well.recovered, well.attempts) == (True, ())
    assert (deleted.recovered, deleted.escalated) == (False, False)
    assert deleted.seconds >= 60, "from the fault being visible"


async def test_an_attempt_that_the_world_overtook_is_no_attempt_and_one_that_was_refused_is(monkeypatch):
    here = world(monkeypatch, RESTART, Resize(resource="memory", ratio=2), RESTART)
    here.script.apply_errors = [Conflict("changed"), Invalid("no")]
    await here.until("Verifying")
    here.health = WELL
    await here.until("Finished")
    (told,) = here.script.outcomes
    kinds = [(each.decision.category, each.applied, each.helped) for each in told.attempts]
    assert kinds == [(Action.RESIZE, False, False), (Action.RESTART, True, True)]


async def test_the_decider_is_told_how_old_the_incident_is_and_when_patience_is_at_its_end(monkeypatch):
    wait = Wait(wait_seconds=30)
    here = world(monkeypatch, wait, wait, RESTART, escalation={"max_waits": 2})
    await here.until("Verifying")
    first, second, third = here.script.situations
    assert 0 <= first.age_seconds < second.age_seconds < third.age_seconds  # type: ignore[operator]  # None fails
    ruled_out = [
        [mask.reason for mask in each.masks if mask.category is Action.NONE]
        for each in here.script.situations
    ]
    assert ruled_out == [[], [], ["WaitedEnough"]]


async def test_what_could_not_be_undone_is_harm(monkeypatch):
    here = world(monkeypatch, RESTART)
    await here.until("Reverting")
    here.script.apply_errors = [Invalid("no")]
    await here.until("Escalated")
    (told,) = here.script.outcomes
    assert told.harm == (Reason.REVERT_FAILED.value,)


async def test_a_decision_that_this_version_cannot_read_stops_nothing(monkeypatch):
    here = world(monkeypatch, RESTART)
    acting = await here.until("Acting")
    attempt = acting.status.attempts[0]
    broken = DecisionRecord(
        action=Action.RESIZE, target=attempt.decision.target, decided_by="rules", model="m@1"
    )
    status = acting.status.with_attempt(attempt.model_copy(update={"decision": broken}))
    report(here.parts, acting.model_copy(update={"status": status}), recovered=True)
    assert here.script.outcomes == []
    report(here.parts, acting, recovered=True)
    assert len(here.script.outcomes) == 1


def test_a_record_without_a_uid_still_has_a_name(monkeypatch):
    async def opened():
        return await world(monkeypatch).open()

    remediation = asyncio.run(opened()).model_copy(update={"uid": ""})
    assert incident_name(remediation) == f"{remediation.namespace}/{remediation.name}"


async def test_a_service_that_never_answers_holds_no_step_up(monkeypatch):
    """The server takes the report and says nothing: the record is closed while the report is still under way."""
    taken, release = asyncio.Event(), asyncio.Event()

    async def silent(_reader, writer):
        taken.set()
        await release.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    service = PolicyService(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 0.05)
    here = world(monkeypatch, RESTART)
    monkeypatch.setattr(here.script, "tell", Choice(service).tell)
    await here.until("Verifying")
    here.health = WELL
    done = await here.until("Finished")
    assert done.status.stage is Stage.FINISHED
    assert service._reports, "the report is not over yet"
    await taken.wait()
    release.set()
    await service.aclose()
    assert not service._reports
    server.close()


async def test_seconds_are_counted_from_the_fault_being_visible(monkeypatch):
    here = world(monkeypatch, RESTART, escalation={"max_attempts": 1})
    remediation = await here.until("Escalated")
    (told,) = here.script.outcomes
    assert here.now - NOW >= timedelta(seconds=60)
    assert told.seconds == (here.now - remediation.spec.visible_at).total_seconds()
    assert {each.decision.decided_by for each in told.attempts} == {Decider.RULES}
