"""The harvest: true output of real programs, labelled by the fault that was really caused.

Every experiment starts a program with its own folder and ports, breaks it, collects what it prints, and puts everything
back. What it prints becomes observations of 1-12 lines under `corpus/harvested/`. A program that is not installed is
skipped and named.
"""
