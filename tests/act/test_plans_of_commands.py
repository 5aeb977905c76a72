"""What reload would send, and what it refuses. Pure."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from planaria_contract import LogLine, Reload
from planaria_operator.act import reload
from planaria_operator.act.builder import Refusal
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from tests.act.bodies import planned, pod, refused, setting

COMMAND = ["nginx", "-s", "reload"]


def running(name: str = "front-0", *containers: str, **fields: Any) -> JsonBody:
    body = pod(name, **fields)
    wanted = containers or ("app",)
    body["spec"]["containers"] = [{"name": each} for each in wanted]
    body["status"]["containerStatuses"] = [{"name": each, "state": {"running": {}}} for each in wanted]
    return body


def reloading(*pods: JsonBody, wanted: tuple[str, ...] = (), **bounds: Any) -> Plan | Refusal:
    bounds.setdefault("command", COMMAND)
    return reload.build(setting(Reload(pods=wanted), pods=pods, **bounds))


def sent(plan: Plan) -> list[tuple[str, str, list[str]]]:
    bodies = [(each.object.name, json.loads(each.body)) for each in plan.operations]
    return [(name, body["container"], body["command"]) for name, body in bodies]


def test_every_affected_pod_runs_exactly_the_declared_words():
    plan = planned(reloading(running(), running("front-1")))
    assert sent(plan) == [("front-0", "app", COMMAND), ("front-1", "app", COMMAND)]
    assert {each.verb for each in plan.operations} == {Verb.EXEC}
    assert plan.inverse == ()
    assert "cannot be undone" in plan.harm


def test_the_container_is_the_policys_or_the_pods_own_default_or_the_first():
    annotated = running(
        "front-0", "proxy", "app", annotations={"kubectl.kubernetes.io/default-container": "app"}
    )
    assert sent(planned(reloading(annotated)))[0][1] == "app"
    assert sent(planned(reloading(annotated, container="proxy")))[0][1] == "proxy"
    assert sent(planned(reloading(running("front-0", "proxy", "app"))))[0][1] == "proxy"


def test_what_does_not_run_is_not_spoken_to():
    crashed = running()
    crashed["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
    assert refused(reloading(crashed)) is Reason.NOT_RUNNING
    assert refused(reloading(running(), container="sidecar")) is Reason.NOT_RUNNING
    assert [each[0] for each in sent(planned(reloading(crashed, running("front-1"))))] == ["front-1"]


def test_no_more_pods_at_once_than_the_policy_says():
    pods = [running(f"front-{number}") for number in range(5)]
    plan = planned(reloading(*pods, max_pods=2))
    assert len(plan.operations) == 2
    assert "at most 2 at once, of 5" in plan.summary


def test_an_entry_without_a_command_is_refused():
    assert refused(reloading(running(), command=None)) is Reason.NO_COMMAND_DECLARED


HOSTILE = st.text(min_size=1, max_size=60)


@given(st.lists(HOSTILE, max_size=5), HOSTILE, HOSTILE)
def test_nothing_that_was_read_reaches_the_command(lines: list[str], summary: str, name: str):
    """Whatever logs, explanations and pod names say: the words are the policy's, byte for byte."""
    made = setting(Reload(pods=("front-0", name)), pods=(running(),), command=COMMAND)
    logs = tuple(
        LogLine(index=index, pod="front-0", container="app", text=line) for index, line in enumerate(lines)
    )
    told = replace(
        made,
        observation=made.observation.model_copy(update={"logs": logs}),
        decision=made.decision.model_copy(update={"explanation": summary}),
    )
    assert reload.build(told) == reload.build(replace(made, decision=told.decision))
    assert sent(planned(reload.build(told))) == [("front-0", "app", COMMAND)]
