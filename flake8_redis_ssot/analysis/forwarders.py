"""Modules that do nothing but hand on the manager of their boundary."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator

from flake8_redis_ssot.facts.model import ShimFacts
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import QualifiedName
from flake8_redis_ssot.libraries.standard import KEEPING, LOGS, WARNINGS
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.scopes import ProgramPoint

Function = ast.FunctionDef | ast.AsyncFunctionDef


def shim_facts(source: SourceFile, inference: Inference, owns: Callable[[str], bool]) -> ShimFacts | None:
    """The facts of a module that does nothing but forward; `owns` tells what is the manager's."""
    return _Reader(source, inference, owns).facts()


class _Reader:
    """Reads the top level of one module."""

    def __init__(self, source: SourceFile, inference: Inference, owns: Callable[[str], bool]) -> None:
        self.source = source
        self.inference = inference
        self.owns = owns
        self.forwards: dict[str, str] = {}
        self.others: set[str] = set()
        self.imported: set[str] = set()
        self.exported: set[str] | None = None
        self.is_plain = True

    def facts(self) -> ShimFacts | None:
        tree = self.source.tree
        body = tree.body[1:] if _is_text(tree.body[0] if tree.body else None) else tree.body
        for node in body:
            self._read(node)
            if not self.is_plain:
                return None
        if self.exported is not None:
            public = self.exported
        else:
            public = {
                n for n in self.forwards.keys() | self.others if not n.startswith("_") or n == "__getattr__"
            }
            if self.imported and public <= self.forwards.keys():
                used = {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}
                public |= self.imported - used
        if not public or not public <= self.forwards.keys():
            return None
        where = self.source.range_of(body[0])
        deprecated = any(
            (isinstance(part, ast.Name) and part.id in WARNINGS)
            or (isinstance(part, ast.Attribute) and part.attr in WARNINGS)
            for part in ast.walk(tree)
        )
        return ShimFacts(
            where.start.line,
            where.start.column,
            where.end.line,
            where.end.column,
            tuple(sorted(public)),
            tuple(sorted({self.forwards[name] for name in public})),
            deprecated,
        )

    def _read(self, node: ast.stmt) -> None:
        """Take in one statement; `is_plain` goes where it does something of its own."""
        match node:
            case ast.Import() | ast.ImportFrom():
                self._read_import(node)
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                self._read_all(value)
            case ast.Assign(targets=targets, value=value) if all(isinstance(t, ast.Name) for t in targets):
                for target in targets:
                    assert isinstance(target, ast.Name)
                    self._read_value(target.id, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                self._read_value(name, value)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node.name, self._forwarding(node))
            case ast.ClassDef():
                self._define(node.name, self._forwarding_class(node))
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                for part in node.orelse:
                    self._read(part)
            case ast.Try():
                for part in [*node.body, *(s for h in node.handlers for s in h.body), *node.orelse]:
                    self._read(part)
                self.is_plain = self.is_plain and not node.finalbody
            case ast.Expr(value=value):
                self.is_plain = self.is_plain and (_is_text(node) or _root(value) in LOGS)
            case ast.Pass() | ast.Raise():
                pass
            case _:
                self.is_plain = False

    def _define(self, name: str, target: str | None) -> None:
        if target is not None:
            self.forwards[name] = target
        elif name not in self.forwards:
            self.others.add(name)

    def _read_import(self, node: ast.Import | ast.ImportFrom) -> None:
        bases = self.inference.scopes.bases(node) if isinstance(node, ast.ImportFrom) else [""]
        for alias in node.names:
            bound = alias.asname or (
                alias.name if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
            )
            full = [f"{base}.{alias.name}".strip(".") for base in bases]
            mine = next((name for name in full if self.owns(name.removesuffix(".*"))), None)
            if mine is not None and (alias.asname or isinstance(node, ast.ImportFrom)):
                self.forwards[bound] = mine.removesuffix(".*")
            elif not full or full[0].split(".")[0] not in sys.stdlib_module_names:
                self.imported.add(bound)

    def _read_all(self, value: ast.expr) -> None:
        try:
            self.exported = {str(name) for name in ast.literal_eval(value)}
        except (ValueError, TypeError):
            self.is_plain = False

    def _read_value(self, name: str, value: ast.expr | None) -> None:
        target = self._target(value, None)
        if target is not None:
            self.forwards[name] = target
        elif isinstance(value, ast.Call) and _last(value.func) in ("getLogger", "get_logger"):
            pass
        elif not (name.startswith("_") or name in self.forwards):
            self.others.add(name)

    # -- what forwards

    def _target(self, node: ast.expr | None, function: Function | None) -> str | None:
        """The dotted name of the manager's object that an expression is, or that it calls without more."""
        match node:
            case ast.Await(value=value):
                return self._target(value, function)
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.expr() as owner, *_]) if (
                function is not None
            ):
                return self._object(owner, function)
            case ast.Call(func=func):
                given = {*(p.arg for p in _parameters(function))} if function is not None else set()
                target = self._object(func, function)
                if target is None or not all(_hands_on(argument, given) for argument in _all_arguments(node)):
                    return None
                return None if self._is_class(target) else target
            case ast.Name() | ast.Attribute():
                return self._object(node, function)
        return None

    def _object(self, node: ast.expr, function: Function | None) -> str | None:
        """The manager's object that a name or attribute chain stands for."""
        root, called = node, False
        while isinstance(root, ast.Attribute | ast.Call):
            if isinstance(root, ast.Call):
                if _all_arguments(root):
                    return None
                called = True
            root = root.func if isinstance(root, ast.Call) else root.value
        if not isinstance(root, ast.Name):
            return None
        target = self.forwards.get(root.id)
        if target is not None:
            return None if called and self._is_class(target) else target
        scope = self.inference.scopes.namespaces.get(function) if function is not None else None
        point = ProgramPoint(node, scope or self.inference.scopes.module, 1 << 62, ())
        names = [
            v.name
            for v in self.inference.values(root if called else node, point)
            if isinstance(v, QualifiedName)
        ]
        mine = next((n for n in names if self.owns(n) and not (called and self._is_class(n))), None)
        return None if mine is None else self._known(mine)

    def _known(self, name: str) -> str:
        """The part of a dotted name that the manager's module defines."""
        known = name
        while self.owns(known) and self.inference.names.managers.kind(known) is None:
            known = known.rpartition(".")[0]
        return known if self.owns(known) else name

    def _is_class(self, name: str) -> bool:
        return self.inference.names.managers.kind(name) == "class"

    def _forwarding(self, node: Function, attributes: dict[str, str] | None = None) -> str | None:
        """What a function's call of the manager forwards to; None where it does anything else."""
        body = [
            s
            for s in node.body
            if not _is_text(s) and not isinstance(s, ast.Import | ast.ImportFrom | ast.Pass)
        ]
        body = [s for s in body if not (isinstance(s, ast.Expr) and _root(s.value) in LOGS)]
        if len(body) != 1 or any(
            _last(d.func if isinstance(d, ast.Call) else d) not in KEEPING for d in node.decorator_list
        ):
            return None
        match body[0]:
            case (
                ast.Return(value=value)
                | ast.Expr(value=ast.Yield(value=value))
                | ast.Expr(value=ast.Await(value=value))
            ):
                pass
            case _:
                return None
        if attributes is not None:
            found = self._of_attribute(value, node, attributes)
            if found is not None:
                return found
        return self._target(value, node)

    def _of_attribute(
        self, value: ast.expr | None, method: Function, attributes: dict[str, str]
    ) -> str | None:
        while isinstance(value, ast.Await):
            value = value.value
        arguments = _all_arguments(value) if isinstance(value, ast.Call) else []
        node = value.func if isinstance(value, ast.Call) else value
        while isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in attributes:
                given = {p.arg for p in _parameters(method)}
                return attributes[node.attr] if all(_hands_on(a, given) for a in arguments) else None
            node = node.value
        return None

    def _forwarding_class(self, node: ast.ClassDef) -> str | None:
        """What a class forwards to by each of its public methods, or as an empty subclass."""
        statements = [s for s in node.body if not _is_text(s) and not isinstance(s, ast.Pass)]
        bases = [self._object(base, None) for base in node.bases]
        base = next((b for b in bases if b and self._is_class(b)), None)
        if node.decorator_list or not statements:
            return None if node.decorator_list else base
        attributes: dict[str, str] = {}
        methods = [s for s in statements if isinstance(s, Function)]
        if len(methods) < len(statements):
            return None
        for method in methods:
            if method.name == "__init__" and not self._read_init(method, attributes):
                return None
        targets = [self._forwarding(m, attributes) for m in methods if not _is_private(m.name)]
        return targets[0] if targets and all(targets) else None

    def _read_init(self, method: Function, attributes: dict[str, str]) -> bool:
        """Whether an `__init__` only stores the manager, in `attributes`."""
        for statement in method.body:
            match statement:
                case (
                    ast.Assign(
                        targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)], value=value
                    )
                    | ast.AnnAssign(
                        target=ast.Attribute(value=ast.Name(id="self"), attr=attribute),
                        value=ast.expr() as value,
                    )
                ):
                    options = value.values if isinstance(value, ast.BoolOp) else [value]
                    target = next(filter(None, (self._target(o, method) for o in options)), None)
                    if target is None:
                        return False
                    attributes[attribute] = target
                case ast.Pass() | ast.Import() | ast.ImportFrom():
                    pass
                case ast.Expr(value=value) if _is_text(statement) or _root(value) in LOGS:
                    pass
                case _:
                    return False
        return True


def _parameters(function: Function | None) -> Iterator[ast.arg]:
    if function is not None:
        args = function.args
        yield from (*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, [args.vararg, args.kwarg]))


def _all_arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _hands_on(argument: ast.expr, given: set[str]) -> bool:
    inner = argument.value if isinstance(argument, ast.Starred) else argument
    return isinstance(inner, ast.Name) and inner.id in given


def _is_text(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_private(name: str) -> bool:
    return name.startswith("_") and name != "__call__"


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _root(node: ast.AST) -> str:
    """The name with which a chain of calls and attributes begins."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", "")
