"""What silences today what a migration is about: it is spoken of all the same."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.lint.baseline import read_baseline
from flake8_redis_ssot.lint.suppress import recorded, unsuppressed, without_noqa
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import Range, SourceError

BASELINE = "the baseline"
"""What is only put off, so that a migration moves it; an allowance or a comment says that it shall stay."""


class Silenced:
    """What silences each of the `diagnostics` of a run in which nothing did; they have fingerprints."""

    def __init__(self, diagnostics: Iterable[Diagnostic], settings: Settings, filesystem: FileSystem) -> None:
        self._by: dict[tuple[str, Range, str], str] = {}
        heard = []
        for diagnostic in diagnostics:
            if not list(unsuppressed([diagnostic], settings)):
                self._by[_key(diagnostic)] = "an allowance or per-file-ignore"
            elif _has_noqa(diagnostic, filesystem):
                self._by[_key(diagnostic)] = "`noqa`"
            else:
                heard.append(diagnostic)
        if settings.baseline is not None:
            baseline = read_baseline(settings.baseline, filesystem)
            for _, diagnostic in recorded(baseline, heard, filesystem).known:
                self._by[_key(diagnostic)] = BASELINE

    def by(self, diagnostic: Diagnostic) -> str | None:
        """What silences it; None where nothing does."""
        return self._by.get(_key(diagnostic))


def unsilenced(settings: Settings) -> Settings:
    """The same settings, in which nothing silences anything but comments."""
    return replace(settings, allowances=(), per_file_ignores=(), baseline=None)


def _has_noqa(diagnostic: Diagnostic, filesystem: FileSystem) -> bool:
    """Whether a comment silences it; a file that cannot be read has none."""
    try:
        return not without_noqa([diagnostic], filesystem.source(diagnostic.path))
    except SourceError:
        return False


def _key(diagnostic: Diagnostic) -> tuple[str, Range, str]:
    return (diagnostic.path, diagnostic.range, diagnostic.code)
