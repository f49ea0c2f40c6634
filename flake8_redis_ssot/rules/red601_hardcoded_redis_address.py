"""RED601."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.analysis.constructions import Construction
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.traits import NODES, SERVER_ARGUMENTS, URL_SCHEMES, positional_names
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import last_name, unparsed

_URL = re.compile(rf"(?:{'|'.join(URL_SCHEMES)})(?:\+\w+)?://(?:[^@/{{\s]*@)?[\w[]")


class HardcodedRedisAddress(Rule):
    """The address of a Redis server is hard-coded.

    ## What it does
    Reports, outside the manager and `settings-modules`, a string that is a Redis URL with a host.
    Also reports a host given to a client or pool, or to a node or sentinel: by position, by name, or
    by a constant of the file. Docstrings do not count.

    ## Why is this bad?
    The address differs between machines. If it is in several places, some are forgotten when it
    changes, and the service talks to two servers.

    ## Example
    ```python
    REDIS_URL = "redis://cache:6379/0"
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    client = redis_manager.client
    ```

    ## Options
    - `manager`
    - `settings-modules`
    - `allow`

    ## References
    - [The Twelve-Factor App: config](https://12factor.net/config)
    """

    code = "RED601"
    name = "hardcoded-redis-address"
    since = "0.1.0"
    default = False
    needles = tuple(f"{scheme}{end}".encode() for scheme in URL_SCHEMES for end in ("://", "+"))

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        if context.place.is_manager or context.is_settings_module:
            return
        lines = context.source.lines_with(*(word.decode() for word in self.needles))
        found = [*_urls(module, lines)] if lines else []
        found += [node for made in context.constructions for node in _hosts(made, context)]
        for node in dict.fromkeys(found):
            yield self.diagnostic(
                context,
                context.source.range_of(node),
                f"The address {_shown(node)} is written in the code; {context.take_from_settings()}",
            )


def _urls(module: ast.Module, lines: Sequence[int]) -> Iterator[ast.expr]:
    """The addresses in the statements that touch one of the `lines`."""
    stack: list[ast.AST] = [module]
    while stack:
        node = stack.pop()
        match node:
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.stmt() if not _touches(node, lines):
                continue
            case ast.Constant(value=str(text)) if _URL.match(text):
                yield node
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                if _URL.match(text):
                    yield node
                continue
        stack += reversed([*ast.iter_child_nodes(node)])


def _touches(node: ast.stmt, lines: Sequence[int]) -> bool:
    """Whether a statement, its decorators included, has one of the sorted `lines`."""
    decorators = getattr(node, "decorator_list", ())
    at = bisect_left(lines, min([node.lineno, *(decorator.lineno for decorator in decorators)]))
    return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)


def _hosts(made: Construction, context: RuleContext) -> Iterator[ast.expr]:
    """The literals that name a server in the arguments of a client or pool."""
    given: list[tuple[str | None, ast.expr]] = [(k.arg, k.value) for k in made.call.keywords]
    for builder in made.reached.values():
        given += zip(positional_names(builder.target), made.call.args, strict=False)
    for name, value in given:
        if name in SERVER_ARGUMENTS:
            for server in _servers(value):
                yield from _literals(server, made.point, context)


def _servers(value: ast.expr) -> Iterator[ast.expr]:
    """The hosts in an argument: it, or those of each of several servers."""
    match value:
        case ast.List(elts=servers) | ast.Tuple(elts=servers):
            for server in servers:
                match server:
                    case ast.Tuple(elts=[host, *_]) | ast.List(elts=[host, *_]):
                        yield host
                    case ast.Dict(keys=keys, values=values):
                        yield from (
                            value
                            for key, value in zip(keys, values, strict=True)
                            if isinstance(key, ast.Constant) and key.value == "host"
                        )
                    case ast.Call(func=func) if last_name(func) in NODES:
                        yield from server.args[:1]
                        yield from (k.value for k in server.keywords if k.arg == "host")
        case _:
            yield value


def _literals(host: ast.expr | None, point: ProgramPoint, context: RuleContext) -> Iterator[ast.expr]:
    """What is written for a host: where it stands, or where a name of the file is given nothing else."""
    match host:
        case ast.Constant(value=value) if value:
            yield host
        case ast.IfExp(body=body, orelse=orelse):
            yield from (one for arm in (body, orelse) for one in _literals(arm, point, context))
        case ast.Name(id=name):
            given = [binding.value for binding in context.inference.bindings(name, point)]
            if all(isinstance(value, ast.Constant) for value in given):
                yield from (
                    v for v in given if isinstance(v, ast.Constant) and isinstance(v.value, str) and v.value
                )


def _shown(node: ast.expr) -> str:
    """The address without a password, which its query may have as well."""
    address = unparsed(node).removeprefix("f").strip("'\"").partition("?")[0]
    return "`" + re.sub(r"//[^@/]*@", "//", address) + "`"
