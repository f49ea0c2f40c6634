"""Which modules may be the manager, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from flake8_redis_ssot.analysis.manager_classes import ENOUGH
from flake8_redis_ssot.analysis.operations import words
from flake8_redis_ssot.init.evidence import Evidence
from flake8_redis_ssot.init.modules import Module, is_plain_name
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.vocabulary import (
    GETTING,
    PAST_WORDS,
    PLAIN_WORDS,
    PURPOSES,
    SERVER_WORDS,
    SUBJECTS,
)
from flake8_redis_ssot.wording import counted

CLOSE = 0.6
"""The part of the best one's points from which on another may be meant as well."""

_MOST = 5


@dataclass(frozen=True)
class Candidate:
    """A module that builds, as one that may be meant for the manager."""

    module: Module

    @property
    def name(self) -> str:
        return self.module.name

    @cached_property
    def is_named_so(self) -> bool:
        """Whether it is called after Redis, and after nothing else."""
        return is_plain(self.module)

    @property
    def is_called_manager(self) -> bool:
        """Whether it says of itself that it is one."""
        return words(self.name.rpartition(".")[2])[-1:] == ["manager"]

    @cached_property
    def is_past(self) -> bool:
        """Whether it says of itself that it is to go, however many use it still."""
        classes = (made.name for made in self.module.classes)
        return not all(PAST_WORDS.isdisjoint(words(name)) for name in (*self.name.split("."), *classes))

    @cached_property
    def gives_out(self) -> bool:
        """Whether others get a client or a manager of it: by an object, a function, or methods made for that."""
        classes = {made.name for made in self.module.classes}
        objects = [name for name, _ in self.module.names if name not in classes]
        methods = [name for made in self.module.classes for name in made.handing_out]
        return (
            bool(objects)
            or len(self.module.operations) >= ENOUGH
            or any(words(name)[:1] and words(name)[0] in GETTING for name in methods)
            or self.is_named_so
        )

    @property
    def is_shared(self) -> bool:
        """Whether other files of the application take what it gives out."""
        return self.gives_out and bool(self.module.users)

    @cached_property
    def points(self) -> float:
        """How much speaks for it: who takes a client from it, what it does, what it builds."""
        module = self.module
        users, others = len(module.users) - len(module.beside), len(module.tests) + len(module.beside)
        found = users + min(others, users + _MOST) / 4
        found += min(len(module.operations), 2 * _MOST) / 2 + min(len(module.built), _MOST) / 2
        return found * (2 if self.is_named_so else 1)

    @property
    def purposes(self) -> frozenset[str]:
        """The words of its names that say what it is for."""
        last = self.module.name.rpartition(".")[2]
        names = [last, *(name for name, count in self.module.names[:1] if count)]
        return frozenset(word for name in names for word in words(name) if word in PURPOSES)


def is_plain(module: Module) -> bool:
    """Whether a module, or what it has classes of, is called after Redis and after nothing else."""
    last, *above = (words(part) for part in module.name.split(".")[:-3:-1])
    # `shop_redis` is a Redis, `redis_command` a command
    around = [word for folder in above if {*folder[-1:]} <= PLAIN_WORDS for word in folder]
    if {*last} <= PLAIN_WORDS and not SUBJECTS.isdisjoint([*last, *around]):
        return True
    return bool(module.classes) and all(is_plain_name(made.name) for made in module.classes)


def names_a_server(module: Module) -> bool:
    """Whether a module, or a class of it, has the name of a server in its own."""
    names = [*module.name.split(".")[-2:], *(made.name for made in module.classes)]
    return any(not SERVER_WORDS.isdisjoint(words(name)) for name in names)


def candidates(evidence: Evidence) -> list[Candidate]:
    """The modules of the application that build and may be meant for a manager, the likeliest first."""
    found = [
        Candidate(module)
        for module in evidence.modules
        if module.built and is_of_application(evidence, module)
    ]
    return sorted(found, key=lambda one: (-one.is_shared, one.is_past, -one.points, one.name))


def is_of_application(evidence: Evidence, module: Module) -> bool:
    """Whether a module is neither a test nor something that stands beside the application."""
    return not evidence.settings.is_test(module.path) and not evidence.tree.is_beside(
        evidence.short(module.path)
    )


def close_to(best: Candidate, others: Iterable[Candidate]) -> list[Candidate]:
    """Those of the `others` for which nearly as much speaks as for the best."""
    return [
        one
        for one in others
        if one.is_shared == best.is_shared
        and one.is_past == best.is_past
        and one.points >= CLOSE * best.points
    ]


def spoken_for(module: Module) -> str:
    """What speaks for a module, as a comment has it."""
    built, operations = len(module.built), len(module.operations)
    parts = [f"builds in {counted(built, 'place')}"] if built else []
    parts += [f"has {counted(operations, 'operation')}"] if operations else []
    return f"{', '.join(parts)}; {used_by(module)}" if parts else used_by(module)


def used_by(module: Module) -> str:
    """Who takes a client or manager from a module."""
    files, tests = counted(len(module.users), "file"), counted(len(module.tests), "test file")
    if module.beside:
        files += f" ({len(module.beside)} of them beside the application)"
    if not module.users:
        # what they have of it may keep the client for itself
        others = f"; {imported_by(module.importers)}" if module.importers else ""
        taken = f"only {tests} take{'s' * (len(module.tests) == 1)}" if module.tests else "no file takes"
        return f"{taken} a client from it by an import that can be followed{others}"
    several = len(module.users) + len(module.tests) > 1
    named = " and ".join(text for text, some in ((files, module.users), (tests, module.tests)) if some)
    return f"{named} use{'' if several else 's'} it"


def imported_by(number: int) -> str:
    """How many files import something, as a sentence says it."""
    return f"{counted(number, 'file')} import{'s' * (number == 1)} it" if number else "no file imports it"


def listed(names: Sequence[str]) -> str:
    """Some names, quoted."""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(f"`{name}`" for name in names[:_MOST]) + more
