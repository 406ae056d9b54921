"""Access logs and tracing (envoy.config.accesslog.v3, envoy.config.trace.v3)."""

from __future__ import annotations

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.read.extension import extension
from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.telemetry import AccessLog, Tracing


def access_logs(message: Message) -> tuple[AccessLog, ...]:
    """The field ``access_log``."""
    return message.each("access_log", _access_log)


def _access_log(message: Message) -> AccessLog:
    flags, expression = message.one("filter", _filter) or ((), "")
    name = message.text("name")
    config: FrozenMap[str, object] = EMPTY
    if "typed_config" in message:
        config = message.map("typed_config")
        if "@type" not in config:
            raise UnmodelledError
    return AccessLog(name, config, flags, expression, message.rest())


def _filter(message: Message) -> tuple[tuple[str, ...], str]:
    """The flags and the expression; UnmodelledError for other filters, and for these in another order."""
    if "and_filter" in message:
        parts = message.part("and_filter").each("filters", _filter)
        if len(parts) != 2 or parts[0][1] or not parts[0][0] or parts[1][0] or not parts[1][1]:
            raise UnmodelledError
        found = (parts[0][0], parts[1][1])
    elif "response_flag_filter" in message:
        found = (message.part("response_flag_filter").texts("flags"), "")
    else:
        found = ((), message.one("extension_filter", _expression) or "")
    message.end()
    if found == ((), ""):
        raise UnmodelledError
    return found


def _expression(message: Message) -> str:
    config = extension(message).of(names.CEL_FILTER, names.CEL_FILTER_TYPE)
    if config is None:
        raise UnmodelledError
    expression = config.text("expression")
    config.end()
    return expression


def tracing(message: Message) -> Tracing:
    """The field ``tracing`` of the HTTP connection manager."""
    share = message.one("random_sampling", _percent)
    provider = message.one("provider", _provider)
    name, config = provider or ("", EMPTY)
    return Tracing(name, config, share, message.rest())


def _provider(message: Message) -> tuple[str, FrozenMap[str, object]]:
    found = extension(message)
    if not found.name or "@type" not in found.config:
        raise UnmodelledError
    return found.name, found.config


def _percent(message: Message) -> float:
    value = message.decimal("value")
    message.end()
    return value or 0.0
