"""A migration plan as text, for a terminal or as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from flake8_redis_ssot.migrate.plan import Gap, Manager, Measure, Plan, Site, Step
from flake8_redis_ssot.migrate.silenced import BASELINE
from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.output.markdown_text import code, prose
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.output.terminal import wrapped
from flake8_redis_ssot.wording import counted

Named = Callable[[str], str]
"""How a name or a place is written."""

_MOST = 5
_CAUSE = re.compile(r"[,;:] ")
"""Where the short form of a reason ends."""
_ROLES = {
    "manager": "the manager",
    "forbidden": "forbidden",
    "competing": "competes, and no setting speaks of it",
}


def render(plan: Plan, look: Look, *, markdown: bool) -> str:
    """The whole plan; as text long lists of places are cut, in Markdown they are not."""
    most = 1_000_000 if markdown else _MOST
    words = prose if markdown else escaped
    lines: list[str] = ["# Plan: to one Redis manager" if markdown else "Plan: to one Redis manager"]
    for title, items in _phases(plan, most, code if markdown else str):
        lines += ["", f"{'## ' * markdown}{words(title)}", ""]
        mark = "- " if markdown else "  "
        lines += [mark + words(item) for item in items]
    return "".join(f"{wrapped(line.rstrip(), look, indent='    ')}\n" for line in lines)


def _phases(plan: Plan, most: int, named: Named) -> Iterator[tuple[str, list[str]]]:
    others = [m for m in plan.managers if m.role != "manager"]
    yield (
        f"Audit: {counted(len(plan.managers), 'manager')}",
        [_manager(m, named) for m in plan.managers] or ["none"],
    )
    yield (
        f"Phase 1, enhance the manager: {_gaps(plan)}",
        [_gap(gap, most, named) for gap in plan.gaps] or [_no_gap(plan)],
    )
    safe = [step for step in plan.moving if step.applicability == "safe"]
    yield (
        f"Phase 2, migrate: {counted(len(safe), 'reference')} by `redis-ssot migrate`"
        + (
            f", {len(plan.moving) - len(safe)} more with --include-unsafe"
            if len(safe) < len(plan.moving)
            else ""
        ),
        [*said_once(plan.moving, named)] or ["nothing migrates by itself"],
    )
    yield (
        f"Phase 2, by hand: {counted(len(plan.left), 'place')} for a person"
        + (
            f", and {counted(len(plan.kept), 'place')} that the project keeps on purpose" if plan.kept else ""
        ),
        [*said_once(plan.left, named), *said_once(plan.kept, named)] or ["none"],
    )
    going = [m for m in others if m.can_go and m.role == "forbidden"]
    yield (
        f"Phase 3, remove: {counted(len(going), 'module')} that nothing will name",
        [named(m.path or "") for m in going]
        + [_kept(m, most, named) for m in others if m not in going and m.path]
        or ["nothing"],
    )
    yield (
        "Phase 4, validate: "
        + (f"{counted(len(plan.tests), 'test file')} to run" if plan.moving else "nothing changed so far"),
        [_measure(measure, plan.command) for measure in plan.measures]
        + ([f"run {named(path)}" for path in plan.tests] or ["no test covers what changes"]),
    )


def _kept(manager: Manager, most: int, named: Named) -> str:
    """Why a module cannot go yet."""
    path = named(manager.path or "")
    if manager.role == "competing":
        return f"not yet {path}: forbid it in the settings, move what builds clients out of it, or `allow` it"
    naming = ", ".join(f"{named(str(one.site))} {one.how}" for one in manager.named[:most])
    more = f" and {len(manager.named) - most} more" if len(manager.named) > most else ""
    return f"not yet {path}: {naming}{more}"


def _measure(measure: Measure, command: str) -> str:
    return f"{measure.what}: {measure.before} now, {measure.after} after `{command}`, {measure.expected} in the end"


def _manager(manager: Manager, named: Named) -> str:
    of = "of" if manager.role == "manager" else "in"
    where = f" {of} boundary `{manager.boundary}`" if manager.boundary else ""
    what = ", a shim" if manager.is_shim else ""
    classes = f" ({', '.join(manager.classes)})" if manager.classes else ""
    missing = "" if manager.path else ", which is not in this project"
    return (
        f"{named(manager.module)}{classes}: {_ROLES[manager.role]}{where}{what}{missing}; "
        f"{counted(len(manager.importers), 'importing file')}, {counted(len(manager.tests), 'test file')}"
    )


def _gap(gap: Gap, most: int, named: Named) -> str:
    sites = ", ".join(named(str(site)) for site in gap.sites[:most])
    more = f" and {len(gap.sites) - most} more" if len(gap.sites) > most else ""
    what = f"is missing in `{gap.target}`"
    if gap.what != "is missing":
        what = f"is there in `{gap.target}`, but {gap.what}"
    return f"`{gap.member}` of `{gap.of}` {what}; used in {sites}{more}"


def _has_manager(plan: Plan) -> bool:
    return any(manager.role == "manager" for manager in plan.managers)


def _gaps(plan: Plan) -> str:
    return (
        f"{counted(len(plan.gaps), 'method')} that callers need of the others"
        if _has_manager(plan)
        else "none is set"
    )


def _no_gap(plan: Plan) -> str:
    if not _has_manager(plan):
        return (
            "set `manager` to see what it lacks: to the module that `redis-ssot init` proposes, or where it finds none "
            'to one that you write, as small as `client = redis.Redis.from_url(os.environ["REDIS_URL"])`'
        )
    if all(manager.path is None for manager in plan.managers if manager.role == "manager"):
        return "the manager is not in this project, so that nobody can tell what it lacks"
    if not plan.needed:
        return "none: callers use no method of another manager's class; what they take besides is in phase 2"
    return "none: the manager has all that callers use of the others"


def said_once(steps: Iterable[Step], named: Named) -> Iterator[str]:
    """A line for each reference, its place as `named` writes names; the same reason is given for the first alone."""
    at: dict[Site, set[str | None]] = {}
    for step in steps:
        at.setdefault(step.site, set()).add(step.reason)
    first: dict[str, Site] = {}
    for step in steps:
        what = step.reason or step.what
        if step.reason and len(at[step.site]) == 1 and first.setdefault(what, step.site) != step.site:
            what = f"the same as for {named(str(first[what]))} ({_CAUSE.split(what, maxsplit=1)[0]})"
        unsafe = " (unsafe)" if step.applicability == "unsafe" else ""
        yield f"{named(str(step.site))}: {step.code} {_silenced(f'{what}{unsafe}', step.silenced)}"


def _silenced(what: str, by: str | None) -> str:
    """What is said of a reference, with what silences it today, and what to do where that says that it shall stay."""
    if by is None or by == BASELINE:
        return f"{what} (silenced today by {by})" if by else what
    return f"{by} keeps it as it is: nothing is to do, unless you take that out; then: {what}"
