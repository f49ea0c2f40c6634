"""Which classes of a file build a client or pool for each of their objects, and what its names and functions give to others."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from flake8_redis_ssot.analysis.operations import words
from flake8_redis_ssot.analysis.singletons import bases_of, is_shared
from flake8_redis_ssot.facts.modules import Built, ClassTraits, ClientFacts
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.methods import Mode, mode_of
from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName, Value
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.libraries.standard import BUILT_IN_DECORATORS, FACTORIES
from flake8_redis_ssot.libraries.traits import FIRST_POOL, FIRST_POOLS, OWNING, POOL_KEYWORDS
from flake8_redis_ssot.libraries.vocabulary import CLIENT_WORDS
from flake8_redis_ssot.syntax.arguments import arguments_of, default_of, positional
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of

_Origin = tuple[ast.Call | ast.arg, ProgramPoint]
_DEPTH = 20

_ALWAYS: frozenset[str] = frozenset()
"""No parameter keeps it from being built (see `_built_unless`)."""


def client_facts(inference: Inference, module: str, instances: Collection[str]) -> ClientFacts:
    """What the classes of a file have to do with clients; `module` is its dotted name.

    `instances` are the names of its shared objects, with `()` for an accessor that returns one.
    """
    makers = ClientMakers(inference, module)
    return ClientFacts(
        tuple((name, makers.traits(scope)) for name, scope in sorted(makers.classes.items())),
        tuple(sorted({name for instance in instances for name in makers.classes_of(instance)})),
        tuple(makers.modes()),
    )


class ClientMakers:
    """Asks the inference of one file where the clients and pools come from that its classes keep."""

    def __init__(self, inference: Inference, module: str) -> None:
        self.inference = inference
        self.module = module
        self.scopes = inference.scopes
        self._making: dict[Scope, bool] = {}

    @cached_property
    def classes(self) -> dict[str, Scope]:
        """The classes at the top level, by each of their names."""
        found = {
            getattr(node, "name", ""): scope
            for node, scope in self.scopes.namespaces.items()
            if scope.kind == "class" and scope.parent is self.scopes.module
        }
        for name, bindings in self.scopes.module.bindings.items():
            for value in (value for binding in bindings for value in self.inference.values_of(binding)):
                if isinstance(value, Definition) and value.scope in found.values():
                    found.setdefault(name, value.scope)
        return found

    @cached_property
    def _points(self) -> dict[ast.AST, ProgramPoint]:
        """The program points of the calls and assignments of the file."""
        kinds = (ast.Call, ast.Assign, ast.AnnAssign)
        return {point.node: point for point in self.scopes.points(kinds)}

    # -- what a class keeps

    def traits(self, scope: Scope) -> ClassTraits:
        """What a class has to do with clients and pools."""
        bases = tuple(self._bases(scope))
        built = tuple(dict.fromkeys(self._built(scope)))
        return ClassTraits(
            built,
            bases,
            tuple(sorted(name for name in scope.bindings if bases and self._overrides(scope, name))),
            is_shared(self.inference, scope),
            self._has_redis(scope),
            bool(built) or self._stores_redis(scope),
        )

    def _built(self, scope: Scope) -> Iterator[Built]:
        """The clients and pools that a class builds for each of its objects and keeps."""
        if self.inference.builder_names(Definition(scope)):
            yield Built("__init__", tuple((name, -1) for name in sorted(POOL_KEYWORDS)))
        for bindings in scope.attributes.values():
            origins = (origin for value, point in _values(bindings) for origin in self._origins(value, point))
            given = {leaf.arg for leaf, _ in origins if isinstance(leaf, ast.arg)}
            for value, point in _values(bindings):
                yield from self._built_for_attribute(value, point, given)
        for method in self._methods(scope):
            yield from self._built_into_container(method)
        for name, bindings in scope.bindings.items():
            for value, point in _values(bindings):
                if isinstance(value, Function) and "cached_property" in decorators_of(value):
                    inner = self.scopes.namespaces[value]
                    yield from (Built(name) for given in inner.returns if self._is_new(given.node, given))
                elif self._has_building_factory(value, point):
                    yield Built("__init__", ((name, -1),))

    def _built_for_attribute(
        self, value: ast.AST | None, point: ProgramPoint, given: Collection[str]
    ) -> Iterator[Built]:
        """The value of an attribute, if a method builds it; `given` are the parameters that methods store there."""
        function = point.scope.enclosing("function", "module")
        while function.parent is not None and function.parent.kind == "function":
            function = function.parent
        unless = self._built_unless(value, point)
        if unless is not None and isinstance(function.node, Function):
            owner = function.parent
            assert owner is not None
            names = {*given, *unless}
            yield Built(function.node.name, tuple(p for p in _parameters_of(owner) if p[0] in names))

    def _built_into_container(self, method: Function) -> Iterator[Built]:
        """What a method builds and puts into a container of its object, sets by name, or passes to `__init__` of the base."""
        receiver = next((a.arg for a in positional(method.args)), "")
        for node in all_nodes(method):
            values: list[ast.expr] = []
            match node:
                case ast.Assign(
                    targets=[ast.Subscript(value=ast.Attribute(value=ast.Name(id=name)))], value=value
                ):
                    values = [value] if name == receiver else []
                case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id=name)))):
                    values = node.args if name == receiver and node.func.attr in _STORING else []  # type: ignore[attr-defined]
                case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id=name), _, value]):
                    values = [value] if name == receiver else []
                case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__")):
                    values = arguments_of(node)
            for value in values:
                if self._is_new(value, self._points[node]):
                    yield Built(method.name)

    def _has_building_factory(self, value: ast.AST, point: ProgramPoint) -> bool:
        """Whether the value of a field is built for each object by a factory, as in `field(default_factory=Redis)`."""
        if isinstance(value, ast.AnnAssign):
            value = value.value or value
        factories = [k.value for k in getattr(value, "keywords", ()) if k.arg in FACTORIES]
        return any(
            self._returns_new(made) for factory in factories for made in self.inference.values(factory, point)
        )

    def _returns_new(self, value: Value) -> bool:
        """Whether each call of `value` builds a client or pool: one of a builder, of a class that keeps one, of a function that returns one."""
        if self.inference.builder_names(value):
            return True
        if not isinstance(value, Definition):
            return False
        scope = value.scope
        if scope not in self._making:
            self._making[scope] = False  # for a class or function that leads to itself
            if scope.kind == "class":
                own = any(True for _ in self._built(scope))
                bases = (base for _, values in bases_of(self.inference, scope) for base in values)
                self._making[scope] = own or any(map(self._returns_new, bases))
            else:
                self._making[scope] = any(self._is_new(given.node, given) for given in scope.returns)
        return self._making[scope]

    # -- where a value comes from

    def _is_new(self, node: ast.AST | None, point: ProgramPoint) -> bool:
        """Whether the value of an expression may be built where it stands."""
        return self._built_unless(node, point) is not None

    def _built_unless(self, node: ast.AST | None, point: ProgramPoint) -> frozenset[str] | None:
        """The parameters with which an expression gives no new client or pool, but what was passed; None where it never builds one."""
        built, given = False, set()
        for leaf, place in self._origins(node, point):
            if isinstance(leaf, ast.arg):
                given.add(leaf.arg)
            else:
                names = self._call_built_unless(leaf, place)
                built = built or names is not None
                given |= names or set()
        return frozenset(given) if built else None

    def _call_built_unless(self, call: ast.Call, point: ProgramPoint) -> frozenset[str] | None:
        """As `_built_unless`, for a call: of a builder with a pool of its own, or of a class that builds or is passed something built."""
        reached = self.inference.names.builders(point) or self.inference.builders(point)
        if reached:
            pool = _pool_of(call, reached)
            if pool is None:
                return _ALWAYS
            parameter = self._parameter_that_defaults_to_none(pool, point)
            return parameter if parameter is not None else self._built_unless(pool, point)
        for value in self.inference.values(call.func, point):
            is_class = isinstance(value, Definition) and value.scope.kind == "class"
            if is_class and self._returns_new(value):
                return _ALWAYS
            if is_class or (isinstance(value, QualifiedName) and value.name.rpartition(".")[2][:1].isupper()):
                arguments = arguments_of(call)
                if any(self._is_new(a, point) for a in arguments):
                    return _ALWAYS
        return None

    def _parameter_that_defaults_to_none(self, node: ast.expr, point: ProgramPoint) -> frozenset[str] | None:
        """The parameter that `node` is, if its default is None."""
        for leaf, place in self._origins(node, point):
            if isinstance(leaf, ast.arg) and isinstance(place.scope.node, Function | ast.Lambda):
                default = default_of(place.scope.node.args, leaf)
                if isinstance(default, ast.Constant) and default.value is None:
                    return frozenset([leaf.arg])
        return None

    def _origins(
        self,
        node: ast.AST | None,
        point: ProgramPoint,
        *,
        shared: bool = False,
        seen: frozenset[ast.AST] = frozenset(),
    ) -> Iterator[_Origin]:
        """The calls and parameters that a value comes from, through names, conditions and functions of the file.

        With `shared` also through names of the module and attributes, whose objects others may have as well.
        """
        if node is None or node in seen or len(seen) > _DEPTH:
            return
        seen |= {node}

        def follow(part: ast.AST | None, where: ProgramPoint = point) -> Iterator[_Origin]:
            return self._origins(part, where, shared=shared, seen=seen)

        match node:
            case ast.arg():
                yield node, point
            case ast.Name():
                for binding in self.inference.bindings(node.id, point):
                    for value, where in _values([binding]):
                        if shared or (where.scope.kind != "module" and not binding.always):
                            yield from follow(value, where)
            case ast.Attribute(value=ast.Name()) if shared:
                for owner in self.inference.values(node.value, point):
                    if isinstance(owner, Instance) and isinstance(owner.of, Definition):
                        for value, where in _values(owner.of.scope.attributes.get(node.attr, ())):
                            yield from follow(value, where)
            case ast.Call():
                place = self._points.get(node, point)
                functions = self._functions(node, place)
                for given in (given for function in functions for given in function.returns):
                    yield from follow(given.node, given)
                if not functions:
                    yield node, place
            case (
                ast.BoolOp(values=parts)
                | ast.Tuple(elts=parts)
                | ast.List(elts=parts)
                | ast.Set(elts=parts)
                | ast.Dict(values=parts)
            ):
                for part in parts:
                    yield from follow(part)
            case ast.IfExp():
                yield from follow(node.body)
                yield from follow(node.orelse)
            case (
                ast.ListComp(elt=part)
                | ast.SetComp(elt=part)
                | ast.DictComp(value=part)
                | ast.GeneratorExp(elt=part)
            ):
                yield from follow(part)
            case (
                ast.Await(value=part)
                | ast.NamedExpr(value=part)
                | ast.Starred(value=part)
                | ast.AnnAssign(value=part)
            ):
                yield from follow(part)

    def _functions(self, call: ast.Call, point: ProgramPoint) -> list[Scope]:
        """The functions of the file that a call runs; none with a decorator that may change what the call gives."""
        return [
            value.scope
            for value in self.inference.values(call.func, point)
            if isinstance(value, Definition)
            and isinstance(value.scope.node, Function)
            and not decorators_of(value.scope.node) - BUILT_IN_DECORATORS
        ]

    # -- the class itself

    def _methods(self, scope: Scope) -> Iterator[Function]:
        for bindings in scope.bindings.values():
            for binding in bindings:
                if isinstance(binding.value, Function) and not decorators_of(binding.value) & {
                    "staticmethod",
                    "classmethod",
                }:
                    yield binding.value

    def _bases(self, scope: Scope) -> Iterator[str]:
        """The dotted names of the classes that a class derives from, without those of client libraries."""
        for _, values in bases_of(self.inference, scope):
            for value in values:
                if isinstance(value, Definition) and value.scope.parent is self.scopes.module:
                    yield f"{self.module}.{getattr(value.scope.node, 'name', '')}"
                elif isinstance(value, QualifiedName) and not self.inference.names.leads_to_builder(
                    value.name
                ):
                    yield value.name

    def _overrides(self, scope: Scope, name: str) -> bool:
        """Whether a class overrides a method `name` without calling that of its bases."""
        methods = [b.value for b in scope.bindings[name] if isinstance(b.value, Function)]
        return any(
            not any(
                isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == name
                for part in all_nodes(method)
            )
            for method in methods
        )

    def _has_redis(self, scope: Scope) -> bool:
        """Whether anything in a class is a client, a pool, a manager or a builder, or a parameter is named like a client."""
        node = scope.node
        assert isinstance(node, ast.ClassDef)
        for part in all_nodes(node):
            if isinstance(part, ast.arg) and CLIENT_WORDS.intersection(words(part.arg)):
                return True
        points = self.scopes.points((ast.Name, ast.Attribute, ast.Call), within=node)
        return any(
            self._is_redis(value) for point in points for value in self.inference.values(point.node, point)
        )

    def _stores_redis(self, scope: Scope) -> bool:
        """Whether an attribute is a client, a pool or a manager, or a parameter that is named like a client."""
        bindings = [b for group in (*scope.attributes.values(), *scope.bindings.values()) for b in group]
        origins = (leaf for value, point in _values(bindings) for leaf, _ in self._origins(value, point))
        return any(
            isinstance(leaf, ast.arg) and CLIENT_WORDS.intersection(words(leaf.arg)) for leaf in origins
        ) or any(self._is_redis(value) for binding in bindings for value in self.inference.values_of(binding))

    def _is_redis(self, value: Value) -> bool:
        """Whether a value is a client, a pool, a manager, or a builder of one."""
        inference = self.inference
        if inference.builder_names(value) or inference.client(value):
            return True
        if isinstance(value, Instance) and inference.builder_names(value.of):
            return True
        return isinstance(value, QualifiedName) and inference.names.managers.kind(value.name) in (
            "object",
            "function",
            "class",
        )

    # -- what the module gives to others

    def modes(self) -> Iterator[tuple[str, Mode]]:
        """The top-level names that are, hold or return clients of a single mode, each with the mode; `()` follows one that returns them."""
        for name, bindings in self.scopes.module.bindings.items():
            values = [value for binding in bindings for value in self.inference.values_of(binding)]
            objects = {mode for value in values for mode in self._modes_of(value)}
            given = {
                mode
                for value in values
                if isinstance(value, Definition) and value.scope.kind == "function"
                for one in value.scope.returns
                for result in self.inference.values(one.node, one)
                for mode in self._modes_of(result)
            }
            if len(objects | given) == 1:
                yield name if objects else f"{name}()", min(objects | given)

    def _modes_of(self, value: Value) -> Iterator[Mode]:
        """The modes of the client that a value is, or of those that its attributes hold."""
        held = [value]
        if isinstance(value, Instance) and isinstance(value.of, Definition):
            attributes = value.of.scope.attributes.values()
            held += (one for bindings in attributes for b in bindings for one in self.inference.values_of(b))
        for client in filter(None, map(self.inference.client, held)):
            mode = mode_of(client[1])
            if mode is not None:
                yield mode

    def classes_of(self, instance: str) -> Iterator[str]:
        """The dotted names of the classes of a shared object, or of what an accessor (`get()`) returns."""
        name = instance.removesuffix("()")
        for value, point in _values(self.scopes.module.bindings.get(name, ())):
            if instance != name and value in self.scopes.namespaces:
                yield from self._returned_classes(self.scopes.namespaces[value])
            elif instance == name:
                yield from self._classes_behind(value, point)

    def handed_out(self) -> Iterator[str]:
        """The dotted names of the classes of all objects that functions of the file return, and that its top-level names are."""
        for scope in list(self.scopes.namespaces.values()):  # copied: evaluating a lambda adds its scope
            if scope.kind == "function":
                yield from self._returned_classes(scope)
        for bindings in self.scopes.module.bindings.values():
            for value, point in _values(bindings):
                yield from self._classes_behind(value, point)

    def _returned_classes(self, function: Scope) -> Iterator[str]:
        """The dotted names of the classes of what a function returns or yields."""
        for given in (*function.returns, *function.yields):
            yield from self._classes_behind(given.node, given)

    def _classes_behind(self, node: ast.AST | None, point: ProgramPoint) -> Iterator[str]:
        """The dotted names of the classes that the value of an expression is made of."""
        for leaf, place in self._origins(node, point, shared=True):
            if isinstance(leaf, ast.Call):
                for value in self.inference.values(leaf.func, place):
                    if isinstance(value, QualifiedName):
                        yield value.name
                    elif isinstance(value, Definition) and value.scope in self.classes.values():
                        yield f"{self.module}.{getattr(value.scope.node, 'name', '')}"


_STORING = frozenset(["append", "add", "setdefault", "insert", "appendleft"])
"""Methods that put an argument into a container."""


def _values(bindings: Iterable[Binding]) -> Iterator[tuple[ast.AST, ProgramPoint]]:
    """The values of the bindings that the file spells out, each with the point just before it is bound."""
    for binding in bindings:
        if binding.value is not None and binding.scope is not None:
            point = ProgramPoint(binding.value, binding.scope, binding.order - 1, binding.path)
            yield binding.value, point


def _parameters_of(owner: Scope) -> list[tuple[str, int]]:
    """The parameters of a class, by its `__init__`, each with its position; -1 stands for one that only a keyword gives."""
    for binding in owner.bindings.get("__init__", ()):
        if isinstance(binding.value, Function):
            args = binding.value.args
            given = positional(args)[1:]
            return [(a.arg, n) for n, a in enumerate(given)] + [(a.arg, -1) for a in args.kwonlyargs]
    return []


def _pool_of(call: ast.Call, reached: Mapping[str, Builder]) -> ast.expr | None:
    """The pool that a call passes to a builder; None where it passes none, or the constant None."""
    for keyword in call.keywords:
        if keyword.arg in POOL_KEYWORDS:
            is_none = isinstance(keyword.value, ast.Constant) and keyword.value.value is None
            return None if is_none else keyword.value
    for builder in reached.values():
        at = 0 if builder.target.endswith(OWNING) else FIRST_POOLS.get(builder.target, FIRST_POOL)
        if at < len(call.args) and builder.kind == "client":
            return call.args[at]
    return None
