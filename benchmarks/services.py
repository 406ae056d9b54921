"""Files of many services, as a platform team keeps them: for each service four objects."""

from __future__ import annotations

from pathlib import Path

_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
    team: {team}
spec:
  selector:
    app: {name}
  ports:
  - name: http
    port: {port}
    targetPort: 8080
  - name: grpc-admin
    port: 9000
"""
_VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {name}
  namespace: {namespace}
spec:
  hosts:
  - {name}.{namespace}.svc.cluster.local
  - "{name}.example.com"
  gateways:
  - mesh
  - istio-ingress/public
  http:
  - name: preview
    match:
    - headers:
        x-preview:
          exact: "true"
      uri:
        prefix: /{name}/
    rewrite:
      uri: /
    route:
    - destination:
        host: {name}.{namespace}.svc.cluster.local
        subset: v2
        port:
          number: {port}
  - name: default
    timeout: {timeout}s
    retries:
      attempts: 3
      perTryTimeout: 500ms
      retryOn: gateway-error,connect-failure
    route:
    - destination:
        host: {name}.{namespace}.svc.cluster.local
        subset: v1
      weight: {weight}
    - destination:
        host: {name}.{namespace}.svc.cluster.local
        subset: v2
      weight: {rest}
"""
_DESTINATION_RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {name}
  namespace: {namespace}
spec:
  host: {name}.{namespace}.svc.cluster.local
  trafficPolicy:
    connectionPool:
      tcp:
        maxConnections: {connections}
      http:
        http2MaxRequests: 1000
        maxRequestsPerConnection: 10
    outlierDetection:
      consecutive5xxErrors: 7
      interval: 30s
      baseEjectionTime: 1m
  subsets:
  - name: v1
    labels:
      version: v1
  - name: v2
    labels:
      version: v2
    trafficPolicy:
      loadBalancer:
        simple: LEAST_REQUEST
"""
_AUTHORIZATION_POLICY = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    matchLabels:
      app: {name}
  action: ALLOW
  rules:
  - from:
    - source:
        principals:
        - cluster.local/ns/{namespace}/sa/{caller}
        - cluster.local/ns/istio-ingress/sa/public
    to:
    - operation:
        methods: ["GET", "POST"]
        paths:
        - /{name}/*
        ports: ["{port}"]
"""
KINDS = (_SERVICE, _VIRTUAL_SERVICE, _DESTINATION_RULE, _AUTHORIZATION_POLICY)


def write(folder: Path, services: int) -> int:
    """One file a service, each with four documents, in as many folders as there are namespaces; returns the bytes."""
    size = 0
    for number in range(services):
        namespace = f"team-{number % 40}"
        values = {
            "name": f"service-{number}",
            "namespace": namespace,
            "team": f"team-{number % 40}",
            "port": 8000 + number % 1000,
            "timeout": 1 + number % 30,
            "weight": 100 - number % 50,
            "rest": number % 50,
            "connections": 100 + number,
            "caller": f"service-{(number * 7 + 1) % services}",
        }
        place = folder / namespace
        place.mkdir(parents=True, exist_ok=True)
        text = "---\n".join(kind.format_map(values) for kind in KINDS)
        size += (place / f"service-{number}.yaml").write_text(text)
    return size
