"""Which access logs a proxy writes, and where to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi_mesh.istio import Telemetry
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.extension_providers import provider_of
from pulumi_mesh.proxy.resolve.telemetry.applicable import Mode, matches, names_of
from pulumi_mesh.proxy.resolve.telemetry.loggers import logger, mesh_log
from pulumi_mesh.proxy.view.telemetry import AccessLog


@dataclass(frozen=True, slots=True)
class Logging:
    """What one provider is told. expression: of its filter; empty for all."""

    disabled: bool = False
    expression: str = ""


def access_logs(snapshot: Snapshot, telemetries: Iterable[Telemetry], side: Mode) -> tuple[AccessLog, ...]:
    """The logs of requests and connections on one side: those of Telemetry, ordered by provider; where it says
    nothing, the file of MeshConfig.

    Mirrors Telemetries.AccessLogging (pilot/pkg/model/telemetry.go) and setHTTPAccessLog (core/accesslog.go).
    """
    mesh = snapshot.mesh
    told = merged([each for each in telemetries if each.spec.access_logging], mesh.access_log_providers, side)
    found: list[tuple[Logging, AccessLog]] = []
    for name in sorted(told):
        provider = provider_of(mesh, name)
        log = logger(snapshot, provider) if provider else None
        if log is not None:
            found.append((told[name], log))
    if not found:
        return (mesh_log(mesh, mesh.access_log_file),) if mesh.access_log_file else ()
    return tuple(replace(log, expression=logging.expression) for logging, log in found if not logging.disabled)


def merged(telemetries: Sequence[Telemetry], default: tuple[str, ...], side: Mode) -> Mapping[str, Logging]:
    """What each provider is told. The narrowest object that names providers for this side says which there are.

    Mirrors mergeLogs (pilot/pkg/model/telemetry.go).
    """
    if not telemetries:
        return {name: Logging() for name in default}
    chosen, filters = default, dict[str, str]()
    for each in telemetries:
        named: list[str] = []
        for entry in each.spec.access_logging or ():
            if matches(entry.match.mode if entry.match else None, side):
                own = names_of(entry.providers)
                named.extend(own)
                filters.update(dict.fromkeys(own, (entry.filter.expression if entry.filter else None) or ""))
        chosen = tuple(named) or chosen
    found: dict[str, Logging] = {}
    inherited = default
    for each in telemetries:
        for entry in each.spec.access_logging or ():
            inherited = names_of(entry.providers) or inherited
            if not matches(entry.match.mode if entry.match else None, side):
                continue
            for name in inherited:
                if name in chosen:
                    found[name] = Logging(disabled=True) if entry.disabled else Logging(False, filters.get(name, ""))
    return found
