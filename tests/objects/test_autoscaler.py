"""How an autoscaler stands, read from its body alone."""

import pytest

from planaria_operator.objects.autoscaler import parse_autoscaler, parse_scaled_object
from tests.act.bodies import AT_ITS_MAXIMUM, BLIND, SWITCHED_OFF, WITHIN, autoscaler, scaled_object
from tests.builders import NOW


@pytest.mark.parametrize(
    ("status", "limited", "blind"),
    [
        (AT_ITS_MAXIMUM, True, ""),
        (WITHIN, False, ""),
        (SWITCHED_OFF, False, ""),
        (BLIND, True, "FailedGetResourceMetric"),
        ({}, False, ""),
    ],
)
def test_what_holds_it(status, limited: bool, blind: str):
    found = parse_autoscaler(autoscaler(status, bounds=(2, 7)))
    assert (found.limited, found.blind, found.stuck) == (limited, blind, limited or bool(blind))
    assert (found.minimum, found.maximum) == (2, 7)


def test_when_it_scaled_last_is_known():
    status = {**WITHIN, "lastScaleTime": "2026-11-23T12:00:00Z"}
    assert parse_autoscaler(autoscaler(status)).scaled_at == NOW
    assert parse_autoscaler(autoscaler(WITHIN)).scaled_at is None, "it has never scaled"


def test_it_is_called_by_what_a_person_edits():
    assert str(parse_autoscaler(autoscaler())) == "HorizontalPodAutoscaler/front"
    assert str(parse_autoscaler(autoscaler(keda=True))) == "ScaledObject/owner"


def test_labels_that_keda_copied_say_nothing_of_git_ops():
    labels = {"argocd.argoproj.io/instance": "shop"}
    assert parse_autoscaler(autoscaler(labels=labels)).keeper is not None
    assert parse_autoscaler(autoscaler(labels=labels, keda=True)).keeper is None


def test_a_scaled_object_is_for_a_deployment_unless_it_says_otherwise():
    assert parse_scaled_object(scaled_object()).target_kind == "Deployment"
    other = scaled_object(scaleTargetRef={"kind": "StatefulSet", "name": "db"}, minReplicaCount=2)
    found = parse_scaled_object(other)
    assert (found.target_kind, found.target_name) == ("StatefulSet", "db")
    assert (found.minimum, found.maximum, found.pause) == (2, None, "")
