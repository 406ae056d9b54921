"""Mistakes that mypy and pyright refuse: an error on each line with the mark, and on no other."""

import pulumi

import pulumi_mesh as pm
from pulumi_mesh import istio

number = pulumi.Output.from_input(80)
text = pulumi.Output.from_input("a")
reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", "v2"])
public = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])

pm.Service("a", "bookinfo", port=80)  # E: only the name by position
pm.Service("a", port=80)  # E: no namespace
pm.Service("a", namespace="b", prot=80)  # E: no such field
pm.Service("a", namespace="b", port="80")  # E: text for a port
pm.Service("a", namespace="b", port=number)  # E: an Output for a port
pm.Service("a", namespace=text, port=80)  # E: an Output for a namespace
pm.Service(text, namespace="b", port=80)  # E: an Output for a name
pm.Service("a", namespace="b", port=80, labels={"a": 1})  # E: a number for a label
pm.Service("a", namespace="b", port=80, versions=[1])  # E: a number for a version
pm.Service("a", namespace="b", port=80, calls=["reviews"])  # E: a name for a service
pm.Port(80, protocol="UDP")  # E: no such protocol
pm.Rule(backends=[reviews], timeout=10)  # E: a number for a duration
pm.Rule(backends=[reviews], timeout=text)  # E: an Output for a duration
pm.Rule(backends=["reviews"])  # E: a name for a backend
pm.Rule(backends=reviews)  # E: a backend for a list
pm.Rule(backends=[public])  # E: a gateway for a backend
pm.Rule(matches=["/a"], backends=[reviews])  # E: text for a match
pm.Backend(reviews, weight="90")  # E: text for a weight
pm.Backend("reviews")  # E: a name for a destination
pm.Path("/a", kind="glob")  # E: no such kind
pm.Match(method="FETCH")  # E: no such method
pm.Match(headers={"a": 1})  # E: a number for a header
pm.Redirect(status_code=200)  # E: no redirect
pm.Retries(1, conditions=["4xx"])  # E: no such condition
pm.HTTPRoute("a", services=[public], rules=[])  # E: a gateway for a service
pm.HTTPRoute("a", gateways=[public])  # E: no rules
pm.MutualTLS("strict")  # E: no such mode
pm.MutualTLS("STRICT", service=public)  # E: a gateway for a workload
pm.AuthorizationPolicy("a", target="reviews")  # E: a name for a target
pm.AuthorizationPolicy("a", namespace="b", action="AUDIT")  # E: no such action
pm.Canary(reviews, stable="v1", stages=[])  # E: no candidate
pm.Canary(reviews, stable="v1", candidate=public, stages=[])  # E: a gateway for a version
pm.Stage(weight="5")  # E: text for a weight
pm.Mesh("m", services=[public])  # E: a gateway for a service
pm.Mesh("m").at({"reviews": "2"})  # E: text for a stage
istio.Telemetry("t", spce={})  # E: no such field
istio.Telemetry(5, namespace="b")  # E: a number for a name
reviews.ports[0].number.upper()  # E: a number is stored
reviews.name = "b"  # E: nothing changes
