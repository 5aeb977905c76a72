"""Proximal policy optimisation over the simulator: equations 6 to 8 and 13."""
