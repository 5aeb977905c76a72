"""One object at a time: what counts as a symptom, since when, and when it is ripe; and what must never count."""

from datetime import timedelta

import pytest

from planaria_contract import SymptomKind
from planaria_operator.api.triggers import Triggers
from planaria_operator.detect.symptoms import WAITING, of_node, of_pod, of_workload, was_ready
from tests.builders import NOW, ago, container, deployment, node, pod, replica_set, terminated, waiting

OWNER = replica_set(deployment())
TRIGGERS = Triggers()


def findings(subject, now=NOW, **triggers):
    return of_pod(subject, Triggers.model_validate({**TRIGGERS.model_dump(), **triggers}), now, deadline=600)


def kinds(subject, **more):
    return {finding.symptom.kind for finding in findings(subject, **more)}


def unready(name="front-0", *, ready_since, started, **fields):
    return pod(
        name, OWNER, ready=False, ready_since=ready_since, started_at=started, created=started, **fields
    )


def starting(age, **fields):
    """Never ready: the Ready condition still carries the time of the first status report."""
    return unready(ready_since=ago(age), started=ago(age), **fields)


def fallen(age, **fields):
    """Was ready for most of an hour and fell out of readiness `age` seconds ago."""
    return unready(ready_since=ago(age), started=ago(3600), **fields)


# --- what is no symptom


@pytest.mark.parametrize(
    "subject",
    [
        pod("calm", OWNER),
        starting(45),
        starting(590),
        starting(1, containers=[waiting("ContainerCreating")]),
        starting(1, containers=[waiting("PodInitializing")], init_containers=(container("init"),)),
        starting(300, containers=[container(has_startup_probe=True, started=False, running_since=ago(299))]),
        fallen(300, deleting=True),
        fallen(300, phase="Succeeded"),
        fallen(300, phase="Failed"),
        starting(60, init_containers=(container("wait", terminated=terminated("Completed", 0), restarts=5),)),
        pod(
            "recovered", OWNER, containers=[container(restarts=9, last_termination=terminated(finished=9000))]
        ),
        pod(
            "proven",
            OWNER,
            containers=[
                container(restarts=2, last_termination=terminated(finished=90), running_since=ago(80))
            ],
        ),
        pod(
            "clean-exit",
            OWNER,
            containers=[
                container(restarts=1, last_termination=terminated("Completed", 0), running_since=ago(4))
            ],
        ),
    ],
    ids=lambda subject: subject.meta.name,
)
def test_calm_starting_ending_and_recovered_pods_show_no_symptom(subject):
    assert findings(subject) == []


# --- readiness


def test_a_pod_that_was_ready_shows_it_at_once_and_ripens_after_the_trigger():
    (young,) = findings(fallen(29))
    (old,) = findings(fallen(30))
    assert young.symptom.kind is SymptomKind.NOT_READY
    assert young.symptom.since == ago(29)
    assert not young.ripe(NOW)
    assert old.ripe(NOW)


def test_a_start_past_its_deadline_counts_from_the_deadline():
    (overdue,) = findings(starting(640))
    assert overdue.symptom.since == ago(40)
    assert overdue.ripe(NOW)


def test_a_running_startup_probe_keeps_an_unready_pod_visible_but_unripe():
    probing = container(has_startup_probe=True, started=False, running_since=ago(200))
    (finding,) = findings(fallen(300, containers=[probing]))
    assert finding.ripe_at is None


@pytest.mark.parametrize(
    ("ready_since", "expected"), [(ago(3600), False), (ago(3599), False), (ago(3598), True), (None, False)]
)
def test_readiness_of_old_is_read_from_start_and_transition_time(ready_since, expected):
    assert was_ready(unready(ready_since=ready_since, started=ago(3600))) is expected


# --- containers


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("CrashLoopBackOff", SymptomKind.CRASH_LOOP),
        ("ErrImagePull", SymptomKind.IMAGE_PULL),
        ("ImagePullBackOff", SymptomKind.IMAGE_PULL),
        ("InvalidImageName", SymptomKind.IMAGE_PULL),
        ("CreateContainerConfigError", SymptomKind.CONFIG_ERROR),
        ("CreateContainerError", SymptomKind.CONFIG_ERROR),
    ],
)
def test_waiting_reasons_count_from_the_start_of_unreadiness(reason, kind):
    (finding,) = findings(starting(12, containers=[waiting(reason, "because")]))
    assert finding.symptom.kind is kind
    assert finding.symptom.since == ago(12)
    assert "because" in finding.symptom.message
    assert finding.ripe(NOW)
    assert not finding.ripe(NOW - timedelta(seconds=3))


def test_the_trigger_names_every_reason_to_wait_that_it_is_about():
    described = Triggers.model_fields["waiting_for_seconds"].description or ""
    assert [reason for reason in WAITING if reason not in described] == []


def test_a_failing_init_container_is_seen():
    broken = waiting("CrashLoopBackOff", restarts=2, last_termination=terminated(finished=8))
    assert SymptomKind.CRASH_LOOP in kinds(starting(20, init_containers=(broken,)))


def test_one_crash_of_a_long_lived_pod_is_visible_but_opens_nothing():
    crashed = container(restarts=1, last_termination=terminated(finished=5, ran=80000), running_since=ago(4))
    (finding,) = findings(pod("front-0", OWNER, containers=[crashed]))
    assert finding.symptom.kind is SymptomKind.TERMINATED
    assert finding.symptom.since == ago(5)
    assert finding.ripe_at is None


def test_a_year_of_restarts_and_one_crash_today_is_not_a_restart_storm():
    crashed = container(restarts=40, last_termination=terminated(finished=5, ran=80000), running_since=ago(4))
    assert kinds(pod("front-0", OWNER, containers=[crashed])) == {SymptomKind.TERMINATED}


@pytest.mark.parametrize(("restarts", "ripe"), [(2, False), (3, True), (7, True)])
def test_restarts_at_a_fast_pace_ripen_at_the_configured_count(restarts, ripe):
    crashed = container(
        restarts=restarts, last_termination=terminated(finished=5, ran=20), running_since=ago(4)
    )
    found = {each.symptom.kind: each for each in findings(pod("front-0", OWNER, containers=[crashed]))}
    assert found[SymptomKind.RESTARTING].ripe(NOW) is ripe


@pytest.mark.parametrize("code", [0, 137])
def test_where_one_restart_is_enough_the_first_one_is_ripe_at_once(code):
    ended = terminated("Completed" if code == 0 else "Error", code, finished=11)
    once = pod(
        "front-0", OWNER, containers=[container(restarts=1, last_termination=ended, running_since=ago(10))]
    )
    found = next(
        each for each in findings(once, restarts={"count": 1}) if each.symptom.kind == SymptomKind.RESTARTING
    )
    assert found.ripe(NOW)
    assert found.symptom.message == "app: about 1 restart in 600 s"
    assert SymptomKind.RESTARTING not in kinds(once, restarts={"count": 2})


def test_an_end_that_nothing_followed_is_no_restart_even_where_one_is_enough():
    ended = pod("front-0", OWNER, containers=[container(terminated=terminated(finished=1))])
    assert kinds(ended, restarts={"count": 1}) == {SymptomKind.TERMINATED}


def test_repeated_clean_exits_are_restarts_too():
    ended = terminated("Completed", 0, finished=5, ran=20)
    looping = container(restarts=4, last_termination=ended, running_since=ago(4))
    (finding,) = findings(pod("front-0", OWNER, containers=[looping]))
    assert finding.symptom.kind is SymptomKind.RESTARTING
    assert finding.ripe(NOW)


def test_out_of_memory_is_named_beside_the_crash_loop():
    killed = waiting(
        "CrashLoopBackOff", restarts=2, last_termination=terminated("OOMKilled", 137, finished=8)
    )
    found = kinds(fallen(8, containers=[killed]))
    assert found >= {SymptomKind.CRASH_LOOP, SymptomKind.OUT_OF_MEMORY, SymptomKind.NOT_READY}


def test_the_moment_between_crash_and_backoff_is_visible():
    ended = container(terminated=terminated(finished=1))
    assert SymptomKind.TERMINATED in kinds(starting(2, containers=[ended]))


@pytest.mark.parametrize(
    ("ran", "running", "visible"),
    [
        *((5, 59, True), (5, 61, False), (70, 100, True), (70, 106, False)),
        *((118, 119, True), (122, 119, True), (600, 119, True), (600, 121, False)),
        *((601, 59, True), (601, 61, False)),
    ],
)
def test_probation_lasts_half_as_long_again_as_the_last_instance_within_bounds(ran, running, visible):
    back = container(
        restarts=1, last_termination=terminated(finished=running + 1, ran=ran), running_since=ago(running)
    )
    assert bool(findings(pod("front-0", OWNER, containers=[back]))) is visible


# --- scheduling, rollouts, nodes


def test_an_unschedulable_pod_ripens_after_its_own_trigger():
    stuck = pod("new", OWNER, ready=False, scheduled=False, node=None, phase="Pending",
                unscheduled_since=ago(61), unscheduled_message="0/2 nodes: Insufficient memory.")  # fmt: skip
    (finding,) = findings(stuck)
    assert finding.symptom.kind is SymptomKind.UNSCHEDULABLE
    assert finding.ripe(NOW)
    assert not findings(stuck, unschedulable_for_seconds=120)[0].ripe(NOW)


def test_a_rollout_in_progress_is_calm_and_a_stuck_one_is_ripe_at_once():
    moving = deployment(progressing_reason="ReplicaSetUpdated", updated=1, available=2)
    stuck = deployment(progressing_reason="ProgressDeadlineExceeded", progressing_since=ago(1))
    assert of_workload(moving) == []
    (finding,) = of_workload(stuck)
    assert finding.symptom.since == ago(1)
    assert finding.ripe(NOW)
    assert of_workload(deployment(desired=0, progressing_reason="ProgressDeadlineExceeded")) == []


def test_a_rollout_that_was_stuck_when_a_person_paused_it_is_no_symptom():
    paused = deployment(progressing_reason="ProgressDeadlineExceeded", updated=1, held_back=3)
    assert of_workload(paused) == []


def test_a_silent_node_counts_from_its_condition():
    (finding,) = of_node(node(ready=False, ready_since=ago(29)), TRIGGERS)
    assert finding.symptom.since == ago(29)
    assert not finding.ripe(NOW)
    assert of_node(node(), TRIGGERS) == []
