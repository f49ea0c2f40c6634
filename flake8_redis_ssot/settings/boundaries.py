"""From a path to its boundary, its module names and what it may do."""

from __future__ import annotations

import os

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.settings.model import Boundary, Settings


class SettingsError(Exception):
    """Settings that cannot be used; each message says file, line, key and what is right."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages

    def __reduce__(self) -> tuple[type[SettingsError], tuple[list[str]]]:
        return type(self), (self.messages,)  # as it travels between processes


@dataclass(frozen=True, slots=True)
class Place:
    """What the settings say of one file: its boundary and the dotted names it can be imported by, the likeliest first."""

    boundary: Boundary
    modules: tuple[str, ...]
    is_package: bool

    @property
    def is_manager(self) -> bool:
        """Whether the file is a manager of its own boundary."""
        return any(map(self.boundary.is_manager, self.modules))

    @property
    def is_forbidden(self) -> bool:
        """Whether the file is a forbidden manager of its own boundary."""
        return any(pattern.covers(m) for pattern in self.boundary.forbidden for m in self.modules)

    @property
    def manager_around(self) -> str | None:
        """The manager that is named exactly and is a package around the file, which is no part of it."""
        exact = (m for m in self.boundary.managers if m not in self.boundary.packages)
        return next((m for m in exact for module in self.modules if module.startswith(f"{m}.")), None)


def boundary_of(settings: Settings, path: str) -> Boundary:
    """The boundary with the longest literal prefix that claims `path`; SettingsError on a tie."""
    root, *others = settings.boundaries
    claims = sorted(
        ((b.paths.literal_prefix(path), b) for b in others if b.paths.match(path)),
        key=lambda claim: -claim[0],
    )
    if not claims:
        return root
    if len(claims) > 1 and claims[0][0] == claims[1][0]:
        raise SettingsError(
            [
                f"{settings.path}: boundaries `{claims[0][1].name}` and `{claims[1][1].name}` "
                f"both claim {os.path.relpath(path, settings.root)}; "
                "make one pattern more specific, as `billing/api/**`"
            ]
        )
    return claims[0][1]


def manager_words(settings: Settings) -> frozenset[str]:
    """The words without which no other module can name a manager or a forbidden one.

    A pattern that has a `*` in every segment has no such word.
    """
    found = {m.rpartition(".")[2] for b in settings.boundaries for m in b.managers}
    found |= {pattern.needle for b in settings.boundaries for pattern in b.forbidden}
    return frozenset(found - {""})


def place_of(settings: Settings, path: str) -> Place:
    """The place of the absolute `path`."""
    boundary = boundary_of(settings, path)
    stem, _ = os.path.splitext(path)
    is_package = os.path.basename(stem) == "__init__"
    if is_package:
        stem = os.path.dirname(stem)
    modules = []
    for root in boundary.roots:
        prefix = root.rstrip("/") + "/"
        if stem.startswith(prefix):
            modules.append(stem[len(prefix) :].replace("/", "."))
    return Place(boundary, _likeliest_first(boundary, tuple(dict.fromkeys(modules))), is_package)


def heads_of(names: tuple[str, ...]) -> dict[str, str]:
    """The names that a file has by several import roots, each with what names by its root begin with, and others not."""
    inner = min(names, key=len)
    return {
        name: inner.partition(".")[0] if name == inner else name.removesuffix(f".{inner}") for name in names
    }


def _likeliest_first(boundary: Boundary, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a file, those first that begin as the settings' own do, and then the shortest."""
    if len(names) < 2:
        return names
    said = [f"{name}." for name in (*boundary.managers, *(pattern.text for pattern in boundary.forbidden))]
    heads = heads_of(names)

    def unlikeliness(name: str) -> tuple[bool, int]:
        return not any(one.startswith(f"{heads[name]}.") for one in said), len(name)

    return tuple(sorted(names, key=unlikeliness))
