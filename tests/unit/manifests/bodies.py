"""A rich body for every typed kind: its spec, or for core kinds all but the header."""

from __future__ import annotations

from typing import Any

STRUCT = {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"a": [1, None, {}]}}
ISTIO: dict[str, dict[str, Any]] = {
    "VirtualService": {
        "hosts": ["reviews"],
        "gateways": ["mesh", "ns/public"],
        "exportTo": [],
        "http": [
            {
                "match": [{"uri": {"regex": "/v[12]/.*"}, "queryParams": {"a": {"exact": "y"}}, "port": 80}],
                "fault": {"abort": {"httpStatus": 503, "percentage": {"value": 0.5}}},
                "mirror": {"host": "copy", "port": {"number": 8080}},
                "headers": {"request": {"set": {"x": "1"}, "remove": ["y"]}},
                "route": [{"destination": {"host": "reviews", "subset": "v1"}, "weight": 90}],
                "corsPolicy": {},
            },
            {"redirect": {"uri": "/", "redirectCode": 308, "derivePort": "FROM_REQUEST_PORT"}},
        ],
        "tls": [{"match": [{"sniHosts": ["reviews"], "port": 443}], "route": [{"destination": {"host": "a"}}]}],
    },
    "DestinationRule": {
        "host": "reviews",
        "subsets": [{"name": "v1", "labels": {"version": "v1"}}],
        "trafficPolicy": {
            "loadBalancer": {"consistentHash": {"httpHeaderName": "user", "ringHash": {"minimumRingSize": 5}}},
            "outlierDetection": {"consecutive5xxErrors": 3, "maxEjectionPercent": 100},
            "connectionPool": {"tcp": {"maxConnections": 1}, "http": {"http2MaxRequests": 2}},
            "tls": {"mode": "ISTIO_MUTUAL"},
        },
    },
    "Gateway": {
        "selector": {"istio": "ingress"},
        "servers": [
            {
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": ["*.example.com"],
                "tls": {"mode": "SIMPLE", "credentialName": "cert"},
            }
        ],
    },
    "ServiceEntry": {
        "hosts": ["api.example.com"],
        "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "endpoints": [{"address": "192.0.2.1", "ports": {"tls": 8443}, "labels": {"a": "b"}, "weight": 3}],
    },
    "WorkloadEntry": {"address": "192.0.2.7", "serviceAccount": "vm", "labels": {"app": "vm"}},
    "PeerAuthentication": {
        "selector": {"matchLabels": {"app": "a"}},
        "mtls": {"mode": "STRICT"},
        "portLevelMtls": {"8080": {"mode": "DISABLE"}},
    },
    "AuthorizationPolicy": {
        "action": "DENY",
        "rules": [
            {
                "from": [{"source": {"principals": ["cluster.local/ns/a/sa/b"]}}],
                "to": [{"operation": {"methods": ["GET"], "ports": ["80"]}}],
                "when": [{"key": "request.headers[x]", "values": ["1"]}],
            },
            {},
        ],
    },
    "Sidecar": {"egress": [{"hosts": ["./*", "istio-system/*"]}], "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}},
    "EnvoyFilter": {
        "configPatches": [
            {
                "applyTo": "HTTP_FILTER",
                "match": {"context": "SIDECAR_OUTBOUND", "listener": {"portNumber": 8080}},
                "patch": {"operation": "INSERT_BEFORE", "value": {"name": "lua", "typed_config": STRUCT}},
            }
        ]
    },
    "Telemetry": {
        "metrics": [
            {"overrides": [{"match": {"metric": "REQUEST_COUNT"}, "tagOverrides": {"a": {"operation": "REMOVE"}}}]}
        ],
        "tracing": [{"randomSamplingPercentage": 12.5, "customTags": {"t": {"literal": {"value": "v"}}}}],
    },
    "ProxyConfig": {"concurrency": 0, "environmentVariables": {"A": "1"}, "image": {"imageType": "distroless"}},
    "TrafficExtension": {
        "phase": "AUTHN",
        "priority": 5,
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a"}],
        "match": [{"mode": "CLIENT", "ports": [{"number": 80}]}],
        "lua": {"inlineCode": "function envoy_on_request(h) end"},
    },
    "WasmPlugin": {
        "url": "oci://registry.example.com/plugin:1",
        "pluginConfig": {"a": [1, {"b": None}], "c": True},
        "vmConfig": {"env": [{"name": "A", "valueFrom": "INLINE", "value": "b"}]},
        "match": [{"ports": [{"number": 80}]}],
    },
    "WorkloadGroup": {
        "metadata": {"labels": {"app": "vm"}},
        "template": {"serviceAccount": "vm", "ports": {"http": 8080}},
        "probe": {"httpGet": {"port": 8080, "path": "/", "httpHeaders": [{"name": "a", "value": "b"}]}},
    },
    "RequestAuthentication": {
        "jwtRules": [{"issuer": "https://a", "jwksUri": "https://a/k", "fromHeaders": [{"name": "x", "prefix": "B "}]}]
    },
}  # fmt: skip

CORE: dict[str, dict[str, Any]] = {
    "Namespace": {"spec": {"finalizers": ["kubernetes"]}},
    "ServiceAccount": {"automountServiceAccountToken": False, "imagePullSecrets": [{"name": "a"}]},
    "Secret": {"type": "kubernetes.io/tls", "data": {"tls.crt": "YQ==", "tls.key": "Yg=="}},
    "Service": {
        "spec": {
            "clusterIP": "None",
            "selector": {"app": "a"},
            "ports": [{"port": 80, "targetPort": "http", "appProtocol": "http2"}, {"port": 81, "targetPort": 8081}],
        }
    },
}

_PARENT = {"name": "public", "sectionName": "web"}
_AUTHORITY = [{"group": "", "kind": "ConfigMap", "name": "ca"}]
_BACKENDS = [{"name": "reviews", "port": 9080, "weight": 3}]

GATEWAY_API: dict[str, dict[str, Any]] = {
    "BackendTLSPolicy": {
        "targetRefs": [{"group": "", "kind": "Service", "name": "a", "sectionName": "https"}],
        "validation": {"hostname": "a.example.com", "wellKnownCACertificates": "System"},
    },
    "Gateway": {
        "gatewayClassName": "istio",
        "addresses": [{"type": "Hostname", "value": "a.example.com"}],
        "infrastructure": {"labels": {"a": "b"}},
        "listeners": [
            {
                "name": "web",
                "port": 443,
                "protocol": "HTTPS",
                "hostname": "*.example.com",
                "tls": {"mode": "Terminate", "certificateRefs": [{"name": "cert"}], "options": {"a.io/b": "c"}},
                "allowedRoutes": {
                    "namespaces": {"from": "Selector", "selector": {"matchLabels": {"a": "b"}}},
                    "kinds": [{"kind": "HTTPRoute"}],
                },
            }
        ],
        "tls": {"frontend": {"default": {"validation": {"caCertificateRefs": _AUTHORITY}}}},
    },
    "GatewayClass": {"controllerName": "istio.io/gateway-controller", "description": "Istio"},
    "GRPCRoute": {
        "parentRefs": [_PARENT],
        "rules": [{"matches": [{"method": {"service": "a.B", "method": "C"}}], "backendRefs": _BACKENDS}],
    },
    "HTTPRoute": {
        "parentRefs": [_PARENT],
        "hostnames": ["shop.example.com"],
        "rules": [
            {
                "name": "all",
                "matches": [
                    {
                        "path": {"type": "PathPrefix", "value": "/a"},
                        "headers": [{"name": "x", "value": "1"}],
                        "queryParams": [{"name": "q", "type": "RegularExpression", "value": "a+"}],
                        "method": "GET",
                    }
                ],
                "filters": [
                    {"type": "RequestHeaderModifier", "requestHeaderModifier": {"add": [{"name": "a", "value": "b"}]}},
                    {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/"}}},
                    {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "b", "port": 80}, "percent": 5}},
                ],
                "backendRefs": _BACKENDS,
                "timeouts": {"request": "10s", "backendRequest": "2s"},
            },
            {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]},
        ],
    },
    "ListenerSet": {
        "parentRef": {"name": "public"},
        "listeners": [{"name": "more", "port": 8080, "protocol": "HTTP", "hostname": "a.example.com"}],
    },
    "ReferenceGrant": {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "a"}],
        "to": [{"group": "", "kind": "Service", "name": "b"}],
    },
    "TCPRoute": {"parentRefs": [_PARENT], "rules": [{"backendRefs": _BACKENDS}]},
    "TLSRoute": {"hostnames": ["a.example.com"], "parentRefs": [_PARENT], "rules": [{"backendRefs": _BACKENDS}]},
    "UDPRoute": {"parentRefs": [_PARENT], "rules": [{"backendRefs": _BACKENDS}]},
}  # fmt: skip

EXPERIMENTAL: dict[str, dict[str, Any]] = {
    "Gateway": {**GATEWAY_API["Gateway"], "defaultScope": "All"},
    "GRPCRoute": {"rules": [{"backendRefs": _BACKENDS, "sessionPersistence": {"sessionName": "a", "type": "Header"}}]},
    "HTTPRoute": {
        "rules": [{"backendRefs": _BACKENDS, "retry": {"codes": [503], "attempts": 3, "backoff": "1s"}}],
        "useDefaultGateways": "All",
    },
    "TCPRoute": {"useDefaultGateways": "All", "rules": [{"backendRefs": _BACKENDS}]},
    "TLSRoute": {"useDefaultGateways": "All", **GATEWAY_API["TLSRoute"]},
    "UDPRoute": {"useDefaultGateways": "All", "rules": [{"backendRefs": _BACKENDS}]},
    "XBackend": {
        "type": "ExternalHostname",
        "externalHostname": {"hostname": "api.example.com"},
        "port": {"port": 443},
        "protocol": "HTTP",
        "tls": {"mode": "ServerOnly", "validation": {"hostname": "a.b", "wellKnownCACertificates": "System"}},
    },
    "XBackendTrafficPolicy": {
        "targetRefs": [{"group": "", "kind": "Service", "name": "a"}],
        "retryConstraint": {"budget": {"percent": 20}, "minRetryRate": {"count": 10, "interval": "1s"}},
    },
    "XMesh": {"controllerName": "istio.io/mesh-controller", "parametersRef": {"group": "a", "kind": "B", "name": "c"}},
}  # fmt: skip
