{{/* What the schema cannot say: values that do not go together. Each message names the value and the way out. */}}
{{- define "planaria.validate" -}}
{{- $v := .Values -}}
{{- if and (gt (int $v.operator.replicas) 1) (not $v.operator.leaderElection.enabled) -}}
{{- fail (printf "operator.replicas is %d without operator.leaderElection.enabled: two operators would act on the same fault. Turn the election on, or set operator.replicas to 1." (int $v.operator.replicas)) -}}
{{- end -}}
{{- if and $v.policy.enabled $v.policy.url -}}
{{- fail "policy.url and policy.enabled are both set: set policy.enabled=false to use the service at policy.url." -}}
{{- end -}}
{{- if eq $v.policy.memory.type "sqlite" -}}
{{- if or $v.policy.autoscaling.enabled (gt (int (include "planaria.policyReplicas" .)) 1) -}}
{{- fail "policy.memory.type is sqlite, whose file belongs to one process: leave policy.replicas empty (or set it to 1) and policy.autoscaling.enabled to false, or use postgresql." -}}
{{- end -}}
{{- end -}}
{{- if and (eq $v.policy.memory.type "postgresql") (not $v.policy.memory.postgresql.existingSecret) -}}
{{- fail "policy.memory.type is postgresql: name the Secret that holds the URL in policy.memory.postgresql.existingSecret." -}}
{{- end -}}
{{- if gt (int $v.policy.autoscaling.minReplicas) (int $v.policy.autoscaling.maxReplicas) -}}
{{- fail (printf "policy.autoscaling.minReplicas (%d) is more than maxReplicas (%d)." (int $v.policy.autoscaling.minReplicas) (int $v.policy.autoscaling.maxReplicas)) -}}
{{- end -}}
{{- if and $v.vllm.enabled $v.semantics.vllm.url -}}
{{- fail "semantics.vllm.url and vllm.enabled are both set: leave semantics.vllm.url empty to use the chart's own vLLM, or set vllm.enabled=false." -}}
{{- end -}}
{{- if and $v.vllm.enabled (not $v.vllm.model) -}}
{{- fail "vllm.enabled is true: name the model in vllm.model (a name on the model hub, or a path under /cache)." -}}
{{- end -}}
{{- if and (gt (int $v.vllm.replicas) 1) (eq $v.vllm.cache.accessMode "ReadWriteOnce") (not $v.vllm.cache.existingClaim) -}}
{{- fail (printf "vllm.replicas is %d, but vllm.cache.accessMode is ReadWriteOnce, which only one node can mount: set it to ReadWriteMany." (int $v.vllm.replicas)) -}}
{{- end -}}
{{- if and $v.semantics.vllm.url (not $v.semantics.vllm.model) -}}
{{- fail "semantics.vllm.url is set: name the model to ask in semantics.vllm.model, as the server's /v1/models lists it." -}}
{{- end -}}
{{- if and (has $v.semantics.extractor (list "vllm" "hybrid")) (not (include "planaria.vllmUrl" .)) -}}
{{- fail (printf "semantics.extractor is %s: set vllm.enabled=true, or the address of a server in semantics.vllm.url." $v.semantics.extractor) -}}
{{- end -}}
{{- $name := include "planaria.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- $after := empty $v.fullnameOverride | ternary (printf "the release, %s" .Release.Name) (printf "fullnameOverride, %s" $v.fullnameOverride) -}}
{{- fail (printf "no Service may be called %s-operator (after %s): a name begins with a letter and has only a-z, 0-9 and \"-\". Set fullnameOverride to one that does, as in --set fullnameOverride=planaria." $name $after) -}}
{{- end -}}
{{- $names := list -}}
{{- range $v.notifications.receivers -}}
{{- if has .name $names -}}
{{- fail (printf "notifications.receivers has the name %s twice: policies name receivers, so each name stands once." .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- end }}
