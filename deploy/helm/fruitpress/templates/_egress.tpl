{{/* Where pods may call: rules of network policies, each for what one thing needs. */}}

{{- define "fruitpress.egressToNames" -}}
- to:
    - namespaceSelector:
        matchLabels: {{- toYaml .Values.networkPolicy.dnsNamespaceLabels | nindent 10 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end -}}

{{- define "fruitpress.egressToDatabase" -}}
{{- $database := .Values.fruits.database -}}
- to:
    {{- range $database.cidrs }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ $database.port }}}
{{- if eq $database.auth "azure" }}
# Where the identity's tokens come from.
{{ include "fruitpress.egressToInternet" (dict "root" . "ports" (list 443)) }}
{{- end }}
{{- end -}}

{{/* Public addresses on some ports; nothing that a cluster, its machines or its cloud could have. Of IPv4 those are known. Of
     IPv6 they are public addresses as others are, so that none is reached unless the cluster's own are said. Takes
     {root, ports}. */}}
{{- define "fruitpress.egressToInternet" -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
          - 0.0.0.0/8
          - 10.0.0.0/8
          - 100.64.0.0/10
          - 127.0.0.0/8
          - 169.254.0.0/16
          - 172.16.0.0/12
          - 192.0.0.0/24
          - 192.168.0.0/16
          - 198.18.0.0/15
          - 224.0.0.0/3
          # Azure's own services, at a public address inside every network.
          - 168.63.129.16/32
    {{- with .root.Values.networkPolicy.clusterIpv6Cidrs }}
    - ipBlock:
        cidr: 2000::/3
        except:
          {{- range . }}
          - {{ . }}
          {{- end }}
          # What leads to addresses of IPv4 by way of IPv6: 6to4 and Teredo.
          - 2002::/16
          - 2001::/32
    {{- end }}
  ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end -}}

{{- define "fruitpress.egressToTelemetry" -}}
- to:
    - namespaceSelector:
        matchLabels: {{- toYaml .Values.telemetry.namespaceLabels | nindent 10 }}
  ports:
    - {protocol: TCP, port: {{ .Values.telemetry.port }}}
{{- end -}}
