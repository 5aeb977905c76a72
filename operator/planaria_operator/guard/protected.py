from typing import Final

from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict

RETRY_SECONDS: Final = 300
"""Only a person changes what is protected."""


class ProtectedNamespace:
    """Nothing is done in the system's namespaces or in the operator's own, whatever a policy says."""

    name = "protected-namespace"

    def check(self, proposal: Proposal) -> Verdict:
        touched = _touched(proposal.plan) | ({proposal.namespace, proposal.policy.namespace} - {""})
        protected = sorted(touched & proposal.protected_namespaces)
        if protected:
            message = f"{', '.join(protected)} is protected, as are {len(proposal.protected_namespaces)} namespaces in all"
            return Verdict(self.name, False, Reason.PROTECTED_NAMESPACE, message, RETRY_SECONDS)
        where = ", ".join(sorted(touched)) or "a node"
        message = f"{where} is not one of {len(proposal.protected_namespaces)} protected namespaces"
        return Verdict(self.name, True, Reason.ALLOWED, message)


def _touched(plan: Plan) -> set[str]:
    operations = (*plan.operations, *plan.inverse, *plan.cleanup)
    objects = (plan.target, *(operation.object for operation in operations))
    return {each.namespace for each in objects if each.namespace}
