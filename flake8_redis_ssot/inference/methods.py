"""What the methods of clients do, and those of the objects that they give: pipelines, subscriptions, locks."""

from __future__ import annotations

from typing import Literal

from flake8_redis_ssot.inference.builder_table import BuilderTable
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.libraries.commands import HANDED, HANDING, METHODS, POOL_ATTRIBUTE, Effect
from flake8_redis_ssot.libraries.traits import (
    ASYNC_LIBRARIES,
    ASYNC_PACKAGES,
    ASYNC_PART,
    FUTURES,
    NO_COROUTINES,
    SENTINELS,
)

Mode = Literal["sync", "async"]
"""Whether the methods of a client block (`sync`) or give coroutines (`async`)."""

METHOD_NAMES = frozenset(name for effects in METHODS.values() for names in effects.values() for name in names)
"""The names of all methods that have an effect."""

SENDING_NAMES = METHOD_NAMES | {"lock"}
"""The last names of callees that may send: `lock` gives what sends when it is entered."""


def mode_of(builder: Builder) -> Mode | None:
    """The mode of the clients that `builder` makes; None for a builder of the settings, of which nothing is known."""
    if builder.library == builder.target:
        return None
    return "async" if is_asyncio(builder.target) else "sync"


def is_asyncio(name: str) -> bool:
    """Whether a library's class or function `name` makes asyncio clients."""
    parts = name.split(".")
    packages = {".".join(parts[:n]) for n in range(1, len(parts))}
    return parts[0] in ASYNC_LIBRARIES or ASYNC_PART in parts or not ASYNC_PACKAGES.isdisjoint(packages)


def role_of(name: str, table: BuilderTable) -> tuple[str, Builder] | None:
    """The role of what a call of the dotted `name` gives (`client`, `pipeline`, ...), and the client's builder; else None."""
    builder = table.get(name)
    if builder is None:
        owner, _, last = name.rpartition(".")
        given = role_of(owner, table) if last in HANDED else None
        role = HANDING.get(given[0], {}).get(last) if given is not None else None
        return None if given is None or role is None else (role, given[1])
    sends = builder.kind == "client" and builder.target.rpartition(".")[2] not in SENTINELS
    return ("client", builder) if sends else None


def pool_of(name: str, table: BuilderTable) -> Builder | None:
    """The builder of the pool that a call of `name` gives, or of the client whose `connection_pool` it is; else None."""
    builder = table.get(name)
    if builder is not None:
        return builder if builder.kind == "pool" else None
    owner, _, last = name.rpartition(".")
    given = role_of(owner, table) if last == POOL_ATTRIBUTE else None
    return given[1] if given is not None and given[0] == "client" else None


def effect_of(role: str, method: str) -> Effect | None:
    """The effect of a method of an object of that `role`; None if it has none."""
    return next((effect for effect, names in METHODS[role].items() if method in names), None)


def gives_coroutine(builder: Builder, role: str, method: str) -> bool:
    """Whether a method of an asyncio client, or of what it hands out, has to be awaited to do anything."""
    return builder.target not in FUTURES and not any(
        builder.target.startswith(home) and role == owner and method in methods.split()
        for home, owner, methods in NO_COROUTINES
    )
