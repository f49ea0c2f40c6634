"""What is left in place of a module that nobody of the project imports any more, for others who do."""

from __future__ import annotations

import ast
import codecs
import os
from collections.abc import Collection, Iterator

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.fix.apply import FixResult
from flake8_redis_ssot.fix.member_checks import a
from flake8_redis_ssot.fix.propose import Rewriter
from flake8_redis_ssot.fix.replacements import Refusal
from flake8_redis_ssot.fix.verify import wrong
from flake8_redis_ssot.migrate.references import References
from flake8_redis_ssot.settings.boundaries import place_of
from flake8_redis_ssot.settings.model import Boundary, Settings

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


def with_shims(
    mended: FixResult, settings: Settings, within: Collection[str], filesystem: FileSystem
) -> Iterator[tuple[str, str]]:
    """Add to the changes a shim for each forbidden module, of the files `within`, that nothing names any more.

    Yields the path of each that stays as it is instead, and why; `left` is not touched by that,
    since nothing refers to it.
    """
    before, after = mended.rewriter, mended.index
    if before is None or after is None:
        return
    references = References(settings, after, filesystem.with_edits(mended.changes))
    for path in sorted(set(within) & before.index.facts.keys()):
        place = place_of(settings, path)
        if place.is_manager or place.is_package:
            continue
        had, has = (index.users_of(path) for index in (before.index, after))
        for module in place.modules:
            if had and not has and any(pattern.covers(module) for pattern in place.boundary.forbidden):
                try:
                    named = next(references.to(path), None)
                    if named is not None:
                        where = os.path.relpath(named.path, settings.root).replace(os.sep, "/")
                        raise Refusal(f"{where}:{named.line} still {named.how}", "change that first")
                    data = mended.before.get(path) or before.index.modules.filesystem.source(path).data
                    mended.changes[path] = _shim(before, path, data, module, place.boundary)
                    mended.before[path] = data
                except Refusal as refusal:
                    yield path, refusal.reason
                break


def _shim(rewriter: Rewriter, path: str, data: bytes, module: str, boundary: Boundary) -> bytes:
    """The text of a shim in a file of `boundary`; Refusal where a name of the module cannot be had there."""
    facts = rewriter.index.modules.facts(module)
    owns = rewriter.index.managers.owns
    imports: dict[str, str] = {}
    taken = {"_MOVED"}
    functions, names = "", ""
    for name, known in facts.names.items() if facts is not None else ():
        if name.startswith("_") or (known.target is not None and not owns(boundary, known.target)):
            continue
        aim = rewriter.replacements.aim(f"{module}.{name}", boundary)
        if aim.calls or (aim.collapses and aim.old.sort != "function"):
            raise Refusal(
                f"`{name}`{rewriter.objects.at(aim.old)} is {a(aim.old.sort)}, and `{aim.new.home}` is none",
                "write the shim by hand",
            )
        home = aim.new.home
        owner = rewriter.index.file_of(home)
        if owner is not None and rewriter.index.place(owner).boundary.name != boundary.name:
            raise Refusal(
                f"`{home}`{rewriter.objects.at(aim.new)}, which replaces `{name}`, stands in another boundary",
                "delete the module instead",
            )
        local = imports[home] = imports.get(home) or _free(home, taken)
        if aim.collapses:
            colour = "async def" if isinstance(aim.old.node, ast.AsyncFunctionDef) else "def"
            giver = _free(name, taken)
            functions += f"\n{colour} {giver}() -> Any:\n    return {local}\n\n"
            local = giver
        names += f'    "{name}": {local},\n'
    if not names:
        raise Refusal("it has no name that something replaces", "delete the module instead")
    lines, homes = [], set()
    for home, local in sorted(imports.items()):
        package, _, last = home.rpartition(".")
        holder = rewriter.objects.thing(package) if package else None
        if package and (holder is None or holder.sort != "module"):
            raise Refusal(
                f"`{home}` cannot be imported, since `{package}` is no module", "write the shim by hand"
            )
        lines.append(f"from {package} import {last} as {local}" if package else f"import {last} as {local}")
        homes.add(package or last)
    text = _HEAD.format(
        homes=", ".join(sorted(homes)),
        imports="\n".join(lines),
        functions=functions + "\n" * bool(functions),
        names=names,
    ).encode()
    if b"\r\n" in data:
        text = text.replace(b"\n", b"\r\n")
    text = codecs.BOM_UTF8 * data.startswith(codecs.BOM_UTF8) + text
    refusal = wrong(path, data, text, imports, rewriter.objects)
    if refusal is not None:
        raise refusal
    return text


def _free(dotted: str, taken: set[str]) -> str:
    """A private name for the last part of `dotted` that is none of those `taken`, among which it is then."""
    name = f"_{dotted.rpartition('.')[2]}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name
