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
from flake8_redis_ssot.init.evidence import Evidence, gather
from flake8_redis_ssot.init.proposal import Proposal
from flake8_redis_ssot.init.ranking import Candidate, spoken_for
from flake8_redis_ssot.init.services import apart
from flake8_redis_ssot.init.write import CannotWrite, checked, write
from flake8_redis_ssot.output import escaped, proposal_flake8, proposal_toml, relative, shown
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.model import is_below

_SHOWN = 3
_SMALLEST = """\
import os

import redis  # or redis.asyncio

redis_client = redis.Redis.from_url(os.environ["REDIS_URL"])
"""


def propose(options: argparse.Namespace) -> int:
    """Print the settings that the project should have, or write them."""
    if options.write and options.flake8:
        return refuse(["--flake8 prints options for a file that is written by hand; leave --write out"])
    try:
        found = discovered(options.paths or ["."], finder_of(options))
        if found.missing:
            return refuse(found.missing)
        project, table = _project(found, options)
    except SettingsError as error:
        return refuse(error.messages)
    with Progress() as progress:
        run = _Run(_Asking(progress), progress)
        proposals = [*run.proposals(project.settings.root, project.files)]
    if run.failures:
        return refuse(run.failures)
    _say_where_settings_belong(proposals[0].root)
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
    given = [argument for argument in options.arguments if argument != "--flake8"]
    first = shlex.join(["redis-ssot", *given, "--write"])
    if table is not None:  # which is not written over
        head, steps = (
            f"Next, with what you take of this in {shown(table)}:",
            ["redis-ssot check --statistics"],
        )
    elif options.flake8:
        head, steps = "Next, with this in setup.cfg:", ["flake8 --select RED", first]
    else:
        head, steps = "Next:", [first, "redis-ssot check --statistics"]
    lines = [head, *(f"  {step}" for step in _there([*steps, *_planning(wanted)], wanted))]
    sys.stdout.write(proposal_toml.commented([*lines, *_wanting(wanted)]))
    return 0


def _planning(proposals: Sequence[Proposal]) -> list[str]:
    """What to do when the settings are there; nothing where no manager is, to which anything could move."""
    return ["redis-ssot plan"] if all(proposal.has_manager for proposal in proposals) else []


def _wanting(proposals: Sequence[Proposal]) -> list[str]:
    """What a person has to do before there can be a plan."""
    if _planning(proposals):
        return []
    return [
        "Then set `manager` to the one module that may build clients, and run `redis-ssot plan`.",
        "Where there is none yet, write one; the smallest is:",
        *(f"  {line}".rstrip() for line in _SMALLEST.splitlines()),
    ]


def _there(steps: Sequence[str], proposals: Sequence[Proposal]) -> list[str]:
    """Commands, those on a project with the folder to be in where that is another one."""
    if len(proposals) > 1:
        return [f"{step}  # in each folder" if step.endswith("plan") else step for step in steps]
    root = proposals[0].root
    if root == os.getcwd():
        return [*steps]
    return [step if " init" in step else f"(cd {shlex.quote(relative(root))} && {step})" for step in steps]


def _project(found: Discovery, options: argparse.Namespace) -> tuple[Project, str | None]:
    """The project that has no settings yet, else the one there is and its table; SettingsError where there are more."""
    without = [project for project in found.projects if project.settings.path is None]
    say = Messages()
    for project in found.projects if without else ():
        if project.settings.path is not None:
            say("note", f"{shown(project.settings.path)} has settings already; what is below it is left out")
    if len(without) > 1:
        names = ", ".join(shown(project.name) for project in without)
        raise SettingsError([f"the paths lie in several projects ({names}); name paths in one"])
    if without:
        return without[0], None
    if len(found.projects) > 1:
        names = ", ".join(shown(project.name) for project in found.projects)
        raise SettingsError([f"all that is here has settings already ({names}); name a path in one of them"])
    path = found.projects[0].name
    if options.write:
        raise SettingsError(
            [f"{shown(path)}: has a [tool.redis-ssot] table already; change it by hand: `redis-ssot init` without "
             "--write prints what it would propose, and `redis-ssot plan` says what is left to do"]
        )  # fmt: skip
    say("note", f"{shown(path)} has a [tool.redis-ssot] table already; this is what is proposed without it")
    finder = SettingsFinder(
        os.path.dirname(path), codes=list(defaults()), isolated=True, overrides=given_tables(options)
    )
    return discovered(options.paths or ["."], finder).projects[0], path


class _Run:
    """Makes the proposals of a run; `failures` are our own."""

    def __init__(self, ask: _Asking, progress: Progress) -> None:
        self.failures: list[str] = []
        self._ask = ask
        self._progress = progress

    def proposals(self, root: str, files: Sequence[str]) -> Iterator[Proposal]:
        """One for a project; several where services have packages of the same name."""
        evidence = gather(root, files, self._progress)
        self.failures += evidence.failures
        self._progress.hide()
        _say_what_is_unknown(evidence)
        folders = [os.path.join(root, folder) for folder in apart(evidence)]
        if not folders:
            yield compose(evidence, self._ask)
            return
        for folder in folders:
            yield from self.proposals(folder, [path for path in files if is_below(path, folder)])
        rest = [path for path in files if not any(is_below(path, folder) for folder in folders)]
        if rest:
            yield from self.proposals(root, rest)


def _say_where_settings_belong(root: str) -> None:
    """A word on a `pyproject.toml` above a folder that has none: it may be the project's."""
    above = root
    while not os.path.exists(os.path.join(above, "pyproject.toml")):
        parent = os.path.dirname(above)
        if parent == above or os.path.lexists(os.path.join(above, ".git")):
            return
        above = parent
    if above != root:
        path = shown(os.path.join(above, "pyproject.toml"))
        Messages()("note", f"{path} lies above; if that is the project's, run this in its folder")


def _say_what_is_unknown(evidence: Evidence) -> None:
    if evidence.unread:
        names = ", ".join(shown(path) for path in evidence.unread[:_SHOWN])
        more = f" and {len(evidence.unread) - _SHOWN} more" if len(evidence.unread) > _SHOWN else ""
        what = "it" if len(evidence.unread) == 1 else "they"
        Messages()(
            "warning",
            f"what is in {names}{more} is not known: {what} cannot be read or parsed, "
            "and `redis-ssot check` says why",
        )


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
        print(f"Wrote [tool.redis-ssot] into {shown(path)}: {proposal.summary}.", flush=True)
        for doubt in proposal.doubts:
            Messages()("warning", doubt)
    print("\nNext:")
    plan = _planning(proposals)
    for step in _there(
        ["redis-ssot check --statistics", *plan, *["redis-ssot migrate --dry-run"] * len(plan)], proposals
    ):
        print(f"  {step}")
    for line in _wanting(proposals):
        print(line)
    return 0
