"""A mesh under that Istio: what comes in at the gateway goes to the shop, and everything speaks mutual TLS."""

from istio import ingress, istio

import pulumi_mesh as pm

shop = pm.Namespace("shop", revision="stable")
cart = pm.Service("cart", namespace=shop, port=8080)
public = pm.Gateway(
    "public",
    namespace=ingress.namespace,
    selector=ingress.labels,
    service_account=ingress.service_account,
    listeners=[pm.Listener("http", port=80, hostnames=["shop.example.com"])],
)

mesh = pm.Mesh(
    "shop",
    istio=istio,
    namespaces=[shop],
    services=[cart],
    gateways=[public],
    routes=[pm.HTTPRoute("cart", gateways=[public], rules=[pm.Rule(backends=[cart])])],
    mutual_tls=[pm.MutualTLS("STRICT")],
)
