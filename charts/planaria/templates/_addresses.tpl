{{/* Where the parts find each other. All take the root ($). An address that is empty stands for "there is none". */}}

{{- define "planaria.operatorUrl" -}}
http://{{ include "planaria.fullname" . }}-operator.{{ .Release.Namespace }}.svc:8080
{{- end }}

{{- define "planaria.policyUrl" -}}
{{- if .Values.policy.enabled -}}
http://{{ include "planaria.fullname" . }}-policy.{{ .Release.Namespace }}.svc:8090
{{- else -}}
{{ .Values.policy.url }}
{{- end }}
{{- end }}

{{- define "planaria.vllmUrl" -}}
{{- if .Values.vllm.enabled -}}
http://{{ include "planaria.fullname" . }}-vllm.{{ .Release.Namespace }}.svc:8000
{{- else -}}
{{ .Values.semantics.vllm.url }}
{{- end }}
{{- end }}

{{- define "planaria.vllmServedName" -}}
{{ .Values.vllm.servedModelName | default .Values.vllm.model }}
{{- end }}

{{- define "planaria.vllmModel" -}}
{{- if .Values.semantics.vllm.model -}}
{{ .Values.semantics.vllm.model }}
{{- else if and .Values.vllm.enabled .Values.vllm.adapters -}}
{{ (first .Values.vllm.adapters).name }}
{{- else if .Values.vllm.enabled -}}
{{ include "planaria.vllmServedName" . }}
{{- end }}
{{- end }}

{{- /* The Secret with the key for it, as a dict in JSON: existingSecret, key. */}}
{{- define "planaria.vllmKey" -}}
{{ .Values.vllm.enabled | ternary .Values.vllm.apiKey .Values.semantics.vllm.apiKey | toJson }}
{{- end }}

{{- /* The port of an address. Takes the address. */}}
{{- define "planaria.port" -}}
{{- $parts := urlParse . -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $parts.host) -}}
{{ $port | default (eq $parts.scheme "https" | ternary "443" "80") }}
{{- end }}

{{- define "planaria.policyReplicas" -}}
{{- if kindIs "invalid" .Values.policy.replicas -}}
{{ eq .Values.policy.memory.type "sqlite" | ternary 1 2 }}
{{- else -}}
{{ .Values.policy.replicas | int }}
{{- end }}
{{- end }}

{{- /* Whether the monitoring object `kind` is wanted. Takes root, kind, enabled (true, auto or false), key. */}}
{{- define "planaria.monitored" -}}
{{- $known := .root.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" .kind) -}}
{{- if and (eq (toString .enabled) "true") (not $known) -}}
{{- fail (printf "monitoring.%s.enabled is true, but this cluster does not know %s (monitoring.coreos.com/v1): install the Prometheus operator first, or set it to auto or false. With helm template, add --api-versions monitoring.coreos.com/v1/%s." .key .kind .kind) -}}
{{- end -}}
{{- if and (ne (toString .enabled) "false") $known -}}yes{{- end -}}
{{- end }}
