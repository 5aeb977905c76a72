"""Finished records are kept for as long as the policy says, and no longer."""

from planaria_operator.api.aftermath import History
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import Remediation, RemediationSpec, RemediationStatus, Stage
from planaria_operator.reconcile.history import expired
from tests.builders import NOW, ago


def finished(name: str, seconds: float) -> Remediation:
    target = ObjectReference(kind="Deployment", namespace="shop", name="front")
    spec = RemediationSpec(policy="default", target=target, incident=name, visible_at=ago(seconds + 60))
    status = RemediationStatus(stage=Stage.FINISHED, finished_at=ago(seconds))
    return Remediation(name=name, namespace="shop", spec=spec, status=status)


def names(remediations: list[Remediation]) -> list[str]:
    return [remediation.name for remediation in remediations]


def test_what_is_older_than_its_time_to_live_goes() -> None:
    kept = History(ttl_seconds_after_finished=100)
    assert names(expired([finished("old", 101), finished("new", 99)], kept, NOW)) == ["old"]


def test_beyond_the_limit_the_oldest_go_first() -> None:
    records = [finished("b", 20), finished("a", 10), finished("c", 30)]
    assert names(expired(records, History(limit=1), NOW)) == ["b", "c"]


def test_nothing_goes_before_its_time() -> None:
    assert expired([finished("a", 10)], History(), NOW) == []
