"""`redis-ssot report`: the run itself."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from datetime import date
from functools import partial

from flake8_redis_ssot.cli.messages import Messages, refuse
from flake8_redis_ssot.cli.migrating import absent_managers, missing_manager, one_project
from flake8_redis_ssot.cli.progress import Progress
from flake8_redis_ssot.cli.replay import look
from flake8_redis_ssot.facts.cache import Cache
from flake8_redis_ssot.files import Discovery, Project
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.apply import DefectError
from flake8_redis_ssot.git_objects import GitError, Repository
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import Outcome, available_processors, cache_for
from flake8_redis_ssot.migrate.planning import planned, rules_of
from flake8_redis_ssot.output import json_text
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.report.compare import comparison_of
from flake8_redis_ssot.report.history import History, chosen
from flake8_redis_ssot.report.metrics import DEFAULT_LIMIT, MAX_CLIENTS, report_of
from flake8_redis_ssot.report.model import Point, Report
from flake8_redis_ssot.report.scan import scan
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Settings, chosen_codes
from flake8_redis_ssot.store import folder_of, prepare

_ABOUT_COMMENTS = "RED9"
"""How the rules begin that judge exceptions: the report lists those itself."""


class _MissingExtra(Exception):
    """What shows the report is not installed."""


def report(options: argparse.Namespace) -> int:
    """Gather the report, and show it; nothing but `--output-file` and the cache is written."""
    try:
        found, project = one_project(options, ())
        processes = _processes(options.processes, project.settings)
        with Progress() as progress:
            made, outcome = _gathered(options, found, project, processes, progress)
        for limit in dict.fromkeys(outcome.limits):
            Messages()("warning", limit)
        for absent in (*absent_managers(project.settings, outcome), missing_manager(project.settings)):
            if absent:
                Messages()("warning", absent)
        text = _rendered(made, options)
        if options.output_file is None:
            sys.stdout.write(text)
        else:
            with open(options.output_file, "w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
    except SettingsError as error:
        return refuse(error.messages)
    except GitError as error:
        return refuse([error.message])
    except (_MissingExtra, DefectError) as error:
        return refuse([str(error)])
    except OSError as error:
        if options.output_file is None:
            raise
        return refuse(
            [f"{options.output_file}: cannot be written: {error.strerror or error}; name another file"]
        )
    return refuse(outcome.failures) if outcome.failures else 0


def _gathered(
    options: argparse.Namespace,
    found: Discovery,
    project: Project,
    processes: Mapping[str, int],
    progress: Progress,
) -> tuple[Report, Outcome]:
    """The report, and what went wrong with single files of today's state."""
    settings = project.settings
    jobs = available_processors()
    files = found.all_files(project)
    folder = "" if options.no_cache else folder_of(options.cache_dir, settings.cache_dir, settings.root)
    history = None
    if options.base or options.history is not None:
        history = History(Repository(settings.root), project, found.finder, folder=folder, jobs=jobs)
    base = history.repository.merge_base(options.base, "HEAD") if history and options.base else ""
    points: list[Point] = []
    if history and options.history is not None:
        points = history.points(chosen(history.repository, options.history), progress)
    codes = frozenset(c for c in chosen_codes(settings.selections, defaults()) if c[:4] != _ABOUT_COMMENTS)
    asked = codes | rules_of(settings)
    scanned = scan(
        files, set(project.files), settings, asked, DISK,
        jobs=jobs, progress=progress, cache_of=partial(_cache, folder, time.time_ns()),
    )  # fmt: skip
    progress("fixes", 0, len(scanned.outcome.diagnostics))
    everything = [*scanned.outcome.diagnostics, *scanned.elsewhere]
    plan, outcome = planned(files, project, replace(scanned.outcome, diagnostics=everything))
    made = report_of(
        plan, scanned, codes,
        today=date.today(), max_clients=options.max_clients or MAX_CLIENTS,
        default_limit=options.default_max_connections or DEFAULT_LIMIT, processes=processes,
    )  # fmt: skip
    if points:
        made.history = [*points, Point("now", "", made.created, made.numbers)]
    if history and base:
        # by the same rules, so that what has not changed since is not checked twice
        then = history.scan(base, progress, asked)
        made.comparison = comparison_of(made, scanned, then, history.repository, options.base, base, codes)
    outcome.failures = [*dict.fromkeys([*scanned.outcome.failures, *outcome.failures])]
    outcome.limits += scanned.outcome.limits
    return made, outcome


def _cache(folder: str, start: int, checker: FileChecker) -> Cache | None:
    return cache_for(checker, folder, start) if folder and prepare(folder) else None


def _processes(given: list[str], settings: Settings) -> dict[str, int]:
    """How many processes run of each boundary; SettingsError where that was not said so that it can be read."""
    names = [boundary.name for boundary in settings.boundaries]
    counts, wrong = {}, []
    for text in given:
        name, is_one, number = text.rpartition("=")
        if not number.isdecimal() or not int(number):
            wrong.append(f"--processes {text}: say a whole number from 1 on, as 4 or auth-service=4")
        elif is_one and name not in names:
            wrong.append(
                f"--processes {text}: there is no boundary `{name}`; "
                f"there are {', '.join(f'`{n}`' for n in names if n) or 'none'}"
            )
        else:
            counts.update({name: int(number)} if is_one else dict.fromkeys(names, int(number)))
    if wrong:
        raise SettingsError(wrong)
    return counts


def _rendered(made: Report, options: argparse.Namespace) -> str:
    style = options.output_format
    if style == "json":
        return json_text(made.as_object()) + "\n"
    if style == "markdown":
        from flake8_redis_ssot.report.markdown import render as markdown

        return markdown(made)
    try:
        if style == "html":
            from flake8_redis_ssot.report.page import render as page

            return page(made)
        from flake8_redis_ssot.report.terminal import render as terminal

        is_file = options.output_file is not None
        return terminal(made, Look() if is_file else Look(*look(sys.stdout)))
    except ModuleNotFoundError as error:
        raise _MissingExtra(
            f"--output-format {style} needs {error.name}: install `flake8-redis-ssot[report]`, "
            "or take json or markdown"
        ) from error
