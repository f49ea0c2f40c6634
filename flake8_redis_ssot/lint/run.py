"""Runs: many files are read, checked and suppressed, with results in a fixed order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Protocol

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Asked, Cache, asked_of, digest, key_of
from flake8_redis_ssot.facts.model import FileFacts
from flake8_redis_ssot.filesystem import DISK, FileSystem, Noting
from flake8_redis_ssot.installed import digest_of_flake8
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace
from flake8_redis_ssot.lint.baseline import Entry
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.collecting import without_collecting
from flake8_redis_ssot.lint.interrupts import interrupts_put_off
from flake8_redis_ssot.lint.suppress import comments, recorded, unsuppressed, without_noqa
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import ProjectContext, RuleContext
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Selection, Settings, chosen_codes
from flake8_redis_ssot.source import SourceError, SourceFile

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.sharedctypes import Synchronized

PARALLEL_FROM = 100 if sys.platform == "linux" else 300
"""From how many files on several processes are faster; starting one is dear without `fork` (benchmarks/processes.py)."""
_PROGRESS_EVERY = 0.1
"""Seconds between two updates of the progress of processes."""


_DIED = (
    "a process that checked files ended before it was done, perhaps for want of memory; some files were not "
    "checked: run again with `--jobs 1`"
)


@dataclass(slots=True)
class Outcome:
    """The results of a run.

    `failures` are crashes of our own, one line a file; `limits` say where findings may be missing. `facts` are set only
    if they were asked for. For the cache: the digests of the `contents` of files that were checked without failure, and
    the modules that were `asked` for.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    facts: list[FileFacts] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)
    asked: Asked = field(default_factory=dict)
    known: list[Diagnostic] = field(default_factory=list)
    """The diagnostics that the baseline silences."""
    unmatched: list[Entry] = field(default_factory=list)
    """The entries of the baseline that silence nothing."""
    has_moved: bool = False
    """Whether a diagnostic of the baseline was found at another place than recorded there."""

    def add(self, part: Outcome) -> None:
        """Add the outcome of a run over another project."""
        self.diagnostics = sorted([*self.diagnostics, *part.diagnostics], key=lambda d: d.sort_key)
        self.failures += part.failures
        self.limits += part.limits
        self.has_moved |= part.has_moved


def available_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def checker_for(
    settings: Settings,
    override: Selection,
    filesystem: FileSystem = DISK,
    *,
    parse_all: bool = False,
    project: bool = True,
    fixes: bool = False,
    heeds_noqa: bool = True,
    fingerprints: bool = False,
    today: date | None = None,
) -> FileChecker:
    """A checker of the rules that the settings and the command line (`override`) choose, and always of RED000.

    Without `project` the rules that only the command has are left out. With `fixes`, that will be asked for later,
    it is noted which files are read.
    """
    codes = chosen_codes((*settings.selections, override), defaults()) | {"RED000"}
    rules = [r for r in all_rules() if r.code in codes and (project or not r.project or r.code == "RED000")]
    keeps_facts = project and fixes and any(rule.fix_kind for rule in rules)
    return FileChecker(
        settings,
        rules,
        filesystem=Noting(filesystem) if fixes else filesystem,
        parse_all=parse_all,
        keeps_facts=keeps_facts,
        follows=project,
        heeds_noqa=heeds_noqa,
        fingerprints=fingerprints,
        today=today,
    )


def cache_for(checker: FileChecker, folder: str, start: int) -> Cache:
    """The cache in `folder` of results that are valid for this checker, this version and this Python."""
    return Cache(folder, run_key(checker), start, checker.filesystem)


def run_key(checker: FileChecker) -> str:
    """The cache key: a digest of everything that decides what a run finds, besides the contents of files."""
    settings = checker.settings
    modules = checker.managers.modules
    packages = [
        modules.find(package) for boundary in settings.boundaries for package in sorted(boundary.packages)
    ]
    folders = [os.path.splitext(path)[0].removesuffix("/__init__") for path in packages if path]
    return key_of(
        list(sys.version_info[:2]),
        digest_of_flake8(),
        replace(settings, output_format="", cache_dir=None, baseline=None),
        checker.codes,
        checker.parse_all,
        checker.keeps_facts,
        bool(checker.following),
        checker.heeds_noqa,
        checker.fingerprints,
        [sorted(checker.names_of(boundary).first_party) for boundary in settings.boundaries],
        [path for folder in folders for path in _below(folder, checker.filesystem)],
    )


def _below(folder: str, filesystem: FileSystem) -> Iterator[str]:
    """The files below a folder, in order; none if it cannot be read."""
    with suppress(OSError):
        for name, kind in filesystem.entries(folder):
            path = os.path.join(folder, name)
            if kind == "folder":
                yield from _below(path, filesystem)
            else:
                yield path


Progress = Callable[[str, int, int], None]
"""Is called with the progress of a run: the stage, how much of it is done, and of how much."""


def untold(stage: str, done: int, total: int) -> None:
    """A `Progress` that shows nothing."""


class Elsewhere(Protocol):
    """Checks files as `run_part` does, but somewhere else than in the processes of this run."""

    def __call__(
        self, files: Mapping[str, str | None], checker: FileChecker, progress: Progress, *, hashed: bool
    ) -> list[Outcome]: ...


def run(
    files: Sequence[str],
    checker: FileChecker,
    *,
    jobs: int = 1,
    cache: Cache | None = None,
    progress: Progress = untold,
    elsewhere: Elsewhere | None = None,
) -> Outcome:
    """Check `files`, each by itself: a failure in one does not keep the others from being checked.

    `jobs` processes share the work, or it is done `elsewhere`; the result and its order do not depend on that, nor on
    the `cache`. With a cache, `facts` has only those of the files that had to be checked.
    """
    return without_recorded(_run(files, checker, jobs, cache, progress, elsewhere), checker)


def without_recorded(outcome: Outcome, checker: FileChecker) -> Outcome:
    """The outcome, with the diagnostics that the baseline silences moved to `known`."""
    if checker.baseline is not None:
        found = recorded(checker.baseline, outcome.diagnostics, checker.filesystem)
        outcome.diagnostics, outcome.unmatched = found.new, found.left
        outcome.known = [diagnostic for _, diagnostic in found.known]
        outcome.has_moved = bool(found.moved)
    return outcome


def _run(
    files: Sequence[str],
    checker: FileChecker,
    jobs: int,
    cache: Cache | None,
    progress: Progress,
    elsewhere: Elsewhere | None,
) -> Outcome:
    todo: Mapping[str, str | None] = dict.fromkeys(files)
    if cache is not None:
        todo = cache.changed(files, checker.managers.modules)
    if elsewhere is not None:
        parts = elsewhere(todo, checker, progress, hashed=cache is not None)
    elif jobs > 1 and len(todo) >= PARALLEL_FROM:
        parts = _in_processes(todo, checker, jobs, progress, hashed=cache is not None)
    else:
        parts = [run_part(todo, checker, progress, hashed=cache is not None)]
    outcome = Outcome(
        [d for part in parts for d in part.diagnostics],
        sorted(failure for part in parts for failure in part.failures),
        sorted(limit for part in parts for limit in part.limits),
        sorted((fact for part in parts for fact in part.facts), key=lambda fact: fact.path),
    )
    if cache is not None:
        contents = {path: content for part in parts for path, content in part.contents.items()}
        asked = {name: known for part in parts for name, known in part.asked.items()}
        same = cache.keep(todo, contents, outcome.diagnostics, outcome.facts, asked)
        outcome.diagnostics += cache.diagnostics([*same, *(path for path in files if path not in todo)])
    outcome.diagnostics.sort(key=lambda d: d.sort_key)
    return outcome


def run_project(
    files: Sequence[str],
    checker: FileChecker,
    *,
    jobs: int = 1,
    cache: Cache | None = None,
    progress: Progress = untold,
    elsewhere: Elsewhere | None = None,
) -> Outcome:
    """Check `files` by the file rules, then all together by the project rules, and last their `noqa` comments."""
    return without_recorded(_run_project(files, checker, jobs, cache, progress, elsewhere), checker)


def _run_project(
    files: Sequence[str],
    checker: FileChecker,
    jobs: int,
    cache: Cache | None,
    progress: Progress,
    elsewhere: Elsewhere | None,
) -> Outcome:
    outcome = _run(files, checker, jobs, cache, progress, elsewhere)
    modules = checker.managers.modules
    day = str(checker.today) if any(entry.expires for entry in checker.settings.allowances) else ""
    if cache is not None:
        earlier = cache.project(files, modules, day)
        if earlier is not None:
            outcome.diagnostics = sorted([*outcome.diagnostics, *earlier], key=lambda d: d.sort_key)
            return outcome
        outcome.facts = cache.completed(outcome.facts, files)
    read: set[str] = set()
    index = ProjectIndex(checker.settings, outcome.facts, checker.managers)
    found = _check_project(outcome, checker, index, read, progress)
    if cache is not None and not outcome.failures and not outcome.limits:
        cache.keep_project(files, read, index.texts.asked, asked_of(modules), day, found)
    outcome.diagnostics = sorted([*outcome.diagnostics, *found], key=lambda d: d.sort_key)
    return outcome


@without_collecting()
def _check_project(
    outcome: Outcome, checker: FileChecker, index: ProjectIndex, read: set[str], progress: Progress
) -> list[Diagnostic]:
    """What the project rules find, and what the rules on `noqa` comments do; the files that are read are added to `read`."""
    judged = [fact.path for fact in outcome.facts if fact.has_noqa] if checker.judges_comments else []
    found: list[Diagnostic] = []
    used = {key for fact in outcome.facts for key in fact.used}

    unread = set()

    def context_of(path: str) -> RuleContext | None:
        read.add(path)
        context = checker.context_of(path)
        if context is None:
            unread.add(path)
        return context

    project = ProjectContext(
        checker.settings, index, context_of, checker.codes, used, checker.names_of, checker.today
    )
    asked: list[tuple[str, Callable[[], Iterator[Diagnostic]]]] = [
        *((rule.code, partial(rule.check_project, project)) for rule in checker.project_rules),
        *((rule.code, partial(checker.check_followed, rule, project)) for rule in checker.following),
        *((rule.code, partial(rule.check_last, project)) for rule in checker.project_rules),
    ]
    for done, (code, ask) in enumerate(asked):
        progress("project rules", done, len(asked))
        try:
            found += list(unsuppressed(ask(), checker.settings, used))
        except RecursionError:
            outcome.limits.append(f"{code}: code is nested too deeply to be followed from file to file")
        except SettingsError:
            raise
        except Exception as error:
            outcome.failures.append(defect(code, error))
    for path in sorted(unread - {d.path for d in outcome.diagnostics if d.code == "RED000"}):
        found += unsuppressed(checker.unread(path), checker.settings, used)
    outcome.limits += (f"{limit}; what was found is reported" for limit in project.limits)
    project.release()
    kept: list[Diagnostic] = []
    for path in dict.fromkeys([*(d.path for d in found), *judged]):
        mine = [d for d in found if d.path == path]
        read.add(path)
        try:
            source = checker.filesystem.source(path)
        except SourceError:
            kept += mine
            continue
        said = without_noqa(mine, source) if checker.heeds_noqa else mine
        if path in judged:
            reported = [*checker.check(source).diagnostics, *mine]
            said = [*said, *checker.judged(source, comments(source, reported, checker.codes, defaults()))]
        kept += checker.fingerprinted(said, source)
    return kept


def _takes_none(source: SourceFile) -> bool:
    """For runs in which nobody else takes over files."""
    return False


@without_collecting()
def run_part(
    files: Mapping[str, str | None],
    checker: FileChecker,
    progress: Progress,
    *,
    hashed: bool,
    takes: Callable[[SourceFile], bool] = _takes_none,
) -> Outcome:
    """Check `files`; if they are `hashed`, except those whose content still has the given digest.

    A file for which `takes` holds is left to somebody else.
    """
    outcome = Outcome()
    for done, (path, known) in enumerate(files.items()):
        progress("files", done, len(files))
        try:
            source = checker.filesystem.source(path)
        except SourceError as error:
            outcome.diagnostics += checker.unreadable(SourceFile(path, b""), error)
            continue
        content = digest(source.data) if hashed else ""
        if hashed and content == known:
            outcome.contents[path] = content
        elif not takes(source):
            run_source(source, checker, outcome, content=content)
    if hashed:
        outcome.asked = asked_of(checker.managers.modules)
    return outcome


def maker(checker: FileChecker) -> partial[FileChecker]:
    """A function that makes, in another process, a checker with the same rules for single files."""
    return partial(
        FileChecker,
        checker.settings,
        [rule for rule in all_rules() if rule.code in checker.codes],
        parse_all=checker.parse_all,
        keeps_facts=checker.keeps_facts,
        heeds_noqa=checker.heeds_noqa,
        fingerprints=checker.fingerprints,
    )


def _in_processes(
    files: Mapping[str, str | None], checker: FileChecker, jobs: int, progress: Progress, *, hashed: bool
) -> list[Outcome]:
    import multiprocessing

    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if sys.platform == "linux" and "fork" in methods else None)
    # small parts of files from all over, so that no process gets a folder of large ones
    count = jobs * 8
    items = list(files.items())
    parts = [dict(items[n::count]) for n in range(count)]
    make = partial(maker(checker), filesystem=checker.filesystem)
    taken = context.Value("i", 0)
    workers, answers = [], []
    found: list[Outcome] = []
    try:
        with interrupts_put_off():
            for _ in range(jobs):
                answer, sender = context.Pipe(duplex=False)
                work = (make, parts, hashed, taken, sender)
                worker = context.Process(target=_work, args=work, daemon=True)
                worker.start()
                workers.append(worker)
                sender.close()  # else `recv` would wait for ever if the process dies
                answers.append(answer)
        for answer in answers:
            while not answer.poll(_PROGRESS_EVERY):
                progress("files", sum(map(len, parts[: taken.value])), len(files))
            found += _received(answer)
    except BaseException:
        for worker in workers:
            worker.terminate()
        raise
    return found


def _work(
    make: Callable[[], FileChecker],
    parts: Sequence[Mapping[str, str | None]],
    hashed: bool,
    taken: Synchronized[int],
    sender: Connection,
) -> None:
    """The work of one process: take and check part after part while any is left, then send the results."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets the interrupt too, and ends this process
    try:
        checker = make()
        found = []
        while True:
            with taken.get_lock():
                number = taken.value
                taken.value += 1
            if number >= len(parts):
                break
            found.append(run_part(parts[number], checker, untold, hashed=hashed))
        sender.send(found)
    except Exception as error:
        sender.send(error)


def _received(answer: Connection) -> list[Outcome]:
    """The results of one process; a failure if it ended without sending any."""
    try:
        found = answer.recv()
    except EOFError:
        return [Outcome(failures=[_DIED])]
    if isinstance(found, Exception):
        raise found
    assert isinstance(found, list)
    return found


def run_source(source: SourceFile, checker: FileChecker, outcome: Outcome, *, content: str = "") -> None:
    """Check one file that is read already, and add the results to `outcome`.

    The digest of its `content` is added too, if given and if the file was checked to its end.
    """
    unfinished = len(outcome.failures) + len(outcome.limits)
    try:
        checked = checker.check(source)
        found = checked.diagnostics
        outcome.diagnostics += without_noqa(found, source) if checker.heeds_noqa else found
        if checked.facts is not None:
            outcome.facts.append(checked.facts)
        outcome.limits += (f"{source.path}: {limit}; what was found is reported" for limit in checked.limits)
    except RecursionError:
        outcome.limits.append(f"{source.path}: it is nested too deeply to be checked")
    except SettingsError:
        raise
    except Exception as error:
        outcome.failures.append(defect(source.path, error))
    if content and len(outcome.failures) + len(outcome.limits) == unfinished:
        outcome.contents[source.path] = content


def defect(what: str, error: Exception, undone: str = "not checked") -> str:
    """The message for a crash of our own, which leaves something undone."""
    return (
        f"{what}: {undone}: {type(error).__name__}: {error}; "
        "this is a defect of redis-ssot, please report it with the file"
    )
