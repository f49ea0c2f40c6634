"""What a run has to say, how it is to look, and what a format makes of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.output import FORMATS


@dataclass(frozen=True, slots=True)
class Look:
    """How text is to look: with colours or not, and wrapped at a `width`, 0 for not at all.

    `is_person` says that somebody looks at it, for whom is marked what `--fix` can settle.
    """

    color: bool = False
    width: int = 0
    is_person: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a run has to say.

    `unsafe` says that unsafe fixes are wanted too, `fixed` how many were applied; `filesystem` has the
    sources, and `mended` counts the entries of baselines that silence nothing. Where something `failed`, nothing found does not mean that all is well, nor
    where the run `is_empty`: of no file.
    """

    diagnostics: Sequence[Diagnostic]
    look: Look = Look()
    unsafe: bool = False
    fixed: int = 0
    failed: bool = False
    quiet: bool = False
    filesystem: FileSystem = DISK
    mended: int = 0
    is_empty: bool = False

    def is_fixable(self, diagnostic: Diagnostic) -> bool:
        """Whether `--fix`, with the options given, would settle a diagnostic."""
        wanted = ("safe", "unsafe") if self.unsafe else ("safe",)
        return diagnostic.fix is not None and diagnostic.fix.applicability in wanted


@dataclass(frozen=True, slots=True)
class Format:
    """One output format.

    `is_text` says that it is read by people, and ends in a summary; `shows_fixes` that it has fixes
    and the rows of comments; `count` renders `--statistics`.
    """

    render: Callable[[Report], str]
    is_text: bool = False
    shows_fixes: bool = False
    count: Callable[[Report], str] | None = None

    def needs_fixes(self, look: Look) -> bool:
        """Whether the fixes must be known to render it."""
        return self.shows_fixes or (self.is_text and look.is_person)


def format_of(name: str) -> Format:
    """The format of that name."""
    module: Any = importlib.import_module(f"{__package__}.{name.replace('-', '_')}_format")
    found: Format = module.FORMAT
    return found


def counting() -> list[str]:
    """The names of the formats that can count."""
    return [name for name in FORMATS if format_of(name).count is not None]
