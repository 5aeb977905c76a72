{{/* What every pod has alike. All take a dict: root ($), component. */}}

{{- /* Also takes: image (registry, repository, tag, digest, pullPolicy). */}}
{{- define "planaria.image" -}}
{{- $registry := .root.Values.global.imageRegistry | default .image.registry -}}
{{- $tag := .image.tag | default .root.Chart.AppVersion -}}
{{- $version := empty .image.digest | ternary (printf ":%s" $tag) (printf "@%s" .image.digest) -}}
image: {{ with $registry }}{{ . | trimSuffix "/" }}/{{ end }}{{ .image.repository }}{{ $version }}
imagePullPolicy: {{ .image.pullPolicy }}
{{- end }}

{{- /* Whose values hold for the pod: `helm test` and the clean-up run where the operator may. */}}
{{- define "planaria.whose" -}}
{{ has .component (list "test" "cleanup") | ternary "operator" .component }}
{{- end }}

{{- define "planaria.podMetadata" -}}
{{- $values := index .root.Values (include "planaria.whose" .) -}}
{{- $own := include "planaria.selector" . | fromYaml -}}
{{- $site := merge (dict) ($values.podLabels | default dict) (.root.Values.commonLabels | default dict) -}}
# Nothing that changes with the chart's version alone: it would start all pods anew.
labels:
  {{- merge $own $site (dict "app.kubernetes.io/part-of" "planaria") | toYaml | nindent 2 }}
{{- with merge (dict) ($values.podAnnotations | default dict) (.root.Values.commonAnnotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Where it may run, and as whom: the Pod Security Standard `restricted`. Also takes: user, where the image names none. */}}
{{- define "planaria.podSpec" -}}
{{- $whose := include "planaria.whose" . -}}
{{- $values := index .root.Values $whose -}}
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ toYaml . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- with .user }}
  runAsUser: {{ int64 . }}
  runAsGroup: {{ int64 . }}
  fsGroup: {{ int64 . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- with $values.priorityClassName }}
priorityClassName: {{ toYaml . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- /* The others' affinity is planaria.spread's. Distance from other pods could keep a test off the only node that it fits on. */}}
{{- if ne $whose .component }}
{{- with ($values.affinity | default dict).nodeAffinity }}
affinity:
  nodeAffinity:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Rather not two of a kind on one node, nor all in one zone; but better so than not at all. */}}
{{- define "planaria.spread" -}}
{{- $values := index .root.Values .component -}}
affinity:
{{- if $values.affinity }}
  {{- toYaml $values.affinity | nindent 2 }}
{{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "planaria.selector" . | nindent 14 }}
{{- end }}
topologySpreadConstraints:
{{- if $values.topologySpreadConstraints }}
  {{- toYaml $values.topologySpreadConstraints | nindent 2 }}
{{- else }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "planaria.selector" . | nindent 8 }}
{{- end }}
{{- end }}

{{- define "planaria.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- /*
Kubernetes' own default, written out. Server-side apply takes away only what it has set: figures that the server filled in
would stay beside `Recreate`, once a value asks for that, and the server refuses both together.
*/}}
{{- define "planaria.rolling" -}}
{type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
{{- end }}

{{- /* One of them at a time: with a single pod this never stands in the way of a drain. */}}
{{- define "planaria.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "planaria.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  # A pod that does not work anyway must not stand in the way of a drain.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "planaria.selector" . | nindent 6 }}
{{- end }}
