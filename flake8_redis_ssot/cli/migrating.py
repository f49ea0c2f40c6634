"""`redis-ssot plan` and `redis-ssot migrate`: the runs themselves."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from flake8_redis_ssot.cli.fixing import patch
from flake8_redis_ssot.cli.loading import discovered, finder_of, misplaced, settings_of
from flake8_redis_ssot.cli.messages import Messages, refuse
from flake8_redis_ssot.cli.outputs import print_bytes
from flake8_redis_ssot.cli.progress import Progress
from flake8_redis_ssot.cli.replay import look
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.files import Discovery, Project
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.apply import DefectError, FixResult, is_looked_at, refers_to
from flake8_redis_ssot.fix.edits.proposal import FIX_KINDS
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import Outcome, available_processors, run_project
from flake8_redis_ssot.migrate.journal import Change, JournalError, carry_out, check_finished, runs
from flake8_redis_ssot.migrate.migration import Migration, NotShimmed
from flake8_redis_ssot.migrate.plan import Plan, Site, Step, steps
from flake8_redis_ssot.migrate.planning import (
    ABSENT,
    MIGRATED,
    migrated,
    migration_rules,
    own,
    planned,
    rules_of,
    silenced_or_not,
)
from flake8_redis_ssot.migrate.shim import with_shims
from flake8_redis_ssot.migrate.silenced import BASELINE, Silenced
from flake8_redis_ssot.output import escaped, json_text, migration_text, plan_text, shown
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.wording import counted


def plan(options: argparse.Namespace) -> int:
    """Show the plan; nothing is written."""
    try:
        found, project = one_project(options, ())
        files = found.all_files(project)
        with Progress() as progress:
            whole = silenced_or_not(files, project, rules_of(project.settings), progress)
            made, outcome = planned(files, project, whole)
    except SettingsError as error:
        return refuse(error.messages)
    except DefectError as error:
        return refuse([str(error)])
    absent = absent_managers(project.settings, outcome)
    if absent:
        return refuse(absent)
    if missing_manager(project.settings):
        Messages()("warning", missing_manager(project.settings))
    unseen = (m.module for m in made.managers if m.role == "manager" and m.path is None)
    _warn_of_unseen(project.settings, unseen)
    _show(options.output_format, made, plan_text.render)
    return refuse(outcome.failures) if outcome.failures else 0


def migrate(options: argparse.Namespace) -> int:
    """Carry the plan's second phase out, and say what was done, what was left and why."""
    is_dry = options.dry_run or options.diff
    try:
        if options.diff and options.output_format != "terminal":
            raise SettingsError(["--diff shows a patch; leave --output-format out, or use --dry-run"])
        if options.list:
            return _list(settings_of(options))
        found, project = one_project(options, options.paths)
        settings = project.settings
        if missing_manager(settings):
            return refuse([missing_manager(settings)])
        if not is_dry:
            check_finished(settings.root)
        everything = found.all_files(project)
        with Progress() as progress:
            whole = silenced_or_not(everything, project, migration_rules(settings), progress)
            mended = migrated(everything, project, whole, unsafe=options.include_unsafe, only=options.only)
            whole = own(whole, project, migration_rules(settings))
        absent = absent_managers(settings, mended.outcome)
        if absent:
            return refuse(absent)
        named = dict.fromkeys(module for boundary in settings.boundaries for module in boundary.managers)
        assert mended.index is not None
        _warn_of_unseen(settings, (m for m in named if mended.index.modules.find(m) is None))
        if options.only and not (mended.settled or mended.left):
            return refuse(
                [f"--only {options.only}: nothing refers to that; name an object or module as `plan` does"]
            )
        shimless = list(with_shims(mended, settings, project.files)) if options.shim else []
        silenced = Silenced(whole.diagnostics, settings, DISK)
        made = _migration(mended, silenced, is_dry, shimless)
        made.silenced = [
            _silenced_step(d, by)
            for d in whole.diagnostics
            if (by := silenced.by(d)) not in (None, BASELINE) and refers_to(d, options.only)
        ]
        if not is_dry and mended.changes:
            made.run, made.undo = _carried_out(mended, settings, found, options)
    except SettingsError as error:
        return refuse(error.messages)
    except JournalError as error:
        return refuse([error.message])
    except DefectError as error:
        return refuse([str(error)])
    differing: list[str] = []
    if made.run is not None:
        made.verified, differing = _verified(settings, everything, mended, set(project.files), options.only)
    if options.diff:
        print_bytes(patch(mended.changes))
        print(escaped(migration_text.summary(made)), file=sys.stderr)
    else:
        _show(options.output_format, made, migration_text.render)
    return _failed(mended) or (refuse(differing) if differing else 1 if mended.left else 0)


def _carried_out(
    mended: FixResult, settings: Settings, found: Discovery, options: argparse.Namespace
) -> tuple[str, str]:
    """Write the changes; the name of the run, and the command that takes them back."""
    changes = [Change(path, mended.before[path], after) for path, after in sorted(mended.changes.items())]
    run = carry_out(settings.root, changes, shlex.join(["redis-ssot", *options.arguments]))
    undo = ["redis-ssot", "rollback", run.name]
    if settings.path is not None and found.finder.table_above(os.getcwd()) != settings.path:
        undo += ["--config", shown(settings.path)]
    return run.name, shlex.join(undo)


def _show(style: str, found: Plan | Migration, render: Callable[..., str]) -> None:
    if style == "json":
        print(json_text(found.as_object()))
    else:
        is_markdown = style == "markdown"
        seen = Look() if is_markdown else Look(*look(sys.stdout))
        sys.stdout.write(render(found, seen, markdown=is_markdown))


def one_project(options: argparse.Namespace, paths: Sequence[str]) -> tuple[Discovery, Project]:
    """The one project that is meant: that of the paths, else the whole one around the working directory."""
    finder = finder_of(options)
    if paths:
        found = discovered(paths, finder)
        if found.missing:
            raise SettingsError(found.missing)
        if len(found.projects) > 1:
            names = ", ".join(shown(project.name) for project in found.projects)
            raise SettingsError(
                [
                    f"the paths lie in several projects ({names}), and each is migrated by itself; name paths in one"
                ]
            )
        if found.projects:
            return found, found.projects[0]
    project = Project(finder.must_find(os.getcwd()))
    found = Discovery(finder, [project])
    if not paths:
        found.complete(project)
    nested = sorted(map(shown, project.nested))
    if nested and project.settings.path is None:
        raise SettingsError(
            [f"there are several projects below ({', '.join(nested)}), and each is planned and migrated "
             "by itself; do it in the folder of one, or name it by --config"]
        )  # fmt: skip
    for name in nested:
        Messages()("note", f"{name} is a project of its own, and left out")
    if finder.config is not None and not project.files:
        Messages()("warning", misplaced(project))
    return found, project


def missing_manager(settings: Settings) -> str:
    """What the settings lack for a migration; empty where they name a manager."""
    if any(boundary.managers for boundary in settings.boundaries):
        return ""
    if settings.path is None:
        return "no settings name a `manager` to migrate to; let `redis-ssot init` propose some"
    return (
        f"{shown(settings.path)}: [tool.redis-ssot] names no `manager` to migrate to; set it to the one module that "
        "may build clients"
    )


def absent_managers(settings: Settings, outcome: Outcome) -> list[str]:
    """The managers that the settings name and that are not there, as RED403 has them: nothing can be told without.

    What else the settings name and is not there is only warned of.
    """
    named = {module for boundary in settings.boundaries for module in boundary.managers}
    absent = []
    for found in outcome.diagnostics:
        if found.code == ABSENT:
            text = f"{shown(found.path)}:{found.range.start.line}: {found.message}"
            if named.intersection(found.symbols):
                absent.append(f"{text}; nothing can be migrated to what is not there")
            else:
                Messages()("warning", text)
    return absent


def _warn_of_unseen(settings: Settings, managers: Iterable[str]) -> None:
    """Say which managers are in no file of the project, which is right for those of an installed package."""
    path, line = settings.line_of("manager")
    for module in managers:
        Messages()(
            "warning",
            f"{shown(path)}:{line}: `{module}` is no module of this project, so what it has cannot be seen; "
            "correct `manager` or `src`, unless an installed package ships it",
        )


def _silenced_step(diagnostic: Diagnostic, by: str | None) -> Step:
    where = Site(shown(diagnostic.path), diagnostic.range.start.line)
    return Step(diagnostic.code, where, diagnostic.message, None, diagnostic.message, by)


def _migration(
    mended: FixResult, silenced: Silenced, dry_run: bool, shimless: Sequence[tuple[str, str]]
) -> Migration:
    """What is to be said of a run: what moves, and what is left with the reasons."""
    settled = [*mended.settled, *mended.followed]
    moved, removed = (
        Counter(FIX_KINDS[d.code] for d in settled if d.fix is not None and d.fix.is_removal == gone)
        for gone in (False, True)
    )
    files = [shown(path) for path in sorted(mended.changes)]
    found = Migration(dry_run, _of_each_kind(moved.items()), _of_each_kind(removed.items()), files)
    found.moved, found.left = steps(
        mended, silenced, lambda path, line: Site(shown(path), line),
        as_before=dry_run, followed=mended.followed,
    )  # fmt: skip
    found.not_shimmed = [NotShimmed(shown(path), reason) for path, reason in shimless]
    return found


def _of_each_kind(kinds: Iterable[tuple[str, int]]) -> str:
    """How many there are of each kind, as a list in words."""
    return ", ".join(counted(n, kind) for kind, n in sorted(kinds))


def _verified(
    settings: Settings, files: list[str], mended: FixResult, within: set[str], only: str
) -> tuple[int | None, list[str]]:
    """The number of references that a fresh scan of what stands on disk finds left, if they are those listed.

    Else what is counted otherwise.
    """
    assert mended.index is not None
    rules = [rule for rule in all_rules() if rule.code in migration_rules(settings)]
    checker = FileChecker(replace(settings, baseline=None), rules)
    fresh = run_project(files, checker, jobs=available_processors())
    left = Counter(
        (d.path, d.code)
        for d in fresh.diagnostics
        if d.code in MIGRATED
        and d.path in within
        and is_looked_at(d, mended.index)
        and mended.is_asked(d, only)
    )
    said = Counter((d.path, d.code) for d, _ in mended.left)
    if left == said and not fresh.failures:
        return sum(left.values()), []
    return None, [
        *fresh.failures,
        *(
            f"{shown(path)}: a fresh scan finds another number of {code} than is listed; "
            "this is a defect of redis-ssot, please report it with the file"
            for path, code in sorted(left - said) + sorted(said - left)
        ),
    ]


def _list(settings: Settings) -> int:
    known = runs(settings.root)
    for run in known:
        print(f"{run.name}  {run.state}  {counted(len(run.paths), 'file')}  {escaped(run.command)}")
    if not known:
        print("No run of `redis-ssot migrate` has changed files here.")
    return 0


def _failed(mended: FixResult) -> int:
    return refuse(mended.outcome.failures) if mended.outcome.failures else 0
