"""A Pulumi engine for tests: records what a program registers, as the engine would receive it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format  # type: ignore[import-untyped]  # protobuf ships no types
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_pulumi_func

# How the engine's protocol marks a secret and a value that is not known yet.
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


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
    """Everything that was registered, in order; outputs of components by URN; log lines."""

    resources: dict[str, Registered] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def named(self, name: str) -> Registered:
        return next(each for each in self.resources.values() if each.name == name)

    @property
    def children(self) -> dict[str, Registered]:
        return {each.name: each for each in self.resources.values() if each.type.startswith("kubernetes:")}


class _Nothing(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"nothing here calls {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)


class _Monitor(mocks.MockMonitor):
    def __init__(self, engine: Engine) -> None:
        super().__init__(_Nothing())
        self.engine = engine

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        loop = asyncio.new_event_loop()  # the mock needs one in this thread, and would leave its own open
        asyncio.set_event_loop(loop)
        try:
            response = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # pulumi's mocks are not typed
        finally:
            asyncio.set_event_loop(None)
            loop.close()
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
        if record.levelno >= logging.WARNING:
            self.engine.warnings.append(record.getMessage())


def run(program: Callable[[], object], *, preview: bool = False) -> Engine:
    """Run a program to its end. Raises what it raises."""
    engine = Engine()
    logger = logging.Logger("engine")
    logger.addHandler(_Lines(engine))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    settings.SETTINGS.outputs.clear()  # of a program that failed before
    try:
        mocks.set_mocks(
            _Nothing(), project="shop", stack="dev", preview=preview, logger=logger, monitor=_Monitor(engine)
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
