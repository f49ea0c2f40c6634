"""What takes the place of an object: by the settings, or by what the old name leads to anyhow."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Iterator
from functools import cached_property

from flake8_redis_ssot.facts.modules import bindings_in
from flake8_redis_ssot.fix.refusal import Awaiting, Refusal
from flake8_redis_ssot.fix.sources.module_names import is_surely_bound
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.symbols import Symbol, Symbols
from flake8_redis_ssot.inference.builder_table import builders
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.libraries.frameworks import OBJECT_PATCHERS, PATCHERS
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.settings.model import Boundary
from flake8_redis_ssot.syntax.arguments import positional
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, last_name, names_in


@dataclass(frozen=True, slots=True)
class Replacement:
    """What an object is exchanged for; `calls` says that the new one has to be called to be had."""

    old: Symbol
    new: Symbol
    calls: bool = False
    is_same: bool = False
    is_declared: bool = False

    @property
    def collapses(self) -> bool:
        """Whether calls of the old one become the new one itself."""
        return self.old.kind != self.new.kind or self.calls

    @property
    def takes_calls(self) -> bool:
        """Whether it takes the place of the calls of the old one, and not of the old one alone."""
        return self.collapses and self.old.kind in ("function", "class") and self.new.kind != "method"


class Replacements:
    """Finds what takes the place of an object in the files of a boundary."""

    def __init__(self, index: ProjectIndex, reads: ProjectReads, symbols: Symbols) -> None:
        self.index = index
        self.symbols = symbols
        self.reads = reads
        self.settings = index.settings
        self._replacements = dict(index.settings.replacements)
        self._arguments = {old: dict(names) for old, names in index.settings.renamed_arguments}
        self._found: dict[tuple[str, str], Replacement | Refusal] = {}

    @cached_property
    def _table(self) -> str:
        """The place of the replacements in the settings."""
        path, line = self.settings.line_of("replacements")
        known = self.settings.path is not None and self._replacements
        where = f" ({os.path.relpath(path, self.settings.root)}:{line})" if known else ""
        return f"[tool.redis-ssot.replacements]{where}"

    def find(self, old: str, boundary: Boundary) -> Replacement:
        """What the dotted `old` is exchanged for in a file of `boundary`; Refusal where nothing is known."""
        key = (old, boundary.name)
        if key not in self._found:
            try:
                self._found[key] = self._find(old, boundary)
            except Refusal as refusal:
                self._found[key] = refusal.untraced()
        known = self._found[key]
        if isinstance(known, Refusal):
            raise Refusal(known.what, known.advice)
        return known

    def _find(self, old: str, boundary: Boundary) -> Replacement:
        before = self.symbols.symbol(old)
        if before is None:
            module, _, last = old.rpartition(".")
            if last.startswith("__") and last.endswith("__") and self.symbols.tree(module) is not None:
                raise Refusal(
                    f"`{last}` is what Python gives to each module, and of another one is something else",
                    "look what is done with it there, and change that by hand",
                )
            raise Refusal(
                f"`{old}` does not exist, so that nobody can tell what it was",
                "remove the reference, or name what is there",
            )
        declared = self.settings.replacement_of(old)
        if declared is None and before.qualified_name != old:
            declared = self.settings.replacement_of(before.qualified_name)
        name, calls = (declared or "").removesuffix("()"), (declared or "").endswith("()")
        given = self.symbols.given(before) if before.kind == "function" else None
        if declared is None:
            name = self._undeclared(old, before, given, boundary)
        after = self.symbols.symbol(name)
        if after is not None and after.kind == "other":
            after = self._member(name) or after
        if after is None:
            raise Refusal(f"the replacement `{name}` does not exist", f"correct {self._table}")
        self._check_given(name, after, boundary)
        for name_of in (old, before.qualified_name):
            self._check_bound_once(name_of)
        held = after.of if after.kind in ("method", "member") and after.of is not None else after
        if before.kind == "function" and after.kind != "function":
            self.check_read(before)
        if not is_surely_bound(self.symbols, held.qualified_name):
            raise Refusal(
                f"`{after.qualified_name}`{self.symbols.at(after)} is defined under a condition alone, or deleted",
                "define it at the top level of its module",
            )
        later = held.is_set_later or self.is_rebound(held.qualified_name)
        if later and (before.kind != "instance" or after.qualified_name != before.qualified_name):
            raise Refusal(
                f"`{name}`{self.symbols.at(held)} is given another object later",
                f"name a function that gives it in {self._table}, as `{name}()`",
            )
        is_plain = (
            given is not None
            and given.qualified_name == after.qualified_name
            and self.symbols.is_plain(before)
        )
        is_same = after.qualified_name == before.qualified_name or (is_plain and not calls)
        is_same = is_same or self._are_alike(before, after)
        if name != after.qualified_name and after.kind not in ("module", "method", "member") and not is_same:
            after = replace(after, qualified_name=name)
        return Replacement(before, after, calls, is_same, declared is not None)

    def _undeclared(self, old: str, before: Symbol, given: Symbol | None, boundary: Boundary) -> str:
        """What takes the place of an object of which the settings say nothing; a function may give the manager's already."""
        owns = self.index.managers.owns
        if owns(boundary, before.qualified_name):
            return before.qualified_name
        home = given.qualified_name if given is not None else ""
        if home and owns(boundary, home) and self.symbols.is_plain(before):
            twin = self._twin(before, boundary)
            return home if twin is None or self.is_patched(home) else twin
        return self._namesake(old, before, boundary)

    def _check_given(self, name: str, after: Symbol, boundary: Boundary) -> None:
        """Refusal where the files of a boundary may not have a replacement, or cannot by its name."""
        if not self.index.managers.owns(boundary, after.qualified_name):
            owner = self.index.managers.owner(after.qualified_name)
            if owner is not None or any(p.covers(after.qualified_name) for p in boundary.forbidden):
                whose = f"belongs to {owner.label}" if owner is not None else "is forbidden here"
                raise Refusal(
                    f"the replacement `{name}` {whose}",
                    f"name something of this boundary's manager in {self._table}",
                )
        last = after.qualified_name.rpartition(".")[2]
        if last.startswith("__") and not last.endswith("__"):
            raise Refusal(
                f"`{after.qualified_name}`{self.symbols.at(after)} has a private name, which within a class means another",
                "give it a public name",
            )

    def of_member(self, of: Symbol, name: str) -> Replacement | None:
        """What the settings put in the place of a call of a member of the class itself, as `Old.get_instance()`."""
        declared = self._replacements.get(f"{of.qualified_name}.{name}")
        member = self.symbols.members(of).named.get(name)
        after = self.symbols.symbol(declared) if declared is not None else None
        if after is None or member is None or after.kind != "instance":
            return None
        return Replacement(
            Symbol("function", f"{of.qualified_name}.{name}", member.node), after, is_declared=True
        )

    def renamed(self, old: Collection[str], new: Collection[str], name: str) -> tuple[str, dict[str, str]]:
        """How a member of the `old` objects is called in the `new` ones by the settings, and its parameters."""
        for home in old:
            key = f"{home}.{name}"
            if key in self._replacements:
                owner, _, last = self._replacements[key].rpartition(".")
                held = self.symbols.symbol(owner)
                if held is None or held.qualified_name not in new:
                    raise Refusal(
                        f"`replacements` sends `{key}` to `{owner}`, and the object to `{min(new)}`",
                        f"send both to one object in {self._table}",
                    )
                return last, self._arguments.get(key, {})
        return name, {}

    def is_declared(self, old: Collection[str], name: str) -> bool:
        """Whether the settings say what a member of the `old` objects becomes."""
        return any(f"{home}.{name}" in self._replacements for home in old)

    def arguments(self, old: str) -> dict[str, str]:
        """The parameters of a function that are called otherwise in its replacement."""
        return self._arguments.get(old, {})

    def _member(self, name: str) -> Symbol | None:
        """The method, property or attribute of an object that a dotted name is."""
        owner, _, last = name.rpartition(".")
        held = self.symbols.symbol(owner)
        member = self.symbols.members(held.of).named.get(last) if held is not None and held.of else None
        if held is None or held.kind != "instance" or member is None:
            return None
        is_read = member.kind in ("property", "attribute")
        return Symbol("member" if is_read else "method", name, member.node, held)

    def is_rebound(self, name: str) -> bool:
        """Whether a function of its module, or another file, gives a module's name another object."""
        return self._rebinding(name) is not None

    def _rebinding(self, name: str) -> str | None:
        """The file that gives a module's name another object; None where none does."""
        module, _, last = name.rpartition(".")
        known = self.index.modules.facts(module)
        if known is None or last not in known.names:
            return None
        if known.names[last].target and last in self.symbols.set_by_functions(module):
            return self.index.modules.find(module)
        for user in self._users(module):
            handles = self.index.handles(user, module)
            if any(f"{handle}.{last}" in self.reads.of(user).stored for handle in handles):
                return user
            if handles & self.reads.of(user).filled and not self.settings.is_test(user):
                return user
        own = self.index.modules.find(module)
        if own is not None and "" in self.reads.of(own).filled:
            return own
        quoted = self.reads.quoted
        users = (*quoted.get(module, ()), *quoted.get(name, ()))
        exchanging = (user for user in users if last in self.reads.of(user).exchanged)
        return next((user for user in exchanging if not self.settings.is_test(user)), None)

    def _line_of_store(self, path: str, last: str) -> int:
        """The line in which a file gives an attribute of a name another value, or has one of the name."""
        tree = self.reads.tree(path)
        lines = [
            node.lineno
            for node in (all_nodes(tree) if tree is not None else ())
            if (isinstance(node, ast.Attribute) and node.attr == last and not isinstance(node.ctx, ast.Load))
            or (
                isinstance(node, ast.Call)
                and last_name(node.func) in OBJECT_PATCHERS | PATCHERS
                and any(
                    isinstance(one, ast.Constant) and str(one.value).rpartition(".")[2] == last
                    for one in node.args
                )
            )
        ]
        text = self.index.modules.filesystem.source(path).data.decode("utf-8", "replace")
        found = re.search(rf"\b{last}\b(?=\s*(?::[^=\n]*)?=(?!=)|[\"'])", text)
        return min(lines, default=text.count("\n", 0, found.start()) + 1 if found else 1)

    def _check_bound_once(self, name: str) -> None:
        """Refusal where a module's name is given another object."""
        path = self._rebinding(name)
        if path is None:
            return
        where = f"{os.path.relpath(path, self.settings.root)}:{self._line_of_store(path, name.rpartition('.')[2])}"
        raise Refusal(
            f"`{name}` is given another object at run time, as in {where}",
            "bind the name once, or change this by hand",
        )

    def _handed_on(self, module: str) -> str | None:
        """A file of the application that hands a module on, so that its names may be given anything."""
        for user in self._users(module):
            reads = self.reads.of(user)
            for handle in self.index.handles(user, module):
                if handle in reads.bare or f"{handle}.__dict__" in reads.read:
                    return user
        return None

    def _users(self, module: str) -> Iterator[str]:
        """The files of the application that import from a module."""
        return (user for user in self.index.importing(module) if not self.settings.is_test(user))

    def check_read(self, accessor: Symbol) -> None:
        """Refusal where the names by which a function finds its object may be given another one."""
        facts = self.index.modules.facts(accessor.module)
        names = names_in(accessor.node or ast.Pass())
        for name in sorted(names & (facts.names.keys() if facts is not None else set())):
            self._check_bound_once(f"{accessor.module}.{name}")
        handing = self._handed_on(accessor.module)
        if handing is not None:
            where = os.path.relpath(handing, self.settings.root)
            raise Refusal(
                f"{where} hands `{accessor.module}` on, where another object may be put in its place",
                "import there by name what is needed of it",
            )

    def _twin(self, before: Symbol, boundary: Boundary) -> str | None:
        """A function of the manager that has the same name, and is as good."""
        last = before.qualified_name.rpartition(".")[2]
        names = [f"{module}.{last}" for module in self.index.managers.modules_of(boundary)]
        twins = ((name, self.symbols.symbol(name)) for name in names)
        return next(
            (name for name, twin in twins if twin is not None and self._are_alike(before, twin)), None
        )

    def giver(self, old: Symbol, new: Symbol) -> Symbol | None:
        """The function beside the object `new` that gives it, and is called as the function `old` is."""
        facts = self.index.modules.facts(new.module)
        found = []
        for name in facts.names if facts is not None and self.symbols.is_plain(old) else ():
            symbol = self.symbols.symbol(f"{new.module}.{name}")
            if name.startswith("_") or symbol is None or symbol.module != new.module:
                continue
            given = self.symbols.given(symbol)
            if (
                given is not None
                and given.qualified_name == new.qualified_name
                and called_alike(old, symbol)
                and self.symbols.is_plain(symbol)
                and is_surely_bound(self.symbols, symbol.qualified_name)
                and not self.is_rebound(symbol.qualified_name)
            ):
                found.append(symbol)
        return found[0] if len(found) == 1 else None

    def followable(self, replacement: Replacement) -> Replacement:
        """An exchange of a function that is patched, for one that gives the new object, if there is: the patch can follow."""
        old, new = replacement.old, replacement.new
        giver = self.giver(old, new) if old.kind == "function" and new.kind == "instance" else None
        return replace(replacement, new=giver) if giver is not None else replacement

    def is_patched(self, home: str) -> bool:
        """Whether a test names an object, as one that patches it does: functions may look it up at another time."""
        return any(map(self.settings.is_test, self.reads.quoted.get(home, ())))

    def _are_alike(self, one: Symbol, other: Symbol) -> bool:
        """Whether two functions are called in the same way, and give the very same object."""
        if not (isinstance(one.node, Function) and isinstance(other.node, Function)):
            return False
        given = self.symbols.given(one)
        return (
            type(one.node) is type(other.node)
            and ast.dump(one.node.args) == ast.dump(other.node.args)
            and given is not None
            and given.qualified_name != ""
            and given == self.symbols.given(other)
            and self.symbols.is_plain(one)
            and self.symbols.is_plain(other)
        )

    def _namesake(self, old: str, before: Symbol, boundary: Boundary) -> str:
        last = before.qualified_name.rpartition(".")[2]
        for module in self.index.managers.modules_of(boundary):
            found = self.symbols.symbol(f"{module}.{last}") if before.kind != "module" else None
            if found is not None and found.kind == before.kind:
                return f"{module}.{last}"
        if self._only_passes(old, before, boundary):
            return before.qualified_name
        what = f"no replacement for `{before.qualified_name}`{self.symbols.at(before)} is set"
        if before.kind != "module" and not self._has_to_do_with_redis(before):
            raise Refusal(
                f"{what}, and it is no Redis object",
                f"move it to another module, or into the manager, and name that in {self._table}",
            )
        meant = self._candidate(before, boundary)
        line = f', as `"{before.qualified_name}" = "{meant}"` if that does the same' if meant else ""
        raise Refusal(what, f"name one in {self._table}{line}")

    def _candidate(self, before: Symbol, boundary: Boundary) -> str | None:
        """What of the manager's shared object may be meant: its member of the same name, itself, or its class."""
        instance = boundary.instance or ""
        names = [f"{module}.{instance}" for module in self.index.managers.modules_of(boundary) if instance]
        name = next((one for one in names if self.symbols.symbol(one.removesuffix("()")) is not None), None)
        shared = self.symbols.symbol(name.removesuffix("()")) if name is not None else None
        if shared is not None and shared.kind == "function":
            shared = self.symbols.given(shared)
        if shared is None or shared.of is None or name is None:
            return None
        given = self.symbols.given(before) if before.kind == "function" else before
        member = self._member(f"{name}.{before.qualified_name.rpartition('.')[2]}")
        if before.kind == "function" and member is not None and member.kind == "method":
            return member.qualified_name
        if given is not None and given.kind == "instance":
            return name
        return shared.of.qualified_name if before.kind == "class" else None

    def _only_passes(self, old: str, symbol: Symbol, boundary: Boundary) -> bool:
        """Whether a forbidden module only hands on what is at home in another one, and no Redis object."""
        home = symbol.qualified_name
        is_forbidden = any(pattern.covers(home) for pattern in boundary.forbidden)
        if home == old or is_forbidden or self.index.managers.owner(home) is not None:
            return False
        module = home if symbol.kind == "module" else symbol.module
        return self.symbols.tree(module) is not None and not self._has_to_do_with_redis(symbol)

    def _has_to_do_with_redis(self, symbol: Symbol) -> bool:
        """Whether what defines an object names, by whatever of its module, a client library or a manager's class."""
        module, last = (
            (symbol.qualified_name if symbol.kind == "module" else symbol.module),
            symbol.qualified_name.rpartition(".")[2],
        )
        tree, facts = self.symbols.tree(module), self.index.modules.facts(module)
        if tree is None or facts is None:
            return True
        settings = self.index.settings
        libraries = {n.partition(".")[0] for n in builders(settings.client_builders, settings.pool_builders)}
        wanted = set(self.index.managers.classes(module)) | {
            name for name, known in facts.names.items() if (known.target or "").partition(".")[0] in libraries
        }
        wanted |= {n for n, known in facts.names.items() if self._is_of_manager(known.target)}
        if symbol.kind == "module":
            return bool(wanted)
        nodes = dict[str, list[ast.AST]]()
        for name, node in bindings_in(tree.body):
            nodes.setdefault(name, []).append(node)
        seen: set[str] = set()
        new = {last}
        while new and not new & wanted:
            seen |= new
            new = {
                part.id
                for name in new
                for node in nodes.get(name, ())
                for part in all_nodes(node)
                if isinstance(part, ast.Name)
            } - seen
        return bool(new)

    def _is_of_manager(self, target: str | None) -> bool:
        """Whether an import brings in something of a module that is a manager, or is none of the project's classes."""
        symbol = self.symbols.symbol(target) if target else None
        of = symbol if symbol is None or symbol.kind == "class" else symbol.of
        return of is not None and of.qualified_name.rpartition(".")[2] in self.index.managers.classes(
            of.module
        )

    def target(self, old: str, boundary: Boundary) -> Symbol | None:
        """The class of the manager whose object would take the place of `old`."""
        try:
            new: Symbol | None = self.find(old, boundary).new
        except Refusal:
            name = (boundary.instance or "").removesuffix("()")
            modules = self.index.managers.modules_of(boundary) if name else ()
            new = next(filter(None, (self.symbols.symbol(f"{module}.{name}") for module in modules)), None)
        if new is not None and new.kind == "function":
            new = self.symbols.given(new)
        if new is not None and new.kind == "instance":
            new = new.of
        homes = list(self.index.managers.modules_of(boundary))
        if new is None and len(homes) == 1:
            classes = list(self.index.managers.classes(homes[0]))
            new = self.symbols.symbol(f"{homes[0]}.{classes[0]}") if len(classes) == 1 else None
        return new if new is not None and new.kind == "class" else None

    def shared(self, old: Symbol, boundary: Boundary, imported: int = 0) -> Replacement:
        """The shared object that is an instance of the class `old`; `imported` is the line of its import."""
        if not self.index.managers.owns(boundary, old.qualified_name):
            where = f" in line {imported}" if imported else ""
            raise Awaiting(f"this moves together with its import{where}", imported)
        wanted = [f"{old.module}.{boundary.instance}"] if boundary.instance else []
        facts = self.index.modules.facts(old.module)
        wanted += [f"{old.module}.{n}" for n in (facts.names if facts is not None and not wanted else ())]
        shared = []
        for one in wanted:
            symbol = self.symbols.symbol(one.removesuffix("()"))
            given = self.symbols.given(symbol) if symbol is not None and one.endswith("()") else symbol
            if symbol is not None and given is not None and given.kind == "instance" and given.of == old:
                shared.append(Replacement(old, symbol, calls=one.endswith("()")))
        if len(shared) != 1:
            names = " and ".join(f"`{one.new.qualified_name}`" for one in shared)
            where = f"the class `{old.qualified_name}`{self.symbols.at(old)}"
            if shared:
                raise Refusal(
                    f"of {where} several objects are shared, {names}",
                    "set `instance` to the one that is meant",
                )
            init = self.symbols.members(old).named.get("__init__")
            needs = init is not None and init.arguments is not None and _required(init.arguments)
            made = f"{old.qualified_name.rpartition('.')[2]}({'...' if needs else ''})"
            raise Refusal(
                f"the manager's module has no shared object of {where}",
                # of one that is made with other arguments each time there may have to be many
                f"{'let its objects share one client, or ' if needs else ''}"
                f"add one, as `redis_manager = {made}`, and name it as `instance`",
            )
        return shared[0]


def called_alike(one: Symbol, other: Symbol) -> bool:
    """Whether two functions take the same and are both awaited, or both not."""
    nodes = one.node, other.node
    return (
        isinstance(nodes[0], Function)
        and isinstance(nodes[1], Function)
        and type(nodes[0]) is type(nodes[1])
        and ast.dump(nodes[0].args) == ast.dump(nodes[1].args)
        and not (nodes[0].decorator_list or nodes[1].decorator_list)
    )


def _required(arguments: ast.arguments) -> bool:
    """Whether a call has to give something."""
    return len(positional(arguments)) > len(arguments.defaults) or None in arguments.kw_defaults
