"""RED000."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, on, unreadable
from flake8_redis_ssot.source import SourceError


class UnreadableFile(Rule):
    """A file that must be checked cannot be read, decoded or parsed.

    ## What it does
    Reports a file that mentions Redis or uses a manager, if it cannot be decoded or if the running
    Python cannot parse it. With `--parse-all` every file is parsed. This rule is always selected.

    ## Why is this bad?
    A file that cannot be read is not checked. Without this report it would look like a clean file.

    ## Example
    ```python
    import redis
    client = redis.Redis(
    ```

    ## Use instead
    ```python
    import redis

    print(redis.__version__)
    ```

    ## Options
    - `extend-exclude`

    ## References
    - [Python: source file encoding](https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations)
    """

    code = "RED000"
    name = "unreadable-file"
    since = "0.1.0"
    project = True

    @on(SourceError)
    def check(self, error: SourceError, context: RuleContext) -> Iterator[Diagnostic]:
        message = f"This file {error.message}; {error.advice}, or add it to `extend-exclude`"
        yield self.diagnostic(context, unreadable(error), message)
