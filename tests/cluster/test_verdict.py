"""Our verdict against the cluster's: made and mutated objects of every kind, asked of both.

The API server judges schemas and CEL rules, and asks istiod's webhook about Istio's kinds. No object is stored. To find
more than these find, raise SEEDS.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from pulumi_mesh.validation.judge import judge
from pulumi_mesh.validation.schemas import Channel, Definition, definition, kinds
from pulumi_mesh.validation.verdict import Verdict
from tests.cluster.tools.istiod import Istiod
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.mutations import mutated, without_nulls
from tests.cluster.tools.verdicts import Asking, Said, gateway_api
from tests.unit.manifests.bodies import EXPERIMENTAL, GATEWAY_API, ISTIO
from tests.unit.validation.made import made_object

SEEDS = range(60)
"""An object for each, of each kind in each channel."""

CHANNELS: tuple[Channel, ...] = ("standard", "experimental")
_PARALLEL = 4


def names(source: str, channel: Channel) -> list[str]:
    """``GROUP/KIND`` of all kinds of Istio or of the Gateway API."""
    return [name for files in kinds(channel) for name in files if ("istio.io/" in name) == (source == "istio")]


@pytest.mark.parametrize("channel", CHANNELS)
def test_gateway_api(channel: Channel, crds: Kubectl, istio_kinds: list[str]) -> None:
    # Before any istiod of this file, which would make GatewayClasses: their definition then takes a minute to go. And
    # after Istio's kinds were listed for the tests of other files, which is not to name what is gone by then.
    with gateway_api(crds, channel):
        hold_against_the_cluster(crds, channel, names("gateway api", channel))


def test_istio(crds: Kubectl, istiod: Istiod) -> None:
    hold_against_the_cluster(crds, "standard", names("istio", "standard"))


def hold_against_the_cluster(kubectl: Kubectl, channel: Channel, of: list[str]) -> None:
    """Judge objects of these kinds on both sides, and fail with those on which they disagree."""
    wrong: list[str] = []
    with Asking(kubectl) as asking, ThreadPoolExecutor(_PARALLEL) as pool:
        for name in of:
            documents = [an_object(channel, name, seed) for seed in SEEDS]
            answers = pool.map(asking.verdict, documents)
            ours = [judge(each, channel) for each in documents]
            theirs = list(answers)
            wrong += [
                f"{channel} {name} {seed}\n  object:  {json.dumps(document)}\n"
                f"  ours:    {words(our)}\n  cluster: {their.message or 'yes'}"
                for seed, document, our, their in zip(SEEDS, documents, ours, theirs, strict=True)
                if not agree(our, their)
            ]
            assert 0 < sum(each.accepted for each in theirs) < len(theirs), f"{name}: all with one verdict"
    assert not wrong, "\n".join([f"{len(wrong)} of {len(of) * len(SEEDS)} judged differently", *wrong])


def agree(ours: Verdict, theirs: Said) -> bool:
    """Whether both accept, or both refuse for the same reason as far as the cluster's words tell it."""
    if ours.accepted or theirs.accepted:
        return ours.accepted == theirs.accepted
    return stage(ours) in theirs.stages


def stage(verdict: Verdict) -> str:
    """The stage that refuses."""
    return next(each.code for each in verdict.findings if each.severity == "error")


def words(verdict: Verdict) -> str:
    """What our verdict says, in a line."""
    errors = [each for each in verdict.findings if each.severity == "error"]
    return "; ".join(f"{each.code} {each.refs[0].path}: {each.message}" for each in errors) or "yes"


def an_object(channel: Channel, name: str, seed: int) -> dict[str, Any]:
    """The object of a seed: made from the schema, or a mutation of the kind's rich example or of a made one."""
    group, _, kind = name.rpartition("/")
    known = definition(group, kind, channel)
    assert known is not None
    random = Random(f"{channel} {name} {seed}")
    version = random.choice(known.versions)
    how = random.choice(["made", "mutated", "mutated", "mutated made"])
    if how == "mutated":
        return mutated(example(known, version, channel), known, version, random)
    made = made_object(known, version, random)
    return without_nulls(made, known.schema(version)) if how == "made" else mutated(made, known, version, random)


def example(known: Definition, version: str, channel: Channel) -> dict[str, Any]:
    """An object of the kind with many fields, which both sides accept."""
    bodies = ISTIO if known.group.endswith(".istio.io") else GATEWAY_API
    if bodies is GATEWAY_API and channel == "experimental":
        bodies = {**GATEWAY_API, **EXPERIMENTAL}
    header = {"apiVersion": f"{known.group}/{version}", "kind": known.kind, "metadata": {"name": "a"}}
    return {**header, "spec": bodies[known.kind]}
