{{- define "corebank.prefix" -}}
{{- .Values.secretsPrefix | default .Release.Name -}}
{{- end }}

{{- define "corebank.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Labels by which a part is found; they never change. Takes (root, part). */}}
{{- define "corebank.selector" -}}
app.kubernetes.io/name: corebank
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "corebank.labels" -}}
{{ include "corebank.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{- define "corebank.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "corebank.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The addresses of immudb for a partition, 0 for the sequencer: of several servers all, with commas. Takes (root, partition). */}}
{{- define "corebank.immudb" -}}
{{- $root := index . 0 -}}{{- $number := int (index . 1) -}}
{{- $own := $root.Values.eventsource.immudbAddresses -}}
{{- if and (gt $number 0) (le $number (len $own)) -}}
{{ index $own (sub $number 1 | int) }}
{{- else if not $root.Values.immudb.enabled -}}
{{ required "immudb.address: where immudb is, as immudb.enabled is false" $root.Values.immudb.address }}
{{- else if gt (int $root.Values.immudb.replicas) 1 -}}
{{ include "corebank.members" (list $root "immudb" "3322" $root.Values.immudb.replicas) }}
{{- else -}}
{{ $root.Release.Name }}-immudb:3322
{{- end -}}
{{- end }}

{{/* The addresses of the pods of a StatefulSet, with commas. Takes (root, part, port, how many). */}}
{{- define "corebank.members" -}}
{{- $name := printf "%s-%s" (index . 0).Release.Name (index . 1) -}}{{- $port := index . 2 -}}
{{- range $n := until (int (index . 3)) }}{{ if $n }},{{ end }}{{ $name }}-{{ $n }}.{{ $name }}:{{ $port }}{{ end -}}
{{- end }}

{{/* The app ids of the event sources of a log with one partition, of which one works. */}}
{{- define "corebank.eventSources" -}}
{{- if and (gt (int .Values.eventsource.replicas) 1) (gt (int .Values.partitions) 1) -}}
{{ fail "eventsource.replicas and partitions: only a log with one partition has event sources that stand by" }}
{{- end -}}
eventsource{{ range $n := untilStep 2 (int (add1 .Values.eventsource.replicas)) 1 }},eventsource-m{{ $n }}{{ end }}
{{- end }}

{{- define "corebank.mongoSecret" -}}
{{ .Values.mongodb.secret | default (printf "%s-mongodb" (include "corebank.prefix" .)) }}
{{- end }}

{{/* Annotations of a pod with a sidecar. Takes (root, app id, env from secrets). */}}
{{- define "corebank.dapr" -}}
{{- $root := index . 0 -}}{{- $app := index . 1 -}}{{- $env := index . 2 -}}
{{- $prefix := include "corebank.prefix" $root -}}
dapr.io/enabled: "true"
dapr.io/app-id: {{ $app }}
dapr.io/app-protocol: grpc
dapr.io/config: {{ $root.Release.Name }}-corebank
dapr.io/api-token-secret: {{ $prefix }}-sidecar-{{ $app }}
dapr.io/log-level: {{ $root.Values.sidecar.logLevel }}
dapr.io/enable-metrics: {{ $root.Values.metrics.enabled | quote }}
dapr.io/metrics-port: "9090"
dapr.io/graceful-shutdown-seconds: "5"
dapr.io/disable-builtin-k8s-secret-store: "true"
dapr.io/sidecar-seccomp-profile-type: RuntimeDefault
{{- with $root.Values.sidecar.resources }}
dapr.io/sidecar-cpu-request: {{ .requests.cpu | quote }}
dapr.io/sidecar-memory-request: {{ .requests.memory | quote }}
dapr.io/sidecar-cpu-limit: {{ .limits.cpu | quote }}
dapr.io/sidecar-memory-limit: {{ .limits.memory | quote }}
{{- end }}
{{- if $env }}
dapr.io/env-from-secret: {{ $env | quote }}
{{- end }}
{{- end }}

{{/* The variables of an app with a sidecar. Takes (root, app id, user of the broker or ""). */}}
{{- define "corebank.env" -}}
{{- $prefix := include "corebank.prefix" (index . 0) -}}
- name: DAPR_API_TOKEN
  valueFrom: {secretKeyRef: {name: {{ $prefix }}-sidecar-{{ index . 1 }}, key: token}}
{{- if index . 2 }}
- name: COREBANK_BROKER
  valueFrom: {secretKeyRef: {name: {{ $prefix }}-broker-{{ index . 2 }}, key: url}}
{{- end }}
{{- end }}

{{/* The variables of OpenTelemetry, of every app. */}}
{{- define "corebank.telemetryEnv" -}}
{{- range $name, $value := .Values.telemetry.environment }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "corebank.telemetryEnvFrom" -}}
{{- with .Values.telemetry.secret }}
envFrom:
  - secretRef: {name: {{ . }}}
{{- end }}
{{- end }}

{{- define "corebank.identityEnv" -}}
- name: COREBANK_ISSUER
  value: {{ required "identity.issuer: the https address of whose tokens sign in" .Values.identity.issuer | quote }}
- name: COREBANK_AUDIENCE
  value: {{ required "identity.audience: what aud of the tokens contains" .Values.identity.audience | quote }}
- name: COREBANK_ROLES_CLAIM
  value: {{ .Values.identity.rolesClaim | quote }}
{{- with .Values.identity.tokenType }}
- name: COREBANK_TOKEN_TYPE
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Probes of an app. Takes its port. The start may read the whole log. */}}
{{- define "corebank.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: {{ . }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}

{{- define "corebank.scheduling" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* How the pods of a part are spread. Takes (root, part). */}}
{{- define "corebank.spread" -}}
{{- $label := printf "app.kubernetes.io/component: %s" (index . 1) -}}
{{- include "corebank.spreadOver" (list (index . 0) $label "ScheduleAnyway") }}
{{- end }}

{{/* How pods with a label are spread: over nodes, where a second one on a node is of no use, and over zones. Takes (root, label, what if it cannot be so). */}}
{{- define "corebank.spreadOver" -}}
{{- $root := index . 0 -}}{{- $label := index . 1 -}}{{- $otherwise := index . 2 -}}
{{- if or $root.Values.spread.hosts $root.Values.spread.zones }}
topologySpreadConstraints:
{{- if $root.Values.spread.hosts }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: {{ $otherwise }}
    labelSelector:
      matchLabels:
        app.kubernetes.io/name: corebank
        app.kubernetes.io/instance: {{ $root.Release.Name }}
        {{ $label }}
{{- end }}
{{- if $root.Values.spread.zones }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        app.kubernetes.io/name: corebank
        app.kubernetes.io/instance: {{ $root.Release.Name }}
        {{ $label }}
{{- end }}
{{- end }}
{{- end }}
