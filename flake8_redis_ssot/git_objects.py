"""The files of a commit, read from git's objects: nothing is checked out, fetched or written."""

from __future__ import annotations

import os
import subprocess
import weakref
from collections.abc import Mapping
from errno import EIO, ENOENT

from flake8_redis_ssot.filesystem import DISK, Entry, EntryKind, FileSystem, Kind
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.stamps import Stamp

_FOLDER, _LINK, _SUBMODULE = "040000", "120000", "160000"
_KINDS: Mapping[str, EntryKind] = {_FOLDER: "folder", _LINK: "link", _SUBMODULE: "folder"}
_LINKS_FOLLOWED = 40
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""What keeps git from writing, and from fetching the objects that a partial clone left out."""


class GitError(Exception):
    """Git could not do what was asked; `message` says what, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Repository:
    """The repository whose checkout the absolute `folder` lies in, as git's own commands read it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        try:
            prefix = self._line("rev-parse", "--show-prefix")
        except GitError as error:
            said = f" ({error.message})" * (not error.message.startswith("not a git repository"))
            raise GitError(
                f"{folder}: git finds no repository here{said}, so earlier revisions cannot be read; run this in one"
            ) from None
        within = prefix.rstrip("/")
        self._tree = ""
        if not within:
            self.top = folder
        elif folder.endswith(f"/{within}"):
            self.top = folder.removesuffix(f"/{within}")
        else:  # a link led into the checkout: what lies above has no path on this way
            self.top, self._tree = folder, within
        self._blobs = _Blobs(folder)

    def commit(self, name: str) -> str:
        """The full name of the commit that `name` means."""
        if not name:
            raise GitError("no revision is named; name a commit, a branch or a tag")
        try:
            if name.startswith("-"):
                raise GitError("a name does not start with `-`")
            return self._line("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")
        except GitError:
            raise GitError(
                f"{name}: git knows no such revision here; name a commit, a branch or a tag, "
                "and fetch it first if it is not in this clone"
            ) from None

    def time(self, name: str) -> int:
        """When the commit that `name` means was made, in seconds since 1970."""
        return int(self.lines("rev-list", "--no-walk", "--format=%ct", self.commit(name))[-1])

    def merge_base(self, one: str, other: str) -> str:
        """The last commit that both have in their history."""
        commits = self.commit(one), self.commit(other)
        try:
            return self._line("merge-base", *commits)
        except GitError:
            raise GitError(
                f"{one} and {other} have no commit in common here; name another revision, or fetch more of the "
                "history if this clone is shallow"
            ) from None

    def revision(self, name: str) -> Revision:
        """The files of the commit that `name` means."""
        commit = self.commit(name)
        tree = f"{commit}:{self._tree}" if self._tree else commit
        entries: dict[str, dict[str, GitEntry]] = {self.top: {}}
        for record in self._git("ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0")[:-1]:
            about, _, name_there = record.partition(b"\t")
            mode, _, blob = about.decode().split(" ")
            path = f"{self.top}/{os.fsdecode(name_there)}"
            _add(entries, GitEntry(path, mode, blob))
        return Revision(top=self.top, commit=commit, _entries=entries, _blobs=self._blobs)

    def lines(self, *arguments: str) -> list[str]:
        """What a reading command of git prints."""
        return os.fsdecode(self._git(*arguments)).splitlines()

    def renamed(self, since: str) -> dict[str, str]:
        """The tracked files that have another path than at the commit `since`, as git finds them alike: old to new."""
        said = self._git(
            "diff", "--name-status", "-z", "-M", "-l0", "--diff-filter=R", "--no-relative", "--no-ext-diff",
            self.commit(since), "--",
        )  # fmt: skip
        parts = iter(os.fsdecode(said).split("\0")[:-1])
        within = f"{self._tree}/" if self._tree else ""
        return {
            f"{self.top}/{old.removeprefix(within)}": f"{self.top}/{new.removeprefix(within)}"
            for _, old, new in zip(parts, parts, parts, strict=True)
            if old.startswith(within) and new.startswith(within)
        }

    def _line(self, *arguments: str) -> str:
        return os.fsdecode(self._git(*arguments)).removesuffix("\n")

    def _git(self, *arguments: str) -> bytes:
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=self._folder, env={**os.environ, **_ENVIRONMENT}, capture_output=True
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror or error}") from error
        if done.returncode:
            said = done.stderr.decode(errors="backslashreplace").strip()
            raise GitError(said.removeprefix("fatal: ") or f"`git {arguments[0]}` failed")
        return done.stdout


@dataclass(frozen=True, slots=True)
class GitEntry:
    """What a tree has at `path`: a file, a link or a submodule, with the name of its content."""

    path: str
    mode: str
    blob: str

    @property
    def kind(self) -> EntryKind:
        """What it is; a submodule is a folder with nothing in it."""
        return _KINDS.get(self.mode, "file")


@dataclass(frozen=True, slots=True)
class Revision(FileSystem):
    """The files of one `commit`, where a checkout at `top` has them; what lies elsewhere is the disk's."""

    top: str
    commit: str
    _entries: Mapping[str, Mapping[str, GitEntry]] = field(repr=False)
    _blobs: _Blobs = field(repr=False, compare=False)

    def read(self, path: str) -> bytes:
        if not self._has(path):
            return DISK.read(path)
        found = self._find(path)
        if found is None or found.kind != "file":
            raise self._missing("file", path)
        return self._blobs.read(found.blob)

    def entries(self, folder: str) -> list[Entry]:
        if not self._has(folder):
            return DISK.entries(folder)
        there = self._folder(folder)
        if there is None:
            raise self._missing("folder", folder)
        return sorted(Entry(name, entry.kind) for name, entry in there.items())

    def kind(self, path: str) -> Kind:
        if not self._has(path):
            return DISK.kind(path)
        if self._folder(path) is not None:
            return "folder"
        found = self._find(path)
        if found is None or found.kind != "file":
            raise self._missing("file or folder", path)
        return "file"

    def stamp(self, path: str) -> Stamp | None:
        if not self._has(path):
            return DISK.stamp(path)
        blob = self.blob(path)
        return [int(blob, 16), 0, 0, 0] if blob is not None else None

    def blob(self, path: str) -> str | None:
        """The name that git has for the content of a file; None where the commit has no such file."""
        found = self._find(path) if self._has(path) else None
        return found.blob if found is not None and found.kind == "file" else None

    def _has(self, path: str) -> bool:
        """Whether the commit decides what is at `path`: git's own folder is in none."""
        is_git = path == f"{self.top}/.git" or path.startswith(f"{self.top}/.git/")
        return path == self.top or (path.startswith(f"{self.top}/") and not is_git)

    def _missing(self, what: str, path: str) -> FileNotFoundError:
        return FileNotFoundError(ENOENT, f"there is no such {what} in {self.commit[:12]}", path)

    def _find(self, path: str) -> GitEntry | None:
        real = self._real(path)
        folder, name = os.path.split(real)
        return self._entries.get(folder, {}).get(name)

    def _folder(self, path: str) -> Mapping[str, GitEntry] | None:
        real = self._real(path)
        if real in self._entries:
            return self._entries[real]
        found = self._find(real)
        return {} if found is not None and found.mode == _SUBMODULE else None

    def _real(self, path: str) -> str:
        """The path with all links on the way resolved."""
        for _ in range(_LINKS_FOLLOWED):
            link = self._first_link(path)
            if link is None:
                break
            target = os.fsdecode(self._blobs.read(link.blob))
            path = os.path.normpath(os.path.join(os.path.dirname(link.path), target) + path[len(link.path) :])
        return path

    def _first_link(self, path: str) -> GitEntry | None:
        folder = self.top
        for name in path[len(self.top) + 1 :].split("/"):
            found = self._entries.get(folder, {}).get(name)
            if found is None or found.mode == _LINK:
                return found
            folder = f"{folder}/{name}"
        return None


def _add(entries: dict[str, dict[str, GitEntry]], entry: GitEntry) -> None:
    """Put an entry into its folder, and the folder into the one above it where it is new."""
    folder, name = os.path.split(entry.path)
    if folder not in entries:
        entries[folder] = {}
        _add(entries, GitEntry(folder, _FOLDER, ""))
    entries[folder][name] = entry


class _Blobs:
    """Reads contents by their names from one `git cat-file`, which each process starts for itself."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def __reduce__(self) -> tuple[type[_Blobs], tuple[str]]:
        return _Blobs, (self._folder,)

    def read(self, blob: str) -> bytes:
        """The content; OSError where the repository does not have it."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(f"{blob}\n".encode())
            process.stdin.flush()
            head = process.stdout.readline().split()
            if len(head) != 3:
                raise OSError(EIO, "this clone of the repository does not have its content")
            size = int(head[2])
            data = process.stdout.read(size + 1)
        except BrokenPipeError as error:
            raise OSError(EIO, "git ended before it was done") from error
        if len(data) != size + 1:
            raise OSError(EIO, "git ended before it was done")
        return data[:-1]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid():
            try:
                self._process = subprocess.Popen(
                    ["git", "cat-file", "--batch"],
                    cwd=self._folder,
                    env={**os.environ, **_ENVIRONMENT},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                raise OSError(EIO, f"git cannot be run: {error.strerror or error}") from error
            self._owner = os.getpid()
            weakref.finalize(self, _end, self._process, self._owner)
        return self._process


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner:
        with process:
            process.kill()
