"""Where managers and their importers are drawn: each boundary a field, in it each manager with its importers around."""

from __future__ import annotations

import math
from collections import Counter

from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.report.model import Report

_DOT, _MANAGER = 5.0, 14.0
"""Half the width of an importer and of a manager."""
_STEP = 11.0
"""How far apart importers are."""
_LABEL = 24.0
_GAP = 36.0
_TURN = math.pi * (3 - math.sqrt(5))
"""The golden angle: points at multiples of it fill a disc evenly."""


@dataclass(frozen=True, slots=True)
class Node:
    """A manager, or a file that imports one; `role` is `importer` for those.

    `below` is how far below the middle there is place for its name.
    """

    key: str
    label: str
    path: str
    role: str
    boundary: str
    findings: int
    x: float
    y: float
    below: float = 0.0


@dataclass(frozen=True, slots=True)
class Edge:
    """An import: the numbers of the nodes; `crosses` into another boundary or not."""

    source: int
    target: int
    crosses: bool


@dataclass(frozen=True, slots=True)
class Field:
    """The part of the drawing that a boundary has."""

    boundary: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Graph:
    """The drawing."""

    nodes: list[Node]
    edges: list[Edge]
    fields: list[Field]
    width: float
    height: float


def graph_of(report: Report) -> Graph:
    """The drawing of a report; the same for the same report."""
    findings = Counter(finding.path for finding in report.findings if finding.silenced is None)
    managers = sorted(report.plan.managers, key=lambda m: (-len(m.importers), m.module))
    homes = {manager.path for manager in managers}
    placed: set[str] = set()
    nodes: list[Node] = []
    fields: list[Field] = []
    top = width = 0.0
    for boundary in report.boundaries:
        own = [m for m in managers if m.boundary == boundary]
        discs: list[tuple[Node | None, list[str]]] = []
        for manager in own:
            around = [
                path
                for path in manager.importers
                if path not in placed and path not in homes and report.importers.get(path) == boundary
            ]
            placed.update(around)
            path = manager.path or ""
            center = Node(manager.module, manager.module, path, manager.role, boundary, findings[path], 0, 0)
            discs.append((center, around))
        rest = [
            path
            for path, where in report.importers.items()
            if where == boundary and path not in placed and path not in homes
        ]
        if rest:
            placed.update(rest)
            discs.append((None, rest))
        if not discs:
            continue
        field = _place(boundary, discs, top, nodes, findings)
        fields.append(field)
        top += field.height + _GAP
        width = max(width, field.width)
    fields = [Field(f.boundary, f.x, f.y, width, f.height) for f in fields]
    at = {node.path: number for number, node in enumerate(nodes) if node.path}
    keys = {node.key: number for number, node in enumerate(nodes)}
    edges = [
        Edge(at[path], keys[manager.module], report.importers.get(path, "") != manager.boundary)
        for manager in managers
        for path in manager.importers
        if path in at and at[path] != keys[manager.module]
    ]
    return Graph(nodes, edges, fields, max(width, 1.0), max(top - _GAP, 1.0))


def _place(
    boundary: str,
    discs: list[tuple[Node | None, list[str]]],
    top: float,
    nodes: list[Node],
    findings: Counter[str],
) -> Field:
    """Put the discs of a boundary in rows, about as wide as high in all."""
    radii = [_radius(len(around)) for _, around in discs]
    wanted = max(2.2 * math.sqrt(sum((2 * r) ** 2 for r in radii)), 2 * max(radii))
    x, y, row, right = _GAP, top + _LABEL + _GAP / 2, 0.0, 0.0
    for (center, around), radius in zip(discs, radii, strict=True):
        if x > _GAP and x + 2 * radius > wanted + _GAP:
            x, y, row = _GAP, y + row + _GAP, 0.0
        middle = (x + radius, y + radius)
        if center is not None:
            nodes.append(
                replace(center, x=round(middle[0], 1), y=round(middle[1], 1), below=_extent(len(around)) + 12)
            )
        for number, path in enumerate(sorted(around)):
            distance = _MANAGER + _STEP * (1 + math.sqrt(number))
            nodes.append(
                Node(
                    path, path, path, "importer", boundary, findings[path],
                    round(middle[0] + distance * math.cos(number * _TURN), 1),
                    round(middle[1] + distance * math.sin(number * _TURN), 1),
                )
            )  # fmt: skip
        x += 2 * radius + _GAP
        row = max(row, 2 * radius + _LABEL)
        right = max(right, x)
    return Field(boundary, 0.0, top, right, y + row + _GAP / 2 - top)


def _extent(importers: int) -> float:
    """How far a manager with its importers reaches."""
    return _MANAGER + (_STEP * (1 + math.sqrt(importers)) + _DOT if importers else 0)


def _radius(importers: int) -> float:
    """Half the width that it is given; its name has to fit below."""
    return max(_extent(importers), 85.0)
