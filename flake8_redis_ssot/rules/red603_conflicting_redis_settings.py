"""RED603."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.vocabulary import VARIABLE_PREFIX
from flake8_redis_ssot.rule import ProjectContext, ProjectRule


class ConflictingRedisSettings(ProjectRule):
    """One Redis setting has two defaults.

    ## What it does
    Reports a default of a variable `REDIS_*` that differs from the default in an earlier file of the
    same boundary. The manager counts as the first file. Only constant defaults are compared.

    ## Why is this bad?
    If the variable is not set, two parts of one service talk to two servers or two databases, and
    each finds only its own data.

    ## Example
    ```python
    import os

    REDIS_PORT = int(os.environ.get("REDIS_PORT", "6379"))
    FALLBACK_PORT = int(os.environ.get("REDIS_PORT", "6380"))
    ```

    ## Use instead
    ```python
    import os

    REDIS_PORT = int(os.environ.get("REDIS_PORT", "6379"))
    ```

    ## Options
    - `manager`
    - `boundary`
    - `allow`

    ## References
    - [The Twelve-Factor App: config](https://12factor.net/config)
    """

    code = "RED603"
    name = "conflicting-redis-settings"
    since = "0.1.0"
    default = False
    needles = (VARIABLE_PREFIX.encode(),)
    judges_settings = True

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        index = project.index
        first: dict[tuple[str, str], tuple[str, str, int]] = {}
        for path in sorted(index.facts, key=lambda p: (not index.place(p).is_manager, p)):
            for given in index.facts[path].defaults:
                key = (index.place(path).boundary.name, given.name)
                default, home, line = first.setdefault(key, (given.default, path, given.range.start.line))
                if default != given.default:
                    place = "on" if home == path else f"in {os.path.relpath(home, project.settings.root)},"
                    message = (
                        f"`{given.name}` is {given.default!r} by default here, but {default!r} {place} "
                        f"line {line}; read it in one place"
                    )
                    yield self.at(path, given.range, message, symbols=(given.name,))
