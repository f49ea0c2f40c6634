"""How far each phase of the migration is, in the plan's own numbers."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.report.model import Report


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase with how much of it is `done` of `total`, and in words what is left."""

    title: str
    done: int
    total: int
    left: str

    @property
    def percent(self) -> int:
        """Rounded down, so that only what is done is said to be; all of nothing is done."""
        return self.done * 100 // self.total if self.total else 100


def phases(report: Report) -> Iterator[Phase]:
    """The phases, with what counts for each."""
    plan, numbers = report.plan, report.numbers
    others = [manager for manager in plan.managers if manager.role != "manager"]
    kept = len(plan.managers) - len(others)
    missing = len({(gap.target, gap.member) for gap in plan.gaps})
    yield Phase(
        "1. Enhance the manager",
        plan.needed - missing,
        plan.needed,
        f"{missing} of {count(plan.needed, 'method')} that callers of the others use {'is' if missing == 1 else 'are'} missing"
        if missing
        else "nothing is missing",
    )
    yield Phase(
        "2. Migrate the imports",
        numbers.one,
        numbers.any,
        f"{numbers.one} of {count(numbers.any, 'file')} on the one import; "
        f"{count(len(plan.moving), 'reference')} by `{plan.command}`, {len(plan.left)} by hand",
    )
    yield Phase(
        "3. Remove the others",
        kept,
        len(plan.managers),
        f"managers {len(plan.managers)} -> {kept}; {sum(m.can_go for m in others)} can go after `{plan.command}`",
    )
    left = numbers.constructions + numbers.strings
    worst = max([left, *(p.numbers.constructions + p.numbers.strings for p in report.history)])
    yield Phase(
        "4. Validate",
        worst - left,
        worst,
        f"{count(numbers.constructions, 'construction')} outside of a manager, "
        f"{count(numbers.strings, 'stale string')}; {count(len(plan.tests), 'test file')} to run",
    )


def count(number: int, what: str) -> str:
    """A number with what it is of."""
    return f"{number:,} {what}{'s' * (number != 1)}"
