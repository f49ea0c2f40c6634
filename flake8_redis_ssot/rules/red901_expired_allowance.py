"""RED901."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import ProjectContext, ProjectRule
from flake8_redis_ssot.source import Position, Range


class ExpiredAllowance(ProjectRule):
    """An `allow` entry is past its date.

    ## What it does
    Reports an entry of `allow` whose `expires` date has passed, at its line in the settings. The
    entry still silences what it names, so nothing breaks overnight.

    ## Why is this bad?
    An exception without an end becomes the rule. The date is when somebody promised to look again.

    ## Example
    ```toml
    [[tool.redis-ssot.allow]]
    paths = ["scripts/**"]
    rules = ["RED201"]
    reason = "a load test"
    expires = 2020-01-01
    ```

    ## Use instead
    ```toml
    [[tool.redis-ssot.allow]]
    paths = ["scripts/**"]
    rules = ["RED201"]
    reason = "a load test"
    expires = 2099-01-01
    ```

    ## Options
    - `allow`

    ## References
    - [import-linter: unmatched ignores](https://import-linter.readthedocs.io/en/stable/)
    """

    code = "RED901"
    name = "expired-allowance"
    since = "0.1.0"

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        for entry in project.settings.allowances:
            if entry.expires is not None and entry.expires < project.today:
                start = Position(entry.line, 1)
                whose = f" of {entry.owner}" if entry.owner else ""
                yield self.at(
                    entry.file or project.settings.root,
                    Range(start, start),
                    f"This exception{whose} ended on {entry.expires} (its reason: {entry.reason}); "
                    "remove it, or give it a new date",
                )
