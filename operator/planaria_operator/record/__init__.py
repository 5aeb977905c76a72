"""What people read afterwards: Remediation status, Events and metrics."""
