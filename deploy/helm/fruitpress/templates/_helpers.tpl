{{/* Names, labels and what else several objects say of a service. Each takes {root, name}: the chart and a service's name. */}}

{{- define "fruitpress.fullname" -}}
{{- $base := .root.Values.fullnameOverride | default .root.Values.nameOverride | default .root.Release.Name -}}
{{- if or (eq .name $base) (hasSuffix (printf "-%s" .name) $base) -}}
{{- $base | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" ($base | trunc 42 | trimSuffix "-") .name -}}
{{- end -}}
{{- end -}}

{{- define "fruitpress.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "fruitpress.labels" -}}
{{ include "fruitpress.selector" . }}
app.kubernetes.io/part-of: fruitpress
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "fruitpress.image" -}}
{{- $image := (index .root.Values .name).image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* "true" where the service keeps its data in a volume of its own, so that there can be one copy of it. */}}
{{- define "fruitpress.isEmbedded" -}}
{{- $values := index .root.Values .name -}}
{{- if eq .name "fruits" -}}
{{- if not $values.database.url -}}true{{- end -}}
{{- else if not $values.bucket -}}true
{{- end -}}
{{- end -}}

{{- define "fruitpress.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "fruitpress.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* How the database is reached, for the service and for its migration. */}}
{{- define "fruitpress.database" -}}
{{- $database := .root.Values.fruits.database -}}
- {name: DATABASE_URL, value: {{ .url | quote }}}
- {name: DATABASE_AUTH, value: {{ $database.auth }}}
{{- if and (eq $database.auth "password") $database.passwordSecret.name }}
- {name: DATABASE_PASSWORD_FILE, value: /secrets/database/password}
{{- end }}
{{- end -}}

{{- define "fruitpress.databaseVolume" -}}
{{- $database := .Values.fruits.database -}}
{{- if and (eq $database.auth "password") $database.passwordSecret.name }}
- name: database
  secret:
    secretName: {{ $database.passwordSecret.name }}
    defaultMode: 0440
    items: [{key: {{ $database.passwordSecret.key }}, path: password}]
{{- end }}
{{- end -}}

{{- define "fruitpress.databaseMount" -}}
{{- $database := .Values.fruits.database -}}
{{- if and (eq $database.auth "password") $database.passwordSecret.name }}
- {name: database, mountPath: /secrets/database, readOnly: true}
{{- end }}
{{- end -}}

{{/* MiB of memory that press may take; nothing where it may take all there is. */}}
{{- define "fruitpress.memoryMib" -}}
{{- $limit := dig "limits" "memory" "" (.root.Values.press.resources | default dict) | toString -}}
{{- if hasSuffix "Gi" $limit -}}
{{- mulf (trimSuffix "Gi" $limit | float64) 1024 | int -}}
{{- else if hasSuffix "Mi" $limit -}}
{{- trimSuffix "Mi" $limit | int -}}
{{- else if $limit -}}
{{- fail "press.resources.limits.memory: write it in Mi or Gi, such as 1Gi" -}}
{{- end -}}
{{- end -}}

{{/* How much press takes on, so that its worst fits into its memory: what its process (64 MiB, some to spare), its fetches
     (half a MiB each) and its streams (20 MiB each) do not take is for pixels. One image may need 320 MiB. */}}
{{- define "fruitpress.capacity" -}}
{{- $fetches := 256 -}}
{{- $conversions := int .root.Values.press.conversionsMax -}}
- {name: FETCHES_MAX, value: {{ $fetches | quote }}}
- {name: CONVERSIONS_MAX, value: {{ $conversions | quote }}}
{{- with include "fruitpress.memoryMib" . }}
{{- $pixels := sub (int .) (add 64 (div $fetches 2) (mul 20 $conversions)) }}
{{- if lt $pixels 320 }}
{{- fail (printf "press.resources.limits.memory: %s MiB are %d too few for press.conversionsMax, which is %d" . (sub 320 $pixels) $conversions) }}
{{- end }}
- {name: CONVERSIONS_BYTES_MAX, value: {{ mul $pixels 1024 1024 | quote }}}
{{- end }}
{{- end -}}

{{/* The host that a service is called by, if it has one. */}}
{{- define "fruitpress.hosts" -}}
{{- $values := index .root.Values .name -}}
{{- $hosts := list -}}
{{- if and $values.ingress.enabled $values.ingress.host }}{{ $hosts = append $hosts $values.ingress.host }}{{ end -}}
{{- if $values.httpRoute.enabled }}{{ $hosts = concat $hosts $values.httpRoute.hostnames }}{{ end -}}
{{- if $hosts }}{{ $hosts = append $hosts (include "fruitpress.fullname" .) }}{{ end -}}
{{- $hosts | uniq | join "," -}}
{{- end -}}

{{/* For how long links work, refused here where press would refuse it as it starts: Google changes the keys that it signs with,
     and promises 12 hours; elsewhere a signature holds for 7 days. */}}
{{- define "fruitpress.linkTtl" -}}
{{- $press := .root.Values.press -}}
{{- $ttl := $press.links.ttl -}}
{{- $unit := dict "s" 1 "m" 60 "h" 3600 "d" 86400 -}}
{{- $seconds := mul (regexFind "^[0-9]+" $ttl | int64) (get $unit (regexFind "[smhd]$" $ttl)) -}}
{{- $google := or (hasPrefix "gs://" $press.bucket) (not (contains "://" $press.bucket)) -}}
{{- $hours := $google | ternary 12 168 -}}
{{- if gt $seconds (mul $hours 3600) }}
{{- fail (printf "press.links.ttl: %s is longer than the %d hours that links to %s can be signed for" $ttl $hours $press.bucket) }}
{{- end }}
{{- if lt $seconds 60 }}
{{- fail (printf "press.links.ttl: %s is shorter than a minute" $ttl) }}
{{- end }}
{{- $ttl -}}
{{- end -}}
