"""RED903."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Noqa, Rule, RuleContext, on


class UnexplainedNoqa(Rule):
    """A `noqa` for a RED rule gives no reason.

    ## What it does
    Reports a `noqa` comment that names a RED code without a reason after the codes, and one that
    names a bare `RED`. Off unless selected. No `noqa` can silence it.

    ## Why is this bad?
    Whoever finds the comment a year later cannot tell whether it still applies. A bare `RED` is no
    code to flake8: the comment then silences every plugin on its line.

    ## Example
    ```python
    import redis

    client = redis.Redis()  # noqa: RED201
    ```

    ## Use instead
    ```python
    import redis

    client = redis.Redis()  # noqa: RED201 load test, raw sockets on purpose
    ```

    ## Options
    - `per-file-ignores`

    ## References
    - [flake8: in-line ignoring](https://flake8.pycqa.org/en/latest/user/violations.html)
    """

    code = "RED903"
    name = "unexplained-noqa"
    since = "0.1.0"
    default = False
    project = True

    @on(Noqa)
    def check(self, noqa: Noqa, context: RuleContext) -> Iterator[Diagnostic]:
        if noqa.is_bare:
            message = "`noqa: RED` silences every plugin on this line; name the code, as in `# noqa: RED201 the reason`"
        elif noqa.codes and not noqa.reason:
            message = (
                "This `noqa` gives no reason; write it after the codes, as in `# noqa: RED201 the reason`"
            )
        else:
            return
        yield self.diagnostic(context, noqa.range, message)
