"""Which modules a piece of code may be the first to import: told by the names that it reads, and what these run by theirs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from flake8_redis_ssot.facts.modules import absolute
from flake8_redis_ssot.fix.call_outline import Outline, outline_of
from flake8_redis_ssot.fix.call_pieces import OPENING, Flow, Piece, Ref, piece_of
from flake8_redis_ssot.fix.patched_code import PatchedCode
from flake8_redis_ssot.fix.reads import ProjectReads
from flake8_redis_ssot.libraries.frameworks import CALLING_ANY_TIME, CALLING_WHILE_AWAITED
from flake8_redis_ssot.project.index import ProjectIndex

_NOT_CALLING_BACK = frozenset(["unittest", "abc", "typing", "enum", "dataclasses"])
"""Packages whose classes have methods that call none of those who are made of them."""

_MOST = 40_000
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
        self._made_of: dict[str, list[tuple[_Class, set[_Class] | None, str]]] = {}

    def loaded(self, path: str, code: PatchedCode, before: set[str], fake: str) -> set[str] | None:
        """The files that may be imported first while code of a file runs, where `before` have been; None for any.

        In the place of the object with the dotted name `fake` is one that tests made.
        """
        piece = piece_of(code.parts, self.outline(path).imported, code.owner)
        piece.called |= {("member", name) for name in code.fixtures}
        walk = _Walk(self, fake, before)
        walk.begin(path, code)
        return walk.run(path, piece)

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
            outline = self.outline(path)
            if name in outline.classes:
                decorators = (self.classes(path, one, depth - 1) for one in outline.decorated[name])
                return None if any(one != set() for one in decorators) else {(path, name)}
            flows = [one for one in outline.table.get(("flow", name), ()) if isinstance(one, Flow)]
            if flows and all(one.is_alias for one in flows):
                return self._united(self.classes(path, ref, depth - 1) for one in flows for ref in one.of)
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

    @staticmethod
    def _united(found: Iterable[set[_Class] | None]) -> set[_Class] | None:
        united: set[_Class] = set()
        for one in found:
            if one is None:
                return None
            united |= one
        return united

    def made_of(self, path: str) -> list[tuple[_Class, set[_Class] | None, str]]:
        """The classes of a file with each of their bases, and its last name."""
        if path not in self._made_of:
            self._made_of[path] = [
                ((path, name), self.classes(path, base), base[-1])
                for name, bases in self.outline(path).classes.items()
                for base in bases
            ]
        return self._made_of[path]

    def _bases(self, path: str, node: ast.ImportFrom) -> Iterator[str]:
        place = self._index.place(path)
        for module in place.modules if node.level else [""]:
            yield absolute(node, module, place.is_package)


class _Walk:
    """One question: the pieces that are reached, and the files that have been imported by then.

    A flow is followed for a purpose: as what is called (`flow`), as what a library has been given and may call (`kept`), or
    as an object of which something is done, whatever (`touch`): its special methods run, and a generator goes on.
    """

    def __init__(self, graph: CallGraph, fake: str, before: set[str]) -> None:
        self.graph = graph
        self.fake = fake
        self.before = before
        self.known: set[str] = set()
        self.is_open = False
        self.made_of: dict[_Class, set[_Class]] = {}
        self.everywhere: dict[tuple[str, str], set[str]] = {}
        self.prefixes: set[str] = set()
        self.dotted: set[tuple[str, str, str]] = set()
        self.seen: set[tuple[int, str]] = set()
        self.new: list[tuple[str, Piece | Flow, str]] = []

    def begin(self, path: str, code: PatchedCode) -> None:
        """What runs beside the code itself: what a library calls whenever it wants, and what pytest does."""
        self._take_in({path, *self.before})
        for name in CALLING_ANY_TIME | (CALLING_WHILE_AWAITED if code.awaits else frozenset()):
            for purpose in ("kept", "touch"):
                self._enter("given", name, purpose)
        self._enter("hook", "", "flow")
        if code.is_whole_test:
            self._enter("autouse", "")
            self._prefix("pytest_")
        if code.is_inherited:
            self._tests((path, code.owner))

    def run(self, path: str, piece: Piece) -> set[str] | None:
        self.new.append((path, piece, "run"))
        while self.new:
            where, one, purpose = self.new.pop()
            self.is_open |= one.is_open and purpose in ("run", "flow")
            if self.is_open or len(self.seen) > _MOST:
                return None
            if isinstance(one, Flow):
                self._flow(where, one, purpose)
            else:
                self._run(where, one)
        return self.known - self.before if not self.is_open else None

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
            self._made_of_others(self.graph.classes(path, ref))
        for ref in piece.read | piece.handed | piece.called:
            self._use(path, piece.owner, ref, "flow", "touch")
            self._use(path, piece.owner, ref, "result", "touch")
        for ref in piece.called:
            self._use(path, piece.owner, ref, "run")
            self._use(path, piece.owner, ref, "kept", "kept")
            self._use(path, piece.owner, ref, "flow", "flow")
            if len(ref) > 2 and not self._types(path, piece.owner, ref[:-1]):
                self._use(path, piece.owner, ref[:-1], "kept", "kept")
        self._reach(path, piece.flows, "flow")
        for flow, methods in piece.implicit:
            self._implicit(path, flow, methods)

    def _flow(self, path: str, flow: Flow, purpose: str) -> None:
        self._reach(path, flow.lambdas, "run")
        for ref in flow.of:
            if purpose != "touch":
                self._use(path, flow.owner, ref, "run")
            self._use(path, flow.owner, ref, "flow", purpose)
            if purpose != "touch":
                self._use(path, flow.owner, ref, "kept", "kept")
        for ref in flow.results:
            if purpose == "kept":  # a library may call all methods of an object
                for one in self._made(path, flow.owner, ref) or ():
                    self._called_back(one)
                continue
            self._use(path, flow.owner, ref, "result", purpose)
            if purpose == "touch":
                self._use(path, flow.owner, ref, "resume")
                classes = self.graph.classes(path, ref)
                self._made_of_others(classes)
                if classes == set():  # of a library, which keeps what it is made of
                    self._enter("given", ref[-1], "kept")
            elif purpose == "flow":
                self._enter("given", ref[-1], purpose)  # it may give back what it has been given
        if flow.given and purpose != "run":
            self._enter("given", flow.given, purpose)
        if purpose == "flow":
            for prefix in flow.prefixes - self.prefixes:
                self._prefix(prefix)

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
            if key == purpose == "flow":  # others may have put something else there
                self._enter("set member", name, purpose)
        else:
            classes = self._types(path, owner, ref[:-1]) if kind != "member" else None
            if classes is None or (not classes and key == "kept"):
                self._enter(f"{key} member", ref[-1], purpose)
            if not classes and key == "flow":  # others may have put it there
                for put in (ref[-1], ""):
                    self._enter("set member", put, purpose)
            for one in classes or ():
                self._member(one, ref[-1], key, purpose)

    def _member(self, of: _Class, name: str, key: str, purpose: str) -> None:
        """Follow a member of a class, or of the classes that it is made of."""
        if key == "flow":
            for put in (name, ""):
                self._enter("set member", put, purpose)
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

    def _made_of_others(self, classes: Iterable[_Class] | None) -> None:
        """Methods of libraries may call all that is defined by classes made of theirs."""
        for one in classes or ():
            for path, name in self._ancestors(one)[0]:
                bases = self.graph.outline(path).classes.get(name, ())
                if any(
                    self.graph.classes(path, base) == set() and not self._is_harmless(path, base)
                    for base in bases
                ):
                    self._called_back(one)

    def _called_back(self, of: _Class) -> None:
        """A method that a class has from a library may call all that it defines."""
        path, name = of
        outline = self.graph.outline(path)
        for own in outline.own:
            if own.startswith(f"{name}."):
                self._reach(path, outline.members.get(("run", own), ()), "run")

    def _tests(self, of: _Class) -> None:
        """Run the tests that a class has, of its own or from others."""
        for path, name in self._ancestors(of)[0]:
            outline = self.graph.outline(path)
            for own in outline.own:
                if own.startswith(f"{name}.test"):
                    for key in ("run", "flow"):
                        self._reach(path, outline.members.get((key, own), ()), "flow")

    def _made(self, path: str, owner: str, ref: Ref) -> set[_Class] | None:
        """The classes of which the result of a call may be, as `_types` tells it."""
        if (len(ref) < 3 and ref[0] != "self") or ref[0] == "import":
            return self.graph.classes(path, ref)
        types = self._types(path, owner, ref[:-1]) if ref[0] != "member" else None
        is_foreign = types is not None and not any(self._defines(one, ref[-1]) for one in types)
        return set() if is_foreign else None

    def _defines(self, of: _Class, name: str) -> bool:
        """Whether a class of the project, or one that it is made of, may have a member."""
        found, is_whole = self._ancestors(of)
        return not is_whole or any(f"{one}.{name}" in self.graph.outline(path).own for path, one in found)

    def _ancestors(self, of: _Class) -> tuple[set[_Class], bool]:
        """A class with those of the project that it is made of, and whether these are all."""
        seen, new, is_whole = {of}, [of], True
        while new:
            path, one = new.pop()
            for base in self.graph.outline(path).classes.get(one, ()):
                classes = self.graph.classes(path, base)
                is_whole &= classes is not None
                new += (classes or set()) - seen
                seen |= classes or set()
        return seen, is_whole

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
        found, new = {of}, [of]
        while new:
            one = new.pop()
            fresh = (self.made_of.get(one, set()) | self.made_of.get(("", one[1]), set())) - found
            found |= fresh
            new += fresh
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
            self.is_open |= key == "run" and dotted.rpartition(".")[2] in OPENING
            return
        path, name, attributes = led
        if name not in self.graph.outline(path).bound:
            self._use(path, "", ("name", "__getattr__"), "run")
        for n in range(len(attributes)):
            self._use(path, "", ("name", name, *attributes[:n]), "flow", "touch")
            self._use(path, "", ("name", name, *attributes[: n + 1]), "read")
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
            self.is_open |= self.graph.outline(path).is_hooked
            for one, bases, name in self.graph.made_of(path):
                for base in {("", name)} if bases is None else bases:
                    self.made_of.setdefault(base, set()).add(one)
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

    def _prefix(self, prefix: str) -> None:
        self.prefixes.add(prefix)
        self._begin(self.known, prefix)

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
