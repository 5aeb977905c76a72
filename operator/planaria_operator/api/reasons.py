"""Every reason code, in one place. They are an interface: scripts and alerts match on them, so none is ever renamed.

A reason says why something happened or, as important, why nothing did. The same word stands in a condition, in an
Event and in a metric label.
"""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Each member's docstring is what `docs/reference/reasons.md` prints: the meaning, then after "Do:" what to do."""

    # --- the life of an incident
    INCIDENT_OPENED = "IncidentOpened"
    """A symptom lasted long enough to become an incident."""
    FAULT_UNDERSTOOD = "FaultUnderstood"
    """The evidence was read and given a fault class."""
    ACTION_DECIDED = "ActionDecided"
    """An action was chosen; guards have not been asked yet."""
    ACTION_APPLIED = "ActionApplied"
    """The API server accepted every operation of the plan. Applied is not fixed."""
    RECOVERED = "Recovered"
    """The target became healthy after an action and stayed so for the settle time."""
    RECOVERED_WITHOUT_ACTION = "RecoveredWithoutAction"
    """The target became healthy before Planaria did anything."""
    RECOVERED_LATE = "RecoveredLate"
    """The target became healthy after what Planaria tried was given up: it helped late, or something else did."""
    RECOVERED_AFTER_ESCALATION = "RecoveredAfterEscalation"
    """A person, or something else, healed the target after Planaria had handed it over."""
    STILL_UNHEALTHY = "StillUnhealthy"
    """The target was not healthy within the verification time-out: the action did not help."""
    VERIFYING = "Verifying"
    """The action is applied and its effect is being watched."""
    ACTION_REVERTED = "ActionReverted"
    """What did not help was undone."""
    NOT_REVERTED = "NotReverted"
    """The latest attempt is not undone; one before it was (condition Reverted, status.attempts)."""
    REVERT_FAILED = "RevertFailed"
    """What did not help could not be undone; the message says why."""
    ESCALATED = "Escalated"
    """Handed to a person: every allowed rung was tried, none fits, or the fault is not one to act on."""
    TARGET_GONE = "TargetGone"
    """The target was deleted, or scaled to zero."""
    HANDED_OVER = "HandedOver"
    """Another policy has the target now; what is still broken is a new incident under that one."""
    BACKLOG_DROPPED = "BacklogDropped"
    """The incident was queued while the breaker was open; what is still broken is a new incident, looked at anew."""
    WAITING = "Waiting"
    """The decision is to look again later."""

    NOT_RECOMMENDED = "NotRecommended"
    """What was recommended before no longer is: the policy enforces it now, or something was done (condition Recommended)."""
    RUNG_LEFT = "RungLeft"
    """The incident went on to the next rung of the escalation ladder; the message says why.
    Do: nothing; spec.escalation.ladder sets attempts and timeoutSeconds of each rung."""

    # --- who was told (condition Notified; also outcomes of planaria_notifications_total)
    NOTIFICATION_PENDING = "NotificationPending"
    """Somebody is being told, and has not taken the message yet; it is tried again.
    Do: nothing; status.notifications says what was in the way the last time."""
    NOTIFICATION_SENT = "NotificationSent"
    """Whoever was to be told has taken the message."""
    NOTIFICATION_FAILED = "NotificationFailed"
    """A message could not be delivered and was given up: refused for good, or not taken within about 40 minutes.
    Do: read status.notifications, mend the receiver, and look at the incident yourself."""
    RECEIVER_UNKNOWN = "ReceiverUnknown"
    """The operator does not know a receiver of that name, so nobody was told.
    Do: add it to the chart's notifications.receivers, or correct spec.escalation.notify."""
    RECEIVERS_KNOWN = "ReceiversKnown"
    """Every receiver that the policy names is configured (condition ReceiversReady)."""
    RECEIVER_UNREADABLE = "ReceiverUnreadable"
    """The receiver is configured, but its address or signing key cannot be read or used.
    Do: make the Secret that the chart's notifications.receivers names, with the keys that it names."""

    # --- what a person says under mode Approve (condition Approved)
    APPROVED = "Approved"
    """A person approved what is proposed; it is done as soon as the guards allow it."""
    APPROVAL_REJECTED = "ApprovalRejected"
    """A person rejected what is proposed; the incident is theirs now.
    Do: what the message says; the record closes when the target is healthy."""
    APPROVAL_EXPIRED = "ApprovalExpired"
    """Nobody approved in time, or it could not be done in time; a person takes over.
    Do: look at the target; spec.approval.expiresAfterSeconds sets how long it waits."""
    APPROVAL_VOID = "ApprovalVoid"
    """The Approval is not about what would be done now: the world, or the proposal, had changed.
    Do: read what is proposed now (kubectl planaria diff), and approve that."""
    ALREADY_ANSWERED = "AlreadyAnswered"
    """Somebody else had answered before; the first answer counts.
    Do: nothing."""
    PROPOSAL_WITHDRAWN = "ProposalWithdrawn"
    """What was proposed is no longer what would be done; nobody had answered.
    Do: nothing; what is proposed now stands in the record."""
    NO_LONGER_NEEDED = "NoLongerNeeded"
    """The incident was over before what is proposed was done.
    Do: nothing; an Approval that comes later changes nothing."""

    # --- why a guard refused
    PROTECTED_NAMESPACE = "ProtectedNamespace"
    """The target is in a namespace that Planaria never touches.
    Do: nothing; --protect names such namespaces, the system's and the operator's own are always among them."""
    OPTED_OUT = "OptedOut"
    """The workload, its pod template, a pod, its namespace or its node says `planaria.dev/heal: disabled`.
    Do: take the label or annotation off the object that the message names."""
    OBSERVE_MODE = "ObserveMode"
    """The mode is Observe: what would be done is recorded, nothing is done.
    Do: set spec.mode, or the mode of the action, to Enforce once you trust what you read."""
    RECOMMENDED = "Recommended"
    """The mode is Recommend: this is what a person might do now; Planaria does not.
    Do: what the message says, where you agree; or set the mode to Enforce."""
    AWAITING_APPROVAL = "AwaitingApproval"
    """The mode is Approve, and nobody has approved exactly this yet.
    Do: read it with kubectl planaria diff, then kubectl planaria approve or reject it."""
    PAUSED = "Paused"
    """Somebody has asked to begin nothing new.
    Do: ask the requester; remove the entry of spec.pauseRequests."""
    BREAKER_OPEN = "BreakerOpen"
    """Too many remediations of the policy failed: healing itself is what does not work.
    Do: read the failed Remediations, mend the cause, then set spec.guardrails.breaker.reset to a new text."""
    OUTSIDE_WINDOW = "OutsideWindow"
    """The change windows do not allow it now, or it could not be verified before they close.
    Do: wait for the time that the message names, act yourself, or change spec.guardrails.windows."""
    WORKLOAD_SYMPTOM = "WorkloadSymptom"
    """Only a workload shows a fault, and the action would be done to a node.
    Do: nothing; look at the node yourself where you suspect it."""
    LOW_CONFIDENCE = "LowConfidence"
    """The fault is less sure than spec.guardrails.minConfidencePercent, or the action's own, asks for.
    Do: read the evidence; lower the floor where the diagnosis is right all the same."""
    TOO_EARLY = "TooEarly"
    """A fault that is not sure is watched for a while before anything is done.
    Do: nothing; it goes on by itself. spec.guardrails.hesitationSeconds sets how long."""
    NOTHING_SHOWS = "NothingShows"
    """The target is not well yet and shows no fault now, mostly because its pods are starting: what it showed before is no reason to act.
    Do: nothing; it goes on when a fault shows. Where none does within twice its progressDeadlineSeconds, or two hours, a person is asked."""
    STALE_EVIDENCE = "StaleEvidence"
    """The evidence was read too long ago, or before a storm had passed; it is read anew first.
    Do: nothing; it goes on by itself."""
    INEFFECTIVE_BEFORE = "IneffectiveBefore"
    """The same action did not help on the same target in an earlier incident.
    Do: find out why; spec.guardrails.repeatWindowSeconds sets for how long it is remembered."""
    STORM_ACTIVE = "StormActive"
    """Too much breaks at once, or did until a moment ago: nothing new is begun.
    Do: look for the common cause; it goes on by itself once the storm and its cooldown have passed."""
    SHARED_CAUSE = "SharedCause"
    """Many incidents have the cause in common; the Remediation that the message names treats it for all.
    Do: look at that Remediation."""
    COOLDOWN = "Cooldown"
    """The target was acted on too recently.
    Do: nothing; it goes on by itself. spec.guardrails.cooldownSeconds sets how long."""
    BUDGET_EXHAUSTED = "BudgetExhausted"
    """The policy has used up its actions for the sliding window.
    Do: find out why so much is needed; then raise spec.guardrails.budget."""
    TARGET_BUDGET_EXHAUSTED = "TargetBudgetExhausted"
    """The target has used up its actions for the sliding window.
    Do: mend the target, which breaks again and again; or raise spec.guardrails.targetBudget."""
    NAMESPACE_BUDGET_EXHAUSTED = "NamespaceBudgetExhausted"
    """All policies of the namespace together have used up its actions for the sliding window.
    Do: find out why so much is needed; then raise spec.guardrails.namespaceBudget."""
    TOTAL_BUDGET_EXHAUSTED = "TotalBudgetExhausted"
    """The operator has used up its actions of one hour for the whole cluster.
    Do: find out why so much is needed; then start it with a higher --max-actions-per-hour."""
    TOO_MANY_AT_ONCE = "TooManyAtOnce"
    """As many remediations as are allowed are under way, of the policy or of the whole operator.
    Do: nothing; it goes on by itself. spec.guardrails.maxConcurrent and --max-acting set how many."""
    TOO_FEW_HEALTHY = "TooFewHealthy"
    """Too many other targets of the policy are unhealthy: a common cause is likely, acting one by one is not safe.
    Do: look for the common cause; lower spec.guardrails.minHealthy only where the targets are independent."""
    POLICY_UNREADABLE = "PolicyUnreadable"
    """A policy was written by another version and cannot be read. Nothing is done under it, nor about what it may have.
    Do: run the version that wrote it, or take out what the message names."""
    GUARD_UNAVAILABLE = "GuardUnavailable"
    """What a guard needs to know could not be read, so it refuses.
    Do: what the message says: a missing right, an unknown time zone, an object that has just appeared."""
    ALLOWED = "Allowed"
    """The guard has no objection."""

    # --- why an action was masked or could not be planned
    NOT_ALLOWED_BY_POLICY = "NotAllowedByPolicy"
    """The policy's list of actions does not have it, or not any more.
    Do: add it to spec.actions, with bounds."""
    NOT_SELECTED = "NotSelected"
    """The policy does not select the object that would have to be changed, or the target itself any more, which ends its record.
    Do: widen spec.selector, or have a policy of its own for that object."""
    ALREADY_TRIED = "AlreadyTried"
    """The same action on the same target did not help in this incident.
    Do: nothing; it would not help a second time."""
    NOT_ON_THIS_RUNG = "NotOnThisRung"
    """The action belongs to another rung of the escalation ladder; the message names the one that the incident is on.
    Do: nothing; the ladder goes on by itself. spec.escalation.ladder says what is tried when."""
    WAITED_ENOUGH = "WaitedEnough"
    """It was waited as often in this incident as escalation.maxWaits allows.
    Do: raise spec.escalation.maxWaits for workloads that start slowly."""
    NO_PREVIOUS_REVISION = "NoPreviousRevision"
    """There is no older revision to return to.
    Do: keep some: revisionHistoryLimit of the workload."""
    FAULT_IS_OLDER = "FaultIsOlder"
    """The incident began while the revision to go back to was current; what came since did not begin it, and may be somebody's mend.
    Do: nothing, or roll back yourself where the new revision is worse."""
    NO_LIMIT_TO_RAISE = "NoLimitToRaise"
    """No container of the target has a limit for that resource.
    Do: nothing; a limit is not what stops it."""
    BOUND_REACHED = "BoundReached"
    """The policy's bound for this action leaves no room.
    Do: raise the bound in spec.actions, or find out why so much is needed."""
    AUTOSCALED = "Autoscaled"
    """An autoscaler owns the replica count, and its bounds are not Planaria's to change.
    Do: raise its maximum yourself; the message says what is in the way, mostly raiseAutoscalerBounds in spec.actions."""
    AUTOSCALER_HAS_ROOM = "AutoscalerHasRoom"
    """An autoscaler owns the replica count and is not at its bound: it scales by itself when its metrics ask for it.
    Do: nothing; where it should scale and does not, look at its metrics."""
    AUTOSCALER_PAUSED = "AutoscalerPaused"
    """A person has paused the ScaledObject that owns the replica count.
    Do: take the annotation off that the message names."""
    OWNED_BY_GIT_OPS = "OwnedByGitOps"
    """A GitOps controller (Argo CD, Flux) writes what would be changed, and would put it back.
    Do: change it in Git; or tell the controller to leave it, and set gitOps: Override for the action in spec.actions."""
    FOREIGN_OWNER = "ForeignOwner"
    """Another object controls the one that would be changed, and its controller would undo the change.
    Do: change the owner that the message names. Its pods are still restarted and moved."""
    NOT_MOVABLE = "NotMovable"
    """No affected pod would come back elsewhere.
    Do: move it by hand, where its volumes can follow."""
    NO_OTHER_NODE = "NoOtherNode"
    """No other node is ready and schedulable.
    Do: add a node, or uncordon one."""
    NO_AFFECTED_POD = "NoAffectedPod"
    """There is no pod that the action could be done to.
    Do: nothing; it is looked at anew."""
    UNSUPPORTED_TARGET = "UnsupportedTarget"
    """The action cannot be done to this kind of object.
    Do: do it by hand."""
    PLAN_TOO_LARGE = "PlanTooLarge"
    """The change would not fit into the record.
    Do: lower maxPods in spec.actions, or do it by hand."""

    CLUSTER_POLICY_ONLY = "ClusterPolicyOnly"
    """Closing a node concerns every namespace that has pods on it; a HealingPolicy of one namespace may not.
    Do: list isolate in a ClusterHealingPolicy, where Planaria should do it."""
    NO_COMMAND_DECLARED = "NoCommandDeclared"
    """The policy names no command that reloads the target's configuration.
    Do: list reload in spec.actions with a command, where the program has one."""
    NOT_RUNNING = "NotRunning"
    """No affected pod has the container running in which the command would be run.
    Do: look at why it does not run; spec.actions[].container names another one."""
    ALREADY_CORDONED = "AlreadyCordoned"
    """The node is closed to new pods already, by a person or by Planaria.
    Do: kubectl uncordon, where it should be in use."""
    CONTROL_PLANE_NODE = "ControlPlaneNode"
    """The node carries the control plane, which Planaria does not close.
    Do: look at the node yourself."""
    TOO_MANY_NODES = "TooManyNodes"
    """Planaria has closed as many nodes as maxNodes of the action isolate allows.
    Do: mend and uncordon those, or raise maxNodes."""
    NODE_OF_ANOTHER_POLICY = "NodeOfAnotherPolicy"
    """A more specific ClusterHealingPolicy that lists isolate has the node.
    Do: nothing, where that is meant; else make the selectors differ, or take isolate out of one of the two."""
    NOT_DRAINABLE = "NotDrainable"
    """A pod on the node would be lost, or would lose its data: no controller makes it anew, or it keeps files on the node.
    Do: move that pod by hand, then drain the node."""
    VOLUME_STAYS = "VolumeStays"
    """A volume of the pod is bound to its node, so the pod cannot follow to another.
    Do: bring the node back or uncordon it, or restore the data elsewhere."""

    # --- why applying failed
    COMMAND_FAILED = "CommandFailed"
    """The declared command ended with an error, could not be started, or gave no answer in time.
    Do: run it by hand (kubectl exec) and see what it says."""
    WORLD_CHANGED = "WorldChanged"
    """The object is no longer as it was when the action was planned; it is decided anew.
    Do: nothing; it goes on by itself."""
    DISRUPTION_BUDGET = "DisruptionBudget"
    """A PodDisruptionBudget does not allow the eviction now.
    Do: see what else of it is unhealthy; kubectl get pdb shows how much it allows."""
    FORBIDDEN = "Forbidden"
    """The operator's role lacks a verb; the message names it.
    Do: grant it (operator/manifests/rbac.yaml), or take the action out of spec.actions."""
    REJECTED = "Rejected"
    """The API server or an admission rule refused the change; the message is its own.
    Do: read the message: it is the rule that speaks."""
    RECORD_UNREADABLE = "RecordUnreadable"
    """A Remediation of the target was written by another version and cannot be read, so nothing is done about the target.
    Do: run the version that wrote it, or delete the record."""
    API_UNAVAILABLE = "ApiUnavailable"
    """The API server did not answer in time, or has too many requests.
    Do: nothing; it is tried again."""

    NOT_APPLIED_IN_TIME = "NotAppliedInTime"
    """The action could not be applied within the verification time-out.
    Do: read the condition before it: it says what was in the way."""

    # --- a drain in rounds
    DRAIN_ROUND = "DrainRound"
    """The next pods of a node are evicted; the message says how many are moved so far."""
    DRAINING = "Draining"
    """The pods that were moved are not ready elsewhere yet, or a disruption budget holds the rest (condition Executed).
    Do: nothing; status.attempts[].drain says how far it is."""
    DRAIN_STOPPED = "DrainStopped"
    """A drain ended before every pod was moved; the message names those that are left, and why.
    Do: read why; kubectl drain moves them where they should go all the same."""

    # --- what becomes of a node that was isolated
    NODE_UNCORDONED = "NodeUncordoned"
    """A node that Planaria had closed is well again and open."""

    # --- the state of a policy
    POLICY_READY = "PolicyReady"
    """The policy is in force."""
    OVERLAPPING = "Overlapping"
    """More specific policies have some of the targets and heal them; the condition Overlapped names them.
    Do: nothing, where that is meant; else make the selectors differ."""
    NOT_OVERLAPPED = "NotOverlapped"
    """No more specific policy has any of the targets (condition Overlapped)."""
    NAMESPACES_UNKNOWN = "NamespacesUnknown"
    """The operator may not watch namespaces: nothing is done, because one might have opted out, and a ClusterHealingPolicy can choose none.
    Do: grant it (get, list, watch of namespaces)."""
    NOT_PAUSED = "NotPaused"
    """Nobody asks to pause (condition Paused)."""
    CALM = "Calm"
    """There is no storm (condition StormActive)."""
    BREAKER_CLOSED = "BreakerClosed"
    """The breaker is closed (condition BreakerOpen)."""
    NAMESPACE_PROTECTED = "NamespaceProtected"
    """The policy stands in a protected namespace and has no effect."""
    METRICS_CONFIGURED = "MetricsConfigured"
    """Prometheus is configured and answers."""
    METRICS_NOT_CONFIGURED = "MetricsNotConfigured"
    """No Prometheus address is set; kubelet metrics alone are used."""
    METRICS_UNREACHABLE = "MetricsUnreachable"
    """Prometheus is configured but does not answer."""

    # --- who decides (condition PolicyServiceAvailable)
    POLICY_NOT_CONFIGURED = "PolicyNotConfigured"
    """No policy service is configured; the rules decide."""
    POLICY_NOT_ASKED = "PolicyNotAsked"
    """The policy service is configured and was not asked yet."""
    POLICY_ANSWERS = "PolicyAnswers"
    """The policy service answers."""
    POLICY_NOT_REACHED = "PolicyNotReached"
    """The policy service refuses or went away; the rules decide meanwhile."""
    POLICY_TOO_SLOW = "PolicyTooSlow"
    """The policy service did not answer within its deadline; the rules decide meanwhile."""
    POLICY_MALFORMED = "PolicyMalformed"
    """The policy service's answer is no decision, or one that is masked; the rules decide meanwhile."""

    # --- what became of a report to the policy service (metric planaria_policy_outcomes_total; also the four above)
    OUTCOME_KEPT = "OutcomeKept"
    """The policy service took the report of a closed incident for its memory."""
    OUTCOME_NOT_KEPT = "OutcomeNotKept"
    """The policy service has no memory, or was never asked about the incident; the log has its reason."""
    OUTCOME_DROPPED = "OutcomeDropped"
    """Too many reports were under way."""

    # --- what reads the evidence (condition SemanticsAvailable)
    MODEL_ANSWERS = "ModelAnswers"
    """The vLLM service answers."""
    EMBEDDED = "Embedded"
    """No vLLM service is configured; the embedded encoder reads."""
    RULES_ALONE = "RulesAlone"
    """The rules alone read: they are configured, the encoder's model file cannot be used, or the encoder is left alone for a
    while after it failed three times in a row, mostly for want of CPU."""
    MODEL_NOT_ASKED = "NotAskedYet"
    """The vLLM service is configured and was not asked yet."""
    MODEL_NOT_REACHED = "NotReached"
    """The vLLM service refuses, is starting, or went away in mid-answer; the encoder reads meanwhile."""
    MODEL_TOO_SLOW = "TooSlow"
    """The vLLM service did not answer within the deadline; the encoder reads meanwhile."""
    MODEL_BUSY = "Busy"
    """The vLLM service's queue, or our own, is full; the encoder reads meanwhile."""
    MODEL_REFUSED = "Refused"
    """The vLLM service does not accept the key, the model's name or the request; nothing changes until a person mends it."""
    MODEL_MALFORMED = "Malformed"
    """The vLLM service's answer was cut off, not of the schema, or about lines that do not exist."""
    MODEL_FAILED = "Failed"
    """Asking the vLLM service failed in a way that has no name: a bug worth reporting."""


RESOLVING_NOTHING: Final = frozenset({Reason.HANDED_OVER, Reason.NOT_SELECTED})
"""Ends of a record at which its target may be as ill as before."""
