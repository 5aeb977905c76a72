"""The operator's real parts, from detection to record, on an imagined cluster: so that there is something to look at."""
