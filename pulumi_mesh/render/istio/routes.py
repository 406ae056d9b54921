"""Routes: an HTTPRoute of the model becomes a VirtualService."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.cors import Cors
from pulumi_mesh.model.gateway import hostnames_of
from pulumi_mesh.model.match import Match, TextMatch
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.route import Fault, HeaderChanges, HTTPRoute, Redirect, Retries, Rewrite, Rule
from pulumi_mesh.model.values import duration_text
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import destination, gateway_name, host_of, shares, widest
from pulumi_mesh.render.result import Entry


def routes(mesh: Mesh) -> Iterator[Entry]:
    """One VirtualService for each route."""
    for each in mesh.routes:
        made = istio.VirtualService(
            each.name, namespace=mesh.physical_namespace(each.namespace), spec=_spec(mesh, each)
        )
        yield Entry(Identity("VirtualService", each.namespace, each.name), made, f'routes["{each.name}"]')


def _spec(mesh: Mesh, route: HTTPRoute) -> dict[str, Any]:
    rules = [_rule(mesh, rule) for rule in route.rules]
    if route.services:
        return {"hosts": [host_of(mesh, each) for each in route.services], "http": rules}
    return {
        "hosts": widest(route.hostnames or hostnames_of(route.listeners)),
        "gateways": [gateway_name(mesh, each) for each in route.gateways],
        "http": rules,
    }


def _rule(mesh: Mesh, rule: Rule) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if rule.name:
        made["name"] = rule.name
    if rule.matches:
        made["match"] = [_match(each) for each in rule.matches]
    if rule.redirect:
        made["redirect"] = _redirect(rule.redirect)
    if rule.direct_response:
        body = {"body": {"string": rule.direct_response.body}} if rule.direct_response.body else {}
        made["directResponse"] = {"status": rule.direct_response.status, **body}
    if rule.backends:
        made["route"] = shares(mesh, rule.backends)
    if rule.rewrite:
        made["rewrite"] = _rewrite(rule.rewrite)
    if rule.timeout:
        made["timeout"] = duration_text(rule.timeout)
    if rule.retries:
        made["retries"] = _retries(rule.retries)
    if rule.fault:
        made["fault"] = _fault(rule.fault)
    if rule.mirror:
        made["mirrors"] = [
            {
                "destination": destination(mesh, rule.mirror.destination),
                "percentage": {"value": rule.mirror.percent},
            }
        ]
    if rule.cors:
        made["corsPolicy"] = _cors(rule.cors)
    headers = {
        side: _headers(changes)
        for side, changes in (("request", rule.request_headers), ("response", rule.response_headers))
        if changes
    }
    if headers:
        made["headers"] = headers
    return made


def _match(match: Match) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if match.path:
        made["uri"] = {match.path.kind: match.path.value}
    if match.method:
        made["method"] = {"exact": match.method}
    if match.port:
        made["port"] = match.port
    if match.headers:
        made["headers"] = {name: _text(each) for name, each in match.headers.items()}
    if match.query_parameters:
        made["queryParams"] = {name: _text(each) for name, each in match.query_parameters.items()}
    return made


def _text(match: TextMatch) -> dict[str, str]:
    return {} if match.kind == "present" else {match.kind: match.value}  # Istio takes an empty match as presence


def _redirect(redirect: Redirect) -> dict[str, Any]:
    made: dict[str, Any] = {"redirectCode": redirect.status_code}
    if redirect.scheme:
        made["scheme"] = redirect.scheme
    if redirect.hostname:
        made["authority"] = redirect.hostname
    if redirect.port:
        made["port"] = redirect.port
    if redirect.path:
        made["uri"] = redirect.path
    return made


def _cors(cors: Cors) -> dict[str, Any]:
    made: dict[str, Any] = {
        "allowOrigins": [_text(each) for each in cors.allow_origins],
        "allowMethods": cors.allow_methods,
        "allowHeaders": cors.allow_headers,
        "exposeHeaders": cors.expose_headers,
        "maxAge": duration_text(cors.max_age) if cors.max_age else None,
        "allowCredentials": cors.allow_credentials,
        "unmatchedPreflights": cors.unmatched_preflights,
    }
    return {key: value for key, value in made.items() if value not in (None, ())}


def _rewrite(rewrite: Rewrite) -> dict[str, str]:
    made = {}
    if rewrite.path:
        made["uri"] = rewrite.path
    if rewrite.hostname:
        made["authority"] = rewrite.hostname
    return made


def _headers(changes: HeaderChanges) -> dict[str, Any]:
    given = {"set": changes.set, "add": changes.add, "remove": changes.remove}
    return {key: value for key, value in given.items() if value}


def _retries(retries: Retries) -> dict[str, Any]:
    made: dict[str, Any] = {"attempts": retries.attempts}
    if retries.per_try_timeout:
        made["perTryTimeout"] = duration_text(retries.per_try_timeout)
    conditions = [*retries.conditions, *(str(code) for code in retries.status_codes)]
    if conditions:
        made["retryOn"] = ",".join(conditions)
    return made


def _fault(fault: Fault) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if fault.delay:
        made["delay"] = {
            "fixedDelay": duration_text(fault.delay.duration),
            "percentage": {"value": fault.delay.percent},
        }
    if fault.abort:
        made["abort"] = {"httpStatus": fault.abort.status, "percentage": {"value": fault.abort.percent}}
    return made
