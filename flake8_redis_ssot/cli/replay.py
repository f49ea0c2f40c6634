"""A run repeated: where nothing that an earlier one looked at has changed, its words are said again.

This comes before the options are parsed, and before settings, rules or files are loaded. It
imports next to nothing: what is left of a run then is to ask for a stamp of each path.
"""

from __future__ import annotations

import os
import sys
import time
import zlib

from flake8_redis_ssot.stamps import settled, stamp
from flake8_redis_ssot.store import FOLDER, load, store, tag_of, tool

_END = "\0"
_CODEC = ("utf-8", "surrogatepass")


def repeat(arguments: list[str]) -> int | None:
    """Write what the same command wrote before, and return its status; None where there is none to trust."""
    if arguments[:1] != ["check"] or "--no-cache" in arguments:
        return None
    folder = _likely_folder(arguments)
    data = load(folder, _name(arguments))
    if data is None:
        return None
    identity, *rest = data.decode(*_CODEC).split(_END)
    if identity != _identity(arguments, folder):
        return None
    seal, status, notes, text, *paths = rest
    if seal != _seal([stamp(path) for path in paths]):
        return None
    print(end=notes, file=sys.stderr)
    sys.stdout.write(text)
    return int(status)


def record(
    arguments: list[str], folder: str, start: int, looked_at: set[str], words: tuple[int, str, str]
) -> None:
    """Keep the words of a run: its status, notes and text, and all the paths that they depend on.

    Not where one of the paths may have changed since the `start`.
    """
    status, notes, text = words
    paths = sorted(path for path in looked_at if not f"{path}/".startswith(f"{folder}/"))
    stamps = [stamp(path) for path in paths]
    parts = [_identity(arguments, folder), _seal(stamps), str(status), notes, text, *paths]
    if all(settled(taken, start) for taken in stamps) and not any(_END in part for part in parts):
        store(folder, _name(arguments), [_END.join(parts).encode(*_CODEC)])


def _seal(stamps: list[list[int] | None]) -> str:
    """A number that stands for all of the stamps."""
    flat: list[int] = []
    for taken in stamps:
        flat += taken or (-1,)
    return str(hash(tuple(flat)))


def _identity(arguments: list[str], folder: str) -> str:
    """What must be equal for two runs to be the same; the tag's stamp shows that the cache was made here."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    day = time.strftime("%Y-%m-%d")
    return repr([tool(), version, day, os.getcwd(), arguments, stamp(tag_of(folder))])


def _name(arguments: list[str]) -> str:
    return f"run-{zlib.crc32(repr([os.getcwd(), arguments]).encode()):08x}"


def _likely_folder(arguments: list[str]) -> str:
    """Where the cache is, unless an unusual setting puts it elsewhere: then nothing is found there."""
    given = _value(arguments, "--cache-dir")
    if given:
        return os.path.abspath(given)
    settings = _value(arguments, "--config")
    if not settings:
        below = folder = os.getcwd()
        while b"redis-ssot" not in _data(os.path.join(folder, "pyproject.toml")):
            below, folder = folder, os.path.dirname(folder)
            if below == folder:
                return os.path.join(os.getcwd(), FOLDER)
        settings = os.path.join(folder, "pyproject.toml")
    base = os.path.dirname(os.path.abspath(settings))
    setting = b"cache-dir" in _data(settings) and _setting(_data(settings))
    return os.path.normpath(os.path.join(base, setting or FOLDER))


def _value(arguments: list[str], option: str) -> str | None:
    for number, argument in enumerate(arguments):
        if argument == option:
            return "".join(arguments[number + 1 : number + 2])
        if argument.startswith(f"{option}="):
            return argument[len(option) + 1 :]
    return None


def _setting(data: bytes) -> str | None:
    """The `cache-dir` of a settings file."""
    import tomllib

    try:
        values = tomllib.loads(data.decode())
        table = values["tool"]["redis-ssot"] if "tool" in values else values
        return str(table["cache-dir"])
    except (ValueError, LookupError, TypeError):
        return None


def _data(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return b""
