"""Which managers belong to a service of their own, that is to a boundary."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field

from flake8_redis_ssot.init.evidence import Evidence
from flake8_redis_ssot.init.layout import STARTS, signs_of_a_service
from flake8_redis_ssot.init.ranking import Candidate

_DOMINATES = 3
"""How many times the points of any other the manager of a service has that is the whole project's as well."""


@dataclass(frozen=True, slots=True)
class Group:
    """The managers of one boundary, the likeliest first; the root boundary has no `folder`.

    `signs` say why the folder is a service.
    """

    folder: str = ""
    candidates: list[Candidate] = field(default_factory=list)
    signs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the boundary is called."""
        return posixpath.basename(self.folder).replace("_", "-")


def grouped(evidence: Evidence, ranked: Sequence[Candidate]) -> list[Group]:
    """The `ranked` managers by boundary, the root boundary first; that may have none."""
    if not ranked:
        return [Group()]
    best, *others = ranked
    root, groups = Group("", [best]), dict[str, Group]()
    for one in others:
        folder = _service(evidence, one, best)
        if folder is None:
            root.candidates.append(one)
            continue
        signs = tuple(_signs(evidence, folder))
        groups.setdefault(folder, Group(folder, [], signs)).candidates.append(one)
    if not groups:
        return [root]
    rival = max((group.candidates[0] for group in groups.values()), key=lambda one: one.points)
    own = _service(evidence, best, rival)
    beside = (
        own is not None and "/" in own and all(posixpath.dirname(own) == posixpath.dirname(f) for f in groups)
    )
    if own is not None and (beside or best.points < _DOMINATES * rival.points):
        inside = [one for one in root.candidates if _is_in(evidence.short(one.module.path), own)]
        rest = [one for one in root.candidates if one not in inside]
        mine = Group(own, inside, tuple(_signs(evidence, own)))
        return [Group("", rest), mine, *groups.values()]
    return [root, *groups.values()]


def without_manager(
    evidence: Evidence, best: Candidate, ranked: Sequence[Candidate], groups: Sequence[Group]
) -> list[Group]:
    """The services that build clients, have no manager and take nothing of the `best` one: they are deployed apart."""
    found: dict[str, Group] = {}
    managing = [one for group in groups for one in group.candidates]
    for one in ranked:
        folder = _service(evidence, one, best) if one not in managing else None
        signs = tuple(_signs(evidence, folder)) if folder is not None else ()
        if folder is not None and any(not sign.startswith(STARTS) for sign in signs):
            found.setdefault(folder, Group(folder, [], signs))
    return [group for folder, group in found.items() if folder not in {g.folder for g in groups}]


def _service(evidence: Evidence, one: Candidate, other: Candidate) -> str | None:
    """The folder of the service whose manager is `one` and not the `other`; None where there is none.

    Its files alone take something of the one, and none of them of the other.
    """
    path = evidence.short(one.module.path)
    around, beyond = (
        posixpath.dirname(path).split("/"),
        posixpath.dirname(evidence.short(other.module.path)).split("/"),
    )
    same = next((n for n, (a, b) in enumerate(zip(around, beyond, strict=False)) if a != b), len(beyond))
    for n in range(same + 1, len(around) + 1):
        folder = "/".join(around[:n])
        if evidence.tree.is_package(posixpath.dirname(folder)):
            return None
        if _signs(evidence, folder):
            own = all(_is_in(evidence.short(user), folder) for user in one.module.users)
            alien = any(_is_in(evidence.short(user), folder) for user in other.module.users)
            return folder if own and not alien else None
    return None


def _signs(evidence: Evidence, folder: str) -> list[str]:
    return signs_of_a_service(os.path.join(evidence.settings.root, folder), evidence.checker.filesystem)


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def apart(evidence: Evidence) -> list[str]:
    """The services that have packages of the same name, so that each needs a table of its own."""
    roots = [root for root in evidence.roots.folders if root]
    tops: dict[str, set[str]] = {}
    for module in evidence.modules:
        if module.built and not evidence.settings.is_test(module.path):
            path = evidence.short(module.path)
            root = max((r for r in roots if _is_in(path, r)), key=len, default=None)
            if root is not None:
                tops.setdefault(path[len(root) + 1 :].partition("/")[0].removesuffix(".py"), set()).add(root)
    found = {_project(evidence, root) for several in tops.values() if len(several) > 1 for root in several}
    return sorted(folder for folder in found if folder)


def _project(evidence: Evidence, root: str) -> str:
    """The folder of the service around an import root, which it may be itself."""
    folder = root
    while folder:
        if _signs(evidence, folder):
            return folder
        folder = posixpath.dirname(folder)
    return root
