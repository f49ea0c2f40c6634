"""What is left in place of a module that nobody of the project imports any more, for others who do."""

from __future__ import annotations

import ast
import codecs
from collections.abc import Collection, Iterator

from flake8_redis_ssot.facts.modules import exported_names
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.apply import FixResult
from flake8_redis_ssot.fix.compatibility.member_checks import a
from flake8_redis_ssot.fix.compatibility.replacements import Replacement
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.edits.verify import wrong
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.module_names import star_names
from flake8_redis_ssot.fix.sources.signatures import parameter_names
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.migrate.references import References
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.syntax.nodes import Function, all_nodes

_HEAD = '''"""Moved to {homes}. What is asked for here is taken from there, with a warning."""

import warnings
from typing import Any

{imports}

{functions}_MOVED: dict[str, Any] = {{
{names}}}
__all__ = {listed}


def __getattr__(name: str) -> Any:
    if name not in _MOVED:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    warnings.warn(f"{{__name__}}.{{name}} has moved to {homes}", DeprecationWarning, stacklevel=2)
    return _MOVED[name]


def __dir__() -> list[str]:
    return sorted([*globals(), *_MOVED])
'''


def with_shims(mended: FixResult, settings: Settings, within: Collection[str]) -> Iterator[tuple[str, str]]:
    """Add to the changes a shim for each forbidden module, of the files `within`, that nothing names any more.

    Yields the path of each that stays as it is instead, and why; `left` is not touched by that,
    since nothing refers to it.
    """
    before, after = mended.rewriter, mended.index
    if before is None or after is None:
        return
    references = References(settings, after, DISK.with_edits(mended.changes))
    for path in sorted(set(within) & before.index.facts.keys()):
        place = before.index.place(path)
        if place.is_manager or place.is_package:
            continue
        had, has = (index.users_of(path) for index in (before.index, after))
        for module in place.modules:
            if had and not has and any(pattern.covers(module) for pattern in place.boundary.forbidden):
                try:
                    named = next(references.to(path), None)
                    if named is not None:
                        where = settings.short(named.path)
                        raise Refusal(f"{where}:{named.line} still {named.how}", "change that first")
                    data = mended.before.get(path) or before.index.modules.filesystem.source(path).data
                    mended.changes[path] = _shim(before, path, data, module, place.boundary)
                    mended.before[path] = data
                except Refusal as refusal:
                    yield path, refusal.reason
                break


def _shim(rewriter: Rewriter, path: str, data: bytes, module: str, boundary: Boundary) -> bytes:
    """The text of a shim in a file of `boundary`; Refusal where a name of the module cannot be had there."""
    objects = rewriter.symbols
    _check_module(rewriter, module)
    tree = objects.tree(module)
    listed = exported_names(tree) if tree is not None else None
    imports: dict[str, str] = {}
    taken = {"_MOVED"}
    functions, names = "", ""
    for name, target in _names(rewriter, module, listed or frozenset()):
        home, giver = _replaced(rewriter, name, target, module, boundary)
        owner = rewriter.index.file_of(home)
        if owner is not None and rewriter.index.place(owner).boundary.name != boundary.name:
            raise Refusal(
                f"`{home}`{objects.at(objects.symbol(home) or Symbol('other', home))}, which replaces `{name}`, stands in "
                "another boundary",
                "delete the module instead",
            )
        if giver is None:
            local = imports[home] = imports.get(home) or _free(home, taken)
        elif _is_late(giver):
            local = _free(name, taken)
            package, _, last = home.rpartition(".")
            body = f"from {package} import {last}\n\n    return {last}"
            functions += f"\n{_def(giver)} {local}() -> Any:\n    {body}\n\n"
            holder = objects.symbol(package)
            if holder is None or holder.kind != "module":
                raise _no_module(home, package)
        else:
            held = imports[home] = imports.get(home) or _free(home, taken)
            local = _free(name, taken)
            functions += f"\n{_def(giver)} {local}() -> Any:\n    return {held}\n\n"
        names += f'    "{name}": {local},\n'
    if not names:
        raise Refusal("it has no name that something replaces", "delete the module instead")
    lines = []
    for home, local in sorted(imports.items()):
        package, _, last = home.rpartition(".")
        holder = objects.symbol(package) if package else None
        is_ours = rewriter.index.modules.is_ours(package)
        if package and is_ours and (holder is None or holder.kind != "module"):
            raise _no_module(home, package)
        lines.append(f"from {package} import {last} as {local}" if package else f"import {last} as {local}")
    homes = {home.rpartition(".")[0] or home for home in imports} or {boundary.managers[0]}
    text = _HEAD.format(
        homes=", ".join(sorted(homes)),
        imports="\n".join(lines),
        functions=functions + "\n" * bool(functions),
        names=names,
        listed=_list(listed),
    ).encode()
    if b"\r\n" in data:
        text = text.replace(b"\n", b"\r\n")
    text = codecs.BOM_UTF8 * data.startswith(codecs.BOM_UTF8) + text
    refusal = wrong(path, data, text, (h for h in imports if objects.symbol(h) is not None), objects)
    if refusal is not None:
        raise refusal
    return text


def _check_module(rewriter: Rewriter, module: str) -> None:
    """Refusal where a module is more than its names."""
    tree = rewriter.symbols.tree(module)
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            raise Refusal(
                f"it answers for names by `__getattr__` in line {node.lineno}", "write the shim by hand"
            )
        if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test):
            raise Refusal(f"it is a program too, by line {node.lineno}", "move that to a file of its own")
    acts = rewriter.imports.effects.acts.directly(module)
    if acts is not None:
        raise Refusal(f"importing it does more than to define: {acts}", "move that to where it is needed")


def _names(rewriter: Rewriter, module: str, listed: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """The names that a module has for others, each with what it imports for it; Refusal where the source hides some."""
    modules = rewriter.index.modules
    facts = modules.facts(module)
    if facts is None or facts.dynamic:
        raise Refusal("which names it has is told at run time alone", "write the shim by hand")
    found = {name: known.target for name, known in facts.names.items()}
    for star in facts.stars:
        given = star_names(rewriter.symbols, star)
        if given is None:
            raise Refusal(f"what `from {star} import *` gives is not told", "import by name what is meant")
        found |= {name: f"{star}.{name}" for name in sorted(given) if name not in found}
    for name in listed - found.keys() if isinstance(listed, frozenset) else ():
        raise Refusal(f"`{name}` of its `__all__` is not found in it", "write the shim by hand")
    for name, target in found.items():
        is_ours = target is None or modules.is_ours(target)
        if name in listed or (is_ours and not name.startswith("_")):
            yield name, target


def _replaced(
    rewriter: Rewriter, name: str, target: str | None, module: str, boundary: Boundary
) -> tuple[str, Function | None]:
    """What takes the place of a name of a module; the function that gave it at each call, where that is what it was."""
    objects, owns = rewriter.symbols, rewriter.index.managers.owns
    if target is not None and not owns(boundary, target):
        home = rewriter.index.modules.lookup(target)
        led = home.qualified_name if home is not None else target
        if not any(p.covers(one) for p in boundary.forbidden for one in (target, led)):
            return led, None
    replacement = rewriter.replacements.find(f"{module}.{name}", boundary)
    if replacement.calls or (replacement.collapses and replacement.old.kind != "function"):
        raise Refusal(
            f"`{name}`{objects.at(replacement.old)} is {a(replacement.old.kind)}, and `{replacement.new.qualified_name}` is none",
            "write the shim by hand",
        )
    if replacement.old.may_be_none and not replacement.new.may_be_none:
        raise Refusal(
            f"`{name}`{objects.at(replacement.old)} is None at times, and `{replacement.new.qualified_name}` never is",
            "write the shim by hand",
        )
    giver = (
        replacement.old.node if replacement.collapses and isinstance(replacement.old.node, Function) else None
    )
    if giver is not None and parameter_names(giver):
        raise Refusal(f"`{name}`{objects.at(replacement.old)} takes parameters", "write the shim by hand")
    if giver is not None and giver.decorator_list:
        raise Refusal(f"`{name}`{objects.at(replacement.old)} is decorated", "write the shim by hand")
    _check_use(rewriter, replacement, name)
    return replacement.new.qualified_name, giver


def _check_use(rewriter: Rewriter, replacement: Replacement, name: str) -> None:
    """Refusal unless the new object can do all that the old one could: what is done with it outside is not seen."""
    compatibility = rewriter.compatibility
    if (
        replacement.is_same
        or compatibility.alike.clients(replacement.old, replacement.new)
        or compatibility.given_clients.alike(replacement) is not None
    ):
        return
    given = rewriter.symbols.given(replacement.old) if replacement.collapses else replacement.old
    before, after = given or replacement.old, replacement.new
    old, new = before.of or before, after.of or after
    compatibility.members.covered(old, new, f"`{name}` may be used for anything outside of the project")
    if old.kind == new.kind == "class":
        why = compatibility.making.difference(
            replacement.old, old, after, new, lambda: compatibility.alike.is_same_code(old, new)
        )
        if why is not None:
            raise why


def _is_late(giver: Function) -> bool:
    """Whether a function looks for what it gives whenever it is called: by an import, or in a module."""
    return any(isinstance(part, ast.Import | ast.ImportFrom | ast.Attribute) for part in all_nodes(giver))


def _def(giver: Function) -> str:
    return "async def" if isinstance(giver, ast.AsyncFunctionDef) else "def"


def _no_module(home: str, package: str) -> Refusal:
    return Refusal(f"`{home}` cannot be imported, since `{package}` is no module", "write the shim by hand")


def _list(listed: Collection[str] | None) -> str:
    """What `__all__` is given: all, or those that the old module listed."""
    if listed is None:
        return "[*_MOVED]"
    names = ", ".join(f'"{name}"' for name in sorted(listed))
    return f"[name for name in _MOVED if name in {{{names}}}]"


def _free(dotted: str, taken: set[str]) -> str:
    """A private name for the last part of `dotted` that is none of those `taken`, among which it is then."""
    name = f"_{dotted.rpartition('.')[2]}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name
