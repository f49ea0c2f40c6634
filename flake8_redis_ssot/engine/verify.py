"""Whether a changed file is as good as before: what every fix has to pass before it is granted."""

from __future__ import annotations

import ast
import os
import warnings
from collections import Counter
from collections.abc import Iterable

from flake8_redis_ssot.engine.rewrite import Unit
from flake8_redis_ssot.engine.view import View
from flake8_redis_ssot.semantic.objects import Objects
from flake8_redis_ssot.source import SourceFile

_UNDEFINED = frozenset(["UndefinedName", "UndefinedLocal", "UndefinedExport"])


def flaw(view: View, units: Iterable[Unit], after: bytes, objects: Objects) -> str | None:
    """What is wrong with the bytes `after`, the result of `units` in one file; None where nothing is."""
    path = view.path
    if not compiles(after, path):
        return "the file would no longer compile" if compiles(view.source.data, path) else None
    missing = undefined(after, path) - undefined(view.source.data, path)
    if missing:
        return f"`{min(missing)}` would be undefined"
    for unit in units:
        for name in unit.written:
            if objects.thing(name) is None:
                return f"`{name}` does not exist"
        reason = _circle(view, unit, objects) if unit.adds else None
        if reason is not None:
            return reason
    return None


def _circle(view: View, unit: Unit, objects: Objects) -> str | None:
    """What speaks against an import that runs when the file is imported."""
    if unit.statement is None or view.uses.home(unit.statement).kind == "function":
        return None
    for target in sorted({name.rpartition(".")[0] for name in unit.written}):
        for here in view.place.modules:
            path = objects.path_between(target, here)
            if path is not None:
                return f"it would close a circle of imports: {' -> '.join([here, *path])}"
    return None


def compiles(data: bytes, path: str) -> bool:
    """Whether Python compiles the bytes of a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, os.fspath(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def undefined(data: bytes, path: str) -> Counter[str]:
    """The names that pyflakes finds undefined, with how often; none where the bytes cannot be parsed."""
    from pyflakes.checker import Checker

    source = SourceFile(path, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        messages = Checker(tree, filename=source.path).messages
    except (SyntaxError, ValueError, RecursionError):
        return Counter()
    return Counter(str(m.message_args[0]) for m in messages if type(m).__name__ in _UNDEFINED)
