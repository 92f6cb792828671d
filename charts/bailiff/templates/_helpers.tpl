{{- define "bailiff.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "bailiff.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "bailiff.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "bailiff.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Of objects without a namespace: there may be a release of the same name in another one. */ -}}
{{- define "bailiff.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "bailiff.fullname" .) -}}
{{- end -}}

{{- define "bailiff.selectorLabels" -}}
app.kubernetes.io/name: {{ include "bailiff.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "bailiff.labels" -}}
{{ include "bailiff.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "bailiff.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "bailiff.serviceAccountName" -}}
{{- default (ternary (include "bailiff.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- /* Files of /etc/bailiff, by their keys in the ConfigMap. */ -}}
{{- define "bailiff.files" -}}
{{- if .Values.config }}
- {key: bailiff.yaml, path: bailiff.yaml}
{{- end }}
{{- range $file, $text := .Values.filters }}
- {key: filter-{{ $file }}, path: filters/{{ $file }}}
{{- end }}
{{- end -}}

{{- /* Helm takes every number for a fraction, and would write a million as 1e+06. */ -}}
{{- define "bailiff.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{- define "bailiff.listen" -}}
{{- $host := get (dict "local" "127.0.0.1" "node" "$(NODE_ADDRESS)" "node-ipv6" "[$(NODE_ADDRESS)]") .Values.metrics.address -}}
{{- printf "%s:%v" $host .Values.metrics.port -}}
{{- end -}}

{{- /* The kubelet asks from the node itself; without a host it takes the pod's address, which is the node's. */ -}}
{{- define "bailiff.probe" -}}
httpGet:
  {{- if eq .root.Values.metrics.address "local" }}
  host: 127.0.0.1
  {{- end }}
  port: metrics
  path: {{ .path }}
{{- end -}}

{{- /* Alerts and dashboards ask for the job of this name, and tell hosts by their instance: the operator would name other ones. */ -}}
{{- define "bailiff.relabelings" -}}
- targetLabel: job
  replacement: bailiff
- sourceLabels: [__meta_kubernetes_pod_node_name]
  targetLabel: instance
- sourceLabels: [__meta_kubernetes_pod_node_name]
  targetLabel: node
{{- end -}}

{{- /* What no schema can say: values that do not go together. */ -}}
{{- define "bailiff.validate" -}}
{{- $metrics := .Values.metrics -}}
{{- range $kind := list "podMonitor" "serviceMonitor" -}}
{{- if and (get $metrics $kind).enabled (eq $metrics.address "local") -}}
{{- fail (printf "metrics.%s.enabled: Prometheus cannot reach 127.0.0.1 of a node; set metrics.address to node" $kind) -}}
{{- end -}}
{{- end -}}
{{- if and $metrics.podMonitor.enabled $metrics.serviceMonitor.enabled -}}
{{- fail "metrics.podMonitor.enabled and metrics.serviceMonitor.enabled: every node would be scraped twice; set one of the two" -}}
{{- end -}}
{{- if and .Values.secrets.files (not .Values.secrets.existingSecret) -}}
{{- fail "secrets.files: its keys are those of a Secret; name it in secrets.existingSecret" -}}
{{- end -}}
{{- $own := dict "BAILIFF_LISTEN" "metrics.address and metrics.port" "BAILIFF_DOCKER" "docker.enabled" "BAILIFF_DOCKER_SOCKET" "docker.socket" "BAILIFF_STATE_DIR" "host.state" "BAILIFF_SOCKET" "nothing: it stays where it is" "BAILIFF_KUBERNETES_NETWORKS" "clusterNetworks" "BAILIFF_KUBERNETES_NODE" "api.enabled" -}}
{{- range $name, $value := .Values.env -}}
{{- if hasKey $own $name -}}
{{- fail (printf "env.%s: the chart sets it; use %s" $name (get $own $name)) -}}
{{- end -}}
{{- if hasKey $.Values.secrets.files $name -}}
{{- fail (printf "env.%s: secrets.files sets it as well; set one of the two" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
