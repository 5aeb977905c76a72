{{/* Ways out that more than one pod needs. Both take the root ($). */}}

{{- define "planaria.egress.dns" -}}
- ports:
    {{- range .Values.networkPolicy.dnsPorts }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}

{{- define "planaria.egress.apiServer" -}}
{{- with .Values.networkPolicy.apiServer -}}
- ports:
    {{- range .ports }}
    - port: {{ . }}
    {{- end }}
  {{- if .cidrs }}
  to:
    {{- range .cidrs }}
    - ipBlock: {cidr: {{ quote . }}}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}
