"""The chart as it renders, and questions about what came out."""

import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import yaml

from charts.generate.helm import CHART, SECONDS, HelmError, helm, rendered

Body = dict[str, Any]
Permission = tuple[str, str, str]

CASES = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))
MONITORING = ("ServiceMonitor", "PrometheusRule")
KNOWS_MONITORING = tuple(
    word for kind in MONITORING for word in ("--api-versions", f"monitoring.coreos.com/v1/{kind}")
)


def of_case(name: str) -> tuple[str, ...]:
    return ("--values", str(CHART / "ci" / f"{name}-values.yaml"), *KNOWS_MONITORING)


@cache
def render(*options: str, namespace: str = "planaria-system") -> tuple[Body, ...]:
    """Rendered once for all tests that ask: leave it as it is."""
    text = rendered(*options, namespace=namespace)
    return tuple(body for body in yaml.load_all(text, Loader=yaml.CSafeLoader) if body)


def set_values(*assignments: str) -> tuple[Body, ...]:
    return render(*(word for each in assignments for word in ("--set", each)))


def notes(*assignments: str) -> str:
    """What `helm install` says. It asks no server."""
    words = [word for each in assignments for word in ("--set", each)]
    release = ("planaria", str(CHART), "--namespace", "planaria-system")
    command = [str(helm()), "install", *release, "--dry-run=client", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    return done.stdout.partition("NOTES:")[2]


def refusal(*assignments: str, options: tuple[str, ...] = ()) -> str:
    """What helm says to values that it must not accept."""
    words = [word for each in assignments for word in ("--set", each)]
    try:
        rendered(*words, *options)
    except HelmError as error:
        return str(error)
    raise AssertionError(f"{assignments} was accepted")


def of_kind(bodies: Iterable[Body], *kinds: str) -> list[Body]:
    return [body for body in bodies if body["kind"] in kinds]


def named(bodies: Iterable[Body], kind: str, name: str) -> Body:
    found = [body for body in bodies if (body["kind"], body["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def is_hook(body: Body) -> bool:
    return "helm.sh/hook" in (body["metadata"].get("annotations") or {})


def pod_specs(bodies: Iterable[Body]) -> Iterator[tuple[str, Body]]:
    """By the name of what makes them."""
    for body in bodies:
        if body["kind"] == "Pod":
            yield body["metadata"]["name"], body["spec"]
        elif body["kind"] in {"Deployment", "Job"}:
            yield body["metadata"]["name"], body["spec"]["template"]["spec"]


def args_of(bodies: Iterable[Body], component: str, release: str = "planaria") -> list[str]:
    spec = dict(pod_specs(bodies))[f"{release}-{component}"]
    words: list[str] = spec["containers"][0]["args"]
    return words


def permissions(roles: Iterable[Body]) -> set[Permission]:
    """Each as (group, resource, verb)."""
    return {
        (group, resource, verb)
        for role in roles
        for rule in role["rules"] or ()
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def of_operator(bodies: Iterable[Body], *kinds: str) -> list[Body]:
    """The roles that are bound to the operator's account."""
    return [
        body
        for body in of_kind(bodies, *kinds)
        if body["metadata"]["labels"].get("app.kubernetes.io/component") == "operator"
    ]
