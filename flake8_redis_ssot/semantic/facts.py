"""What the manager files that the settings name define, read without running them."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import Literal

from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import SourceError, SourceFile

Kind = Literal["class", "data", "function", "module", "object"]
"""What a name is: `data` are classes that hold or signal something, such as exceptions and enums."""

_DATA_BASES = frozenset(
    [
        "Enum",
        "IntEnum",
        "StrEnum",
        "Flag",
        "IntFlag",
        "NamedTuple",
        "TypedDict",
        "Protocol",
        "BaseModel",
        "Struct",
    ]
)
_DATA_DECORATORS = frozenset(["dataclass", "define", "frozen", "attrs", "mutable"])
_SIGNALS = ("Error", "Exception", "Warning", "ExceptionGroup", "BaseException")


class ManagerFacts:
    """The kinds of the names in the managers and forbidden managers of all boundaries.

    A file is read at the first question about it, once a run; one that is missing or broken
    knows no names.
    """

    def __init__(self, settings: Settings) -> None:
        self._boundaries = settings.boundaries
        self._modules: dict[str, dict[str, ast.stmt] | None] = {}

    def is_forbidden(self, name: str) -> bool:
        """Whether some boundary forbids the dotted `name`."""
        return any(pattern.covers(name) for b in self._boundaries for pattern in b.forbidden)

    def kind(self, name: str) -> Kind | None:
        """What the dotted `name` is; None where it is no manager's or is not defined."""
        return self._kind(name, frozenset()) if self._covers(name) else None

    def classes(self, module: str) -> Iterator[str]:
        """The classes that a manager module defines or hands on."""
        if self._covers(module):
            for name in self._names(module) or ():
                if self.kind(f"{module}.{name}") == "class":
                    yield name

    def classes_below(self, module: str) -> Iterator[str]:
        """The classes of a manager; where it is a package, of all its modules."""
        yield from self.classes(module)
        path = self._find(module)
        if path is not None and os.path.basename(path).startswith("__init__."):
            folder = os.path.dirname(path)
            for entry in sorted(os.listdir(folder)):
                stem, suffix = os.path.splitext(entry)
                if suffix in ("", ".py", ".pyi") and stem.isidentifier() and not stem.startswith("__"):
                    yield from self.classes_below(f"{module}.{stem}")

    def _covers(self, name: str) -> bool:
        return any(boundary.owns(name) for boundary in self._boundaries) or self.is_forbidden(name)

    def _kind(self, name: str, seen: frozenset[str]) -> Kind | None:
        if name in seen or not self._covers(name):
            return None
        if self._names(name) is not None:
            return "module"
        module, _, last = name.rpartition(".")
        node = (self._names(module) or {}).get(last)
        seen |= {name}
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return "function"
            case ast.ClassDef():
                return "data" if self._is_data(node, module, seen) else "class"
            case ast.ImportFrom():
                return self._kind(self._origin(node, module, last), seen)
            case ast.Assign(value=ast.Name(id=other)):
                return self._kind(f"{module}.{other}", seen) or "object"
            case None:
                return None
        return "object"

    def _is_data(self, node: ast.ClassDef, module: str, seen: frozenset[str]) -> bool:
        for decorator in node.decorator_list:
            if _last(decorator.func if isinstance(decorator, ast.Call) else decorator) in _DATA_DECORATORS:
                return True
        for base in node.bases:
            last = _last(base.value if isinstance(base, ast.Subscript) else base)
            if last in _DATA_BASES or last.endswith(_SIGNALS):
                return True
            if isinstance(base, ast.Name) and self._kind(f"{module}.{base.id}", seen) == "data":
                return True
        return False

    def _origin(self, node: ast.ImportFrom, module: str, name: str) -> str:
        base = node.module or ""
        if node.level:
            path = self._find(module)
            parts = module.split(".")
            drop = node.level - (1 if path and os.path.basename(path).startswith("__init__.") else 0)
            base = ".".join([*parts[: len(parts) - drop], *filter(None, [node.module])])
        original = next((a.name for a in node.names if (a.asname or a.name) == name), name)
        return f"{base}.{original}"

    def _names(self, module: str) -> dict[str, ast.stmt] | None:
        """The names that the file of `module` binds at its top level; None without a file."""
        if module not in self._modules:
            path = self._find(module)
            self._modules[module] = None
            if path is not None:
                try:
                    self._modules[module] = dict(_bound(SourceFile.read(path).tree.body))
                except SourceError:
                    self._modules[module] = {}
        return self._modules[module]

    def _find(self, module: str) -> str | None:
        for root in dict.fromkeys(root for b in self._boundaries for root in b.roots):
            stem = os.path.join(root, *module.split("."))
            for path in (f"{stem}.py", f"{stem}/__init__.py", f"{stem}.pyi", f"{stem}/__init__.pyi"):
                if os.path.isfile(path):
                    return path
        return None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _bound(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Each top-level name with the statement that binds it, those in `if` and `try` included."""
    for node in body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    yield alias.asname or alias.name, node
            case ast.Assign():
                for target in node.targets:
                    yield from ((t.id, node) for t in ast.walk(target) if isinstance(t, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name, node
            case ast.If() | ast.Try() | ast.With():
                for part in ("body", "handlers", "orelse", "finalbody"):
                    for child in getattr(node, part, ()):
                        yield from _bound(child.body if isinstance(child, ast.ExceptHandler) else [child])
