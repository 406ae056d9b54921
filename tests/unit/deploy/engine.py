"""A Pulumi engine for tests: records what a program registers, as the engine would receive it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format  # type: ignore[import-untyped]  # protobuf ships no types
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_pulumi_func

# How the engine's protocol marks a secret and a value that is not known yet.
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


LAST_OUTPUTS = "pulumi:pulumi:readStackResourceOutputs"


def secret(value: Any) -> dict[str, Any]:
    """A secret as the engine receives it."""
    return {**SECRET, "value": value}


@dataclass(frozen=True)
class Registered:
    """One resource: what the engine was asked for. Numbers are floats, as the protocol has them."""

    type: str
    name: str
    parent: str
    dependencies: frozenset[str]
    inputs: Mapping[str, Any]
    provider: str
    version: str
    custom: bool
    secret_outputs: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()


@dataclass
class Engine:
    """Everything that was registered, in order; outputs of components by URN; log lines, told: those of level info."""

    resources: dict[str, Registered] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def named(self, name: str) -> Registered:
        return next(each for each in self.resources.values() if each.name == name)

    @property
    def children(self) -> dict[str, Registered]:
        return {each.name: each for each in self.resources.values() if each.type.startswith("kubernetes:")}


class _Before(mocks.Mocks):
    """What the last update registered."""

    def __init__(self, last: Engine) -> None:
        self.last = last

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        assert args.token == LAST_OUTPUTS, args.token
        assert args.args == {"stackName": "organization/shop/dev"}
        found = {urn: {"type": "", "outputs": dict(each)} for urn, each in self.last.outputs.items()}
        return {"name": "dev", "outputs": found}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)


@contextmanager
def _loop() -> Iterator[None]:
    """The mock needs a loop in each of its threads, and would leave its own open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class _Monitor(mocks.MockMonitor):
    def __init__(self, engine: Engine, before: _Before) -> None:
        super().__init__(before)
        self.engine = engine

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        with _loop():
            return super().Invoke(request)  # type: ignore[no-untyped-call]  # pulumi's mocks are not typed

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        with _loop():
            response = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # as above
        if request.type != "pulumi:pulumi:Stack":
            self.engine.resources[response.urn] = Registered(
                type=request.type,
                name=request.name,
                parent=request.parent,
                dependencies=frozenset(request.dependencies),
                inputs=json_format.MessageToDict(request.object),
                provider=request.provider or dict(request.providers).get("kubernetes", ""),
                version=request.version,
                custom=request.custom,
                secret_outputs=tuple(request.additionalSecretOutputs),
                ignore_changes=tuple(request.ignoreChanges),
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        self.engine.outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # as above


class _Lines(logging.Handler):
    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.INFO:
            (self.engine.warnings if record.levelno >= logging.WARNING else self.engine.told).append(
                record.getMessage()
            )


def run(program: Callable[[], object], *, preview: bool = False, last: Engine | None = None) -> Engine:
    """Run a program to its end. last: what the last update of the stack registered. Raises what it raises."""
    engine = Engine()
    before = _Before(last if last is not None else Engine())
    logger = logging.Logger("engine")
    logger.addHandler(_Lines(engine))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    settings.SETTINGS.outputs.clear()  # of a program that failed before
    try:
        mocks.set_mocks(
            before, project="shop", stack="dev", preview=preview, logger=logger, monitor=_Monitor(engine, before)
        )

        async def main() -> None:
            program()

        loop.run_until_complete(run_pulumi_func(main))
    finally:
        waiting = asyncio.all_tasks(loop)  # after a failure: those of resources that were not reached
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()
    return engine


def unknown() -> pulumi.Output[str]:
    """An Output whose value only an update will know."""
    return pulumi.Output.from_input(pulumi.UNKNOWN)  # type: ignore[arg-type]
