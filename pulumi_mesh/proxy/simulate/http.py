"""What an HTTP connection manager does with a request."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.forwarding import answer_mutations, forwarded, level, set_on_answer
from pulumi_mesh.proxy.simulate.grpc import in_grpc, is_grpc
from pulumi_mesh.proxy.simulate.http_filters import treat
from pulumi_mesh.proxy.simulate.incoming import exchange_of
from pulumi_mesh.proxy.simulate.mutations import removed_names
from pulumi_mesh.proxy.simulate.outcome import TO_HTTPS, Outcome, Step
from pulumi_mesh.proxy.simulate.redirects import https_location, location_of, rewritten
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.simulate.route_choice import Choice, choose, virtual_cluster
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.jwt import JwtAuthentication
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager
from pulumi_mesh.proxy.view.routes import DirectResponse, Forward, Redirect, RouteConfig


def http(
    view: ProxyView, manager: HttpConnectionManager, request: Request, before: Exchange, known: Outcome
) -> Outcome:
    """The outcome of a request. before: what is known of it without its headers; known: of its connection."""
    peer = before.peer
    if request.protocol == "tcp" or (request.tls != "plaintext" and not peer.encrypted):
        said = "bytes that are not HTTP" if request.protocol == "tcp" else "TLS that does not end here"
        return replace(known, error="protocol error", why=(*known.why, Step(f"{said} where HTTP is spoken")))
    config = routes_of(view, manager)
    known = replace(
        known, route_config=manager.routes if isinstance(manager.routes, str) else "", principal=peer.principal
    )
    exchange, refused = exchange_of(manager, request, before)
    to_grpc = is_grpc(exchange.headers)
    if refused:
        # A gRPC client follows no redirect.
        status = 400 if to_grpc else refused
        why = (*known.why, Step("slashes in the path are escaped, which the proxy does not take"))
        location = exchange.headers.text(":path") if status == 307 else ""
        outcome, complete = replace(known, status=status, location=location, why=why), False
    else:
        outcome, complete = _through_filters(view, manager, config, exchange, known)
    return in_grpc(outcome) if to_grpc and not complete else outcome


def routes_of(view: ProxyView, manager: HttpConnectionManager) -> RouteConfig:
    """The route configuration, inline or by name; one that is not there has no virtual hosts."""
    if isinstance(manager.routes, RouteConfig):
        return manager.routes
    found = (each for each in view.routes if each.name == manager.routes)
    return next(found, RouteConfig(manager.routes, ()))


def _through_filters(
    view: ProxyView, manager: HttpConnectionManager, config: RouteConfig, exchange: Exchange, known: Outcome
) -> tuple[Outcome, bool]:
    """The outcome, and whether it is an answer that nothing else is made of."""
    choice = choose(config, exchange)
    filters: list[Step] = []
    for each in manager.http_filters:
        treated = treat(each, exchange, choice)
        exchange = treated.exchange
        filters += treated.why
        headers = (*known.response_headers, *treated.headers)
        known = replace(
            known,
            policy=treated.policy or known.policy,
            fault=treated.fault or known.fault,
            response_headers=headers,
            may_refuse=(*known.may_refuse, *treated.may_refuse),
        )
        if treated.status is not None:
            known = _named(known, choice, exchange, filters)
            known = replace(known, status=treated.status, error=treated.error, body=treated.body)
            return (known, True) if treated.complete else (_refused(known, config, choice, exchange), False)
        if isinstance(each, JwtAuthentication) and any(one.extra.get("clear_route_cache") for one in each.providers):
            choice = choose(config, exchange)
    return _routed(view, config, choice, exchange, _named(known, choice, exchange, filters)), False


def _named(known: Outcome, choice: Choice, exchange: Exchange, filters: list[Step]) -> Outcome:
    """With the names of what the request met."""
    return replace(
        known,
        virtual_host=choice.host.name if choice.host else "",
        virtual_cluster=virtual_cluster(choice.host, exchange) if choice.host else "",
        route=choice.route.name if choice.route else "",
        matched=choice.route.match if choice.route else None,
        ref=choice.route.ref if choice.route else choice.host.ref if choice.host else known.ref,
        why=(*known.why, *choice.why, *filters),
    )


def _routed(view: ProxyView, config: RouteConfig, choice: Choice, exchange: Exchange, known: Outcome) -> Outcome:
    if choice.host is None:
        return replace(known, error="no virtual host matched", status=404)
    if choice.needs_tls:
        return replace(known, error=TO_HTTPS, status=301, location=https_location(exchange))
    if choice.route is None:
        return replace(known, error="no route matched", status=404)
    match choice.route.action:
        case Forward() as forward:
            return forwarded(view, (config, choice.host, choice.route), forward, exchange, known)
        case Redirect() as redirect:
            where = location_of(redirect, choice.route.match, exchange)
            why = (*known.why, Step(f"redirect to {where}", choice.route.ref))
            found = replace(known, status=redirect.code, location=where, why=why)
            path = rewritten(redirect, choice.route.match, exchange.headers.text(":path"))
            sent = replace(exchange, headers=exchange.headers.replaced(":path", path))
            return _answered(found, config, choice, sent)
        case DirectResponse() as answer:
            why = (*known.why, Step(f"the proxy answers {answer.status} itself", choice.route.ref))
            found = replace(known, status=answer.status, body=_body(answer), why=why)
            return _answered(found, config, choice, exchange)


def _refused(known: Outcome, config: RouteConfig, choice: Choice, exchange: Exchange) -> Outcome:
    """A filter's own answer; of routes, only those that would have sent the request on change it."""
    if choice.host is None or choice.route is None or not isinstance(choice.route.action, Forward):
        return known
    mutations = answer_mutations(level(config, choice.host, choice.route), choice.route.action, exchange)
    headers = (*known.response_headers, *set_on_answer(mutations, exchange))
    return replace(known, response_headers=headers, response_headers_removed=removed_names(mutations))


def _answered(known: Outcome, config: RouteConfig, choice: Choice, exchange: Exchange) -> Outcome:
    """With what the route configuration changes on answers, those of the proxy itself too."""
    if choice.host is None or choice.route is None:
        return known
    mutations = level(config, choice.host, choice.route).response
    own = known.response_headers
    if known.body:
        length = str(len(known.body.encode()))
        own = (*own, ("content-length", length), ("content-type", "text/plain"))
    return replace(
        known,
        response_headers=set_on_answer(mutations, exchange, own),
        response_headers_removed=removed_names(mutations),
    )


def _body(answer: DirectResponse) -> str:
    return answer.body or str(raw.part(answer.extra, "body").get("inline_bytes", ""))
