"""Which modules of the project run when one is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.facts.modules import absolute
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.symbols import Symbols
from flake8_redis_ssot.libraries.frameworks import LOADER_NAMES, MAKING_NAMES
from flake8_redis_ssot.syntax.arguments import single
from flake8_redis_ssot.syntax.nodes import Function, last_name

_Step = tuple[ast.AST, list[tuple[Function, str]]]
"""An import or call that runs, with the functions of the project that it runs, and their modules."""


class ImportGraph:
    """The imports that run with a module, step by step."""

    def __init__(self, symbols: Symbols, reads: ProjectReads) -> None:
        self.symbols = symbols
        self._reads = reads
        self._reached: dict[str, frozenset[str]] = {}
        self._stated: dict[str, frozenset[str]] = {}
        self._meanwhile: dict[str, frozenset[tuple[str, int]]] = {}
        self._steps: dict[Function, list[_Step]] = {}

    def imports(self, module: str) -> frozenset[str]:
        """The modules of the project that run when `module` is imported, itself left out: one step."""
        if module not in self._reached:
            tree = self.symbols.tree(module)
            found = set()
            for part, home in self._run(tree.body if tree is not None else [], module):
                found |= set(self.named(part, home))
            self._reached[module] = frozenset(
                n for n in found if self.symbols.modules.find(n) is not None
            ) - {module}
        return self._reached[module]

    def running(self, module: str) -> Iterator[tuple[ast.AST, str]]:
        """The imports, calls, signatures and bases that run with a module, each with the module in which it stands."""
        tree = self.symbols.tree(module)
        body = tree.body if tree is not None else []
        yield from self._run(body, module)
        is_put_off = any(isinstance(one, ast.ImportFrom) and one.module == "__future__" for one in body)
        for statement in at_import(body):
            if isinstance(statement, Function | ast.ClassDef):
                yield from ((one, module) for one in _evaluated(statement, annotations=not is_put_off))

    def meanwhile(self, module: str) -> frozenset[tuple[str, int]]:
        """The modules and lines of the imports that run while `module` does, those in functions that are called included."""
        if module not in self._meanwhile:
            before, seen = set(packages_of(module)), [module]
            found = set()
            for here in seen:
                for part, home in self.running(here):
                    if isinstance(part, ast.Import | ast.ImportFrom):
                        found.add((home, part.lineno))
                named = {one for name in self.imports(here) for one in with_parents(name)} - before - {*seen}
                seen += sorted(name for name in named if self.symbols.modules.find(name) is not None)
            self._meanwhile[module] = frozenset(found)
        return self._meanwhile[module]

    def stated(self, module: str) -> frozenset[str]:
        """The modules that the import statements at the top of a module name."""
        if module not in self._stated:
            path = self.symbols.modules.find(module)
            statements = self._reads.summary(path, imports_at_top) if path is not None else None
            found = {name for node in statements or () for name in self.named(node, module)}
            self._stated[module] = frozenset(n for n in found if self.symbols.modules.find(n) is not None)
        return self._stated[module]

    def named(self, node: ast.AST, module: str) -> Iterator[str]:
        """The modules that a statement or call imports, with what may be a module in one of them."""
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(names=names):
                base = absolute(node, module, self.symbols.is_package(module))
                yield from (base, *(f"{base}.{alias.name}" for alias in names))
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if (
                last_name(func) in LOADER_NAMES
            ):
                package = module if self.symbols.is_package(module) else module.rpartition(".")[0]
                yield f"{package}{name}" if name.startswith(".") else name

    def _run(self, body: list[ast.stmt], module: str) -> Iterator[tuple[ast.AST, str]]:
        """The parts of the source that run with a module, those of the functions that it calls then included."""
        seen: set[ast.AST] = set()
        new: list[tuple[list[ast.stmt], str, Function | None]] = [(body, module, None)]
        while new:
            statements, home, function = new.pop()
            steps = self._steps.get(function) if function is not None else None
            if steps is None:
                steps = [*self._steps_of(statements, home, function)]
            if function is not None:
                self._steps[function] = steps  # many modules call the same ones
            for part, called in steps:
                yield part, home
                for one, of in called:
                    if one not in seen:
                        seen.add(one)
                        new.append((one.body, of, one))

    def _steps_of(self, statements: list[ast.stmt], home: str, function: Function | None) -> Iterator[_Step]:
        for part in _executed(statements):
            yield part, [*self._called(part, home, function)] if isinstance(part, ast.Call) else []

    def _called(
        self, call: ast.Call, module: str, function: Function | None
    ) -> Iterator[tuple[Function, str]]:
        """The functions of the project that a call runs: what it names, or methods of that name in its module."""
        symbol = self.symbols.value(call.func, module, function)
        if symbol is not None and isinstance(symbol.node, Function):
            yield symbol.node, symbol.module
        elif symbol is not None and symbol.kind == "class":
            for name in MAKING_NAMES:
                member = self.symbols.members(symbol).named.get(name)
                if member is not None and isinstance(member.node, Function):
                    yield member.node, member.module
        elif isinstance(call.func, ast.Attribute):
            held = self.symbols.value(call.func.value, module, function)
            member = self.symbols.members(held.of).named.get(call.func.attr) if held and held.of else None
            if member is not None and isinstance(member.node, Function):
                yield member.node, member.module
            elif held is None:
                yield from self._methods(module, call.func.attr)

    def _methods(self, module: str, name: str) -> Iterator[tuple[Function, str]]:
        """The methods of that name in the classes of a module."""
        tree = self.symbols.tree(module)
        for node in tree.body if tree is not None else ():
            for part in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(part, Function) and part.name == name:
                    yield part, module

    def path_between(self, start: str, goal: str) -> list[str] | None:
        """How importing `start` comes to import `goal`, or something from it.

        Packages around both are no way: they run before. Nor is it one that `goal` is the package
        of what is imported.
        """
        ancestors = set(with_parents(goal)[:-1]) & set(with_parents(start)[:-1])

        def run(module: str) -> list[str]:
            return [m for m in with_parents(module) if m not in ancestors and (m != goal or module == goal)]

        came: dict[str, str | None] = dict.fromkeys(run(start))
        queue = list(came)
        while queue:
            here = queue.pop(0)
            if here == goal:
                path = [here]
                while (before := came[path[-1]]) is not None:
                    path.append(before)
                return path[::-1]
            for there in [m for name in sorted(self.imports(here)) for m in run(name)]:
                if there not in came:
                    came[there] = here
                    queue.append(there)
        return None


def _evaluated(node: Function | ast.ClassDef, *, annotations: bool) -> Iterator[ast.expr]:
    """The expressions that are evaluated when a function or class is defined."""
    yield from node.decorator_list
    if isinstance(node, ast.ClassDef):
        yield from node.bases
        return
    yield from (*node.args.defaults, *filter(None, node.args.kw_defaults))
    if annotations:
        yield from filter(None, (*(one.annotation for one in single(node.args)), node.returns))


def _executed(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The imports, and the calls, of statements that run."""
    for statement in at_import(body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement
            continue
        stack: list[ast.AST] = [p for p in ast.iter_child_nodes(statement) if not isinstance(p, ast.stmt)]
        if isinstance(statement, Function):
            stack = [
                *statement.decorator_list,
                *statement.args.defaults,
                *filter(None, statement.args.kw_defaults),
            ]
        for decorator in getattr(statement, "decorator_list", ()):
            yield ast.Call(decorator, [], [])
        while stack:
            part = stack.pop()
            if isinstance(part, ast.Call):
                yield part
            if not isinstance(part, ast.Lambda | ast.stmt | ast.ExceptHandler | ast.match_case):
                stack.extend(ast.iter_child_nodes(part))


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, those for type checkers left out."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and last_name(node.test) == "TYPE_CHECKING":
            yield from at_import(node.orelse)
        elif not isinstance(node, Function):
            for name in ("body", "orelse", "finalbody"):
                yield from at_import(getattr(node, name, None) or [])
            for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from at_import(part.body)


def imports_at_top(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """The import statements that run when a module is imported."""
    return [node for node in at_import(tree.body) if isinstance(node, ast.Import | ast.ImportFrom)]


def sure_imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """The import statements that run whenever a module is imported, whatever holds then."""
    return [node for node in _surely(tree.body) if isinstance(node, ast.Import | ast.ImportFrom)]


def _surely(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        match node:
            case ast.If(orelse=other) if last_name(node.test) == "TYPE_CHECKING":
                yield from _surely(other)
            case ast.With(body=inner) | ast.AsyncWith(body=inner) | ast.ClassDef(body=inner):
                yield from _surely(inner)
            case ast.Try(body=inner, finalbody=last) | ast.TryStar(body=inner, finalbody=last):
                yield from _surely([*inner, *last])


def imported_names(
    node: ast.Import | ast.ImportFrom, modules: Iterable[str], *, is_package: bool = False
) -> Iterator[str]:
    """The dotted names that a statement imports in a file which is one of these `modules`; of `import *` that of the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    for module in modules if node.level else [""]:
        base = absolute(node, module, is_package)
        yield from (base if alias.name == "*" else f"{base}.{alias.name}" for alias in node.names)


def packages_of(module: str) -> list[str]:
    """The packages around a module."""
    return with_parents(module)[:-1]


def with_parents(module: str) -> list[str]:
    """The packages around a module, the outermost first, and then the module itself."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
