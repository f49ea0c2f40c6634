"""The names of a module that only forward to the manager of its boundary."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable

from flake8_redis_ssot.analysis.operations import method_meanings
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.open_names import OpenInference
from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName
from flake8_redis_ssot.libraries.standard import KEEPING, LOGS
from flake8_redis_ssot.syntax.arguments import arguments_of
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Function, decorators_of, last_name
from flake8_redis_ssot.syntax.scopes import Scopes


class Forwarders:
    """Finds what the names of one module forward to; `owns` says whether a dotted name is the manager's."""

    def __init__(self, inference: Inference, owns: Callable[[str], bool]) -> None:
        self.scopes = inference.scopes
        self.inference = OpenInference(inference.names, inference.scopes)
        self.owns = owns
        self._targets: dict[ast.AST, str | None] = {}

    def names(self) -> tuple[dict[str, str], set[str], set[str]]:
        """The names that forward, each with its target; those that the module defines itself; those imported from elsewhere."""
        forwards: dict[str, str] = {}
        others: set[str] = set()
        imported: set[str] = set()
        bound = {**self.scopes.module.bindings, "*": self.scopes.module.stars}
        bound.pop("__all__", None)
        for name, bindings in bound.items():
            running = [b for b in bindings if not b.for_typing]
            target = next(filter(None, (self._target_of_binding(name, binding) for binding in running)), None)
            if target is not None:
                forwards[name] = target
            elif any(b.value is not None and not _makes_logger(b.value) for b in running):
                others.add(name)
            elif any(b.target and b.target.split(".")[0] not in sys.stdlib_module_names for b in running):
                imported.add(name)
        return forwards, others, imported

    def target_of(self, node: ast.expr) -> str | None:
        """The dotted name of the manager's object that an expression of the module is."""
        return self._target_of(node, self.scopes.module)

    def _target_of_binding(self, name: str, binding: Binding) -> str | None:
        """What a name of the module forwards to by one of its bindings."""
        if binding.target is not None:  # `import home` gives nobody a new name for it
            return binding.target if self.owns(binding.target) and binding.target != name else None
        if isinstance(binding.value, Function | ast.ClassDef):
            return self._target_of_definition(binding.value)
        value = binding.expression
        return self._target_of(value, self.scopes.module) if value is not None else None

    def _target_of_definition(self, node: ast.AST | None) -> str | None:
        """What a function or class of the module forwards to."""
        if node is not None and node not in self._targets:
            self._targets[node] = None  # for one that leads to itself
            if isinstance(node, ast.ClassDef):
                self._targets[node] = self._class(node)
            elif isinstance(node, Function):
                self._targets[node] = self._function(node)
        return self._targets[node] if node is not None else None

    def _target_of(self, node: ast.expr, scope: Scope) -> str | None:
        """The dotted name of the manager's object that an expression is, or calls with nothing but the function's own parameters."""
        outer = node.value if isinstance(node, ast.Await) else node
        given = scope.bindings if scope.kind == "function" else {}
        match outer:
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.expr() as owner, *_]) if given:
                node = outer = owner
            case ast.Call() if not all(_is_parameter(argument, given) for argument in arguments_of(outer)):
                return None
        chain = _chain(outer)
        calls = [part for part in chain if isinstance(part, ast.Call)]
        if not isinstance(chain[-1], ast.Name) or any(arguments_of(c) for c in calls if c is not outer):
            return None
        if _is_parameter(chain[-1], given) and _receiver(scope) != chain[-1].id:
            return None  # a parameter is not the manager's
        values = self.inference.values(node, ProgramPoint(node, scope, 1 << 62, ()))
        for value in self.inference.awaited(values):
            match value:
                case QualifiedName(name=name) | Instance(of=QualifiedName(name=name)):
                    target = self._name_in_manager(name) if self.owns(name) else None
                case Definition(scope=own) | Instance(of=Definition(scope=own)):
                    target = self._target_of_definition(own.node)
                case _:
                    continue
            if target is not None and not (calls and self._is_class(target)):
                return target
        return None

    def _name_in_manager(self, name: str) -> str:
        """The longest part of a dotted name that the manager's module defines."""
        kind_of = self.inference.names.managers.kind
        while kind_of(name) is None and self.owns(owner := name.rpartition(".")[0]):
            if kind_of(owner) == "module":
                break
            name = owner
        return name

    def _is_class(self, name: str) -> bool:
        """Whether a dotted name is a class of the manager."""
        return self.inference.names.managers.kind(name) == "class"

    def _function(self, node: Function) -> str | None:
        """What a function forwards to by its only statement; None where it does anything else."""
        if not decorators_of(node) <= KEEPING:
            return None
        match [part for part in node.body if not _has_no_effect(part)]:
            case [
                ast.Return(value=ast.expr() as value)
                | ast.Expr(value=ast.Yield(value=ast.expr() as value))
                | ast.Expr(value=ast.Await() as value)
            ] if not _is_named_otherwise(node.name, value):
                return self._target_of(value, self.scopes.namespaces[node])
        return None

    def _class(self, node: ast.ClassDef) -> str | None:
        """What a class forwards to: all its public methods do, or it is an empty subclass."""
        body = [part for part in node.body if not _has_no_effect(part)]
        methods = [part for part in body if isinstance(part, Function)]
        if node.decorator_list or len(methods) < len(body):
            return None
        if not body:
            bases = (self._target_of(base, self.scopes.module) for base in node.bases)
            return next((base for base in bases if base and self._is_class(base)), None)
        if not all(self._only_stores(method) for method in methods if method.name == "__init__"):
            return None
        targets = [
            self._target_of_definition(m) for m in methods if is_public(m.name) or m.name == "__call__"
        ]
        return targets[0] if all(targets) and targets else None

    def _only_stores(self, method: Function) -> bool:
        """Whether an `__init__` does no more than store the manager."""
        scope = self.scopes.namespaces[method]
        for part in method.body:
            match part:
                case (
                    ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"))], value=value)
                    | ast.AnnAssign(
                        target=ast.Attribute(value=ast.Name(id="self")), value=ast.expr() as value
                    )
                ):
                    options = value.values if isinstance(value, ast.BoolOp) else [value]
                    if not any(self._target_of(option, scope) for option in options):
                        return False
                case _ if not _has_no_effect(part):
                    return False
        return True


def _is_named_otherwise(name: str, value: ast.expr) -> bool:
    """Whether a function hands its parameters to a method, and is itself called after the domain (`hit` for `incr`)."""
    call = value.value if isinstance(value, ast.Await) else value
    if name.startswith("__") or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    return bool(arguments_of(call)) and call.func.attr != name and not method_meanings(name)


def _receiver(scope: Scope) -> str:
    """The name of a method's first parameter (`self`); empty where there is none."""
    arguments = (
        b.value for bindings in scope.bindings.values() for b in bindings if isinstance(b.value, ast.arg)
    )
    return next((a.arg for a in arguments if Scopes.receiver(a, scope) is not None), "")


def _is_parameter(argument: ast.expr, given: dict[str, list[Binding]]) -> bool:
    """Whether an argument is a parameter of the function, passed on unchanged; `given` are the function's bindings."""
    inner = argument.value if isinstance(argument, ast.Starred) else argument
    return isinstance(inner, ast.Name) and any(isinstance(b.value, ast.arg) for b in given.get(inner.id, ()))


def is_public(name: str) -> bool:
    """Whether other modules are meant to use a name; `__getattr__` gives such names."""
    return not name.startswith("_") or name == "__getattr__"


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is only a constant, such as a docstring or `...`."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_text_or_log(node: ast.stmt) -> bool:
    """Whether a statement is only a constant, or a call that logs or warns."""
    return is_text(node) or (isinstance(node, ast.Expr) and getattr(_chain(node.value)[-1], "id", "") in LOGS)


def _has_no_effect(node: ast.stmt) -> bool:
    """Whether a statement of a function or class changes nothing for its callers."""
    return isinstance(node, ast.Pass | ast.Import | ast.ImportFrom) or is_text_or_log(node)


def _makes_logger(node: ast.AST) -> bool:
    """Whether an assigned value is a new logger."""
    node = node.value if isinstance(node, ast.AnnAssign) and node.value else node
    return isinstance(node, ast.Call) and last_name(node.func) in ("getLogger", "get_logger")


def _chain(node: ast.expr) -> list[ast.expr]:
    """The parts of a chain of calls and attributes, from the whole to its root: `a.b()`, `a.b`, `a`."""
    found = [node]
    while isinstance(node, ast.Call | ast.Attribute | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
        found.append(node)
    return found
