"""Which modules a piece of code may be the first to import: told by the names that it reads, and what these run by theirs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from flake8_redis_ssot.facts.modules import absolute
from flake8_redis_ssot.fix.call_outline import Flow, Outline, Piece, Ref, outline_of, piece_of
from flake8_redis_ssot.fix.patched_code import PatchedCode
from flake8_redis_ssot.fix.reads import ProjectReads
from flake8_redis_ssot.project.index import ProjectIndex

_NOT_CALLING_BACK = frozenset(["unittest", "abc", "typing", "enum", "dataclasses"])
"""Packages whose classes have methods that call none of those who are made of them."""

_MOST = 20_000
"""The most pieces that one question goes through: from so many on, nearly all code may run."""

_Class = tuple[str, str]
"""A class of the project: its file and its name."""


class CallGraph:
    """What the files of a project may run of each other.

    `stated` gives the files that files import when they run, themselves included, `files` those that are imported
    for a dotted name, `changed` what a file imports of dotted names that its statements import.
    """

    def __init__(
        self,
        index: ProjectIndex,
        reads: ProjectReads,
        stated: Callable[[set[str]], set[str]],
        files: Callable[[str], set[str]],
        changed: Callable[[str, list[str]], Iterable[str]],
    ) -> None:
        self._index = index
        self._reads = reads
        self.stated = stated
        self.files = files
        self.changed = changed

    def loaded(self, path: str, code: PatchedCode, before: set[str], fake: str) -> set[str] | None:
        """The files that may be imported first while code of a file runs, where `before` have been; None for any.

        In the place of the object with the dotted name `fake` is one that tests made.
        """
        piece = piece_of(code.parts, self.outline(path).imported, code.owner)
        piece.called |= {("member", name) for name in code.fixtures}
        return _Walk(self, fake, before).run(path, piece)

    def is_test(self, path: str) -> bool:
        return self._index.settings.is_test(path)

    def outline(self, path: str) -> Outline:
        """The pieces of a file; none where it cannot be parsed."""
        return self._reads.summary(path, outline_of) or Outline()

    def defined(self, dotted: str) -> tuple[str, str, list[str]] | None:
        """The file of the module that a dotted name leads to, the name in it, and what is read of that."""
        module = dotted
        while module and (path := self._index.modules.find(module)) is None:
            module = module.rpartition(".")[0]
        if not module or module == dotted or path is None:
            return None
        name, *attributes = dotted[len(module) + 1 :].split(".")
        return path, name, attributes

    def led(self, path: str, name: str) -> Iterator[str]:
        """The dotted names that the imports of a file may give a name."""
        for node, alias in self.outline(path).imported.get(name, ()):
            if isinstance(node, ast.Import):
                yield alias.name if alias.asname else alias.name.partition(".")[0]
            else:
                yield from (f"{base}.{alias.name}" for base in self._bases(path, node))

    def imported(self, path: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """The dotted names that an import statement of a file imports."""
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            for base in self._bases(path, node):
                yield from (base if alias.name == "*" else f"{base}.{alias.name}" for alias in node.names)

    def classes(self, path: str, ref: Ref, depth: int = 8) -> set[_Class] | None:
        """The classes that a reference may give; empty for what is not of the project, None where that is unknown."""
        kind, name, *attributes = ref
        if not depth or (attributes and kind != "import"):
            return None
        if kind == "name":
            if name in self.outline(path).classes:
                return {(path, name)}
            outline = self.outline(path)
            return None if name in outline.bound or "*" in outline.imported else set()
        if kind != "import":
            return None
        found: set[_Class] = set()
        for dotted in self.led(path, name):
            led = self.defined(".".join([dotted, *attributes]))
            if led is None:
                continue
            where, last, rest = led
            again = "import" if last in self.outline(where).imported else "name"
            classes = self.classes(where, (again, last), depth - 1) if not rest else None
            if classes is None:
                return None
            found |= classes
        return found

    def _bases(self, path: str, node: ast.ImportFrom) -> Iterator[str]:
        place = self._index.place(path)
        for module in place.modules if node.level else [""]:
            yield absolute(node, module, place.is_package)


class _Walk:
    """One question: the pieces that are reached, and the files that have been imported by then.

    A flow is followed for a purpose: as what is called (`flow`), as a generator or coroutine that goes on (`resume`), or as what a
    library has been given and may call (`kept`).
    """

    def __init__(self, graph: CallGraph, fake: str, before: set[str]) -> None:
        self.graph = graph
        self.fake = fake
        self.before = before
        self.known: set[str] = set()
        self.everywhere: dict[tuple[str, str], set[str]] = {}
        self.prefixes: set[str] = set()
        self.dotted: set[tuple[str, str, str]] = set()
        self.seen: set[tuple[int, str]] = set()
        self.new: list[tuple[str, Piece | Flow, str]] = []

    def run(self, path: str, piece: Piece) -> set[str] | None:
        self._take_in({path, *self.before})
        self.new.append((path, piece, "run"))
        while self.new:
            where, one, purpose = self.new.pop()
            if (one.is_open and purpose in ("run", "flow")) or len(self.seen) > _MOST:
                return None
            if isinstance(one, Flow):
                self._flow(where, one, purpose)
            else:
                self._run(where, one)
        return self.known - self.before

    def _run(self, path: str, piece: Piece) -> None:
        for node in piece.imports:
            for name in self.graph.changed(path, [*self.graph.imported(path, node)]):
                self._load(name)
        for text in piece.quoted:
            self._load(text)
        for ref in piece.read:
            self._use(path, piece.owner, ref, "read")
        for ref in piece.handed:
            self._use(path, piece.owner, ref, "run")
        for ref in piece.called:
            self._use(path, piece.owner, ref, "run")
            self._use(path, piece.owner, ref, "flow", "flow")
            if len(ref) > 2 and not self._types(path, piece.owner, ref[:-1]):
                self._use(path, piece.owner, ref[:-1], "kept", "kept")
        self._reach(path, piece.flows, "flow")
        self._reach(path, piece.resumed, "resume")
        for flow, methods in piece.implicit:
            self._implicit(path, flow, methods)

    def _flow(self, path: str, flow: Flow, purpose: str) -> None:
        if purpose != "resume":
            self._reach(path, flow.lambdas, "run")
        for ref in flow.of:
            if purpose != "resume":
                self._use(path, flow.owner, ref, "run")
            self._use(path, flow.owner, ref, "kept" if purpose == "kept" else "flow", purpose)
        for ref in flow.results if purpose != "kept" else ():
            self._use(path, flow.owner, ref, "result", purpose)
            if purpose == "resume":
                self._use(path, flow.owner, ref, "resume")
        if purpose == "flow":
            if flow.given:
                self._enter("given", flow.given, purpose)
            for prefix in flow.prefixes - self.prefixes:
                self.prefixes.add(prefix)
                self._begin(self.known, prefix)

    def _implicit(self, path: str, flow: Flow, methods: Iterable[str]) -> None:
        """The methods that a statement or an operator calls of what its operands may be."""
        for method in methods:
            for ref in flow.of:
                self._use(path, flow.owner, (*ref, method), "run")
            for ref in flow.results:
                classes = self._made(path, flow.owner, ref)
                if classes is None:
                    self._enter("run member", method)
                for one in classes or ():
                    self._member(one, method, "run", "run")

    def _use(self, path: str, owner: str, ref: Ref, key: str, purpose: str = "run") -> None:
        """Follow what a reference of a file leads to."""
        kind, name, *attributes = ref
        outline = self.graph.outline(path)
        if kind == "name" and name not in outline.bound and "*" in outline.imported:
            for star in self.graph.led(path, "*"):
                self._dotted(".".join([star.removesuffix(".*"), name, *attributes]), key, purpose)
        elif kind == "import":
            for dotted in self.graph.led(path, name):
                self._dotted(".".join([dotted, *attributes]), key, purpose)
        elif kind == "name" and not attributes:
            self._reach(path, outline.table.get((key, name), ()), purpose)
        else:
            classes = self._types(path, owner, ref[:-1]) if kind != "member" else None
            if classes is None and purpose != "resume":  # else whatever holds data would be followed
                self._enter(f"{key} member", ref[-1], purpose)
            for one in classes or ():
                self._member(one, ref[-1], key, purpose)

    def _member(self, of: _Class, name: str, key: str, purpose: str) -> None:
        """Follow a member of a class, or of the classes that it is made of."""
        if key == "flow":
            self._enter("set member", name, purpose)
        seen, new = {of}, [of]
        while new:
            path, one = new.pop()
            outline = self.graph.outline(path)
            self._reach(path, outline.members.get((key, f"{one}.{name}"), ()), purpose)
            if f"{one}.{name}" in outline.own:
                continue
            for base in outline.classes.get(one, ()):
                classes = self.graph.classes(path, base)
                if classes is None:
                    self._enter(f"{key} member", name, purpose)
                elif classes:
                    new += classes - seen
                    seen |= classes
                elif key == "run" and not self._is_harmless(path, base):
                    self._called_back(of)

    def _is_harmless(self, path: str, base: Ref) -> bool:
        """Whether the methods of a class that is not of the project call none of those who are made of it."""
        led = [".".join([name, *base[2:]]) for name in self.graph.led(path, base[1])]
        return not led or all(name.partition(".")[0] in _NOT_CALLING_BACK for name in led)

    def _called_back(self, of: _Class) -> None:
        """A method that a class has from a library may call all that it defines."""
        path, name = of
        outline = self.graph.outline(path)
        for own in outline.own:
            if own.startswith(f"{name}."):
                self._reach(path, outline.members.get(("run", own), ()), "run")

    def _made(self, path: str, owner: str, ref: Ref) -> set[_Class] | None:
        """The classes of which the result of a call may be, as `_types` tells it."""
        if (len(ref) < 3 and ref[0] != "self") or ref[0] == "import":
            return self.graph.classes(path, ref)
        types = self._types(path, owner, ref[:-1]) if ref[0] != "member" else None
        is_foreign = types is not None and not any(self._defines(one, ref[-1]) for one in types)
        return set() if is_foreign else None

    def _defines(self, of: _Class, name: str) -> bool:
        """Whether a class of the project, or one that it is made of, may have a member."""
        seen, new = {of}, [of]
        while new:
            path, one = new.pop()
            outline = self.graph.outline(path)
            if f"{one}.{name}" in outline.own:
                return True
            for base in outline.classes.get(one, ()):
                classes = self.graph.classes(path, base)
                if classes is None:
                    return True
                new += classes - seen
                seen |= classes
        return False

    def _types(self, path: str, owner: str, ref: Ref) -> set[_Class] | None:
        """The classes of which an object may be; empty for one that is not of the project, None where that is unknown."""
        kind, *names = ref
        outline = self.graph.outline(path)
        if kind == "self" and not names:
            return self._family((path, owner)) if owner else None
        if kind == "import":
            found = self.graph.classes(path, ref)
            return set() if found == set() else None
        if len(names) != 1 or kind == "member":
            return None
        flows = outline.table.get(("flow", names[0]), [])
        if kind == "self":
            flows = [
                flow
                for where, of in self._family((path, owner))
                for flow in self.graph.outline(where).members.get(("flow", f"{of}.{names[0]}"), ())
            ]
            if any(("set member", names[0]) in self.graph.outline(one).table for one in self.known):
                return None
        found = set()
        for flow in flows:
            if not isinstance(flow, Flow) or flow.of or flow.given or flow.lambdas or len(flow.results) != 1:
                return None
            classes = self.graph.classes(path, next(iter(flow.results)))
            if classes is None:
                return None
            found |= classes
        return found if flows else None

    def _family(self, of: _Class) -> set[_Class]:
        """A class with those of the known files that are made of it, told by its name."""
        found, new = {of}, [of[1]]
        while new:
            name = new.pop()
            for path in self.known:
                for one in self.graph.outline(path).made_of.get(name, ()):
                    if (path, one) not in found:
                        found.add((path, one))
                        new.append(one)
        return found

    def _dotted(self, dotted: str, key: str, purpose: str) -> None:
        """Follow what an import gives, and what is read of that."""
        if (dotted, key, purpose) in self.dotted:
            return
        self.dotted.add((dotted, key, purpose))
        if f"{dotted}.".startswith(f"{self.fake}."):
            for name in dotted.removeprefix(self.fake).split(".")[1:]:
                self._made_by_tests(name, key, purpose)
            return
        led = self.graph.defined(dotted)
        if led is None:
            return
        path, name, attributes = led
        if name in self.graph.outline(path).imported:
            for again in self.graph.led(path, name):
                self._dotted(".".join([again, *attributes]), key, purpose)
        self._use(path, "", ("name", name, *attributes), key, purpose)

    def _made_by_tests(self, name: str, key: str, purpose: str) -> None:
        """Follow a member of what a test has put in the place of an object."""
        for path in filter(self.graph.is_test, self.known):
            outline = self.graph.outline(path)
            for of in outline.classes:
                self._member((path, of), name, key, purpose)
            self._reach(path, outline.table.get((f"{key} member", name), ()), purpose)

    def _load(self, name: str) -> None:
        files = self.graph.files(name) - self.known
        if files:
            fresh = self.graph.stated(files) - self.known
            self._take_in(fresh)
            for path in fresh:
                self._reach(path, [self.graph.outline(path).top], "run")

    def _take_in(self, paths: set[str]) -> None:
        """Files that have been imported: what they have by the names of members may be meant."""
        self.known |= paths
        for path in paths:
            table = self.graph.outline(path).table
            for key in self.everywhere.keys() & table.keys():
                for purpose in self.everywhere[key]:
                    self._reach(path, table[key], purpose)
        for prefix in self.prefixes:
            self._begin(paths, prefix)

    def _enter(self, key: str, name: str, purpose: str = "run") -> None:
        """Follow what all files have by a name."""
        purposes = self.everywhere.setdefault((key, name), set())
        if purpose not in purposes:
            purposes.add(purpose)
            for path in self.known:
                self._reach(path, self.graph.outline(path).table.get((key, name), ()), purpose)

    def _begin(self, paths: Iterable[str], prefix: str) -> None:
        """Run what has a name that begins so."""
        for path in paths:
            for (key, name), ones in self.graph.outline(path).table.items():
                if key == "run member" and name.startswith(prefix):
                    self._reach(path, ones, "run")

    def _reach(self, path: str, ones: Iterable[Piece | Flow], purpose: str) -> None:
        for one in ones:
            key = id(one), purpose if isinstance(one, Flow) else "run"
            if key not in self.seen:
                self.seen.add(key)
                self.new.append((path, one, purpose if isinstance(one, Flow) else "run"))
