"""Strings that are put together."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import Text
from flake8_redis_ssot.syntax.bindings import ProgramPoint

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_LONGEST_TEXT = 2_000
"""Characters of a string that is put together; a longer one names nothing."""


def joined(
    inference: Inference, node: ast.expr, parts: Sequence[ast.expr], point: ProgramPoint
) -> Iterator[Text]:
    """The string of parts that are known, each to be one string."""
    whole = ""
    for part in parts:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        texts = inference.all_texts(inner, point)
        if len(texts) != 1 or (isinstance(part, ast.FormattedValue) and part.format_spec):
            return
        whole += texts.pop()
        if len(whole) > _LONGEST_TEXT:
            return
    yield Text(whole, node)
