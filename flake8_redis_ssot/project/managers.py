"""Which classes of the project do what a manager does, those that hold one of another file included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from flake8_redis_ssot.analysis.manager_classes import ENOUGH
from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.source import Range


def competing_managers(
    index: ProjectIndex, followed: Mapping[str, Sequence[ClassFacts]] = MappingProxyType({})
) -> dict[str, list[ClassFacts]]:
    """By path the classes, with those operations that reach a client or a manager for certain.

    What the facts of single files say, and where files are `followed` what is known of their classes by that.
    """
    homes = {
        f"{module}.{name}"
        for path, facts in index.facts.items()
        if facts.clients
        for module in index.place(path).modules
        for name in facts.clients
    }
    found: dict[tuple[str, Range], ClassFacts] = {}
    grows = True
    while grows:
        grows = False
        for path, facts in index.facts.items():
            for made in (*facts.classes, *followed.get(path, ())):
                operations = tuple(
                    (name, through)
                    for name, through in made.operations
                    if not through or _leads(index, through, homes)
                )
                if operations and _may_be_asked_for(index, path, made):
                    operations = ()
                is_one = len({name for name, _ in operations}) >= ENOUGH or made.handing_out
                known = found.get((path, made.range))
                if is_one and (known is None or len(known.operations) < len(operations)):
                    grows = True
                    handing_out = made.handing_out or (known.handing_out if known is not None else ())
                    found[path, made.range] = replace(made, operations=operations, handing_out=handing_out)
                    homes |= {f"{m}.{name}" for m in index.place(path).modules for name in made.known_as}
    handed_out = _handed_out(index)
    by_path: dict[str, list[ClassFacts]] = {}
    for (path, _), made in sorted(found.items()):
        if handed_out.isdisjoint(f"{module}.{made.name}" for module in index.place(path).modules):
            by_path.setdefault(path, []).append(made)
    return by_path


def _may_be_asked_for(index: ProjectIndex, path: str, made: ClassFacts) -> bool:
    """Whether the methods of a class may be those of another package's interface, such as a framework's cache."""
    return any(index.managers.may_be_asked_for(f"{m}.{made.name}") for m in index.place(path).modules[:1])


def _handed_out(index: ProjectIndex) -> set[str]:
    """The classes, their bases included, that the managers make and hand out: those are their clients."""
    found: set[str] = set()
    names = [name for facts in index.facts.values() for name in facts.handed_out]
    while names:
        known = index.modules.traits(names.pop())
        if known is not None and known[0] not in found:
            found.add(known[0])
            names += known[1].bases
    return found


def _leads(index: ProjectIndex, name: str, homes: set[str]) -> bool:
    """Whether a dotted name is one of `homes`, through re-exports too."""
    if name in homes:
        return True
    last = name.rpartition(".")[2]
    if not any(home.endswith(f".{last}") for home in homes):
        return False
    found = index.modules.lookup(name)
    return found is not None and found.qualified_name in homes
