"""`kubectl planaria`: what Planaria does, why, and why not. It reads; only `pause` and `resume` write, and nothing but a policy.

One folder for each command: `command.py` asks the API server, `report.py` is what it says as data (pure), `view.py` is how that
looks on a terminal (pure).
"""
