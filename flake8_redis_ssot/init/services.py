"""Which managers belong to a service of their own, that is to a boundary."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.init.evidence import Evidence
from flake8_redis_ssot.init.layout import DEFAULT_ROOTS, STARTS, signs_of_a_service
from flake8_redis_ssot.init.ranking import Candidate
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace

_SERVICES = frozenset(["microservices", "services"])
"""What the folders are called that hold services."""

_DOMINATES = 3
"""How many times the points of any other the manager of a service has that is the whole project's as well."""


@dataclass(frozen=True, slots=True)
class Group:
    """The managers of one boundary, the likeliest first; the root boundary has no `folder`.

    `signs` say why the folder is a service; `outside` files of the application use its managers nevertheless.
    """

    folder: str = ""
    candidates: list[Candidate] = field(default_factory=list)
    signs: tuple[str, ...] = ()
    outside: set[str] = field(default_factory=set)

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
        found = _service(evidence, one, best)
        if found is None:
            root.candidates.append(one)
            continue
        known = groups.setdefault(found.folder, Group(found.folder, [], found.signs))
        known.candidates.append(one)
        known.outside.update(found.outside)
    if not groups:
        return [root]
    rival = max((group.candidates[0] for group in groups.values()), key=lambda one: one.points)
    own = _service(evidence, best, rival)
    if own is None:
        return [root, *groups.values()]
    around = posixpath.dirname(own.folder)
    is_beside = bool(around) and all(around == posixpath.dirname(folder) for folder in groups)
    is_equal = bool(own.stated) and best.points < _DOMINATES * rival.points
    if is_equal or (is_beside and (own.stated or _holds_services(around))):
        inside = [one for one in root.candidates if _is_in(evidence.short(one.module.path), own.folder)]
        rest = [one for one in root.candidates if one not in inside]
        mine = Group(own.folder, inside, own.signs, {*own.outside})
        return [Group("", rest), mine, *groups.values()]
    return [root, *groups.values()]


def without_manager(
    evidence: Evidence, best: Candidate, ranked: Sequence[Candidate], groups: Sequence[Group]
) -> list[Group]:
    """The services that build clients, have no manager and take nothing of the `best` one: they are deployed apart."""
    found: dict[str, Group] = {}
    managing = [one for group in groups for one in group.candidates]
    for one in ranked:
        service = _service(evidence, one, best) if one not in managing else None
        if service is not None and any(not sign.startswith(STARTS) for sign in service.stated):
            found.setdefault(service.folder, Group(service.folder, [], service.stated))
    return [group for folder, group in found.items() if folder not in {g.folder for g in groups}]


@dataclass(frozen=True, slots=True)
class _Service:
    """The folder of a service, what says that it is one, and the files outside that use its manager.

    What its own files say, by what they are called, is `stated`; `apart` is what its imports say.
    """

    folder: str
    stated: tuple[str, ...]
    apart: str | None = None
    outside: tuple[str, ...] = ()

    @property
    def signs(self) -> tuple[str, ...]:
        return (*self.stated, *filter(None, [self.apart]))


def _service(evidence: Evidence, one: Candidate, other: Candidate) -> _Service | None:
    """The service whose manager is `one` and not the `other`; None where there is none.

    None of its files takes something of the other. Its files alone take something of the one, or it needs nothing
    of the rest and uses that manager as much as all others do.
    """
    found = []
    for folder in _folders(evidence, one, other):
        outside = tuple(user for user in one.module.users if not _is_in(evidence.short(user), folder))
        takes = any(_is_in(evidence.short(user), folder) for user in other.module.users)
        found.append((_Service(folder, tuple(_signs(evidence, folder)), None, outside), takes))
    stated, takes = next((pair for pair in found if pair[0].stated), (None, False))
    if stated is not None and not takes and not stated.outside:
        return stated
    for service, takes in found:
        sign = None if takes else _set_apart(evidence, service.folder, one, service.outside)
        if sign is not None:
            return replace(service, apart=sign)
    return None


def _folders(evidence: Evidence, one: Candidate, other: Candidate) -> Iterator[str]:
    """The folders around a candidate, the outermost first, in which the `other` is not, and that lie in no package."""
    around, beyond = (
        posixpath.dirname(evidence.short(candidate.module.path)).split("/") for candidate in (one, other)
    )
    same = next((n for n, (a, b) in enumerate(zip(around, beyond, strict=False)) if a != b), len(beyond))
    for n in range(same + 1, len(around) + 1):
        folder = "/".join(around[:n])
        if evidence.tree.is_package(posixpath.dirname(folder)):
            return
        yield folder


def _set_apart(evidence: Evidence, folder: str, one: Candidate, outside: Sequence[str]) -> str | None:
    """What sets a top-level package, or a folder among services, apart from the rest of the application."""
    parent = posixpath.dirname(folder)
    roots = {*evidence.roots.folders, *DEFAULT_ROOTS}
    is_top = parent in roots or _holds_services(parent)
    is_own = folder in evidence.roots.folders or any(
        posixpath.dirname(p) == folder for p in evidence.tree.files
    )
    if folder in DEFAULT_ROOTS or not (is_top and is_own) or len(one.module.users) < max(1, 2 * len(outside)):
        return None
    if not any(
        _is_in(target, folder) for path in _rest(evidence, folder) for target in _imported(evidence, path)
    ):
        return "no other part of the application imports it"
    mine = [path for path in evidence.tree.files if _is_in(path, folder) and not _is_aside(evidence, path)]
    if all(_is_in(target, folder) for path in mine for target in _imported(evidence, path)):
        return "it imports nothing else of the project"
    return None


def tests_of(evidence: Evidence, group: Group) -> list[str]:
    """The tests outside of a service that use its managers, and nothing of the rest of the application."""
    users = {evidence.short(test) for one in group.candidates for test in one.module.tests}
    return sorted(
        test
        for test in users
        if not _is_in(test, group.folder)
        and all(_is_in(p, group.folder) or _is_aside(evidence, p) for p in _imported(evidence, test))
    )


def _rest(evidence: Evidence, folder: str) -> Iterator[str]:
    """The files of the application outside of a folder."""
    for path in evidence.tree.files:
        if not _is_in(path, folder) and not _is_aside(evidence, path):
            yield path


def _imported(evidence: Evidence, path: str) -> Iterator[str]:
    """The files of the project that a file imports."""
    index = evidence.index
    for edge in index.edges(os.path.join(evidence.settings.root, path)):
        found = index.file_of(edge.full_name)
        if found is not None:
            yield evidence.short(found)


def _is_aside(evidence: Evidence, path: str) -> bool:
    """Whether a file is a test, or stands beside the application."""
    return evidence.tree.is_beside(path) or evidence.settings.is_test(
        os.path.join(evidence.settings.root, path)
    )


def _holds_services(folder: str) -> bool:
    return posixpath.basename(folder) in _SERVICES


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
