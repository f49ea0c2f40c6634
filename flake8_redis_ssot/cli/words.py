"""The words of a run: its text, as it is written in the end."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.codec import reader
from flake8_redis_ssot.output import FORMATS, render
from flake8_redis_ssot.output.statistics import STYLES, statistics

if TYPE_CHECKING:
    from flake8_redis_ssot.source import SourceFile


def text(
    style: str,
    diagnostics: Sequence[Diagnostic],
    *,
    counted: bool,
    unsafe: bool,
    given: SourceFile | None = None,
    fixes: int = 0,
    failed: bool = False,
) -> str:
    """What is written, or with `counted` the statistics of it.

    Where nothing was found since something `failed`, no word that all is well.
    """
    text = statistics(style, diagnostics, unsafe=unsafe) if counted else render(style, diagnostics, given)
    if style in ("concise", "full") and (diagnostics or not failed):
        left = len(diagnostics)
        number = left + fixes
        outcome = f" ({fixes} fixed, {left} remaining)" if fixes else ""
        text += f"Found {number} error{'s' * (number != 1)}{outcome}.\n" if number else "All checks passed!\n"
    return text


def rendered(
    found: str, reported: Collection[str], style: str, options: Mapping[str, str]
) -> list[str] | None:
    """Status, notes and text of a run that `found` this, as JSON; None for a style that is not to be had.

    The diagnostics of the files `reported` are meant.
    """
    counted = "--statistics" in options
    if style not in (STYLES if counted else FORMATS):
        return None
    diagnostics = [*map(reader(Diagnostic), (d for d in json.loads(found) if d[0] in reported))]
    status = bool(diagnostics) and "--exit-zero" not in options
    said = text(style, diagnostics, counted=counted, unsafe="--unsafe-fixes" in options)
    return [str(int(status)), "", said]
