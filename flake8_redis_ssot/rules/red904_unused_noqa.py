"""RED904."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Noqa, Rule, RuleContext, on


class UnusedNoqa(Rule):
    """A `noqa` for a RED rule silences nothing.

    ## What it does
    Reports each RED code in a `noqa` comment without a matching diagnostic on its line: the line was
    fixed, or the code does not exist. Only codes enabled in this run are checked. Off unless
    selected. No `noqa` can silence it.

    The fix removes these codes. If no code is left, it removes the `noqa` with its reason; other
    comments on the line stay. The fix is not offered if flake8 would then silence more, nor for a
    code in small letters, which flake8 does not know: write it in capitals. It is unsafe if the rest
    of the comment would begin to count for another tool, as in `# noqa: RED201  # type: ignore`.

    ## Why is this bad?
    A comment that silences nothing today will silence the next construction that somebody writes on
    that line.

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
            if code in noqa.known:
                said = "is not reported on this line; remove it from the `noqa`"
            elif code.upper() in noqa.known:
                said = f"is no rule; write `{code.upper()}`: flake8 knows codes in capitals only"
            else:
                said = "is no rule; remove it from the `noqa`"
            yield self.diagnostic(context, where, f"`{code}` {said}")
