"""One incident in which every field of the record is used."""

from datetime import UTC, datetime, timedelta

from planaria_contract import Action, Fault
from planaria_operator.api.approval import ApprovalVerdict
from planaria_operator.api.attempt import AnswerOutcome, AnswerRecord, Attempt, AttemptOutcome, ProposalRecord
from planaria_operator.api.conditions import Condition, Status
from planaria_operator.api.decision import (
    DecisionRecord,
    EvidenceRecord,
    GuardRecord,
    MaskRecord,
    ParametersRecord,
    PrecedentRecord,
    ProbabilityRecord,
    SemanticRecord,
    ShadowRecord,
)
from planaria_operator.api.drain import DrainRecord, HeldPod, ReadyBeside
from planaria_operator.api.ladder import RungStatus
from planaria_operator.api.notification import Notification, NotificationState
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.policy_status import (
    BreakerStatus,
    Failure,
    HealingPolicyStatus,
    Reservation,
    StormStatus,
)
from planaria_operator.api.remediation import (
    RemediationSpec,
    RemediationStatus,
    Stage,
    SymptomRecord,
    TimelineEntry,
)

SEEN = datetime(2026, 11, 23, 18, 0, 0, tzinfo=UTC)
WEB = ObjectReference(
    kind="Deployment", namespace="shop", name="web", uid="0b6c3d2e-0000-4000-8000-000000000001"
)


def after(seconds: float) -> datetime:
    return SEEN + timedelta(seconds=seconds)


SPEC = RemediationSpec(
    policy="enforce-web",
    target=WEB,
    incident="outofmemorykilled-1795456800",
    symptoms=(
        SymptomRecord(kind="OutOfMemoryKilled", subject="Pod/web-1", since=SEEN, message="exit code 137"),
    ),
    visible_at=SEEN,
)
STATE = SemanticRecord(
    fault=Fault.MEMORY_EXHAUSTION,
    secondary=Fault.OVERLOAD,
    component="Deployment/web",
    severity=2,
    confidence_percent=93,
    novelty_percent=4,
    summary="web was killed three times at its limit of 64 MiB.",
    evidence=(EvidenceRecord(kind="log", index=7, excerpt='level=error msg="cannot allocate"'),),
    source="rules",
    model="rules@1",
)
DECISION = DecisionRecord(
    action=Action.RESIZE,
    target=WEB,
    parameters=ParametersRecord(
        scope="pod",
        pods=("web-1", "web-2"),
        source="node-1",
        node="node-2",
        drain=True,
        ratio_percent=150,
        resource="memory",
        container="web",
        revision="3",
        wait_seconds=30,
        delay_seconds=5,
        reason="nothing else fits",
    ),
    rule="MemoryExhaustion",
    explanation="The limit is too low for the load.",
    probabilities=(
        ProbabilityRecord(action=Action.RESIZE, percent=90),
        ProbabilityRecord(action=Action.RESTART, percent=10),
    ),
    masks=(MaskRecord(action=Action.MIGRATE, reason="NotMovable", message="local volume"),),
    shadow=ShadowRecord(
        action=Action.RESTART,
        percent=71,
        explanation="a leak in one replica",
        model="planaria-ppo@0123456789ab",
    ),
    precedents=(
        PrecedentRecord(
            incident="shop/web-outofmemorykilled@uid",
            fault=Fault.MEMORY_EXHAUSTION,
            did="resize memory by 1.5",
            recovered=True,
            harmed=True,
            lost_seconds=41,
            similarity_percent=97,
        ),
    ),
    decided_by="rules",
    model="rules@1",
)
OPERATION = Operation(
    verb=Verb.SCALE, object=WEB, body='{"spec":{}}', from_replicas=2, to_replicas=3, best_effort=True
)
PLAN = Plan(
    action=Action.RESIZE,
    target=WEB,
    summary="memory limit of web from 64Mi to 96Mi",
    harm="A node may run out of memory.",
    operations=(OPERATION,),
    at_once=2,
    inverse=(OPERATION,),
    cleanup=(OPERATION,),
)
POD = ObjectReference(kind="Pod", namespace="shop", name="web-1", uid="0b6c3d2e-0000-4000-8000-000000000002")
DRAIN = DrainRecord(
    total=2,
    moved=1,
    tried=2,
    round=2,
    pods=(POD,),
    beside=(ReadyBeside(workload=WEB, ready=1, moving=1),),
    held=(HeldPod(pod=POD, message="budget web allows 0 evictions", retried=True),),
    progress_at=after(6.75),
    sent_at=after(6.875),
)
ATTEMPT = Attempt(
    number=1,
    decision=DECISION,
    plan=PLAN,
    digest=PLAN.digest,
    reserved_at=after(6.25),
    begun_at=after(6.5),
    drain=DRAIN,
    applied_at=after(7),
    finished_at=after(48),
    outcome=AttemptOutcome.RECOVERED,
    reverted_at=after(49),
    message="resized in place",
)
STATUS = RemediationStatus(
    observed_generation=1,
    stage=Stage.FINISHED,
    conditions=(
        Condition(
            type="Succeeded",
            status=Status.TRUE,
            reason="Recovered",
            message="web is healthy since 18:00:18.",
            last_transition_time=after(48),
            observed_generation=1,
        ),
    ),
    semantic_state=STATE,
    understood_at=after(5.5),
    decision=DECISION,
    guards=(GuardRecord(guard="mode", allowed=True, reason="Allowed", message="Enforce"),),
    proposal=ProposalRecord(
        decision=DECISION,
        plan=PLAN,
        digest=PLAN.digest,
        planned_at=after(5),
        proposed_at=after(5.5),
        expires_at=after(3605.5),
        approved_at=after(6),
        approved_by="anna@example.com",
    ),
    answers=(
        AnswerRecord(
            name="web-1a2b3c4d-x7k2p",
            uid="0b6c3d2e-0000-4000-8000-00000000000a",
            verdict=ApprovalVerdict.APPROVE,
            digest=PLAN.digest,
            approver="anna@example.com",
            reason="OPS-17",
            outcome=AnswerOutcome.COUNTED,
            time=after(6),
        ),
    ),
    attempts=(ATTEMPT,),
    timeline=(
        TimelineEntry(
            time=after(5), station="detect", reason="IncidentOpened", message="3 pods of web killed"
        ),
    ),
    waits=1,
    rung=RungStatus(number=2, name="firm", entered_at=after(6), attempts_before=1),
    notifications=(
        Notification(
            receiver="oncall",
            event="Escalated",
            state=NotificationState.SENT,
            requested_at=after(50),
            attempts=2,
            next_try_at=after(52),
            last_error="NotificationFailed: HTTP 500",
            sent_at=after(53),
        ),
    ),
    next_check_at=after(60),
    healthy_since=after(18),
    recovered_at=after(18),
    finished_at=after(48),
    recovery_seconds=18,
)
POLICY_STATUS = HealingPolicyStatus(
    observed_generation=1,
    conditions=(
        Condition(
            type="Ready",
            status=Status.TRUE,
            reason="PolicyReady",
            message="in force",
            last_transition_time=SEEN,
            observed_generation=1,
        ),
        Condition(
            type="MetricsAvailable",
            status=Status.FALSE,
            reason="MetricsNotConfigured",
            message="no address is set",
            last_transition_time=SEEN,
        ),
    ),
    targets=4,
    unhealthy=1,
    active=1,
    reservations=(
        Reservation(remediation="web-1", uid="b1", attempt=1, target="Deployment/web", time=after(6)),
    ),
    failures=(
        Failure(
            remediation="web-0",
            uid="b0",
            attempt=1,
            action="restart Deployment/shop/web scope=pod",
            outcome=AttemptOutcome.INEFFECTIVE,
            time=after(-600),
            recovered=True,
        ),
    ),
    storm=StormStatus(since=after(-60), calm_since=after(1), why="5 or more targets broke within 300 s"),
    storm_ended_at=after(-86400),
    breaker=BreakerStatus(opened_at=after(2), closed_at=after(-7200), observed_reset="OPS-17"),
)
