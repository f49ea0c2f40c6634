"""What is left in place of a module that nobody of the project imports any more, for others who do."""

from __future__ import annotations

import ast
import os

from flake8_redis_ssot.engine.exchange import Refusal
from flake8_redis_ssot.engine.fix import Mended
from flake8_redis_ssot.engine.rewrite import Rewriter
from flake8_redis_ssot.engine.verify import compiles
from flake8_redis_ssot.settings.boundaries import place_of
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import SourceFile

_HEAD = '''"""Moved to {homes}. What is asked for here is taken from there, with a warning."""

import warnings
from typing import Any

{imports}

{functions}_MOVED: dict[str, Any] = {{
{names}}}


def __getattr__(name: str) -> Any:
    if name not in _MOVED:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    warnings.warn(f"{{__name__}}.{{name}} has moved to {homes}", DeprecationWarning, stacklevel=2)
    return _MOVED[name]
'''


def with_shims(mended: Mended, settings: Settings) -> None:
    """Add to the changes a shim for each forbidden module that lost its last importer.

    Where one of its public names has no replacement the module stays as it is; `left` is not
    touched by that, since nothing refers to it.
    """
    before, after = mended.rewriter, mended.index
    if before is None or after is None:
        return
    for path in sorted(before.index.facts):
        place = place_of(settings, path)
        for module in place.modules:
            if not any(pattern.covers(module) for pattern in place.boundary.forbidden):
                continue
            had = [p for p in before.index.importers(module) if p != path]
            has = [p for p in after.importers(module) if p != path]
            if had and not has and not os.path.basename(path).startswith("__init__."):
                text = _shim(before, module)
                if text is not None and compiles(text.encode(), path):
                    mended.before.setdefault(path, SourceFile.read(path).data)
                    mended.changes[path] = text.encode()


def _shim(rewriter: Rewriter, module: str) -> str | None:
    """The text of a shim; None where a name of the module has nothing that takes its place."""
    tree = rewriter.objects.tree(module)
    facts = rewriter.index.modules.facts(module)
    if tree is None or facts is None:
        return None
    imports: dict[str, str] = {}
    functions, names = "", ""
    boundary = rewriter.index.settings.boundaries[0]
    for name, known in facts.names.items():
        if name.startswith("_") or (known.target is not None and not boundary.owns(known.target)):
            continue
        try:
            aim = rewriter.exchange.aim(f"{module}.{name}", boundary)
        except Refusal:
            return None
        local = imports.setdefault(aim.new.home, f"_{aim.new.home.rpartition('.')[2]}")
        if aim.calls or (aim.collapses and aim.old.sort != "function"):
            return None
        if aim.collapses:
            colour = "async def" if isinstance(aim.old.node, ast.AsyncFunctionDef) else "def"
            functions += f"\n{colour} _{name}() -> Any:\n    return {local}\n\n\n"
            local = f"_{name}"
        names += f'    "{name}": {local},\n'
    if not names:
        return None
    lines = [
        f"from {home.rpartition('.')[0]} import {home.rpartition('.')[2]} as {local}"
        for home, local in sorted(imports.items())
    ]
    homes = ", ".join(sorted({home.rpartition(".")[0] for home in imports}))
    return _HEAD.format(homes=homes, imports="\n".join(lines), functions=functions, names=names)
