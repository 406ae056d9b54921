"""The smallest useful mesh: a gateway, a service, a route."""

import pulumi_mesh as pm

hello = pm.Service("hello", namespace="default", port=8080)
public = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])

mesh = pm.Mesh(
    "hello",
    services=[hello],
    gateways=[public],
    routes=[pm.HTTPRoute("hello", gateways=[public], rules=[pm.Rule(backends=[hello])])],
)
