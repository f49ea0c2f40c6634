"""Whether an import that no name of the file needs can go: it may be there for what it does."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Literal, NamedTuple

from flake8_redis_ssot.fix.execution.import_graph import ImportGraph, with_parents
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.symbols import Symbol, Symbols, has_metaclass
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.libraries.frameworks import FIXTURES, LOADING_SETTINGS, RUNNER_METHODS, WARNING_TESTS
from flake8_redis_ssot.libraries.standard import LOGS, PURE_DECORATORS, REPORTING
from flake8_redis_ssot.syntax.arguments import arguments_of, single
from flake8_redis_ssot.syntax.imports import is_directive
from flake8_redis_ssot.syntax.nodes import (
    Function,
    all_nodes,
    callee_of,
    decorators_of,
    innermost,
    last_name,
    root_of,
    unparsed,
)

_SUBCLASSES = re.compile(rb"\b__subclasses__\b")

Wanted = Literal["name", "attempt", "object", "itself"]
"""What is wanted of an import that nothing in its file reads: a name, whether it fails, what it gives, or what cannot be told."""


class Kept(NamedTuple):
    """Why an import stays that nothing in its file reads, and all that is wanted of it."""

    why: str
    wanted: frozenset[Wanted]


def why_kept(
    view: View,
    statement: ast.Import | ast.ImportFrom,
    alias: ast.alias,
    name: str,
    symbol: Symbol | None,
    acts: str | None,
    wanted: str = "",
) -> Kept | None:
    """Why an import stays that nothing in its file reads, or for what others it is `wanted`; None where it can go."""
    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    is_module = isinstance(statement, ast.Import)
    shares = view.uses.words - {name} if is_module else frozenset()
    is_local = (
        view.uses.scope_of(statement).kind == "function" and name not in view.uses.scopes.module.bindings
    )
    reader = view.unseen_reader(name)
    reasons: list[tuple[bool, str, Wanted]] = [
        (bool(wanted), wanted, "name"),
        (not is_local and name in view.imported, f"{view.reader_of(name)} imports `{name}` from here", "name"),
        (not is_local and view.place.is_package, "a package's names are there to be imported", "name"),
        (not is_local and reader is not None, reader.does if reader is not None else "", "name"),
        (acts is not None, f"importing it does more than to define: {acts}", "name"),
        (view.has_fallback(statement), "it is under `try`, where its failure may be what is asked for", "attempt"),
        (view.is_read_unseen_here(name) is not None, str(view.is_read_unseen_here(name)), "itself"),
        (has_comment(view, statement), "a comment stands inside the import", "itself"),
        (name in view.uses.texts, f"`{name}` stands in a string of it", "object"),
        (name in view.uses.type_comments, f"`{name}` stands in a comment on types in it", "itself"),
        (any("F401" in view.source.line(n) for n in lines), "`noqa: F401` says that it is kept on purpose", "itself"),
        (is_module or (symbol is not None and symbol.kind == "module"),
         "it may be imported for what the module does then", "itself"),
        (not is_local and _is_fixture(view, name, symbol),
         f"`{name}` may be a fixture of pytest, which tests name as a parameter", "itself"),
        (not is_local and _is_collected(view, name, symbol), f"a test runner may look for `{name}`", "itself"),
        (alias.name.split(".")[0] in shares or (is_module and len(view.uses.scopes.module.bindings.get(name, ())) > 1),
         "it may load the module for another import of the same package", "itself"),
    ]  # fmt: skip
    found = [(reason, wanted) for is_so, reason, wanted in reasons if is_so]
    return Kept(found[0][0], frozenset(wanted for _, wanted in found)) if found else None


def why_tested(view: View, statement: ast.stmt, acts: str | None) -> str | None:
    """Why an import is what a test is about; None where it is not."""
    node: ast.AST = statement
    while (parent := view.uses.parents.get(node)) is not None:
        if isinstance(parent, ast.With | ast.AsyncWith) and node in parent.body:
            calls = [item.context_expr for item in parent.items]
            names = [last_name(callee_of(call)) for call in calls]
            if any(name in WARNING_TESTS for name in names):
                return f"it stands under `{unparsed(calls[0])}`, where the import itself is tried"
        node = parent
    text = view.source.text
    if acts is not None and view.is_test and any(re.search(rf"\b{word}\b", text) for word in WARNING_TESTS):
        return f"this test asks what happens when it is imported: {acts}"
    return None


def has_comment(view: View, statement: ast.stmt) -> bool:
    """Whether a comment that is no directive stands between the first and the last line of a statement."""
    lines = range(statement.lineno, statement.end_lineno or statement.lineno)
    return any("#" in view.source.line(n) and not is_directive(view.source.line(n)) for n in lines)


def _is_fixture(view: View, name: str, symbol: Symbol | None) -> bool:
    """Whether a test or another fixture may ask for what an import brings in by naming it as a parameter."""
    node = symbol.node if symbol is not None else None
    if symbol is None or (isinstance(node, Function) and decorators_of(node) & FIXTURES):
        return True
    value = getattr(node, "value", None)
    made = value
    while isinstance(made, ast.Call):
        made = made.func
    if isinstance(made, ast.expr) and last_name(made) in FIXTURES:
        return True
    parameters = {
        a.arg for node in all_nodes(view.source.tree) if isinstance(node, ast.arguments)
        for a in single(node)
    }  # fmt: skip
    return name in parameters or (os.path.basename(view.path) == "conftest.py" and symbol.kind != "class")


def _is_collected(view: View, name: str, symbol: Symbol | None) -> bool:
    """Whether pytest or unittest may run what an import brings into a test file."""
    if not view.is_test:
        return False
    if name.startswith(("Test", "test", "pytest_", *RUNNER_METHODS)):
        return True
    return isinstance(symbol and symbol.node, ast.ClassDef) and any(
        "Test" in last_name(base)
        for base in symbol.node.bases  # type: ignore[union-attr]
    )


class Acts:
    """Finds what modules do when they are imported, besides defining and making things of their own."""

    def __init__(
        self, symbols: Symbols, graph: ImportGraph, reads: ProjectReads, is_test: Callable[[str], bool]
    ) -> None:
        self.symbols = symbols
        self._is_test = is_test
        self.graph = graph
        self._reads = reads
        self._known: dict[tuple[str, bool], str | None] = {}

    def of(self, module: str, *, but_for: frozenset[str] = frozenset()) -> str | None:
        """What importing a module does, it or what runs with it apart from `but_for`; None where nothing."""
        running = self.running(module, but_for)
        return next((done for here in running if (done := self.directly(here)) is not None), None)

    def running(self, module: str, but_for: frozenset[str] = frozenset()) -> list[str]:
        """The modules that run when one is imported, with itself and the packages around, apart from `but_for`."""
        seen = [module]
        for here in seen:
            named = {name for one in (here, *self.graph.imports(here)) for name in with_parents(one)}
            seen += sorted(name for name in named - but_for - {*seen} if self.symbols.modules.find(name))
        return seen

    def directly(self, module: str, *, is_alone: bool = False) -> str | None:
        """What importing a module does by its own statements; if `is_alone`, what others of the project do not do, too."""
        key = module, is_alone
        if key not in self._known:
            self._known[key] = next(self._acts(module, is_alone=is_alone), None)
        return self._known[key]

    def reached(self, module: str, apart: frozenset[str] = frozenset()) -> frozenset[str]:
        """The modules of the project that surely run when one is imported, with itself, without going through `apart`."""
        seen = {module}
        new = [module]
        while new:
            here = new.pop()
            fresh = self.graph.stated(here) - seen if here not in apart else frozenset()
            seen |= fresh
            new += fresh
        return frozenset(seen)

    def _acts(self, module: str, *, is_alone: bool) -> Iterator[str]:
        tree = self.symbols.tree(module)
        own = (
            {n.name for n in tree.body if isinstance(n, Function | ast.ClassDef)}
            if tree is not None
            else set()
        )
        for statement in _running(tree.body if tree is not None else []):
            if self._does(statement, module, own) and not (
                is_alone and self._is_done_by_others(statement, module)
            ):
                path = self.symbols.modules.find(module) or module
                yield f"`{unparsed(statement).splitlines()[0][:60]}` in {self.symbols.short(path)}:{statement.lineno}"

    def _is_done_by_others(self, node: ast.stmt, module: str) -> bool:
        """Whether a statement sets up the process in a way that is the same done twice, and another file does so, too."""
        match node:
            case ast.Expr(value=ast.Call(func=func, args=args, keywords=keywords)) if last_name(
                func
            ) in LOADING_SETTINGS and all(
                isinstance(one, ast.Constant) for one in (*args, *(k.value for k in keywords))
            ):
                call = f"{last_name(func)}({unparsed(node.value).partition('(')[2]}"
                pattern = re.compile(rb"(?m)^[ \t]*(?:\w+\.)*%b" % re.escape(call).encode())
                found = self._reads.matching(pattern, [last_name(func).encode()])
                own = self.symbols.modules.find(module)
                return any(path != own and not self._is_test(path) for path, _ in found)
        return False

    @cached_property
    def _asks_for_subclasses(self) -> bool:
        """Whether a file of the project asks classes for those derived from them."""
        return bool(self._reads.matching(_SUBCLASSES, [b"__subclasses__"]))

    def _does(self, node: ast.stmt, module: str, own: set[str]) -> bool:
        """Whether a statement at the top does more than to define; `own` are the functions and classes of the module."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return any(self._is_registering(d, module) for d in node.decorator_list)
            case ast.ClassDef():
                return any(self._is_registering(d, module) for d in node.decorator_list) or self._is_noted(
                    node, module
                )
            case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
                return last_name(root_of(call.func)) not in LOGS or last_name(call.func) not in REPORTING
            case ast.Assign(targets=targets, value=value):
                return self._sets_elsewhere(targets, module) or self._hands_out(value, module, own)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return self._sets_elsewhere([target], module) or self._hands_out(value, module, own)
            case ast.AugAssign(target=target):
                return self._is_foreign(target, module)
        return False

    def _is_foreign(self, node: ast.expr, module: str) -> bool:
        """Whether a name at the top of a module is one that it imports."""
        facts, first = self.symbols.modules.facts(module), innermost(node)
        known = facts.names.get(first.id) if facts is not None and isinstance(first, ast.Name) else None
        return known is not None and known.target is not None

    def _sets_elsewhere(self, targets: list[ast.expr], module: str) -> bool:
        """Whether an assignment changes an object that the module imports."""
        return any(
            isinstance(target, ast.Attribute | ast.Subscript) and self._is_foreign(target, module)
            for target in targets
        )

    def _hands_out(self, value: ast.expr, module: str, own: set[str]) -> bool:
        """Whether a call is given something of this module's own, or makes what notes itself."""
        for part in all_nodes(value):
            if not isinstance(part, ast.Call):
                continue
            given = arguments_of(part)
            is_own = any(isinstance(a, ast.Lambda) or last_name(a) in own for a in given)
            if is_own and self._is_foreign(part.func, module):
                return True
            made = self.symbols.value(part.func, module)
            init = self.symbols.members(made).named.get("__init__") if made and made.kind == "class" else None
            if init is not None and _hands_itself(init.node):
                return True
        return False

    def _is_registering(self, decorator: ast.expr, module: str) -> bool:
        """Whether a decorator may hand what it decorates to somebody."""
        called = callee_of(decorator)
        return last_name(called) not in PURE_DECORATORS and (
            isinstance(called, ast.Attribute)
            or self._is_foreign(called, module)
            or self._keeps(called, module)
        )

    def _keeps(self, decorator: ast.expr, module: str) -> bool:
        """Whether a decorator of the module's own keeps what it is given."""
        symbol = self.symbols.value(decorator, module)
        return symbol is None or any(
            (isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store))
            or (
                isinstance(part, ast.Call)
                and last_name(part.func) in ("append", "add", "register", "setdefault")
            )
            for part in (all_nodes(symbol.node) if symbol.node is not None else ())
        )

    def _is_noted(self, node: ast.ClassDef, module: str) -> bool:
        """Whether a base of a class takes note of its subclasses."""
        if has_metaclass(node):
            return True
        for base in node.bases:
            symbol = self.symbols.value(base, module)
            if symbol is not None and symbol.kind == "class":
                if "__init_subclass__" in self.symbols.members(symbol).named or self._asks_for_subclasses:
                    return True
                if isinstance(symbol.node, ast.ClassDef) and symbol.node.keywords:
                    return True
        return False


def _running(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements at the top of a module, those in compound statements included."""
    for node in body:
        yield node
        if isinstance(node, Function | ast.ClassDef):
            continue
        if isinstance(node, ast.If) and (
            "TYPE_CHECKING" in unparsed(node.test) or "__main__" in unparsed(node.test)
        ):
            yield from _running(node.orelse)
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _running(getattr(node, name, None) or [])
        for part in getattr(node, "handlers", ()):
            yield from _running(part.body)


def _hands_itself(node: ast.AST) -> bool:
    """Whether an initialiser hands its object, or a method of it, to something."""
    for part in all_nodes(node):
        if isinstance(part, ast.Call) and last_name(part.func) not in (
            "super",
            "isinstance",
            "type",
            "id",
            "hash",
        ):
            for given in arguments_of(part):
                is_self = isinstance(given, ast.Name) and given.id == "self"
                if is_self or (
                    last_name(part.func) in ("register", "connect", "append", "add")
                    and "self" in unparsed(given)
                ):
                    return True
    return False
