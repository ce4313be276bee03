{{- define "crupier.name" -}}
{{- .Release.Name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "crupier.selector" -}}
app.kubernetes.io/name: crupier
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "crupier.labels" -}}
{{ include "crupier.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* The password is put in by the kubelet, so that it is in no manifest. */}}
{{- define "crupier.databaseUrl" -}}
postgres://$(DATABASE_USER):$(DATABASE_PASSWORD)@{{ join "," .Values.postgres.hosts }}/{{ .Values.postgres.database }}
{{- with .Values.postgres.parameters }}?{{ . }}{{ end -}}
{{- end -}}

{{- define "crupier.redisUrl" -}}
{{- if .Values.redis.secretName -}}
{{ .Values.redis.url | replace "://" "://:$(REDIS_PASSWORD)@" }}
{{- else -}}
{{ .Values.redis.url }}
{{- end -}}
{{- end -}}

{{/* What one value cannot know of another. */}}
{{- define "crupier.check" -}}
{{- if and .Values.ingress.enabled (not .Values.settings.TRUSTED_PROXIES) -}}
{{- fail "settings.TRUSTED_PROXIES must list the addresses of the ingress controller: without it every player has the address of the controller" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not (hasSuffix (printf "//%s" .Values.ingress.host) (trimSuffix "/" .Values.settings.PUBLIC_URL))) -}}
{{- fail "ingress.host must be the host of settings.PUBLIC_URL" -}}
{{- end -}}
{{- end -}}
