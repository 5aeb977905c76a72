"""An invalid HealingPolicy is refused by the API server with a message that names the field and the fix."""

from typing import Any

import pytest
import yaml

from tests.kubectl import Kubectl

pytestmark = pytest.mark.apiserver

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a mode that does not exist": (
        {"mode": "Auto"},
        "spec.mode",
        'supported values: "Observe", "Recommend", "Enforce"',
    ),
    "a misspelt field": (
        {"guardrail": {"cooldownSeconds": 60}},
        "spec.guardrail",
        'unknown field "spec.guardrail"',
    ),
    "settling longer than the time-out": (
        {"verification": {"timeoutSeconds": 60, "stableForSeconds": 60}},
        "spec.verification.stableForSeconds",
        "must be less than timeoutSeconds: lower it or raise timeoutSeconds",
    ),
    "a time-out below the default settle time": (
        {"verification": {"timeoutSeconds": 20}},
        "spec.verification.stableForSeconds",
        "stableForSeconds (default 30) must be less than timeoutSeconds",
    ),
    "maxReplicas on restart": (
        {"actions": [{"type": "restart", "maxReplicas": 3}]},
        "spec.actions[0].maxReplicas",
        "maxReplicas bounds the action scale only: remove it here",
    ),
    "maxRatioPercent on scale": (
        {"actions": [{"type": "rollback"}, {"type": "scale", "maxRatioPercent": 200}]},
        "spec.actions[1].maxRatioPercent",
        "maxRatioPercent bounds the action resize only: remove it here",
    ),
    "maxPods on rollback": (
        {"actions": [{"type": "rollback", "maxPods": 1}]},
        "spec.actions[0].maxPods",
        "maxPods bounds the actions restart, migrate, isolate and reload only: remove it here",
    ),
    "isolate in one namespace": (
        {"actions": [{"type": "restart"}, {"type": "isolate"}]},
        "spec.actions",
        "list it in a ClusterHealingPolicy, not in a HealingPolicy",
    ),
    "maxNodes on restart": (
        {"actions": [{"type": "restart", "maxNodes": 2}]},
        "spec.actions[0].maxNodes",
        "maxNodes bounds the action isolate only: remove it here",
    ),
    "reload without a command": (
        {"actions": [{"type": "reload"}]},
        "spec.actions[0].command",
        "it must be given for reload, as a list of words, and for nothing else",
    ),
    "a command for restart": (
        {"actions": [{"type": "restart", "command": ["reboot"]}]},
        "spec.actions[0].command",
        "it must be given for reload, as a list of words, and for nothing else",
    ),
    "an empty command": (
        {"actions": [{"type": "reload", "command": []}]},
        "spec.actions[0].command",
        "should have at least 1 items",
    ),
    "a container for scale": (
        {"actions": [{"type": "scale", "container": "app"}]},
        "spec.actions[0].container",
        "container says where the action reload runs its command: remove it here",
    ),
    "raiseAutoscalerBounds on resize": (
        {"actions": [{"type": "resize", "raiseAutoscalerBounds": True}]},
        "spec.actions[0].raiseAutoscalerBounds",
        "raiseAutoscalerBounds belongs to the action scale only: remove it here",
    ),
    "gitOps on restart": (
        {"actions": [{"type": "restart", "gitOps": "Override"}]},
        "spec.actions[0].gitOps",
        "gitOps belongs to the actions scale, resize and rollback only: remove it here",
    ),
    "another word for gitOps": (
        {"actions": [{"type": "rollback", "gitOps": "Ignore"}]},
        "spec.actions[0].gitOps",
        'supported values: "Refuse", "Override"',
    ),
    "the same action twice": (
        {"actions": [{"type": "scale"}, {"type": "scale"}]},
        "spec.actions[1]",
        'Duplicate value: {"type":"scale"}',
    ),
    "an action that Planaria does not have": (
        {"actions": [{"type": "reboot"}]},
        "spec.actions[0].type",
        'supported values: "restart", "migrate", "scale", "resize", "rollback"',
    ),
    "In without values": (
        {"selector": {"matchExpressions": [{"key": "tier", "operator": "In"}]}},
        "spec.selector.matchExpressions[0].values",
        "list at least one label value",
    ),
    "Exists with values": (
        {"selector": {"matchExpressions": [{"key": "tier", "operator": "Exists", "values": ["web"]}]}},
        "spec.selector.matchExpressions[0].values",
        "remove it, or use In or NotIn",
    ),
    "a label value that no label can have": (
        {"selector": {"matchLabels": {"app": "my app"}}},
        "spec.selector.matchLabels[app]",
        "a label value has only letters, digits, '-', '_' and '.'",
    ),
    "a label key that no label can have": (
        {"selector": {"matchLabels": {"my app": "web"}}},
        "spec.selector.matchLabels",
        "must be a label such as tier or app.kubernetes.io/name",
    ),
    "an expression without a label": (
        {"selector": {"matchExpressions": [{"key": "", "operator": "Exists"}]}},
        "spec.selector.matchExpressions[0].key",
        "key must be a label such as tier or app.kubernetes.io/name",
    ),
    "a kind twice": (
        {"kinds": ["Deployment", "Deployment"]},
        "spec.kinds[1]",
        'Duplicate value: "Deployment"',
    ),
    "a kind that is not healed": (
        {"kinds": ["Job"]},
        "spec.kinds[0]",
        'supported values: "Deployment", "StatefulSet", "DaemonSet", "Node"',
    ),
    "no kinds": (
        {"kinds": []},
        "spec.kinds",
        "should have at least 1 items",
    ),
    "an empty pattern to redact": (
        {"evidence": {"redact": ["token=.*", ""]}},
        "spec.evidence.redact[1]",
        "should be at least 1 chars long",
    ),
    "a series name that is not in snake_case": (
        {"evidence": {"queries": [{"name": "errorRate", "query": "up"}]}},
        "spec.evidence.queries[0].name",
        "name must be in snake_case, such as error_rate",
    ),
    "a share above all": (
        {"guardrails": {"minHealthy": "150%"}},
        "spec.guardrails.minHealthy",
        'a whole number (such as 2) or a share from 0% to 100% (such as "50%")',
    ),
    "a negative number of healthy workloads": (
        {"guardrails": {"minHealthy": -1}},
        "spec.guardrails.minHealthy",
        'a whole number (such as 2) or a share from 0% to 100% (such as "50%")',
    ),
    "healthy workloads in words": (
        {"guardrails": {"minHealthy": "most"}},
        "spec.guardrails.minHealthy",
        'a whole number (such as 2) or a share from 0% to 100% (such as "50%")',
    ),
    "a window too short to count in": (
        {"guardrails": {"budget": {"windowSeconds": 1}}},
        "spec.guardrails.budget.windowSeconds",
        "should be greater than or equal to 60",
    ),
    "more attempts than a record holds": (
        {"escalation": {"maxAttempts": 11}},
        "spec.escalation.maxAttempts",
        "should be less than or equal to 10",
    ),
    "a window that begins at no time of day": (
        {"guardrails": {"windows": [{"kind": "Allow", "start": "25:00"}]}},
        "spec.guardrails.windows[0].start",
        'start must be a time of day such as "22:00"',
    ),
    "a window that ends after the day": (
        {"guardrails": {"windows": [{"kind": "Allow", "end": "24:30"}]}},
        "spec.guardrails.windows[0].end",
        'end must be a time of day such as "06:00", or "24:00"',
    ),
    "a time zone that does not exist": (
        {"guardrails": {"windows": [{"kind": "Allow", "timeZone": "Europe/Atlantis"}]}},
        "spec.guardrails.windows[0].timeZone",
        "unknown time zone Europe/Atlantis",
    ),
    "a window of no kind": (
        {"guardrails": {"windows": [{"start": "22:00"}]}},
        "spec.guardrails.windows[0].kind",
        "Required value",
    ),
    "a day that does not exist": (
        {"guardrails": {"windows": [{"kind": "Deny", "days": ["Mon"]}]}},
        "spec.guardrails.windows[0].days[0]",
        'supported values: "Monday", "Tuesday"',
    ),
    "a pause without a reason": (
        {"pauseRequests": [{"requester": "anna", "reason": ""}]},
        "spec.pauseRequests[0].reason",
        "should be at least 1 chars long",
    ),
    "two pauses by the same person": (
        {"pauseRequests": [{"requester": "anna", "reason": "a"}, {"requester": "anna", "reason": "b"}]},
        "spec.pauseRequests[1]",
        'Duplicate value: {"requester":"anna"}',
    ),
    "a pause until some day": (
        {"pauseRequests": [{"requester": "anna", "reason": "a", "until": "Friday"}]},
        "spec.pauseRequests[0].until",
        "must be of type date-time",
    ),
    "more certainty than there is": (
        {"actions": [{"type": "scale", "minConfidencePercent": 120}]},
        "spec.actions[0].minConfidencePercent",
        "should be less than or equal to 100",
    ),
    "a storm of one": (
        {"guardrails": {"storm": {"incidents": 1}}},
        "spec.guardrails.storm.incidents",
        "should be greater than or equal to 2",
    ),
    "a breaker that is always open": (
        {"guardrails": {"breaker": {"failures": 0}}},
        "spec.guardrails.breaker.failures",
        "should be greater than or equal to 1",
    ),
    "half an attempt": (
        {"escalation": {"maxAttempts": 1.5}},
        "spec.escalation.maxAttempts",
        "must be of type integer",
    ),
}


@pytest.mark.parametrize(("spec", "field", "fix"), REFUSED.values(), ids=REFUSED.keys())
def test_an_invalid_policy_is_refused_with_the_field_and_the_fix(kubectl: Kubectl, spec, field, fix):
    policy = {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": {"name": "invalid"},
        "spec": spec,
    }
    said = kubectl.refusal(
        "apply", "-n", "default", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(policy)
    )
    assert field in said
    assert fix in said


OF_NAMESPACES: dict[str, tuple[dict[str, Any], str, str]] = {
    "In without values": (
        {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In"}]}},
        "spec.namespaceSelector.matchExpressions[0].values",
        "list at least one label value",
    ),
    "a label that no namespace can have": (
        {"namespaceSelector": {"matchLabels": {"team": "our team"}}},
        "spec.namespaceSelector.matchLabels[team]",
        "a label value has only letters, digits, '-', '_' and '.'",
    ),
    "names instead of labels": (
        {"namespaces": ["shop"]},
        "spec.namespaces",
        'unknown field "spec.namespaces"',
    ),
    "what a HealingPolicy may not say either": (
        {"guardrails": {"minHealthy": "150%"}},
        "spec.guardrails.minHealthy",
        "a share from 0% to 100%",
    ),
}


@pytest.mark.parametrize(("spec", "field", "fix"), OF_NAMESPACES.values(), ids=OF_NAMESPACES.keys())
def test_an_invalid_policy_for_many_namespaces_is_refused_likewise(kubectl: Kubectl, spec, field, fix):
    policy = {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "ClusterHealingPolicy",
        "metadata": {"name": "invalid"},
        "spec": spec,
    }
    said = kubectl.refusal("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(policy))
    assert field in said
    assert fix in said


def test_a_namespace_selector_has_no_place_in_a_policy_of_one_namespace(kubectl: Kubectl):
    policy = {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": {"name": "invalid"},
        "spec": {"namespaceSelector": {}},
    }
    said = kubectl.refusal(
        "apply", "-n", "default", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(policy)
    )
    assert 'unknown field "spec.namespaceSelector"' in said
