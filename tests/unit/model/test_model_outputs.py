"""Outputs: where text may be one, and where it may not, with the path."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest

import pulumi_mesh as pm

anything: Any = pm
reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1"])


@pytest.fixture
def output() -> Iterator[pulumi.Output[str]]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield pulumi.Output.from_input("late")
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        for task in asyncio.all_tasks(loop):
            loop.run_until_complete(task)
        asyncio.set_event_loop(None)
        loop.close()


def test_text_leaves_take_them(output: pulumi.Output[str]) -> None:
    made: list[Any] = [
        pm.Namespace("a", physical_name=output, labels={"team": output}).physical_name,
        reviews.external(hostname=output).hostname,
        pm.Service("a", namespace="b", port=1, addresses=[output]).addresses[0],
        pm.Service("a", namespace="b", port=1, labels={"a": output}).labels["a"],
        pm.Listener("a", port=443, protocol="HTTPS", certificate=output).certificate,
        pm.Path(output, kind="regex").value,
        pm.TextMatch(output).value,
        pm.HeaderChanges(set={"a": output}).set["a"],
        pm.Redirect(hostname=output).hostname,
        pm.Rewrite(path=output).path,
        pm.AuthorizationRule(principals=[output]).principals[0],
        pm.AuthorizationRule(paths=[output]).paths[0],
    ]
    assert all(each is output for each in made)


def test_a_repr_does_not_ask_the_output(output: pulumi.Output[str]) -> None:
    assert repr(pm.Path(output)) == "Path(<Output>)"


REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (anything.Namespace, "Namespace.name"),
    (lambda o: anything.Service(o, namespace="b", port=1), "Service.name"),
    (lambda o: anything.Service("a", namespace=o, port=1), 'Service("a").namespace'),
    (lambda o: anything.Service("a", namespace="b", port=o), 'Service("a").port'),
    (lambda o: anything.Service("a", namespace="b", port=1, service_account=o), 'Service("a").service_account'),
    (lambda o: anything.Port(1, name=o), "Port.name"),
    (lambda o: anything.Port(1, protocol=o), "Port.protocol"),
    (lambda o: anything.Listener("a", port=80, hostnames=[o]), 'Listener("a").hostnames[0]'),
    (lambda o: anything.Path("/a", kind=o), "Path.kind"),
    (lambda o: anything.Match(method=o), "Match.method"),
    (lambda o: anything.Backend(reviews, weight=o), "Backend.weight"),
    (lambda o: anything.Destination(reviews, version=o), "Destination.version"),
    (lambda o: anything.Rule(backends=[reviews], timeout=o), "Rule.timeout"),
    (lambda o: anything.HeaderChanges(remove=[o]), "HeaderChanges.remove[0]"),
    (anything.MutualTLS, "MutualTLS.mode"),
    (lambda o: anything.MutualTLS("STRICT", namespace=o), "MutualTLS.namespace"),
    (lambda o: anything.AuthorizationRule(namespaces=[o]), "AuthorizationRule.namespaces[0]"),
    (lambda o: anything.Stage(weight=o), "Stage.weight"),
    (anything.Mesh, "Mesh.name"),
    (lambda o: anything.Istio(trust_domain=o), "Istio.trust_domain"),
]


@pytest.mark.parametrize(("make", "where"), REFUSED, ids=[where for _, where in REFUSED])
def test_elsewhere_they_are_refused(make: Callable[[Any], Any], where: str, output: pulumi.Output[str]) -> None:
    with pytest.raises(pm.InvalidError) as raised:
        make(output)
    assert raised.value.problems == [
        (where, "an Output may not stand here: this decides names or structure, so it must be plain text")
    ]


def test_a_provider_is_looked_for_where_all_of_them_are_known(output: pulumi.Output[str]) -> None:
    def mesh(listed: Any, asked: Any) -> pm.Mesh:
        istio = pm.Istio("1.31.1", values={"meshConfig": {"extensionProviders": [listed]}})
        rules = [pm.AuthorizationRule()]
        policy = pm.AuthorizationPolicy("a", namespace="b", action="CUSTOM", provider=asked, rules=rules)
        return pm.Mesh("m", istio=istio, authorization=[policy])

    sso = {"name": "sso", "envoyExtAuthzGrpc": {"service": "sso.auth.svc.cluster.local", "port": 9000}}
    assert mesh({**sso, "name": output}, "other").istio.extension_providers is None
    assert mesh(sso, output).istio.extension_providers is not None
    with pytest.raises(pm.InvalidError, match="no authorizer named 'other'"):
        mesh(sso, "other")
