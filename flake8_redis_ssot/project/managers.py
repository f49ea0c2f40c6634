"""Which classes of the project do what a manager does, those that hold one of another file included."""

from __future__ import annotations

from dataclasses import replace

from flake8_redis_ssot.analysis.manager_classes import ENOUGH
from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.project.index import ProjectIndex


def competing_managers(index: ProjectIndex) -> dict[str, list[ClassFacts]]:
    """By path the classes, with those operations that reach a client or a manager for certain."""
    homes = {
        f"{module}.{name}"
        for path, facts in index.facts.items()
        if facts.clients
        for module in index.place(path).modules
        for name in facts.clients
    }
    found: dict[tuple[str, int], ClassFacts] = {}
    grows = True
    while grows:
        grows = False
        for path, facts in index.facts.items():
            for made in facts.classes:
                operations = tuple(
                    (name, through)
                    for name, through in made.operations
                    if not through or _leads(index, through, homes)
                )
                is_one = len({name for name, _ in operations}) >= ENOUGH or made.handing_out
                known = found.get((path, made.line))
                if is_one and (known is None or len(known.operations) < len(operations)):
                    grows = True
                    found[path, made.line] = replace(made, operations=operations)
                    homes |= {f"{m}.{name}" for m in index.place(path).modules for name in made.known_as}
    by_path: dict[str, list[ClassFacts]] = {}
    for (path, _), made in sorted(found.items()):
        by_path.setdefault(path, []).append(made)
    return by_path


def _leads(index: ProjectIndex, name: str, homes: set[str]) -> bool:
    """Whether a dotted name is one of `homes`, through re-exports too."""
    if name in homes:
        return True
    last = name.rpartition(".")[2]
    if not any(home.endswith(f".{last}") for home in homes):
        return False
    found = index.modules.lookup(name)
    return found is not None and found.home in homes
