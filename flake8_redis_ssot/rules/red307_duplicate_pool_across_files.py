"""RED307."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic, Related
from flake8_redis_ssot.rule import ProjectContext, ProjectRule
from flake8_redis_ssot.source import Range


class DuplicatePoolAcrossFiles(ProjectRule):
    """A second pool for the same target, in another file of the boundary.

    ## What it does
    Reports a pool whose class and arguments equal those of a pool in an earlier file of the same
    boundary. Sizes and timeouts do not count. In the manager, a client's own pool counts too.
    Arguments are compared only if they are constants or the same imported name.

    ## Why is this bad?
    Two pools for one target double the maximum number of connections, and each keeps its own idle
    ones. Because they are in two files, nobody sees both.

    Measured: three modules with a pool of at most 4 connections each held 12 connections under load.
    With one pool for all three, the same 12 commands were all answered over 4
    (`tests/evidence/test_red307.py`).

    ## Example
    ```python
    import redis

    POOL = redis.ConnectionPool(host="cache", port=6379)
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    POOL = redis_manager.pool
    ```

    ## Options
    - `manager`
    - `extend-pool-builders`
    - `allow`

    ## References
    - [pypi/warehouse#3288](https://github.com/pypi/warehouse/issues/3288)
    """

    code = "RED307"
    name = "duplicate-pool-across-files"
    since = "0.1.0"

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        index = project.index
        first: dict[tuple[str, str], tuple[str, Range]] = {}
        # a manager's pool is the one to share, so it comes first
        for path in sorted(
            index.facts, key=lambda p: (not index.facts[p].pools or not index.place(p).is_manager, p)
        ):
            for pool in index.facts[path].pools:
                key = (index.place(path).boundary.name, pool.target)
                other, there = first.setdefault(key, (path, pool.range))
                if other != path:
                    home = os.path.relpath(other, project.settings.root)
                    message = f"{pool.label} opens a second pool to the same server as {home}; use one pool for both"
                    related = (Related(other, there, "the first pool"),)
                    yield self.at(path, pool.range, message, symbols=pool.symbols, related=related)
