"""Running a Pulumi program with no engine: resources give back their inputs, and meshes are collected.

A program that does not import Pulumi, such as a file that only describes a mesh, runs without it being loaded.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_mesh.errors import FindingsError
from pulumi_mesh.loading.importing import once_imported
from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.model.mesh import Mesh

if TYPE_CHECKING:
    from pulumi.runtime import MockCallArgs, MockResourceArgs


@dataclass(frozen=True, slots=True)
class Deployed:
    """What components were given: meshes and control planes to install, in their order."""

    meshes: tuple[Mesh, ...]
    installations: tuple[tuple[Istio, ...], ...]


def run_offline(program: Callable[[], None], *, project: str) -> Deployed:
    """Run it as in a preview of the stack ``offline``; returns what components of ``deploy`` were given.

    A component that refuses its mesh for findings ends the program, and its mesh counts: whoever loads it asks for
    the findings. Pulumi's settings live in context variables, so those of the caller stay as they are.
    """
    loops: list[asyncio.AbstractEventLoop] = []
    try:
        return contextvars.copy_context().run(lambda: asyncio.run(_run(program, project, loops)))
    finally:
        for loop in loops:
            loop.close()


async def _run(program: Callable[[], None], project: str, loops: list[asyncio.AbstractEventLoop]) -> Deployed:
    from pulumi_mesh.deploy.collect import collecting

    def with_loop() -> None:
        # The mock monitor wants a loop in each of its threads, and would leave open those that it makes.
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(initializer=with_loop))
    with collecting() as found:
        try:
            with once_imported("pulumi", lambda: _set_mocks(project)):
                await _ended(program)
        except FindingsError:
            if not found.meshes:
                raise
    return Deployed(tuple(each.mesh for each in found.meshes), tuple(found.installations))


async def _ended(program: Callable[[], None]) -> None:
    """The program, and, where it has imported Pulumi, what its resources wait for, also after an error."""
    error: BaseException | None = None
    try:
        program()
    except BaseException as raised:  # noqa: BLE001 - raised again below
        error = raised

    def raise_again() -> None:
        if error is not None:
            raise error

    if "pulumi" in sys.modules:
        from pulumi.runtime.stack import run_pulumi_func

        await run_pulumi_func(raise_again)
    raise_again()


def _set_mocks(project: str) -> None:
    from pulumi.runtime import Mocks, set_mocks

    class Inputs(Mocks):
        def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
            return args.resource_id or f"{args.name}-id", args.inputs

        def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
            return {}, None

    set_mocks(Inputs(), project=project, stack="offline", preview=True)
