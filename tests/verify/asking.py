"""Is it well? Asked of a store, for a record of a fault that is 100 seconds old."""

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import RemediationSpec
from planaria_operator.detect.detector import detect
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.record.convert import symptom_record
from planaria_operator.verify.health import Health, health
from tests.builders import NOW, ago, policy, symptom
from tests.guard.proposals import reference


def ask(
    world: ClusterStore,
    target: Workload | Node,
    extra: Workload | Node | None = None,
    *,
    under: HealingPolicy | None = None,
    opened_for: Pod | None = None,
) -> Health:
    """`under`: by default the policy that selects everything. `opened_for`: the pod that showed the fault."""
    under, other = under or policy(), reference(extra) if extra else None
    seen = (symptom_record(symptom(subject=opened_for)),) if opened_for else ()
    spec = RemediationSpec(
        policy=under.name, target=reference(target), incident="1", symptoms=seen, visible_at=ago(100)
    )
    return health(world, under, detect(world, under, NOW), spec, NOW, extra=other)
