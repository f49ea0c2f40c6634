"""`redis-ssot check --fix` and `--diff`."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Sequence

from flake8_redis_ssot.files import overwrite
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.apply import FixResult
from flake8_redis_ssot.fix.granted import mend_chosen
from flake8_redis_ssot.lint.run import Outcome
from flake8_redis_ssot.output import relative, shown
from flake8_redis_ssot.settings.model import Settings

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_QUOTED = re.compile(rb'[\x00-\x1f"\\\x7f]')


def fixed(
    files: Sequence[str],
    settings: Settings,
    codes: frozenset[str],
    within: Collection[str],
    *,
    unsafe: bool,
    jobs: int,
    write: bool,
    found: Outcome | None,
) -> FixResult:
    """The fixes of the rules `codes`, written unless only asked for.

    `found` is what these rules find now, with the facts of all files, where that is known.
    `FixResult.outcome.failures` has a line for each file that could not be written.
    """
    mended = mend_chosen(files, settings, codes, within, unsafe=unsafe, jobs=jobs, first=found)
    for path, data in mended.changes.items() if write else ():
        try:
            overwrite(path, data)
        except OSError as error:
            mended.outcome.failures.append(
                f"{shown(path)}: cannot be written: {error.strerror}; make it writable, and run again"
            )
    return mended


def patch(changes: dict[str, bytes]) -> bytes:
    """The changes as `git apply -p0` and `patch -p0` take them: the bytes of the files, whatever they stand for."""
    found: list[bytes] = []
    for path, data in sorted(changes.items()):
        before, after = (_LINE.findall(each) for each in (DISK.read(path), data))
        name = _name(os.fsencode(relative(path)))
        for line in difflib.diff_bytes(difflib.unified_diff, before, after, name, name):
            found.append(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n")
    return b"".join(found)


def _name(name: bytes) -> bytes:
    """A name as git writes it in a patch, where a space ends it that no tab follows."""
    if not _QUOTED.search(name):
        return name + b"\t" * (b" " in name)
    return b'"' + _QUOTED.sub(lambda match: b"\\%03o" % ord(match[0]), name) + b'"'
