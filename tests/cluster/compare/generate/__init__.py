"""Meshes from seeds: the same seed gives the same mesh, and over many seeds every feature of the model occurs."""

from __future__ import annotations

from random import Random

import pulumi_mesh as pm
from tests.cluster.compare.generate.authentication import request_authentication
from tests.cluster.compare.generate.gateways import gateways
from tests.cluster.compare.generate.objects import objects
from tests.cluster.compare.generate.rate_limits import global_rate_limits, local_rate_limits
from tests.cluster.compare.generate.routes import canaries, gateway_routes, service_routes
from tests.cluster.compare.generate.security import authorization, decided_otherwise, mutual_tls
from tests.cluster.compare.generate.services import namespaces, services
from tests.cluster.compare.generate.streams import tcp_routes, tls_routes
from tests.cluster.compare.generate.telemetry import telemetry


def generated(seed: int) -> pm.Mesh:
    """The mesh of a seed, its canaries at some stage: what is left of them are weights."""
    unstaged = generated_with_canaries(seed)
    random = Random(seed)
    return unstaged.at({each.name: random.randint(0, len(each.stages)) for each in unstaged.canaries})


def generated_with_canaries(seed: int) -> pm.Mesh:
    """The mesh of a seed before its canaries are staged."""
    random = Random(seed)
    spaces = namespaces(random)
    listed = services(random, spaces)
    edges = gateways(random, spaces)
    # The gateways are this mesh's, or those of a platform's mesh that it uses.
    uses = [_platform(random, edges)] if random.random() < 0.3 else []
    routes = [*gateway_routes(random, edges, listed), *service_routes(random, listed)]
    # With a source of their own, so that what else a seed gives stays as it was before they came.
    limits = Random(f"limits-{seed}")
    otherwise = Random(f"otherwise-{seed}")
    return pm.Mesh(
        f"seed-{seed}",
        uses=uses,
        namespaces=spaces,
        services=listed,
        gateways=[] if uses else edges,
        routes=routes,
        mutual_tls=mutual_tls(random, spaces, listed, mesh_wide=not uses),
        authorization=[
            *authorization(random, spaces, listed, edges),
            *decided_otherwise(otherwise, spaces, listed, edges),
        ],
        canaries=canaries(random, listed),
        tcp_routes=tcp_routes(random, edges, listed),
        tls_routes=tls_routes(random, edges, listed),
        request_authentication=request_authentication(random, spaces, listed, edges),
        telemetry=telemetry(random, spaces, listed),
        objects=objects(random, spaces, listed, edges),
        local_rate_limits=local_rate_limits(limits, listed, edges, routes),
        global_rate_limits=global_rate_limits(limits, listed, edges),
    )


def _platform(random: Random, edges: list[pm.Gateway]) -> pm.Mesh:
    modes = [pm.MutualTLS(random.choice(["STRICT", "PERMISSIVE", "DISABLE"]))] if random.random() < 0.5 else []
    return pm.Mesh("platform", gateways=edges, mutual_tls=modes)
