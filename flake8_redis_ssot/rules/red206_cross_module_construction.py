"""RED206."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.project.values import follow_project
from flake8_redis_ssot.rule import Construction, ProjectContext, ProjectRule, RuleContext
from flake8_redis_ssot.semantic.scopes import Walk


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
        index = project.index
        flow = follow_project(project.names, index, lambda path: _walk(project.read(path)))
        for path, walk in sorted(flow.files.items()):
            context = None if index.place(path).is_manager else project.read(path)
            if context is None:
                continue
            seen = {made.range for made in context.constructions}
            for site in walk.sites:
                if not isinstance(site.node, ast.Call) or flow.names.builders(site):
                    continue
                where = context.source.range_of(site.node)
                reached = flow.builders(site) if where not in seen else {}
                if reached:
                    made = Construction(site, site.node, reached, where, inferred=True)
                    message = f"{made.label} builds a {made.kind} outside the Redis manager; {context.use_instead()}"
                    yield self.diagnostic(context, where, message, symbols=made.symbols)


def _walk(context: RuleContext | None) -> Walk | None:
    return None if context is None else context.full_walk
