"""operator/manifests/rbac.yaml: the chart's account and roles with default values, for those who do without Helm."""

import re

from charts.generate.helm import rendered

NAMESPACE = "planaria-system"
TEMPLATES = tuple(
    f"templates/{name}.yaml"
    for name in ("operator/serviceaccount", "operator/rbac", "operator/lease", "roles", "approvals")
)
HEAD = f"""\
# Who the operator is and what it may do: what `helm install` grants with default values. Everything here is needed by the
# station that its comment names; nothing is read or changed beyond it: no secrets, no configuration maps, no exec, no
# wildcard, and no way to grant itself more. Made from charts/planaria by `python -m charts.generate`. Do not edit.
#
#   kubectl apply -f operator/manifests/rbac.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    app.kubernetes.io/part-of: planaria
    # The operator needs no privilege on its node, and nothing else should run beside it.
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: latest
    pod-security.kubernetes.io/warn: restricted
"""
HELMS_OWN = re.compile(
    r"^ *(helm\.sh/chart|app\.kubernetes\.io/(name|instance|component|version|managed-by)):.*\n|^# Source:.*\n",
    re.MULTILINE,
)


def plain_rbac() -> str:
    """Without the labels by which Helm knows its own, and without empty lines, which differ between its versions.

    Raises HelmError.
    """
    text = HELMS_OWN.sub("", rendered(namespace=NAMESPACE, only=TEMPLATES))
    return HEAD + re.sub(r"\n{2,}", "\n", text)
