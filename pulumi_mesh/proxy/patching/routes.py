"""Patches of route tables, virtual hosts and routes. Mirrors rc_patch.go (core/envoyfilter)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pulumi_mesh.proxy.envoy.schema import PATCHED
from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.patching.lists import changed
from pulumi_mesh.proxy.patching.merge import Merge
from pulumi_mesh.proxy.patching.origins import Origins
from pulumi_mesh.proxy.patching.patch import Patch, Patches
from pulumi_mesh.words.cluster_names import parsed

KINDS = ("ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE")
"""What patches change in a route table."""
Test = Callable[[Patch], bool]
Ports = Mapping[int, frozenset[int]]
"""Of a gateway: the ports in Gateways by the port where its proxy listens."""

_ACTIONS = {"route": "ROUTE", "redirect": "REDIRECT", "direct_response": "DIRECT_RESPONSE"}


def concerned(name: str, patches: Patches, ports: Ports | None) -> bool:
    """Whether a patch may change something of the table of that name. ports: None for a sidecar's."""
    return any(_table_matches(name, each, ports) for kind in KINDS for each in patches[kind])


def patch_routes(table: Json, patches: Patches, ports: Ports | None, origins: Origins) -> bool:
    """Change a route table in place. True: no patch removes one."""
    for each in patches["ROUTE_CONFIGURATION"]:
        if each.merges and _table_matches(table.get("name", ""), each, ports):
            _merge("ROUTE_CONFIGURATION", table, each, origins)

    def meant(patch: Patch) -> bool:
        return _table_matches(table.get("name", ""), patch, ports)

    hosts = table.setdefault("virtual_hosts", [])
    removed = set()
    for index in range(len(hosts)):
        name = hosts[index].get("name")
        if not _patch_host(hosts, index, patches, meant, origins):
            removed.add(name)
    hosts.extend(
        origins.copied(each.value, each.ref)
        for each in patches["VIRTUAL_HOST"]
        if each.operation == "ADD" and meant(each)
    )
    table["virtual_hosts"] = [each for each in hosts if each.get("name") not in removed]
    return True


def _patch_host(hosts: list[Json], index: int, patches: Patches, meant: Test, origins: Origins) -> bool:
    """Change a virtual host in its place. False: it is removed."""
    for each in patches["VIRTUAL_HOST"]:
        if not meant(each) or not _host_matches(hosts[index], each):
            continue
        if each.operation == "REMOVE":
            return False
        if each.merges:
            _merge("VIRTUAL_HOST", hosts[index], each, origins)
        elif each.operation == "REPLACE":
            hosts[index] = origins.copied(each.value, each.ref)
    _patch_routes_of(hosts[index], patches, meant, origins)
    return True


def _patch_routes_of(host: Json, patches: Patches, meant: Test, origins: Origins) -> None:
    those = [each for each in patches["HTTP_ROUTE"] if meant(each) and _host_matches(host, each)]
    if not those:
        return
    routes = [each for each in host.get("routes", []) if _patch_route(each, those, origins)]
    for each in those:
        _place(routes, each, origins)
    host["routes"] = routes


def _patch_route(route: Json, patches: list[Patch], origins: Origins) -> bool:
    """Change a route in place. False: it is removed."""
    for each in patches:
        if not _route_matches(route, each):
            continue
        if each.operation == "REMOVE":
            return False
        if each.merges:
            _merge("HTTP_ROUTE", route, each, origins)
    return True


def _place(routes: list[Json], patch: Patch, origins: Origins) -> None:
    """Put a route in. INSERT_FIRST is at the beginning in any case, if there is a route of which it says that."""
    if patch.operation not in ("ADD", "INSERT_AFTER", "INSERT_BEFORE", "INSERT_FIRST"):
        return
    named = patch.routes is not None and patch.routes.vhost is not None and patch.routes.vhost.route is not None
    if patch.operation == "INSERT_FIRST" and named and not any(_route_matches(each, patch) for each in routes):
        return
    matches = (lambda there: _route_matches(there, patch)) if named else None
    changed(routes, patch.operation, lambda: origins.copied(patch.value, patch.ref), matches)


def _merge(kind: str, there: Json, patch: Patch, origins: Origins) -> None:
    Merge(origins, patch.ref, replace_lists=patch.replaces_lists).into(PATCHED[kind], there, patch.value)


def _table_matches(name: str, patch: Patch, ports: Ports | None) -> bool:
    match = patch.routes
    if match is None:
        return True
    if match.name and match.name != name:
        return False
    if ports is None:
        return not match.port_number or match.port_number == _port_of_sidecar(name)
    port, port_name, gateway = _parts_of_gateway(name)
    return (
        (not match.port_name or match.port_name == port_name)
        and (not match.gateway or match.gateway == gateway)
        and (not match.port_number or match.port_number in ports.get(port, {port}))
    )


def _port_of_sidecar(name: str) -> int:
    """``9080``, or ``inbound|9080||``; of another name, 0. Mirrors getListenerPortFromName."""
    inbound = parsed(name) if name.startswith("inbound") else None
    if inbound is not None:
        return inbound.port
    return int(name) if name.isascii() and name.isdigit() else 0


def _parts_of_gateway(name: str) -> tuple[int, str, str]:
    """Port, its name, and ``NAMESPACE/NAME``. Mirrors ParseGatewayRDSRouteName (pilot/pkg/model/gateway.go)."""
    parts = name.split(".")
    if parts[0] not in ("http", "https") or len(parts) < 2 or not parts[1].isdigit():
        return 0, "", ""
    if parts[0] == "https" and len(parts) == 5:
        return int(parts[1]), parts[2], f"{parts[4]}/{parts[3]}"
    return (int(parts[1]), "", "") if parts[0] == "http" and len(parts) == 2 else (0, "", "")


def _host_matches(host: Json, patch: Patch) -> bool:
    match = patch.routes.vhost if patch.routes else None
    return match is None or (
        (not match.name or match.name == host.get("name"))
        and (not match.domain_name or match.domain_name in host.get("domains", ()))
    )


def _route_matches(route: Json, patch: Patch) -> bool:
    vhost = patch.routes.vhost if patch.routes else None
    match = vhost.route if vhost else None
    if match is None:
        return True
    if match.name and match.name != route.get("name"):
        return False
    if not match.action or match.action == "ANY":
        return True
    found = next((word for field, word in _ACTIONS.items() if field in route), match.action)
    return found == match.action
