"""The real istiod in the place of an installed one, whose pod only pretends to run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.tools.istiod import Istiod, answers, discovery, environment
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.process import free_ports, running


@contextmanager
def webhook_port() -> Iterator[int]:
    """The port for ``installed``: the charts' values have to name it before istiod runs."""
    with free_ports(1) as (port,):
        yield port


def values_for(port: int) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Values for the charts istiod and base, by which the API server finds the webhooks: it reaches no Service here."""
    validation = {"validationURL": f"https://localhost:{port}/validate"}
    injection = {"injectionURL": f"https://localhost:{port}/inject"}
    return {"base": validation, "istiodRemote": injection}, {"base": validation}


@contextmanager
def installed(folder: Path, binary: Path, kubectl: Kubectl, port: int, revision: str = "default") -> Iterator[Istiod]:
    """Run istiod on what an installation made: its mesh config, its injection templates, its webhooks."""
    folder.mkdir()
    with (
        free_ports(4) as (http, xds, secure, monitoring),
        running(
            f"istiod-{revision}",
            discovery(binary, kubectl, http=http, https=port, xds=xds, secure=secure, monitoring=monitoring),
            folder=folder,
            environment=environment(revision),
            ready=lambda: answers(http) and _has_authority(kubectl, revision),
        ) as process,
    ):
        yield Istiod(process, http, xds, secure, monitoring)


def _has_authority(kubectl: Kubectl, revision: str) -> bool:
    """Whether istiod has put its authority into every webhook of the revision."""
    kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations"
    found = kubectl.get(kinds, f"--selector=istio.io/rev={revision}")["items"]
    hooks = [hook for each in found for hook in each["webhooks"]]
    return bool(hooks) and all(hook["clientConfig"].get("caBundle") for hook in hooks)
