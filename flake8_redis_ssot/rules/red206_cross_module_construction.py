"""RED206."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.project.oracle import Question, infer
from flake8_redis_ssot.project.values import ProjectFlow, follow_project
from flake8_redis_ssot.rule import Construction, ProjectContext, ProjectRule, RuleContext
from flake8_redis_ssot.syntax.scopes import ProgramPoint, Scopes


class CrossModuleConstruction(ProjectRule):
    """A raw client or pool is built outside the manager, by a value from another module.

    ## What it does
    Reports a call that builds a client or pool where values must be followed from one file to
    another: a class or module of a client library that is passed as a parameter, returned by a
    function or method of another module, kept in an attribute of another module's class or in
    its dict; a subclass defined elsewhere; a module fetched by a helper that imports by name.
    What one file shows by itself is RED201, RED202 or RED301.

    ## Why is this bad?
    It is the construction that RED201 reports, with its class written in another file: each
    instance gets a connection pool of its own unless it is given one.

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

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        for names, paths in project.meanings():
            inference = follow_project(names, project.index, lambda path: _scopes(project.read(path)))
            yield from self._followed(project, inference, frozenset(paths))
            project.limits += (f"{self.code}: {limit}" for limit in inference.limits)

    def _followed(
        self, project: ProjectContext, inference: ProjectFlow, paths: Collection[str]
    ) -> Iterator[Diagnostic]:
        """What is built in the files of `paths`."""
        questions = []
        for path, scopes in sorted(inference.files.items()):
            context = project.read(path)
            if context is None:
                continue
            still_open = []
            if path in paths and not project.index.place(path).is_manager:
                seen = {made.range for made in context.constructions}
                seen |= {context.source.range_of(call) for call in context.made_managers}
                for point in scopes.calls:
                    assert isinstance(point.node, ast.Call)
                    if inference.names.builders(point) or context.source.range_of(point.node) in seen:
                        continue
                    reached = inference.builders(point)
                    if reached:
                        yield self._built(context, point, reached)
                    elif inference.is_open(point):
                        still_open.append((point.node.lineno, point.node.col_offset))
            module = next(iter(context.place.modules), "")
            questions.append(Question(module, context.source.text, tuple(still_open)))
        yield from self._inferred(project, inference, questions)

    def _inferred(
        self, project: ProjectContext, inference: ProjectFlow, questions: list[Question]
    ) -> Iterator[Diagnostic]:
        """What only astroid can tell of the calls that are left."""
        if inference.is_exhausted:
            return
        asking = {q.module for q in questions if q.calls}
        near = set(asking)
        for path, scopes in inference.files.items():
            if asking & set(scopes.modules):
                near.update(edge.module for edge in project.index.edges(path))
                near.update(f"{edge.module}.{edge.name}" for edge in project.index.edges(path))
        answers = infer([q for q in questions if q.module in near], inference.names.table)
        for path, scopes in sorted(inference.files.items()):
            known = next((answers[m] for m in scopes.modules if m in answers), {})
            context = project.read(path) if known else None
            for point in scopes.calls if context is not None else ():
                assert isinstance(point.node, ast.Call) and context is not None
                names = known.get((point.node.lineno, point.node.col_offset), ())
                if names:
                    yield self._built(context, point, {name: inference.names.table[name] for name in names})

    def _built(self, context: RuleContext, point: ProgramPoint, reached: Mapping[str, Builder]) -> Diagnostic:
        assert isinstance(point.node, ast.Call)
        where = context.source.range_of(point.node)
        made = Construction(point, point.node, reached, where, inferred=True)
        return self.diagnostic(context, where, context.built_message(made), symbols=made.symbols)


def _scopes(context: RuleContext | None) -> Scopes | None:
    return None if context is None else context.scopes
