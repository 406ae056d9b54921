"""Files of rendered objects: their names, their texts, and what may not be in them."""

from __future__ import annotations

import hashlib
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import pulumi_mesh as pm
from pulumi_mesh import gitops, istio, kubernetes
from pulumi_mesh.gitops.layout import KUSTOMIZATION, inside, path_of
from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.manifests.wire import RawObject
from pulumi_mesh.refs import Identity
from pulumi_mesh.render import Entry, Rendered, render

ROOT = Path(__file__).parents[3]


def bookinfo() -> Rendered:
    return render(runpy.run_path(str(ROOT / "examples" / "bookinfo" / "mesh.py"))["mesh"])


def rendered(*objects: Any) -> Rendered:
    return render(pm.Mesh("m", objects=list(objects)))


def test_paths_of_bookinfo() -> None:
    """A promise: repositories and pipelines name them."""
    assert list(gitops.files(bookinfo())) == [
        "1-namespaces/kustomization.yaml",
        "1-namespaces/namespace-bookinfo.yaml",
        "2-gateways/istio-system/gateway-public.yaml",
        "2-gateways/kustomization.yaml",
        "3-destinations/bookinfo/destinationrule-details.yaml",
        "3-destinations/bookinfo/destinationrule-productpage.yaml",
        "3-destinations/bookinfo/destinationrule-ratings.yaml",
        "3-destinations/bookinfo/destinationrule-reviews.yaml",
        "3-destinations/kustomization.yaml",
        "4-policy-and-routes/bookinfo/authorizationpolicy-ratings-from-reviews.yaml",
        "4-policy-and-routes/bookinfo/virtualservice-productpage.yaml",
        "4-policy-and-routes/bookinfo/virtualservice-reviews.yaml",
        "4-policy-and-routes/istio-system/peerauthentication-default.yaml",
        "4-policy-and-routes/kustomization.yaml",
        "kustomization.yaml",
    ]


def test_each_file_is_one_object() -> None:
    found = bookinfo()
    texts = gitops.files(found)
    assert {text for path, text in texts.items() if not path.endswith(KUSTOMIZATION)} == set(map(dump, found.objects))


def test_kustomizations_list_everything() -> None:
    texts = gitops.files(bookinfo())
    top = yaml.safe_load(texts[KUSTOMIZATION])
    assert top == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["1-namespaces", "2-gateways", "3-destinations", "4-policy-and-routes"],
    }
    listed = {
        f"{folder}/{name}"
        for folder in top["resources"]
        for name in yaml.safe_load(texts[f"{folder}/{KUSTOMIZATION}"])["resources"]
    }
    assert listed == {path for path in texts if not path.endswith(KUSTOMIZATION)}


def test_a_mesh_without_objects_is_an_empty_kustomization() -> None:
    texts = gitops.files(Rendered(()))
    assert list(texts) == [KUSTOMIZATION]
    assert yaml.safe_load(texts[KUSTOMIZATION])["resources"] == []


def test_the_stream_holds_the_objects_in_the_order_of_phases() -> None:
    kinds = [each["kind"] for each in yaml.safe_load_all(gitops.stream(gitops.files(bookinfo())))]
    assert kinds[:2] == ["Namespace", "Gateway"]
    assert set(kinds[2:6]) == {"DestinationRule"}
    assert sorted(kinds[6:]) == ["AuthorizationPolicy", "PeerAuthentication", "VirtualService", "VirtualService"]


LABEL = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
KIND = st.from_regex(r"[A-Z][A-Za-z0-9]{0,30}", fullmatch=True)
IDENTITIES = st.builds(Identity, KIND, st.just("") | LABEL, NAME)


@settings(deadline=None)
@given(
    st.lists(IDENTITIES, min_size=1, max_size=8, unique_by=lambda each: (each.kind.lower(), each.namespace, each.name))
)
def test_names_are_safe_and_tell_objects_apart(identities: list[Identity]) -> None:
    paths = [path_of(each, "here") for each in identities]
    for path in paths:
        assert inside(f"2-gateways/{path}")
        assert path == path.lower()
        assert Path(os.path.normpath(Path("/folder") / path)).is_relative_to("/folder")
        assert all(len(part.encode()) <= 220 for part in path.split("/"))
    assert len(set(paths)) == len(paths)


@settings(deadline=None)
@given(
    st.builds(
        Identity, *[st.text(max_size=12) | st.sampled_from(["..", ".", "a/b", "", "/etc", "a\nb", "A", "\x00"])] * 4
    )
)
def test_no_name_leaves_the_folder(identity: Identity) -> None:
    try:
        path = path_of(identity, "here")
    except pm.InvalidError as error:
        assert error.problems[0][0] == "here"
    else:
        assert inside(f"1-namespaces/{path}")
        assert os.path.normpath(path) == path
        assert not Path(path).is_absolute()


def test_a_long_name_is_cut_and_keeps_its_own_digest() -> None:
    name = ".".join(["a" * 63] * 3) + ".b"
    path = path_of(Identity("VirtualService", "n", name), "here")
    digest = hashlib.sha256(f"virtualservice-{name}".encode()).hexdigest()[:12]
    assert path == f"n/{f'virtualservice-{name}'[:200]}_{digest}.yaml"
    assert path != path_of(Identity("VirtualService", "n", f"{name}c"), "here")


def test_two_objects_that_differ_in_case_only_are_refused() -> None:
    one, two = (RawObject("example.com/v1", kind, "x", namespace="n") for kind in ("Thing", "THING"))
    with pytest.raises(pm.InvalidError) as raised:
        gitops.files(rendered(one, two))
    assert "would be the same file as" in str(raised.value)
    assert raised.value.problems[0][0] == "objects[0]"  # THING sorts first, so Thing is the second


@pytest.mark.parametrize("field", ["data", "string_data"])
def test_a_secret_is_refused_unless_asked_for(field: str) -> None:
    found = rendered(kubernetes.Secret("cert", namespace="n", **{field: {"tls.key": "c2VjcmV0"}}))  # type: ignore[arg-type]  # one of two fields
    with pytest.raises(pm.MeshError) as raised:
        gitops.files(found)
    assert raised.value.where == "objects[0]"
    assert "c2VjcmV0" not in str(raised.value)
    assert "c2VjcmV0" in gitops.files(found, allow_secrets=True)["2-gateways/n/secret-cert.yaml"]


def test_a_secret_without_values_is_written() -> None:
    assert "2-gateways/n/secret-cert.yaml" in gitops.files(rendered(kubernetes.Secret("cert", namespace="n")))


def test_an_output_or_its_token_is_refused_with_its_path() -> None:
    made = istio.EnvoyFilter("f", namespace="n", spec={"configPatches": [{"patch": {"value": {"a": "\ue0000\ue001"}}}]})
    with pytest.raises(pm.OutputError) as raised:
        gitops.files(rendered(made))
    assert raised.value.where == 'objects[0]: EnvoyFilter("f").spec.configPatches[0].patch.value.a'


def test_sync_waves_only_when_asked_for() -> None:
    own = istio.Gateway("b", namespace="n", spec={}, annotations={"argocd.argoproj.io/sync-wave": "-5"})
    found = rendered(istio.Gateway("a", namespace="n", spec={}), own, kubernetes.Namespace("n"))
    assert "sync-wave" not in gitops.files(found)["2-gateways/n/gateway-a.yaml"]
    texts = gitops.files(found, sync_waves=True)
    waves = {
        path: yaml.safe_load(text)["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]
        for path, text in texts.items()
        if not path.endswith(KUSTOMIZATION)
    }
    assert waves == {
        "1-namespaces/namespace-n.yaml": "0",
        "2-gateways/n/gateway-a.yaml": "1",
        "2-gateways/n/gateway-b.yaml": "-5",
    }


def test_dollars_are_doubled_for_flux() -> None:
    found = rendered(
        istio.EnvoyFilter("f", namespace="n", spec={"configPatches": [{"patch": {"value": {"a": "${HOME} $1"}}}]})
    )
    path = "4-policy-and-routes/n/envoyfilter-f.yaml"
    assert '"${HOME} $1"' in gitops.files(found)[path]
    assert '"$${HOME} $1"' in gitops.files(found, flux=True)[path]


def test_entries_in_any_order_give_the_same_files() -> None:
    entries = bookinfo().entries
    assert gitops.files(Rendered(tuple(reversed(entries)))) == gitops.files(Rendered(entries))


def test_a_bad_identity_names_its_source() -> None:
    entry = Entry(Identity("Namespace", "", "../../etc"), kubernetes.Namespace("n"), 'namespaces["n"]')
    with pytest.raises(pm.InvalidError, match="cannot be the name of a file"):
        gitops.files(Rendered((entry,)))


_PROGRAM = """
import hashlib, runpy, sys
from pulumi_mesh import gitops
from pulumi_mesh.render import render
texts = gitops.files(render(runpy.run_path(sys.argv[1])["mesh"]))
print(hashlib.sha256(repr(texts).encode()).hexdigest())
"""


def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    program = str(ROOT / "examples" / "bookinfo" / "mesh.py")
    digests = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert digests == {hashlib.sha256(repr(gitops.files(bookinfo())).encode()).hexdigest() + "\n"}
