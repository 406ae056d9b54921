"""What the objects of a generated cluster are about: its namespaces, Services and what runs behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")
Document = dict[str, Any]

ROOT = "istio-system"
ISTIO = "networking.istio.io/v1"
SECURITY = "security.istio.io/v1"
_SPACES = ("lab", "shop", "store")
_NAMES = ("cart", "front", "mail", "pay", "search")
_LOCALITIES = ("eu/west/a", "eu/west/b", "eu/east/a", "us/north/a")
_PORTS: tuple[dict[str, Any], ...] = (
    {"name": "http-web", "port": 80, "targetPort": 8080},
    {"name": "http", "port": 80},
    {"name": "http-more", "port": 8080, "targetPort": 8081},
    {"name": "grpc", "port": 9090},
    {"name": "h2c", "port": 9091, "appProtocol": "http2"},
    {"name": "tcp-db", "port": 3306},
    {"name": "tcp-web", "port": 8080},
    {"name": "mongo", "port": 27017},
    {"name": "tls", "port": 8443},
    {"name": "https", "port": 443, "targetPort": 9443},
    {"name": "detected", "port": 7000},
    {"name": "also-detected", "port": 80, "targetPort": 7001},
    {"name": "dns", "port": 53, "protocol": "UDP"},
)


@dataclass(frozen=True, slots=True)
class Service:
    """A Service, by what others say of it. ports: as in the object; versions: labels of what runs behind it."""

    name: str
    namespace: str
    ports: tuple[dict[str, Any], ...]
    versions: tuple[str, ...]

    @property
    def host(self) -> str:
        """The name that clients call."""
        return f"{self.name}.{self.namespace}.svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a seed gave so far; every choice comes from ``random``."""

    random: Random
    spaces: tuple[str, ...]
    services: tuple[Service, ...]

    def chance(self, share: float) -> bool:
        """Whether something happens that does so in this share of cases."""
        return self.random.random() < share

    def one(self, choices: Sequence[T]) -> T:
        """Any of them."""
        return self.random.choice(choices)

    def some(self, choices: Sequence[T], least: int = 1, most: int | None = None) -> list[T]:
        """Several different ones, in any order."""
        most = len(choices) if most is None else min(most, len(choices))
        return self.random.sample(choices, self.random.randint(min(least, most), most))

    def parts(self, choices: dict[str, Any], least: int = 1, most: int | None = None) -> dict[str, Any]:
        """Several fields of an object."""
        return {name: choices[name] for name in self.some(sorted(choices), least, most)}

    def space(self) -> str:
        """A namespace, the mesh's own now and then."""
        return ROOT if self.chance(0.15) else self.one(self.spaces)

    def labels(self) -> dict[str, str]:
        """What some workloads have."""
        service = self.one(self.services)
        version = {"version": self.one(service.versions)} if service.versions and self.chance(0.3) else {}
        return {"app": service.name, **version}


def scene(random: Random) -> Scene:
    """One to three namespaces with one to four Services."""
    spaces = tuple(random.sample(_SPACES, random.randint(1, 3)))
    names = random.sample(_NAMES, random.randint(1, 4))
    return Scene(random, spaces, tuple(_service(random, name, random.choice(spaces)) for name in names))


def _service(random: Random, name: str, space: str) -> Service:
    ports: dict[int, dict[str, Any]] = {}
    for each in random.sample(_PORTS, random.choice([1, 2, 2, 3, 4])):
        ports.setdefault(each["port"], each)
    versions = ("v1", "v2")[: random.choice([0, 1, 1, 2])]
    return Service(name, space, tuple(ports.values()), versions)


def document(kind: str, namespace: str, name: str, spec: Document, version: str = ISTIO, **metadata: Any) -> Document:
    """An object as it is applied."""
    named = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": version, "kind": kind, "metadata": named, "spec": spec}


def cluster(seen: Scene) -> Iterator[Document]:
    """Namespaces, Services, Deployments and the nodes that these run on."""
    for space in (*seen.spaces, ROOT):
        labels = {} if space == ROOT or seen.chance(0.15) else {"istio-injection": "enabled"}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space, "labels": labels}}
    for each in seen.services:
        yield _object(seen, each)
        for version in each.versions or ("",):
            yield _deployment(seen, each, version)


def _object(seen: Scene, service: Service) -> Document:
    spec: Document = {"selector": {"app": service.name}, "ports": list(service.ports)}
    if seen.chance(0.15):
        spec["clusterIP"] = "None"
    elif seen.chance(0.1):
        spec["internalTrafficPolicy"] = "Local"
    annotations = {}
    if seen.chance(0.2):
        annotations["networking.istio.io/exportTo"] = seen.one(
            [".", "*", f".,{seen.one(seen.spaces)}", seen.one(seen.spaces), "~"]
        )
    return document("Service", service.namespace, service.name, spec, "v1", annotations=annotations)


def _deployment(seen: Scene, service: Service, version: str) -> Document:
    labels = {"app": service.name, **({"version": version} if version else {})}
    place = {"istio-locality": seen.one(_LOCALITIES).replace("/", ".")} if seen.chance(0.5) else {}
    outside = {"sidecar.istio.io/inject": "false"} if seen.chance(0.15) else {}
    account = {"serviceAccountName": f"{service.name}-account"} if seen.chance(0.5) else {}
    captured = {"sidecar.istio.io/interceptionMode": seen.one(["TPROXY", "NONE"])} if seen.chance(0.15) else {}
    template = {
        "metadata": {"labels": {**labels, **place, **outside}, "annotations": captured},
        "spec": {**account, "containers": [{"name": "app", "image": "app"}]},
    }
    name = f"{service.name}-{version}" if version else service.name
    return document(
        "Deployment", service.namespace, name, {"selector": {"matchLabels": labels}, "template": template}, "apps/v1"
    )
