"""The example of all features in YAML: the same mesh as in Python; and mistakes in it with their lines."""

import json

import pytest

import pulumi_mesh as pm
from examples.features.mesh import KEYS, mesh
from pulumi_mesh.loading.yaml_file import read_mesh

FEATURES = f"""\
name: shop
namespaces:
- {{name: shop, injection: true}}
services:
- name: cart
  namespace: shop
  port: 8080
  service_account: cart
  traffic_policy:
    load_balancer: {{cookie: {{name: cart, ttl: 1h}}}}
    locality: {{failover: {{eu: us, us: eu}}}}
    outlier_detection: {{consecutive_5xx_errors: 5}}
- name: images
  namespace: shop
  port: 8080
  traffic_policy:
    load_balancer: {{source_ip: true}}
    locality: {{distribute: {{eu/a/*: {{eu/a/*: 80, eu/b/*: 20}}}}}}
- name: orders-db
  namespace: shop
  ports: [{{number: 5432, protocol: TCP}}]
  versions: [v15, v16]
  service_account: db
- name: payments
  namespace: shop
  hostname: api.payments.example
  ports: [{{number: 80, target_port: 443}}]
  resolution: DNS
  tls: {{mode: SIMPLE, sni: api.payments.example, subject_alt_names: [api.payments.example]}}
- name: checkout
  namespace: shop
  port: 8080
  service_account: checkout
  calls: [cart, orders-db, payments]
- name: vault
  namespace: shop
  ports: [{{number: 8443, protocol: TLS}}]
- name: ratelimit
  namespace: shop
  ports: [{{number: 8081, protocol: GRPC}}]
gateways:
- name: public
  listeners:
  - {{name: http, port: 80, hostnames: [shop.example.com], https_redirect: true}}
  - name: https
    port: 443
    protocol: HTTPS
    hostnames: [shop.example.com]
    certificate: shop-cert
    min_tls_version: TLSV1_3
  - name: partners
    port: 443
    protocol: HTTPS
    hostnames: [partners.example.com]
    certificate: partners-cert
    tls_mode: MUTUAL
    client_ca: partners-ca
  - {{name: vault, port: 8443, protocol: TLS, tls_mode: PASSTHROUGH, hostnames: [vault.example.com]}}
  - {{name: postgres, port: 5432, protocol: TCP}}
routes:
- name: storefront
  gateways: [public]
  hostnames: [shop.example.com]
  rules:
  - matches: [/old]
    direct_response: {{status: 410, body: "this page is gone; see /\\n"}}
  - name: checkout
    matches: [/checkout]
    backends: [checkout]
    cors:
      allow_origins: ["https://app.example.com"]
      allow_methods: [GET, POST]
      allow_headers: [authorization, content-type]
      allow_credentials: true
      max_age: 10m
  - {{matches: [/images], backends: [images]}}
  - backends: [cart]
- {{name: partners, gateways: [public], hostnames: [partners.example.com], rules: [{{backends: [checkout]}}]}}
tcp_routes:
- name: orders-db
  services: [orders-db]
  backends:
  - {{service: orders-db, version: v15, weight: 90}}
  - {{service: orders-db, version: v16, weight: 10}}
- name: reports
  gateways: [public]
  port: 5432
  backends: [{{service: orders-db, version: v15}}]
tls_routes:
- {{name: vault, gateways: [public], hostnames: [vault.example.com], backends: [vault]}}
mutual_tls:
- mode: STRICT
- {{mode: STRICT, service: orders-db, ports: {{"5432": PERMISSIVE}}}}
request_authentication:
- name: login
  target: checkout
  jwt_rules:
  - issuer: https://login.example.com
    audiences: [shop]
    jwks: {json.dumps(KEYS)}
    forward_original_token: true
    output_claim_to_headers: {{x-customer: sub}}
authorization:
- name: customers
  target: checkout
  rules:
  - request_principals: ["https://login.example.com/*"]
    claims: {{groups: [customer, staff]}}
- {{name: removals, target: cart, action: AUDIT, rules: [{{methods: [DELETE]}}]}}
- {{name: uploads, target: cart, action: DENY, dry_run: true, rules: [{{methods: [PUT]}}]}}
local_rate_limits:
- {{name: checkout, target: {{gateway: public}}, rule: checkout, token_bucket: {{max_tokens: 600, fill_interval: 1m}}}}
- {{name: cart, target: cart, token_bucket: {{max_tokens: 100, fill_interval: 1s, tokens_per_fill: 50}}}}
global_rate_limits:
- name: clients
  target: {{gateway: public}}
  service: ratelimit
  domain: shop
  descriptors: [[{{key: remote_address}}], [{{key: path, header: ":path"}}]]
  timeout: 100ms
telemetry:
- name: mesh
  access_logs: [{{filter: response.code >= 400}}]
- name: checkout
  target: checkout
  tracing: {{sampling: 10, tags: {{team: shop, customer: {{header: x-customer}}}}}}
  metrics:
  - overrides: [{{metric: REQUEST_COUNT, tags: {{method: request.method}}}}]
"""


def test_yaml_and_python_say_the_same() -> None:
    assert read_mesh(FEATURES, "features.yaml") == mesh


MISTAKES = [
    ("ttl: 1h", "ttl: soon", "10: services[0].traffic_policy.load_balancer.cookie.ttl: 'soon' is not a duration"),
    ("eu/b/*: 20", "eu/b/*: 30", "18: services[1].traffic_policy.locality.distribute['eu/a/*']: the shares make 110 %"),
    ("resolution: DNS", "resolution: STATIC", "24: services[3].addresses: with STATIC the addresses are given"),
    ("mode: SIMPLE, sni", "mode: SIMPEL, sni", "29: services[3].tls.mode: is 'SIMPEL'; one of 'SIMPLE'"),
    ("tls_mode: PASSTHROUGH, ", "", "58: gateways[0].listeners[3].certificate: a TLS listener needs the name of"),
    ("weight: 10}", "weight: ten}", "84: tcp_routes[0].backends[1].weight: 'ten' is not a weight"),
    ("port: 5432\n", "port: 5433\n", "86: tcp_routes[1].gateways[0]: public has no listener of TCP"),
    (
        '"5432": PERM',
        '"80": PERM',
        "93: mutual_tls[1].ports[80]: its workloads do not listen on 80; they listen on 5432",
    ),
    ("[customer, staff]", "customer", "108: authorization[0].rules[0].claims['groups']: needs a list, not text"),
    ("rule: checkout, ", "rule: check, ", "112: local_rate_limits[0].rule: no route at the gateway has a rule named"),
    ("{key: remote_address}", "{key: client}", "119: global_rate_limits[0].descriptors[0][0].value: give value or"),
    ("sampling: 10", "sampling: 101", "126: telemetry[1].tracing.sampling: 101 is not a percentage"),
]


@pytest.mark.parametrize(("before", "after", "expected"), MISTAKES, ids=[text[:60] for _, _, text in MISTAKES])
def test_mistake(before: str, after: str, expected: str) -> None:
    assert before in FEATURES
    with pytest.raises(pm.MeshError) as raised:
        read_mesh(FEATURES.replace(before, after, 1), "features.yaml")
    assert str(raised.value).splitlines()[0].startswith(f"features.yaml:{expected}")
