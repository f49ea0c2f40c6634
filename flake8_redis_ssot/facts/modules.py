"""What modules define at their top level, and the definition that a dotted name leads to through imports."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from typing import Literal

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.frameworks import (
    DATA_BASES,
    DATA_DECORATORS,
    MAKING_METHODS,
)
from flake8_redis_ssot.libraries.standard import FACTORIES
from flake8_redis_ssot.source import PYTHON, SourceError, SourceFile
from flake8_redis_ssot.syntax.nodes import all_nodes, callee_of, last_name

Kind = Literal["class", "data", "function", "module", "object", "unknown"]
"""What a name is; `data` are classes that only hold or signal something, such as exceptions, enums, dataclasses."""

_SUFFIXES = ("/__init__.py", ".py", "/__init__.pyi", ".pyi")
"""The ends of module paths, in the order in which Python looks: a package goes before a file beside it."""
_SIGNALS = ("Error", "Exception", "Warning")
_DYNAMIC = re.compile(
    r"\bglobals\(\)|\bsys\.modules\[__name__\]|^[ \t]*(?:vars|locals)\(\)(?:\[|\.)|^[^#\n]*\bexec\("
    r"|^__path__\b|\bdeclare_namespace\(",
    re.MULTILINE,
)
"""Code that gives a module names, or a package submodules, which no statement shows."""
_DYNAMIC_WORDS = ("globals()", "vars()", "locals()", "sys.modules", "exec(", "__path__", "declare_namespace(")
"""What such code has one of: to look for these first is many times faster."""
_GLOBAL = re.compile(r"^[ \t]+global[ \t]+([\w, \t]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Name:
    """A top-level name: its kind, or the dotted `target` for which an import or alias stands."""

    kind: Kind
    target: str | None = None


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """What one module binds at its top level; `dynamic` if it may bind more than is seen.

    `stars` are the modules of its star imports, `optional` its names that are None if their import fails, each with
    what is imported.
    """

    path: str
    names: dict[str, Name] = field(default_factory=dict)
    stars: tuple[str, ...] = ()
    dynamic: bool = False
    optional: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Built:
    """A client or pool that a class builds in `method` for each of its objects, and keeps.

    `unless` are parameters of the class, each with its position or -1: with an argument for one, nothing is built.
    """

    method: str
    unless: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ClassTraits:
    """What a class has to do with clients and pools, not counting its `bases` in the project.

    `replaced` are its methods that do not call on those of its bases. `is_shared` is set if a call may return an
    existing object, `reaches` if the class builds, borrows or holds a client, pool or manager, `holds` if an object keeps one.
    """

    built: tuple[Built, ...] = ()
    bases: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    is_shared: bool = False
    reaches: bool = False
    holds: bool = False


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """The top-level classes of a module; `of_instance` are the classes of the shared object that the settings name.

    `modes` are its names that are, hold or return clients: `sync` if all of these block, `async` if none does. Of a
    manager, `anew` are the functions that give a new client at each call.
    """

    classes: tuple[tuple[str, ClassTraits], ...] = ()
    of_instance: tuple[str, ...] = ()
    modes: tuple[tuple[str, str], ...] = ()
    anew: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a dotted name leads to: its kind, and the `qualified_name` by which it is defined."""

    kind: Kind
    qualified_name: str


class Modules:
    """The first-party modules below some import roots, each read when it is first asked for."""

    def __init__(self, roots: tuple[str, ...], filesystem: FileSystem) -> None:
        self._roots = roots
        self.filesystem = filesystem
        self._paths: dict[str, str | None] = {}
        self._facts: dict[str, ModuleFacts | None] = {}
        self._clients: dict[str, ClientFacts] = {}
        self._portions: dict[str, bool] = {}
        self.judge: Callable[[str], ClientFacts] = lambda module: ClientFacts()
        """Computes the `ClientFacts` of a module; set from outside, as it needs the evaluator."""

    def find(self, module: str) -> str | None:
        """The path of a dotted module, in the order in which Python looks; of a namespace package its folder."""
        if module not in self._paths:
            stems = [os.path.join(root, *module.split(".")) for root in self._roots]
            candidates = (stem + suffix for stem in stems for suffix in _SUFFIXES)
            self._paths[module] = next(filter(self.filesystem.is_file, candidates), None) or next(
                filter(self.filesystem.is_folder, stems), None
            )
        return self._paths[module]

    def is_ours(self, name: str) -> bool:
        """Whether the dotted `name` is in a module of the project: its first part is one."""
        return self.find(name.partition(".")[0]) is not None

    def places(self, module: str) -> Iterator[str]:
        """All paths at which `find` looks for a module."""
        for root in self._roots:
            stem = os.path.join(root, *module.split("."))
            yield stem
            yield from (stem + suffix for suffix in _SUFFIXES)

    def asked(self) -> Iterator[tuple[str, str | None, ModuleFacts | None, ClientFacts | None]]:
        """Each module that was looked for so far, with its path, and its facts as far as they were used."""
        for module, path in self._paths.items():
            yield module, path, self._facts.get(module), self._clients.get(module)

    def clients(self, module: str) -> ClientFacts:
        """What the classes of `module` have to do with clients."""
        if module not in self._clients:
            self._clients[module] = self.judge(module)
        return self._clients[module]

    def traits(self, name: str) -> tuple[str, ClassTraits] | None:
        """The class that the dotted `name` leads to: its qualified name and its traits; None if it is no class."""
        found = self.lookup(name)
        if found is None or found.kind not in ("class", "data"):
            return None
        module, _, last = found.qualified_name.rpartition(".")
        return found.qualified_name, dict(self.clients(module).classes).get(last, ClassTraits())

    def around(self, name: str) -> str:
        """The module in which the thing of a dotted name stands, or that it is; empty where none is found."""
        while name and self.find(name) is None:
            name = name.rpartition(".")[0]
        return name

    def facts(self, module: str) -> ModuleFacts | None:
        """What `module` binds; None if there is no such module. A broken one may bind anything."""
        if module not in self._facts:
            path = self.find(module)
            if path is None:
                self._facts[module] = None
            elif not path.endswith(PYTHON):
                self._facts[module] = ModuleFacts(path)
            else:
                try:
                    source = self.filesystem.source(path)
                    self._facts[module] = module_facts(source, module)
                except SourceError:
                    self._facts[module] = ModuleFacts(path, dynamic=True)
        return self._facts[module]

    def lookup(self, name: str, follow: Callable[[str], bool] = lambda name: True) -> Found | None:
        """What the dotted `name` leads to, through imports whose target `follow` accepts.

        None if it does not exist; of kind `unknown` if the sources do not tell.
        """
        return self._lookup(name, follow, frozenset())

    def _lookup(self, name: str, follow: Callable[[str], bool], seen: frozenset[str]) -> Found | None:
        if name in seen:
            return Found("unknown", name)
        seen |= {name}
        parts = name.split(".")
        if not self.is_ours(parts[0]):
            return Found("unknown", name)  # no module of ours
        depth = 1
        while depth < len(parts) and self.find(".".join(parts[: depth + 1])) is not None:
            depth += 1
        module, rest = ".".join(parts[:depth]), parts[depth:]
        facts = self.facts(module)
        if facts is None or not rest:
            return Found("module", module)
        if self._is_portion(facts.path):
            return Found("unknown", name)
        known = facts.names.get(rest[0])
        if known is not None:
            if known.target is None or not follow(known.target):
                home = f"{module}.{rest[0]}"
                return Found(known.kind, home) if len(rest) == 1 else Found("unknown", name)
            return self._lookup(".".join([known.target, *rest[1:]]), follow, seen)
        for star in facts.stars:
            if follow(star) and self.find(star) is None:
                return Found("unknown", name)  # of a library, compiled, or not there
            found = self._lookup(".".join([star, *rest]), follow, seen) if follow(star) else None
            if found is not None:
                return found
        return Found("unknown", name) if facts.dynamic else None

    def _is_portion(self, path: str) -> bool:
        """Whether a module is a namespace package, to which other distributions may add modules."""
        if path not in self._portions:
            self._portions[path] = self.filesystem.is_folder(path) and not any(
                name.endswith(PYTHON) for name in self.filesystem.names(path)
            )
        return self._portions[path]


def module_facts(source: SourceFile, module: str) -> ModuleFacts:
    """The facts of a file, as the dotted `module`; SourceError where it cannot be parsed."""
    is_package = os.path.basename(source.path).startswith("__init__.")
    names: dict[str, Name] = {}
    stars = []
    optional: dict[str, str] = {}
    fallbacks = {*_fallbacks(source.tree.body)}
    for name, node in bindings_in(source.tree.body):
        match node:
            case ast.ImportFrom():
                base = absolute(node, module, is_package)
                if name == "*":
                    stars.append(base)
                    continue
                original = next(a.name for a in node.names if (a.asname or a.name) == name)
                names[name] = Name("unknown", f"{base}.{original}")
            case ast.Import():
                alias = next(a for a in node.names if (a.asname or a.name.split(".")[0]) == name)
                names[name] = Name("unknown", alias.name if alias.asname else name)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names[name] = Name("function")
            case ast.ClassDef():
                names[name] = Name("data" if _is_data(node, names) else "class")
            case ast.Assign(value=ast.Name(id=other)) if other in names:
                names[name] = names[other]
            case _ if node in fallbacks and name in names and (target := names[name].target):
                optional[name] = target
                names[name] = Name("object")
            case _:
                names[name] = Name("object")
    for found in _GLOBAL.finditer(source.text):
        for name in re.findall(r"\w+", found[1]):
            names.setdefault(name, Name("object"))
    dynamic = "__getattr__" in names or (
        any(word in source.text for word in _DYNAMIC_WORDS) and bool(_DYNAMIC.search(source.text))
    )
    return ModuleFacts(source.path, names, tuple(stars), dynamic, optional)


def _fallbacks(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that replace a failed import: `except ImportError: redis = None`."""
    for node in body:
        for handler in node.handlers if isinstance(node, ast.Try) else ():
            for statement in handler.body:
                match statement:
                    case ast.Assign(value=ast.Constant(value=None)):
                        yield statement


def exported_names(tree: ast.Module) -> frozenset[str] | None:
    """The strings in all assignments to `__all__`; None where there is none."""
    found: set[str] | None = None
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.AugAssign(target=ast.Name(id="__all__")):
                pass
            case ast.AnnAssign(target=ast.Name(id="__all__")) if node.value is not None:
                pass
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="__all__")))):
                pass
            case _:
                continue
        texts = (part.value for part in all_nodes(node) if isinstance(part, ast.Constant))
        found = (found or set()) | {text for text in texts if isinstance(text, str)}
    return None if found is None else frozenset(found)


def absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The dotted module that a from-import in `module` names."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    drop = node.level - (1 if is_package else 0)
    return ".".join([*parts[: max(0, len(parts) - drop)], *filter(None, [node.module])])


def _is_data(node: ast.ClassDef, names: dict[str, Name]) -> bool:
    """Whether a class is of the kind `data`, by its decorators and bases, and cannot make what it holds."""
    return _is_said_to_be_data(node, names) and not any(
        getattr(part, "name", getattr(part, "arg", None)) in MAKING_METHODS | FACTORIES
        for part in all_nodes(node)
        if isinstance(part, ast.FunctionDef | ast.keyword)
    )


def _is_said_to_be_data(node: ast.ClassDef, names: dict[str, Name]) -> bool:
    if any(last_name(callee_of(decorator)) in DATA_DECORATORS for decorator in node.decorator_list):
        return True
    for base in node.bases:
        last = last_name(base.value if isinstance(base, ast.Subscript) else base)
        if last in DATA_BASES or last.endswith(_SIGNALS):
            return True
        if isinstance(base, ast.Name) and last in names and names[last].kind == "data":
            return True
    return False


def bindings_in(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Each top-level name with the statement that binds it, those in compound statements included."""
    for node in body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node
            case ast.ImportFrom():
                for alias in node.names:
                    yield alias.asname or alias.name, node
            case ast.Import():
                for alias in node.names:
                    yield alias.asname or alias.name.split(".")[0], node
            case _:
                for part in ast.iter_child_nodes(node):
                    if isinstance(part, ast.stmt):
                        yield from bindings_in([part])
                    elif isinstance(part, ast.ExceptHandler):
                        yield from bindings_in(part.body)
                    elif isinstance(part, ast.match_case):
                        for inner in all_nodes(part.pattern):
                            for captured in (getattr(inner, "name", None), getattr(inner, "rest", None)):
                                if captured is not None:
                                    yield captured, node
                        yield from bindings_in(part.body)
                    else:
                        parts = [*all_nodes(part)]
                        targets = (
                            comprehension.target
                            for comprehension in parts
                            if isinstance(comprehension, ast.comprehension)
                        )
                        comprehension_names = {inner for target in targets for inner in all_nodes(target)}
                        for inner in parts:
                            if (
                                isinstance(inner, ast.Name)
                                and isinstance(inner.ctx, ast.Store)
                                and inner not in comprehension_names
                            ):
                                yield inner.id, node


def is_under(name: str, key: str) -> bool:
    """Whether the dotted `name` is `key`, or something in it."""
    return name == key or name.startswith(f"{key}.")
