"""Where the clients of a module connect to, as far as its file shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from flake8_redis_ssot.analysis.operations import words
from flake8_redis_ssot.analysis.pools import pool_target
from flake8_redis_ssot.context import RuleContext
from flake8_redis_ssot.init.evidence import Evidence
from flake8_redis_ssot.init.modules import Module
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.traits import DEFAULTS, POOL_KEYWORDS, SUCCESSORS
from flake8_redis_ssot.libraries.vocabulary import (
    ADDRESS_WORDS,
    DATABASE_WORDS,
    GETTING,
    PLAIN_WORDS,
    PURPOSES,
    SERVER_WORDS,
    SUBJECTS,
)
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import all_nodes

_PLACES = {*DEFAULTS, *POOL_KEYWORDS, "url", "unix_socket_path", None}
"""The keywords that say where a client connects to, or that it may be anywhere."""

_SAYING_NOTHING = ADDRESS_WORDS | GETTING | SERVER_WORDS | (PLAIN_WORDS - SUBJECTS)
"""Words of a setting that do not tell it from another one: `CACHE_REDIS_URL` is the cache's."""

SettingNames = frozenset[frozenset[str]]
"""The words of settings that tell them from others; `REDIS_URL` has none."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What a module shows of its connections; None is what it does not determine."""

    servers: SettingNames = frozenset()
    """The settings from which it takes addresses."""
    numbers: SettingNames = frozenset()
    """The settings from which it takes the numbers of databases."""
    databases: frozenset[str] | None = None
    """The numbers of databases that its calls give."""
    targets: frozenset[str] | None = None
    """All that its calls say of where they connect, which is compared where no setting tells more."""
    libraries: frozenset[str] = frozenset()
    """The libraries that connect."""

    def difference(self, other: Connection) -> str | None:
        """What shows that two modules connect to different places; None where nothing does."""
        if _are_apart(self.servers, other.servers):
            return "another server, by its settings"
        if _are_apart(self.numbers, other.numbers) or _are_apart(self.databases, other.databases):
            return "another database"
        if not (self.servers or other.servers) and _are_apart(self.targets, other.targets):
            return "another server or database"
        return None

    def is_shown_equal(self, other: Connection) -> bool:
        """Whether two modules connect to the same place for certain."""
        same = self.servers & other.servers or (self.targets or frozenset()) & (other.targets or frozenset())
        return bool(same) and self.difference(other) is None


def connection_of(evidence: Evidence, module: Module) -> Connection:
    """Where the clients of a module connect to."""
    context = evidence.checker.context_of(module.path)
    if context is None:
        return Connection()
    targets: set[str | None] = set()
    databases: set[str | None] = set()
    libraries: set[str] = set()
    for made in context.constructions:
        places = [keyword for keyword in made.call.keywords if keyword.arg in _PLACES]
        call = ast.Call(made.call.func, made.call.args, places)
        for builder in made.reached.values():
            libraries.add(SUCCESSORS.get(builder.library, builder.library).partition(".")[0])
            target = pool_target(builder, call, partial(_meaning, context, made.point))
            # without arguments, defaults are meant that the library does not share with others
            targets.add(None if target is None or target.endswith("()") else target.partition("(")[2])
        if made.brings_pool:
            databases.add(_database(call))
    servers, numbers = set(), set()
    for name in _names(context.source.tree):
        *before, last = words(name) or [""]
        if not (SUBJECTS | PURPOSES).isdisjoint(before):
            subject = frozenset(before) - _SAYING_NOTHING
            if last in ADDRESS_WORDS:
                servers.add(subject)
            elif last in DATABASE_WORDS:
                numbers.add(subject)
    context.release()
    return Connection(
        frozenset(servers), frozenset(numbers), _known(databases), _known(targets), frozenset(libraries)
    )


def _are_apart(some: frozenset[object] | None, others: frozenset[object] | None) -> bool:
    return some is not None and others is not None and bool(some and others) and some.isdisjoint(others)


def _known(found: set[str | None]) -> frozenset[str] | None:
    return None if None in found or not found else frozenset(one for one in found if one is not None)


def _database(call: ast.Call) -> str | None:
    """The number of a database that a call gives, the default where it gives none; None where that is unknown."""
    given = next((keyword.value for keyword in call.keywords if keyword.arg in ("db", None)), None)
    if given is not None:
        return repr(given.value) if isinstance(given, ast.Constant) else None
    # one may be given by position, or in a URL
    urls = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "url")]
    is_plain = len(call.args) < 2 and not any(isinstance(url, ast.Constant) for url in urls)
    return DEFAULTS["db"] if is_plain else None


def _names(tree: ast.AST) -> Iterator[str]:
    """What may be a setting's name in a file: of a variable, a constant, or a member of another object."""
    for node in all_nodes(tree):
        match node:
            case ast.Constant(value=str(name)) if name.isidentifier():
                yield name
            case ast.Name(id=name) if name.isupper():
                yield name
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                continue
            case ast.Attribute(attr=name):
                yield name


def _meaning(context: RuleContext, point: ProgramPoint, node: ast.expr) -> str | None:
    """The dotted name that an expression is."""
    dotted = context.names.dotted(node, point)
    return dotted[0] if len(dotted) == 1 else None
