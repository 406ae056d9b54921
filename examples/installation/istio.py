"""Istio from its own registry: a revision that namespaces follow by the tag ``stable``, and a public gateway."""

import pulumi_mesh as pm

ingress = pm.GatewayDeployment(
    "istio-ingressgateway",
    namespace="istio-ingress",
    values={"autoscaling": {"minReplicas": 2}, "service": {"externalTrafficPolicy": "Local"}},
)

istio = pm.Istio(
    "1.31.1",
    revision="1-31-1",
    tags=["stable", "default"],
    values={
        "autoscaleMin": 2,
        "meshConfig": {"accessLogFile": "/dev/stdout"},
        "global": {"proxy": {"resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}}},
    },
    gateways=[ingress],
)
