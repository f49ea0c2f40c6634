"""The references to an object that stay, and by what they hang together with others."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.fix.compatibility.ties import STATE, Ties
from flake8_redis_ssot.fix.edits.proposal import FIX_KINDS, Proposal
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.refusal import Awaiting, Refusal, Unfollowed
from flake8_redis_ssot.fix.sources.caught import tried
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.fix.sources.unchecked import QUOTED, line_of, split
from flake8_redis_ssot.fix.sources.uses import BY_NAME
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.fix.sources.walking import had_by_asking, had_by_walking
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.source import PYTHON
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, names_in, own_nodes, unparsed

_BY_OPERATORS = frozenset(
    [
        "__bool__",
        "__len__",
        "__str__",
        "__repr__",
        "__format__",
        "__eq__",
        "__contains__",
        "__iter__",
        "__getitem__",
    ]
)


_IN_STRING = Refusal("it is got there by a name in a string, or from its package", "change both by hand")


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that keeps an object: where, by what it hangs together with others, and why it stays."""

    where: str
    ties: Ties
    why: Refusal | None = None


class Staying:
    """Finds the files that keep references to an object, those that no run checks too.

    `within` are the files that may change.
    """

    def __init__(self, rewriter: Rewriter, within: Collection[str], dynamic: Iterable[Diagnostic]) -> None:
        self.rewriter = rewriter
        self._within = within
        self._dynamic = dynamic
        self.symbols = rewriter.symbols
        self._related: dict[str, set[str]] = {}
        self._users: dict[str, list[str]] = {}
        self._wheres: dict[tuple[str, frozenset[str]], str] = {}
        self._ties: dict[tuple[str, str, frozenset[str]], Ties] = {}

    @cached_property
    def index(self) -> ProjectIndex:
        """The project with the files that no run checks, and with what strings name."""
        index = self.rewriter.around
        named: dict[str, str] = {}
        for path, module, name in self._named_in_strings():
            named[path] = f"{named.get(path, index.facts[path].imports)}\n{module} {name} as {QUOTED}"
        facts = [replace(f, imports=named[p]) if p in named else f for p, f in index.facts.items()]
        return ProjectIndex(index.settings, facts, index.managers, lambda: self.rewriter.reads.quoted)

    def _named_in_strings(self) -> Iterator[tuple[str, str, str]]:
        """The files that name an object, or load a module, by no import and no patch: with the module and what of it."""
        index = self.rewriter.index
        reads = self.rewriter.reads
        for text, paths in (*reads.quoted.items(), *reads.coded.items()):
            module, name = split(text, index.modules)
            for path in paths if module and name != "*" else ():
                if path in index.facts and not index.settings.is_test(path):
                    yield path, module, name
        for diagnostic in self._dynamic:
            for dotted in diagnostic.symbols:
                module, name = split(dotted, index.modules)
                if module and diagnostic.path in index.facts:
                    yield diagnostic.path, module, name
        yield from had_by_walking(index, reads)
        yield from had_by_asking(index, reads)

    def of(
        self, root: str, proposals: Collection[Proposal], refused: Iterable[tuple[Diagnostic, Refusal]]
    ) -> Iterator[Reference]:
        """The references to what has to do with `root` in its module that are none of the proposals."""
        if self.symbols.tree(root.rpartition(".")[0]) is not None:
            yield from self._among(root, self.related(root), proposals, refused)

    def is_replaced(
        self,
        old: str,
        new: str,
        proposals: Collection[Proposal],
        refused: Iterable[tuple[Diagnostic, Refusal]],
        renamed: Collection[str],
    ) -> bool:
        """Whether all who use a module come to use another one, which nobody uses yet.

        In files that are `renamed`, strings name that one then.
        """
        whole = {module: {f"{module}.{name}" for name in self._names_in(module)} for module in (old, new)}
        own = self.index.modules.find(old)
        return {*self._users_of(f"{new}.*", new, whole[new])} <= {own} and not any(
            self._among(f"{old}.*", whole[old], proposals, refused, renamed)
        )

    def _names_in(self, module: str) -> Iterable[str]:
        facts = self.index.modules.facts(module)
        return facts.names if facts is not None else ()

    def _among(
        self,
        root: str,
        related: set[str],
        proposals: Collection[Proposal],
        refused: Iterable[tuple[Diagnostic, Refusal]],
        renamed: Collection[str] = (),
    ) -> Iterator[Reference]:
        """The references to names of one module, those `related` to `root`, that are none of the proposals."""
        module = root.rpartition(".")[0]
        moved: dict[str, set[str]] = {}
        rewritten: dict[str, set[str]] = {}
        for proposal in proposals:
            names = self._related_in(proposal.diagnostic, module, related)
            moved.setdefault(proposal.path, set()).update(names)
            if names_in_string(proposal.diagnostic):
                rewritten.setdefault(proposal.path, set()).update(names)
        left: dict[str, tuple[Diagnostic, Refusal]] = {}
        kept: dict[str, set[str]] = {}
        for diagnostic, why in refused:
            names = self._related_in(diagnostic, module, related)
            if names and not isinstance(why, Unfollowed) and not goes_along(diagnostic, why, proposals):
                left.setdefault(diagnostic.path, (diagnostic, why))
                kept.setdefault(diagnostic.path, set()).update(names)
        for path in sorted({*self._users_of(root, module, related), *kept}):
            asked = self._asked(path, module, related, moved, is_renamed=path in renamed)
            stays = (asked - moved.get(path, set())) | kept.get(path, set())
            in_strings = set()
            if path not in renamed:  # no import moves what a string names beside it
                in_strings = (self._named_by_string(path) & related) - rewritten.get(path, set()) - stays
            if not stays | in_strings:
                continue
            ties = self._ties_in(path, root, stays | in_strings)
            if not stays:
                yield Reference(self.where(path, module, in_strings, in_strings), ties, _IN_STRING)
            elif path in left:
                diagnostic, why = left[path]
                where = f"{self.rewriter.short(path)}:{diagnostic.range.start.line}"
                yield Reference(where, ties, why)
            else:
                yield Reference(self.where(path, module, stays), ties, self._why(path))

    def where(self, path: str, module: str, asked: Collection[str], whole: Collection[str] = ()) -> str:
        """The place in a file where it gets what it asks for of a module, or has one of the `whole` names."""
        words = frozenset(whole or (name.rpartition(".")[2] for name in {*asked, module}))
        if (path, words) not in self._wheres:
            text = self.index.modules.filesystem.source(path).data.decode("utf-8", "replace")
            self._wheres[path, words] = f"{self.rewriter.short(path)}:{line_of(text, words)}"
        return self._wheres[path, words]

    def _why(self, path: str) -> Refusal | None:
        """Why a file stays of which nothing is reported; None where something silences that."""
        if path not in self.rewriter.index.facts and not path.endswith(PYTHON):
            return Refusal("that file is no Python, and is left as it is", "change both by hand")
        if path not in self.rewriter.index.facts:
            return Refusal(
                "that file is not checked, as it is excluded or not of this project", "change both by hand"
            )
        return (
            None
            if path in self._within
            else Refusal(
                "that file is not to change, as it is read-only, of another repository or not among the paths",
                "let the run have it too, or change both by hand",
            )
        )

    def users_of_state(self, of: str) -> list[str]:
        """The files that use the state behind a name of a module, or the objects of a class; also through functions or a string."""
        module, finder = of.rpartition(".")[0], self.rewriter.compatibility.ties
        symbol = self.symbols.symbol(of)
        if symbol is None:
            return []
        is_class = symbol.kind == "class"
        touched = finder.of_members(symbol, None).strong if is_class else set()
        states = {
            of,
            *(k.removeprefix(STATE) for k in touched if k.rpartition(".")[0] == f"{STATE}{module}"),
        }
        related = set().union(*map(self.related, states))
        found = []
        for path in self._users_of(f"{of} state", module, related):
            reads = self.rewriter.reads.of(path)
            attributes = reads.attributes
            asked = self._asked(path, module, related, {})
            handed = self._handed_on(path, module) & related
            is_unseen = any(e.local_name == QUOTED and e.full_name in related for e in self.index.edges(path))
            is_unseen = (
                is_unseen
                or self._loads(path, module)
                or (bool(handed) and self._is_given_away(path, module, handed))
            )
            ties = finder.of_members(symbol, None if is_unseen else attributes) if is_class else Ties()
            for name in asked:
                function = self.symbols.symbol(name)
                if function is not None and function.kind == "function":
                    ties.add(finder.of_function(function))
            kept = {key.removeprefix(STATE) for key in ties.strong if key.startswith(STATE)}
            if any(name in states or name.startswith(f"{of}.") for name in kept):
                found.append(self.rewriter.short(path))
        return found

    def users_of(self, name: str) -> list[str]:
        """The files that use an object, or what its module makes of it."""
        return [*map(self.rewriter.short, self._users_of(name, name.rpartition(".")[0], self.related(name)))]

    def users_asking(self, name: str) -> list[str]:
        """The files that use a class as a value, not only to make objects of it."""
        symbol = self.symbols.symbol(name)
        found = []
        for path in self.index.importers_of({name.rpartition(".")[0]}, {name}) if symbol is not None else ():
            view = self.rewriter.view(path, keep=False)
            if view is not None and symbol is not None and self._ties_of_values(view, symbol).strong:
                found.append(self.rewriter.short(path))
        return sorted(found)

    def users_raising(self, raised: str) -> list[str]:
        """The files that use what raises an exception, by its home."""
        module, related = raised.rpartition(".")[0], self.related(raised)
        found = []
        for path in self._users_of(raised, module, related):
            if (
                f"exception {raised}"
                in self._ties_in(path, raised, self._asked(path, module, related, {})).weak
            ):
                found.append(path)
        return found

    def related(self, root: str) -> set[str]:
        """`root` and what in its module makes use of it: its objects, accessors, resets, and what raises it."""
        if root not in self._related:
            module, _, last = root.rpartition(".")
            tree = self.symbols.tree(module)
            mentions: dict[str, set[str]] = {}
            for statement in tree.body if tree is not None else ():
                words = names_in(statement)
                for name in _bound_by(statement):
                    mentions.setdefault(name, set()).update(words)
            found = {last}
            while fresh := {name for name, words in mentions.items() if words & found} - found:
                found |= fresh
            self._related[root] = {f"{module}.{name}" for name in found}
        return self._related[root]

    def _users_of(self, root: str, module: str, related: set[str]) -> list[str]:
        if root not in self._users:
            own = self.index.modules.find(module)
            quoting = {p for name in related for p in self.rewriter.reads.quoted.get(name, ())}
            naming = {path for path in quoting if not self.index.settings.is_test(path)}  # a test patches
            users = self.index.importers_of({module}, related) - {own or ""}
            given = self._given_by(users, related)
            self._users[root] = sorted((users | naming | given) - {own or ""})
        return self._users[root]

    def _given_by(self, users: Iterable[str], related: Collection[str]) -> set[str]:
        """The files that have an object by functions of others which return it."""
        found: set[str] = set()
        new, known = set(users), set(related)
        while new:
            givers = {name for path in new for name in self._givers(path, known)} - known
            known |= givers
            modules = {name.rpartition(".")[0] for name in givers}
            new = (self.index.importers_of(modules, givers) if givers else set()) - found
            found |= new
        return found

    def _givers(self, path: str, known: Collection[str]) -> Iterator[str]:
        """The functions at the top of a file that return one of these objects, which it has by imports."""
        names = {edge.local_name for edge in self.index.edges(path) if self._leads_to(edge.full_name, known)}
        for module, _, last in (name.rpartition(".") for name in known):
            names |= {f"{handle}.{last}" for handle in self.index.handles(path, module)}
        tree = self.rewriter.reads.tree(path) if names else None
        for function in tree.body if tree is not None else ():
            if isinstance(function, Function) and any(
                isinstance(part, ast.Return | ast.Yield) and _called(part.value) in names
                for part in own_nodes(function)
            ):
                yield from (f"{name}.{function.name}" for name in self.index.place(path).modules)

    def _leads_to(self, name: str, known: Collection[str]) -> bool:
        led = self.index.modules.lookup(name)
        return name in known or (led is not None and led.qualified_name in known)

    def _related_in(self, diagnostic: Diagnostic, module: str, related: set[str]) -> set[str]:
        """Which of the related names a diagnostic is about; all where it is about the module."""
        found = set()
        for name in diagnostic.symbols:
            if name.removesuffix(".*") == module:
                return related
            led = self.index.modules.lookup(name)
            if led is not None and led.qualified_name in related:
                found.add(led.qualified_name)
        return found

    def _asked(
        self,
        path: str,
        module: str,
        related: set[str],
        moved: Mapping[str, Collection[str]],
        *,
        is_renamed: bool = False,
    ) -> set[str]:
        """The related names that a file imports, or reads of the module; what another one hands on moves with that."""
        found = set()
        for edge in self.index.edges(path):
            led = self.index.modules.lookup(edge.full_name)
            if edge.local_name == QUOTED and is_renamed:
                continue
            if led is not None and led.qualified_name in related:
                if led.qualified_name not in moved.get(self.index.modules.find(edge.module) or "", ()):
                    found.add(led.qualified_name)
            elif edge.name == "*" and edge.module == module:
                found |= related
        if self._hands_on(path, module):
            return related
        if not is_renamed and not self.index.settings.is_test(path):
            found |= {name for name in related if path in self.rewriter.reads.quoted.get(name, ())}
        read = self.rewriter.reads.of(path).of(self.index.handles(path, module))
        return found | {name for name in related if name.rpartition(".")[2] in read}

    def _handed_on(self, path: str, module: str) -> set[str]:
        """What a file has of a module, or by its name, and hands on or names in a string."""
        bare = self.rewriter.reads.of(path).bare
        found = {edge.full_name for edge in self.index.edges(path) if edge.local_name in bare | {QUOTED}}
        prefixes = {f"{handle}." for handle in self.index.handles(path, module)}
        return found | {f"{module}.{one[len(p) :]}" for one in bare for p in prefixes if one.startswith(p)}

    def _is_given_away(self, path: str, module: str, names: set[str]) -> bool:
        """Whether a file gives one of these objects to a call or a container; one that returns it has users of its own."""
        view = self.rewriter.view(path, keep=False)
        away = (ast.Call, ast.keyword, ast.Tuple, ast.List, ast.Set, ast.Dict)
        return view is not None and any(
            isinstance(above := view.uses.parents.get(node), away)
            and getattr(above, "func", None) is not node
            for node, _ in self.rewriter.uses_of(view, {module}, names)
        )

    def _hands_on(self, path: str, module: str) -> bool:
        """Whether a file hands a module on, or goes through its names, so that all of it may be asked for."""
        reads = self.rewriter.reads.of(path)
        return not self.index.handles(path, module).isdisjoint(reads.bare | reads.listed)

    def _loads(self, path: str, module: str) -> bool:
        """Whether a file loads a module by a string, and so has all of it, wherever that goes."""
        return any(
            edge.local_name == QUOTED and edge.name == "*" and edge.module == module
            for edge in self.index.edges(path)
        )

    def _named_by_string(self, path: str) -> set[str]:
        """What a file names in strings."""
        return {edge.full_name for edge in self.index.edges(path) if edge.local_name == QUOTED}

    def _ties_in(self, path: str, root: str, asked: set[str]) -> Ties:
        """What ties the uses of an object in a file that stays to other references, as far as the text tells."""
        key = (path, root, frozenset(asked))
        if key not in self._ties:
            ties = Ties()
            reads = self.rewriter.reads.of(path)
            attributes = reads.attributes
            handed = self._handed_on(path, root.rpartition(".")[0])
            if not path.endswith(PYTHON):
                handed |= asked  # what is done with it there is not seen
            view = self.rewriter.view(path, keep=False)
            module = root.rpartition(".")[0]
            is_handed, is_loaded = self._hands_on(path, module), self._loads(path, module)
            by_string = self._named_by_string(path)
            for name in sorted(asked):
                symbol = self.symbols.symbol(name)
                if symbol is not None:
                    ties.add(
                        self._ties_of(
                            symbol, attributes, is_handed_on=is_handed or is_loaded or name in handed
                        )
                    )
                    ties.strong |= {f"identity {name}"} if is_handed else set()
                    ties.weak |= {f"identity {name}"} if is_loaded or name in by_string else set()
                    if view is not None and symbol.kind in ("class", "function"):
                        ties.add(self._ties_of_values(view, symbol))
                    if view is not None:
                        ties.strong.update(self._replaced(view, symbol, is_handed_on=name in handed))
            self._ties[key] = ties
        return self._ties[key]

    def _replaced(self, view: View, symbol: Symbol, *, is_handed_on: bool) -> Iterator[str]:
        """The keys of methods that a file puts others in the place of, on an object that all share."""
        given = self.symbols.given(symbol) if symbol.kind == "function" else symbol
        if given is None or given.of is None or not given.qualified_name:
            return
        known = self.symbols.members(given.of).named
        methods = {name for name, member in known.items() if isinstance(member.node, Function)}
        stored = self.rewriter.reads.of(view.path).exchanged & methods if is_handed_on else set()
        for place, _ in (
            self.rewriter.uses_of(view, {symbol.module}, {symbol.qualified_name}) if methods else ()
        ):
            node: ast.expr = place
            while isinstance(above := view.uses.parents.get(node), ast.Call | ast.Await) and node is getattr(
                above, "func", node
            ):
                node = above
            stored |= {name for _, name in view.follow(node).stored}
        yield from (
            f"{STATE}{given.of.qualified_name}.{name}" for name in methods if {name, BY_NAME} & stored
        )

    def _ties_of(self, symbol: Symbol, attributes: set[str], *, is_handed_on: bool) -> Ties:
        finder = self.rewriter.compatibility.ties
        ties = Ties()
        of = symbol.of if symbol.kind == "instance" else symbol if symbol.kind == "class" else None
        if of is None or symbol.kind == "class":
            ties.weak.add(f"{STATE}{symbol.qualified_name}")
        if symbol.kind == "function":
            ties.add(finder.of_function(symbol))
            given = self.symbols.given(symbol)
            of = given.of if given is not None else None
        if of is not None:
            all_of_it = (is_handed_on or "__dict__" in attributes) and symbol.kind == "instance"
            # what an operator or a condition asks for has no attribute
            asked = attributes | {name for name in self.symbols.members(of).named if name in _BY_OPERATORS}
            ties.add(finder.of_members(of, None if all_of_it else asked))
        return ties

    def _ties_of_values(self, view: View, symbol: Symbol) -> Ties:
        """A class or function that is used as a value is asked for as that very one; an exception is caught."""
        ties = Ties()
        for place, name in self.rewriter.uses_of(view, {symbol.module}, {symbol.qualified_name}):
            above = view.uses.parents.get(place)
            if self.rewriter.compatibility.members.builtin_bases(symbol) is not None:
                ties.strong.add(f"exception {name}")
                if not tried(place, view.uses.parents):
                    caught = self.rewriter.compatibility.state.caught_as(symbol)
                    ties.weak |= {f"exception {one}" for one in caught}
            elif not (isinstance(above, ast.Call) and above.func is place) and not view.uses.is_annotation(
                place
            ):
                ties.strong.add(f"identity {name}")
        return ties


def names_in_string(diagnostic: Diagnostic) -> bool:
    """Whether a diagnostic is about a string that names something, and no import."""
    return diagnostic.code == "RED105" or FIX_KINDS.get(diagnostic.code) == "string"


def goes_along(diagnostic: Diagnostic, why: Refusal, proposals: Iterable[Proposal]) -> bool:
    """Whether a reference that waits for others moves after all: a proposal changes the import of its object."""
    return isinstance(why, Awaiting) and any(
        proposal.path == diagnostic.path
        and any(is_under(name, whole) for name in diagnostic.symbols for whole in proposal.diagnostic.symbols)
        for proposal in proposals
    )


def _called(value: ast.expr | None) -> str:
    """The name of what is returned, or of the function whose result is."""
    while isinstance(value, ast.Call | ast.Await):
        value = value.func if isinstance(value, ast.Call) else value.value
    return unparsed(value) if isinstance(value, ast.Name | ast.Attribute) else ""


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module binds."""
    if isinstance(statement, ast.ClassDef | Function):
        yield statement.name
        return
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        for part in all_nodes(statement):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                yield part.id
