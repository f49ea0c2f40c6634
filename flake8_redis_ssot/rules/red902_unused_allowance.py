"""RED902."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import ProjectContext, ProjectRule
from flake8_redis_ssot.source import Position, Range


class UnusedAllowance(ProjectRule):
    """An `allow`, boundary or per-file-ignore matches nothing any more.

    ## What it does
    Reports an entry of `allow` or `per-file-ignores` that silenced no diagnostic of this run, and a
    boundary without files.

    Not reported: entries for rules that did not run, entries of settings that a nested project
    extends, and entries that RED901 reports.

    ## Why is this bad?
    An exception that silences nothing today will silence the next construction that somebody writes
    there.

    ## Example
    ```toml
    [[tool.redis-ssot.allow]]
    paths = ["no/such/folder/**"]
    rules = ["RED201"]
    reason = "a load test"
    ```

    ## Use instead
    ```toml
    [tool.redis-ssot]
    manager = "app.redis_manager"
    ```

    ## Options
    - `allow`
    - `boundary`
    - `per-file-ignores`

    ## References
    - [import-linter: unmatched ignores](https://import-linter.readthedocs.io/en/stable/)
    """

    code = "RED902"
    name = "unused-allowance"
    since = "0.1.0"

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        settings = project.settings
        for nth, entry in enumerate(settings.allowances):
            is_over = entry.expires is not None and entry.expires < project.today
            if is_over and "RED901" in project.enabled:
                continue
            if entry.file and f"allow {nth}" not in project.used and _ran(entry.rules, project.enabled):
                message = f"This exception silences nothing any more (its reason: {entry.reason}); remove it"
                yield self._at(entry.file, entry.line, message)
        for nth, ignore in enumerate(settings.per_file_ignores):
            used = f"per-file-ignores {nth}" in project.used
            if ignore.file and not used and _ran(ignore.codes, project.enabled):
                pattern = "!" * ignore.negated + ignore.patterns.patterns[0]
                message = f"`{pattern}` ignores nothing any more; remove it from `per-file-ignores`"
                yield self._at(ignore.file, ignore.line, message)
        claimed = {project.index.place(path).boundary.name for path in project.index.facts}
        for boundary in settings.boundaries:
            if boundary.file and boundary.name not in claimed:
                message = f"No file belongs to boundary `{boundary.name}`; remove it, or correct its `paths`"
                yield self._at(boundary.file, boundary.line, message)

    def _at(self, path: str, line: int, message: str) -> Diagnostic:
        start = Position(line, 1)
        return self.at(path, Range(start, start), message)


def _ran(codes: tuple[str, ...], enabled: frozenset[str]) -> bool:
    """Whether a rule that the codes name ran."""
    return any(code.startswith(prefix) or prefix == "ALL" for prefix in codes for code in enabled)
