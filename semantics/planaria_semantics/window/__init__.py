"""Equation 2 of the paper: the evidence of one incident, brought into one bounded, ordered, readable form."""

from planaria_semantics.window.build import build
from planaria_semantics.window.window import Budget, Entry, Place, Window

__all__ = ["Budget", "Entry", "Place", "Window", "build"]
