{{- /* A claim of the release's own. Takes root, component, claim (size, storageClassName, keep), mode. */}}
{{- define "planaria.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- $annotations := .claim.keep | ternary (dict "helm.sh/resource-policy" "keep") dict }}
  {{- include "planaria.metadata" (merge (dict "annotations" $annotations) .) | nindent 2 }}
spec:
  accessModes: [{{ .mode }}]
  {{- with .claim.storageClassName }}
  storageClassName: {{ toYaml . }}
  {{- end }}
  resources:
    requests: {storage: {{ .claim.size }}}
{{- end }}
