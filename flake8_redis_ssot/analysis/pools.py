"""What a pool connects to, as far as the source tells."""

from __future__ import annotations

import ast
from collections.abc import Callable

from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.libraries.traits import (
    BEFORE_POOLS,
    DEFAULTS,
    OWNING,
    POOL_KEYWORDS,
    TUNING,
    WITH_DEFAULTS,
    positional_names,
)
from flake8_redis_ssot.syntax.nodes import unparsed


def pool_target(builder: Builder, call: ast.Call, meaning: Callable[[ast.expr], str | None]) -> str | None:
    """The target of a pool that `call` makes, comparable; None where the file does not say.

    Sizes and timeouts are no part of it. `meaning` gives a name that is the same for equal values.
    """
    if builder.target.endswith(OWNING):
        return None  # takes a pool that is there
    arguments: dict[str, str] = {}
    names = positional_names(builder.target)
    if builder.kind == "client" and builder.is_class and len(call.args) > BEFORE_POOLS:
        return None  # one of them may be a pool
    pairs: list[tuple[str | None, ast.expr]] = [
        (names[n] if n < len(names) else f"#{n}", value) for n, value in enumerate(call.args)
    ]
    pairs += [(keyword.arg, keyword.value) for keyword in call.keywords]
    for name, value in pairs:
        if name is None or name in POOL_KEYWORDS:
            return None
        if name in TUNING:
            continue
        known = unparsed(value) if _is_constant(value) else meaning(value)
        if known is None:
            return None
        arguments[name] = known
    if builder.library in WITH_DEFAULTS and not {"#0", "url", "sentinels"} & arguments.keys():
        arguments = {**DEFAULTS, **arguments}
    text = ", ".join(f"{name}={value}" for name, value in sorted(arguments.items()))
    return f"{builder.target}({text})"


def _is_constant(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant)
