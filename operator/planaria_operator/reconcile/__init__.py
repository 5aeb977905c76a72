"""The loop that compares what is with what should be, and moves every open Remediation one stage at a time."""
