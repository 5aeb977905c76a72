from datetime import datetime

from planaria_operator.api.policy_status import StormStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.causes import Group, key_of
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse
from planaria_operator.record.moments import clock


class Storm:
    """In a storm, and for its cooldown, nothing new is begun but the one Remediation of each cause that many share."""

    name = "storm"

    def check(self, proposal: Proposal) -> Verdict:
        storm = proposal.weather.storm
        if storm is None:
            return allow(self, "no storm")
        own = key_of(proposal.target)
        group = proposal.weather.groups.get(own)
        if group is None:
            return refuse(self, Reason.STORM_ACTIVE, _in_words(storm, proposal.now))
        if group.lead == own:
            return allow(self, f"treats {group.cause} for {len(group.members)} incidents")
        return refuse(self, Reason.SHARED_CAUSE, _named(group))


def _in_words(storm: StormStatus, now: datetime) -> str:
    if storm.calm_since:
        calm = clock(storm.calm_since, now)
        return f"calm since {calm}, not yet for the storm's cooldown; before: {storm.why}"
    return f"storm since {clock(storm.since, now)}: {storm.why}"


def _named(group: Group) -> str:
    """Points to the record that a person should look at."""
    shared = f"one of {len(group.members)} incidents with the cause {group.cause}"
    if group.lead is None and group.remediation:
        return (
            f"{shared}; it was treated by Remediation {group.remediation}, and they are given time to follow"
        )
    if group.lead is None:
        return f"{shared}; nothing is done about any of them, since none of them is the cause"
    lead = f"Remediation {group.remediation}" if group.remediation else "an incident that is not ripe yet"
    kind, _, name = group.lead
    return f"{shared}; {kind}/{name} is treated for all: {lead}"
