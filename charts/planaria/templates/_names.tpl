{{/* Every helper but the first three takes a dict: root ($), and component (operator, policy, vllm, test, cleanup). */}}

{{- define "planaria.chart" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "planaria.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "planaria.chart" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "planaria.chart" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "planaria.operatorAccount" -}}
{{- with .Values.operator.serviceAccount -}}
{{ .create | ternary (default (printf "%s-operator" (include "planaria.fullname" $)) .name) (default "default" .name) }}
{{- end }}
{{- end }}

{{- define "planaria.name" -}}
{{ include "planaria.fullname" .root }}-{{ .component }}
{{- end }}

{{- define "planaria.selector" -}}
app.kubernetes.io/name: {{ include "planaria.chart" .root | toYaml }}
app.kubernetes.io/instance: {{ .root.Release.Name | toYaml }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- /* The first that names a label wins, and none stands twice: strict readers of YAML, such as Flux, refuse that. */}}
{{- define "planaria.labels" -}}
{{- $own := include "planaria.selector" . | fromYaml -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $else := dict "app.kubernetes.io/part-of" "planaria" "app.kubernetes.io/version" .root.Chart.AppVersion -}}
{{ merge $own (.labels | default dict) (.root.Values.commonLabels | default dict) $else | toYaml }}
{{- end }}

{{- /*
Metadata of an object; toYaml quotes a name or namespace that YAML would read as a number. Also takes: name (whole, instead of one made from the component), namespace ("" for none; default the
release's), labels, annotations.
*/}}
{{- define "planaria.metadata" -}}
{{- $namespace := hasKey . "namespace" | ternary .namespace .root.Release.Namespace -}}
name: {{ .name | default (include "planaria.name" .) | toYaml }}
{{- with $namespace }}
namespace: {{ toYaml . }}
{{- end }}
labels:
  {{- include "planaria.labels" . | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) (.root.Values.commonAnnotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
