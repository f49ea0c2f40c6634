"""Named values in the cache folder, each written whole or not at all."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterable, Iterator

from flake8_redis_ssot import __version__

FOLDER = ".redis_ssot_cache"
KEPT = 8
"""How many values of one kind stay; those written first go first."""

_IGNORE = ".gitignore"
_TAG = "CACHEDIR.TAG"
_TAG_TEXT = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# The cache of redis-ssot; `redis-ssot clean` removes it.\n"
)  # fmt: skip


def tool() -> str:
    """The version; where the tool runs from a checkout, the time of the last change of its code too."""
    package = os.path.dirname(os.path.abspath(__file__))
    if "site-packages" in package:
        return __version__
    changed = [
        os.stat(os.path.join(f, n)).st_mtime_ns
        for f, _, ns in os.walk(package)
        for n in ns
        if n.endswith(".py")
    ]
    return f"{__version__} {len(changed)} {max(changed)}"


def folder_of(given: str | None, setting: str | None, root: str) -> str:
    """Where the cache is: as the command line says, else as the settings say, else in the project's folder."""
    return os.path.abspath(given) if given else setting or os.path.join(root, FOLDER)


def tag_of(folder: str) -> str:
    """The file that says whose cache `folder` is."""
    return os.path.join(folder, _TAG)


def is_ours(folder: str) -> bool:
    """Whether `folder` is a cache of this tool."""
    try:
        with open(tag_of(folder), encoding="ascii") as stream:
            return stream.read(4096) == _TAG_TEXT
    except (OSError, ValueError):
        return False


def prepare(folder: str) -> bool:
    """Make `folder` a cache; False where it cannot be written, or holds something else."""
    try:
        os.makedirs(folder, exist_ok=True)
        if not is_ours(folder):
            # another run may be making it at this moment
            if any(n not in (_TAG, _IGNORE) and not n.startswith("new-") for n in os.listdir(folder)):
                return False
            if not os.path.exists(os.path.join(folder, _IGNORE)):
                _write(os.path.join(folder, _IGNORE), [b"*\n"])
            _write(tag_of(folder), [_TAG_TEXT.encode()])
        values = os.path.join(folder, __version__)
        os.makedirs(values, exist_ok=True)
    except OSError:
        return False
    return os.access(values, os.W_OK)


def load(folder: str, name: str) -> bytes | None:
    """The value, or None where there is none that is whole."""
    try:
        with open(os.path.join(folder, __version__, name), "rb") as stream:
            data = stream.read()
    except OSError:
        return None
    return data[:-8] if data[-8:] == b"%08x" % zlib.crc32(memoryview(data)[:-8]) else None


def store(folder: str, name: str, parts: Iterable[bytes]) -> None:
    """Write the value; OSError where that is not possible."""
    values = os.path.join(folder, __version__)
    _write(os.path.join(values, name), _checked(parts))
    _keep_few(values, name.partition("-")[0])


def _checked(parts: Iterable[bytes]) -> Iterator[bytes]:
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
        yield part
    yield b"%08x" % check


def _write(path: str, parts: Iterable[bytes]) -> None:
    """Whoever reads meanwhile has what was there before."""
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f"new-{os.getpid()}-{time.monotonic_ns()}-{name}")
    try:
        with open(temporary, "xb") as stream:
            stream.writelines(parts)
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def _keep_few(values: str, kind: str) -> None:
    """Remove the oldest values of a kind, and what killed runs left half written."""
    try:
        found = sorted((e.stat().st_mtime, e.name) for e in os.scandir(values) if e.is_file())
    except OSError:
        return  # another run did the same
    old = [name for _, name in found if name.startswith(f"{kind}-")][:-KEPT]
    old += [name for then, name in found if name.startswith("new-") and then < time.time() - 3600]
    for name in old:
        _remove(os.path.join(values, name))


def _remove(path: str) -> None:
    from contextlib import suppress  # not while only reading

    with suppress(OSError):
        os.unlink(path)
