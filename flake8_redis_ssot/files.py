"""Which files: those named, and those below the folders named, less what is excluded; and whose they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.gitignore import IgnoreFile, exclude_of, is_ignored
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.load import chain_of
from flake8_redis_ssot.settings.model import Settings, is_below
from flake8_redis_ssot.source import PYTHON


@dataclass(slots=True)
class Project:
    """One settings file, and everything below it but what a nested one claims.

    `files` are those that were asked for, absolute and in order: they alone are reported and
    changed. `is_whole` says that no others belong to it. `nested` are the settings files in it.
    `reports_settings` says that a folder was asked for, or the settings file: who names other files alone is
    told nothing of what somebody else wrote there.
    """

    settings: Settings
    files: list[str] = field(default_factory=list)
    is_whole: bool = False
    nested: set[str] = field(default_factory=set)
    reports_settings: bool = False

    @property
    def reported(self) -> set[str | None]:
        """The paths in which what is found is reported."""
        return {*self.files, *([self.settings.path] if self.reports_settings else [])}

    @property
    def name(self) -> str:
        """What the project is called: its settings file, else its folder."""
        return self.settings.path or self.settings.root


@dataclass(slots=True)
class Discovery:
    """The `projects` in which the paths lie; `missing` says why a path could not be taken.

    `looked_at` are the folders and files, there or not, that this depends on besides. Of the `notebooks`
    that were passed there is the number, of those that were named each, as of the settings files. The
    `filesystem` says what there is.
    """

    finder: SettingsFinder
    projects: list[Project] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)
    notebooks: int = 0
    named_notebooks: list[str] = field(default_factory=list)
    named_settings: list[str] = field(default_factory=list)
    filesystem: FileSystem = DISK
    _all: dict[str, list[str]] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        """All that were asked for, in order."""
        return sorted(path for project in self.projects for path in project.files)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to check."""
        return not (self.files or self.named_settings)

    def complete(self, project: Project) -> None:
        """Ask for all files of a project."""
        if not project.is_whole:
            walk = _Walk(self.looked_at, self.filesystem)

            def claimed(table: str, ancestors: Settings) -> Settings | None:
                if self.finder.table_above(os.path.dirname(table)) == ancestors.path:
                    return ancestors
                project.nested.add(table)
                return None

            below = walk.below(project.settings.root, project.settings, claimed)
            project.files = sorted({*project.files, *(path for path, _ in below)})
            project.is_whole = True

    def all_files(self, project: Project) -> list[str]:
        """What the project rules see: the whole of a project, and what its import roots hold elsewhere."""
        settings = project.settings
        if settings.root not in self._all:
            asked, is_whole = project.files, project.is_whole
            self.complete(project)
            self._all[settings.root] = sorted({*project.files, *self._outside(project)})
            project.files, project.is_whole = asked, is_whole
        return self._all[settings.root]

    def is_extended(self, project: Project) -> bool:
        """Whether a project within shares its settings: what excepts nothing here may do so there."""
        path = project.settings.path
        return path is not None and any(
            path in chain_of(table, self.finder.filesystem) for table in project.nested
        )

    def _outside(self, project: Project) -> Iterator[str]:
        settings = project.settings
        walk = _Walk(self.looked_at, self.filesystem)
        roots = {r for boundary in settings.boundaries for r in boundary.roots if self._leaves(r, project)}
        for root in roots:
            # one in another is searched with it
            if not any(other != root and is_below(root, other) for other in roots):
                for path, _ in walk.below(root, settings, lambda _, same: same, without=settings.root):
                    yield path

    def _leaves(self, root: str, project: Project) -> bool:
        settings = project.settings
        return self.filesystem.is_folder(root) and (
            not is_below(root, settings.root) or self.finder.table_above(root) != settings.path
        )


def discover(paths: Sequence[str], finder: SettingsFinder, filesystem: FileSystem | None = None) -> Discovery:
    """The files to check for `paths`, each in its project; a file named is taken whatever its suffix.

    Where a table is wrong, its project is left out: see the finder's `errors`. They lie where the tables do
    unless a `filesystem` is named: those of a commit can be looked at with today's settings.
    """
    found = Discovery(finder, filesystem=filesystem or finder.filesystem)
    walk = _Walk(found.looked_at, found.filesystem)
    projects: dict[str, Project] = {}

    def project_of(settings: Settings) -> Project:
        return projects.setdefault(settings.root, Project(settings))

    def nested(table: str, ancestors: Settings) -> Settings | None:
        inner = finder.find(os.path.dirname(table))
        if inner is not None and inner is not ancestors:
            project_of(inner).is_whole = project_of(inner).reports_settings = True
            project_of(ancestors).nested.add(table)
        return inner

    named = [*_named(paths, found)]
    finder.name([folder for _, folder in named])
    for path, folder in named:
        settings = finder.find(folder)
        if settings is None or (settings.force_exclude and settings.excludes(path)):
            continue
        project = project_of(settings)
        if path == settings.path:
            project.reports_settings = True
            found.named_settings.append(path)
            continue
        if path != folder:
            project.files.append(path)
            continue
        project.reports_settings = True
        project.is_whole |= path == settings.root
        for file, owner in walk.below(path, settings, nested):
            project_of(owner).files.append(file)
    found.missing += walk.missing
    found.notebooks = walk.notebooks
    for project in projects.values():
        project.files = sorted(set(project.files))
    # of another that a path lies in nothing was asked
    asked = [
        project
        for project in projects.values()
        if project.files
        or (project.is_whole and project.settings.path)
        or project.settings.path in found.named_settings
    ]
    found.projects = sorted(asked or projects.values(), key=lambda project: project.settings.root)
    return found


def _named(paths: Sequence[str], found: Discovery) -> Iterator[tuple[str, str]]:
    """Each path, absolute, and the folder that it is or lies in."""
    for path in paths:
        absolute = os.path.normpath(os.path.abspath(path))
        try:
            kind = found.filesystem.kind(absolute)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            found.missing.append(f"{path}: {reason}; name a file or folder that exists")
            continue
        if kind == "folder":
            yield absolute, absolute
        elif is_notebook(absolute):
            found.named_notebooks.append(absolute)
        elif kind == "file":
            yield absolute, os.path.dirname(absolute)
        else:
            found.missing.append(f"{path}: is no regular file; name a file or folder")


def is_notebook(path: str) -> bool:
    """Whether the file at `path` is a notebook, which is out of scope."""
    return path.endswith(".ipynb")


def is_closed(path: str) -> bool:
    """Whether the file or its folder may not be written; what nobody may write counts for root as well."""
    return any(
        os.path.exists(each) and not (os.stat(each).st_mode & 0o222 and os.access(each, os.W_OK))
        for each in (path, os.path.dirname(path))
    )


def overwrite(path: str, data: bytes) -> None:
    """Give the file at `path` these bytes, all at once, and keep its mode; OSError where that is not possible."""
    temporary = f"{path}.redis-ssot-{os.getpid()}"
    try:
        with open(temporary, "xb") as stream:
            stream.write(data)
        with suppress(FileNotFoundError):
            os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def is_ignored_by_git(path: str, settings: Settings, filesystem: FileSystem) -> bool:
    """Whether git ignores a file or folder of a project, there or not."""
    return _Walk(set(), filesystem).is_ignored(path, settings)


class _Walk:
    """Walks over the folders of a file system; `looked_at` receives what they depend on.

    `missing` are the folders that could not be read, `notebooks` the notebooks that were passed.
    """

    def __init__(self, looked_at: set[str], filesystem: FileSystem) -> None:
        self.missing: list[str] = []
        self.notebooks = 0
        self._looked_at = looked_at
        self._filesystem = filesystem
        self._ignore_files: dict[str, list[IgnoreFile]] = {}

    def below(
        self,
        top: str,
        settings: Settings,
        nested: Callable[[str, Settings], Settings | None],
        *,
        without: str = "",
    ) -> Iterator[tuple[str, Settings]]:
        """The Python files below `top` that are not excluded, each with its settings.

        `nested` is asked for those of a folder with a pyproject.toml, which it receives with the
        settings of the folder around; None leaves the folder out.
        """
        stack = [(top, settings, self._ignoring(settings, top))]
        excluding = _Excluding(settings)
        while stack:
            folder, settings, ignores = stack.pop()
            self._looked_at.add(folder)
            try:
                entries = self._filesystem.entries(folder)
            except OSError as error:
                self.missing.append(f"{folder}: {error.strerror}; it was not searched")
                continue
            names = {name for name, _ in entries}
            if folder not in (top, settings.root) and "pyproject.toml" in names:
                inner = nested(os.path.join(folder, "pyproject.toml"), settings)
                if inner is None:
                    continue
                if inner is not settings:
                    settings, ignores = inner, self._ignoring(inner, folder)
            if settings is not excluding.settings:
                excluding = _Excluding(settings)
            if ".gitignore" in names:
                ignores = [*ignores, *self._ignore_file(os.path.join(folder, ".gitignore"), folder)]
            for name, kind in entries:
                path = os.path.join(folder, name)
                if name in excluding.names or kind in ("link", "other") or path == without:
                    continue
                if kind == "file" and not name.endswith((*PYTHON, ".ipynb")):
                    continue
                if any(patterns.match(path) for patterns in excluding.patterns):
                    continue
                if settings.respect_gitignore and is_ignored(path, ignores, is_folder=kind == "folder"):
                    continue
                if kind == "folder":
                    stack.append((path, settings, ignores))
                elif name.endswith(PYTHON):
                    yield path, settings
                else:
                    self.notebooks += 1

    def is_ignored(self, path: str, settings: Settings) -> bool:
        folder = os.path.dirname(path)
        ignores = [
            *self._ignoring(settings, folder),
            *self._ignore_file(os.path.join(folder, ".gitignore"), folder),
        ]
        is_folder = not path.endswith(PYTHON)
        return is_ignored(path, ignores, is_folder=is_folder)

    def _ignoring(self, settings: Settings, folder: str) -> list[IgnoreFile]:
        """What says above `folder` what git ignores in a project: from its repository on, else from its own folder."""
        first, is_repository = self._ignoring_from(settings.root)
        found = [*self._ignore_file(exclude_of(first, self._filesystem), first)] if is_repository else []
        for above in _above(folder, first):
            found += self._ignore_file(os.path.join(above, ".gitignore"), above)
        return found

    def _ignoring_from(self, root: str) -> tuple[str, bool]:
        """The repository around a project's folder and that it is one, or the folder itself."""
        folder = root
        while True:
            self._looked_at.add(os.path.join(folder, ".git", "HEAD"))
            git = os.path.join(folder, ".git")  # a file in a work tree beside the first
            if self._filesystem.is_folder(git) or self._filesystem.is_file(git):
                return folder, True
            parent = os.path.dirname(folder)
            if parent == folder:
                return root, False
            folder = parent

    def _ignore_file(self, path: str, base: str) -> list[IgnoreFile]:
        if path not in self._ignore_files:  # many projects may lie below one
            self._looked_at.add(path)
            found = IgnoreFile.read(path, base, self._filesystem)
            self._ignore_files[path] = [found] if found is not None else []
        return self._ignore_files[path]


class _Excluding:
    """What settings exclude: plain names, which are most, and other patterns."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = {name for patterns in settings.exclude for name in patterns.names}
        self.patterns = [patterns for patterns in settings.exclude if not patterns.is_plain]


def _above(folder: str, first: str) -> list[str]:
    """The folders from `first` down to, not including, `folder`."""
    found: list[str] = []
    while folder != first and is_below(folder, first):
        folder = os.path.dirname(folder)
        found.append(folder)
    return found[::-1]
