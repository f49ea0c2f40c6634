"""Strings by which tests patch what is exchanged: they follow it to where it is looked up, or hold it back."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.fix.propose import MENDS, Proposal, Rewriter
from flake8_redis_ssot.fix.replacements import Refusal
from flake8_redis_ssot.fix.view import View
from flake8_redis_ssot.libraries.frameworks import PATCHING, SETTING, TAKERS
from flake8_redis_ssot.source import SourceError
from flake8_redis_ssot.syntax.imports import Part
from flake8_redis_ssot.syntax.nodes import unparsed

Strings = dict[str, dict[Part, str]]
"""For each file the changes of its strings, each with the string."""

_QUOTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+\Z")


@dataclass(frozen=True, slots=True)
class Patch:
    """A place that names what a test may patch; `string` is there where it can be written anew."""

    path: str
    line: int
    text: str
    string: ast.Constant | None = None

    @property
    def act(self) -> str:
        """What the place does, for a message."""
        if self.text.startswith("object "):
            return f"changes `{self.text.removeprefix('object ')}` itself"
        return f"patches `{self.text}`"


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
        self.met = False
        """Whether a patch was found on which some unit depends."""

    def settled(
        self, proposals: list[Proposal], refused: list[tuple[Diagnostic, str]]
    ) -> tuple[list[Proposal], Strings]:
        """The units that leave no patch of a test behind, with the strings that follow them.

        `refused` says what else is left, and receives the units that cannot be.
        """
        found = list(self._patches({key for proposal in proposals for key in proposal.reach}))
        while True:
            by_key: dict[str, list[Proposal]] = {}
            for proposal in proposals:
                for key in proposal.reach:
                    by_key.setdefault(key, []).append(proposal)
            strings: Strings = {}
            dropped: dict[int, str] = {}
            for patch in found:
                keys = [key for key in _heads(patch.text) if key in by_key]
                mine = [(u, key) for key in keys for u in by_key[key] if self._may_meet(patch.path, u, key)]
                if not mine or all(u.reach[key] == key for u, key in mine):
                    continue
                self.met = True
                try:
                    strings.setdefault(patch.path, {})[self._followed(patch, mine, proposals, refused)] = (
                        patch.text
                    )
                except Refusal as refusal:
                    where = f"{self.rewriter.short(patch.path)}:{patch.line}"
                    why = f"{where} {patch.act}, on which it depends; {refusal.reason}"
                    dropped = {**{id(u): why for u, _ in mine}, **dropped}
            if not dropped:
                return proposals, strings
            for proposal in proposals:
                if id(proposal) in dropped:
                    refused.append((proposal.diagnostic, dropped[id(proposal)]))
            proposals = [proposal for proposal in proposals if id(proposal) not in dropped]

    def _may_meet(self, path: str, proposal: Proposal, key: str) -> bool:
        """Whether a patch in the file at `path` can be on when the code of `proposal` runs."""
        module = key.rpartition(".")[0]
        while module and self.index.modules.find(module) is None:
            module = module.rpartition(".")[0]
        own = module != "" and self.index.modules.find(module) == proposal.path
        return own or os.path.basename(path) == "conftest.py" or proposal.path in self._reached_from(path)

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
        patch: Patch,
        mine: list[tuple[Proposal, str]],
        proposals: list[Proposal],
        refused: list[tuple[Diagnostic, str]],
    ) -> Part:
        """The change of a string that patches; Refusal where it cannot follow."""
        keys, places = {key for _, key in mine}, {u.reach[key] for u, key in mine}
        if len(places) > 1 or len(keys) > 1:
            raise Refusal("afterwards it is looked up in several places")
        place, key = places.pop(), keys.pop()
        if place is None:
            raise Refusal("change the test with it")
        rest = self._rest(key, {u.path for u, _ in mine}, proposals, refused)
        if rest is not None:
            raise Refusal(f"{self.rewriter.short(rest)} still needs it")
        if patch.path not in self.within:
            raise Refusal("that file is not among those to change")
        view = self.rewriter.view(patch.path)
        if view is None or patch.string is None:
            raise Refusal("that is no string that can follow")
        return self.rewriter.renamed(view, patch.string, key, place)

    def _rest(
        self, key: str, done: set[str], proposals: list[Proposal], refused: list[tuple[Diagnostic, str]]
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
        settled = {proposal.path for proposal in proposals} | done
        return next((p for p in self.index.importers(module) if p not in settled and p != own), None)

    def _patches(self, keys: Collection[str]) -> Iterator[Patch]:
        """Where files name what is in `keys`, or something in it, so that a test may patch it."""
        by_module: dict[str, set[str]] = {}
        for key in keys:
            module, _, last = key.rpartition(".")
            if " " not in key and "[" not in key:
                by_module.setdefault(module, set()).add(last)
        replaced = {key[len("sys.modules[") : -1] for key in keys if key.startswith("sys.modules[")}
        touched = {key.removeprefix("object ") for key in keys if key.startswith("object ")}
        for path in self.index.facts if keys else ():
            try:
                data = self.index.modules.filesystem.source(path).data
            except SourceError:
                continue
            modules = [m for m in by_module if m.rpartition(".")[2].encode() in data]
            if not modules or not (any(w in data for w in PATCHING) or self.index.settings.is_test(path)):
                continue
            if not any(
                m.encode() in data or self.index.handles(path, m) for m in (*modules, *replaced)
            ) and not (
                any(re.search(rb"[}s\"']\." + last.encode(), data) for m in modules for last in by_module[m])
            ):
                continue
            view = self.rewriter.view(path, keep=False)
            if view is not None:
                yield from self._in_file(view, {m: by_module[m] for m in modules}, keys)
                if b"sys.modules" in data:
                    yield from (
                        Patch(path, node.lineno, f"sys.modules[{node.value}]")
                        for node in _texts(view.source.tree)
                        if node.value in replaced
                    )
                yield from self._touching(view, touched)

    def _in_file(self, view: View, by_module: dict[str, set[str]], keys: Collection[str]) -> Iterator[Patch]:
        path, tree = view.path, view.source.tree
        lasts = {last for names in by_module.values() for last in names}
        handles = {m: found for m in by_module if (found := self.index.handles(path, m))}
        for node in ast.walk(tree):
            match node:
                case ast.Call():
                    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
                    for argument in arguments[:1]:
                        text = getattr(argument, "value", None)
                        if isinstance(argument, ast.Constant) and isinstance(text, str):
                            is_patch = _called(node) in TAKERS
                            if _is_dotted(text) and (is_patch or view.is_test):
                                yield Patch(path, argument.lineno, text, argument if is_patch else None)
                            for keyword in node.keywords if text in by_module else ():
                                yield Patch(path, argument.lineno, f"{text}.{keyword.arg}")
                    given = {unparsed(a) for a in arguments if isinstance(a, ast.Name | ast.Attribute)}
                    for module, names in handles.items():
                        if given & names and _called(node) in SETTING:
                            for last in by_module[module] & {str(n.value) for n in _texts(tree)}:
                                yield Patch(path, node.lineno, f"{module}.{last}")
                case ast.Attribute(ctx=ast.Store() | ast.Del(), attr=attr) if attr in lasts:
                    for module, names in handles.items():
                        if unparsed(node.value) in names and attr in by_module[module]:
                            yield Patch(path, node.lineno, f"{module}.{attr}")
        first = {
            node.args[0] if node.args else node.keywords[0].value
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and (node.args or node.keywords)
        }
        for node in _texts(tree) if view.is_test else ():
            text = str(node.value)
            if _is_dotted(text) and node not in first and set(_heads(text)) & set(keys):
                yield Patch(path, node.lineno, text)
            elif piece := re.search(r"(?:^|%s|\{\w*\})\.(\w+)(?:\.|$)", text):
                for module, names in by_module.items():
                    if piece[1] in names:
                        yield Patch(path, node.lineno, f"{module}.{piece[1]}")

    def _touching(self, view: View, touched: set[str]) -> Iterator[Patch]:
        """Where a test sets something on an old object itself, or has a patch do it."""
        for module in {name.rpartition(".")[0] for name in touched} if view.is_test else ():
            if view.path not in self.index.importers(module):
                continue
            for place, dotted in self.rewriter.places(view, module):
                node: ast.AST | None = place
                above = view.uses.parents.get(place)
                while isinstance(above, ast.Attribute | ast.Await) or (
                    isinstance(above, ast.Call) and above.func is node
                ):
                    node, above = above, view.uses.parents.get(above)
                    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                        yield Patch(view.path, place.lineno, f"object {dotted}")
                if isinstance(above, ast.Call) and _called(above) in SETTING:
                    yield Patch(view.path, place.lineno, f"object {dotted}")


def _heads(text: str) -> Iterator[str]:
    """A dotted name, and the names before each of its dots."""
    if " " in text or "[" in text:
        yield text
        return
    while text:
        yield text
        text = text.rpartition(".")[0]


def _texts(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def _is_dotted(text: str) -> bool:
    return _QUOTED.match(text) is not None


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is_under(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}.")
