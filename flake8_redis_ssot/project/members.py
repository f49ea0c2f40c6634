"""The members of classes, and the parameters of functions, that names in the settings stand for, read from source.

The members are unknown (None) where a base, a decorator or a metaclass may add some.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from flake8_redis_ssot.facts.modules import Modules, bindings_in
from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.standard import (
    BUILT_IN_DECORATORS,
    CACHES,
    KIND_DECORATORS,
    PLAIN_BASES,
    PROPERTIES,
)
from flake8_redis_ssot.syntax.arguments import single
from flake8_redis_ssot.syntax.nodes import (
    Function,
    all_nodes,
    decorators_of,
    is_generator,
    last_name,
    unparsed,
)

_TRANSPARENT = BUILT_IN_DECORATORS | CACHES | KIND_DECORATORS


@dataclass(frozen=True, slots=True)
class Absent:
    """The member `name`, which the class `owner` does not have; `known` are those that it has."""

    owner: str
    name: str
    known: frozenset[str]


class MemberFinder:
    """Finds functions, and members of classes and of their instances in modules, by dotted names.

    `tree_of` gives the tree of the file at a path, None where it cannot be parsed.
    """

    def __init__(self, modules: Modules, tree_of: Callable[[str], ast.Module | None]) -> None:
        self._modules = modules
        self._tree_of = tree_of

    def find(self, name: str) -> ast.AST | Absent | None:
        """The definition of the function or member that a dotted name is; None where the source does not tell."""
        found = self._definition(name)
        if found is not None:
            return found[1]
        owner, _, last = name.rpartition(".")
        members = self._members(self._class_of(owner), frozenset())
        if members is None or last.startswith("__"):
            return None
        return members.get(last) or Absent(owner, last, frozenset(members))

    def is_never_called(self, name: str) -> bool:
        """Whether a dotted name is surely an object that cannot be called: a library's client, or one without `__call__`."""
        match self._definition(name):
            case (module, ast.Assign(value=ast.Call(func=made)) | ast.AnnAssign(value=ast.Call(func=made))):
                maker = self._modules.lookup(f"{module}.{unparsed(made)}")
                if maker is not None and maker.qualified_name in BUILDERS:
                    return name.rpartition(".")[2] not in self._reassigned_names(module)
                members = self._members(self._class_of(name), frozenset())
                return members is not None and "__call__" not in members
        return False

    def is_of_use_only_to_instances(self, name: str) -> bool:
        """Whether a dotted name is a class whose members are of no use without an instance."""
        made = self._definition(name)
        if made is None or not isinstance(made[1], ast.ClassDef):
            return False
        members = self._members((made[0], made[1]), frozenset()) or {}
        return any(isinstance(m, Function) for m in members.values()) and all(
            (name.startswith("_") and name != "__new__") or _is_for_instances(member)
            for name, member in members.items()
        )

    def instances_of(self, name: str) -> list[str]:
        """The top-level names of instances of a class, in the module that defines it."""
        made = self._definition(name)
        known = self._modules.facts(made[0]) if made is not None else None
        objects = [n for n, what in known.names.items() if what.kind == "object"] if known is not None else []
        return [n for n in objects if made is not None and self._class_of(f"{made[0]}.{n}") == made]

    def _definition(self, name: str) -> tuple[str, ast.stmt] | None:
        """The module that defines a dotted name, and the statement that does; None where none or several do."""
        found = self._modules.lookup(name)
        if found is None or found.kind in ("module", "unknown"):
            return None
        module, _, last = found.qualified_name.rpartition(".")
        tree = self._tree(module)
        nodes = [node for known, node in bindings_in(tree.body) if known == last] if tree is not None else []
        return (module, nodes[0]) if len(nodes) == 1 else None

    def _tree(self, module: str) -> ast.Module | None:
        """The tree of a module; None where it is not the project's, or cannot be parsed."""
        path = self._modules.find(module)
        return self._tree_of(path) if path is not None else None

    def _class_of(self, name: str) -> tuple[str, ast.ClassDef] | None:
        """The class that a dotted name is, or is an instance of, with its module."""
        match self._definition(name):
            case (module, ast.ClassDef() as node):
                return module, node
            case (module, ast.Assign(value=ast.Call(func=made)) | ast.AnnAssign(value=ast.Call(func=made))):
                if name.rpartition(".")[2] not in self._reassigned_names(module):
                    found = self._definition(f"{module}.{unparsed(made)}")
                    return (found[0], found[1]) if found and isinstance(found[1], ast.ClassDef) else None
        return None

    def _reassigned_names(self, module: str) -> set[str]:
        """The top-level names that functions of a module may assign anew, by `global`."""
        parts = all_nodes(self._tree(module) or ast.Module([], []))
        return {name for part in parts if isinstance(part, ast.Global) for name in part.names}

    def _members(
        self, of: tuple[str, ast.ClassDef] | None, seen: frozenset[str]
    ) -> dict[str, ast.AST] | None:
        """The members of a class and its bases; None where there may be others."""
        if of is None or f"{of[0]}.{of[1].name}" in seen:
            return None
        module, node = of
        if node.decorator_list or any(
            k.arg != "metaclass" or last_name(k.value) != "ABCMeta" for k in node.keywords
        ):
            return None
        members: dict[str, ast.AST] = {}
        for base in reversed(node.bases):
            plain = base.value if isinstance(base, ast.Subscript) else base
            above = self._class_of(f"{module}.{unparsed(plain)}")
            if above is None and last_name(plain) in PLAIN_BASES:
                continue
            inherited = self._members(above, seen | {f"{module}.{node.name}"})
            if inherited is None:
                return None
            members |= inherited
        for part in all_nodes(self._tree(module) or node):
            match part:
                case ast.Attribute(attr=name, ctx=ast.Store()):
                    members.setdefault(name, part)
                case ast.Call(func=ast.Name(id="setattr")) | ast.Attribute(attr="__dict__"):
                    return None
        members |= dict(bindings_in(node.body))
        return None if members.keys() & {"__getattr__", "__getattribute__"} else members


def _is_for_instances(member: ast.AST) -> bool:
    """Whether a member of a class is of use only to instances: a method, an attribute set on `self`, a constant."""
    match member:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return decorators_of(member) <= CACHES | PROPERTIES | {"override", "final"}
        case ast.Attribute(value=ast.Name(id="self")) | ast.AnnAssign(value=None | ast.Constant()):
            return True
        case ast.Assign(value=ast.Constant()):
            return True
    return False


def is_accessor(node: ast.AST | None) -> bool:
    """Whether a definition is a function whose calls return an object; a generator is none, as it needs `with` or a loop."""
    return (
        isinstance(node, Function)
        and decorators_of(node) <= CACHES | {"override", "final"}
        and not is_generator(node)
    )


def parameters(node: ast.AST) -> frozenset[str] | None:
    """The names of the parameters that a function takes; None where it may take others."""
    if not isinstance(node, Function) or node.args.kwarg is not None:
        return None
    decorators = decorators_of(node)
    if not decorators <= _TRANSPARENT or decorators & {"property", "cached_property", "setter"}:
        return None
    return frozenset(_names(node.args))


def _names(args: ast.arguments) -> Iterator[str]:
    """The names of single parameters (no `*args`), without `self` and `cls`."""
    return (a.arg for a in single(args) if a.arg not in ("self", "cls"))
