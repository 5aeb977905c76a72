"""Exactly what a Remediation has applied, or would apply."""
