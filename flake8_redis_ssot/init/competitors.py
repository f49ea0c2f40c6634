"""What does the work of the managers beside them: modules to forbid, and those of which a person has to decide."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.init.connections import connection_of
from flake8_redis_ssot.init.evidence import Evidence
from flake8_redis_ssot.init.modules import Module, is_plain_name, module_of
from flake8_redis_ssot.init.proposal import Choice
from flake8_redis_ssot.init.ranking import (
    Candidate,
    imported_by,
    is_of_application,
    is_plain,
    names_a_server,
    used_by,
)
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.vocabulary import PURPOSES
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.managers import competing_managers
from flake8_redis_ssot.project.shims import is_shim
from flake8_redis_ssot.wording import counted


@dataclass(frozen=True, slots=True)
class Competitor:
    """A module that does the work of a manager; `is_plain` says that it is there for nothing else."""

    choice: Choice
    is_plain: bool


def shims(evidence: Evidence, index: ProjectIndex) -> Iterator[Competitor]:
    """The modules, called after Redis, that only hand a manager on."""
    for path in sorted(index.facts):
        names = index.place(path).modules if is_shim(index, path, deprecated=False) else ()
        module = Module(path, names[0]) if names else None
        if module is not None and is_plain(module) and is_of_application(evidence, module):
            users = len({user for name in names for user in index.importers(name)} - {path})
            yield Competitor(Choice(module.name, f"only hands the manager on; {imported_by(users)}"), True)


def competitors(
    evidence: Evidence, index: ProjectIndex, managers: Sequence[Module], others: Collection[Candidate]
) -> Iterator[Competitor]:
    """The modules with classes that do what the `managers` do, and those of the `others` that give out a client."""
    known = {module.path: module for module in evidence.modules}
    giving = {one.module.path: one for one in others if one.is_shared}
    competing = competing_managers(index)
    for path in sorted({*competing, *giving}):
        classes = competing.get(path, [])
        module = known.get(path) or module_of(index, evidence.tree, path, (), classes)
        if module is None or index.place(path).is_manager or is_shim(index, path):
            continue
        if is_of_application(evidence, module):
            # a cache of something may well be built on the manager
            is_redis = bool(module.built or path in giving) or names_a_server(module)
            is_all = bool(classes) and all(is_plain_name(made.name) for made in classes)
            plain = (is_redis and is_all) or (path in giving and giving[path].is_named_so)
            plain = plain or any(_stands_for(evidence, module, manager) for manager in managers)
            yield Competitor(Choice(module.name, _does(module, classes)), plain)


def _stands_for(evidence: Evidence, module: Module, manager: Module) -> bool:
    """Whether a module does the manager's operations on clients of its own to the same server, whatever it is called."""
    return (
        bool(module.built)
        and module.repeats(manager)
        and all(is_plain_name(made.name, PURPOSES) for made in module.classes)
        and connection_of(evidence, module).is_shown_equal(connection_of(evidence, manager))
    )


def _does(module: Module, classes: Sequence[ClassFacts]) -> str:
    parts = []
    for made in classes:
        operations = list(dict.fromkeys(name for name, _ in made.operations))
        if operations:
            parts.append(f"`{made.name}` has {counted(len(operations), 'operation')} of a manager")
        elif made.handing_out:
            parts.append(f"`{made.name}` hands out a client that it built")
    if not parts:
        parts.append(f"builds in {counted(len(module.built), 'place')}")
    return f"{' and '.join(parts)}; {used_by(module)}"
