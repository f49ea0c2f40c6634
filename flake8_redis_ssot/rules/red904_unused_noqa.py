"""RED904."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Noqa, Rule, RuleContext, on


class UnusedNoqa(Rule):
    """A `noqa` for one of these rules silences nothing.

    ## What it does
    Reports each RED code in a `noqa` comment that no diagnostic of its line has: the line
    was mended, or the code does not exist. Only codes enabled in this run are judged. Off
    unless selected; no `noqa` can silence it.

    The fix removes the codes, and the `noqa` with its reason where none is left; other comments on
    the line stay. It is not offered where flake8 would then silence more, and unsafe where what is
    left would begin to count for another tool, as in `# noqa: RED201  # type: ignore`.

    ## Why is this bad?
    A comment that silences nothing today silences the next construction that somebody writes
    on that line.

    ## Example
    ```python
    import redis

    names = []  # noqa: RED201 raw sockets on purpose
    ```

    ## Use instead
    ```python
    import redis

    names = []
    ```

    ## Options
    - `select`
    - `ignore`

    ## References
    - [ruff: unused-noqa](https://docs.astral.sh/ruff/rules/unused-noqa/)
    """

    code = "RED904"
    name = "unused-noqa"
    since = "0.1.0"
    fix_kind = "comment"
    default = False
    project = True

    @on(Noqa)
    def check(self, noqa: Noqa, context: RuleContext) -> Iterator[Diagnostic]:
        for code, where in noqa.unused:
            why = "is not reported on this line" if code in noqa.known else "is no rule"
            yield self.diagnostic(context, where, f"`{code}` {why}; remove it from the `noqa`")
