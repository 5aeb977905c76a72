"""Thousands of clusters at once, as tensors: one row is one incident on one service of one cluster.

The hidden root cause, its reach and its course are drawn; the policy sees only what the operator would see. A step is
one decision: it lasts as long as the real action or wait would, so no time is spent on ticks in which nobody decides.
"""
