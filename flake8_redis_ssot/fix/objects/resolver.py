"""Expressions with values and homes in the place of their names, so that equal ones have equal text."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.sources.names import locals_of
from flake8_redis_ssot.fix.sources.signatures import parameter_names
from flake8_redis_ssot.fix.sources.stated import is_none
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.libraries.standard import RECEIVERS
from flake8_redis_ssot.libraries.traits import (
    ASYNC_PART,
    DEFAULTS,
    OWNING,
    POOL_KEYWORDS,
    TUNING,
    URL_SCHEMES,
    WITH_DEFAULTS,
    positional_names,
)
from flake8_redis_ssot.syntax.arguments import default_of, single
from flake8_redis_ssot.syntax.nodes import Function, last_name, names_bound_in, own_nodes, root_of, unparsed

if TYPE_CHECKING:
    from flake8_redis_ssot.fix.objects.making import Making

_DEPTH = 6
_PLAIN = frozenset(["Redis", "Valkey", "ConnectionPool", "BlockingConnectionPool", "from_url", "from_pool"])
"""Last names of builders that connect to one server, all in the same way."""
_URL = re.compile(rf"((?:{'|'.join(URL_SCHEMES)})://)([^/]*)/?([^/]*)\Z")


class Untold(Exception):
    """A part of an expression is not told by the source; the text says why, and `advice` what to do."""

    def __init__(
        self,
        what: ast.AST | str,
        why: str = "what `{}` is cannot be determined",
        advice: str = "write that there as plain values or environment variables",
    ) -> None:
        super().__init__(why.format(what if isinstance(what, str) else unparsed(what)))
        self.advice = advice


class Resolver(ast.NodeTransformer):
    """Puts values and homes in the place of names; raises `Untold` where one is not told."""

    left_out: frozenset[str] = TUNING
    """The arguments of builders that are not looked at."""
    own: frozenset[str] = frozenset()
    """The names that the expression itself binds, which stand for nothing outside of it."""

    def __init__(self, making: Making, code: Code, depth: int = 0) -> None:
        self.making = making
        self.code = code
        self.depth = depth

    def text(self) -> str:
        """The expression, resolved."""
        if self.depth > _DEPTH:
            raise Untold(self.code.node)
        expression = ast.parse(unparsed(self.code.node), mode="eval").body
        self.own = names_bound_in(expression)
        return unparsed(self.visit(expression))

    def inner(self, code: Code) -> Resolver:
        """The same for an expression to which a name leads."""
        return type(self)(self.making, code, self.depth + 1)

    def is_own(self, name: str) -> bool:
        """Whether a name means nothing of the module."""
        return name in self.own

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if self.is_own(node.id):
            return node
        function = self.code.function
        if function is not None and node.id in locals_of(function):
            return self.local(node.id, function)
        name = self.making.symbols.dotted(node, self.code.module, function)
        return node if name is None else self.named(name)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if not isinstance(node.ctx, ast.Load):
            return node
        owner = self.code.owner
        if owner is not None and isinstance(node.value, ast.Name) and node.value.id in RECEIVERS:
            return self.attribute(owner, node)
        name = self.making.symbols.dotted(node, self.code.module, self.code.function)
        if name is not None and not self.is_own(last_name(root_of(node))):
            return self.named(name)
        return ast.Attribute(self.visit(node.value), node.attr, ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.expr:
        target = self.making.builder(self.code.at(node.func))
        return self.called(node) if target is None else self.built(node, target)

    def called(self, node: ast.Call) -> ast.expr:
        """A call of anything else than a builder."""
        return self.generic_visit(node)  # type: ignore[return-value]

    def built(self, node: ast.Call, target: str) -> ast.expr:
        """A call of the builder `target`, with the arguments that say what it connects to."""
        names = positional_names(target)
        pairs = [(names[n] if n < len(names) else f"_{n}", value) for n, value in enumerate(node.args)]
        pairs += [(keyword.arg or "**", keyword.value) for keyword in node.keywords]
        for name, value in pairs:
            if name == "**" or isinstance(value, ast.Starred):
                raise Untold(value)
        owns = target.endswith(OWNING)
        given = {
            name: self.pool(value) if name in POOL_KEYWORDS or (owns and name == "_0") else self.visit(value)
            for name, value in pairs
            if name not in self.left_out
        }
        pools = [given.pop(name) for name in (*POOL_KEYWORDS, *(["_0"] * owns)) if name in given]
        if pools and isinstance(pools[0], ast.Call):
            if any(keyword.arg is None for keyword in pools[0].keywords):
                raise Untold(pools[0])
            given |= {k.arg or "": k.value for k in pools[0].keywords}
        elif pools:
            raise Untold(pools[0])
        library, _, what = target.partition(".")
        is_plain = library in WITH_DEFAULTS and target.rpartition(".")[2] in _PLAIN and "luster" not in target
        if is_plain and "url" not in given:
            given = {n: ast.parse(d, mode="eval").body for n, d in DEFAULTS.items()} | given
        name = f"{library}.{ASYNC_PART}" * (ASYNC_PART in what) or library if is_plain else target
        keywords = [ast.keyword(name, value) for name, value in sorted(given.items())]
        return ast.Call(ast.Name(name, ast.Load()), [], keywords)

    def pool(self, node: ast.expr) -> ast.expr:
        """The pool that a client is given."""
        return self.visit(node)  # type: ignore[no-any-return]

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A URL without what is meant anyhow."""
        if isinstance(node.value, str) and (url := _URL.match(node.value)):
            host = url[2].removesuffix(":6379") or "localhost"
            database = "" if url[3] == "0" else url[3]
            return ast.Constant(f"{url[1]}{host}{database and '/' + database}")
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """What is chosen where the first ones are surely nothing."""
        values = [self.visit(value) for value in node.values]
        while (
            isinstance(node.op, ast.Or)
            and len(values) > 1
            and isinstance(values[0], ast.Constant)
            and not values[0].value
        ):
            values.pop(0)
        return ast.BoolOp(node.op, values) if len(values) > 1 else values[0]

    def local(self, name: str, function: Function) -> ast.expr:
        stores = [p for p in own_nodes(function) if _is_store(p, name)]
        if stores and name in parameter_names(function):
            raise Untold(name, "`{}` is given another value in its function")
        if name in self.code.given:
            return self.of(self.code.given[name])
        parameter = next((p for p in single(function.args) if p.arg == name), None)
        default = default_of(function.args, parameter) if parameter is not None else None
        if default is not None:
            return self.of(Code(default, self.code.module))
        values = [
            part.value
            for part in own_nodes(function)
            if (isinstance(part, ast.Assign) and any(last_name(t) == name for t in part.targets))
            or (isinstance(part, ast.AnnAssign) and last_name(part.target) == name)
        ]
        if len(values) != 1 or len(stores) != 1 or values[0] is None:
            raise Untold(name)
        return self.of(self.code.at(values[0]))

    def attribute(self, owner: Symbol, node: ast.Attribute) -> ast.expr:
        found = [s.value for s in self.making.stores(owner) if s.attribute == node.attr and not s.is_item]
        found = [v for v in found if v is None or not is_none(v.node)]  # it is closed then
        if len(found) == 1 and found[0] is not None:
            return self.of(self.making.of_object(found[0], self.code.maker))
        if found:
            raise Untold(node)
        return node

    def named(self, name: str) -> ast.expr:
        found = self.making.symbols.modules.lookup(name)
        if found is None:
            raise Untold(name)
        known = self.making.table.get(found.qualified_name)
        if known is not None:
            return ast.Name(known.target, ast.Load())
        symbol = self.making.symbols.symbol(found.qualified_name) if found.kind == "object" else None
        value = (
            getattr(symbol.node, "value", None) if symbol is not None and not symbol.is_set_later else None
        )
        if isinstance(value, ast.expr) and not self.making.is_rebound(found.qualified_name):
            with suppress(Untold):
                return self.of(Code(value, found.qualified_name.rpartition(".")[0]))
        return ast.Name(found.qualified_name, ast.Load())

    def of(self, code: Code) -> ast.expr:
        return ast.parse(self.inner(code).text(), mode="eval").body


def _is_store(node: ast.AST, name: str) -> bool:
    """Whether a part of a function gives one of its names a value."""
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
