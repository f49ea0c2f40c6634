"""Which modules a piece of code may be the first to import: told by the names that it reads, and what these run by theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.fix.execution.call_graph import CallGraph, Class, Function
from flake8_redis_ssot.fix.execution.call_pieces import OPENING, Flow, Piece, Ref, piece_of
from flake8_redis_ssot.fix.execution.patched_code import PatchedCode
from flake8_redis_ssot.libraries.frameworks import CALLING_ANY_TIME, CALLING_WHILE_AWAITED

_NOT_CALLING_BACK = frozenset(["unittest", "abc", "typing", "enum", "dataclasses"])
"""Packages whose classes have methods that call none of those who are made of them."""

_MOST = 40_000
"""The most pieces that one question goes through: from so many on, nearly all code may run."""


def loaded(graph: CallGraph, path: str, code: PatchedCode, before: set[str], fake: str) -> set[str] | None:
    """The files that may be imported first while code of a file runs, where `before` have been; None for any.

    In the place of the object with the dotted name `fake` is one that tests made.
    """
    walk = _Walk(graph, fake, before)
    walk.begin(path, code)
    walk.is_open |= graph.budget.left <= 0
    found = walk.run(path, code)
    graph.budget.left -= len(walk.seen)
    return found


def run_with(graph: CallGraph, path: str, code: PatchedCode, before: set[str], fake: str) -> set[Function]:
    """The functions and classes that code of a file runs, as `loaded` follows it; none where it may be nearly all code."""
    walk = _Walk(graph, fake, before)
    if graph.budget.left > 0:
        walk.begin(path, code)
        walk.run(path, code, to_its_end=True)
    graph.budget.left -= len(walk.seen)
    return walk.functions_run() if len(walk.seen) <= _MOST else set()


class _Walk:
    """One question: the pieces that are reached, and the files that have been imported by then.

    A flow is followed for a purpose: as what is called (`flow`), as what a library has been given and may call (`kept`), as
    an object of which something is done, whatever (`touch`): its special methods run, and a generator goes on; or
    only as far as it names functions itself (`once`). Code is sought in all files that have been imported, values in
    those that have to do with what runs: else nearly all code of a large project would seem to run.
    """

    def __init__(self, graph: CallGraph, fake: str, before: set[str]) -> None:
        self.graph = graph
        self.fake = fake
        self.before = before
        self.known: set[str] = set()
        self.involved: set[str] = set()
        """The files of which something has been followed."""
        self.is_open = False
        self.beside: frozenset[str] = frozenset()
        self.made_of: dict[Class, set[Class]] = {}
        self.everywhere: dict[tuple[str, str], set[str]] = {}
        self.prefixes: set[tuple[str, str]] = set()
        self.keeping: set[str] = set()
        self.dotted: set[tuple[str, str, str]] = set()
        self.seen: set[tuple[int, str]] = set()
        self.new: list[tuple[str, Piece | Flow, str]] = []

    def begin(self, path: str, code: PatchedCode) -> None:
        """What runs beside the code itself: what a library calls whenever it wants, and what pytest does."""
        self.beside = CALLING_ANY_TIME | (CALLING_WHILE_AWAITED if code.awaits else frozenset())
        self._take_in({path, *self.before})
        for name in self.beside:
            for purpose in ("kept", "touch"):
                self._enter("given", name, purpose)
        self._enter("hook", "", "flow")
        if code.is_whole_test:
            self._enter("autouse", "")
            self._prefix("run", "pytest_")
        if code.is_inherited:
            self._tests((path, code.owner))

    def run(self, path: str, code: PatchedCode, *, to_its_end: bool = False) -> set[str] | None:
        """The files that may be imported first; it stops where these may be any, unless it is to go `to_its_end`."""
        piece = piece_of(code.parts, self.graph.outline(path).imported, code.owner)
        piece.called |= {("member", name) for name in code.fixtures}
        self.new.append((path, piece, "run"))
        while self.new:
            where, one, purpose = self.new.pop()
            self._involve(where)
            self.is_open |= one.is_open and purpose in ("run", "flow")
            if (self.is_open and not to_its_end) or len(self.seen) > _MOST:
                return self._all()
            if isinstance(one, Flow):
                self.is_open |= purpose in ("run", "flow") and not all(
                    self._is_foreign(where, ref) for ref in one.chosen
                )
                self._flow(where, one, purpose)
            else:
                self._run(where, one)
        return self.known - self.before if not self.is_open else self._all()

    def functions_run(self) -> set[Function]:
        """The functions, and the classes by their methods, of which something has been run."""
        return {
            (path, name)
            for path in self.involved
            for (key, name), ones in self.graph.outline(path).table.items()
            if key == "run" and any((id(one), "run") in self.seen for one in ones)
        }

    def _all(self) -> set[str] | None:
        """The files that the known ones import anywhere, or name; None where one may load what no name shows."""
        found = self.graph.imported_by(self.known)
        outlines = [self.graph.outline(path) for path in found]
        specified = [self.graph.ending(end) if end else set() for one in outlines for end in one.specified]
        if any(one.opens or one.is_hooked for one in outlines):
            return None
        if any(not paths or not paths <= found for paths in specified):
            return None
        return found - self.before

    def _run(self, path: str, piece: Piece) -> None:
        for node in piece.imports:
            for name in self.graph.changed(path, [*self.graph.imported(path, node)]):
                self._load(name)
        for text in piece.quoted:
            self._load(text)
        if piece.runs_files:
            self._run_files(self.graph.outline(path).specified)
        for ref, prefix in piece.chosen:
            if ref[0] != "import" or not self._is_foreign(path, ref):
                self._prefix("read", prefix)
                self._enter("run member", "__getattr__")
        for ref in piece.read | piece.stored:  # a descriptor may set it
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
        if purpose == "once":
            for ref in flow.of:
                self._use(path, flow.owner, ref, "run")
            for ref in flow.results:
                for one in self._made(path, flow.owner, ref) or ():
                    self._called_back(one)
            return
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
                    self._reach(path, flow.taken.get(ref, ()), "kept")
            elif purpose == "flow":  # it may give back what it has been given
                self._reach(path, flow.taken.get(ref, ()), purpose)
        if flow.given and purpose != "run":
            self._enter("given", flow.given, purpose)
        if purpose == "flow":
            for prefix in flow.prefixes:
                self._prefix("run", prefix)

    def _implicit(self, path: str, flow: Flow, methods: Iterable[str]) -> None:
        """The methods that a statement or an operator calls of what its operands may be."""
        for method in methods:
            for ref in flow.of:
                self._use(path, flow.owner, (*ref, method), "run")
            for ref in flow.results:
                if self._is_fake(path, ref):
                    self._made_by_tests(method, "run", "run")
                    continue
                classes = self._made(path, flow.owner, ref)
                if classes is None:
                    self._enter("run member", method)
                for one in classes or ():
                    self._member(one, method, "run", "run")

    def _use(self, path: str, owner: str, ref: Ref, key: str, purpose: str = "run") -> None:
        """Follow what a reference of a file leads to."""
        kind, name, *attributes = ref
        outline = self.graph.outline(path)
        self._involve(path)
        if kind == "name" and name not in outline.names_bound and "*" in outline.imported:
            for star in self.graph.led(path, "*"):
                self._dotted(".".join([star.removesuffix(".*"), name, *attributes]), key, purpose)
        elif kind == "import":
            for dotted in self.graph.led(path, name):
                self._dotted(".".join([dotted, *attributes]), key, purpose)
        elif kind == "name" and not attributes:
            self._reach(path, outline.table.get((key, name), ()), purpose)
            if key == "kept" and name not in self.keeping:  # other files may give it something
                self.keeping.add(name)
                self._follow_giving(self.known, name)
            if key == purpose == "flow":  # others may have put something else there
                self._enter("set member", name, purpose)
        else:
            classes = self._types(path, owner, ref[:-1]) if kind != "member" else None
            if classes is None or (not classes and key == "kept"):
                self._enter(f"{key} member", ref[-1], purpose)
            if not classes and key == "flow":  # others may have put it there
                self._enter("set member", ref[-1], purpose)
                self._enter("set member", "", "once")
            for one in classes or ():
                self._member(one, ref[-1], key, purpose)

    def _member(self, of: Class, name: str, key: str, purpose: str) -> None:
        """Follow a member of a class, or of the classes that it is made of."""
        if key == "flow":
            self._enter("set member", name, purpose)
            self._enter("set member", "", "once")  # under a name that is not written out
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

    def _made_of_others(self, classes: Iterable[Class] | None) -> None:
        """Methods of libraries may call all that is defined by classes made of theirs."""
        for one in classes or ():
            for path, name in self._ancestors(one)[0]:
                bases = self.graph.outline(path).classes.get(name, ())
                if any(
                    self.graph.classes(path, base) == set() and not self._is_harmless(path, base)
                    for base in bases
                ):
                    self._called_back(one)

    def _called_back(self, of: Class) -> None:
        """A method that a class has from a library may call all that it defines."""
        path, name = of
        outline = self.graph.outline(path)
        for own in outline.own:
            if own.startswith(f"{name}."):
                self._reach(path, outline.members.get(("run", own), ()), "run")

    def _tests(self, of: Class) -> None:
        """Run the tests that a class has, of its own or from others."""
        for path, name in self._ancestors(of)[0]:
            outline = self.graph.outline(path)
            for own in outline.own:
                if own.startswith(f"{name}.test"):
                    for key in ("run", "flow"):
                        self._reach(path, outline.members.get((key, own), ()), "flow")

    def _made(self, path: str, owner: str, ref: Ref) -> set[Class] | None:
        """The classes of which the result of a call may be, as `_types` tells it."""
        if (len(ref) < 3 and ref[0] != "self") or ref[0] == "import":
            return self.graph.classes(path, ref)
        types = self._types(path, owner, ref[:-1]) if ref[0] != "member" else None
        is_foreign = types is not None and not any(self._defines(one, ref[-1]) for one in types)
        return set() if is_foreign else None

    def _defines(self, of: Class, name: str) -> bool:
        """Whether a class of the project, or one that it is made of, may have a member."""
        found, is_whole = self._ancestors(of)
        return not is_whole or any(f"{one}.{name}" in self.graph.outline(path).own for path, one in found)

    def _ancestors(self, of: Class) -> tuple[set[Class], bool]:
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

    def _types(self, path: str, owner: str, ref: Ref) -> set[Class] | None:
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
            classes = self._of_flow(path, flow, names[0])
            if classes is None:
                return None
            found |= classes
        return found if flows else None

    def _of_flow(self, path: str, flow: Piece | Flow, name: str) -> set[Class] | None:
        """The classes of what a name is bound to: what a class makes, or what the annotation of a parameter says."""
        stated = self.graph.outline(path).stated
        match flow:
            case Flow(of=of, results=results, given="", lambdas=[]) if not of and len(results) == 1:
                return self.graph.classes(path, next(iter(results)))
            case Flow(of=of, results=results, given=given) if not results and (given or len(of) <= 1):
                names = {ref[1] for ref in of if len(ref) == 2 and ref[0] == "name"} if of else {name}
                classes = [self._stated(path, ref) for one in names for ref in stated.get(one, ())]
                return None if not classes else self.graph.united(classes)
        return None

    def _stated(self, path: str, annotation: Ref) -> set[Class] | None:
        """A class with all that are made of it; those of a library are told by its last name."""
        classes = self.graph.classes(path, annotation) if annotation != ("member", "") else None
        if classes is None:
            return None
        return set().union(*map(self._family, classes or {("", annotation[-1])})) - {("", annotation[-1])}

    def _family(self, of: Class) -> set[Class]:
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
        if self._is_of_fake(dotted):
            for name in dotted.removeprefix(self.fake).split(".")[1:]:
                self._made_by_tests(name, key, purpose)
            return
        led = self.graph.defined(dotted)
        if led is None:
            self.is_open |= key == "run" and dotted.rpartition(".")[2] in OPENING
            return
        path, name, attributes = led
        if name not in self.graph.outline(path).names_bound:
            self._use(path, "", ("name", "__getattr__"), "run")
        for n in range(len(attributes)):
            self._use(path, "", ("name", name, *attributes[:n]), "flow", "touch")
            self._use(path, "", ("name", name, *attributes[: n + 1]), "read")
        if name in self.graph.outline(path).imported:
            for again in self.graph.led(path, name):
                self._dotted(".".join([again, *attributes]), key, purpose)
        self._use(path, "", ("name", name, *attributes), key, purpose)

    def _is_of_fake(self, dotted: str) -> bool:
        return is_under(dotted, self.fake)

    def _is_foreign(self, path: str, ref: Ref) -> bool:
        """Whether what an import gives is nothing of the project, such as a module of a library."""
        led = [".".join([name, *ref[2:]]) for name in self.graph.led(path, ref[1])]
        return not any(map(self.graph.modules.is_ours, led))

    def _is_fake(self, path: str, ref: Ref) -> bool:
        """Whether a reference gives something of what a test has put in the place of an object."""
        led = self.graph.led(path, ref[1]) if ref[0] == "import" else ()
        return any(self._is_of_fake(".".join([name, *ref[2:]])) for name in led)

    def _made_by_tests(self, name: str, key: str, purpose: str) -> None:
        """Follow a member of what a test has put in the place of an object."""
        for path in filter(self.graph.is_test, self.known):
            outline = self.graph.outline(path)
            for of in outline.classes:
                self._member((path, of), name, key, purpose)
            self._reach(path, outline.table.get((f"{key} member", name), ()), purpose)

    def _run_files(self, ends: Collection[str]) -> None:
        """Note that files are run whose paths end so."""
        self.is_open |= not ends or "" in ends
        for end in ends:
            paths = self.graph.ending(end)
            self.is_open |= not paths  # a file that is not there yet
            self._load_files(paths)

    def _load(self, name: str) -> None:
        self._load_files(self.graph.files(name))

    def _load_files(self, paths: set[str]) -> None:
        files = paths - self.known
        if files:
            fresh = self.graph.stated(files) - self.known
            self._take_in(fresh)
            for path in fresh:
                self._reach(path, [self.graph.outline(path).top], "run")

    def _take_in(self, paths: set[str]) -> None:
        """Note that files have been imported: from now on, the name of a member may mean what they define by it."""
        self.known |= paths
        for path in paths:
            self.is_open |= self.graph.outline(path).is_hooked
            for one, bases, name in self.graph.made_of(path):
                for base in bases or {("", name)}:
                    self.made_of.setdefault(base, set()).add(one)
            for name in self.beside:
                self._reach(path, self.graph.outline(path).table.get(("started", name), ()), "once")
        self._follow_in(paths, only_values=False)
        for act, prefix in self.prefixes:
            self._begin(paths, act, prefix)
        for name in self.keeping:
            self._follow_giving(paths, name)

    def _follow_giving(self, paths: Iterable[str], name: str) -> None:
        """Follow what files give to an object that they import by its name."""
        for path in paths:
            outline = self.graph.outline(path)
            if name in outline.imported:
                self._reach(path, outline.table.get(("kept", name), ()), "kept")

    def _involve(self, path: str) -> None:
        """Note that a file has to do with what runs: from now on, names may also mean the values that it gives them."""
        if path not in self.involved:
            self.involved.add(path)
            self._follow_in([path], only_values=True)

    def _follow_in(self, paths: Iterable[str], *, only_values: bool) -> None:
        """Follow in some files what has been followed in all others."""
        for path in paths:
            table = self.graph.outline(path).table
            for key in self.everywhere.keys() & table.keys():
                if _is_run(key[0]) != only_values:
                    for purpose in self.everywhere[key]:
                        self._reach(path, table[key], purpose)

    def _enter(self, key: str, name: str, purpose: str = "run") -> None:
        """Follow what files have by a name: code in all of them, values in those that have to do with what runs."""
        purposes = self.everywhere.setdefault((key, name), set())
        if purpose not in purposes:
            purposes.add(purpose)
            for path in [*(self.known if _is_run(key) else self.involved)]:
                self._reach(path, self.graph.outline(path).table.get((key, name), ()), purpose)

    def _prefix(self, act: str, prefix: str) -> None:
        if (act, prefix) not in self.prefixes:
            self.prefixes.add((act, prefix))
            self._begin(self.known, act, prefix)

    def _begin(self, paths: Iterable[str], act: str, prefix: str) -> None:
        """Run what has a name that begins so, or what reading such a name runs."""
        for path in paths:
            for (key, name), ones in self.graph.outline(path).table.items():
                if key == f"{act} member" and name.startswith(prefix):
                    self._reach(path, ones, "run")

    def _reach(self, path: str, ones: Iterable[Piece | Flow], purpose: str) -> None:
        for one in ones:
            key = id(one), purpose if isinstance(one, Flow) else "run"
            if key not in self.seen:
                self.seen.add(key)
                self.new.append((path, one, purpose if isinstance(one, Flow) else "run"))


def _is_run(key: str) -> bool:
    """Whether a key is one of code, not of values."""
    return key.partition(" ")[0] in ("run", "read", "resume", "autouse")
