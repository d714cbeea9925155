{{- define "gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "gateway.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "gateway.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "gateway.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "gateway.selector" -}}
app.kubernetes.io/name: {{ include "gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gateway.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "gateway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "gateway.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "gateway.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* An image of {repository, tag, digest}. */ -}}
{{- define "gateway.imageOf" -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag }}
{{- end }}
{{- end }}

{{- define "gateway.image" -}}
{{- include "gateway.imageOf" (merge (dict "tag" (default .Chart.AppVersion .Values.image.tag)) .Values.image) }}
{{- end }}

{{- /* The Secret of the password of the chart's own Redis. */ -}}
{{- define "gateway.redisSecret" -}}
{{- default (printf "%s-redis" (include "gateway.fullname" .)) .Values.redis.existingSecret }}
{{- end }}

{{- /* The TCP ports that the gateway calls, joined by commas. */ -}}
{{- define "gateway.egressPorts" -}}
{{- $addresses := list .Values.redis.url }}
{{- range $section := list "tracing" "audit" }}
{{- with get $.Values.config $section }}{{ $addresses = concat $addresses (values .) }}{{ end }}
{{- end }}
{{- with .Values.config.auth }}{{ if kindIs "map" . }}
{{- range $name, $issuer := (.oidc | default dict) }}{{ $addresses = concat $addresses (values $issuer) }}{{ end }}
{{- end }}{{ end }}
{{- $ports := list "443" "6379" "6380" }}
{{- range $name, $connection := .Values.config.connections }}
{{- if kindIs "map" $connection }}
{{- $addresses = concat $addresses (values $connection) }}
{{- with get $connection "proxy_port" }}{{ $ports = append $ports (toString .) }}{{ end }}
{{- end }}
{{- end }}
{{- range $address := $addresses }}
{{- if and (kindIs "string" $address) (contains "://" $address) }}
{{- range regexFindAll ":[0-9]+(/|,|$)" $address -1 }}{{ $ports = append $ports (regexFind "[0-9]+" .) }}{{ end }}
{{- if regexMatch "^http://[^:]*$" $address }}{{ $ports = append $ports "80" }}{{ end }}
{{- end }}
{{- end }}
{{- range .Values.networkPolicy.egressPorts }}{{ $ports = append $ports (toString .) }}{{ end }}
{{- $ports | uniq | join "," }}
{{- end }}

{{- /* The Secret whose keys become environment variables; "" for none. */ -}}
{{- define "gateway.secretName" -}}
{{- if .Values.secret.existingSecret }}
{{- .Values.secret.existingSecret }}
{{- else if or .Values.secret.values .Values.secret.externalSecret.enabled }}
{{- include "gateway.fullname" . }}
{{- end }}
{{- end }}

{{- /* Refuses values with which no gateway would start. */ -}}
{{- define "gateway.validate" -}}
{{- $auth := .Values.config.auth | default dict }}
{{- $modes := $auth }}
{{- if kindIs "map" $auth }}{{ $modes = $auth.mode | default list }}{{ end }}
{{- if kindIs "string" $modes }}{{ $modes = splitList "," $modes }}{{ end }}
{{- $file := "" }}
{{- if kindIs "map" $auth }}{{ $file = $auth.keys_file | default "" }}{{ end }}
{{- if and (has "keys" $modes) (not .Values.keys.existingSecret) (not $file) }}
{{- fail "keys.existingSecret is missing: name the Secret that holds the file of API keys (gateway keys create makes it), or choose another config.auth.mode." }}
{{- end }}
{{- if not (or (include "gateway.secretName" .) .Values.extraEnv .Values.extraVolumes) }}
{{- range $name, $connection := .Values.config.connections }}
{{- if not (and (kindIs "map" $connection) (eq "passthrough" (lower ($connection.auth_scheme | default "")))) }}
{{- fail (printf "secret is missing: name a Secret with the client secret of the connection %s as secret.existingSecret, or give secret.values or secret.externalSecret." $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The configuration file: the values, and what the chart itself decides. */ -}}
{{- define "gateway.config" -}}
{{- include "gateway.validate" . }}
{{- $c := deepCopy .Values.config }}
{{- $listen := dict "address" ":8080" }}
{{- if .Values.tls.existingSecret }}
{{- $_ := set $listen "tls" (dict "cert_file" "/etc/gateway/tls/tls.crt" "key_file" "/etc/gateway/tls/tls.key") }}
{{- end }}
{{- $c = mergeOverwrite $c (dict "listen" $listen "admin" (dict "address" ":9090") "engine" (dict "temp_dir" "/tmp/gateway")) }}
{{- if .Values.service.postgres.enabled }}
{{- $c = mergeOverwrite $c (dict "postgres" (dict "address" (printf ":%v" .Values.service.postgres.port))) }}
{{- end }}
{{- if .Values.keys.existingSecret }}
{{- $c = mergeOverwrite $c (dict "auth" (dict "keys_file" (printf "/etc/gateway/keys/%s" .Values.keys.key))) }}
{{- end }}
{{- if .Values.policy.existingConfigMap }}
{{- $c = mergeOverwrite $c (dict "auth" (dict "policy_file" (printf "/etc/gateway/policy/%s" .Values.policy.key))) }}
{{- end }}
{{- if or .Values.redis.bundled .Values.redis.url }}
{{- $url := ternary (printf "redis://%s-redis:6379/0" (include "gateway.fullname" .)) .Values.redis.url .Values.redis.bundled }}
{{- $c = mergeOverwrite $c (dict "redis" (dict "url" $url)) }}
{{- end }}
{{- if .Values.redis.required }}
{{- $c = mergeOverwrite $c (dict "redis" (dict "required" true)) }}
{{- end }}
{{- if not (dig "replicas" "" $c) }}
{{- $_ := set $c "replicas" (ternary .Values.autoscaling.maxReplicas .Values.replicaCount .Values.autoscaling.enabled) }}
{{- end }}
{{- toYaml $c }}
{{- end }}

{{- define "gateway.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "gateway.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
