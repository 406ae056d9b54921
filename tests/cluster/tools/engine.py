"""The real Pulumi engine, with its state in a folder of the test, against one API server.

    def test_it(engine: Engine) -> None:
        stack = engine.stack("dev", lambda: deploy.Mesh("shop", shop), config={"mesh:stages": '{"reviews": 2}'})
        assert stack.preview().changed == {"shop/Gateway/istio-system/public": "create", ...}
        stack.up()  # raises FailedError, whose ``result`` says what was done before
        assert stack.up().changed == {}
        stack.destroy()

A program is a function, or the path of one (``examples/bookinfo``), which runs anew for each operation. It runs in
this process, so no language plugin is needed. ``kubeconfig=`` takes the content or path of another kubeconfig than
the administrator's: ``kubeconfig(kubectl.as_user("reader"))``, or ``kubeconfig(kubectl, server=URL_OF_A_PROXY)``.

An engine that was killed leaves its state locked: ``stack.unlock()``, then ``stack.refresh()`` and ``stack.up()``.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation
from pulumi.automation._stack import StackInitMode

from pulumi_mesh.local.lifeline import tied
from tests.cluster.tools.inline import Inline, Program
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.steps import FailedError, Recorder, Result

PROJECT = "tests"
_PASSPHRASE = "not a secret"  # noqa: S105


def kubeconfig(kubectl: Kubectl, *, server: str = "", authority: Path | None = None) -> str:
    """The content of a kubeconfig for the user of ``kubectl``. server: another address of the same server.

    authority: the certificates by which that address is trusted; default: the server's own.
    """
    found = yaml.safe_load(kubectl.kubeconfig.read_text())
    (context,) = found["contexts"]
    (cluster,) = found["clusters"]
    if kubectl.user:
        context["context"]["user"] = kubectl.user
    if server:
        cluster["cluster"]["server"] = server
    if authority is not None:
        cluster["cluster"]["certificate-authority"] = str(authority)
    found["users"] = [user for user in found["users"] if user["name"] == context["context"]["user"]]
    return json.dumps(found)


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack. Each operation runs the ``pulumi`` command; ``state_file`` is what the engine remembers."""

    name: str
    folder: Path
    state_file: Path
    _stack: automation.Stack = field(repr=False)

    def preview(self, *, diff: bool = False) -> Result:
        """What ``up`` would do; with ``diff``, it says which fields. Raises FailedError, as all operations do."""
        return self._do(lambda recorder: self._stack.preview(on_event=recorder.see, on_output=recorder.hear, diff=diff))

    def up(self, *, parallel: int | None = None) -> Result:
        """Make it so. parallel: how many resources at once; default: the engine's."""
        return self._do(
            lambda recorder: self._stack.up(on_event=recorder.see, on_output=recorder.hear, parallel=parallel)
        )

    def refresh(self, *, clear_pending_creates: bool = False) -> Result:
        """Let state see what is on the server. clear_pending_creates: forget what a killed engine had begun."""
        return self._do(
            lambda recorder: self._stack.refresh(
                on_event=recorder.see, on_output=recorder.hear, clear_pending_creates=clear_pending_creates
            )
        )

    def destroy(self) -> Result:
        """Delete all that the state knows."""
        return self._do(lambda recorder: self._stack.destroy(on_event=recorder.see, on_output=recorder.hear))

    def running(self, program: Program) -> Stack:
        """The same stack with another program: another version of it."""
        self._stack.workspace.program = Inline(program)
        return self

    def configure(self, **config: str) -> None:
        """Set configuration, ``mesh__stages`` for ``mesh:stages``."""
        self._stack.set_all_config(
            {key.replace("__", ":"): automation.ConfigValue(value) for key, value in config.items()}
        )

    def unset(self, *keys: str) -> None:
        """Remove configuration, such as ``mesh:stages``."""
        self._stack.remove_all_config(list(keys))

    def unlock(self) -> None:
        """Give up the lock that a killed engine left."""
        self._stack.cancel()

    def state(self) -> Mapping[str, Any]:
        """The state as the engine wrote it: secrets are encrypted."""
        deployment: Mapping[str, Any] = json.loads(self.state_file.read_text())["checkpoint"]["latest"]
        return deployment

    def resources(self) -> dict[str, Any]:
        """The resources of the state by their logical names; the stack and providers are left out."""
        return {
            each["urn"].rsplit("::", 1)[-1]: each
            for each in self.state().get("resources", [])
            if not each["type"].startswith("pulumi:")
        }

    def _do(self, operation: Callable[[Recorder], object]) -> Result:
        recorder = Recorder()
        try:
            operation(recorder)
        except automation.CommandError as error:
            raise FailedError(replace(recorder.result(), succeeded=False), str(error)) from None
        finally:
            if isinstance(program := self._stack.workspace.program, Inline):
                program.end()
        return recorder.result()


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine. pulumi: the binary. command: that, as the Automation API wants it.

    port: of the tests' provider; None: the real one is on PATH. kubectl: of the server that stacks use by default.
    """

    pulumi: Path
    command: automation.PulumiCommand
    folder: Path
    port: int | None
    kubectl: Kubectl

    def stack(
        self,
        name: str,
        program: Program,
        *,
        kubeconfig: str | Path = "",
        config: Mapping[str, str] | None = None,
    ) -> Stack:
        """A new stack of the project ``tests``. config: such as ``{"mesh:stages": '{"reviews": 2}'}``."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        backend = self.folder / "backend"
        backend.mkdir(exist_ok=True)
        settings = automation.ProjectSettings(
            name=PROJECT, runtime="python", backend=automation.ProjectBackend(f"file://{backend}")
        )
        environment = {
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
            # Said here too: a developer's own variable would win over the project's settings.
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            **({} if self.port is None else {"PULUMI_DEBUG_PROVIDERS": f"kubernetes:{self.port}"}),
        }
        workspace = automation.LocalWorkspace(
            work_dir=str(folder),
            pulumi_home=str(self.folder / "home"),
            program=Inline(program),
            env_vars=environment,
            project_settings=settings,
            secrets_provider="passphrase",
            pulumi_command=self.command,
        )
        made = _Bare(name, workspace, StackInitMode.CREATE)
        given = str(kubeconfig) or str(self.kubectl.kubeconfig)
        made.set_all_config(
            {
                "kubernetes:kubeconfig": automation.ConfigValue(given, secret=True),
                # Stays, so that another address of the same cluster is not another cluster.
                "kubernetes:clusterIdentifier": automation.ConfigValue("test"),
                **{key: automation.ConfigValue(value) for key, value in (config or {}).items()},
            }
        )
        return Stack(name, folder, backend / ".pulumi" / "stacks" / PROJECT / f"{name}.json", made)


class _Bare(automation.Stack):
    """Without the commands that ask for outputs and a summary after each operation: they take as long again."""

    def outputs(self) -> automation.OutputMap:
        """Nothing: ``Stack.state`` has them."""
        return {}

    def info(self, show_secrets: bool | None = None) -> automation.UpdateSummary | None:
        """Nothing that is true of any operation: ``Result`` is made of the engine's events."""
        now = datetime.now(UTC)
        return automation.UpdateSummary(kind="", start_time=now, message="", environment={}, config={}, result="")


def pulumi_command(binary: Path, folder: Path) -> automation.PulumiCommand:
    """The command as the Automation API wants it, ``bin/pulumi`` in a folder. It dies with this process."""
    command = tied([binary]) if sys.platform == "linux" else [str(binary)]
    script = folder / "bin" / "pulumi"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    script.chmod(0o700)
    return automation.PulumiCommand(str(folder))
