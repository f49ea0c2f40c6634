"""`redis-ssot init`: the run itself."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.cli.given import given_tables
from flake8_redis_ssot.cli.loading import discovered, finder_of
from flake8_redis_ssot.cli.messages import Messages, refuse
from flake8_redis_ssot.cli.progress import Progress
from flake8_redis_ssot.files import Discovery, Project
from flake8_redis_ssot.init.compose import compose
from flake8_redis_ssot.init.evidence import gather
from flake8_redis_ssot.init.proposal import Proposal
from flake8_redis_ssot.init.ranking import Candidate, spoken_for
from flake8_redis_ssot.init.services import apart
from flake8_redis_ssot.init.write import CannotWrite, checked, write
from flake8_redis_ssot.output import escaped, proposal_flake8, proposal_toml, relative, shown
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.model import is_below


def propose(options: argparse.Namespace) -> int:
    """Print the settings that the project should have, or write them."""
    if options.write and options.flake8:
        return refuse(["--flake8 prints options for a file that is written by hand; leave --write out"])
    try:
        found = discovered(options.paths or ["."], finder_of(options))
        if found.missing:
            return refuse(found.missing)
        project = _project(found, options)
    except SettingsError as error:
        return refuse(error.messages)
    with Progress() as progress:
        proposals = [*_proposals(project.settings.root, project.files, _Asking(progress), progress)]
    wanted = [proposal for proposal in proposals if proposal.uses_redis]
    if not wanted:
        Messages()("warning", f"{proposals[0].summary}; nothing is proposed")
        return 0
    if options.write:
        return _write(wanted)
    for proposal in wanted:
        if proposal.root != os.getcwd() or len(wanted) > 1:
            print(f"# {shown(os.path.join(proposal.root, 'pyproject.toml'))}")
        print((proposal_flake8 if options.flake8 else proposal_toml).render(proposal))
    steps = ["redis-ssot check --statistics", "redis-ssot plan"]
    first = (
        "put this into setup.cfg"
        if options.flake8
        else shlex.join(["redis-ssot", *options.arguments, "--write"])
    )
    sys.stdout.write(proposal_toml.commented(["Next:", *(f"  {step}" for step in (first, *steps))]))
    return 0


def _project(found: Discovery, options: argparse.Namespace) -> Project:
    """The project that has no settings yet; SettingsError where there is not exactly one."""
    without = [project for project in found.projects if project.settings.path is None]
    say = Messages()
    for project in found.projects if without else ():
        if project.settings.path is not None:
            say("note", f"{shown(project.settings.path)} has settings already; what is below it is left out")
    if len(without) > 1:
        names = ", ".join(shown(project.name) for project in without)
        raise SettingsError([f"the paths lie in several projects ({names}); name paths in one"])
    if without:
        return without[0]
    path = found.projects[0].settings.path or ""
    if options.write:
        raise SettingsError(
            [f"{shown(path)}: has a [tool.redis-ssot] table already; change it by hand: `redis-ssot init` without "
             "--write prints what it would propose, and `redis-ssot plan` says what is left to do"]
        )  # fmt: skip
    say("note", f"{shown(path)} has a [tool.redis-ssot] table already; this is what is proposed without it")
    finder = SettingsFinder(
        os.path.dirname(path), codes=list(defaults()), isolated=True, overrides=given_tables(options)
    )
    return discovered(options.paths or ["."], finder).projects[0]


def _proposals(root: str, files: Sequence[str], ask: _Asking, progress: Progress) -> Iterator[Proposal]:
    """One for a project; several where services have packages of the same name."""
    evidence = gather(root, files, progress)
    if evidence.unread:
        names = ", ".join(shown(path) for path in evidence.unread[:3])
        more = f" and {len(evidence.unread) - 3} more" if len(evidence.unread) > 3 else ""
        progress.hide()
        Messages()("warning", f"what is in {names}{more} is not known: it cannot be parsed")
    folders = [os.path.join(root, folder) for folder in apart(evidence)]
    if not folders:
        yield compose(evidence, ask)
        return
    for folder in folders:
        yield from _proposals(folder, [path for path in files if is_below(path, folder)], ask, progress)
    rest = [path for path in files if not any(is_below(path, folder) for folder in folders)]
    if rest:
        yield from _proposals(root, rest, ask, progress)


class _Asking:
    """Asks on a terminal which of several is meant; elsewhere nobody is asked."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, question: str, candidates: Sequence[Candidate]) -> int | None:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return None
        self._progress.stop()
        print(f"{question}", file=sys.stderr)
        for number, one in enumerate(candidates, 1):
            print(f"  {number}. {escaped(one.name)}: {spoken_for(one.module)}", file=sys.stderr)
        while True:
            print(f"1 to {len(candidates)} [1]: ", end="", file=sys.stderr, flush=True)
            answer = sys.stdin.readline()
            if not answer:
                return None
            if not answer.strip():
                return 0
            if answer.strip().isdecimal() and 1 <= int(answer) <= len(candidates):
                return int(answer) - 1


def _write(proposals: Sequence[Proposal]) -> int:
    """Put each table into its file: into all or none, as far as can be told before."""
    try:
        files = [checked(proposal.root, proposal_toml.render(proposal)) for proposal in proposals]
        for path, data in files:
            write(path, data)
    except CannotWrite as error:
        return refuse([str(error)])
    except OSError as error:
        return refuse(
            [f"{error.filename}: cannot be written: {error.strerror}; make it writable, and run again"]
        )
    for (path, _), proposal in zip(files, proposals, strict=True):
        print(f"Wrote [tool.redis-ssot] into {shown(path)}: {proposal.summary}.")
    print("\nNext:")
    where = (
        ""
        if os.getcwd() == proposals[0].root or len(proposals) > 1
        else f" {shlex.quote(relative(proposals[0].root))}"
    )
    for step in (f"redis-ssot check --statistics{where}", "redis-ssot plan", "redis-ssot migrate --dry-run"):
        print(f"  {step}")
    return 0
