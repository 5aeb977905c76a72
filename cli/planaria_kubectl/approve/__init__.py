"""Answer what a Remediation proposes in mode Approve."""
