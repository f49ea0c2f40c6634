"""RED501."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from flake8_redis_ssot.analysis.client_calls import Command, shown
from flake8_redis_ssot.analysis.deferred import around, is_deferred
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.values import Definition
from flake8_redis_ssot.libraries.standard import JOBS, RUNNING
from flake8_redis_ssot.libraries.traits import CONNECTING, CONNECTING_AWAITED
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import first_of
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.conditions import Constants, cases_reached, truth
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name, names_in


class ImportTimeCommand(Rule):
    """A module talks to Redis while it is imported.

    ## What it does
    Reports, at the top level of a module or in a class body:

    - a command of a blocking client
    - a call of a function, method or class that sends one
    - a call of `asyncio.run` with a coroutine that sends one or connects (`aioredis.create_redis_pool`), or
      with an asyncio client's command
    - a property, `with`, loop or operator that leads to one
    - the construction of a cluster client, which asks its nodes at once

    Not reported: a client that is only built, code under `if __name__ == "__main__":`
    (the condition may have a name, or be a `match`) or a flag that is off, annotations that
    Python does not evaluate, and scripts. A script is a file that begins with `#!`, prints or calls
    `main` at the top level, or defines neither a function nor a class. The command takes none for a
    script that another file imports, unless that is a test.

    ## Why is this bad?
    The import fails if the server is not up yet, and it waits if the server is slow. Tests, tools and
    workers that only import the module need a server too.

    Measured: a module that pings Redis while it is imported could not be imported without a server
    (ConnectionError). With a server, the import opened a connection. With the ping in a function, the
    import did neither (`tests/evidence/test_red501.py`).

    ## Example
    ```python
    import redis

    client = redis.Redis(host="cache")
    client.ping()


    def name_of(user):
        return client.get(f"name:{user}")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    def name_of(user):
        return redis_manager.get(f"name:{user}")
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [getredash/redash#1625](https://github.com/getredash/redash/pull/1625)
    """

    code = "RED501"
    name = "import-time-command"
    since = "0.1.0"
    follows = True

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        run_at_once = {
            coroutine
            for point in context.scopes.calls_of(RUNNING)
            if isinstance(point.node, ast.Call)
            for coroutine in first_of(point.node, JOBS)
        }
        found = [
            (sent.call, sent.point, f"{sent.label} is sent", sent.builder.target)
            for sent in context.commands
            if (sent.mode == "sync" or sent.call in run_at_once)
            and sent.sends
            and sent.iterator is None
            and around(sent.point) is module
        ]
        found += [
            (made.call, made.point, f"{made.label} connects", builder.target)
            for made in context.constructions
            for builder in list(made.reached.values())[:1]
            if builder.target in (CONNECTING_AWAITED if made.call in run_at_once else CONNECTING)
            and around(made.point) is module
            and not is_deferred(made.point)
        ]
        found += [
            (run.node, run.point, self._sends(context, run.callee, one.cause), one.cause.builder.target)
            for run, one in context.blocking
            if around(run.point) is module and not is_deferred(run.point)
        ]
        found += [
            (call, point, f"{shown(coroutine.func)} {what}", target)
            for point, call, coroutine, what, target in self._run(context)
            if around(point) is module
        ]
        if not found or (_is_script(module, context.source.text) and not context.importing):
            return
        for call, _, what, target in found:
            if _runs_on_import(module, call, context.scopes.module):
                yield self.diagnostic(
                    context,
                    context.source.range_of(call),
                    f"{what} while the module is imported; move it into a function",
                    symbols=(target,),
                )

    @staticmethod
    def _sends(context: RuleContext, callee: ast.expr, cause: Command) -> str:
        return f"{shown(callee)} sends {cause.label} ({context.place_of(cause.point)})"

    @staticmethod
    def _run(context: RuleContext) -> Iterator[tuple[ProgramPoint, ast.Call, ast.Call, str, str]]:
        """The calls that run a coroutine of the file in an event loop, with what that does itself and by which builder."""
        does: dict[ast.AST, tuple[str, str]] = {
            around(made.point): (f"connects by {made.label} ({context.place_of(made.point)})", builder.target)
            for made in reversed(context.constructions)
            for builder in list(made.reached.values())[:1]
            if builder.target in CONNECTING_AWAITED and made.call in context.scopes.awaited
        }
        does |= {
            one.function: (f"sends {one.label} ({context.place_of(one.point)})", one.builder.target)
            for one in reversed(context.commands)
            if one.function is not None
            and one.sends
            and one.iterator is None
            and (one.mode == "sync" or one.awaited or one.iterated)
        }
        for point in context.scopes.calls_of(RUNNING) if does else ():
            match point.node:
                case ast.Call(args=[ast.Call() as coroutine, *_]) as call:
                    called = context.inference.values(coroutine.func, point)
                    nodes = {v.scope.node if isinstance(v, Definition) else None for v in called}
                    node = nodes.pop() if len(nodes) == 1 else None
                    if isinstance(node, ast.AsyncFunctionDef) and node in does:
                        yield point, call, coroutine, *does[node]


def _is_script(module: ast.Module, text: str) -> bool:
    """Whether the file is there to be run: it has nothing to import, or speaks to whoever runs it."""
    defines = any(
        isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for part in module.body
    )
    prints = any(
        isinstance(part, ast.Expr)
        and isinstance(part.value, ast.Call)
        and isinstance(part.value.func, ast.Name)
        and part.value.func.id == "print"
        for part in module.body
    )
    return text.startswith("#!") or prints or not defines or any(map(_runs_main, module.body))


def _runs_main(part: ast.stmt) -> bool:
    """Whether a statement calls `main`, perhaps in an event loop or for the status of the process."""
    return isinstance(part, ast.Expr) and any(
        isinstance(one, ast.Call) and last_name(one.func) == "main" for one in all_nodes(part)
    )


def _runs_on_import(
    module: ast.Module, node: ast.AST, scope: Scope, asking: frozenset[str] = frozenset()
) -> bool:
    """Whether no condition says that `node` runs only if the file is run as a script, or never.

    Conditions on the names `asking` are what is being asked about: they decide nothing.
    """

    def rules_out(test: ast.expr, *, is_met: bool) -> bool:
        """Whether a condition cannot be met (or, without `is_met`, fail) while the file is imported.

        One on `__name__` that also asks for something else is taken to do so.
        """
        names, constant = _asked(module, test, scope, asking)
        holds = truth(test, constant)
        return holds is not is_met and (holds is not None or "__name__" in names)

    for inner, outer in pairwise([node, *ancestors(module, node)]):
        match outer:
            case ast.If(test=test, orelse=otherwise) if inner is not test:
                is_run = not rules_out(test, is_met=inner not in otherwise)
            case ast.IfExp(test=test, orelse=other) if inner is not test:
                is_run = not rules_out(test, is_met=inner is not other)
            case ast.BoolOp(op=op, values=values):
                before = values[: values.index(inner)]  # type: ignore[arg-type]
                is_run = not any(rules_out(test, is_met=isinstance(op, ast.And)) for test in before)
            case ast.Match(subject=subject, cases=cases) if isinstance(inner, ast.stmt):
                here = next(case for case in cases if inner in case.body)
                names, constant = _asked(module, subject, scope, asking)
                is_reached = here in cases_reached(subject, cases, constant) and here.guard is None
                is_run = is_reached or "__name__" not in names
            case _:
                continue
        if not is_run:
            return False
    return True


def _asked(
    module: ast.Module, test: ast.expr, scope: Scope, asking: frozenset[str]
) -> tuple[set[str], Constants]:
    """The names of a condition, with those of the conditions that they stand for, and what they are on import."""
    known: dict[str, ast.Constant] = {"__name__": ast.Constant("")}
    meanings: dict[str, ast.expr] = {}  # but constants, which are known at once
    names: set[str] = set()
    waiting = [test]
    for asked in waiting:
        for name in names_in(asked) - names - asking:
            names.add(name)
            given = scope.bindings.get(name, ())
            if len(given) > 1:
                asking_too = asking | {name}
                given = [
                    b
                    for b in given
                    if b.value is None or b.always or _runs_on_import(module, b.value, scope, asking_too)
                ]
            match [(b.value, b.projection) for b in given]:
                case [(ast.AnnAssign(value=ast.Constant() as value) | (ast.Constant() as value), ())]:
                    known[name] = value
                case [(ast.AnnAssign(value=ast.expr() as meaning) | (ast.expr() as meaning), ())]:
                    meanings[name] = meaning
                    waiting.append(meaning)
    for _ in meanings:  # one may stand for another, in any order
        found = {name: truth(meaning, known.get) for name, meaning in meanings.items()}
        known |= {name: ast.Constant(holds) for name, holds in found.items() if holds is not None}
    return names, known.get
