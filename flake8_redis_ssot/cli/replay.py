"""A run repeated: where nothing that an earlier one looked at has changed, its words are said again.

This comes before settings, rules or files are loaded, so it asks for little: stamps.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from collections.abc import Iterable, Mapping

from flake8_redis_ssot.stamps import Stamp, settled, stamp
from flake8_redis_ssot.store import FOLDER, load, store, tag_of, tool

_ABSENT: tuple[object, ...] = (None, False, (), [])


def is_repeatable(options: argparse.Namespace) -> bool:
    """Whether such a run only reads files and writes to the terminal."""
    others = (options.no_cache, options.output_file, options.add_noqa, options.show_files)
    stdin = options.stdin_filename is not None or "-" in options.paths
    return not (any(others) or options.show_settings or stdin)


def repeat(options: argparse.Namespace) -> int | None:
    """Write what the same run wrote before, and return its status; None where there is none to trust."""
    if not is_repeatable(options):
        return None
    folder = os.path.abspath(options.cache_dir or _likely_folder(options))
    found = load(folder, _name(options))
    if found is None or found["of"] != _identity(options, folder):
        return None
    for path, known in found["stamps"].items():
        if stamp(path) != known:
            return None
    print(end="".join(found["notes"]), file=sys.stderr)
    sys.stdout.write(found["text"])
    return int(found["status"])


def record(
    options: argparse.Namespace,
    folder: str,
    start: int,
    known: Mapping[str, Stamp | None],
    looked_at: Iterable[str],
    words: tuple[list[str], str, int],
) -> None:
    """Keep the words of a run, unless something that it looked at may have changed meanwhile.

    `known` are stamps taken after `start`, `looked_at` the other paths that the words depend on.
    """
    stamps = dict(known)
    for path in looked_at:
        if path not in stamps and not f"{path}/".startswith(f"{folder}/"):
            stamps[path] = stamp(path)
    if all(settled(taken, start) for taken in stamps.values()):
        notes, text, status = words
        found = {"of": _identity(options, folder), "notes": notes, "text": text, "status": status}
        store(folder, _name(options), {**found, "stamps": stamps})


def _identity(options: argparse.Namespace, folder: str) -> list[object]:
    """What must be equal for two runs to be the same; the tag shows that the cache was made here."""
    return [
        tool(),
        list(sys.version_info[:2]),
        time.strftime("%Y-%m-%d"),
        os.getcwd(),
        _given(options),
        stamp(tag_of(folder)),
    ]


def _given(options: argparse.Namespace) -> str:
    given = {k: v for k, v in vars(options).items() if k not in ("handler", "jobs") and v not in _ABSENT}
    return repr(sorted(given.items()))


def _name(options: argparse.Namespace) -> str:
    return f"run-{zlib.crc32(f'{os.getcwd()}{_given(options)}'.encode('utf-8', 'surrogateescape')):08x}"


def _likely_folder(options: argparse.Namespace) -> str:
    """Where the cache is, unless an unusual setting puts it elsewhere: then nothing is found there."""
    path = options.config and os.path.abspath(options.config)
    folder = os.getcwd()
    while path is None:
        candidate = os.path.join(folder, "pyproject.toml")
        if b"redis-ssot" in _data(candidate):
            path = candidate
        elif folder == os.path.dirname(folder):
            return os.path.join(os.getcwd(), FOLDER)
        folder = os.path.dirname(folder)
    base = os.path.dirname(path)
    data = _data(path)
    if b"cache-dir" in data:
        import tomllib

        try:
            table = tomllib.loads(data.decode())
            table = table.get("tool", {"redis-ssot": table})["redis-ssot"]
            return os.path.normpath(os.path.join(base, str(table["cache-dir"])))
        except (ValueError, LookupError, TypeError, AttributeError):
            return os.path.join(base, FOLDER)
    return os.path.join(base, FOLDER)


def _data(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return b""
