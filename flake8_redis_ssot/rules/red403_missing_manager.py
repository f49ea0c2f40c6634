"""RED403."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import ProjectContext, ProjectRule
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.source import Position, Range


class MissingManager(ProjectRule):
    """The settings name a manager, instance or replacement that is not there.

    ## What it does
    Reports a `manager` without a module below the import roots (a package's name means its
    `__init__.py`), an `instance` that no manager of its boundary defines, and a replacement whose
    new object does not exist.

    ## Why is this bad?
    A manager that is not there allows nothing and protects nothing: after a move or a typing
    error, every message points to a place that does not exist.

    ## Example
    ```toml
    [tool.redis-ssot]
    manager = "app.moved"
    ```

    ## Use instead
    ```toml
    [tool.redis-ssot]
    manager = "app.redis_manager"
    ```

    ## Options
    - `manager`
    - `instance`
    - `replacements`
    - `src`

    ## References
    - [TOML](https://toml.io/en/v1.0.0)
    """

    code = "RED403"
    name = "missing-manager"
    since = "0.1.0"

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        settings, modules = project.settings, project.index.modules
        for boundary in settings.boundaries:
            place = (boundary.file or "", boundary.line) if boundary.name else settings.line_of("manager")
            for manager in boundary.managers:
                path = modules.find(manager)
                if path is not None and os.path.isdir(path) and manager not in boundary.packages:
                    message = (
                        f"`{manager}` has no `__init__.py`, so that it names no file; "
                        f"write `{manager}.**` for the package with all below it"
                    )
                    yield self._at(place, message, manager)
                if path is None:
                    roots = _roots(boundary, settings)
                    message = f"There is no module `{manager}` below {roots}; correct `manager` or `src`"
                    if not roots:
                        message = f"There is no module `{manager}`: `src` names no folder that exists; correct `src`"
                    yield self._at(place, message, manager)
            name = (boundary.instance or "").removesuffix("()")
            found = [m for m in boundary.managers if modules.find(m) is not None]
            homes = project.index.managers.modules_of(boundary) if name and found else ()
            if name and found and not any(project.index.managers.has(m, name) for m in homes):
                place = place if boundary.name else settings.line_of("instance")
                message = f"`{found[0]}` defines no `{name}`; correct `instance`"
                yield self._at(place, message, f"{found[0]}.{name}")
        for _, new in settings.replacements:
            if modules.lookup(new.removesuffix("()")) is None:
                place = settings.line_of("replacements")
                yield self._at(place, f"The replacement `{new}` does not exist; correct `replacements`", new)

    def _at(self, place: tuple[str, int], message: str, name: str) -> Diagnostic:
        path, line = place
        start = Position(line, 1)
        return self.at(path, Range(start, start), message, symbols=(name,))


def _roots(boundary: Boundary, settings: Settings) -> str:
    roots = [os.path.relpath(root, settings.root) for root in boundary.roots if os.path.isdir(root)]
    return " or ".join(f"`{root}`" for root in roots)
