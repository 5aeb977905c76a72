from typing import Final

from planaria_operator.api.reasons import Reason
from planaria_operator.guard.population import under_way
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

RETRY_SECONDS: Final = 10


class Concurrency:
    """So many remediations at the same time, of the policy and of the whole operator, counted from their records."""

    name = "concurrency"

    def check(self, proposal: Proposal) -> Verdict:
        own = (proposal.remediation.namespace, proposal.remediation.name)
        records = under_way(proposal.store, proposal.now)
        busy = [each for each in records if (each.namespace, each.name) != own]
        ours = sum(each.policy_key == proposal.policy.key for each in busy)
        limit, total = proposal.policy.spec.guardrails.max_concurrent, proposal.limits.acting
        message = f"{ours} of {limit} under way for the policy, {len(busy)} of {total} for the operator"
        if ours < limit and len(busy) < total:
            return allow(self, message)
        return refuse(self, Reason.TOO_MANY_AT_ONCE, message, RETRY_SECONDS)
