"""Puts a table into a `pyproject.toml`, and changes nothing else in it."""

from __future__ import annotations

import os
import tomllib

from flake8_redis_ssot.files import overwrite
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.settings.tables import has_table, parsed


class CannotWrite(Exception):
    """Why a file stays as it is, and what to do."""


def checked(folder: str, table: str) -> tuple[str, bytes]:
    """The settings file of a folder, and the bytes that it has with a table at its end; CannotWrite where it cannot have it."""
    path = os.path.realpath(os.path.join(folder, "pyproject.toml"))
    try:
        with open(path, "rb") as stream:
            before = stream.read()
    except FileNotFoundError:
        return path, table.encode()
    except OSError as error:
        raise CannotWrite(f"{path}: cannot be read: {error.strerror}; make it readable") from error
    if has_table(path, DISK):
        raise CannotWrite(
            f"{path}: has a [tool.redis-ssot] table already; change it by hand, or take it out and run this again"
        )
    end = "\r\n" if b"\r\n" in before else "\n"
    gap = "" if not before else end if before.endswith(b"\n") else 2 * end
    after = before + (gap + table.replace("\n", end)).encode()
    try:
        known = parsed(before.decode())
        changed = parsed(after.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CannotWrite(
            f"{path}: with the table at its end it would not be valid TOML ({error}); put it in by hand, "
            "`redis-ssot init` prints it"
        ) from error
    del changed["tool"]["redis-ssot"]
    if {**known, "tool": known.get("tool", {})} != changed:
        raise CannotWrite(f"{path}: a table at its end would change what is there; put it in by hand")
    return path, after


def write(path: str, data: bytes) -> None:
    """Give a settings file its bytes, all at once; OSError where that is not possible."""
    if os.path.exists(path):
        overwrite(path, data)
        return
    with open(path, "xb") as stream:
        stream.write(data)
