"""Extensions: a name and a typed config, of a type that is known here or kept as it is."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.envoy.read.message import Message


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension. config: as the view keeps one that is not modelled."""

    name: str
    config: FrozenMap[str, object]
    where: str

    def of(self, name: str, type_url: str) -> Message | None:
        """Its typed config, when it has this name and type and no other field."""
        if self.name != name or self.config.get("@type") != type_url:
            return None
        message = Message(self.config, f"{self.where}.typed_config")
        message.drop("@type")
        return message


def extension(message: Message) -> Extension:
    """An extension: when it has fields beside its typed config, ``config`` holds them all."""
    name = message.text("name")
    fields = message.rest()
    if fields.keys() == {"typed_config"}:
        typed = Message(fields["typed_config"], message.path("typed_config"), raw=True)
        if "@type" in typed:
            fields = typed.rest()
    return Extension(name, fields, message.where)
