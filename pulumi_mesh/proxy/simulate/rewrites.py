"""The path and the host that a request is sent on with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.exchange import Exchange, split_path
from pulumi_mesh.proxy.simulate.templates import template_rewrite
from pulumi_mesh.proxy.simulate.texts import replace_all
from pulumi_mesh.proxy.view.routes import Forward, PathMatch, RegexRewrite, RouteMatch


def rewritten_path(path: str, match: RouteMatch, forward: Forward) -> str:
    """The path that is sent on. path: with its query, which stays. Mirrors RouteEntryImplBase::rewritePathHeader."""
    policy = raw.part(forward.extra, "path_rewrite_policy", "typed_config").get("path_template_rewrite")
    template = raw.part(match.extra, "path_match_policy", "typed_config").get("path_template")
    if policy is not None and template is not None:
        plain, query = split_path(path)
        made = template_rewrite(str(template), str(policy), plain)
        return path if made is None else made + query
    return with_prefix(path, match.path, forward.prefix_rewrite, forward.regex_rewrite)


def with_prefix(path: str, match: PathMatch, prefix: str, regex: RegexRewrite | None) -> str:
    """A path with another prefix in the place of the matched one; of an exact path or a regex all is matched."""
    plain, query = split_path(path)
    if regex is not None:
        made = replace_all(regex.pattern, regex.substitution, plain)
        return made + query if made else path
    if not prefix:
        return path
    matched = len(match.value) if match.kind in ("prefix", "path_separated_prefix") else len(plain)
    return prefix + plain[matched:] + query


def rewritten_host(host: str, exchange: Exchange, action: Mapping[str, Any], literal: str) -> str:
    """The host that is sent on. action: the rest of the route's action, which has ways that the view does not model."""
    if literal:
        return literal
    if "host_rewrite_header" in action:
        return next(iter(exchange.headers.values(str(action["host_rewrite_header"]))), "") or host
    by_path = raw.part(action, "host_rewrite_path_regex")
    if by_path:
        pattern = str(raw.part(by_path, "pattern").get("regex", ""))
        return replace_all(pattern, str(by_path.get("substitution", "")), exchange.path) or host
    return host
