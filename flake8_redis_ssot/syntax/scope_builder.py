"""Builds the symbol table of a file in one pass over its statements, in the order in which they run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.standard import FILLING
from flake8_redis_ssot.syntax.arguments import parameters
from flake8_redis_ssot.syntax.bindings import Binding, Branch, ProgramPoint, Projection, Scope, Store
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, last_name
from flake8_redis_ssot.syntax.patterns import captures
from flake8_redis_ssot.syntax.scopes import STEP, Item, OwnExpressions, Scopes, targets_in

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_CALLING = (ast.Call, ast.Await, ast.Attribute)


def build_scopes(tree: ast.Module, text: str, modules: Sequence[str], is_package: bool) -> Scopes:
    """The symbol table of a file; `modules` are its dotted names, to resolve relative imports."""
    scopes = Scopes(tree, text, modules, is_package)
    _ScopeBuilder(scopes).run(tree)
    return scopes


@dataclass(frozen=True, slots=True)
class _EndOfClass:
    """Stands on the stack behind the body of a class: there its name is bound."""

    node: ast.ClassDef


_Item = Item | tuple[_EndOfClass, Scope, tuple[Branch, ...]]


class _ScopeBuilder:
    """Visits statement after statement: one method for each kind, by the table `_ENTER`.

    Each binds what the statement binds, notes its expressions, and returns the statements in its body, last first, as
    they go on a stack.
    """

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self._order = 0
        self._subjects: dict[ast.match_case, ast.expr] = {}
        self._puts_off = False
        """Whether annotations are kept as text: `from __future__ import annotations`."""
        self._here: OwnExpressions

    def run(self, tree: ast.Module) -> None:
        """Visit all statements of a file."""
        stack: list[_Item] = [*self._body(tree.body, self.scopes.module, ())]
        while stack:
            node, scope, path = stack.pop()
            self._order += STEP
            if isinstance(node, _EndOfClass):
                self.scopes.bind(scope, node.node.name, self._order, path, value=node.node)
                continue
            self._here = OwnExpressions(node, scope, self._order, path)  # type: ignore[arg-type]
            self.scopes.statements.append(self._here)
            stack += self._enter(node, scope, path)

    def _enter(self, node: ast.AST, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        """Visit one statement; returns those in its body, last first."""
        enter = _ENTER.get(type(node), _ScopeBuilder._other)
        return enter(self, node, scope, path)

    def _expression(self, node: ast.Expr, _scope: Scope, _path: tuple[Branch, ...]) -> Sequence[_Item]:
        self._add_expression(node.value)
        return ()

    def _assignment(self, node: ast.Assign, _scope: Scope, _path: tuple[Branch, ...]) -> Sequence[_Item]:
        self._add_expression(node.value)
        self._assign(node.targets, node.value)
        return ()

    def _branching(self, node: ast.If | ast.While, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        if isinstance(node, ast.If):
            self._note_arms(node)
        self._add_expression(node.test)
        return self._arms(node, scope, path)

    def _loop(self, node: ast.For | ast.AsyncFor, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        if isinstance(node, ast.AsyncFor):
            self.scopes.iterated.add(node.iter)
        self._add_expression(node.iter)
        self._assign([node.target], node.iter, ("item",))
        return self._arms(node, scope, path)

    def _arms(
        self, node: ast.If | ast.While | ast.For | ast.AsyncFor, scope: Scope, path: tuple[Branch, ...]
    ) -> Sequence[_Item]:
        return [
            *self._body(node.orelse, scope, self._arm(node, "orelse", path)),
            *self._body(node.body, scope, self._arm(node, "body", path)),
        ]

    def _class(self, node: ast.ClassDef, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        inner = self.scopes.namespaces[node] = Scope("class", scope, node)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self._add_expression(part)
        return [(_EndOfClass(node), scope, path), *self._body(node.body, inner, path)]

    def _return(self, node: ast.Return, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        if node.value is not None:
            point = ProgramPoint(node.value, scope, self._order, path)
            scope.enclosing("function").returns.append(point)
            self._add_expression(node.value)
        return ()

    def _with(
        self, node: ast.With | ast.AsyncWith, scope: Scope, path: tuple[Branch, ...]
    ) -> Sequence[_Item]:
        for item in node.items:
            if isinstance(node, ast.With):
                self.scopes.entered.add(item.context_expr)
            self._add_expression(item.context_expr)
            if item.optional_vars is not None:
                self._assign([item.optional_vars], item.context_expr, ("enter",))
        return self._body(node.body, scope, path)

    def _try(self, node: ast.Try | ast.TryStar, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        self._note_arms(node)
        handlers = [
            (handler, scope, (*path, (id(node), f"handlers{n}"))) for n, handler in enumerate(node.handlers)
        ]
        return [
            *self._body(node.finalbody, scope, path),
            *self._body(node.orelse, scope, self._arm(node, "orelse", path)),
            *reversed(handlers),
            *self._body(node.body, scope, self._arm(node, "body", path)),
        ]

    def _handler(self, node: ast.ExceptHandler, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        if node.name:
            self.scopes.bind(scope, node.name, self._order, path)
        if node.type is not None:
            self._add_expression(node.type)
        return self._body(node.body, scope, path)

    def _match(self, node: ast.Match, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        self._note_arms(node)
        self._add_expression(node.subject)
        self._subjects.update(dict.fromkeys(node.cases, node.subject))
        return [(c, scope, (*path, (id(node), f"cases{n}"))) for n, c in enumerate(node.cases)][::-1]

    def _case(self, node: ast.match_case, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        for name, given in captures(node.pattern, self._subjects[node]).items():
            self.scopes.bind(scope, name, self._order, path, value=given)
        self._add_expression(node.pattern)
        if node.guard is not None:
            self._add_expression(node.guard)
        return self._body(node.body, scope, path)

    def _other(self, node: ast.AST, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        for part in parts:
            self._add_expression(part)
        # `del x` and `x += 1` give the name a meaning too, one that is not known
        deeper = isinstance(node, ast.Delete)
        for name in (n for part in parts for n in (all_nodes(part) if deeper else [part])):
            if isinstance(name, ast.Name) and not isinstance(name.ctx, ast.Load):
                self.scopes.bind(scope, name.id, self._order + STEP - 1, path)
        return ()

    @staticmethod
    def _body(body: Sequence[ast.stmt], scope: Scope, path: tuple[Branch, ...]) -> list[Item]:
        return [(statement, scope, path) for statement in reversed(body)]

    def _add_annotation(self, node: ast.expr, *, is_local: bool = False) -> None:
        """Note an annotation; one of a local variable is never evaluated, nor is any if the file puts them off."""
        path = self._here.path
        self._add_expression(node, (*path, (id(node), "typing")) if is_local or self._puts_off else path)

    def _add_expression(self, node: ast.AST, path: tuple[Branch, ...] | None = None) -> None:
        """Note an expression of the current statement (on its branches, or on `path`); the nodes within are visited on demand."""
        here = self._here
        self._order += STEP
        path = here.path if path is None else path
        here.expressions.append((node, here.scope, self._order, path))
        if isinstance(node, ast.Yield | ast.YieldFrom) and node.value is not None:
            self.scopes.note_yield(node, here.scope, self._order, here.path)
        elif type(node) in _CALLING:
            self._note_filling(node)
        if self.scopes.binds_within:
            for _ in self.scopes.points_in(node, here.scope, self._order, path, frozenset()):
                pass

    def _annotated(self, node: ast.AnnAssign, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        match node:
            case ast.AnnAssign(target=ast.Name(id=declared), value=None) if scope.kind == "class":
                owner: Scope | None = scope
            case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id=name), attr=declared), value=None):
                owner, _ = self._class_of(name, scope)
            case _:
                owner, declared = None, ""
        if owner is not None:
            bare = Binding(self._order, path, value=node, scope=scope)
            owner.attributes.setdefault(declared, []).append(bare)
            self.scopes.all_bindings.append((declared, bare))
        self._add_annotation(node.annotation, is_local=scope.kind == "function")
        if node.value is not None:
            self._add_expression(node.value)
            self._assign([node.target], node)
        return ()

    @staticmethod
    def _arm(node: ast.AST, name: str, path: tuple[Branch, ...]) -> tuple[Branch, ...]:
        """The branches around the arm `name` (`body`, `orelse`) of a statement that has those of `path` around it."""
        if isinstance(node, ast.If):
            negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
            test = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
            word = last_name(test)
            if word == "TYPE_CHECKING":
                never = name == ("orelse" if negated else "body")
                return (*path, (id(node), "typing")) if never else path
            return (*path, (id(node), name))
        if isinstance(node, _LOOPS):
            return (*path, (id(node), "loop" if name == "body" else "loop-else"))
        if isinstance(node, ast.Try | ast.TryStar) and name != "finalbody":
            # the `else` runs after the body without a failure, so it belongs to the same arm
            after = ((id(node), "else"),) if name == "orelse" else ()
            return (*path, (id(node), "try"), *after)
        return path

    def _note_arms(self, node: ast.If | ast.Try | ast.TryStar | ast.Match) -> None:
        """Note the arms of a statement of which one always runs, and the arms that leave (see `Scopes`)."""
        bodies: dict[str, list[ast.stmt]] = {}
        is_exhaustive = True
        match node:
            case ast.If():
                bodies = {"body": node.body, "orelse": node.orelse}
                is_exhaustive = bool(node.orelse)
            case ast.Match():
                bodies = {f"cases{n}": case.body for n, case in enumerate(node.cases)}
                last = node.cases[-1]
                is_exhaustive = (
                    last.guard is None
                    and isinstance(last.pattern, ast.MatchAs)
                    and last.pattern.pattern is None
                )
            case ast.Try() | ast.TryStar():
                bodies = {"try": [*node.body, *node.orelse]}
                bodies |= {f"handlers{n}": handler.body for n, handler in enumerate(node.handlers)}
        for arm, body in bodies.items():
            if body and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
                self.scopes.leaving.add((id(node), arm))
        if is_exhaustive:  # after an arm that leaves nothing runs
            self.scopes.arms[id(node)] = frozenset(
                arm for arm in bodies if (id(node), arm) not in self.scopes.leaving
            )

    def _function(self, node: Function, scope: Scope, path: tuple[Branch, ...]) -> Sequence[_Item]:
        inner = self.scopes.namespaces[node] = Scope("function", scope, node)
        everyone = parameters(node.args)
        for argument in everyone:
            self.scopes.bind(inner, argument.arg, self._order, (), value=argument)
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self._add_expression(part)
        for annotation in (*(argument.annotation for argument in everyone), node.returns):
            if annotation is not None:
                self._add_annotation(annotation)
        self._order += STEP
        self.scopes.bind(scope, node.name, self._order, path, value=node)
        return self._body(node.body, inner, ())

    def _assign(
        self, targets: Sequence[ast.expr], value: ast.AST | None, steps: tuple[Projection, ...] = ()
    ) -> None:
        """Bind the targets of an assignment; other expressions in them (`f()` in `f().x = 1`) are noted.

        All get the same order: in `a, b = b, a` both values are those from before.
        """
        scope, path = self._here.scope, self._here.path
        self._order += STEP
        leaves = (leaf for target in targets for leaf in targets_in(target, value, steps))
        for leaf, source, projection in leaves:
            match leaf:
                case ast.Name():
                    self.scopes.bind(scope, leaf.id, self._order, path, value=source, projection=projection)
                    continue
                case ast.Attribute(value=owner, attr=name) if source is not None:
                    self._set_attribute(owner, name, source, projection)
                case ast.Subscript(
                    value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(key))
                ):
                    self.scopes.bind(
                        self.scopes.module,
                        key,
                        self._order,
                        (),
                        value=source,
                        projection=projection,
                        where=scope,
                    )
                case ast.Subscript(value=owner, slice=key) if source is not None:
                    self._put(owner, key, source, projection)
            self._here.expressions.append((leaf, scope, self._order, path))

    def _set_attribute(
        self, owner: ast.expr, name: str, value: ast.AST, projection: tuple[Projection, ...] = ()
    ) -> None:
        """Note `owner.name = value`: an attribute of a class of the file if `owner` is one (or `self`), else a store."""
        here = self._here
        home, of_instance = self._class_kept_in(owner, here.scope)
        binding = Binding(self._order, (), None, False, True, value, projection, here.scope)
        if home is not None:
            bindings = home.attributes if of_instance else home.bindings
            bindings.setdefault(name, []).append(binding)
        else:
            self.scopes.stores.append(Store(owner, name, binding, here.path))
        self.scopes.all_bindings.append((name, binding))

    def _put(
        self, owner: ast.expr, key: ast.expr | None, value: ast.AST, projection: tuple[Projection, ...] = ()
    ) -> None:
        """Note the store `owner[key] = value`, or `owner.append(value)` with no key."""
        here = self._here
        binding = Binding(self._order, here.path, value=value, projection=projection, scope=here.scope)
        self.scopes.stores.append(Store(owner, key, binding, here.path))
        word = key.value if isinstance(key, ast.Constant) else None
        for name in {last_name(owner), word if isinstance(word, str) else ""} - {""}:
            self.scopes.all_bindings.append((name, binding))

    def _note_filling(self, node: ast.AST) -> None:
        """Note what calls put into containers (`x.append(1)`) or objects (`setattr`): all calls of a chain `a.b().c()`."""
        while isinstance(node, _CALLING):
            match node:
                case ast.Call(
                    func=ast.Name(id="setattr"), args=[owner, ast.Constant(value=str(name)), value]
                ):
                    self._set_attribute(owner, name, value)
                case ast.Call(func=ast.Attribute(value=owner, attr=name), args=[value]) if name in FILLING:
                    self._put(owner, None, value)
                case ast.Call(func=ast.Attribute(value=owner, attr="insert"), args=[_, value]):
                    self._put(owner, None, value)
                case ast.Call(
                    func=ast.Attribute(value=owner, attr="extend"),
                    args=[ast.List(elts=many) | ast.Tuple(elts=many)],
                ):
                    for value in many:
                        self._put(owner, None, value)
                case ast.Call(func=ast.Attribute(value=owner, attr="setdefault"), args=[key, value]):
                    self._put(owner, key, value)
                case ast.Call(func=ast.Attribute(value=owner, attr="update"), args=given, keywords=named):
                    for pairs in given:
                        if isinstance(pairs, ast.Dict):
                            for under, value in zip(pairs.keys, pairs.values, strict=True):
                                if under is not None:
                                    self._put(owner, under, value)
                    for keyword in named:
                        if keyword.arg is not None:
                            self._put(owner, ast.Constant(keyword.arg), keyword.value)
            node = node.func if isinstance(node, ast.Call) else node.value

    def _class_kept_in(self, owner: ast.expr, scope: Scope) -> tuple[Scope | None, bool]:
        """The same for an expression: also what a method makes of its own class, and keeps at the class (`cls._instance`)."""
        match owner:
            case ast.Name(id=name):
                return self._class_of(name, scope)
            case ast.Attribute(value=ast.Name(id=name), attr=attr):
                home, of_instance = self._class_of(name, scope)
                if home is not None and not of_instance:
                    made = (self._made_by_own(b, scope) for b in home.bindings.get(attr, ()))
                    return next((one for one in made if one is home), None), True
        return None, False

    def _made_by_own(self, binding: Binding, scope: Scope) -> Scope | None:
        """The class around a method, if a name is bound to an object that the method makes of it: `cls()`."""
        own = scope.enclosing("class")
        match binding.value if own.kind == "class" and not binding.projection else None:
            case (
                ast.Call(func=ast.Name(id=name))
                | ast.Call(func=ast.Attribute(attr="__new__"), args=[ast.Name(id=name), *_])
            ) if name == "cls" or name == getattr(own.node, "name", ""):
                return own if self._class_of(name, scope) == (own, False) else None
        return None

    def _class_of(self, name: str, scope: Scope) -> tuple[Scope | None, bool]:
        """The class of this file that `name` means: by its name, or as `self` or `cls`; and whether it is an instance."""
        current: Scope | None = scope
        while current is not None:
            for binding in current.bindings.get(name, ()):
                if isinstance(binding.value, ast.ClassDef):
                    return self.scopes.namespaces.get(binding.value), False
                if isinstance(binding.value, ast.arg):
                    is_class = name == "cls" or any(
                        getattr(d, "id", "") == "classmethod"
                        for d in getattr(current.node, "decorator_list", ())
                    )
                    return self.scopes.receiver(binding.value, current), not is_class
                made = self._made_by_own(binding, current)
                if made is not None:
                    return made, True
            if getattr(current.node, "name", "") == name and current.kind == "class":
                return current, False  # its own name, which is bound once its body has run
            current = None if name in current.bindings else current.parent
        return None, False

    def _import(
        self, node: ast.Import | ast.ImportFrom, scope: Scope, path: tuple[Branch, ...]
    ) -> Sequence[_Item]:
        if isinstance(node, ast.Import):
            self.scopes.imports.update(alias.name.split(".")[0] for alias in node.names)
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.split(".")[0]
                self.scopes.bind(scope, alias.asname or name, self._order, path, name)
            return ()
        if node.module == "__future__":
            self._puts_off |= any(alias.name == "annotations" for alias in node.names)
        bases = self.scopes.bases(node)
        self.scopes.imports.update(base.split(".")[0] for base in bases)
        for alias in node.names:
            if alias.name == "*":
                scope.stars += [Binding(self._order, path, base, star=True) for base in bases]
                continue
            for base in bases or [""]:
                dotted = f"{base}.{alias.name}" if base else None
                self.scopes.bind(scope, alias.asname or alias.name, self._order, path, dotted)
        return ()

    def _outer(
        self, node: ast.Global | ast.Nonlocal, scope: Scope, _path: tuple[Branch, ...]
    ) -> Sequence[_Item]:
        for name in node.names:
            owner = self.scopes.module
            if isinstance(node, ast.Nonlocal):
                # the binding may come further down: if there is none yet, the nearest function is meant
                ancestors = []
                parent = scope.parent
                while parent is not None:
                    ancestors += [parent] if parent.kind == "function" else []
                    parent = parent.parent
                owner = next(
                    (s for s in ancestors if name in s.bindings), ancestors[0] if ancestors else owner
                )
            scope.outer[name] = owner
        return ()


_ENTER: dict[type[ast.AST], Callable[..., Sequence[_Item]]] = {
    ast.AnnAssign: _ScopeBuilder._annotated,
    ast.Assign: _ScopeBuilder._assignment,
    ast.AsyncFor: _ScopeBuilder._loop,
    ast.AsyncFunctionDef: _ScopeBuilder._function,
    ast.AsyncWith: _ScopeBuilder._with,
    ast.ClassDef: _ScopeBuilder._class,
    ast.ExceptHandler: _ScopeBuilder._handler,
    ast.Expr: _ScopeBuilder._expression,
    ast.For: _ScopeBuilder._loop,
    ast.FunctionDef: _ScopeBuilder._function,
    ast.Global: _ScopeBuilder._outer,
    ast.If: _ScopeBuilder._branching,
    ast.Import: _ScopeBuilder._import,
    ast.ImportFrom: _ScopeBuilder._import,
    ast.Match: _ScopeBuilder._match,
    ast.match_case: _ScopeBuilder._case,
    ast.Nonlocal: _ScopeBuilder._outer,
    ast.Return: _ScopeBuilder._return,
    ast.Try: _ScopeBuilder._try,
    ast.TryStar: _ScopeBuilder._try,
    ast.While: _ScopeBuilder._branching,
    ast.With: _ScopeBuilder._with,
}
"""The method for each type of statement: a table, as a file has thousands of statements."""
