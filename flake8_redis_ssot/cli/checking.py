"""`redis-ssot check`: the run itself."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from flake8_redis_ssot.cli import recording
from flake8_redis_ssot.cli.cluster import workers_of
from flake8_redis_ssot.cli.exclusions import check_options
from flake8_redis_ssot.cli.known import Known
from flake8_redis_ssot.cli.loading import discovered, finder_of, without_effect, without_settings
from flake8_redis_ssot.cli.messages import Kind, Messages, refuse, some_of
from flake8_redis_ssot.cli.outputs import Outputs
from flake8_redis_ssot.cli.progress import Progress
from flake8_redis_ssot.cli.replay import Request
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Cache
from flake8_redis_ssot.files import Discovery, Project, is_closed, is_notebook
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace
from flake8_redis_ssot.lint.baseline import file_of
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import (
    Outcome,
    available_processors,
    cache_for,
    checker_for,
    run_project,
    run_source,
    without_recorded,
)
from flake8_redis_ssot.lint.run import run as run_files
from flake8_redis_ssot.output import shown
from flake8_redis_ssot.output.report import Report
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Selection, Settings, is_below
from flake8_redis_ssot.store import folder_of, is_ours, prepare
from flake8_redis_ssot.wording import counted

if TYPE_CHECKING:
    from flake8_redis_ssot.cli.since import Since
    from flake8_redis_ssot.fix.apply import FixResult
    from flake8_redis_ssot.lint.remote import Workers


@dataclass(slots=True)
class _Checked:
    """One project of a run."""

    project: Project
    checker: FileChecker
    cache: Cache | None = None
    files: list[str] = field(default_factory=list)
    """All that were checked, whatever is reported."""
    found: list[Diagnostic] = field(default_factory=list)
    """What was found in all of them."""
    fixes_hold_for: str = "none"
    """For whom the fixes in it hold; see `fix.granted.Finished`."""
    looked_at: Sequence[str] = ()
    """The files and folders on which the fixes depend, and which were not checked."""
    since: Since | None = None


def run(options: argparse.Namespace) -> int:
    try:
        with Progress() as progress:
            return _Run(options, progress).run()
    except SettingsError as error:
        return refuse(error.messages)


class _Run:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, progress: Progress) -> None:
        self.options = options
        self.progress = progress
        self.start = time.time_ns()
        kinds: tuple[Kind, ...] = ("error", "warning", "note")
        if options.quiet or options.silent:
            kinds = ("error",)
        elif options.verbose:
            kinds = (*kinds, "debug")
        self.say = Messages(options.color, kinds, progress.hide)
        self.is_stdin = options.stdin_filename is not None or "-" in options.paths
        self.is_fixing = options.fix or options.fix_only or options.diff
        self.path = os.path.abspath(options.stdin_filename or "stdin.py")
        self.finder = finder_of(options)
        self.mended = 0
        self.jobs = options.jobs or available_processors()
        self.known = Known.of(getattr(options, "earlier", None))

    def run(self) -> int:
        check_options(self.options, is_stdin=self.is_stdin, is_fixing=self.is_fixing)
        folder = os.path.dirname(self.path) if self.is_stdin else os.getcwd()
        if self.is_stdin:
            self.finder.name([folder])
            project = Project(self.finder.must_find(folder), files=[self.path])
            self.found = Discovery(self.finder, [project])
        else:
            known = self.known and self.known.discovery(self.finder)
            self.found = known or discovered(self.options.paths or ["."], self.finder)
        self.outputs = Outputs.of(self.options, self.finder.must_find(folder).output_format)
        for message in self.found.missing:
            self.say("error", message)
        if self.options.show_settings or self.options.show_files:
            return self._show()
        filesystem = DISK.with_edits({self.path: sys.stdin.buffer.read()}) if self.is_stdin else DISK
        runs = [
            _Checked(project, self._checker(self._settings(project), filesystem, fixes=self._asks_for_fixes))
            for project in self.found.projects
        ]
        for one in runs:  # what is wrong with these is told before the work
            _ = one.checker.baseline
            if self.options.since is not None:
                from flake8_redis_ssot.cli.since import Since

                one.since = Since(one.project, self.options.since)
        self._say_what_is_not_checked(runs)
        return self._check_source(runs[0]) if self.is_stdin else self._check(runs)

    def _show(self) -> int:
        if self.options.show_settings:
            from flake8_redis_ssot.settings.show import shown_settings

            settings = [project.settings for project in self.found.projects]
            print(end=shown_settings(settings, defaults()))
        else:
            print("".join(f"{shown(path)}\n" for path in self.found.files), end="")
            if self.found.notebooks:
                number = self.found.notebooks
                self.say(
                    "note", f"{number} notebook{'s are' if number != 1 else ' is'} not checked: out of scope"
                )
        return 2 if self.found.missing else 0

    def _checker(
        self, settings: Settings, filesystem: FileSystem = DISK, *, fixes: bool = False
    ) -> FileChecker:
        return checker_for(
            settings,
            Selection(),
            filesystem,
            parse_all=self.options.parse_all,
            project=not (self.options.no_project or self.is_stdin),
            fixes=fixes,
            heeds_noqa=not self.options.ignore_noqa,
            fingerprints=self.options.since is not None,
            today=self.options.today,
        )

    def _settings(self, project: Project) -> Settings:
        """The settings of a project, with the baseline that the options ask for."""
        settings = project.settings
        if self.options.no_baseline:
            return replace(settings, baseline=None)
        if self.options.baseline is not None:
            return replace(settings, baseline=file_of(settings.root, settings.baseline))
        return settings

    def _say_what_is_not_checked(self, runs: Sequence[_Checked]) -> None:
        for one in runs:
            codes = one.checker.codes
            for message in without_effect(one.project, codes, self.finder.config, is_one=len(runs) == 1):
                self.say("warning", message)
            self.say("debug", f"settings: {one.project.settings.path or 'none, the defaults hold'}")
        named = [self.path] if self.is_stdin and is_notebook(self.path) else self.found.named_notebooks
        for path in named:
            self.say("warning", f"{shown(path)}: notebooks are out of scope; it was not checked")

    def _check_source(self, one: _Checked) -> int:
        """Check standard input."""
        filesystem = one.checker.filesystem
        outcome = Outcome()
        is_excluded = one.checker.settings.force_exclude and one.checker.settings.excludes(self.path)
        if not is_excluded and not is_notebook(self.path):
            run_source(filesystem.source(self.path), one.checker, outcome)
            without_recorded(outcome, one.checker)
        if self.outputs.need_fixes:
            from flake8_redis_ssot.lint.noqa import with_rows

            outcome.diagnostics = [*with_rows(outcome.diagnostics, filesystem)]
        return self._report(outcome, filesystem, is_empty=is_excluded or is_notebook(self.path))[0]

    def _check(self, runs: Sequence[_Checked]) -> int:
        """Check files and folders."""
        options, found = self.options, self.found
        outcome = Outcome()
        with workers_of(options, self.say) as workers:
            for one in runs:
                one.cache = self._cache(one.checker)
            parts = [self._run(one, workers) for one in runs if not self._is_fixed_apart]
            mended = self._mend(runs, parts) if self.is_fixing else []
            outcome.failures = [failure for what in mended for failure in what.outcome.failures]
            fixed = [diagnostic for what in mended for diagnostic in what.settled]
            if options.diff:
                return self._diff(mended)
            if options.fix_only:
                return self._fixed_only(outcome, fixed)
            has_changed = any(what.changes for what in mended)
            if has_changed:
                self._forget(runs)
            if has_changed or not parts:
                parts = [self._run(one, workers) for one in runs]
            for one, part in zip(runs, parts, strict=True):
                self._tell(one, part, workers)
                self._narrow(one, part)
                outcome.add(part)
        self.progress.stop()
        if found.is_empty and not found.missing and not found.named_notebooks:
            self.say(
                "warning", f"no Python files found in {some_of(options.paths)}; name others, or see `exclude`"
            )
        if options.add_noqa is not None:
            return self._add_noqa(outcome, fixed)
        if found.notebooks and not found.files:
            self.say("note", "notebooks are not checked: they are out of scope")
        status, text = self._report(outcome, fixed=fixed, is_empty=found.is_empty)
        before = self.say.text
        self._say_where_settings_come_from(outcome)
        # where git said what was renamed, its next commit may say something else
        is_whole = not (found.missing or outcome.failures or outcome.limits or outcome.has_moved)
        if is_whole and not (self.is_fixing or any(file for _, file in self.outputs.pairs)):
            with suppress(OSError):
                self._record(runs, outcome, (status, before, text, self.say.text.removeprefix(before)))
        return status

    def _report(
        self,
        outcome: Outcome,
        filesystem: FileSystem = DISK,
        *,
        fixed: Sequence[Diagnostic] = (),
        is_empty: bool,
    ) -> tuple[int, str]:
        """Write what was found, of no file where it `is_empty`; the status, and what went to standard output."""
        failed = self._say_failures(outcome)
        if self.options.show_fixes and self.outputs.is_for_people and not self.options.silent:
            from flake8_redis_ssot.output.summary import list_of_fixes

            sys.stdout.write(list_of_fixes(fixed))
        report = Report(
            outcome.diagnostics, self.outputs.look, self.options.unsafe_fixes, len(fixed), failed,
            self.options.quiet, filesystem, self.mended, is_empty,
        )  # fmt: skip
        text = self.outputs.write(report)
        bad = bool(outcome.diagnostics) or (self.options.exit_non_zero_on_fix and bool(fixed))
        return 2 if failed else int(bad and not self.options.exit_zero), text

    def _say_where_settings_come_from(self, outcome: Outcome) -> None:
        """Name `init` to who has findings and no settings, by which most rules are off."""
        if self._lacks_settings(outcome) and self.outputs.is_for_people:
            sys.stdout.flush()  # it is said last
            self.say("note", without_settings(self.found.projects))

    def _lacks_settings(self, outcome: Outcome) -> bool:
        is_without = any(project.settings.path is None for project in self.found.projects)
        return bool(outcome.diagnostics) and is_without and not self.options.isolated

    def _say_failures(self, outcome: Outcome) -> bool:
        """Say what went wrong with single files; whether anything did."""
        self.progress.stop()
        # what several projects index may fail in each
        for message in dict.fromkeys(outcome.failures):
            self.say("error", message)
        for message in dict.fromkeys(outcome.limits):
            self.say("warning", message)
        return bool(self.found.missing or outcome.failures)

    @property
    def _asks_for_fixes(self) -> bool:
        """Whether fixes are shown or applied."""
        return bool(self.outputs.need_fixes or self.is_fixing)

    @property
    def _is_fixed_apart(self) -> bool:
        """Whether fixes are for other findings than those that are reported: silenced ones too, or of more files."""
        return bool(self.is_fixing and (self.options.ignore_noqa or self.options.parse_all))

    def _forget(self, runs: Sequence[_Checked]) -> None:
        """Let go of what is known of files that were changed."""
        for one in runs:
            settings, filesystem = one.checker.settings, one.checker.filesystem.unnoted
            one.checker = self._checker(settings, filesystem, fixes=self._asks_for_fixes)
            if one.cache is not None:
                one.cache = cache_for(one.checker, one.cache.folder, self.start)

    def _mend(self, runs: Sequence[_Checked], parts: Sequence[Outcome]) -> list[FixResult]:
        """Apply the fixes project by project, as far as `parts` has it by what was found in each."""
        mended: list[FixResult] = []
        for n, one in enumerate(runs):
            # what was fixed in one project may be of another one as well
            is_as_found = parts and not any(what.changes for what in mended)
            mended.append(self._fix(one, parts[n] if is_as_found else None))
        return mended

    def _fix(self, one: _Checked, found: Outcome | None) -> FixResult:
        """Apply the fixes to the files of a project, or with `--diff` only find out what they would change.

        What a run has `found` is not looked for again.
        """
        from flake8_redis_ssot.cli.fixing import fixed
        from flake8_redis_ssot.fix.apply import EXPLAINED

        project, cache = one.project, one.cache
        if found is not None and cache is not None:
            found.facts = cache.completed(found.facts, one.files)
        done = fixed(
            self.found.all_files(project),
            one.checker.settings,
            one.checker.codes,
            set(project.files),
            unsafe=self.options.unsafe_fixes,
            jobs=self.jobs,
            write=not self.options.diff,
            found=found,
        )
        for path in sorted({d.path for d, _ in done.left if d.code not in EXPLAINED}):
            if is_closed(path):
                why = "it or its folder is read-only; make it writable, and run again"
                self.say("warning", f"{shown(path)}: not fixed: {why}")
        return done

    def _fixed_only(self, outcome: Outcome, fixed: Sequence[Diagnostic]) -> int:
        from flake8_redis_ssot.output.summary import list_of_fixes

        failed = self._say_failures(outcome)
        if not (self.options.quiet or self.options.silent):
            listed = list_of_fixes(fixed) if self.options.show_fixes else ""
            sys.stdout.write(f"{listed}Fixed {counted(len(fixed), 'error')}.\n")
        bad = bool(fixed) and self.options.exit_non_zero_on_fix
        return 2 if failed else int(bad and not self.options.exit_zero)

    def _diff(self, mended: Sequence[FixResult]) -> int:
        from flake8_redis_ssot.cli.fixing import patch

        number = sum(len(what.settled) for what in mended)
        outcome = Outcome(failures=[message for what in mended for message in what.outcome.failures])
        changes = {path: data for what in mended for path, data in what.changes.items()}
        failed = self._say_failures(outcome)
        self.outputs.write_bytes(patch(changes))
        if not (self.options.quiet or self.options.silent):
            print(f"Would fix {counted(number, 'error')}.", file=sys.stderr)
        return 2 if failed else int(bool(number) and not self.options.exit_zero)

    def _cache(self, checker: FileChecker) -> Cache | None:
        """The cache of this run; None where it is not wanted or has no place."""
        if self.options.no_cache or self.options.add_noqa is not None:
            return None
        folder = folder_of(self.options.cache_dir, checker.settings.cache_dir, checker.settings.root)
        if prepare(folder):
            self.say("debug", f"cache: {folder}")
            cache = cache_for(checker, folder, self.start)
            if self.known is not None:
                cache.trust(self.known.stamps, self.known.changed, self.known.modules)
            return cache
        if os.path.exists(folder) and not is_ours(folder):
            self.say(
                "warning",
                f"{shown(folder)}: is no cache of redis-ssot and is left alone; name another `cache-dir`",
            )
        return None

    def _run(self, one: _Checked, workers: Workers | None) -> Outcome:
        """Check the files of a project; its project rules see all of it, whatever is reported."""
        project, checker = one.project, one.checker
        one.files = self.found.all_files(project) if checker.keeps_facts else project.files
        run = run_project if checker.keeps_facts else run_files
        outcome = run(
            one.files, checker, jobs=self.jobs, cache=one.cache, progress=self.progress, elsewhere=workers
        )
        if one.cache is not None:
            one.cache.save(one.files)
        taken = (time.time_ns() - self.start) / 1e9
        self.say("debug", f"{len(one.files)} files in {taken:.2f} s since the start")
        return outcome

    def _tell(self, one: _Checked, outcome: Outcome, workers: Workers | None) -> None:
        """Say what an outcome means for the baseline and for exceptions, and leave of it what is new where that is asked for."""
        project = one.project
        self._say_mended(one, outcome)
        if any(entry.expires for entry in project.settings.allowances):
            from flake8_redis_ssot.cli.ending import ending

            for message in ending(project, one.checker.today):
                self.say("warning", message)
        if one.checker.keeps_facts and self.found.is_extended(project):
            outcome.diagnostics = [d for d in outcome.diagnostics if d.code != "RED902"]
        if one.since is not None:
            outcome.diagnostics = one.since.only_new(
                outcome,
                self.finder,
                lambda filesystem: self._checker(
                    replace(project.settings, baseline=None),
                    filesystem,
                    fixes=self._asks_for_fixes,
                ),
                one.cache,
                self.jobs,
                self.progress,
                workers,
            )

    def _say_mended(self, one: _Checked, outcome: Outcome) -> None:
        """Say how many entries of the baseline silence nothing, as far as this run can tell."""
        baseline = one.checker.baseline
        if baseline is None or outcome.failures or outcome.limits:
            return
        from flake8_redis_ssot.cli.mended import mended, message

        whole = not self.options.no_project and (one.checker.keeps_facts or one.project.is_whole)
        found = outcome.diagnostics
        gone = len(mended(outcome.unmatched, one.project, one.checker, one.files, found, whole=whole))
        self.mended += gone
        if gone:
            self.say("note", message(baseline, gone))

    def _narrow(self, one: _Checked, outcome: Outcome) -> None:
        """Leave of an outcome what was asked for, with fixes and the rows of comments where a format shows them."""
        files = one.project.files
        one.found = outcome.diagnostics
        if self.outputs.need_fixes and self.options.add_noqa is None:
            from flake8_redis_ssot.fix.granted import finished

            self.progress("fixes", 0, len(one.found))
            done = finished(outcome, one.checker, one.files, files, one.cache)
            outcome.diagnostics, one.looked_at = done.diagnostics, done.looked_at
            one.fixes_hold_for = done.hold_for
            if done.hold_for != "none":
                one.found = done.diagnostics
        reported = one.project.reported
        outcome.diagnostics = [d for d in outcome.diagnostics if d.path in reported]

    def _add_noqa(self, outcome: Outcome, fixed: Sequence[Diagnostic]) -> int:
        """Write the comments into the files checked, never into settings."""
        from flake8_redis_ssot.cli.silencing import add_comments

        failed = self._say_failures(outcome)
        count, errors = add_comments(
            outcome.diagnostics, {*self.found.files}, self.options.add_noqa, self.say
        )
        if not (self.options.quiet or self.options.silent):
            if self.is_fixing:
                print(f"Fixed {counted(len(fixed), 'error')}.")
            if count or not (failed or errors):
                print(f"Added {counted(count, 'noqa directive')}.")
        return 2 if failed or errors else 0

    def _record(self, runs: Sequence[_Checked], outcome: Outcome, words: tuple[int, str, str, str]) -> None:
        """Keep what this run found in the cache of the project around the working directory, for the next one."""
        request = Request.of(self.options.arguments)
        caches = [one.cache for one in runs if one.cache is not None]
        if request is None or not runs or len(caches) < len(runs):
            return
        own = next((one for one in runs if (one.project.settings.path or "") == request.settings), None)
        if own is None or own.cache is None or own.cache.folder != request.folder:
            # projects below a folder that is none: their joint record lies there
            here = os.getcwd()
            is_above = all(is_below(one.project.settings.root, here) for one in runs)
            if request.settings or not is_above or not prepare(request.folder):
                return
        baselines = {one.project.settings.baseline for one in runs} - {None}
        looked_at = {*self.found.looked_at, *self.finder.looked_at, *filter(None, baselines)}
        modules = {module for cache in caches for module in cache.modules}
        is_known = self.known is not None and modules.issubset(self.known.modules)
        for one, cache in zip(runs, caches, strict=True):
            looked_at.update(one.looked_at)
            looked_at.update(() if is_known else recording.decisive(one.project, one.checker, cache))
        first, *others = runs
        root = first.project.settings.root
        is_plain = (
            not others and first is own and not first.project.nested and all(is_below(p, root) for p in first.files)
        )  # fmt: skip
        run = recording.Run(
            settings=[one.project.settings for one in runs],
            folder=request.folder,
            style=self.finder.must_find(os.getcwd()).output_format,
            files=[*dict.fromkeys(path for one in runs for path in one.files)],
            reported=self.found.files,
            looked_at=looked_at,
            stamps={path: stamp for cache in caches for path, stamp in cache.stamps.items()},
            diagnostics=[diagnostic for one in runs for diagnostic in one.found],
            fixes=first.fixes_hold_for,
            shown=outcome.diagnostics,
            shows_fixes=self.outputs.need_fixes,
            is_whole=first.checker.keeps_facts,
            is_plain=is_plain,
            has_notes=bool(self.say.notes) or self._lacks_settings(outcome),
            modules=modules,
            earlier=self.known,
        )
        recording.keep(self.options.arguments, self.start, run, words)
