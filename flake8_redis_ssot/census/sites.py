"""Where in the user's code something happens: the first frame outside of libraries."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Collection, Iterator
from types import FrameType
from typing import Any, NamedTuple

_INSTALLED = ("/site-packages/", "/dist-packages/")
_FOLDERS = tuple(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "scripts"))
_OURS = os.path.dirname(__file__).replace("\\", "/") + "/"


class Site(NamedTuple):
    """A place in code; `line` is that of the running statement."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"


class Origin(NamedTuple):
    """What is counted together: all of one `library`, as `redis.asyncio`, that one site builds.

    `via` is the installed package that does it for the site, as `kombu`; empty where the site itself does.
    """

    site: Site
    library: str
    via: str = ""


UNKNOWN = Site("<unknown>", 0, "")
"""No code but Python's own and the client library's is running."""


def first_argument(frame: FrameType) -> Any:
    """What the function was called with first: `self` of a method."""
    code = frame.f_code
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None


def caller(depth: int) -> FrameType:
    """The frame `depth` calls above the one that asks."""
    return sys._getframe(depth + 1)


def above(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame, and those that called it."""
    while frame is not None:
        yield frame
        frame = frame.f_back


class Code:
    """Tells the user's code from libraries, which are what is installed and the client libraries wherever they lie.

    The `packages` are the user's, even where they are installed.
    """

    def __init__(self) -> None:
        self.packages: frozenset[str] = frozenset()
        self._libraries: dict[str, str] = {}
        self._known: dict[str, str | None] = {}

    def take_for_own(self, packages: Collection[str]) -> None:
        self.packages |= {*packages}
        self._known.clear()

    def take_for_library(self, name: str, folders: Collection[str]) -> None:
        self._libraries.update((folder.replace("\\", "/").rstrip("/") + "/", name) for folder in folders)
        self._known.clear()

    def package(self, file: str) -> str | None:
        """The installed package of a file, empty for Python itself; None for the user's code."""
        if file not in self._known:
            self._known[file] = self._package(file.replace("\\", "/"))
        return self._known[file]

    def _package(self, path: str) -> str | None:
        for folder, name in self._libraries.items():
            if path.startswith(folder):
                return name
        for part in _INSTALLED:
            _, found, rest = path.rpartition(part)
            if found:
                name = rest.partition("/")[0].removesuffix(".py")
                return None if name in self.packages else name
        return "" if path.startswith((_OURS, "<frozen ", *_FOLDERS)) else None

    def is_library(self, frame: FrameType) -> bool:
        return self.package(frame.f_code.co_filename) is not None

    def site(self, frame: FrameType | None) -> Site:
        """The innermost place in the user's code."""
        return next((_site(one) for one in above(frame) if not self.is_library(one)), UNKNOWN)

    def origin(self, frame: FrameType | None, library: str, built: object = None) -> Origin:
        """Where something of a library is built: where its class is called, not where a constructor calls another.

        Where no code of the user runs, it is the installed package's.
        """
        via, fallback = "", UNKNOWN
        for one in above(frame):
            package = self.package(one.f_code.co_filename)
            if package is None and not _makes(one, built):
                return Origin(_site(one), library, via)
            if package and package != library.partition(".")[0] and not via:
                via, fallback = package, _site(one)
        return Origin(fallback, library, via)


def _site(frame: FrameType) -> Site:
    file = frame.f_code.co_filename
    return Site(
        file if file.startswith("<") else os.path.abspath(file), frame.f_lineno, frame.f_code.co_qualname
    )


def _makes(frame: FrameType, built: object) -> bool:
    """Whether the frame is a constructor of the object that is being built."""
    match frame.f_code.co_name:
        case "__init__":
            return built is not None and first_argument(frame) is built
        case "__call__":
            return built is not None and first_argument(frame) is type(built)
    return False
