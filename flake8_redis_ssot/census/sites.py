"""Where in the user's code something happens: the first frame outside of libraries."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from types import FrameType
from typing import Any, NamedTuple

_INSTALLED = ("/site-packages/", "/dist-packages/")
_STANDARD = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_SCRIPTS = sysconfig.get_path("scripts")
_OURS = __file__.replace("\\", "/").rpartition("/")[0] + "/"


class Site(NamedTuple):
    """A place in code; `line` is that of the running statement."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"


UNKNOWN = Site("<unknown>", 0, "")
"""Nobody's code is running, as in a library's own thread."""


@lru_cache(maxsize=4096)
def is_library(file: str) -> bool:
    """Whether a file is installed, of Python itself, or of this package."""
    path = file.replace("\\", "/")
    return (
        any(part in path for part in _INSTALLED)
        or path.startswith((_OURS, "<frozen "))
        or path.startswith(tuple(f"{folder}/" for folder in (*_STANDARD, _SCRIPTS)))
    )


def first_argument(frame: FrameType) -> Any:
    """What the function was called with first: `self` of a method."""
    code = frame.f_code
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None


def site_of(frame: FrameType | None, built: object = None) -> Site:
    """The innermost place in the user's code.

    An object is built where its class is called: constructors of subclasses and metaclasses are passed over.
    """
    while frame is not None:
        code = frame.f_code
        if not is_library(code.co_filename) and not _makes(frame, built):
            return Site(code.co_filename, frame.f_lineno, code.co_qualname)
        frame = frame.f_back
    return UNKNOWN


def _makes(frame: FrameType, built: object) -> bool:
    """Whether the frame is a constructor of the object that is being built."""
    if built is None:
        return False
    match frame.f_code.co_name:
        case "__init__":
            return first_argument(frame) is built
        case "__call__":
            return first_argument(frame) is type(built)
    return False


def caller(depth: int = 1) -> FrameType:
    """The frame `depth` calls above the one that asks."""
    return sys._getframe(depth + 1)
