"""A migration plan as text, for a terminal or as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from flake8_redis_ssot.migrate.plan import Gap, Manager, Plan, Step
from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.output.terminal import wrapped

_MOST = 5
_ROLES = {
    "manager": "may stay",
    "forbidden": "forbidden",
    "competing": "competes, and no setting speaks of it",
}


def render(plan: Plan, look: Look, *, markdown: bool) -> str:
    """The whole plan; as text long lists of places are cut, in Markdown they are not."""
    most = 1_000_000 if markdown else _MOST
    lines: list[str] = ["# Plan: to one Redis manager" if markdown else "Plan: to one Redis manager"]
    for title, items in _phases(plan, most):
        lines += ["", f"## {title}" if markdown else title, ""]
        mark = "- " if markdown else "  "
        lines += [mark + item for item in items]
    return "".join(f"{wrapped(escaped(line).rstrip(), look, indent='    ')}\n" for line in lines)


def _phases(plan: Plan, most: int) -> Iterator[tuple[str, list[str]]]:
    others = [m for m in plan.managers if m.role != "manager"]
    yield f"Audit: {_count(len(plan.managers), 'manager')}", [_manager(m) for m in plan.managers] or ["none"]
    yield (
        f"Phase 1, enhance the manager: {_count(len(plan.gaps), 'method')} that callers need of the others",
        [_gap(gap, most) for gap in plan.gaps] or ["nothing: what callers use of the others, it has"],
    )
    safe = [step for step in plan.moving if step.applicability == "safe"]
    yield (
        f"Phase 2, migrate: {_count(len(safe), 'reference')} by `redis-ssot migrate`"
        + (
            f", {len(plan.moving) - len(safe)} more with --include-unsafe"
            if len(safe) < len(plan.moving)
            else ""
        ),
        [_step(step) for step in plan.moving] or ["nothing migrates by itself"],
    )
    yield (
        f"Phase 2, by hand: {_count(len(plan.by_hand), 'reference')} that need a person",
        [_step(step) for step in plan.by_hand] or ["none"],
    )
    unused = [m for m in others if m.unused]
    yield (
        f"Phase 3, remove: {_count(len(unused), 'module')} that nobody will import",
        [f"{m.path}" for m in unused]
        + [f"not yet {m.path}: see phase 2" for m in others if not m.unused and m.role == "forbidden"]
        + [
            f"not yet {m.path}: forbid it in the settings, or allow it"
            for m in others
            if m.role == "competing"
        ]
        or ["nothing"],
    )
    tests = Counter(test for m in plan.managers for test in m.tests)
    kept = len(plan.managers) - len(others)
    yield (
        f"Phase 4, validate: {len(plan.managers)} -> {kept} managers, {_count(len(tests), 'test file')} to run",
        [f"{path}" for path in sorted(tests)] or ["no test imports or names a manager"],
    )


def _manager(manager: Manager) -> str:
    where = f" in boundary `{manager.boundary}`" if manager.boundary else ""
    what = ", a shim" if manager.is_shim else ""
    classes = f" ({', '.join(manager.classes)})" if manager.classes else ""
    missing = "" if manager.path else ", which does not exist"
    return (
        f"{manager.module}{classes}: {_ROLES[manager.role]}{where}{what}{missing}; "
        f"{_count(len(manager.importers), 'importing file')}, {_count(len(manager.tests), 'test file')}"
    )


def _gap(gap: Gap, most: int) -> str:
    sites = ", ".join(str(site) for site in gap.sites[:most])
    more = f" and {len(gap.sites) - most} more" if len(gap.sites) > most else ""
    what = "is missing" if gap.what == "is missing" else f"differs: {gap.what}"
    return f"`{gap.member}` of `{gap.of}` {what} in `{gap.target}`: {sites}{more}"


def _step(step: Step) -> str:
    unsafe = " (unsafe)" if step.applicability == "unsafe" else ""
    return f"{step.site}: {step.code} {step.reason or step.what}{unsafe}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
