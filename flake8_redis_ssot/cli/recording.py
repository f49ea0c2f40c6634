"""What is kept of a run, so that later ones can be answered by it: see `cli.replay`."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec

from flake8_redis_ssot.cli.known import Known
from flake8_redis_ssot.cli.replay import Record, Request, keep_record, keep_words, seal_of, today
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Cache
from flake8_redis_ssot.facts.codec import plain
from flake8_redis_ssot.files import Project
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.settings.load import chain_of
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.stamps import Stamp, settled, stamp


@dataclass(frozen=True, slots=True)
class Run:
    """One run that came to its end.

    `settings` are those of its projects, `folder` the cache in which it is kept, `style` the output format that
    the settings name. `files` are all that were checked, `reported` those that were asked for, `looked_at` what
    this depends on besides; `stamps` are known already. `diagnostics` are those of all files, `fixes` says
    for whom fixes are known in them, as in `Record`; `shown` those that were reported.
    `is_whole` says that all files of the project were checked, whatever is reported, `is_plain` that there
    is one project, that none of them lies outside of it, nor any other project in it; `has_notes` that
    something was to be said beside the diagnostics.
    """

    settings: Sequence[Settings]
    folder: str
    style: str
    files: Sequence[str]
    reported: Sequence[str]
    looked_at: Collection[str]
    stamps: Mapping[str, Stamp | None]
    diagnostics: Sequence[Diagnostic]
    fixes: str
    shown: Sequence[Diagnostic]
    shows_fixes: bool
    is_whole: bool
    is_plain: bool
    has_notes: bool
    modules: Collection[str]
    earlier: Known | None


def keep(arguments: list[str], start: int, run: Run, words: tuple[int, str, str, str]) -> None:
    """Keep what the run found, and its status, notes and text.

    Not where one of the paths may have changed since the `start`, nor where it would not be found again.
    """
    files = {*run.files}
    request = Request.of(arguments)
    if request is None or request.folder != run.folder:
        return
    folders = sorted(path for path in run.looked_at if _is_searched(path))
    others = {*run.looked_at, *run.reported} - files
    if run.earlier is not None:
        folders = [*dict.fromkeys([*run.earlier.record.folders, *folders])]
        others |= {*run.earlier.record.paths} - files
    # what is said of files named alone, or of some of them, is not for others
    if run.is_plain and not run.has_notes and files.issuperset(run.reported):
        scope, fixes, found = "parts", run.fixes, _plain(run.diagnostics, {*files, request.settings})
    else:
        scope, fixes = "" if run.has_notes else "same", "any" if run.shows_fixes else "none"
        found = _plain(run.shown, None)
    of = [request.root] if scope == "parts" and run.is_whole else request.paths
    earlier = Record.load(request, of)
    if (
        earlier is not None
        and earlier.scope == scope
        and earlier.fixes != fixes == "none"
        and earlier.holds()
    ):
        found, fixes = earlier.found, earlier.fixes
        others |= {*earlier.paths} - files
    cache = os.path.join(run.folder, "")
    rest = sorted(path for path in others if not os.path.join(path, "").startswith(cache))
    paths = [*dict.fromkeys([*run.files, *folders, *rest])]
    taken = {**(run.earlier.stamps if run.earlier is not None else {}), **run.stamps}
    stamps = [taken[path] if path in taken else stamp(path) for path in paths]
    if not all(settled(one, start) for one in stamps):
        return
    key, seal = request.key(), seal_of(paths, stamps)
    day = today() if any(entry.expires for one in run.settings for entry in one.allowances) else ""
    numbers = [str(len(run.files)), str(len(folders))]
    header = [key, seal, day, scope, fixes, run.style, *numbers]
    keep_record(request, of, [*header, found, *paths], json.dumps([stamps, sorted(run.modules)]))
    keep_words(request, key, seal, [str(words[0]), *words[1:]])


def decisive(project: Project, checker: FileChecker, cache: Cache) -> Iterator[str]:
    """The paths that decide what is found in a project, besides the files checked and those that discovery looked at."""
    settings = project.settings
    yield from settings.read_from
    for table in project.nested:
        yield from chain_of(table, DISK)
    for root in {root for boundary in settings.boundaries for root in boundary.roots}:
        yield root
        if os.path.isdir(root):  # see `FileChecker.first_party`
            yield from (entry.path for entry in os.scandir(root) if os.path.isdir(entry.path))
    places = checker.managers.modules.places
    # most of what is looked for is in few folders, many of which are not there
    names_in, folder_above = lru_cache(maxsize=None)(DISK.names), lru_cache(maxsize=None)(_witness)
    for place in {place for module in {*cache.modules} for place in places(module)}:
        folder, _, name = place.rpartition(os.sep)
        yield place if name in names_in(folder) else folder_above(folder)
    flake8 = find_spec("flake8")
    if flake8 is not None and flake8.origin:
        yield flake8.origin


def _witness(place: str) -> str:
    """The path whose stamp tells whether there is anything at a place: itself, or the nearest folder above that is there."""
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    return place


def _plain(diagnostics: Sequence[Diagnostic], paths: Collection[str] | None) -> str:
    return json.dumps([plain(d) for d in diagnostics if paths is None or d.path in paths])


def _is_searched(path: str) -> bool:
    return os.path.basename(path) not in (".gitignore", "pyproject.toml") and os.path.isdir(path)
