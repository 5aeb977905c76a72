"""From a `SemanticState` to a `Decision`. A runbook of rules here; the served policy is another decider."""
