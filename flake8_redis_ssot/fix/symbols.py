"""What a name of the project stands for, and what can be done with it: for exchanging one for another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from flake8_redis_ssot.facts.modules import Modules, absolute, bound
from flake8_redis_ssot.libraries.standard import (
    CACHES,
    CONTEXT_MANAGERS,
    KIND_DECORATORS,
    OPTIONAL,
    PLAIN_BASES,
)
from flake8_redis_ssot.libraries.traits import NAMES_OF_BUILDERS, SERVER_KEYWORDS, URL_SCHEMES
from flake8_redis_ssot.source import SourceError
from flake8_redis_ssot.syntax.nodes import unparsed

Sort = Literal["class", "instance", "function", "module", "other"]
Colour = Literal["", "async", "generator", "async generator", "property", "attribute", "context manager"]
Function = ast.FunctionDef | ast.AsyncFunctionDef

_DEPTH = 12
_URL = re.compile(rf"(?:{'|'.join(URL_SCHEMES)}|unix)://[^/]*/?(\d*)\Z")


@dataclass(frozen=True, slots=True)
class Thing:
    """A class, function, module or object of the project; `home` is where it is defined.

    An instance that no name stands for has an empty `home`; `of` is the class of an instance.
    `is_set_later` says that its module gives the name another object at run time.
    """

    sort: Sort
    home: str
    node: ast.AST | None = None
    of: Thing | None = None
    is_set_later: bool = False

    @property
    def module(self) -> str:
        return self.home.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a class: its colour, parameters without `self`, and what it is said to give.

    `decorators` are those that may change what it is, and how it is bound; `takes` the stated types
    of its parameters.
    """

    colour: Colour
    arguments: ast.arguments | None
    gives: str | None
    node: ast.AST
    module: str
    decorators: frozenset[str] = frozenset()
    takes: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a class and its bases by name; with `is_open` there may be more of them."""

    named: Mapping[str, Member] = field(default_factory=dict)
    is_open: bool = False


class Objects:
    """The objects of a project's modules, from their sources alone."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._trees: dict[str, ast.Module | None] = {}
        self._members: dict[str, Members] = {}
        self._things: dict[str, Thing | None] = {}
        self._rebound: dict[str, frozenset[str]] = {}

    def tree(self, module: str) -> ast.Module | None:
        """The syntax tree of a dotted module of the project."""
        if module not in self._trees:
            path = self.modules.find(module)
            self._trees[module] = None
            if path is not None and path.endswith((".py", ".pyi")):
                with suppress(SourceError):
                    self._trees[module] = self.modules.filesystem.source(path).tree
        return self._trees[module]

    def thing(self, name: str, depth: int = 0) -> Thing | None:
        """What the dotted `name` stands for, imports followed; None where it does not exist."""
        if depth:
            return self._thing(name, depth)
        if name not in self._things:
            self._things[name] = self._thing(name, 0)
        return self._things[name]

    def _thing(self, name: str, depth: int) -> Thing | None:
        found = self.modules.lookup(name)
        if found is None or depth > _DEPTH:
            return None
        if found.kind == "module":
            return Thing("module", found.home)
        module, _, last = found.home.rpartition(".")
        tree = self.tree(module)
        if found.kind == "unknown" or tree is None:
            return Thing("other", found.home)
        nodes = [node for bound_name, node in bound(tree.body) if bound_name == last]
        things = [self._defined(node, found.home, module, depth) for node in nodes]
        later = self._set_later(last, tree, found.home, module, depth)
        known = [thing for thing in (*things, *later) if thing is not None]
        of = {thing.of for thing in known if thing.of is not None}
        if {thing.sort for thing in known} <= {"instance"} and len(of) < 2:
            node = known[-1].node if known else None
            is_set_later = None in things or bool(later) or not known
            return Thing("instance", found.home, node, of.pop() if of else None, is_set_later)
        return known[0] if len(known) == 1 else Thing("other", found.home)

    def _set_later(self, name: str, tree: ast.Module, home: str, module: str, depth: int) -> list[Thing]:
        """What functions of the module assign to its `name` by `global`."""
        found = []
        for function in tree.body if name in self.set_by_functions(module) else ():
            if isinstance(function, Function) and any(
                isinstance(part, ast.Global) and name in part.names for part in _own(function)
            ):
                for part in _own(function):
                    if isinstance(part, ast.Assign) and any(
                        isinstance(t, ast.Name) and t.id == name for t in part.targets
                    ):
                        thing = self._assigned(part.value, part, home, module, depth)
                        found.append(thing or Thing("instance", home, part))
        return found

    def _defined(self, node: ast.stmt, home: str, module: str, depth: int) -> Thing | None:
        match node:
            case ast.ClassDef():
                return Thing("class", home, node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return Thing("function", home, node)
            case ast.AnnAssign():
                made = self._assigned(node.value, node, home, module, depth) if node.value else None
                if made is not None and made.of is not None:
                    return made
                of = self._annotated(node.annotation, module, depth)
                return Thing("instance", home, node, of, is_set_later=made is None)
            case ast.Assign(value=value):
                return self._assigned(value, node, home, module, depth)
        return Thing("instance", home, node)

    def _assigned(self, value: ast.expr, node: ast.stmt, home: str, module: str, depth: int) -> Thing | None:
        if isinstance(value, ast.Constant) and value.value is None:
            return None  # to be set later
        made = self.value(value, module, depth=depth + 1)
        of = made.of if made is not None and made.sort == "instance" else None
        return Thing("instance", home, node, of)

    def value(
        self, node: ast.expr, module: str, function: Function | None = None, depth: int = 0
    ) -> Thing | None:
        """What an expression of `module` gives, as far as names and calls tell."""
        if depth > _DEPTH:
            return None
        if isinstance(node, ast.Await):
            return self.value(node.value, module, function, depth + 1)
        if isinstance(node, ast.Call):
            called = self.value(node.func, module, function, depth + 1)
            return None if called is None else self.given(called, depth + 1)
        if isinstance(node, ast.BoolOp):
            found = {self.value(part, module, function, depth + 1) for part in node.values}
            return found.pop() if len(found) == 1 else None
        name = self.dotted(node, module, function)
        if name is None:
            return None
        thing = self.thing(name, depth + 1)
        if thing is not None and thing.sort == "other" and isinstance(node, ast.Attribute):
            owner = self.value(node.value, module, function, depth + 1)
            if owner is not None and owner.sort == "class":
                member = self.members(owner).named.get(node.attr)
                if member is not None and isinstance(member.node, Function):
                    return Thing("function", f"{owner.home}.{node.attr}", member.node)
        return thing

    def dotted(self, node: ast.expr, module: str, function: Function | None = None) -> str | None:
        """The dotted name of an expression at the top level of `module`, or in one of its functions."""
        tail: list[str] = []
        while isinstance(node, ast.Attribute):
            tail.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        local = _imported_in(function, node.id, module, self._is_package(module)) if function else None
        if local is None and function is not None and node.id in _locals(function):
            return None
        facts = self.modules.facts(module)
        if local is None and (facts is None or node.id not in facts.names):
            return None
        is_alias = local is None and facts is not None and facts.names[node.id].target is not None
        if is_alias and node.id in self.set_by_functions(module):
            return None  # imported, and exchanged at run time
        return ".".join([local or f"{module}.{node.id}", *tail])

    def set_by_functions(self, module: str) -> frozenset[str]:
        """The names of a module that its functions set, by `global`."""
        if module not in self._rebound:
            tree = self.tree(module) or ast.Module([], [])
            parts = (part for part in ast.walk(tree) if isinstance(part, ast.Global))
            self._rebound[module] = frozenset(name for part in parts for name in part.names)
        return self._rebound[module]

    def _is_package(self, module: str) -> bool:
        path = self.modules.find(module) or ""
        return path.rpartition("/")[2].startswith("__init__.")

    def given(self, thing: Thing, depth: int = 0) -> Thing | None:
        """What a call gives (for `async def` what awaiting it gives): an object with a name, or just its class.

        None where the source does not tell.
        """
        if thing.sort == "class":
            return Thing("instance", "", thing.node, thing)
        node, module = thing.node, thing.module
        if thing.sort != "function" or not isinstance(node, Function) or depth > _DEPTH:
            return None
        if self.tree(module) is None:  # a method: its class stands in a module
            module = module.rpartition(".")[0]
        if colour_of(node) not in ("", "async") or not _decorators(node) <= CACHES | {
            "staticmethod",
            "classmethod",
        }:
            return None
        values = [part.value for part in _own(node) if isinstance(part, ast.Return)]
        found = []
        for value in values:
            one = self.value(value, module, node, depth + 1) if value is not None else None
            found.append(one or (self._local(value, node, module, depth) if value is not None else None))
        if found and found[0] is not None and all(one == found[0] for one in found):
            return found[0]
        of = self._annotated(node.returns, module, depth) if node.returns is not None else None
        return None if of is None else Thing("instance", "", of.node, of)

    def _local(self, value: ast.expr, function: Function, module: str, depth: int) -> Thing | None:
        """What a local variable of a function holds, where all its assignments agree."""
        if not isinstance(value, ast.Name):
            return None
        found = set()
        for part in _own(function):
            if isinstance(part, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == value.id for t in part.targets
            ):
                found.add(self.value(part.value, module, function, depth + 1))
        return found.pop() if len(found) == 1 else None

    def _annotated(self, node: ast.expr, module: str, depth: int) -> Thing | None:
        """The class that an annotation names; `None` beside it does not count."""
        if depth > _DEPTH:
            return None
        match node:
            case ast.Constant(value=str(text)):
                try:
                    return self._annotated(ast.parse(text, mode="eval").body, module, depth + 1)
                except SyntaxError:
                    return None
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                sides = [s for s in (left, right) if not (isinstance(s, ast.Constant) and s.value is None)]
                return self._annotated(sides[0], module, depth + 1) if len(sides) == 1 else None
            case ast.Subscript(value=value, slice=inner) if _last(value) in OPTIONAL:
                return self._annotated(inner, module, depth + 1)
        name = self.dotted(node, module)
        thing = self.thing(name, depth + 1) if name is not None else None
        return thing if thing is not None and thing.sort == "class" else None

    def members(self, thing: Thing, depth: int = 0) -> Members:
        """The members of a class."""
        if thing.home in self._members:
            return self._members[thing.home]
        named: dict[str, Member] = {}
        order, is_open = self._order(thing, depth)
        for one in reversed(order):
            node = one.node
            assert isinstance(node, ast.ClassDef)
            meta = any(k.arg == "metaclass" and _last(k.value) != "ABCMeta" for k in node.keywords)
            named |= self._own_members(node, one)
            is_open = is_open or meta or bool(node.decorator_list)
        is_open = is_open or "__getattr__" in named or "__getattribute__" in named
        self._members[thing.home] = Members(named, is_open)
        return self._members[thing.home]

    def is_plain(self, thing: Thing) -> bool:
        """Whether a function does nothing but return: without a condition, and without anything on the way."""
        body = thing.node.body if isinstance(thing.node, Function) else []
        rest = [part for part in body if not isinstance(part, ast.Import | ast.ImportFrom)]
        rest = [p for p in rest if not (isinstance(p, ast.Expr) and isinstance(p.value, ast.Constant))]
        return len(rest) == 1 and isinstance(rest[0], ast.Return)

    def _order(self, thing: Thing, depth: int = 0) -> tuple[list[Thing], bool]:
        """A class and its bases in the order in which Python looks; whether there are others in between."""
        node = thing.node
        if not isinstance(node, ast.ClassDef) or depth > _DEPTH:
            return [], True
        is_open = False
        lines: list[list[Thing]] = []
        direct = []
        for base in node.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            name = self.dotted(plain, thing.module)
            above = self.thing(name) if name is not None else None
            if above is not None and above.sort == "class":
                order, opened = self._order(above, depth + 1)
                lines.append(order)
                direct.append(above)
                is_open = is_open or opened
            elif _last(plain) not in PLAIN_BASES:
                is_open = True
        found = [thing]
        lines.append(direct)
        while lines := [line for line in lines if line]:
            heads = [line[0] for line in lines if not any(line[0] in other[1:] for other in lines)]
            if not heads:
                return found, True
            found.append(heads[0])
            lines = [[one for one in line if one != heads[0]] for line in lines]
        return found, is_open

    def _own_members(self, node: ast.ClassDef, of: Thing) -> dict[str, Member]:
        """The members that a class itself defines; what is a method and assigned too is an attribute."""
        module = of.module
        found: dict[str, Member] = {}

        def add(name: str, member: Member) -> None:
            again = name in found and "attribute" in (member.colour, found[name].colour)
            unknown = Member("attribute", None, None, member.node, module)
            is_typed = again and found[name].gives is not None and member.gives is None
            found[name] = found[name] if is_typed else unknown if again else member

        for statement in node.body:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    add(statement.name, self._method(statement, node, of))
                case ast.Assign(targets=targets):
                    for name in (t.id for t in targets if isinstance(t, ast.Name)):
                        add(name, Member("attribute", None, None, statement, module))
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    add(name, Member("attribute", None, self._said(annotation, module), statement, module))
                case ast.Delete(targets=targets):
                    for name in (t.id for t in targets if isinstance(t, ast.Name)):
                        found.pop(name, None)
        for statement in node.body:
            if isinstance(statement, Function):
                for target, value in _stores_on_self(statement):
                    if target not in found or found[target].colour not in ("attribute", "property"):
                        add(target, Member("attribute", None, None, value, module))
        return found

    def _method(self, function: Function, owner: ast.ClassDef, of: Thing) -> Member:
        gives = self._said(function.returns, of.module)
        if gives is not None and re.search(r"\bSelf\b", gives):
            gives = f"{gives} of {of.home}"
        return Member(
            colour_of(function),
            self._with_values(_without_receiver(function), owner, of.module),
            gives,
            function,
            of.module,
            frozenset(_decorators(function)) - KIND_DECORATORS,
            {
                a.arg: said
                for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
                if (said := self._said(a.annotation, of.module)) is not None
            },
        )

    def arguments(self, thing: Thing) -> ast.arguments | None:
        """The parameters of a function, the values of their defaults put in."""
        node = thing.node
        return self._with_values(node.args, None, thing.module) if isinstance(node, Function) else None

    def _with_values(self, args: ast.arguments, owner: ast.ClassDef | None, module: str) -> ast.arguments:
        """Parameters with the constants that their defaults name, so that these can be compared."""

        def value(node: ast.expr) -> ast.expr:
            if not isinstance(node, ast.Name | ast.Attribute):
                return node
            bodies = [owner.body] if owner is not None else []
            home = self.dotted(node, module)
            found = self.modules.lookup(home) if home is not None else None
            name = node.id if isinstance(node, ast.Name) else ""
            if found is not None and home is not None:
                tree = self.tree(found.home.rpartition(".")[0])
                bodies += [tree.body] if tree is not None else []
                name = found.home.rpartition(".")[2]
            for body in bodies:
                for bound_name, statement in bound(body):
                    if bound_name == name and isinstance(getattr(statement, "value", None), ast.Constant):
                        return statement.value  # type: ignore[attr-defined, no-any-return]
            return ast.Name(found.home if found is not None else f"{module}.{unparsed(node)}", ast.Load())

        return ast.arguments(
            args.posonlyargs,
            args.args,
            args.vararg,
            args.kwonlyargs,
            [d and value(d) for d in args.kw_defaults],
            args.kwarg,
            [value(d) for d in args.defaults],
        )

    def said(self, thing: Thing) -> str | None:
        """What a function says that it gives, as text that is equal for equal types."""
        node = thing.node
        return self._said(node.returns, thing.module) if isinstance(node, Function) else None

    def _said(self, node: ast.expr | None, module: str) -> str | None:
        """An annotation as text that is equal for equal types, wherever it stands."""
        if node is None:
            return None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return None
        copy = ast.parse(unparsed(node), mode="eval")
        return unparsed(_Spelled(self, module).visit(copy))

    @cached_property
    def _reached(self) -> dict[str, frozenset[str]]:
        return {}

    def imports(self, module: str) -> frozenset[str]:
        """The modules of the project that run when `module` is imported, itself left out: one step."""
        if module not in self._reached:
            tree = self.tree(module)
            found = set()
            for node in _at_import(tree.body) if tree is not None else ():
                if isinstance(node, ast.Import):
                    found |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    base = absolute(node, module, self._is_package(module))
                    found.add(base)
                    found |= {f"{base}.{alias.name}" for alias in node.names}
            self._reached[module] = frozenset(n for n in found if self.modules.find(n) is not None) - {module}
        return self._reached[module]

    def path_between(self, start: str, goal: str) -> list[str] | None:
        """How importing `start` comes to import `goal`, or something from it.

        Packages around both are no way: they run before. Nor is it one that `goal` is the package
        of what is imported.
        """
        ancestors = set(_with_parents(goal)[:-1]) & set(_with_parents(start)[:-1])

        def run(module: str) -> list[str]:
            return [m for m in _with_parents(module) if m not in ancestors and (m != goal or module == goal)]

        came: dict[str, str | None] = dict.fromkeys(run(start))
        queue = list(came)
        while queue:
            here = queue.pop(0)
            if here == goal:
                path = [here]
                while (before := came[path[-1]]) is not None:
                    path.append(before)
                return path[::-1]
            for there in [m for name in sorted(self.imports(here)) for m in run(name)]:
                if there not in came:
                    came[there] = here
                    queue.append(there)
        return None

    def is_surely_bound(self, name: str) -> bool:
        """Whether a module's name is there after the module has run, whatever its conditions say."""
        module, _, last = name.rpartition(".")
        tree = self.tree(module)
        if tree is None:
            return True
        deleted = any(
            isinstance(t, ast.Name) and t.id == last
            for statement in tree.body
            if isinstance(statement, ast.Delete)
            for t in statement.targets
        )
        facts = self.modules.facts(module)
        known = facts is not None and last in facts.names
        return not known or (_binds(tree.body, last) and not deleted)

    def servers(self, of: Thing) -> set[str]:
        """What the source of a class says about the server that it connects to: arguments, URLs, variables."""
        found: set[str] = set()
        for one in self._order(of)[0]:
            assert isinstance(one.node, ast.ClassDef)
            for node in ast.walk(one.node):
                match node:
                    case ast.Call(func=func, args=args, keywords=keywords):
                        if _last(func) in NAMES_OF_BUILDERS:
                            plain = [a for a in args if isinstance(a, ast.Constant)]
                            found |= {f"`{unparsed(a)}`" for a in plain}
                            found |= {"`**`" for k in keywords if k.arg is None}
                        for keyword in keywords:
                            if keyword.arg in SERVER_KEYWORDS:
                                value = self._constant(keyword.value, of, one.module)
                                found |= {f"`{keyword.arg}={value}`"} if value else set()
                        if _last(func) in ("get", "getenv") and args and _is_variable(args[0]):
                            found.add(f"`{unparsed(args[0])}`")
                    case ast.Subscript(slice=key) if _is_variable(key):
                        found.add(f"`{unparsed(key)}`")
                    case ast.Constant(value=str(text)) if (url := _URL.match(text)) and url[1].strip("0"):
                        found.add(f"database {url[1]}")
        return found

    def _constant(self, node: ast.expr, of: Thing, module: str) -> str:
        """The constant that an argument is: by itself, by name, or as a constant of the class."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            member = self.members(of).named.get(node.attr)
            node = getattr(member.node, "value", None) or node if member is not None else node
        elif isinstance(node, ast.Name):
            made = self.members(of).named.get("__init__")
            defaults = _defaults(made.arguments) if made is not None and made.arguments is not None else {}
            if node.id in defaults:
                return defaults[node.id]
            given = self._with_values(_one_default(node), None, module).defaults
            node = given[0]
        return unparsed(node) if isinstance(node, ast.Constant) else ""


class _Spelled(ast.NodeTransformer):
    """Writes the types of an annotation by their homes, and `Optional` as a union."""

    def __init__(self, objects: Objects, module: str) -> None:
        self.objects = objects
        self.module = module

    def visit_Name(self, node: ast.Name) -> ast.expr:
        facts = self.objects.modules.facts(self.module)
        known = facts.names.get(node.id) if facts is not None else None
        if known is None:
            return node
        return ast.Name(known.target or f"{self.module}.{node.id}", ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        inner = self.visit(node.slice)
        if _last(node.value) == "Optional":
            return ast.BinOp(inner, ast.BitOr(), ast.Constant(None))
        name = _last(node.value)
        if name in ("Dict", "List", "Set", "Tuple", "FrozenSet"):
            return ast.Subscript(ast.Name(name.lower(), ast.Load()), inner, ast.Load())
        return ast.Subscript(self.visit(node.value), inner, ast.Load())


def colour_of(node: ast.AST) -> Colour:
    """How a function has to be used."""
    if not isinstance(node, Function):
        return "attribute"
    names = _decorators(node)
    if names & {"property", "cached_property"}:
        return "property"
    if names & CONTEXT_MANAGERS:
        return "context manager"
    yields = any(isinstance(part, ast.Yield | ast.YieldFrom) for part in _own(node))
    if isinstance(node, ast.AsyncFunctionDef):
        return "async generator" if yields else "async"
    return "generator" if yields else ""


def incompatible(call: ast.Call, old: ast.arguments | None, new: ast.arguments) -> str | None:
    """Why `call`, made for parameters `old`, does not mean the same with parameters `new`; None if it does."""
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return "arguments are unpacked in the call"
    before = None if old is None else _bound_to(call, old)
    after = _bound_to(call, new)
    if isinstance(after, str):
        return after
    if old is None or isinstance(before, str) or before is None:
        return None
    starred = sum(name == "*" for name in before.values())
    for argument, name in before.items():
        there = after.get(argument, name)
        if name == "*" and there != "*" and starred > 1:
            return f"the arguments that it takes by `*` are `{there}` and others there"
        if there != name and "*" not in (name[:1], there[:1]):
            return f"`{name}` is called `{there}` there"
    return _other_defaults(old, new, set(before.values()) | set(after.values()))


def covers(new: ast.arguments, old: ast.arguments) -> str | None:
    """Why a call that suits `old` may not mean the same with `new`; None where every such call does."""
    olds, news = [*old.posonlyargs, *old.args], [*new.posonlyargs, *new.args]
    for n, parameter in enumerate(olds):
        if n >= len(news):
            return f"it takes no `{parameter.arg}`"
        if news[n].arg != parameter.arg and n >= len(old.posonlyargs):
            return f"`{parameter.arg}` is called `{news[n].arg}` there"
    required = len(news) - len(new.defaults)
    if len(olds) < required:
        return f"it needs `{news[len(olds)].arg}`"
    if len(olds) - len(old.defaults) < required:
        return f"it needs `{news[required - 1].arg}`"
    names = {p.arg for p in (*new.args, *new.kwonlyargs)}
    for one in old.kwonlyargs:
        if one.arg not in names and new.kwarg is None:
            return f"it takes no `{one.arg}`"
    for one, default in zip(new.kwonlyargs, new.kw_defaults, strict=True):
        if default is None and one.arg not in {p.arg for p in old.kwonlyargs}:
            return f"it needs `{one.arg}`"
    if (old.vararg and not new.vararg) or (old.kwarg and not new.kwarg):
        return "it takes fewer arguments"
    return _other_defaults(old, new, set())


def _other_defaults(old: ast.arguments, new: ast.arguments, given: set[str]) -> str | None:
    before, after = _defaults(old), _defaults(new)
    for name, value in before.items():
        if name not in given and value != after.get(name, "None"):
            there = f"is {after[name]}" if name in after else "is nothing"
            return f"`{name}` {there} there where it is not given, {value} here"
    return None


def _defaults(arguments: ast.arguments) -> dict[str, str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(
        zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)
    )
    pairs += [
        (p, d) for p, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None
    ]
    return {parameter.arg: unparsed(default) for parameter, default in pairs}


def _bound_to(call: ast.Call, arguments: ast.arguments) -> dict[ast.expr, str] | str:
    """Each argument of a call with the parameter that takes it, `*` or `**`; else why it cannot be called so."""
    positional = [*arguments.posonlyargs, *arguments.args]
    found: dict[ast.expr, str] = {}
    for n, argument in enumerate(call.args):
        if n < len(positional):
            found[argument] = positional[n].arg
        elif arguments.vararg is not None:
            found[argument] = "*"
        else:
            return f"it takes {len(positional)} positional arguments, {len(call.args)} are given"
    names = {p.arg for p in (*arguments.args, *arguments.kwonlyargs)}
    for keyword in call.keywords:
        if keyword.arg in names and keyword.arg not in found.values():
            found[keyword.value] = keyword.arg or ""
        elif arguments.kwarg is not None:
            found[keyword.value] = "**"
        else:
            return f"it takes no `{keyword.arg}`"
    needed = [p.arg for p in positional[: len(positional) - len(arguments.defaults)]]
    needed += [p.arg for p, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is None]
    missing = [name for name in needed if name not in found.values()]
    return f"it needs `{missing[0]}`" if missing else found


def _without_receiver(node: Function) -> ast.arguments:
    args = node.args
    if "staticmethod" in _decorators(node):
        return args
    positional = [*args.posonlyargs, *args.args]
    drop = 1 if positional else 0
    posonly = args.posonlyargs[drop:]
    rest = args.args[drop if not args.posonlyargs else 0 :]
    most = len(posonly) + len(rest)
    return ast.arguments(
        posonly,
        rest,
        args.vararg,
        args.kwonlyargs,
        args.kw_defaults,
        args.kwarg,
        args.defaults[-most:] if most else [],
    )


def _own(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions and classes in it."""
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))


def _locals(function: Function) -> set[str]:
    args = function.args
    found = {a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg) if a}
    shared: set[str] = set()
    for part in _own(function):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        elif isinstance(part, ast.Global):
            shared |= set(part.names)
    return found - shared


def _imported_in(function: Function, name: str, module: str, is_package: bool) -> str | None:
    """The dotted name that an import within `function` gives to `name`."""
    for part in _own(function):
        if isinstance(part, ast.ImportFrom):
            for alias in part.names:
                if (alias.asname or alias.name) == name:
                    return f"{absolute(part, module, is_package)}.{alias.name}"
        elif isinstance(part, ast.Import):
            for alias in part.names:
                if (alias.asname or alias.name.split(".")[0]) == name:
                    return alias.name if alias.asname else name
    return None


def _stores_on_self(function: Function) -> Iterator[tuple[str, ast.AST]]:
    for part in ast.walk(function):
        match part:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name, part


def _decorators(node: Function) -> set[str]:
    return {_last(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list}


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, those for type checkers left out."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and _last(node.test) == "TYPE_CHECKING":
            yield from _at_import(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _at_import(getattr(node, name, None) or [])
            for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from _at_import(part.body)


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


def _is_variable(node: ast.expr) -> bool:
    """Whether it names a variable of the environment."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isupper()


def _one_default(node: ast.expr) -> ast.arguments:
    return ast.arguments([], [ast.arg("x")], None, [], [], None, [node])


def _binds(body: list[ast.stmt], name: str) -> bool:
    """Whether these statements surely bind a name."""
    for statement in body:
        match statement:
            case ast.If(body=then, orelse=otherwise):
                if otherwise and _binds(then, name) and _binds(otherwise, name):
                    return True
            case ast.Try(body=tried, handlers=handlers, finalbody=last):
                if _binds(last, name) or (
                    _binds(tried, name) and all(_leaves_or_binds(h.body, name) for h in handlers)
                ):
                    return True
            case ast.With(body=inner):
                if _binds(inner, name):
                    return True
            case ast.For() | ast.While() | ast.Match():
                pass
            case _ if any(bound_name in (name, "*") for bound_name, _ in bound([statement])):
                return True
    return False


def _leaves_or_binds(body: list[ast.stmt], name: str) -> bool:
    return _binds(body, name) or any(isinstance(part, ast.Raise) for part in body)
