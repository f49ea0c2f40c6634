"""The burndown: for each number that is to fall a line over the revisions, as points of a drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.report.model import WORDS, Numbers, Report

WIDTH, HEIGHT = 320.0, 130.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 12.0, 12.0, 22.0

_FALLING: tuple[tuple[str, Callable[[Numbers], int]], ...] = (
    (WORDS["managers"], lambda numbers: numbers.managers),
    ("Importing files not yet on the one import", lambda numbers: numbers.any - numbers.one),
    (WORDS["constructions"], lambda numbers: numbers.constructions),
    (WORDS["strings"], lambda numbers: numbers.strings),
    (WORDS["pools"], lambda numbers: numbers.pools),
)


@dataclass(frozen=True, slots=True)
class Dot:
    """One revision in a chart."""

    x: float
    y: float
    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """One line; `goal` is the height of what it is to come to, `text` says it all in words."""

    title: str
    dots: list[Dot]
    most: int
    goal: float
    text: str

    @property
    def line(self) -> str:
        """The points of the line, as SVG has them."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


def charts(report: Report) -> Iterator[Chart]:
    """The charts of a report; none where it has no history."""
    points = report.history
    if len(points) < 2:
        return
    goals = {WORDS["managers"]: sum(m.role == "manager" for m in report.plan.managers)}
    goals[WORDS["pools"]] = sum(pool.role == "manager" for pool in report.pools)
    for title, value in _FALLING:
        values = [value(point.numbers) for point in points]
        goal = goals.get(title, 0)
        most = max(*values, goal, 1)
        step = (WIDTH - _LEFT - _RIGHT) / (len(points) - 1)
        dots = [
            Dot(round(_LEFT + at * step, 1), _height(number, most), point.name, number)
            for at, (point, number) in enumerate(zip(points, values, strict=True))
        ]
        words = ", ".join(f"{dot.value} at {dot.name}" for dot in dots)
        yield Chart(title, dots, most, _height(goal, most), f"{title}: {words}; the goal is {goal}")


def _height(value: int, most: int) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value / most), 1)
