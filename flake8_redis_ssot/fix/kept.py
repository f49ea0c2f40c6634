"""The fixes that an earlier run granted, with all that they depend on: they hold while that is as it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Cache, asked_of
from flake8_redis_ssot.facts.codec import plain, reader
from flake8_redis_ssot.filesystem import Noting
from flake8_redis_ssot.fix.apply import EXPLAINED, FIXABLE
from flake8_redis_ssot.fix.sources.reads import ProjectReads, Told
from flake8_redis_ssot.fix.sources.unchecked import Unchecked
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.noqa import with_rows


@dataclass(frozen=True, slots=True)
class _Granted:
    """The `diagnostics` of one run with their fixes, and for which files they hold, as `Finished` says it.

    They depend on the `facts` of all files, here their digest, on the files that were `read`, and on what was `told`
    of the others; `contents` are the digests of all, and of what was read besides these.
    """

    diagnostics: tuple[Diagnostic, ...]
    hold_for: str
    facts: str | None
    contents: tuple[tuple[str, str | None], ...]
    read: tuple[str, ...]
    told: Told


class KeptFixes:
    """What a cache has of the fixes that earlier runs granted; `reads` is told what is still true of the files."""

    def __init__(self, cache: Cache, checker: FileChecker, unchecked: Unchecked, reads: ProjectReads) -> None:
        assert isinstance(checker.filesystem, Noting)
        self._notes = checker.filesystem
        self._notes.noted.clear()
        self._cache = cache
        self._modules = checker.managers.modules
        self._beside = unchecked.files
        self._facts = cache.digest_of_facts(cache.files)
        self._changed: set[str] = set()
        """The files that hold something else than in the run that granted."""
        self._reads = reads
        self._granted = self._holding()

    def _holding(self) -> _Granted | None:
        """What an earlier run granted, where all that this depends on is as it was."""
        kept, holds = self._cache.fixes(self._modules)
        if kept is None:
            return None
        granted: _Granted = reader(_Granted)(kept)
        before = dict(granted.contents)
        now = self._cache.contents({*self._beside, *before})
        self._changed = {path for path in now if before.get(path) != now[path]}
        tells_the_same = self._reads.take(granted.told, self._changed)
        is_as_it_was = (
            holds
            and tells_the_same
            and self._facts is not None
            and self._facts == granted.facts
            and self._changed <= {*self._cache.files} - {*granted.read}
        )
        return granted if is_as_it_was else None

    def still(self, diagnostics: Sequence[Diagnostic]) -> tuple[list[Diagnostic], str] | None:
        """The `diagnostics` of this run with the fixes of that one, and for which files they hold; None where they may not."""
        granted = self._granted
        if granted is None or _asked(diagnostics) != _asked(granted.diagnostics):
            return None
        known = {_bare(one): one for one in granted.diagnostics}
        found: list[Diagnostic] = []
        fresh: list[Diagnostic] = []
        for one in diagnostics:
            if one in known and one.path not in self._changed:
                found.append(known[one])
            else:
                fresh.append(replace(known.get(one, one), noqa_row=None))
        found += with_rows(fresh, self._notes.unnoted)
        return sorted(found, key=lambda one: one.sort_key), granted.hold_for

    def keep(self, diagnostics: Sequence[Diagnostic], hold_for: str) -> None:
        """Keep what was granted now."""
        if self._facts is not None:
            granted = _Granted(
                tuple(diagnostics),
                hold_for,
                self._facts,
                tuple(self._cache.contents({*self._beside, *self._notes.noted}).items()),
                tuple(sorted(self._notes.noted)),
                self._reads.told(),
            )
            self._cache.keep_fixes(plain(granted), asked_of(self._modules))


def _asked(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Those on which the fixes depend."""
    return [_bare(one) for one in diagnostics if one.code in FIXABLE | EXPLAINED]


def _bare(diagnostic: Diagnostic) -> Diagnostic:
    """A diagnostic as it is found."""
    return replace(diagnostic, fix=None, noqa_row=None)
