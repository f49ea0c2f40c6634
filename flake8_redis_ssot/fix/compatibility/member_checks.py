"""Whether a member of one class can be used as that of another."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from flake8_redis_ssot.fix.compatibility.alike import Alike
from flake8_redis_ssot.fix.compatibility.dangers import Dangers
from flake8_redis_ssot.fix.compatibility.effects import Effects
from flake8_redis_ssot.fix.compatibility.obstacles import Obstacle, advice_for, in_words, obstacles
from flake8_redis_ssot.fix.compatibility.ties import reached_members
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.signatures import covers, incompatible
from flake8_redis_ssot.fix.sources.symbols import Member, Symbol, Symbols
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.libraries.standard import BUILT_IN_EXCEPTIONS
from flake8_redis_ssot.libraries.vocabulary import ENDING
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, attributes_in, last_name

INERT = frozenset(["__doc__", "__name__"])
"""What each class has of its own, and nothing goes by."""
_MOST = 5
_OF_NO_CLIENT = frozenset(["RuntimeError", "ConnectionError", "OSError"])
"""What is raised where there is no client, as a manager does that has not been started."""
_MAKING = frozenset(
    ["__init__", "__new__", "__del__", "__slots__", "__doc__", "__annotations__", "__post_init__"]
    + ["__init_subclass__", "__class_getitem__"]
)


class Lacking(Refusal):
    """That a class lacks members of some `names`, used in some `lines`."""

    def __init__(self, owner: str, names: Iterable[str], lines: Iterable[int]) -> None:
        self.owner, self.names, self.lines = owner, [*dict.fromkeys(names)], sorted({*lines})
        where = (
            f", used in line{'s' * (len(self.lines) > 1)} {listed(map(str, self.lines))}"
            if self.lines
            else ""
        )
        super().__init__(
            f"{owner} has no {listed(f'`{name}`' for name in self.names)}{where}",
            "add what is missing; phase 1 of `plan` lists it",
        )

    def joined(self, other: Lacking) -> Lacking:
        """Both in one, where they are about the same class."""
        if self.owner != other.owner:
            return self
        return Lacking(self.owner, [*self.names, *other.names], [*self.lines, *other.lines])


_Owned = tuple[Symbol, Member]
"""A member of a class, and that class."""


class MemberChecks:
    """Compares members of classes, and functions; `is_asked_for` says whether files beside some modules name a member."""

    def __init__(
        self,
        symbols: Symbols,
        alike: Alike,
        dangers: Dangers,
        is_asked_for: Callable[[str, Collection[str]], bool],
    ) -> None:
        self._is_asked_for = is_asked_for
        self.symbols = symbols
        self.alike = alike
        self.dangers = dangers
        self.effects = Effects(symbols)
        self._known_dangers: dict[tuple[str, str, str, str, bool], list[Obstacle]] = {}

    def difference(
        self, old: Symbol, new: Symbol, name: str, call: ast.Call | None, *, is_used: bool
    ) -> str | None:
        """What keeps a use of a member of the class `old` from being one of the class `new`.

        `is_used` says whether anything is done with what the call gives.
        """
        was, now = self.symbols.members(old).named.get(name), self.symbols.members(new).named.get(name)
        if name.startswith("__"):
            return None
        if self._is_missing(name, name, old, new):
            return "is missing"
        if was is None or now is None:
            return None
        used = call is None or is_used
        found = self._obstacles((old, was), (new, now), call, self.alike.members(old, new, name), used=used)
        return in_words([*found, *self._dangers(old, new, name, name)]) or None

    def check_all(self, used: Mapping[ast.Attribute, str], old: Symbol, new: Symbol) -> None:
        """Refusal where members that are `used` of one class, each with its name in the other, are missing there."""
        missing = {node: name for node, name in used.items() if self._is_missing(node.attr, name, old, new)}
        if missing:
            raise self.lacking(new, missing.values(), missing)

    def inherited(self, of: Symbol, name: str) -> str:
        """The classes of libraries from which a class may have a member; empty where it has it from the project."""
        bases = self.alike.making.foreign_bases(of) if name not in self.symbols.members(of).named else set()
        return " or ".join(f"`{base}`" for base in sorted(filter(None, bases)))

    def _is_missing(self, name: str, to: str, old: Symbol, new: Symbol) -> bool:
        """Whether a member, called `to` there, is one that the new class lacks."""
        was, now = self.symbols.members(old).named.get(name), self.symbols.members(new).named.get(to)
        return now is None and name not in INERT and not (was is None and self.alike.inherited(old, new))

    def check(
        self,
        view: View,
        attribute: ast.Attribute,
        call: ast.Call | None,
        old: Symbol,
        new: Symbol,
        to: str = "",
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        """Refusal unless a use of a member can be one of the same member of another class, or of `to` there.

        `renamed` are parameters that are called otherwise there.
        """
        name, line = attribute.attr, attribute.lineno
        to = to or name
        was, now = self.symbols.members(old).named.get(name), self.symbols.members(new).named.get(to)
        if self._is_missing(name, to, old, new):
            raise self.lacking(new, [to], [attribute])
        if name in INERT or now is None:
            return
        if inherited := self.inherited(old, name):
            raise Refusal(
                f"`{name}` of `{old.qualified_name}`{self.symbols.at(old)}, used in line {line}, is inherited from {inherited}, and "
                f"not compared with `{to}` of `{new.qualified_name}`{self.symbols.at(now)}",
                f"compare the two, send `{old.qualified_name}.{name}` to `{new.qualified_name}.{to}` in `replacements`, and run with "
                "--include-unsafe",
            )
        if was is None:
            raise Refusal(
                f"`{old.qualified_name}`{self.symbols.at(old)} does not define `{name}`, used in line {line}, so nobody knows "
                "what it does",
                "change that line by hand",
            )
        is_alike = to == name and not renamed and self.alike.members(old, new, name)
        if renamed and call is not None and any(k.arg is None for k in call.keywords):
            raise Refusal(
                f"arguments are unpacked in line {line}, and some have another name in "
                f"`{new.qualified_name}`{self.symbols.at(new)}",
                "give them by their names there",
            )
        if renamed:
            was, call = _with_names(was, renamed), _with_keywords(call, renamed)
        used = call is None or is_used(view, call)
        found = self._obstacles((old, was), (new, now), call, is_alike, used=used)
        if not found and not is_alike and was.gives is None and call is not None and _goes_on(view, call):
            found = [Obstacle("what it gives is not stated, and more is done with that", "annotate both")]
        found += self._dangers(old, new, name, to)
        if found:
            raise self.another(new, to, found, f", used in line {line},")

    def _dangers(
        self, old: Symbol, new: Symbol, name: str, to: str, *, is_seen: bool = True
    ) -> list[Obstacle]:
        """What a member of the new class does beyond the old one, or raises otherwise; `is_seen` says that its call is."""
        key = (old.qualified_name, new.qualified_name, name, to, is_seen)
        if key not in self._known_dangers:
            why = self._unlike(old, new, name, to, is_seen) or self._unraised(old, new, name, to)
            self._known_dangers[key] = [Obstacle(why)] if why is not None else []
        return self._known_dangers[key]

    def _unlike(self, old: Symbol, new: Symbol, name: str, to: str, is_seen: bool) -> str | None:
        """What a member of one of two classes is seen to do that the one of the other does not."""
        if name == to and self.alike.copies.are(old, new):
            return None if is_seen else self.dangers.added(set(), new, to)
        is_alike = is_seen and name == to and self.alike.members(old, new, name)
        why = self.dangers.difference(old, new, name, to, is_alike=is_alike)
        if why is not None or self.alike.members(old, new, name):
            return why
        why = self.effects.difference(old, new, name, to)
        if why is not None:
            return why
        for which, of, own, other, its in (("old", old, name, new, to), ("new", new, to, old, name)):
            theirs = self.symbols.members(other).named.get(its)
            for base in self.symbols.order(of)[0][1:]:
                above = self.symbols.members(base).named.get(own)
                if above is None or theirs is None or above == self.symbols.members(of).named.get(own):
                    continue
                if self.alike.same(
                    Code(above.node, above.module, of), Code(theirs.node, theirs.module, other)
                ):
                    at = self.symbols.at(self.symbols.members(of).named[own])
                    return f"`{of.qualified_name}`{at} changes in the {which} one what both would do alike"
        return None

    def lacking(self, new: Symbol, names: Iterable[str], used: Iterable[ast.expr] = ()) -> Lacking:
        """That a class has no such members, which are used in some places."""
        return Lacking(f"`{new.qualified_name}`{self.symbols.at(new)}", names, (node.lineno for node in used))

    def another(self, new: Symbol, name: str, why: Sequence[Obstacle], where: str = "") -> Refusal:
        """That a member of a class is not the same as that of the old one."""
        member = self.symbols.members(new).named.get(name)
        at = self.symbols.at(member) if member is not None else ""
        does = "may do" if all(one.advice for one in why) else "does"
        return Refusal(
            f"`{name}` of `{new.qualified_name}`{at}{where} {does} something else: {in_words(why)}",
            f"{advice_for(why)}, or change the use by hand",
        )

    def _obstacles(
        self, before: _Owned, after: _Owned, call: ast.Call | None, is_alike: bool, *, used: bool = True
    ) -> list[Obstacle]:
        if is_alike and self.alike.copies.are(before[0], after[0]):
            return []  # what the two give of their modules is alike too
        return list(obstacles(before[1], after[1], call, is_alike, self.symbols.at, used=used))

    def covered(self, old: Symbol, new: Symbol, where: str, asked: Collection[str] | None = None) -> None:
        """Refusal unless `new` can all that `old` can, or is `asked`, so that it may go where it is not seen."""
        if old.kind == "function":
            self._covered_function(old, new, where)
            return
        before, after = self.symbols.members(old), self.symbols.members(new)
        if before.is_open and not self.alike.inherited(old, new):
            bases = sorted(filter(None, self.alike.making.foreign_bases(old)))
            what = (
                f"derives from `{bases[0]}`, whose members are not compared"
                if bases
                else "has bases or members that cannot be determined"
            )
            raise Refusal(
                f"{where}, and `{old.qualified_name}`{self.symbols.at(old)} {what}",
                "look there, and change it by hand",
            )
        public = {
            name: was
            for name, was in sorted(before.named.items())
            if (not name.startswith("_") and (asked is None or name in asked))
            or (name.endswith("__") and name not in _MAKING)
        }
        missing = public.keys() - after.named.keys()
        if missing:
            names = listed(f"`{name}`{self.symbols.at(public[name])}" for name in sorted(missing))
            raise Refusal(
                f"{where}, where {names} may be asked for, and `{new.qualified_name}`{self.symbols.at(new)} has none of that",
                "add it, hand on only what is needed, or change this by hand",
            )
        for name, was in public.items():
            now = after.named[name]
            if was.kind == now.kind == "attribute" and self.alike.holds(old, new, name):
                continue
            found = self._obstacles((old, was), (new, now), None, self.alike.members(old, new, name))
            if not found and name not in ENDING:
                found = self._dangers(old, new, name, name, is_seen=False)
                if found and not self._is_asked_for(name, (old.module, new.module)):
                    continue  # nobody does it
            if found:
                another = self.another(new, name, found)
                raise Refusal(f"{where}, and {another.what}", another.advice)

    def _covered_function(self, old: Symbol, new: Symbol, where: str) -> None:
        arguments = self.symbols.arguments(old), self.symbols.arguments(new)
        if arguments[0] is None or arguments[1] is None:
            raise Refusal(
                f"{where}, and what `{new.qualified_name}`{self.symbols.at(new)} takes cannot be determined",
                "look there, and change it by hand",
            )
        said = self.symbols.said(old)
        why = covers(arguments[1], arguments[0])
        if why is None and (said is None or said != self.symbols.said(new)):
            why = "what it gives is not stated to be the same"
        if why is None and type(old.node) is not type(new.node):
            why = "one of them is a coroutine function"
        if why is None and self.decorated(old) != self.decorated(new):
            why = "they are decorated otherwise"
        if why is not None and not self.alike.functions(old, new):
            raise Refusal(
                f"{where}, so that its calls are not seen, and `{new.qualified_name}`{self.symbols.at(new)} is called "
                f"otherwise: {why}",
                "make the two alike, or change it by hand",
            )

    def forwards(
        self, view: View, old: Symbol, of: Symbol, name: str, call: ast.Call, renamed: Mapping[str, str]
    ) -> str | None:
        """Why a call of the function `old` cannot be one of a method; None where it can, Refusal if that does something else."""
        now = self.symbols.members(of).named[name]
        assert isinstance(old.node, Function)
        was = self.symbols.as_member(old.node, old.module)
        was, given = _with_names(was, renamed), _with_keywords(call, renamed)
        found = list(obstacles(was, now, given, False, self.symbols.at, used=is_used(view, call)))
        differing = (
            self.dangers.keys.difference_of_function(old, of, name)
            or self.effects.difference_of_function(old, of, name)
            or next(
                (
                    f"it raises no `{kind}` there"
                    for kind in sorted(self._kinds_in(old.node, old.module) - self._raised_kinds(of, name))
                ),
                None,
            )
        )
        if not found and differing is not None:
            where = f", called in line {call.lineno} instead of `{old.qualified_name}`,"
            raise self.another(of, name, [Obstacle(differing)], where)
        return in_words(found) or self.dangers.added(self.dangers.reached_by(old), of, name)

    def decorated(self, symbol: Symbol) -> list[str]:
        """The decorators of a function, names by their homes."""
        assert isinstance(symbol.node, Function)
        return [self.alike.making.text_of(d, symbol.module) for d in symbol.node.decorator_list]

    def subclass(self, node: ast.ClassDef, old: Symbol, new: Symbol, exported: frozenset[str]) -> None:
        """Refusal unless a class derived from `old` can be derived from `new`: all that it uses and replaces is there."""
        before, after = self.symbols.members(old).named, self.symbols.members(new).named
        own = {part.name for part in node.body if isinstance(part, Function)}
        used = attributes_in(node)
        if node.name in exported:
            used |= {name for name in before if not name.startswith("__")}
        for name in sorted((used | own) & before.keys()):
            what = "replaces" if name in own else "uses"
            if name not in after:
                lacking = self.lacking(new, [name])
                raise Refusal(
                    f"`{node.name}` in line {node.lineno} {what} `{name}`, and {lacking.what}", lacking.advice
                )
            is_alike = self.alike.members(old, new, name)
            found = self._obstacles((old, before[name]), (new, after[name]), None, is_alike)
            if found and before[name].kind != "attribute":
                another = self.another(new, name, found)
                raise Refusal(
                    f"`{node.name}` in line {node.lineno} {what} `{name}`, and {another.what}", another.advice
                )

    def same_signal(self, old: Symbol, new: Symbol, call: ast.Call) -> None:
        """Refusal unless an exception can be made as another one is."""
        inits = [self.symbols.members(symbol).named.get("__init__") for symbol in (old, new)]
        arguments = [init.arguments if init is not None else None for init in inits]
        if (inits[0] is None) != (inits[1] is None):
            raise Refusal(
                f"`{new.qualified_name}`{self.symbols.at(new)} is not made as `{old.qualified_name}` is in line {call.lineno}",
                "give both the same `__init__`",
            )
        if arguments[1] is not None:
            why = incompatible(call, arguments[0], arguments[1])
            if why is not None:
                raise Refusal(
                    f"`{new.qualified_name}`{self.symbols.at(new)} cannot be made as in line {call.lineno}: {why}",
                    "let it take what the old one takes",
                )

    def _unraised(self, old: Symbol, new: Symbol, name: str, to: str) -> str | None:
        """A kind of exception that the member of one of two classes raises, and that of the other does not."""
        kinds = [self._raised_kinds(old, name), self._raised_kinds(new, to)]
        for kind in sorted(kinds[0] - kinds[1]):
            return f"it raises no `{kind}` there"
        for kind in sorted(kinds[1] - kinds[0] - _OF_NO_CLIENT):
            return f"it raises `{kind}` there alone"
        return None

    def _raised_kinds(self, of: Symbol, name: str) -> set[str]:
        """The exceptions of Python's own that a member raises, or from which those derive that it raises."""
        members = reached_members(name, self.symbols.members(of).named).values()
        return {kind for member in members for kind in self._kinds_in(member.node, member.module)}

    def _kinds_in(self, node: ast.AST, module: str) -> set[str]:
        """The same of code itself."""
        found: set[str] = set()
        for part in all_nodes(node):
            if isinstance(part, ast.Raise) and part.exc is not None:
                raised = part.exc.func if isinstance(part.exc, ast.Call) else part.exc
                symbol = self.symbols.value(raised, module)
                if symbol is not None and symbol.kind == "class":
                    found |= self.builtin_bases(symbol) or set()
                elif last_name(raised) in BUILT_IN_EXCEPTIONS:
                    found.add(last_name(raised))
        return found

    def builtin_bases(self, of: Symbol) -> set[str] | None:
        """The exceptions of Python's own from which a class derives; None where it has other bases unknown."""
        found: set[str] = set()
        for one in self.symbols.order(of)[0]:
            assert isinstance(one.node, ast.ClassDef)
            for base in one.node.bases:
                symbol = self.symbols.value(base, one.module)
                if symbol is not None and symbol.kind == "class":
                    continue
                if last_name(base) not in BUILT_IN_EXCEPTIONS:
                    return None
                found.add(last_name(base))
        return found or None


def _with_names(member: Member, renamed: Mapping[str, str]) -> Member:
    """A member whose parameters have other names."""
    arguments = copy.deepcopy(member.arguments)
    for part in all_nodes(arguments) if arguments is not None else ():
        if isinstance(part, ast.arg):
            part.arg = renamed.get(part.arg, part.arg)
    takes = {renamed.get(name, name): said for name, said in member.takes.items()}
    return replace(member, arguments=arguments, takes=takes)


def _with_keywords(call: ast.Call | None, renamed: Mapping[str, str]) -> ast.Call | None:
    """A call that gives its keywords other names."""
    if call is None:
        return None
    keywords = [ast.keyword(renamed.get(k.arg or "", k.arg), k.value) for k in call.keywords]
    return ast.Call(call.func, call.args, keywords)


def listed(parts: Iterable[str]) -> str:
    """Some of the parts of a list in words, and how many more there are."""
    known = list(parts)
    shown = known if len(known) <= _MOST + 1 else [*known[:_MOST], f"{len(known) - _MOST} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def a(kind: str) -> str:
    """A kind of object with its article."""
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def kind_name(node: ast.AST | None) -> str:
    """What a function is called that is used so."""
    return "a coroutine function" if isinstance(node, ast.AsyncFunctionDef) else "a function"


def is_used(view: View, call: ast.expr) -> bool:
    """Whether anything is done with what a call gives."""
    above = view.uses.parents.get(call)
    if isinstance(above, ast.Await):
        above = view.uses.parents.get(above)
    return not isinstance(above, ast.Expr)


def _goes_on(view: View, call: ast.expr) -> bool:
    """Whether something is read of what a call gives."""
    above = view.uses.parents.get(call)
    return isinstance(above, ast.Attribute | ast.Subscript) and not isinstance(above.ctx, ast.Store)
