"""The commands that a file sends: on which kind of client, from which function, and what becomes of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from flake8_redis_ssot.semantic.commands import Colour, Effect, colour_of, effect_of
from flake8_redis_ssot.semantic.flow import Dotted, Flow, Instance, Local
from flake8_redis_ssot.semantic.redis_api import Builder
from flake8_redis_ssot.semantic.scopes import Binding, Scope, Site

_DEPTH = 8
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Command:
    """A call of a method of a client, or of its pipeline, subscription, lock or script (`role`).

    `colour` says whether the client blocks, `effect` what the method does, `awaited` that the call
    is awaited where it stands.
    """

    site: Site
    call: ast.Call
    method: str
    role: str
    builder: Builder
    colour: Colour
    effect: Effect
    awaited: bool

    @property
    def function(self) -> Function | None:
        """The function that runs it; None at the top level and in class bodies."""
        return function_of(self.site)

    @property
    def coroutine(self) -> ast.AsyncFunctionDef | None:
        """The `async def` that runs it, if it is one."""
        return self.function if isinstance(self.function, ast.AsyncFunctionDef) else None

    @property
    def receiver(self) -> ast.expr:
        """What the method is called on."""
        return self.call.func.value if isinstance(self.call.func, ast.Attribute) else self.call.func

    @property
    def label(self) -> str:
        """What is called, as it is written."""
        text = ast.unparse(self.call.func)
        return f"`{text if len(text) < 60 else '...' + text[-57:]}`"

    @property
    def sends(self) -> bool:
        """Whether it speaks with the server at once, or while its result is gone through."""
        return self.effect in ("command", "iterator")


def function_of(site: Site) -> Function | None:
    """The function in whose body `site` runs; a comprehension runs where it stands."""
    scope: Scope = site.scope
    while scope.kind == "comprehension" and scope.parent is not None:
        scope = scope.parent
    return scope.node if isinstance(scope.node, Function) else None


def commands(flow: Flow, sites: list[Site]) -> Iterator[Command]:
    """The commands among the calls of `sites`, in source order; where the kind is in doubt, none."""
    awaited = {site.node.value for site in sites if isinstance(site.node, ast.Await)}
    for site in sites:
        if isinstance(site.node, ast.Call) and not site.for_typing:
            found = _sent(flow, site.node, site)
            if found is not None:
                method, role, builder = found
                colour, effect = colour_of(builder), effect_of(role, method)
                if colour is not None and effect is not None:
                    is_awaited = site.node in awaited
                    yield Command(site, site.node, method, role, builder, colour, effect, is_awaited)


def _sent(flow: Flow, call: ast.Call, site: Site) -> tuple[str, str, Builder] | None:
    """The method that a call runs, what it is a method of, and the client's builder; None in doubt."""
    found: dict[tuple[Colour | None, Effect | None], tuple[str, str, Builder]] = {}
    if isinstance(call.func, ast.Attribute) and any(
        isinstance(v, Dotted) for v in flow.values(call.func.value, site)
    ):
        return None  # of a class or module, not of a client
    for value in flow.values(call.func, site):
        owner, method = value, "__call__"
        if isinstance(value, Dotted):
            name, _, method = value.name.rpartition(".")
            owner = Instance(Dotted(name))
        given = flow.client(owner)
        if given is None or (method == "__call__" and given[0] != "script"):
            return None
        role, builder = given
        found.setdefault((colour_of(builder), effect_of(role, method)), (method, role, builder))
    return next(iter(found.values())) if len(found) == 1 else None


def is_certain(flow: Flow, node: ast.AST | None, site: Site, *, said: bool = False, depth: int = 0) -> bool:
    """Whether all that `node` can be is known: no binding, operand or returned value is left out.

    What only an annotation says counts where `said`.
    """
    if depth > _DEPTH:
        return False

    def each(*parts: tuple[ast.AST | None, Site]) -> bool:
        return all(is_certain(flow, part, at, said=said, depth=depth + 1) for part, at in parts)

    def known(binding: Binding) -> bool:
        value, scope = binding.value, binding.scope
        if value is None or scope is None:
            return binding.target is not None
        if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = flow.scopes.get(value)
            return inner is not None and each(*((r.node, r) for r in inner.returns))
        if isinstance(value, ast.AnnAssign) and value.value is not None:
            value = value.value
        if isinstance(value, ast.expr) and not binding.steps:
            return each((value, Site(value, scope, binding.order, binding.path)))
        found = flow.bound(binding)
        return bool(found) and (said or not all(isinstance(v, Instance) and v.said for v in found))

    match node:
        case None | ast.Constant(value=None):
            return True
        case ast.Name(id=name):
            return all(known(b) for b in flow.names.bindings(name, site))
        case ast.Attribute(value=owner, attr=name):
            made = [v.of for v in flow.values(owner, site) if isinstance(v, Instance)]
            scopes = [of.scope for of in made if isinstance(of, Local)]
            kept = [b for s in scopes for b in (*s.bindings.get(name, ()), *s.attributes.get(name, ()))]
            values = flow.values(node, site)
            is_said = all(isinstance(v, Instance) and v.said for v in values)
            return bool(values) and (said or not is_said) and all(known(b) for b in kept)
        case ast.BoolOp(values=parts):
            return each(*((part, site) for part in parts))
        case ast.IfExp(body=body, orelse=orelse):
            return each((body, site), (orelse, site))
        case ast.Await(value=inner) | ast.NamedExpr(value=inner):
            return each((inner, site))
        case ast.Call(func=func):
            called = [v.scope for v in flow.values(func, site) if isinstance(v, Local)]
            owners = [(func.value, site)] if isinstance(func, ast.Attribute) else []
            given: list[tuple[ast.AST | None, Site]] = [(r.node, r) for s in called for r in s.returns]
            return bool(flow.values(node, site)) and each(*owners, *given)
    return bool(node is not None and flow.values(node, site))
