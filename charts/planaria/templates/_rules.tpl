{{/*
What the operator may do, one list per purpose; each comment names the station that needs the rule. "namespaced" rules
become Roles where watchNamespaces is set; "cluster" rules are about things without a namespace.
*/}}

{{- define "planaria.rules.namespaced.read" }}
  # watch: the store that detect, verify and the guards look at. act reads a pod afresh before it changes it.
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, list, watch]
  # watch: what the pods belong to. act reads it afresh before it changes it, and finds older revisions in ReplicaSets.
  - apiGroups: [apps]
    resources: [deployments, statefulsets, daemonsets, replicasets]
    verbs: [get, list, watch]
  # watch: what stands behind a Service that a workload depends on.
  - apiGroups: [""]
    resources: [services]
    verbs: [list, watch]
  # watch: whether it has a ready endpoint.
  - apiGroups: [discovery.k8s.io]
    resources: [endpointslices]
    verbs: [list, watch]
  # watch: who else sets the replica count, so that act leaves it alone.
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [list, watch]
  # guard: how many pods may be evicted now.
  - apiGroups: [policy]
    resources: [poddisruptionbudgets]
    verbs: [list, watch]
  # evidence and act: older revisions of StatefulSets and DaemonSets, for rollback.
  - apiGroups: [apps]
    resources: [controllerrevisions]
    verbs: [get, list]
  # evidence: the end of container logs, redacted before anything leaves the process.
  - apiGroups: [""]
    resources: [pods/log]
    verbs: [get]
  # evidence: what others said about the target.
  - apiGroups: [events.k8s.io]
    resources: [events]
    verbs: [get, list]
  # watch: the policies and the records that a restarted operator goes on from.
  - apiGroups: [planaria.dev]
    resources: [healingpolicies, remediations]
    verbs: [get, list, watch]
  # watch: what people have approved or rejected. Nothing of Planaria's may create one: that is the right to approve.
  - apiGroups: [planaria.dev]
    resources: [approvals]
    verbs: [get, list, watch]
{{- end }}

{{- define "planaria.rules.cluster.read" }}
  # watch: whether the ground is there. act reads a node afresh before it changes it.
  - apiGroups: [""]
    resources: [nodes]
    verbs: [get, list, watch]
  # guard: a namespace may say that nothing in it is healed. watch: its labels, by which policies choose.
  - apiGroups: [""]
    resources: [namespaces]
    verbs: [list, watch]
  # watch: a clear word at start where the custom resources are not installed.
  - apiGroups: [apiextensions.k8s.io]
    resources: [customresourcedefinitions]
    resourceNames: [healingpolicies.planaria.dev, clusterhealingpolicies.planaria.dev, remediations.planaria.dev, approvals.planaria.dev]
    verbs: [get]
  {{- if not .Values.watchNamespaces }}
  # watch: the policies for many namespaces, which only an operator that sees all of them can follow.
  - apiGroups: [planaria.dev]
    resources: [clusterhealingpolicies]
    verbs: [get, list, watch]
  {{- end }}
{{- end }}

{{- define "planaria.rules.namespaced.usage" }}{{ end }}

{{- define "planaria.rules.cluster.usage" }}
  # evidence: stats/summary of the node that a pod runs on.
  - apiGroups: [""]
    resources: [nodes/proxy]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.namespaced.record" }}
  # record: one Remediation per incident, deleted when its time is over. Its spec is never updated.
  - apiGroups: [planaria.dev]
    resources: [remediations]
    verbs: [create, delete]
  # record: where an incident stands; guard: the budget, reserved before acting.
  - apiGroups: [planaria.dev]
    resources: [healingpolicies/status, remediations/status]
    verbs: [patch]
  # record: Events on the target; a repeat patches the first one's count.
  - apiGroups: [events.k8s.io]
    resources: [events]
    verbs: [create, patch]
{{- end }}

{{- define "planaria.rules.cluster.record" }}
  {{- if not .Values.watchNamespaces }}
  # guard: the budget of a policy for many namespaces, reserved before acting.
  - apiGroups: [planaria.dev]
    resources: [clusterhealingpolicies/status]
    verbs: [patch]
  {{- end }}
{{- end }}

{{- define "planaria.rules.namespaced.restart" }}
  # act, restart of pods: eviction, which disruption budgets can refuse. Pods are never deleted outright.
  - apiGroups: [""]
    resources: [pods/eviction]
    verbs: [create]
  # act, restart of a workload: an annotation of the pod template.
  - apiGroups: [apps]
    resources: [deployments, statefulsets, daemonsets]
    verbs: [patch]
  # act, restart: whether the volume of a pod on a cordoned node can follow it.
  - apiGroups: [""]
    resources: [persistentvolumeclaims]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.cluster.restart" }}
  # act, restart: whether a volume is bound to one node.
  - apiGroups: [""]
    resources: [persistentvolumes]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.namespaced.rollback" }}
  # act, rollback: the pod template of an earlier revision.
  - apiGroups: [apps]
    resources: [deployments, statefulsets, daemonsets]
    verbs: [patch]
  # act, rollback: whether the volume of a pod on a cordoned node can follow it.
  - apiGroups: [""]
    resources: [persistentvolumeclaims]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.cluster.rollback" }}
  # act, rollback: whether a volume is bound to one node.
  - apiGroups: [""]
    resources: [persistentvolumes]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.namespaced.scale" }}
  # act, scale: the replica count and nothing else.
  - apiGroups: [apps]
    resources: [deployments/scale, statefulsets/scale]
    verbs: [get, patch]
  # act, scale: the bounds of the autoscaler that owns the replica count.
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [get, patch]
  # act, scale: where KEDA made that autoscaler, the bounds that it is made from. Without KEDA this grants nothing.
  - apiGroups: [keda.sh]
    resources: [scaledobjects]
    verbs: [get, list, patch]
{{- end }}

{{- define "planaria.rules.cluster.scale" }}{{ end }}

{{- define "planaria.rules.namespaced.resize" }}
  # act, resize: in place.
  - apiGroups: [""]
    resources: [pods/resize]
    verbs: [patch]
  # act, resize: requests and limits of the pod template.
  - apiGroups: [apps]
    resources: [deployments, statefulsets, daemonsets]
    verbs: [patch]
  # act, resize: whether the volume of a pod on a cordoned node can follow it.
  - apiGroups: [""]
    resources: [persistentvolumeclaims]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.cluster.resize" }}
  # act, resize: whether a volume is bound to one node.
  - apiGroups: [""]
    resources: [persistentvolumes]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.namespaced.migrate" }}
  # act, migrate: eviction, which disruption budgets can refuse.
  - apiGroups: [""]
    resources: [pods/eviction]
    verbs: [create]
  # act, migrate: whether a pod's volume can follow it to another node.
  - apiGroups: [""]
    resources: [persistentvolumeclaims]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.cluster.migrate" }}
  # act, migrate: a soft taint that lets a pod land elsewhere; it is taken off again afterwards.
  - apiGroups: [""]
    resources: [nodes]
    verbs: [patch]
  # act, migrate: whether a volume is bound to one node.
  - apiGroups: [""]
    resources: [persistentvolumes]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.namespaced.isolate" }}
  # act, isolate: the drain, by eviction, which disruption budgets can refuse.
  - apiGroups: [""]
    resources: [pods/eviction]
    verbs: [create]
  # act, isolate: whether a pod's volume can follow it to another node.
  - apiGroups: [""]
    resources: [persistentvolumeclaims]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.cluster.isolate" }}
  # act, isolate: spec.unschedulable, with the marks that say whose cordon it is.
  - apiGroups: [""]
    resources: [nodes]
    verbs: [patch]
  # act, isolate: whether a volume is bound to one node.
  - apiGroups: [""]
    resources: [persistentvolumes]
    verbs: [get]
{{- end }}

{{- define "planaria.rules.namespaced.reload" }}
  # act, reload: the command that a policy declares. A WebSocket is opened by a get, and from Kubernetes 1.35 on a create.
  - apiGroups: [""]
    resources: [pods/exec]
    verbs: [get, create]
  # act, reload: the mark that is set before it, so that no command is begun twice.
  - apiGroups: [""]
    resources: [pods]
    verbs: [patch]
{{- end }}

{{- define "planaria.rules.cluster.reload" }}{{ end }}

{{- /* The parts that are switched on, and what each is for, as JSON. Takes the root ($). */}}
{{- define "planaria.parts" -}}
{{- $actions := .Values.actions -}}
{{- $parts := list (dict "name" "read" "why" "To look: with it alone, every policy behaves as in mode Observe and nothing is recorded.") -}}
{{- if .Values.rbac.usage -}}
{{- $parts = append $parts (dict "name" "usage" "why" "To see how much CPU and memory is in use. A role of its own because it is a strong right: a kubelet answers more than\n# metrics on this path, up to running commands in containers over WebSocket. Leave the role out where that is too much:\n# usage then comes from Prometheus alone, and every record says that the kubelet's was missing.") -}}
{{- end -}}
{{- $parts = append $parts (dict "name" "record" "why" "To write down what was seen, decided and done. It changes nothing outside planaria.dev but Events.") -}}
{{- range list "restart" "rollback" "scale" "resize" "migrate" "isolate" "reload" -}}
{{- if (index $actions .).enabled -}}
{{- $parts = append $parts (dict "name" . "why" (printf "To heal by the action %s. Without it, that action is refused with the reason Forbidden." .)) -}}
{{- end -}}
{{- end -}}
{{ $parts | toJson }}
{{- end }}
