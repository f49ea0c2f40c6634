"""What a rule is, what it is told, and how it says what it found."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Literal, TypeVar

from flake8_redis_ssot.analysis.blocking import BlockingFunctions, in_coroutines
from flake8_redis_ssot.analysis.client_calls import Command, commands, exposed_names
from flake8_redis_ssot.analysis.environment import Reading, readings
from flake8_redis_ssot.analysis.lines import lines_of_interest
from flake8_redis_ssot.analysis.pools import pool_target
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.model import DefaultFacts, PoolFacts
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.values import Instance, QualifiedName
from flake8_redis_ssot.libraries.builders import Builder, Kind
from flake8_redis_ssot.libraries.traits import FIRST_POOL, FIRST_POOLS, NO_POOL, OWNING, POOL_KEYWORDS
from flake8_redis_ssot.libraries.vocabulary import VARIABLE_PREFIX
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.inference import ProjectInference
from flake8_redis_ssot.settings.boundaries import Place, manager_words
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.source import Position, Range, SourceError, SourceFile
from flake8_redis_ssot.syntax.nodes import unparsed
from flake8_redis_ssot.syntax.scopes import ProgramPoint, Scopes

Handler = TypeVar("Handler", bound=Callable[..., Any])
Mends = Literal["import", "call", "string", "comment", "name"]
"""What a fix changes: an import with its uses, a call of a class, a string, a `noqa` comment, a library's name."""


def on(*types: type) -> Callable[[Handler], Handler]:
    """Mark a method of a rule as the handler of these node types."""

    def mark(function: Handler) -> Handler:
        function.handles = types  # type: ignore[attr-defined]
        return function

    return mark


class Rule:
    """A file rule: needs the source and the settings, nothing of other files.

    `code`, `name` (reads as "allow NAME"), `since` (version), `default` (on unless selected)
    and the docstring, which is its page. `fix_kind` says what a fix of it changes; where and how is
    for `fix` to say, which knows the whole project. Handlers marked with `on` take a node or Site and a
    context and yield diagnostics.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    since: ClassVar[str]
    default: ClassVar[bool] = True
    project: ClassVar[bool] = False
    follows: ClassVar[bool] = False
    """Whether the command asks it once more of files that something of a client library reaches from others."""
    fix_kind: ClassVar[Mends | None] = None
    needles: ClassVar[tuple[bytes, ...]] = ()
    """Texts for whose sake alone it asks that a file be parsed."""

    @classmethod
    def handlers(cls) -> Iterator[tuple[type, str]]:
        """Each handled type with the name of its method."""
        for name, function in inspect.getmembers(cls, inspect.isfunction):
            for node_type in getattr(function, "handles", ()):
                yield node_type, name

    @classmethod
    def documentation(cls) -> str:
        """The docstring: summary and the fixed headings."""
        return inspect.cleandoc(cls.__doc__ or "")

    def diagnostic(
        self,
        context: RuleContext,
        where: Range,
        message: str,
        *,
        help: str | None = None,
        symbols: Iterable[str] = (),
    ) -> Diagnostic:
        return Diagnostic(context.source.path, where, self.code, self.name, message, help, tuple(symbols))


class ConstructionRule(Rule):
    """A file rule on what builds, outside the manager: clients or pools (`kind`).

    `inferred` True wants those for which values must be followed, False the others, None both.
    """

    kind: ClassVar[Kind]
    inferred: ClassVar[bool | None] = None

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.built_outside(self.kind):
            if self.inferred in (None, made.inferred):
                yield self.diagnostic(context, made.range, context.built_message(made), symbols=made.symbols)


class ProjectRule(Rule):
    """A project rule: asks the index of all files, and runs in the command alone."""

    project = True
    judges_classes: ClassVar[bool] = False
    """Whether it asks for the classes and shims of the facts, for which more files are parsed."""
    judges_settings: ClassVar[bool] = False
    """Whether it asks for the defaults of the facts."""

    @classmethod
    def words(cls, settings: Settings) -> Collection[bytes]:
        """Texts by which it knows the files that it has to read: the facts tell which of them a file has."""
        return ()

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        """What the rule finds in the whole project."""
        raise NotImplementedError

    def at(self, path: str, where: Range, message: str, *, symbols: Iterable[str] = ()) -> Diagnostic:
        return Diagnostic(path, where, self.code, self.name, message, None, tuple(symbols))


class ProjectContext:
    """All that a project rule may know: the settings, the index, and any file, read on demand.

    `enabled` are the codes of this run; `used` the allowances and ignores that have silenced
    something so far.
    """

    def __init__(
        self,
        settings: Settings,
        index: ProjectIndex,
        read: Callable[[str], RuleContext | None],
        enabled: frozenset[str],
        used: set[str],
        names_of: Callable[[Boundary], Names],
    ) -> None:
        self.settings = settings
        self._names_of = names_of
        self.enabled = enabled
        self.used = used
        self.index = index
        self._limits: dict[str, None] = {}
        self._followed: list[Followed] | None = None
        self.read = lru_cache(maxsize=16)(read)
        """The context of a file that is parsed for this; None where it cannot be."""

    @property
    def limits(self) -> list[str]:
        """Why more may be to find in the project than the rules found."""
        return list(dict.fromkeys(limit for one in self._followed or () for limit in one.inference.limits))

    @property
    def followed(self) -> list[Followed]:
        """The files that something of a client library reaches, with the values of all of them together."""
        if self._followed is None:
            self._followed = [Followed(self, names, frozenset(paths)) for names, paths in self.meanings()]
        return self._followed

    def meanings(self) -> Iterator[tuple[Names, Collection[str]]]:
        """What names mean, each with the files in which they do.

        That differs where some boundary has a module of its own by the name of a library.
        """
        found: dict[frozenset[str], tuple[Names, set[str]]] = {}
        for boundary in self.settings.boundaries:
            names = self._names_of(boundary)
            found.setdefault(names.first_party, (names, set()))[1].add(boundary.name)
        for names, boundaries in found.values():
            yield (
                names,
                [
                    path
                    for path in self.index.facts
                    if len(found) == 1 or self.index.place(path).boundary.name in boundaries
                ],
            )


class Followed:
    """The files in which names have one meaning, as far as something of a client library reaches them."""

    def __init__(self, project: ProjectContext, names: Names, paths: frozenset[str]) -> None:
        self._read = project.read
        self._paths = paths
        self._contexts: dict[str, RuleContext] = {}
        self.inference = ProjectInference(names, project.index, self._scopes)
        self.inference.follow()

    def _scopes(self, path: str) -> Scopes | None:
        context = self._read(path)
        if context is None:
            return None
        self._contexts[path] = context
        return context.scopes

    @cached_property
    def contexts(self) -> list[tuple[RuleContext, RuleContext]]:
        """Each file: what it knows by itself, and what it knows of the others as well."""
        paths = sorted(self._paths & self.inference.files.keys())
        return [
            (self._contexts[path], _FollowedContext(self._contexts[path], self.inference)) for path in paths
        ]


class RuleContext:
    """All that a rule may know of one file: its source, settings, place, names and values."""

    def __init__(
        self,
        source: SourceFile,
        settings: Settings,
        place: Place,
        names: Names,
        *,
        enabled: frozenset[str] = frozenset(),
        wanted: Collection[type] = (),
    ) -> None:
        self.source = source
        self.settings = settings
        self.place = place
        self.names = names
        self.enabled = enabled
        self._given_up: list[str] = []
        self._wanted: set[type[ast.AST]] = {
            ast.Call, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom
        }  # fmt: skip
        self._wanted.update(t for t in wanted if issubclass(t, ast.AST) and t is not ast.Module)

    @property
    def boundary(self) -> Boundary:
        return self.place.boundary

    def give_up(self, reason: str) -> None:
        """Note that something of the file was not looked at, and why."""
        if reason not in self._given_up:
            self._given_up.append(reason)

    @property
    def limits(self) -> tuple[str, ...]:
        """Why more may be to find in the file than was found; empty where all was looked at."""
        if "inference" in self.__dict__ and self.inference.is_exhausted:
            self.give_up("its values may flow in more ways than are followed")
        return tuple(self._given_up)

    @cached_property
    def scopes(self) -> Scopes:
        """The symbol table of the file."""
        return Scopes(self.source.tree, self.source.text, self.place.modules, self.place.is_package)

    @cached_property
    def inference(self) -> Inference:
        """The values of the file."""
        return Inference(self.names, self.scopes)

    @cached_property
    def lines(self) -> list[int] | None:
        """The lines that matter; None for all."""
        return lines_of_interest(self.source, self.inference, manager_words(self.settings))

    @cached_property
    def points(self) -> list[ProgramPoint]:
        """The nodes that a rule may ask about, in the lines that matter."""
        return list(self.scopes.points(self._wanted, self.lines))

    def sites_with(self, words: Iterable[str]) -> list[ProgramPoint]:
        """The same with the lines that have one of the `words`."""
        lines = lines_of_interest(self.source, self.inference, {*manager_words(self.settings), *words})
        return list(self.scopes.points(self._wanted, lines))

    def release(self) -> None:
        """Let go of the trees; nothing can be asked any more."""
        if "inference" in self.__dict__:
            self.inference.release()
        if "scopes" in self.__dict__:
            self.scopes.release()

    @cached_property
    def readings(self) -> list[Reading]:
        """Where the file reads settings of Redis from the environment."""
        if VARIABLE_PREFIX not in self.source.text:
            return []
        return list(readings(self.inference.names, self.scopes.points((ast.Call, ast.Subscript))))

    def defaults(self) -> Iterator[DefaultFacts]:
        """The constant defaults that those readings give."""
        for reading in self.readings:
            if reading.default is not None:
                where = self.source.range_of(reading.default)
                start, end = where.start, where.end
                text = str(reading.default.value)
                yield DefaultFacts(reading.name, text, start.line, start.column, end.line, end.column)

    @property
    def is_settings_module(self) -> bool:
        """Whether the settings say that the file may read addresses from the environment."""
        homes = self.settings.settings_modules
        return any(m == home or m.startswith(f"{home}.") for m in self.place.modules for home in homes)

    @cached_property
    def constructions(self) -> list[Construction]:
        """Every call of the file that builds a client or a pool, in source order."""
        found = []
        for point in self.points:
            if isinstance(point.node, ast.Call) and not point.for_typing:
                direct = self.names.builders(point)
                reached = direct or self.inference.builders(point)
                if reached:
                    where = self.source.range_of(point.node)
                    found.append(Construction(point, point.node, reached, where, inferred=not direct))
        return found

    @cached_property
    def commands(self) -> list[Command]:
        """Every command of the file that is sent on a client of known kind, in source order."""
        return list(commands(self.inference, self.scopes, self.points))

    @cached_property
    def stalling(self) -> list[tuple[ast.Call, ast.AsyncFunctionDef, Command]]:
        """The calls, in `async def`, of functions of the file that send by a blocking client, with what they send."""
        if "async def" not in self.source.text or self.inference.is_exhausted:
            return []
        known = BlockingFunctions()
        new = known.learn_commands(self.commands)
        while new:
            new = known.learn_calls(self.inference, self.sites_with(new))
        points = self.sites_with(known.names)
        return list(in_coroutines(self.scopes, known.calls(self.inference, points)))

    def exposed(self) -> tuple[str, ...]:
        """The top-level names by which others get at something of a client library."""
        return tuple(sorted(exposed_names(self.source, self.inference, self.commands)))

    @property
    def built(self) -> dict[ast.Call, str]:
        """The calls that build, each with what it builds."""
        return {made.call: made.kind for made in self.constructions}

    def path_of(self, point: ProgramPoint) -> str:
        """The file in which something stands."""
        return self.source.path

    def place_of(self, point: ProgramPoint) -> str:
        """Where something stands, for a message."""
        return f"line {getattr(point.node, 'lineno', 1)}"

    def pool_position(self, made: Construction) -> int | None:
        """Which positional argument of a construction is a pool; None where none is known to be."""
        for at, argument in enumerate(made.call.args):
            if isinstance(argument, ast.Starred):
                return None
            for value in self.inference.values(argument, made.point):
                names = self.inference.builder_names(value.of) if isinstance(value, Instance) else ()
                if any(self.names.table[name].kind == "pool" for name in names):
                    return at
        return None

    def pools(self) -> tuple[PoolFacts, ...]:
        """The pools of the file whose target the file tells; in the manager those of clients as well."""
        found = []
        for made in self.constructions:
            if (
                (made.kind == "pool" or self.place.is_manager)
                and len(made.reached) == 1
                and not made.inferred
                and self.pool_position(made) is None
            ):
                (builder,) = made.reached.values()

                def meaning(node: ast.expr, point: ProgramPoint = made.point) -> str | None:
                    dotted = self.names.dotted(node, point)
                    return dotted[0] if len(dotted) == 1 else None

                target = pool_target(builder, made.call, meaning)
                if target is not None:
                    start, end = made.range.start, made.range.end
                    found.append(
                        PoolFacts(
                            target, made.label, made.symbols, start.line, start.column, end.line, end.column
                        )
                    )
        return tuple(found)

    def is_own(self, name: str) -> bool:
        """Whether the dotted `name` is a manager of the file's boundary, or something of one's own."""
        return self.names.managers.defines(self.boundary, name)

    def forbids(self, name: str) -> bool:
        """Whether the settings forbid the dotted `name` in this file.

        What is forbidden as a whole goes as a whole: its own inside is no news.
        """
        if self.names.managers.owner(name) is not None:
            return False
        patterns = [p for p in self.boundary.forbidden if p.covers(name)]
        return bool(patterns) and not any(
            p.covers(module) and (module == p.home or module.startswith(p.home + "."))
            for p in patterns
            if p.home
            for module in self.place.modules
        )

    @cached_property
    def forbidden_objects(self) -> frozenset[str]:
        """The dotted names of forbidden objects in modules that are not forbidden themselves."""
        names = (pattern.object_name for pattern in self.boundary.forbidden)
        return frozenset(
            name
            for name in names
            if name
            and self.forbids(name)
            and not self.forbids(name.rpartition(".")[0])
            and self.names.managers.modules.find(name) is None
        )

    def attributes(self, words: Iterable[str]) -> Iterator[ProgramPoint]:
        """The attributes in the lines that have one of the `words`."""
        lines = lines_of_interest(self.source, self.inference, words)
        return self.scopes.points((ast.Attribute,), lines)

    def built_outside(self, kind: Kind | None) -> list[Construction]:
        """The constructions of that kind (None: any), unless the file is the manager, which may build, or one more manager is made."""
        if self.place.is_manager:
            return []
        made = (c for c in self.constructions if kind in (None, c.kind))
        return [c for c in made if c.call not in self.made_managers]

    @cached_property
    def made_managers(self) -> dict[ast.Call, str]:
        """The calls that make one more manager, each with the name of the class."""
        found = {}
        for point in self.points:
            if isinstance(point.node, ast.Call) and not point.for_typing:
                values = self.inference.values(point.node.func, point)
                names = sorted(value.name for value in values if isinstance(value, QualifiedName))
                name = next((name for name in names if self._makes_manager(name, point.node)), None)
                if name is not None:
                    found[point.node] = name
        return found

    def _makes_manager(self, name: str, call: ast.Call) -> bool:
        """Whether a call of `name` makes one more manager, of the file's boundary or a forbidden one."""
        managers = self.names.managers
        if any(name.startswith(f"{module}.") for module in self.place.modules):
            return False
        if self.forbids(name):
            return managers.kind(name) in ("class", "data") and managers.reaches(name)
        return not self.place.is_manager and managers.is_built_anew(
            name, self.boundary, lambda parameter, at: _is_given(call, parameter, at)
        )

    def is_adapted(self, made: Construction) -> bool:
        """Whether the callee may take other arguments than the library's: a `partial`, a subclass."""
        return any(
            not isinstance(v, QualifiedName) for v in self.inference.values(made.call.func, made.point)
        ) or ("partial" in self.source.text)

    def belongs(self, name: str) -> str:
        """How the dotted `name` stands to its manager, for a message: `is`, or `belongs to`."""
        return "is" if self.names.managers.kind(name) in ("module", None) else "belongs to"

    def use_instead(self) -> str:
        """What a message advises instead of building: the manager of this place."""
        boundary = self.boundary
        if boundary.managers:
            homes = " or ".join(f"`{module}`" for module in self.names.managers.homes(boundary))
            return f"use `{boundary.instance}` from {homes}" if boundary.instance else f"use {homes}"
        return manager_wanted(boundary)

    def built_message(self, made: Construction) -> str:
        """What is said of a construction outside the manager."""
        message = f"{made.label} builds a {made.kind} outside the Redis manager; {self.use_instead()}"
        around = self.place.manager_around
        if around is not None:
            message += f', or write `manager = "{around}.**"` if all below `{around}` is the manager'
        return message

    def origins(self, decorators: Iterable[ast.expr]) -> Iterator[str]:
        """The dotted names that decorators of the file can mean."""
        for decorator in decorators:
            inner = decorator.func if isinstance(decorator, ast.Call) else decorator
            yield from self.names.dotted(inner, ProgramPoint(inner, self.scopes.module, 1 << 60, ()))

    def every_import(self) -> Iterator[tuple[ast.Import | ast.ImportFrom, ast.alias, tuple[str, ...]]]:
        """Each alias of each import of the file, at any depth, with the dotted names it can mean."""
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias, names in self.imported(ProgramPoint(node, self.scopes.module, 0, ())):
                    yield node, alias, names

    def imported(self, point: ProgramPoint) -> Iterator[tuple[ast.alias, tuple[str, ...]]]:
        """Each alias of an import statement with the dotted names it can mean."""
        node = point.node
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias, (alias.name,)
        elif isinstance(node, ast.ImportFrom):
            bases = self.scopes.bases(node)
            for alias in node.names:
                tail = "" if alias.name == "*" else f".{alias.name}"
                yield alias, tuple(f"{base}{tail}".lstrip(".") for base in bases)


class _FollowedContext(RuleContext):
    """One file, with the values that come to it from others."""

    def __init__(self, alone: RuleContext, inference: ProjectInference) -> None:
        super().__init__(
            alone.source,
            alone.settings,
            alone.place,
            inference.names,
            enabled=alone.enabled,
            wanted=alone._wanted,
        )
        self.scopes = alone.scopes
        self.inference = inference
        self.lines = None
        self._project = inference

    @cached_property
    def points(self) -> list[ProgramPoint]:
        return self.scopes.calls

    @cached_property
    def commands(self) -> list[Command]:
        return self._project.sent(self.source.path)

    def path_of(self, point: ProgramPoint) -> str:
        return self._project.path_of(point)

    def place_of(self, point: ProgramPoint) -> str:
        path = self.path_of(point)
        if path == self.source.path:
            return super().place_of(point)
        shown = os.path.relpath(path, self.settings.root).replace(os.sep, "/")
        return f"{shown}, line {getattr(point.node, 'lineno', 1)}"

    @cached_property
    def stalling(self) -> list[tuple[ast.Call, ast.AsyncFunctionDef, Command]]:
        return list(in_coroutines(self.scopes, self._project.calls(self.source.path)))


@dataclass(frozen=True, slots=True)
class Construction:
    """A call that builds: `reached` maps each name that the callee can be to its builder.

    `inferred` says that values had to be followed: the callee is no chain of imports.
    """

    point: ProgramPoint
    call: ast.Call
    reached: Mapping[str, Builder]
    range: Range
    inferred: bool = False

    @property
    def kind(self) -> Kind:
        return "pool" if any(b.kind == "pool" for b in self.reached.values()) else "client"

    @property
    def brings_pool(self) -> bool:
        """Whether it makes a new pool for sure: it takes none, and no `**` that may hold one."""
        given = [
            k.arg for k in self.call.keywords if not (isinstance(k.value, ast.Constant) and not k.value.value)
        ]
        borrows = any(builder.target.endswith(OWNING) for builder in self.reached.values())
        pooled = any(builder.library not in NO_POOL for builder in self.reached.values())
        return (
            pooled
            and not borrows
            and not {None, *POOL_KEYWORDS} & set(given)
            and all(
                len(self.call.args) <= FIRST_POOLS.get(b.target, FIRST_POOL) for b in self.reached.values()
            )
        )

    @property
    def borrows_pool(self) -> bool:
        """Whether it makes a client on a pool that stays open when the client is closed."""
        given = {
            k.arg for k in self.call.keywords if not (isinstance(k.value, ast.Constant) and not k.value.value)
        }
        return bool(given & POOL_KEYWORDS) and not any(
            b.target.endswith(OWNING) for b in self.reached.values()
        )

    @property
    def label(self) -> str:
        """What builds, for a message that goes on with a verb; several names where it may be any."""
        names = " or ".join(f"`{name}`" for name in self.reached)
        if not self.inferred:
            return names
        callee = unparsed(self.call.func)
        if tuple(self.reached) == (callee,):
            return names
        callee = callee if len(callee) < 60 else callee[:57] + "..."
        return f"`{callee}` {'may be' if len(self.reached) > 1 else 'is'} {names} here and"

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.reached, *(b.target for b in self.reached.values())]))


@dataclass(frozen=True, slots=True)
class Noqa:
    """A `noqa` comment that names codes of ours.

    `unused` are those codes, with their places, that silenced nothing in this run, `known` those
    that begin a rule's code; `is_bare` says that it names `RED`, which flake8 takes for none.
    """

    range: Range
    codes: tuple[str, ...]
    reason: str
    unused: tuple[tuple[str, Range], ...] = ()
    known: frozenset[str] = frozenset()
    is_bare: bool = False


def _is_given(call: ast.Call, parameter: str, at: int) -> bool:
    """Whether a call has an argument other than None for a parameter at that position (-1: by keyword alone)."""
    given = [k.value for k in call.keywords if k.arg == parameter]
    given += call.args[at : at + 1] if at >= 0 else []
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)


def manager_wanted(boundary: Boundary) -> str:
    """What a message advises where a boundary has no manager."""
    if boundary.name:
        return f"boundary `{boundary.name}` has no Redis manager: remove this, or give it one with `manager`"
    return "set `manager` in [tool.redis-ssot] to the one module that may build clients"


def unreadable(error: SourceError) -> Range:
    """The place of a file's failure."""
    start = Position(error.line, error.column)
    return Range(start, start)
