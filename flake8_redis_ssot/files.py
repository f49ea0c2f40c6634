"""Which files: those named, and those below the folders named, less what is excluded."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from flake8_redis_ssot.settings.load import has_table
from flake8_redis_ssot.settings.model import Globs, Settings

_SUFFIXES = (".py", ".pyi")


@dataclass(slots=True)
class Discovery:
    """Absolute `files` in order; `missing` says why a path could not be taken; `nested` settings files.

    `looked_at` are the folders and files, there or not, that this depends on besides.
    """

    files: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)
    notebooks: int = 0


def discover(paths: Sequence[str], settings: Settings) -> Discovery:
    """The files to check for `paths`; a file named is taken whatever its suffix."""
    found = Discovery()
    for path in paths:
        absolute = os.path.normpath(os.path.abspath(path))
        try:
            mode = os.stat(absolute).st_mode
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            found.missing.append(f"{path}: {reason}; name a file or folder that exists")
            continue
        if settings.force_exclude and settings.excludes(absolute):
            continue
        if stat.S_ISDIR(mode):
            found.looked_at += [os.path.join(f, ".gitignore") for f in _above(absolute, settings.root)]
            _folder(absolute, settings, found)
        elif stat.S_ISREG(mode):
            found.files.append(absolute)
            _settings_above(os.path.dirname(absolute), settings, found)
        else:
            found.missing.append(f"{path}: is no regular file; name a file or folder")
    found.files = sorted(set(found.files))
    found.nested = sorted(set(found.nested))
    return found


def overwrite(path: str, data: bytes) -> None:
    """Give the file at `path` other bytes, all at once, and keep its mode; OSError where that is not possible."""
    temporary = f"{path}.redis-ssot-{os.getpid()}"
    try:
        with open(temporary, "xb") as stream:
            stream.write(data)
        os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _settings_above(folder: str, settings: Settings, found: Discovery) -> None:
    """Note the settings files between a named file and the project's folder: this run ignores them."""
    while folder.startswith(settings.root + os.sep):
        candidate = os.path.join(folder, "pyproject.toml")
        found.looked_at.append(candidate)
        if candidate not in settings.read_from and has_table(candidate):
            found.nested.append(candidate)
        folder = os.path.dirname(folder)


def _above(folder: str, root: str) -> list[str]:
    """The folders from the project's down to, not including, `folder`."""
    found = []
    while folder.startswith(root) and folder != root:
        folder = os.path.dirname(folder)
        found.append(folder)
    return found[::-1]


def _gitignore(folder: str) -> list[Globs]:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as stream:
            patterns = tuple(line.rstrip("\n") for line in stream if line.strip() and line[0] != "#")
    except OSError:
        return []
    return [Globs(folder, patterns)] if patterns else []


def _folder(top: str, settings: Settings, found: Discovery) -> None:
    plain = {name for patterns in settings.exclude for name in patterns.names}
    rest = [patterns for patterns in settings.exclude if not patterns.is_plain]
    folders = _above(top, settings.root) if settings.respect_gitignore else []
    above = [globs for folder in folders for globs in _gitignore(folder)]
    stack = [(top, above)]
    while stack:
        folder, ignores = stack.pop()
        found.looked_at.append(folder)
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError as error:
            found.missing.append(f"{folder}: {error.strerror}; it was not searched")
            continue
        if settings.respect_gitignore and any(e.name == ".gitignore" for e in entries):
            found.looked_at.append(os.path.join(folder, ".gitignore"))
            ignores = [*ignores, *_gitignore(folder)]
        for entry in entries:
            name = entry.name
            if name in plain or entry.is_symlink():
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not name.endswith((*_SUFFIXES, ".ipynb", "pyproject.toml")):
                continue
            if any(patterns.match(entry.path) for patterns in rest):
                continue
            tested = entry.path + "/" if is_folder else entry.path
            if any(globs.match(tested) for globs in ignores):
                continue
            if is_folder:
                stack.append((entry.path, ignores))
            elif not entry.is_file(follow_symlinks=False):
                continue
            elif name.endswith(_SUFFIXES):
                found.files.append(entry.path)
            elif name.endswith(".ipynb"):
                found.notebooks += 1
            elif name == "pyproject.toml" and entry.path not in settings.read_from:
                found.looked_at.append(entry.path)
                if has_table(entry.path):
                    found.nested.append(entry.path)
