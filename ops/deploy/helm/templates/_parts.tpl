{{- /* Names and parts that both kinds of node share. */ -}}

{{- define "sampo.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "sampo.selector" -}}
app.kubernetes.io/name: sampo
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sampo.labels" -}}
{{ include "sampo.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{- /* Gateway 0 forms the cluster where nobody else is; all others, and it too when it comes back, join who is there. */ -}}
{{- define "sampo.join" -}}
{{- $name := include "sampo.name" . -}}
{{ $name }}-gateway-0.{{ $name }}-nodes:7355,{{ $name }}-nodes:7355
{{- end -}}

{{- define "sampo.arguments" -}}
- --host=0.0.0.0
- --port=8080
- --admin-host=0.0.0.0
- --admin-port=8081
- --cluster-host=$(POD_IP)
- --cluster-port=7355
- --join={{ include "sampo.join" . }}
- --cluster-tls=/etc/sampo/tls
- --api-key-file=/etc/sampo/keys/keys
- --secret-file=/etc/sampo/cluster/cluster-secret
- --log-format=json
{{- end -}}

{{- /* What a container of either kind has beside its arguments and resources. */ -}}
{{- define "sampo.container" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: POD_IP
    valueFrom:
      fieldRef:
        fieldPath: status.podIP
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
# Nothing answers while a first start fetches the model.
startupProbe:
  httpGet:
    path: /live
    port: http
  periodSeconds: 10
  failureThreshold: {{ div (add .Values.startSeconds 9) 10 }}
livenessProbe:
  httpGet:
    path: /live
    port: http
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet:
    path: /ready
    port: http
  periodSeconds: 2
  failureThreshold: 2
# Services forget the pod meanwhile; SIGTERM then drains the node.
lifecycle:
  preStop:
    sleep:
      seconds: 5
volumeMounts:
  - name: data
    mountPath: /data
  - name: tmp
    mountPath: /tmp
  - name: keys
    mountPath: /etc/sampo/keys
    readOnly: true
  - name: cluster
    mountPath: /etc/sampo/cluster
    readOnly: true
  - name: tls
    mountPath: /etc/sampo/tls
    readOnly: true
{{- end -}}

{{- define "sampo.pod" -}}
terminationGracePeriodSeconds: {{ .Values.stopSeconds }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
volumes:
  - name: tmp
    emptyDir: {}
  - name: keys
    secret:
      secretName: {{ .Values.secrets.keys }}
      items:
        - key: keys
          path: keys
  - name: cluster
    secret:
      secretName: {{ .Values.secrets.cluster }}
      defaultMode: 0400
  - name: tls
    secret:
      secretName: {{ .Values.secrets.tls }}
{{- end -}}

{{- /* A volume of each pod's own: a list of storage and class. */ -}}
{{- define "sampo.claim" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests:
        storage: {{ .storage }}
{{- end -}}

{{- /* Rather on machines of their own. */ -}}
{{- define "sampo.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
{{- end -}}
