"""Training of the embedded encoder: corpus -> samples -> network -> calibrated file, and how well it does.

corpus/*.txt -> corpus.py -> fill.py -> samples.py -> train.py -> calibrate.py -> bundle (planaria_semantics.encoder)
"""
