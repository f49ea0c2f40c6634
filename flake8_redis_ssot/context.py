"""What a rule is told of one file."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from flake8_redis_ssot.analysis.blocking import Blocking, BlockingFunctions, in_coroutines
from flake8_redis_ssot.analysis.client_calls import Command, commands, exposed_names
from flake8_redis_ssot.analysis.constructions import Construction
from flake8_redis_ssot.analysis.environment import Reading, readings
from flake8_redis_ssot.analysis.pools import pool_target
from flake8_redis_ssot.analysis.running import Run
from flake8_redis_ssot.facts.model import DefaultFacts, PoolFacts
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.methods import SENDING_NAMES, mode_of
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.standard_calls import handed_call
from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName, Value, Values
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.libraries.builders import Builder, Kind
from flake8_redis_ssot.libraries.standard import CALLERS
from flake8_redis_ssot.libraries.traits import INITIALISING
from flake8_redis_ssot.libraries.vocabulary import VARIABLE_PREFIX
from flake8_redis_ssot.settings.boundaries import Place
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.source import Range, SourceFile
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name, root_of
from flake8_redis_ssot.syntax.scope_builder import build_scopes
from flake8_redis_ssot.syntax.scopes import Scopes

_MODES = ("a blocking", "an asyncio")


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
            ast.Call, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Import, ast.ImportFrom, ast.With
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
        return build_scopes(self.source.tree, self.source.text, self.place.modules, self.place.is_package)

    @cached_property
    def inference(self) -> Inference:
        """The values of the file."""
        return Inference(self.names, self.scopes)

    @cached_property
    def points(self) -> list[ProgramPoint]:
        """The nodes that a rule may ask about, in the order in which they run."""
        return self.scopes.gathered(self._wanted)

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
        return list(readings(self.inference, self.scopes.points((ast.Call, ast.Subscript))))

    def defaults(self) -> Iterator[DefaultFacts]:
        """The constant defaults that those readings give."""
        for reading in self.readings:
            if reading.default is not None:
                where = self.source.range_of(reading.default)
                yield DefaultFacts(reading.name, str(reading.default.value), where)

    @property
    def is_settings_module(self) -> bool:
        """Whether the settings say that the file may read addresses from the environment."""
        homes = self.settings.settings_modules
        return any(is_under(m, home) for m in self.place.modules for home in homes)

    @cached_property
    def constructions(self) -> list[Construction]:
        """Every call of the file that builds a client or a pool, in source order."""
        found = []
        for point in self.points:
            if isinstance(point.node, ast.Call) and not point.for_typing:
                direct = self.names.builders(point)
                reached = direct or self.inference.builders(point)
                if reached:
                    found.append(self._made(point, point.node, reached, inferred=not direct))
        return found

    def _made(
        self, point: ProgramPoint, call: ast.Call, reached: Mapping[str, Builder], *, inferred: bool = True
    ) -> Construction:
        values = self.inference.values(call.func, point) if inferred else ()
        building = [v for v in values if self.inference.builder_names(v)]
        classes = {getattr(v.scope.node, "name", "") for v in building if isinstance(v, Definition)}
        is_ours = all(isinstance(v, Definition) for v in building) and "" not in classes
        subclasses = tuple(sorted(classes)) if is_ours else ()
        return Construction(point, call, reached, self.source.range_of(call), inferred, subclasses)

    @cached_property
    def handed_over(self) -> list[Construction]:
        """What is built by a function that calls the builder it is given: `map(redis.Redis, hosts)`.

        The call of each is synthetic, not in the tree; its point is the call that makes it.
        """
        found = []
        for point in self.points:
            if isinstance(point.node, ast.Call) and last_name(point.node.func) in CALLERS:
                call = None if point.for_typing else handed_call(self.inference, point.node, point)
                reached = self.inference.builders(replace(point, node=call)) if call is not None else {}
                if call is not None and reached:
                    found.append(self._made(point, call, reached))
        return found

    @cached_property
    def commands(self) -> list[Command]:
        """Every command of the file that is sent on a client of known kind, in source order."""
        may_be = self.inference.may_be_one_of
        points = (
            point
            for point in self.points
            if not isinstance(point.node, ast.Call) or may_be(SENDING_NAMES, point.node.func, point)
        )
        return list(commands(self.inference, self.scopes, points))

    @cached_property
    def stalling(self) -> list[tuple[Run, ast.AsyncFunctionDef, Command]]:
        """What runs, in `async def`, functions of the file that send by a blocking client, with what they send."""
        if "async def" not in self.source.text:
            return []
        return list(in_coroutines(self.inference, self.scopes, self.blocking))

    @cached_property
    def blocking(self) -> list[tuple[Run, Blocking]]:
        """What runs functions of the file that send by a blocking client, with what each comes to."""
        if self.inference.is_exhausted:
            return []
        known = BlockingFunctions()
        new = known.learn_commands(self.commands)
        if not new:
            return []
        while new:
            named = [point for name in sorted(new) for point in self.inference.running(name)]
            new = known.learn_calls(self.inference, named)
        return list(known.runs(self.inference, self.scopes))

    def exposed_names(self) -> tuple[str, ...]:
        """The top-level names by which others get at something of a client library."""
        building = [
            made.point
            for made in self.constructions
            if made.brings_pool and made.point.scope.enclosing("function", "module").kind == "function"
        ]
        return tuple(sorted(exposed_names(self.source, self.inference, self.commands, building)))

    @property
    def built(self) -> dict[ast.Call, str]:
        """The calls that build, each with what it builds."""
        return {made.call: made.kind for made in self.constructions}

    @property
    def importing(self) -> frozenset[str]:
        """The other files that import this one, save tests, as far as they are known."""
        return frozenset()

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
                    found.append(PoolFacts(target, made.label, made.symbols, made.range))
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

    def built_outside(self, kind: Kind | None) -> list[Construction]:
        """The constructions of that kind (None: any), unless the file is the manager, which may build, or one more manager is made."""
        if self.place.is_manager:
            return []
        made = (c for c in (*self.constructions, *self.handed_over) if kind in (None, c.kind))
        return [c for c in made if c.call not in self.made_managers and not self._initialises_manager(c)]

    def _initialises_manager(self, made: Construction) -> bool:
        """Whether a call gives an object of the manager what that was made to wait for."""
        match made.call.func:
            case ast.Attribute(value=owner, attr=method) if method in INITIALISING:
                values = self.named_values(owner, made.point)
                ours = {value for value in values if self._is_of_manager(value)}
                return bool(ours) and not any(
                    isinstance(one, Instance)
                    for value in values - ours
                    for one in (
                        self.inference.resolved(value) if isinstance(value, QualifiedName) else (value,)
                    )
                )
        return False

    def _is_of_manager(self, value: Value) -> bool:
        return isinstance(value, QualifiedName) and self.names.managers.defines(self.boundary, value.name)

    def named_values(self, node: ast.expr, point: ProgramPoint) -> Values:
        """The values of an expression, where those of other files go by their dotted names."""
        return self.inference.values(node, point)

    @cached_property
    def made_managers(self) -> dict[ast.Call, str]:
        """The calls that make one more manager, each with the name of the class."""
        found = {}
        has_managers = self.boundary.managers or self.boundary.forbidden
        for point in self.points if has_managers else ():
            if isinstance(point.node, ast.Call) and not point.for_typing:
                names = self._callee_names(point.node.func, point)
                name = next((name for name in names if self._makes_manager(name, point.node)), None)
                if name is not None:
                    found[point.node] = name
        return found

    def _callee_names(self, func: ast.expr, point: ProgramPoint) -> list[str]:
        """The dotted names of what a callee can be; none where no name says that it may be a class, as of `x.get`."""
        root = root_of(func)
        is_imported = isinstance(root, ast.Name) and self.scopes.may_be_imported(root.id)
        is_class = isinstance(func, ast.Attribute) and func.attr[:1].isupper()
        if not (is_imported or is_class or self.inference.may_be_one_of((), func, point)):
            return []
        values = self.inference.values(func, point)
        return sorted(value.name for value in values if isinstance(value, QualifiedName))

    def _makes_manager(self, name: str, call: ast.Call) -> bool:
        """Whether a call of `name` makes one more manager, of the file's boundary or a forbidden one."""
        managers = self.names.managers
        for module in self.place.modules:
            inside = name.removeprefix(f"{module}.").partition(".")[0]
            if name.startswith(f"{module}.") and managers.modules.find(f"{module}.{inside}") is None:
                return False  # it is this file's, and not of a submodule
        if self.forbids(name):
            return managers.kind(name) in ("class", "data") and managers.reaches(name)
        if self.place.is_manager or not managers.is_built_anew(
            name, self.boundary, lambda parameter, at: _is_given(call, parameter, at)
        ):
            return False
        # a test of a class that borrows gives it a client of its own
        is_given = bool(call.args or call.keywords) and self.settings.is_test(self.source.path)
        return not (is_given and managers.only_borrows(name))

    def is_adapted(self, made: Construction) -> bool:
        """Whether the callee may take other arguments than the library's: a `partial`, a subclass."""
        return any(
            not isinstance(v, QualifiedName) for v in self.inference.values(made.call.func, made.point)
        ) or ("partial" in self.source.text)

    def belongs(self, name: str) -> str:
        """How the dotted `name` stands to its manager, for a message: `is`, or `belongs to`."""
        kind = self.names.managers.kind(name)
        if kind is None:  # it lies deeper in something, or is gone
            return "belongs to" if self.forbids(name.rpartition(".")[0]) else "is"
        return "is" if kind == "module" else "belongs to"

    def use_instead(self, old: str = "", made: Construction | None = None) -> str:
        """What a message advises instead of the dotted `old`, or of what is `made`: the manager of this place.

        Its shared object only where that may do: what blocks is no replacement for what does not.
        """
        boundary, managers = self.boundary, self.names.managers
        if not boundary.managers:
            return manager_wanted(boundary) if boundary.name else UNNAMED
        replacement = self.settings.replacement_of(old) or ""
        new = replacement.removesuffix("()")
        if managers.owns(boundary, new) and managers.modules.lookup(new) is not None:
            return f"use {self._from_home(replacement)}"
        homes = [module for module in managers.homes(boundary) if not managers.is_missing(module)]
        if not homes:
            return "correct `manager`, which names no module that is there"
        shown, name = " or ".join(f"`{module}`" for module in homes), boundary.instance or ""
        home = next((m for m in homes if managers.has(m, name.removesuffix("()"))), None) if name else None
        if home is None:
            return f"use {shown}"
        if managers.is_made_anew(f"{home}.{name}"):
            return f"use {shown}, where `{name}` is to keep one client: it makes a new one at each call"
        wanted = managers.mode(old) if made is None else self._mode_of(made)
        if wanted is not None and managers.mode(f"{home}.{name}") not in (None, wanted):
            if not managers.all_of_mode(boundary, wanted):
                there, here = _MODES if wanted == "async" else _MODES[::-1]
                return f"{shown} has {there} client only: let it give {here} one, and use that"
            other = managers.of_mode(boundary, wanted)
            return f"use {shown if other is None else self._from_home(other)}"
        return f"use `{name}` from {shown}"

    def take_from_settings(self) -> str:
        """What a message advises instead of a setting that stands here: a module may be the one that has them."""
        instead = self.use_instead()
        is_test = self.settings.is_test(self.source.path)
        return instead if is_test else f"{instead}, or name this module in `settings-modules`"

    def _from_home(self, name: str) -> str:
        """A dotted name, for a message: an object with the module that has it."""
        home, _, last = name.rpartition(".")
        return (
            f"`{last}` from `{home}`" if self.names.managers.modules.find(home) is not None else f"`{name}`"
        )

    def _mode_of(self, made: Construction) -> str | None:
        """Whether what is built blocks, where all that it can be is alike."""
        modes = {mode_of(builder) for builder in made.reached.values()}
        return min(filter(None, modes), default=None) if len(modes) == 1 else None

    def built_message(self, made: Construction) -> str:
        """What is said of a construction outside the manager."""
        instead = self.use_instead(made=made)
        message = f"{made.label} builds a {made.kind} outside the Redis manager; {instead}"
        around = self.place.manager_around
        if around is not None:
            message += f', or write `manager = "{around}.**"` if all below `{around}` is the manager'
        return message

    def every_import(self) -> Iterator[tuple[ast.Import | ast.ImportFrom, ast.alias, tuple[str, ...]]]:
        """Each alias of each import of the file, at any depth, with the dotted names it can mean."""
        for node in all_nodes(self.source.tree):
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
                names = (f"{base}{tail}".lstrip(".") for base in bases)
                yield alias, tuple(name for name in names if not self._is_hidden(name))

    def _is_hidden(self, name: str) -> bool:
        """Whether a from-import of `name` gives no module of a manager, but what its package binds by that name."""
        modules = self.names.managers.modules
        package, _, last = name.rpartition(".")
        if not self._is_managers(name) or self._is_managers(package) or modules.find(name) is None:
            return False
        facts = modules.facts(package)
        known = facts.names.get(last) if facts is not None else None
        return known is not None and not self._is_managers(known.target or "")

    def _is_managers(self, name: str) -> bool:
        """Whether a dotted name is a manager of some boundary, a forbidden one, or of one of these."""
        return self.names.managers.owner(name) is not None or self.forbids(name)


@dataclass(frozen=True, slots=True)
class Noqa:
    """A `noqa` comment that names codes of ours.

    `unused` are those codes, with their places, that silenced nothing in this run. `known` are those that begin a
    rule's code; of one in small letters it has the code in capitals. `is_bare` says that the comment names `RED`,
    which flake8 takes for no code.
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


UNNAMED = "import a client from one module, which `manager` in [tool.redis-ssot] is to name"
"""What a message advises where no manager is set; the command says once how to set one."""


def manager_wanted(boundary: Boundary) -> str:
    """What a message advises where a boundary has no manager."""
    if boundary.name:
        return f"boundary `{boundary.name}` has no Redis manager: remove this, or give it one with `manager`"
    return "set `manager` in [tool.redis-ssot] to the one module that may build clients"
