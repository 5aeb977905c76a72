"""Before it is believed: what recorded incidents say of a policy that did not act in them (off-policy evaluation).

    report = evaluate("planaria-memory.db", Candidate(Brain(PolicyFile.load(path))))
    report.verdict.reason       # Better, Worse, NoClearDifference, or why the incidents cannot tell

No torch: it runs beside the service. Returns are in the memory's unit, minutes in which the target is down for all its
users, summed over an incident and not discounted.
"""
