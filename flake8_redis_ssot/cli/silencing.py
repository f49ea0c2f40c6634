"""`redis-ssot check --add-noqa`: comments that silence what is there today."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flake8_redis_ssot.cli.messages import Messages
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.files import is_closed, overwrite
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint.noqa import add_noqa
from flake8_redis_ssot.output import shown
from flake8_redis_ssot.source import SourceError, SourceFile


def add_comments(
    diagnostics: Sequence[Diagnostic], files: Collection[str], reason: str, say: Messages
) -> tuple[int, bool]:
    """Add the comments to `files`; how many lines have one more, and whether a file could not be written."""
    failed, count = False, 0
    for path in sorted({d.path for d in diagnostics}):
        mine = [d for d in diagnostics if d.path == path]
        if path not in files:
            codes = ", ".join(sorted({d.code for d in mine}))
            say("warning", f"{shown(path)}: {codes} is left: no comment silences what settings say")
            continue
        try:
            source = DISK.source(path)
        except SourceError:
            source = SourceFile(path, b"")
        added = add_noqa(source, mine, reason)
        for row, codes, why in added.left:
            say("warning", f"{shown(path)}:{row}: {codes} is left: {why}")
        if added.count and is_closed(path):
            say("error", f"{shown(path)}: it or its folder is read-only; make it writable, and run again")
            failed = True
            continue
        try:
            if added.count:
                overwrite(path, added.data)
            count += added.count
        except OSError as error:
            say(
                "error",
                f"{shown(path)}: cannot be written: {error.strerror}; make it writable, and run again",
            )
            failed = True
    return count, failed
