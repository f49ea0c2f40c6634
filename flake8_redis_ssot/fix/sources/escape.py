"""What one file does with an object that it imports: followed from name to name, until it escapes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from flake8_redis_ssot.fix.sources.quoted_types import quoted_types
from flake8_redis_ssot.fix.sources.uses import BY_KEY, BY_NAME, Seen, Uses, results
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.libraries.frameworks import DEPENDS_NAMES, OVERRIDES, PATCHING_METHODS
from flake8_redis_ssot.libraries.standard import (
    BUILT_IN_DECORATORS,
    CACHES,
    PLAIN_BASES,
    PROPERTIES,
    STATING_TYPES,
)
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.arguments import default_of, is_unpacked, parameter_of, single
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.imports import local_name_of
from flake8_redis_ssot.syntax.nodes import (
    Function,
    FunctionOrLambda,
    all_nodes,
    decorators_of,
    last_name,
    nearest,
    parents_of,
    unparsed,
)
from flake8_redis_ssot.syntax.scope_builder import build_scopes

_NODES = (ast.Name, ast.Import, ast.ImportFrom, ast.Return)
_RECEIVERS = frozenset(["self", "cls"])
_OF_METHODS = CACHES | PROPERTIES | BUILT_IN_DECORATORS
_TRUTH = frozenset(["__bool__", "__len__"])
TEXT = frozenset(["__str__", "__format__", "__repr__"])
"""The methods that make a text of an object."""
_TYPE_COMMENT = re.compile(r"#\s*type:\s*(?!ignore)(.*)")


class FileUses:
    """The uses of names in one file, by all of its expressions.

    The attributes of objects made in a test (`is_test`) are nobody else's to read.
    """

    def __init__(
        self,
        source: SourceFile,
        names: Names,
        modules: tuple[str, ...],
        is_package: bool,
        *,
        is_test: bool = False,
    ) -> None:
        self.is_test = is_test
        self.source = source
        self.names = names
        self.scopes = build_scopes(source.tree, source.text, modules, is_package)
        self.names.arms.update(self.scopes.arms)
        self.parents = parents_of(source.tree)
        self.points = {point.node: point for point in self.scopes.points(_NODES)}
        quoted = list(quoted_types(self.scopes, self.names, self.parents))
        self._quoted = {text for text, *_ in quoted}
        for text, found, points in quoted:
            self.parents |= parents_of(found) | {found: text}
            self.points |= {point.node: point for point in points}
        self._by_name: dict[str, list[ProgramPoint]] = {}
        for point in self.points.values():
            if isinstance(point.node, ast.Name):
                self._by_name.setdefault(point.node.id, []).append(point)

    def binding(self, statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> tuple[str, Binding] | None:
        """The name that an import binds, and the binding; None for a star, or a name of several meanings."""
        name = local_name_of(statement, alias)
        point = self.points[statement]
        owner = point.scope.outer.get(name, point.scope)
        found = [b for b in owner.bindings.get(name, ()) if b.order == point.order]
        is_whole = (
            isinstance(statement, ast.Import) and alias.asname is None
        )  # `import a.b, a.c` binds `a` twice
        return (name, found[0]) if found and (len(found) == 1 or is_whole) else None

    def scope_of(self, statement: ast.Import | ast.ImportFrom) -> Scope:
        """The scope in which an import stands."""
        return self.points[statement].scope

    def of(self, name: str, binding: Binding) -> list[tuple[ast.Name, bool]]:
        """The places where `name` may have this binding; whether it can have no other.

        A function may run at any time, so that it may see each binding of the scopes around it.
        """
        found = []
        scopes = (self.scopes.module, *self.scopes.namespaces.values())
        owner = next((s for s in scopes if binding in s.bindings.get(name, ())), self.scopes.module)
        others = [b for b in (*owner.bindings.get(name, ()), *owner.stars) if b is not binding]
        for point in self._by_name.get(name, ()):
            assert isinstance(point.node, ast.Name)
            bindings = self.names.bindings(name, point, typing=True)
            inside = point.scope.enclosing("function", "module", "class") is not owner
            if binding in bindings:
                found.append((point.node, len(bindings) == 1 and not (inside and others)))
            elif inside and any(other in bindings for other in others):
                found.append((point.node, False))
        return found

    def bindings_of(self, node: ast.Name) -> list[Binding]:
        """What a name may be bound to where it stands; nothing for what Python itself has."""
        point = self.points.get(node)
        return self.names.bindings(node.id, point) if point is not None else []

    def named(self, name: str) -> list[ast.Name]:
        """All places where `name` stands for a value, whatever it means there."""
        return [p.node for p in self._by_name.get(name, ()) if isinstance(p.node, ast.Name)]

    def of_star(self, name: str, statement: ast.stmt) -> list[ast.Name] | None:
        """The places where `name` is what a star import gives; None where it may be something else too."""
        found = []
        order = self.points[statement].order
        for point in self._by_name.get(name, ()):
            assert isinstance(point.node, ast.Name)
            bindings = self.names.bindings(name, point, typing=True)
            if any(b.star and b.order == order for b in bindings):
                if len(bindings) > 1 or not isinstance(point.node.ctx, ast.Load):
                    return None
                found.append(point.node)
        return found

    def means(self, name: str, at: ast.AST, binding: Binding) -> bool:
        """Whether `name` would have just this binding at the place of another name."""
        point = self.points[at]
        return self.names.bindings(name, point, typing=True) == [binding]

    @cached_property
    def words(self) -> frozenset[str]:
        """All names that the file binds or uses, in whatever scope."""
        found = {name for name, _ in self.scopes.all_bindings} | set(self._by_name)
        for node in self.parents:
            if isinstance(node, ast.Global | ast.Nonlocal):
                found |= set(node.names)
        return frozenset(found)

    @cached_property
    def texts(self) -> dict[str, ast.Constant]:
        """Each string of the file that is a name, or holds one in an annotation, by that name."""
        found: dict[str, ast.Constant] = {}
        for node in self.parents:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
                if node in self._quoted:
                    continue
                if node.value.isidentifier():
                    found.setdefault(node.value, node)
                elif self.is_annotation(node):
                    for word in re.findall(r"\w+", node.value):
                        found.setdefault(word, node)
        return found

    @cached_property
    def type_comments(self) -> frozenset[str]:
        """The words of the comments that state a type."""
        if "type:" not in self.source.text:
            return frozenset()
        return frozenset(
            w for text in _TYPE_COMMENT.findall(self.source.text) for w in re.findall(r"\w+", text)
        )

    def is_annotation(self, node: ast.AST) -> bool:
        """Whether an expression only states a type."""
        before = node
        while isinstance(parent := self.parents.get(node), ast.expr | ast.arg | ast.keyword):
            match parent:
                case ast.arg():
                    return True
                case ast.Call(func=func, args=[*args]) if (
                    last_name(func) in STATING_TYPES and func is not node
                ):
                    return node in args[:1] or last_name(func) != "cast"
                case ast.Subscript(value=value, slice=ast.Tuple(elts=[first, *_])) if last_name(
                    value
                ) == "Annotated" and any(part is before for part in all_nodes(first)):
                    return True
            before, node = node, parent
        match parent:
            case ast.AnnAssign(annotation=annotation):
                return annotation is node
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns):
                return returns is node
        return False

    def returning(self, node: ast.AST) -> str | None:
        """The function that returns or yields what an expression gives; None where it does not."""
        above: ast.AST | None = self.parents.get(node)
        is_returned = isinstance(above, ast.Return | ast.Yield)
        while is_returned and not isinstance(above, FunctionOrLambda | None):
            above = self.parents.get(above)
        return above.name if is_returned and isinstance(above, Function) else None

    def injected(self, node: ast.expr) -> list[ast.Name] | None:
        """Where a parameter is read that a framework gives what the function `node` gives; None for any other use."""
        call = self.parents.get(node)
        if not (isinstance(call, ast.Call) and last_name(call.func) in DEPENDS_NAMES and call.args == [node]):
            return None
        parameter = self._filled_by(call)
        found = self._bound_to(parameter)
        if found is None:
            return None
        return [place for place, _ in self.of(*found) if isinstance(place.ctx, ast.Load)]

    def _filled_by(self, call: ast.Call) -> ast.arg | None:
        """The parameter that has a call for its default, or in its annotation, as `Annotated[..., call]`."""
        above = self.parents.get(call)
        if isinstance(above, ast.arguments):
            return next((one for one in single(above) if default_of(above, one) is call), None)
        subscript = self.parents.get(above) if isinstance(above, ast.Tuple) else None
        if isinstance(subscript, ast.Subscript) and last_name(subscript.value) == "Annotated":
            argument = self.parents.get(subscript)
            return argument if isinstance(argument, ast.arg) else None
        return None

    def is_overridden(self, node: ast.expr) -> bool:
        """Whether a function is only the key by which a test puts another one in its place."""
        above = self.parents.get(node)
        return (
            isinstance(above, ast.Subscript)
            and above.slice is node
            and last_name(above.value) == OVERRIDES
            and not isinstance(above.ctx, ast.Load)
        )

    def giver(self, node: ast.AST) -> Function | None:
        """The function at the top of the file, as it is written, that returns what an expression gives."""
        name = self.returning(node)
        found = [one for one in self.source.tree.body if getattr(one, "name", None) == name is not None]
        is_plain = len(found) == 1 and isinstance(found[0], Function)
        return found[0] if is_plain and _is_as_written(found[0]) else None  # type: ignore[arg-type,return-value]

    def given_by(self, place: ast.expr, function: ast.AST) -> list[ast.expr] | None:
        """The expressions that have what a function gives where it is named; None where it is handed on."""
        reads = self.injected(place)
        if reads is not None:
            return [*reads]
        if self.is_overridden(place):
            return []
        call = self.parents.get(place)
        if any(isinstance(part, ast.Yield | ast.YieldFrom) for part in all_nodes(function)):
            return None
        got = self.parents.get(call) if isinstance(function, ast.AsyncFunctionDef) and call else call
        is_called = isinstance(call, ast.Call) and call.func is place
        return [got] if is_called and isinstance(got, ast.Call | ast.Await) else None

    def patched_name(self, node: ast.AST) -> str | None:
        """The attribute of an object that a test exchanges for a time, where the object is handed to what does so."""
        parent = self.parents.get(node)
        if not (isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute)):
            return None
        if parent.func.attr not in PATCHING_METHODS or parent.args[:1] != [node]:
            return None
        second = parent.args[1] if len(parent.args) > 1 else None
        return str(second.value) if isinstance(second, ast.Constant) else None

    def chain(self, node: ast.expr, names: list[str]) -> ast.Attribute | None:
        """The expression that reads `names` one after the other of `node`; None where it is not so."""
        for name in names:
            parent = self.parents.get(node)
            if not isinstance(parent, ast.Attribute) or parent.attr != name:
                return None
            node = parent
        return node if isinstance(node, ast.Attribute) else None

    def follow(self, node: ast.expr, known: Seen) -> Uses:
        """What is done with the object that the expression `node` gives."""
        uses = Uses()
        self._follow(node, uses, known, set())
        return uses

    def _follow(self, node: ast.expr, uses: Uses, known: Seen, seen: set[object]) -> None:
        if node in seen:
            return
        seen.add(node)
        parent = self.parents.get(node)
        match parent:
            case ast.Attribute(ctx=ast.Load()):
                above = self.parents.get(parent)
                uses.members.append(
                    (parent, above if isinstance(above, ast.Call) and above.func is parent else None)
                )
            case ast.Attribute():
                uses.stored.append((parent, parent.attr))
            case ast.Assign(targets=targets):
                for target in targets:
                    self._follow_target(target, node, uses, known, seen)
            case ast.AnnAssign(target=target, value=value) if value is node:
                self._follow_target(target, node, uses, known, seen)
            case ast.NamedExpr(target=target):
                self._follow_target(target, node, uses, known, seen)
                self._follow(parent, uses, known, seen)
            case ast.BoolOp():
                uses.asked.append((node, _TRUTH))
                self._follow(parent, uses, known, seen)
            case ast.IfExp(test=test) if test is not node:
                self._follow(parent, uses, known, seen)
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [left, *others]
                if not all(isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq) for op in ops) or not all(
                    side is node or (isinstance(side, ast.Constant) and side.value is None) for side in sides
                ):
                    uses.escapes.append((node, "is compared"))
                else:
                    uses.none_asked.append(node)
                if not uses.escapes and any(isinstance(op, ast.Eq | ast.NotEq) for op in ops):
                    uses.asked.append((node, frozenset(["__eq__", "__ne__"])))
            case ast.Return() | ast.Yield():
                self._follow_return(node, uses, known, seen)
            case ast.withitem():
                uses.entered.append(node)
            case ast.Expr():
                pass
            case ast.If() | ast.While() | ast.Assert() | ast.IfExp() | ast.UnaryOp(op=ast.Not()):
                uses.asked.append((node, _TRUTH))
            case (
                ast.FormattedValue()
                | ast.Call(func=ast.Name(id="str" | "repr" | "ascii"), args=[_], keywords=[])
            ):
                uses.asked.append((node, TEXT))
            case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()) if value is node:
                uses.stored.append((parent, BY_KEY))
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[first, *rest]) if first is node:
                name = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
                uses.stored.append((node, name if isinstance(name, str) else BY_NAME))
            case ast.Call() | ast.keyword():
                call = parent if isinstance(parent, ast.Call) else self.parents.get(parent)
                taken = self._taken(call, node, known) if isinstance(call, ast.Call) else None
                if taken is not None:
                    for place, _ in self.of(*taken):
                        if isinstance(place.ctx, ast.Load):
                            self._follow(place, uses, known, seen)
                    return
                to = f"`{unparsed(call.func)}`" if isinstance(call, ast.Call) else "a function"
                uses.escapes.append((node, f"is handed to {to}"))
            case _:
                uses.escapes.append((node, "goes where it cannot be followed"))

    def _taken(self, call: ast.Call, node: ast.expr, known: Seen) -> tuple[str, Binding] | None:
        """The parameter that takes what is handed to a function or class at the top of the file; None where that is not seen."""
        bindings = self.bindings_of(call.func) if isinstance(call.func, ast.Name) else []
        found = [one for one in self.source.tree.body if [self.scopes.definitions.get(one)] == bindings]
        function: ast.AST | None = found[0] if len(found) == 1 else None
        is_class = isinstance(function, ast.ClassDef)
        if isinstance(function, ast.ClassDef):
            own = {part.name: part for part in function.body if isinstance(part, Function)}
            function = own.get("__init__") if "__new__" not in own and self._is_plain(function) else None
        if not isinstance(function, Function) or function.decorator_list or is_unpacked(call):
            return None
        if known.is_exchanged(last_name(call.func)):
            return None  # a test may put something there that remembers what it is handed
        taking = parameter_of(call, function.args, node, shifted=is_class)
        parameter = next((one for one in single(function.args) if one.arg == taking), None)
        return self._bound_to(parameter)

    def _bound_to(self, parameter: ast.arg | None) -> tuple[str, Binding] | None:
        """The name and binding of a parameter."""
        if parameter is None:
            return None
        return next(((n, b) for n, b in self.scopes.all_bindings if b.value is parameter), None)

    def _follow_target(
        self, target: ast.expr, node: ast.expr, uses: Uses, known: Seen, seen: set[object]
    ) -> None:
        """Go on with all places where what was assigned may be read."""
        match target:
            case ast.Name(id=name):
                found = [b for n, b in self.scopes.all_bindings if n == name and self._holds(b, node)]
                if not found:
                    uses.escapes.append((node, f"is kept as `{name}`"))
                for binding in found:
                    in_module = any(binding in bs for bs in self.scopes.module.bindings.values())
                    if in_module and name in known.exported:
                        uses.escapes.append((node, f"is kept as `{name}`, which other files read"))
                    owner = self._class_of(name, binding)
                    if owner is not None:
                        what = f"is kept as the class attribute `{name}`"
                        self._follow_attributes(name, owner, node, what, uses, known, seen)
                    for place, _ in self.of(name, binding):
                        if isinstance(place.ctx, ast.Load):
                            self._follow(place, uses, known, seen)
            case ast.Attribute(attr=name):
                owner = self._around(target) if last_name(target.value) in _RECEIVERS else None
                what = f"is kept as the attribute `{name}`"
                self._follow_attributes(name, owner, node, what, uses, known, seen)
            case _:
                uses.escapes.append((node, "is kept where it cannot be followed"))

    @staticmethod
    def _holds(binding: Binding, node: ast.expr) -> bool:
        value = binding.expression
        return value is not None and not binding.projection and any(part is node for part in results(value))

    def _class_of(self, name: str, binding: Binding) -> ast.AST | None:
        """The class of which a binding makes an attribute."""
        return next(
            (
                node
                for node, scope in self.scopes.namespaces.items()
                if scope.kind == "class" and binding in scope.bindings.get(name, ())
            ),
            None,
        )

    def _around(self, node: ast.AST) -> ast.AST | None:
        """The class in which something stands."""
        above: ast.AST | None = node
        while above is not None and not isinstance(above, ast.ClassDef):
            above = self.parents.get(above)
        return above

    def _is_plain(self, owner: ast.AST | None) -> bool:
        """Whether a class has its attributes for itself: no base that is not seen here may read them."""
        if not isinstance(owner, ast.ClassDef) or owner.keywords or owner.decorator_list:
            return False
        own = {part.name: part for part in self.source.tree.body if isinstance(part, ast.ClassDef)}
        return all(
            last_name(base) in PLAIN_BASES
            or (
                isinstance(base, ast.Name)
                and own.get(base.id, owner) is not owner
                and self._is_plain(own[base.id])
            )
            for base in owner.bases
        )

    def _follow_attributes(
        self, name: str, owner: ast.AST | None, node: ast.expr, what: str, uses: Uses, known: Seen, seen: set[object]
    ) -> None:  # fmt: skip
        """Go on with the attributes of a name in the file; others may read those of a class that is not plain."""
        is_own = name.startswith("_") or self.is_test or self._is_plain(owner)
        if not is_own or name in self.texts or known.is_exposed(name):
            uses.escapes.append((node, what))
        for attribute in self._attributes(name):
            if isinstance(attribute.ctx, ast.Load):
                self._follow(attribute, uses, known, seen)

    def _attributes(self, name: str) -> Iterator[ast.Attribute]:
        """All places of the file that read or set an attribute of this name, whoever's it is."""
        for part in all_nodes(self.source.tree):
            if isinstance(part, ast.Attribute) and part.attr == name:
                yield part

    def _follow_return(self, node: ast.expr, uses: Uses, known: Seen, seen: set[object]) -> None:
        """Go on at the calls of a private function that gives the object."""
        function = nearest(node, FunctionOrLambda | ast.ClassDef, self.parents)
        owner = self.parents.get(function) if function is not None else None
        is_method = isinstance(owner, ast.ClassDef)
        if not isinstance(function, Function) or not (
            _is_as_written(function) or (is_method and decorators_of(function) <= _OF_METHODS)
        ):
            uses.escapes.append((node, "is returned"))
            return
        name, binding = function.name, self.scopes.definitions.get(function)
        places: list[ast.expr] = [p for p, _ in self.of(name, binding)] if binding is not None else []
        public = name in known.exported
        if is_method:
            is_own = name.startswith("_") or self.is_test or self._is_plain(owner)
            public = (
                bool(places)
                or name.endswith("__")
                or not is_own
                or name in self.texts
                or known.is_exposed(name)
            )
            places = [attribute for attribute in self._attributes(name)]
        unseen = not places and not name.startswith("_") and (is_method or isinstance(owner, ast.Module))
        if binding is None or public or unseen:  # somebody calls it
            uses.escapes.append((node, f"is returned by `{name}`"))
            return
        if is_method and not decorators_of(function).isdisjoint(PROPERTIES):
            for place in places:
                self._follow(place, uses, known, seen)
            return
        for place in places:
            given = self.given_by(place, function)
            for got in given or ():
                self._follow(got, uses, known, seen)
            if given is None:
                uses.escapes.append((place, f"is what `{name}` gives, which is handed on"))


def _is_as_written(function: Function) -> bool:
    """Whether a function gives what its body returns: no decorator makes more of it than to keep that."""
    return decorators_of(function) <= CACHES
