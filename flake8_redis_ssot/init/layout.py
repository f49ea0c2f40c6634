"""How a repository is laid out: its import roots, its tests, and which folders are services."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from flake8_redis_ssot.facts.import_scan import Edge, edges
from flake8_redis_ssot.facts.model import FileFacts
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.settings.model import Globs, Settings

DEFAULT_ROOTS = ("", "src")
_MUCH = 5
"""A root counts where one file in so many is imported by it, whether it has to do with Redis or not."""
_MOSTLY = 2
"""How many tests for each other file a folder has that is mostly tests."""
_FOREIGN = sys.stdlib_module_names | BUILDERS.packages
"""Top-level names that are taken for no folder of the project's."""

_BESIDE = frozenset(
    ["alembic", "bench", "benchmark", "benchmarks", "contrib", "demo", "demos", "doc", "docs", "doctests"]
    + ["example", "examples", "migrations", "notebooks", "sample", "samples", "script", "scripts", "tools"]
)
"""Folders of what stands beside an application: no manager is looked for in them."""
_ENTRY_POINTS = frozenset(
    [
        "__main__.py",
        "app.py",
        "asgi.py",
        "main.py",
        "manage.py",
        "run.py",
        "server.py",
        "worker.py",
        "wsgi.py",
    ]
)
_DEPENDENCIES = frozenset(["Pipfile", "environment.yml", "pyproject.toml", "setup.cfg", "setup.py"])
_TEST_LIBRARIES = frozenset(["pytest", "unittest", "django.test", "rest_framework.test"])
_TEST_FOLDERS = frozenset(["test", "tests", "testing", "test_utils"])


class Tree:
    """The Python files of a project by their paths from its folder, `/` between the parts."""

    def __init__(self, root: str, facts: Iterable[FileFacts]) -> None:
        self.root = root
        self.files = {self.short(fact.path): fact for fact in facts}
        self._folders: set[str] = set()
        self._holders: dict[str, set[str]] = {}
        for path in self.files:
            stem = posixpath.splitext(path)[0]
            while stem:
                folder, name = posixpath.split(stem)
                self._holders.setdefault(name, set()).add(folder)
                self._folders.add(folder)
                stem = folder

    def short(self, path: str) -> str:
        """A path as the project names it."""
        return os.path.relpath(path, self.root).replace(os.sep, "/")

    def edges(self, path: str) -> list[Edge]:
        """What a file imports by absolute names."""
        lines = self.files[path].imports.split("\n")
        return [edge for line in lines if line[:1] != "." for edge in edges(line)]

    def find(self, folder: str, module: str) -> str | None:
        """The file, or the folder, of a dotted name below the import root `folder`."""
        stem = posixpath.join(folder, *module.split("."))
        for path in (f"{stem}.py", f"{stem}/__init__.py", f"{stem}.pyi"):
            if path in self.files:
                return path
        return stem if stem in self._folders else None

    def has(self, top: str) -> bool:
        """Whether some folder has a module or package of that name."""
        return top in self._holders

    @cached_property
    def imports(self) -> list[tuple[str, str, str]]:
        """Each file with the import root, and the file or folder below it, of what it imports by an absolute name."""
        return [
            (path, root, target)
            for path in self.files
            for module in {name for edge in self.edges(path) for name in (edge.module, edge.full_name)}
            if (root := self.root_for(path, module)) is not None
            and (target := self.find(root, module)) is not None
        ]

    @cached_property
    def importers(self) -> dict[str, set[str]]:
        """The files that import each file or folder by an absolute name."""
        found: dict[str, set[str]] = {}
        for path, _, target in self.imports:
            found.setdefault(target, set()).add(path)
        return found

    def is_package(self, folder: str) -> bool:
        """Whether a folder is a regular package."""
        return posixpath.join(folder, "__init__.py") in self.files

    def is_beside(self, path: str) -> bool:
        """Whether a file stands beside the application: what is a package within a package is part of that."""
        folder, name = posixpath.split(posixpath.dirname(path))
        while name:
            is_part = bool(folder) and self.is_package(folder) and self.is_package(f"{folder}/{name}")
            if name in _BESIDE and not is_part:
                return True
            folder, name = posixpath.split(folder)
        return False

    def root_for(self, path: str, module: str) -> str | None:
        """The import root by which the file at `path` has a dotted `module`; None where it is not of the project.

        The nearest folder around the file that has it, else the only one that has a dotted one, or is an `src`: what an
        installed library is called is a folder's name too. What lies in a package is no root.
        """
        top = module.partition(".")[0]
        if top in _FOREIGN:
            return None
        found = [
            folder
            for folder in self._holders.get(top, ())
            if not self.is_package(posixpath.dirname(folder)) and self.find(folder, module) is not None
        ]
        found = [folder for folder in found if not self.is_package(folder)] or found
        around = [folder for folder in found if not folder or path.startswith(f"{folder}/")]
        if around:
            return max(around, key=len)
        is_told = "." in module or [posixpath.basename(folder) for folder in found] == ["src"]
        return found[0] if len(found) == 1 and is_told else None


@dataclass(slots=True)
class _Use:
    importers: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)

    def tops(self, root: str) -> Iterator[str]:
        """The modules and packages right in the import root of which something is imported."""
        return (_top(path, root) for path in self.imported)


@dataclass(frozen=True, slots=True)
class Roots:
    """The import `folders` of a project, and the files that have something by another one than the default ones."""

    folders: tuple[str, ...]
    concerned: frozenset[str]

    @property
    def are_default(self) -> bool:
        """Whether nothing has to be said of them."""
        return {*self.folders} <= {*DEFAULT_ROOTS}


def import_roots(tree: Tree, relevant: Collection[str]) -> Roots:
    """The folders below which the imports of `relevant` files, of what leads to them, and most others, are found.

    Paths are those from the project's folder.
    """
    uses: dict[str, _Use] = {}
    for path, root, target in tree.imports:
        use = uses.setdefault(root, _Use())
        use.importers.add(path)
        use.imported.add(target)
    # who runs what leads to Redis has to do with it as well: a test that patches it must find the code that it runs
    leading, todo = {*relevant}, [*relevant]
    while todo:
        new = {p for p in tree.importers.get(todo.pop(), ()) if not tree.is_beside(p)} - leading
        leading |= new
        todo += new
    roots = [
        root
        for root, use in uses.items()
        # a module in a package may only be called as the library is that so many import: `celery.py`
        if ({*relevant} if tree.is_package(root) else leading) & use.imported
        or not {*use.tops(root)}.isdisjoint(_top(path, root) for path in relevant)
        or len(use.importers) * _MUCH >= len(tree.files)
        or (root in DEFAULT_ROOTS and use.importers)
    ]
    # a package is a root only where much is imported past its name
    roots = [r for r in roots if not r or not tree.is_package(r) or len(uses[r].importers) > _MUCH]
    for path in relevant:
        if not any(_has_name(path, root) for root in roots):
            roots.append(_root_that_names(tree, path))
    others = [root for root in roots if root not in DEFAULT_ROOTS]
    concerned = {path for root in others if root in uses for path in uses[root].importers}
    concerned |= {path for path in tree.files if path.startswith(tuple(f"{root}/" for root in others))}
    return Roots(tuple(sorted(roots)), frozenset(concerned))


def _has_name(path: str, root: str) -> bool:
    """Whether a file has a dotted name below an import root."""
    stem = posixpath.splitext(path)[0].removesuffix("/__init__")
    inside = not root or stem.startswith(f"{root}/")
    return inside and all(part.isidentifier() for part in stem[len(root) :].strip("/").split("/"))


def _top(path: str, root: str) -> str:
    """What lies right in an import root and is a file, or has it in it; empty where it is outside."""
    prefix = f"{root}/" if root else ""
    return prefix + path[len(prefix) :].partition("/")[0] if path.startswith(prefix) else ""


def _root_that_names(tree: Tree, path: str) -> str:
    """The uppermost folder below which a file has a dotted name, if it can have one; `src` is no part of one."""
    parts = posixpath.dirname(path).split("/")
    around = ("/".join(parts[:n]) for n in range(len(parts), 0, -1))
    inside = next((f for f in around if posixpath.basename(f) == "src" and not tree.is_package(f)), None)
    if inside is not None:
        return inside
    return "/".join(
        parts[: max((n for n, part in enumerate(parts, 1) if not part.isidentifier()), default=0)]
    )


def test_globs(tree: Tree, settings: Settings, relevant: Collection[str]) -> list[str]:
    """Globs for the tests that the default of `tests` does not take, most of which are known by their folders.

    What helps tests is told only of the `relevant` files, whose paths are those from the project's folder.
    """
    found: dict[str, Globs] = {}
    for path in sorted(tree.files):
        whole = os.path.join(settings.root, path)
        if settings.is_test(whole) or any(globs.match(whole) for globs in found.values()):
            continue
        glob = _test_glob(path)
        if glob is not None and not _TEST_LIBRARIES.isdisjoint(_libraries(tree, path)):
            found[glob] = Globs(settings.root, (glob,))
    helping = (
        _folder_of_tests(tree, settings, path)
        for path in relevant
        if not settings.is_test(os.path.join(settings.root, path))
    )
    return [*dict.fromkeys([*found, *(f"{folder}/**" for folder in helping if folder is not None)])]


def _folder_of_tests(tree: Tree, settings: Settings, path: str) -> str | None:
    """The folder around a file that has a `conftest.py`, is mostly tests, and in which tests alone import the file."""

    def is_test(one: str) -> bool:
        return settings.is_test(os.path.join(settings.root, one))

    folder = posixpath.dirname(path)
    while folder and f"{folder}/conftest.py" not in tree.files:
        folder = posixpath.dirname(folder)
    if not folder:
        return None
    names = {one: posixpath.basename(one) for one in tree.files if one.startswith(f"{folder}/")}
    plain = [one for one, name in names.items() if name not in ("__init__.py", "conftest.py")]
    tests = [one for one in plain if is_test(one)]
    if len(tests) < _MOSTLY * (len(plain) - len(tests)) or not tests:
        return None
    users = tree.importers.get(path)
    return folder if users and all(map(is_test, users)) else None


def _libraries(tree: Tree, path: str) -> Iterator[str]:
    for module in {edge.module for edge in tree.edges(path)}:
        parts = module.split(".")
        yield from (".".join(parts[:n]) for n in range(1, min(len(parts), 2) + 1))


def _test_glob(path: str) -> str | None:
    """What takes a test by its folder or name; None where neither says that it is one."""
    folders, name = posixpath.split(path)
    for n, part in enumerate(folders.split("/")):
        if part in _TEST_FOLDERS:
            return f"**/{part}/**"
        if n == 0 and part.startswith("test_"):
            return f"{part}/**"
    return "**/*_test.py" if name.endswith("_test.py") else None


STARTS = "starts by"
"""How the sign begins that says least: there are scripts that start by themselves in one service."""


def signs_of_a_service(folder: str, filesystem: FileSystem) -> list[str]:
    """What says that a folder is a service of its own: a file to start it by, its image, its dependencies."""
    names = filesystem.names(folder)
    found = []
    starts = next((name for name in names if name in _ENTRY_POINTS), None)
    if starts is not None:
        found.append(f"{STARTS} {starts}")
    image = next((n for n in names if n.startswith(("Dockerfile", "Containerfile"))), None)
    if image is not None:
        found.append(f"has an image of its own ({image})")
    needs = next((n for n in names if n in _DEPENDENCIES or n.startswith("requirements")), None)
    if needs is not None:
        found.append(f"states its own dependencies ({needs})")
    return found
