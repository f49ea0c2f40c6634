"""RED402."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.project.shims import is_shim
from flake8_redis_ssot.rule import ProjectContext, ProjectRule


class ManagerShim(ProjectRule):
    """A module only re-exports the manager.

    ## What it does
    Reports a module whose public names all forward to the manager of its boundary. Each of these
    forwards:

    - an import of the manager, or another name for it
    - a function that only returns the manager, or calls it with its own parameters, unless its name is
      one of the domain (`hit`, which calls `incr`)
    - a class whose public methods all do so, or an empty subclass

    Logging and `__all__` do not matter. The report is at the first statement after the docstring.

    Not reported: a module that raises a `DeprecationWarning`, and a package with modules of its own
    (see RED104).

    ## Why is this bad?
    A wrapper that adds nothing is one more name for the manager. Its users seem to have their own
    manager, and tests patch one name of several.

    ## Example
    ```python
    from app.redis_manager import redis_manager


    def get_redis_manager():
        return redis_manager
    ```

    ## Use instead
    ```python
    import warnings

    from app.redis_manager import redis_manager


    def get_redis_manager():
        warnings.warn("use app.redis_manager", DeprecationWarning, stacklevel=2)
        return redis_manager
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [Python: DeprecationWarning](https://docs.python.org/3/library/exceptions.html#DeprecationWarning)
    """

    code = "RED402"
    name = "manager-shim"
    since = "0.1.0"
    judges_classes = True

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        index = project.index
        for path, facts in index.facts.items():
            if facts.shim is not None and is_shim(index, path, deprecated=False):
                modules = index.place(path).modules
                count = len({p for module in modules for p in index.importers(module)} - {path})
                targets = " and ".join(f"`{name}`" for name in facts.shim.targets)
                yield self.at(
                    path,
                    facts.shim.range,
                    f"This module only hands on {targets}, and {users(count)}; "
                    + ("let them import it from its home, then " * bool(count) + "delete this module"),
                    symbols=modules,
                )


def users(count: int) -> str:
    """How many files import something, as a sentence says it."""
    return {0: "no file imports it", 1: "1 file imports it"}.get(count, f"{count} files import it")
