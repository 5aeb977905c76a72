"""From an incident to an `Observation`: logs, metrics, events and facts, bounded and redacted."""
