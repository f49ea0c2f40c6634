"""RED507."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.client_homes import Home
from flake8_redis_ssot.analysis.event_loops import EventLoops, Run
from flake8_redis_ssot.analysis.hot_paths import handed_to, occasion_of
from flake8_redis_ssot.analysis.patches import patched_around
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.texts import has_word
from flake8_redis_ssot.libraries.frameworks import COMMAND_LINES, MOCKING
from flake8_redis_ssot.libraries.standard import LOOP_PACKAGES, LOOP_WORDS, THREAD_PACKAGES, THREADS
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, last_name


class ClientAcrossLoops(Rule):
    """An asyncio client is used in one event loop after another.

    ## What it does
    Reports `asyncio.run`, and other calls that create an event loop each time, if the coroutine uses
    an asyncio client or pool that outlives the loop. Such a client is at the top level of a module,
    in a class, under a key of either, on an application, or behind a cached accessor.

    The call is reported only if it happens more than once: in a task, a request handler, a loop,
    several tests, or a function that is called from several places.

    Not reported:

    - if the coroutine closes the client or pool, because the next loop then connects again
    - if one loop is kept
    - if the client is kept under a key for its loop, process or thread

    ## Why is this bad?
    The connections of the pool belong to the event loop in which they were opened. The next loop
    takes them out of the pool, and the command fails.

    Measured: with one client, pool or connection for all loops, every second `asyncio.run` failed
    with "Event loop is closed", although the server had carried out its command. Each run that did
    not fail left another connection open. With a client that the coroutine creates and closes, none
    failed and none was left (`tests/evidence/test_red507.py`).

    ## Example
    ```python
    import asyncio

    import redis.asyncio as redis
    from celery import shared_task

    client = redis.Redis(host="cache")


    async def forget(user):
        await client.delete(f"name:{user}")


    @shared_task
    def forget_later(user):
        asyncio.run(forget(user))
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager
    from celery import shared_task


    @shared_task
    def forget_later(user):
        redis_manager.delete(f"name:{user}")
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [redis/redis-py#3351](https://github.com/redis/redis-py/issues/3351)
    - [PostHog/posthog#35571](https://github.com/PostHog/posthog/pull/35571)
    """

    code = "RED507"
    name = "client-across-loops"
    since = "0.2.0"
    follows = True

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        # the imports are known without a search of the text
        if LOOP_PACKAGES.isdisjoint(context.scopes.imports) or not _may_run_loops(context.source.data):
            return
        loops = EventLoops(context.inference, context.scopes)
        found = [(run, home) for run in loops.runs() if (home := _outliving(run, loops)) is not None]
        reported: set[ast.expr] = set()
        for run, home in found:
            when = _again(run.made, run.point, loops, context, set())
            if run.made in reported or (run.is_bridge and when != _JOB):
                continue
            if any(_again(filled.node, filled, loops, context, set()) for filled in home.anew):
                continue  # another client is put there over and over, perhaps for each loop
            if _is_test(function_of(run.point)) and (
                patched_around(context.inference, run.point) or loops.is_ended_between_tests(home)
            ):
                continue
            if when or any(
                _both(run, other, loops) for other, used in found if used == home and not other.is_bridge
            ):
                reported.add(run.made)
                yield self.diagnostic(
                    context,
                    context.source.range_of(run.made),
                    f"`{run.label}` makes a new event loop {when or 'each time'}, but `{home.name}` "
                    f"({_where(home, context)}) keeps connections of the loop before; make and close the client in the "
                    "coroutine, or keep one loop",
                )
        if loops.is_exhausted:
            context.give_up("its clients may live in more places than are looked at")


_WORDS = [word.encode() for word in sorted(LOOP_WORDS)]
_ONE_LOOP = b"nest_asyncio"
"""A package after which `asyncio.run` takes the loop that is there."""
_JOB = "for every job"


def _may_run_loops(data: bytes) -> bool:
    """Whether the text of a file has a word of what makes an event loop, each time a new one."""
    return any(has_word(data, word) for word in _WORDS) and _ONE_LOOP not in data


def _where(home: Home, context: RuleContext) -> str:
    """Where a client lives, with the file where that is another one."""
    if home.point is None or context.path_of(home.point) == context.source.path:
        return home.where
    return f"{home.where}, {context.place_of(home.point)}"


def _outliving(run: Run, loops: EventLoops) -> Home | None:
    """Where a client lives that is used in the loop, outlives it, and is not closed in it."""
    reach, around = loops.reached(run), None
    judged: set[Home] = set()
    for point, frame in reach.calls:
        home = loops.used(point, frame)
        if home is not None and home not in judged:
            judged.add(home)
            around = around or loops.around(run)
            if not loops.ended(reach, home) and not loops.ended(around, home):
                return home
    return None


def _again(
    node: ast.AST,
    point: ProgramPoint,
    loops: EventLoops,
    context: RuleContext,
    seen: set[ast.AST],
) -> str:
    """How often `node` runs, in words; empty where no more than once is known."""
    if loops.loops_around(node, point):
        return "in every turn of a loop"
    function = function_of(point)
    if function is None or function in seen:
        return ""
    seen.add(function)
    if not isinstance(function, Function):
        made = context.inference.definition_point(point.scope.enclosing("function"))
        if made is None or not _is_run_in_thread(function, made):
            return ""
        return _again(function, made, loops, context, seen)
    occasion = occasion_of(context.inference.namespaces[function], context.inference)
    if occasion is not None:
        return f"for every {occasion}"
    if _is_test(function) and any(
        last_name(d.func) == "parametrize" for d in function.decorator_list if isinstance(d, ast.Call)
    ):
        return "in every test"
    threads = handed_to(context.inference.namespaces[function], context.inference, THREAD_PACKAGES)
    callers = [
        *loops.callers(function),
        *(p for p in threads if last_name(p.node.func) in THREADS),  # type: ignore[attr-defined]
    ]
    here = [caller for caller in callers if context.path_of(caller) == context.source.path]
    for caller in callers:
        if caller in here or not _is_named_test(function_of(caller)):
            when = _again(caller.node, caller, loops, context, seen)
            if when:
                return when
    return f"at every call of `{function.name}`" if _are_several(here, loops, context) else ""


def _is_run_in_thread(function: ast.Lambda, made: ProgramPoint) -> bool:
    """Whether a lambda is handed to a thread where it is written."""
    tree = function_of(made) or made.scope.enclosing("module").node
    around = ancestors(tree, function)[:2] if tree is not None else ()
    return any(isinstance(part, ast.Call) and last_name(part.func) in THREADS for part in around)


def _are_several(callers: list[ProgramPoint], loops: EventLoops, context: RuleContext) -> bool:
    """Whether more than one of the calls happens in one process, of those in this file.

    A command line chooses among its functions.
    """
    chosen = any(word in context.source.text for word in COMMAND_LINES)
    for n, one in enumerate(callers):
        for other in callers[n + 1 :]:
            here, there = function_of(one), function_of(other)
            if here is there:
                if loops.both_run(one, other):
                    return True
            elif _is_named_test(here) or _is_named_test(there):
                if _is_test(here) and _is_test(there):
                    return True
            elif here is not None and there is not None and not chosen:
                return True
    return False


def _both(run: Run, other: Run, loops: EventLoops) -> bool:
    """Whether another loop comes before this one with the same client: in the same function, or in another test."""
    here, there = function_of(run.point), function_of(other.point)
    if here is there:
        is_before = other.point.order < run.point.order and other.made is not run.made
        return is_before and loops.both_run(other.point, run.point)
    return _is_test(here) and _is_test(there)


def _is_named_test(function: ast.AST | None) -> bool:
    return getattr(function, "name", "").startswith("test")


def _is_test(function: ast.AST | None) -> bool:
    """Whether a function is a test, and puts nothing in the place of the client."""
    return _is_named_test(function) and not any(
        word in MOCKING
        for part in (all_nodes(function) if function is not None else ())
        for word in (getattr(part, "id", ""), getattr(part, "attr", ""), getattr(part, "arg", ""))
    )
