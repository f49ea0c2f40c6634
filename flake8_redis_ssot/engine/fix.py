"""Fixes granted and applied: for each file all of them or none, pass after pass until nothing changes."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from flake8_redis_ssot.diagnostic import Diagnostic, Edit, Fix
from flake8_redis_ssot.engine.check import FileChecker
from flake8_redis_ssot.engine.rewrite import MENDS, Refusal, Rewriter, Unit, View
from flake8_redis_ssot.engine.run import Outcome, run_project
from flake8_redis_ssot.engine.verify import flaw
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.semantic.imports import Part, rewritten
from flake8_redis_ssot.source import OVERLAY, SourceError, SourceFile

FIXABLE = frozenset(MENDS)
"""The rules whose diagnostics a fix may settle."""

PASSES = 10
_PATCHING = (b"patch", b"setattr", b"setitem", b"delattr")
_QUOTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+\Z")


@dataclass(slots=True)
class Mended:
    """What fixes came to.

    `changes` are the new bytes of each file, `before` those that were read; `settled` the diagnostics that they settle, each
    with its fix; `left` those that remain, each with the reason, in `outcome` as they are found
    when all is done. `rewriter` knows the project as it was, `index` as it is then.
    """

    changes: dict[str, bytes] = field(default_factory=dict)
    before: dict[str, bytes] = field(default_factory=dict)
    settled: list[Diagnostic] = field(default_factory=list)
    left: list[tuple[Diagnostic, str]] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
    rewriter: Rewriter | None = None
    index: ProjectIndex | None = None


def mend(
    files: Sequence[str],
    make: Callable[[], FileChecker],
    within: Collection[str],
    *,
    unsafe: bool = False,
    jobs: int = 1,
    codes: frozenset[str] = FIXABLE,
) -> Mended:
    """What the files `within` become when all fixes are applied that may be; nothing is written.

    `make` gives a checker that knows nothing of earlier bytes.
    """
    mended = Mended()
    try:
        for _ in range(PASSES):
            checker = make()
            mended.outcome = run_project(files, checker, jobs=1 if OVERLAY else jobs)
            step = Step(checker, mended.outcome, within, unsafe=unsafe, codes=codes)
            mended.rewriter = mended.rewriter or step.rewriter
            mended.index = step.index
            mended.left = step.refused
            if not step.changes:
                break
            mended.settled += step.settled
            mended.before = {path: step.bytes_of(path) for path in step.changes} | mended.before
            mended.changes |= step.changes
            OVERLAY.update(step.changes)
    finally:
        OVERLAY.clear()
    return mended


class Step:
    """One pass: what can be settled of an outcome, and why the rest is left."""

    def __init__(
        self,
        checker: FileChecker,
        outcome: Outcome,
        within: Collection[str],
        *,
        unsafe: bool,
        codes: frozenset[str] = FIXABLE,
    ) -> None:
        self.index = ProjectIndex(checker.settings, outcome.facts, checker.managers)
        self.rewriter = Rewriter(self.index, checker.context_of)
        self.within = within
        self.refused: list[tuple[Diagnostic, str]] = []
        self.settled: list[Diagnostic] = []
        self.changes: dict[str, bytes] = {}
        self._reached: dict[str, set[str]] = {}
        self._dynamic = [d for d in outcome.diagnostics if d.code == "RED105"]
        units: list[Unit] = []
        for diagnostic in outcome.diagnostics:
            if diagnostic.code in codes and diagnostic.path in within:
                try:
                    units.append(self._proposed(diagnostic, unsafe))
                except Refusal as refusal:
                    self.refused.append((diagnostic, refusal.reason))
        self._settle(units)

    def _proposed(self, diagnostic: Diagnostic, unsafe: bool) -> Unit:
        unit = self.rewriter.propose(diagnostic)
        if unit.applicability != "safe" and not unsafe:
            raise Refusal(
                f"it is unsafe: {unit.title[0].lower()}{unit.title[1:]} may change what the code does"
            )
        return unit

    def _settle(self, units: list[Unit]) -> None:
        """Drop units until those left can stand together, and put down what they give."""
        while True:
            kept, strings = self._with_patches(units)
            composed: dict[str, bytes] = {}
            good: list[Unit] = []
            for path in dict.fromkeys([*(u.path for u in kept), *strings]):
                mine = [unit for unit in kept if unit.path == path]
                view = self.rewriter.view(path)
                assert view is not None
                data, fine = self._composed(view, mine, strings.get(path, {}))
                good += fine
                if data != view.source.data:
                    composed[path] = data
            if len(good) == len(kept):
                break
            units = good
        self.changes = composed
        self.settled = [replace(unit.diagnostic, fix=self._fix(unit)) for unit in good]
        still = []
        for diagnostic, reason in self.refused:
            edit = self._following(diagnostic, strings.get(diagnostic.path, {}))
            if edit is None:
                still.append((diagnostic, reason))
            else:
                fix = Fix(f"Patch where it is looked up: `{edit.content}`", (edit,), "safe")
                self.settled.append(replace(diagnostic, fix=fix))
        self.refused = sorted(still, key=lambda one: one[0].sort_key)

    def _following(self, diagnostic: Diagnostic, strings: Mapping[Part, str]) -> Edit | None:
        """The change of a string that follows the imports, where the diagnostic is of that string."""
        view = (
            self.rewriter.view(diagnostic.path)
            if strings and MENDS.get(diagnostic.code) == "string"
            else None
        )
        for start, end, content in strings if view is not None else ():
            assert view is not None
            where = view.source.place(start, end)
            if diagnostic.range.start <= where.start and where.end <= diagnostic.range.end:
                return Edit(where, content)
        return None

    def bytes_of(self, path: str) -> bytes:
        """What this pass has read of a file that it changes."""
        view = self.rewriter.view(path)
        assert view is not None
        return view.source.data

    def _drop(self, unit: Unit, reason: str) -> None:
        self.refused.append((unit.diagnostic, reason))

    def _composed(
        self, view: View, units: list[Unit], strings: Mapping[Part, str]
    ) -> tuple[bytes, list[Unit]]:
        """The bytes of a file with as many of the units as can be applied, and these."""
        tried = list(units)
        data, reason = self._applied(view, tried, strings)
        if reason is None:
            return data, tried
        fine: list[Unit] = []
        for unit in units:
            _, reason = self._applied(view, [*fine, unit], strings)
            if reason is None:
                fine.append(unit)
            else:
                self._drop(unit, reason)
        data, _ = self._applied(view, fine, strings)
        return data, fine

    def _applied(
        self, view: View, units: Sequence[Unit], strings: Mapping[Part, str]
    ) -> tuple[bytes, str | None]:
        """The bytes of a file after `units`; what is wrong with them."""
        parts = sorted({*_parts(view, units), *strings})
        if any(start < end for (_, end, _), (start, _, _) in pairwise(parts)):
            return view.source.data, "it overlaps another change; run again"
        try:
            data = view.source.replaced(parts)
        except SourceError as error:
            return view.source.data, f"the file {error.message}"
        reason = flaw(view, units, data, self.rewriter.objects) if parts else None
        return (view.source.data if reason is not None else data), reason

    def _fix(self, unit: Unit) -> Fix:
        view = self.rewriter.view(unit.path)
        assert view is not None
        edits = (Edit(view.source.place(start, end), content) for start, end, content in _parts(view, [unit]))
        return Fix(unit.title, tuple(sorted(edits)), unit.applicability)

    # patches

    def _with_patches(self, units: list[Unit]) -> tuple[list[Unit], dict[str, dict[Part, str]]]:
        """The units that leave no patch of a test behind, with the strings that follow them, by file."""
        found = list(self._patches({key for unit in units for key in unit.reach}))
        while True:
            strings: dict[str, dict[Part, str]] = {}
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
                    new = self._followed(path, node, text, mine, places, units)
                except Refusal as refusal:
                    dropped = {**{id(u): f"{why}; {refusal.reason}" for u, _ in mine}, **dropped}
                else:
                    if new is not None:
                        strings.setdefault(path, {})[new] = text
            if not dropped:
                return units, strings
            for unit in units:
                if id(unit) in dropped:
                    self._drop(unit, dropped[id(unit)])
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
    ) -> Part | None:
        """The change of a string that patches; Refusal where it cannot follow."""
        keys = {key for _, key in mine}
        if len(places) > 1 or len(keys) > 1:
            raise Refusal("afterwards it is looked up in several places")
        place, key = places.pop(), keys.pop()
        if place is None:
            raise Refusal("change the test with it")
        rest = self._rest(key, {u.path for u, _ in mine}, units)
        if rest is not None:
            raise Refusal(f"{self.rewriter.short(rest)} still needs it")
        if path not in self.within:
            raise Refusal("that file is not among those to change")
        view = self.rewriter.view(path)
        if view is None or node is None:
            raise Refusal("that string is put together from parts")
        return self.rewriter.renamed(view, node, key, place)

    def _rest(self, key: str, done: set[str], units: list[Unit]) -> str | None:
        """A file that still reaches the object by `key` when the units are done."""
        module = key.rpartition(".")[0]
        while module and self.index.modules.find(module) is None:
            module = module.rpartition(".")[0]
        own = self.index.modules.find(module)
        if own in done:
            return None  # the name of the file that is changed
        for diagnostic, _ in self.refused:
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


def _parts(view: View, units: Sequence[Unit]) -> Iterator[Part]:
    """The changes of one file that `units` make together."""
    parts = [part for unit in units for part in unit.parts]
    yield from parts
    statements = dict.fromkeys(unit.statement for unit in units if unit.statement is not None)
    gone: dict[int, int] = {}
    imported = set()
    for statement in statements:
        mine = [unit for unit in units if unit.statement is statement]
        dropped = [alias for unit in mine for alias in unit.drops]
        if any(MENDS[unit.diagnostic.code] == "call" for unit in mine):
            rest = [alias for alias in statement.names if alias not in dropped]
            dropped += [alias for alias in rest if _is_used_up(view, statement, alias, parts)]
        added = []
        in_module = view.uses.home(statement).kind == "module" and statement in view.source.tree.body
        for one in dict.fromkeys(one for unit in mine for one in unit.adds):
            if not in_module or one not in imported:
                added.append(one)
            if in_module:
                imported.add(one)
        block = view.block_of(statement)
        if not added and len(dropped) == len(statement.names):
            gone[id(block)] = gone.get(id(block), 0) + 1
        yield from rewritten(
            view.source,
            statement,
            dropped,
            added,
            next(iter(view.bases(statement)), ""),
            last_of_block=gone.get(id(block)) == len(block) and statement not in view.source.tree.body,
        )


def _is_used_up(
    view: View, statement: ast.Import | ast.ImportFrom, alias: ast.alias, parts: Sequence[Part]
) -> bool:
    """Whether every use of an imported class goes by the changes, and nothing else asks for it."""
    found = view.uses.binding(statement, alias)
    if found is None or found[0] in view.exported or found[0] in view.uses.texts:
        return False
    places = view.uses.of(*found)
    spans = [view.span(node) for node, _ in places]
    return bool(spans) and all(any(s <= start and end <= e for s, e, _ in parts) for start, end in spans)
