"""What really happened comes back: consultations are kept until their incident is over, then both become a trajectory.

    recorder = Recorder("planaria-memory.db", registry)
    recorder.keep(asked, thoughts)           # at every decision; never waits
    await recorder.learn(outcome)            # when the operator reports how it ended
    await recorder.found(recorder.look(encoded))    # the nearest remembered incidents, within a deadline

No torch. Trouble with the database is counted, logged and told by `Recorder.about`; it never reaches a decision.
"""
