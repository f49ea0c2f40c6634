"""`redis-ssot check --fix` and `--diff`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence

from flake8_redis_ssot.files import overwrite
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.apply import FixResult
from flake8_redis_ssot.fix.granted import mend_chosen
from flake8_redis_ssot.lint.run import Outcome
from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import SourceError, SourceFile


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


def diff(changes: dict[str, bytes]) -> Iterator[str]:
    """The changes as a unified diff, line by line; control characters are escaped."""
    for path, data in sorted(changes.items()):
        before, after = (_lines(source) for source in (DISK.source(path), SourceFile(path, data)))
        for line in difflib.unified_diff(before, after, shown(path), shown(path), lineterm=""):
            yield escaped(line.rstrip("\r\n")) + "\n"


def _lines(source: SourceFile) -> list[str]:
    try:
        return source.text.splitlines()
    except SourceError:
        return []
