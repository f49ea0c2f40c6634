"""RED206."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.project.inference import ProjectInference
from flake8_redis_ssot.project.oracle import Oracle, Place, Question, place_of
from flake8_redis_ssot.rule import Construction, Followed, ProjectContext, ProjectRule, RuleContext


class CrossModuleConstruction(ProjectRule):
    """A raw client or pool is built outside the manager, through a value from another module.

    ## What it does
    Reports a call that builds a client or pool, if values must be followed from one file to another
    to see it:

    - a class or module of a client library that is passed as a parameter
    - one that a function or method of another module returns
    - one that is kept in an attribute or dict of another module's class
    - a subclass defined in another file
    - a module that a helper imports by name

    A construction that one file shows by itself is RED201, RED202 or RED301.

    ## Why is this bad?
    This is the construction that RED201 reports, with the class named in another file. Each instance
    creates its own connection pool, unless it is given one.

    ## Example
    ```python
    from app.library import client_class

    client = client_class()(host="cache")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    client = redis_manager.client
    ```

    ## Options
    - `manager`
    - `src`
    - `extend-client-builders`
    - `extend-pool-builders`
    - `allow`

    ## References
    - [redis-py: connection pools](https://redis.readthedocs.io/en/stable/connections.html)
    """

    code = "RED206"
    name = "cross-module-construction"
    since = "0.1.0"

    def __init__(self) -> None:
        self._left: list[tuple[Followed, Oracle]] = []

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        for followed in project.followed:
            questions = []
            for alone, context in followed.contexts:
                inferred = [made for made in context.built_outside(None) if made.inferred]
                own = (
                    {made.range for made in (*alone.constructions, *alone.handed_over)} if inferred else set()
                )
                own |= {alone.source.range_of(call) for call in alone.made_managers} if inferred else set()
                yield from (self._built(context, made) for made in inferred if made.range not in own)
                module = next(iter(context.place.modules), "")
                questions.append(Question(module, context.source.text, _open(followed.inference, context)))
            if not followed.inference.is_exhausted:
                self._left.append((followed, _asked(project, followed, questions)))

    def check_last(self, project: ProjectContext) -> Iterator[Diagnostic]:
        """What only astroid can tell of the calls that are left."""
        for followed, asked in self._left:
            inference = followed.inference
            answers = asked.answers()
            for _, context in followed.contexts if answers else ():
                known = next((answers[m] for m in context.place.modules if m in answers), {})
                for point in context.scopes.calls if known else ():
                    assert isinstance(point.node, ast.Call)
                    names = known.get(place_of(point.node), ())
                    if names and all(map(inference.names.is_builder, names)):
                        reached = {name: inference.names.table[name] for name in names}
                        where = context.source.range_of(point.node)
                        made = Construction(point, point.node, reached, where, inferred=True)
                        yield self._built(context, made)
        self._left.clear()

    def _built(self, context: RuleContext, made: Construction) -> Diagnostic:
        return self.diagnostic(context, made.range, context.built_message(made), symbols=made.symbols)


def _asked(project: ProjectContext, followed: Followed, questions: list[Question]) -> Oracle:
    """astroid, asked of the files with calls that are left and of those that these import."""
    asking = {q.module for q in questions if q.calls}
    near = set(asking)
    for path, scopes in followed.inference.files.items():
        if asking & set(scopes.modules):
            near.update(edge.module for edge in project.index.edges(path))
            near.update(f"{edge.module}.{edge.name}" for edge in project.index.edges(path))
    return Oracle([q for q in questions if q.module in near], followed.inference.names.table)


def _open(inference: ProjectInference, context: RuleContext) -> tuple[Place, ...]:
    """The places of the calls that may still build, as far as anybody knows."""
    if context.place.is_manager:
        return ()
    calls = (point for point in context.scopes.calls if inference.is_open(point))
    return tuple(place_of(p.node) for p in calls if isinstance(p.node, ast.Call))
