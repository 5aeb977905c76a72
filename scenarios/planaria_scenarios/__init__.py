"""Faults as data: the workload, the fault, what counts as recovered and what as harm, and the runner that judges it.

The judges never ask the operator what it thinks of itself: they read pods, workloads and nodes from the API server.
"""
