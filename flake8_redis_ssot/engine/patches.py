"""Strings by which tests patch what is exchanged: they follow it to where it is looked up, or hold it back."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.engine.exchange import Refusal
from flake8_redis_ssot.engine.rewrite import MENDS, Rewriter, Unit
from flake8_redis_ssot.engine.view import View
from flake8_redis_ssot.semantic.imports import Part
from flake8_redis_ssot.source import SourceError, SourceFile

Strings = dict[str, dict[Part, str]]
"""For each file the changes of its strings, each with the string."""

_PATCHING = (b"patch", b"setattr", b"setitem", b"delattr")
_QUOTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+\Z")


class Patches:
    """The patches of a project's tests.

    `within` are the files that may change, `dynamic` the diagnostics of imports by a string.
    """

    def __init__(self, rewriter: Rewriter, within: Collection[str], dynamic: list[Diagnostic]) -> None:
        self.rewriter = rewriter
        self.index = rewriter.index
        self.within = within
        self._dynamic = dynamic
        self._reached: dict[str, set[str]] = {}

    def settled(self, units: list[Unit], refused: list[tuple[Diagnostic, str]]) -> tuple[list[Unit], Strings]:
        """The units that leave no patch of a test behind, with the strings that follow them.

        `refused` says what else is left, and receives the units that cannot be.
        """
        found = list(self._patches({key for unit in units for key in unit.reach}))
        while True:
            strings: Strings = {}
            dropped: dict[int, str] = {}
            for path, line, text, node in found:
                mine = [
                    (u, key)
                    for u in units
                    for key in u.reach
                    if _is_under(text, key) and u.path in self._reached_from(path)
                ]
                places = {u.reach[key] for u, key in mine}
                if not mine or all(u.reach[key] == key for u, key in mine):
                    continue
                why = f"{self.rewriter.short(path)}:{line} patches `{text}`, on which it depends"
                try:
                    new = self._followed(path, node, text, mine, places, units, refused)
                except Refusal as refusal:
                    dropped = {**{id(u): f"{why}; {refusal.reason}" for u, _ in mine}, **dropped}
                else:
                    strings.setdefault(path, {})[new] = text
            if not dropped:
                return units, strings
            for unit in units:
                if id(unit) in dropped:
                    refused.append((unit.diagnostic, dropped[id(unit)]))
            units = [unit for unit in units if id(unit) not in dropped]

    def _reached_from(self, path: str) -> set[str]:
        """The files that a test can run: those it imports, or its `conftest.py` files do, and so on."""
        if path not in self._reached:
            folders = [os.path.dirname(path)]
            while folders[-1].startswith(self.index.settings.root + os.sep):
                folders.append(os.path.dirname(folders[-1]))
            conftests = [os.path.join(folder, "conftest.py") for folder in folders]
            new = [p for p in (path, *conftests) if p in self.index.facts]
            found = set(new)
            while new:
                for edge in self.index.edges(new.pop()):
                    parts = [*edge.module.split("."), *([edge.name] if edge.name else [])]
                    for n in range(1, len(parts) + 1):
                        file = self.index.modules.find(".".join(parts[:n]))
                        if file is not None and file in self.index.facts and file not in found:
                            found.add(file)
                            new.append(file)
            self._reached[path] = found
        return self._reached[path]

    def _followed(
        self,
        path: str,
        node: ast.Constant | None,
        text: str,
        mine: list[tuple[Unit, str]],
        places: set[str | None],
        units: list[Unit],
        refused: list[tuple[Diagnostic, str]],
    ) -> Part:
        """The change of a string that patches; Refusal where it cannot follow."""
        keys = {key for _, key in mine}
        if len(places) > 1 or len(keys) > 1:
            raise Refusal("afterwards it is looked up in several places")
        place, key = places.pop(), keys.pop()
        if place is None:
            raise Refusal("change the test with it")
        rest = self._rest(key, {u.path for u, _ in mine}, units, refused)
        if rest is not None:
            raise Refusal(f"{self.rewriter.short(rest)} still needs it")
        if path not in self.within:
            raise Refusal("that file is not among those to change")
        view = self.rewriter.view(path)
        if view is None or node is None:
            raise Refusal("that string is put together from parts")
        return self.rewriter.renamed(view, node, key, place)

    def _rest(
        self, key: str, done: set[str], units: list[Unit], refused: list[tuple[Diagnostic, str]]
    ) -> str | None:
        """A file that still reaches the object by `key` when the units are done."""
        module = key.rpartition(".")[0]
        while module and self.index.modules.find(module) is None:
            module = module.rpartition(".")[0]
        own = self.index.modules.find(module)
        if own in done:
            return None  # the name of the file that is changed
        for diagnostic, _ in refused:
            if (
                any(_is_under(name, module) for name in diagnostic.symbols)
                and MENDS.get(diagnostic.code) != "string"
            ):
                return diagnostic.path
        for diagnostic in self._dynamic:
            if any(_is_under(name, module) for name in diagnostic.symbols):
                return diagnostic.path
        settled = {unit.path for unit in units} | done
        return next((p for p in self.index.importers(module) if p not in settled and p != own), None)

    def _patches(self, keys: Collection[str]) -> Iterator[tuple[str, int, str, ast.Constant | None]]:
        """Where tests name one of the dotted `keys`, or something in it: file, line, text and node."""
        by_module: dict[str, set[str]] = {}
        for key in keys:
            module, _, last = key.rpartition(".")
            by_module.setdefault(module, set()).add(last)
        for path in self.index.facts if keys else ():
            try:
                data = SourceFile.read(path).data
            except SourceError:
                continue
            if not any(word in data for word in _PATCHING):
                continue
            named = [m for m in by_module if m.encode() in data]
            pieced = [
                (module, last)
                for module, names in by_module.items()
                for last in names
                if any(f"}}.{last}{quote}".encode() in data for quote in "\"'")
                and module.rpartition(".")[2].encode() in data
            ]
            objects = [
                (module, last)
                for module, names in by_module.items()
                if module.rpartition(".")[2].encode() in data
                for last in names
                if any(f"{quote}{last}{quote}".encode() in data for quote in "\"'")
                and self._imports(path, module)
            ]
            view = self.rewriter.view(path) if named or pieced or objects else None
            if view is None:
                continue
            for node in _dotted_texts(view):
                if any(_is_under(str(node.value), key) for key in keys):
                    yield path, node.lineno, str(node.value), node
            for module, last in pieced:
                yield path, _line(data, f".{last}"), f"{module}.{last}", None
            for module, last in objects:
                line = _handed_line(view, last)
                if line:
                    yield path, line, f"{module}.{last}", None

    def _imports(self, path: str, module: str) -> bool:
        """Whether a file has the module itself under a name, so that it may patch by it."""
        parent, _, last = module.rpartition(".")
        return any(
            (edge.module == module and edge.name is None) or (edge.module == parent and edge.name == last)
            for edge in self.index.edges(path)
        )


def _dotted_texts(view: View) -> Iterator[ast.Constant]:
    """The strings of a file that are dotted names."""
    for node in ast.walk(view.source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _QUOTED.match(node.value):
            yield node


def _handed_line(view: View, name: str) -> int:
    """The line where `name` is the second argument of a call that patches."""
    for node in ast.walk(view.source.tree):
        match node:
            case ast.Call(args=[_, ast.Constant(value=value) as second, *_]) if value == name:
                return second.lineno
    return 0


def _line(data: bytes, text: str) -> int:
    return data.count(b"\n", 0, max(0, data.find(text.encode()))) + 1


def _is_under(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}.")
