"""Whether one object of the project can take the place of another: what it is exchanged for, and what speaks against it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flake8_redis_ssot.diagnostic import Applicability
from flake8_redis_ssot.facts.modules import Found
from flake8_redis_ssot.fix.escape import Uses
from flake8_redis_ssot.fix.reads import ProjectReads, reads
from flake8_redis_ssot.fix.symbols import Function, Member, Objects, Thing, covers, incompatible
from flake8_redis_ssot.fix.view import View
from flake8_redis_ssot.libraries.vocabulary import ENDING, FLUSHING
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.settings.model import Boundary
from flake8_redis_ssot.syntax.nodes import unparsed

_INERT = frozenset(["__doc__", "__name__"])
_MAKING = frozenset(
    ["__init__", "__new__", "__del__", "__slots__", "__doc__", "__annotations__", "__post_init__"]
    + ["__init_subclass__", "__class_getitem__"]
)


class Refusal(Exception):
    """Why something is left as it is; `reason` completes `not changed: `."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Replacement:
    """What an object is exchanged for; `calls` says that the new one has to be called to be had."""

    old: Thing
    new: Thing
    calls: bool = False
    is_same: bool = False
    is_declared: bool = False

    @property
    def collapses(self) -> bool:
        """Whether calls of the old one become the new one itself."""
        return self.old.sort != self.new.sort or self.calls


@dataclass(slots=True)
class Verdict:
    """That an exchange can be made, and how safely, with the reason where it is not safe.

    `reach` says by which dotted names a test that patches them reached the object, each with the
    name that does so afterwards, None where none does.
    """

    applicability: Applicability = "safe"
    why: str = ""
    reach: dict[str, str | None] = field(default_factory=dict)

    def unsafe(self, why: str) -> None:
        """Note that it is not safe; the first reason stays."""
        self.applicability, self.why = "unsafe", self.why or why


class Compatibility:
    """Finds what takes the place of an object, and judges each use of it."""

    def __init__(self, index: ProjectIndex, reads: ProjectReads) -> None:
        self.index = index
        self._project_reads = reads
        self.settings = index.settings
        self.objects = Objects(index.modules)
        self._replacements = dict(index.settings.replacements)
        self._aims: dict[tuple[str, str], Replacement | Refusal] = {}

    def aim(self, old: str, boundary: Boundary) -> Replacement:
        """What the dotted `old` is exchanged for in a file of `boundary`; Refusal where nothing is known."""
        key = (old, boundary.name)
        if key not in self._aims:
            try:
                self._aims[key] = self._aim(old, boundary)
            except Refusal as refusal:
                self._aims[key] = refusal
        known = self._aims[key]
        if isinstance(known, Refusal):
            raise Refusal(known.reason)
        return known

    def _aim(self, old: str, boundary: Boundary) -> Replacement:
        before = self.objects.thing(old)
        if before is None:
            raise Refusal(f"`{old}` does not exist, so what it was cannot be told")
        declared = self._declared(old)
        if declared is None and before.home != old:
            declared = self._declared(before.home)
        name, calls = (declared or "").removesuffix("()"), (declared or "").endswith("()")
        given = self.objects.given(before) if before.sort == "function" else None
        if declared is None:
            if self.index.managers.owns(boundary, before.home):
                name = before.home
            elif (
                given is not None
                and given.home
                and self.index.managers.owns(boundary, given.home)
                and self.objects.is_plain(before)
            ):
                name = self._twin(before, boundary) or given.home
            else:
                name = self._namesake(before, boundary)
        after = self.objects.thing(name)
        if after is None:
            raise Refusal(f"the replacement `{name}` does not exist; correct `replacements`")
        if not self.index.managers.owns(boundary, after.home):
            owner = self.index.managers.owner(after.home)
            if owner is not None or any(p.covers(after.home) for p in boundary.forbidden):
                whose = "is forbidden here"
                if owner is not None:
                    whose = f"belongs to {f'boundary `{owner.name}`' if owner.name else 'the root boundary'}"
                raise Refusal(f"the replacement `{name}` {whose}")
        if after.home.rpartition(".")[2].startswith("__"):
            raise Refusal(f"`{after.home}` has a private name, which a class would take for another")
        if self._is_rebound(old) or self._is_rebound(before.home):
            raise Refusal(f"`{old}` is given another object at run time")
        if not self.objects.is_surely_bound(after.home):
            raise Refusal(f"`{after.home}` is defined under a condition alone, or deleted")
        later = after.is_set_later or self._is_rebound(after.home)
        if later and (before.sort != "instance" or after.home != before.home):
            raise Refusal(f"`{name}` is not always the object, or not yet; name a function that gives it")
        is_plain = given is not None and given.home == after.home and self.objects.is_plain(before)
        is_same = after.home == before.home or (is_plain and not calls)
        is_same = is_same or self._are_alike(before, after)
        if name != after.home and after.sort != "module" and not is_same:
            after = replace(after, home=name)
        return Replacement(before, after, calls, is_same, declared is not None)

    def _is_rebound(self, name: str) -> bool:
        """Whether a function of its module, or another file, gives a module's name another object."""
        module, _, last = name.rpartition(".")
        known = self.index.modules.facts(module)
        if known is None or last not in known.names:
            return False
        if known.names[last].target and last in self.objects.set_by_functions(module):
            return True
        for user in self.index.importing(module):
            handles = self.index.handles(user, module) if not self.settings.is_test(user) else set()
            if any(f"{handle}.{last}" in self._project_reads.of(user).stored for handle in handles):
                return True
        return False

    def _declared(self, old: str) -> str | None:
        """The replacement that the settings name for `old`, or for a module or class around it."""
        head, tail = old, ""
        while head:
            if head in self._replacements:
                return self._replacements[head] + tail
            head, _, last = head.rpartition(".")
            tail = f".{last}{tail}"
        return None

    def _twin(self, before: Thing, boundary: Boundary) -> str | None:
        """A function of the manager that has the same name, and is as good."""
        last = before.home.rpartition(".")[2]
        names = [f"{module}.{last}" for module in self.index.managers.modules_of(boundary)]
        twins = ((name, self.objects.thing(name)) for name in names)
        return next(
            (name for name, twin in twins if twin is not None and self._are_alike(before, twin)), None
        )

    def _are_alike(self, one: Thing, other: Thing) -> bool:
        """Whether two functions are called in the same way, and give the very same object."""
        if not (isinstance(one.node, Function) and isinstance(other.node, Function)):
            return False
        given = self.objects.given(one)
        return (
            type(one.node) is type(other.node)
            and ast.dump(one.node.args) == ast.dump(other.node.args)
            and given is not None
            and given.home != ""
            and given == self.objects.given(other)
            and self.objects.is_plain(one)
            and self.objects.is_plain(other)
        )

    def _namesake(self, before: Thing, boundary: Boundary) -> str:
        last = before.home.rpartition(".")[2]
        for module in self.index.managers.modules_of(boundary):
            found = self.objects.thing(f"{module}.{last}") if before.sort != "module" else None
            if found is not None and found.sort == before.sort:
                return f"{module}.{last}"
        raise Refusal(
            f"no replacement for `{before.home}` is set; name one in [tool.redis-ssot.replacements]"
        )

    def target(self, old: str, boundary: Boundary) -> Thing | None:
        """The class of the manager whose object would take the place of `old`."""
        try:
            new: Thing | None = self.aim(old, boundary).new
        except Refusal:
            name = (boundary.instance or "").removesuffix("()")
            modules = self.index.managers.modules_of(boundary) if name else ()
            new = next(filter(None, (self.objects.thing(f"{module}.{name}") for module in modules)), None)
        if new is not None and new.sort == "function":
            new = self.objects.given(new)
        if new is not None and new.sort == "instance":
            new = new.of
        homes = list(self.index.managers.modules_of(boundary))
        if new is None and len(homes) == 1:
            classes = list(self.index.managers.classes(homes[0]))
            new = self.objects.thing(f"{homes[0]}.{classes[0]}") if len(classes) == 1 else None
        return new if new is not None and new.sort == "class" else None

    def difference(self, old: Thing, new: Thing, name: str, call: ast.Call | None) -> str | None:
        """What keeps a use of a member of the class `old` from being one of the class `new`."""
        was, now = self.objects.members(old).named.get(name), self.objects.members(new).named.get(name)
        if was is None or name.startswith("__"):
            return None
        return "is missing" if now is None else self._differs(was, now, call)

    def shared(self, old: Thing, boundary: Boundary) -> Replacement:
        """The shared object that is an instance of the class `old`."""
        if not self.index.managers.owns(boundary, old.home):
            raise Refusal("it goes with its import, which is left")
        wanted = [f"{old.module}.{boundary.instance}"] if boundary.instance else []
        facts = self.index.modules.facts(old.module)
        wanted += [f"{old.module}.{n}" for n in (facts.names if facts is not None and not wanted else ())]
        shared = []
        for one in wanted:
            thing = self.objects.thing(one.removesuffix("()"))
            given = self.objects.given(thing) if thing is not None and one.endswith("()") else thing
            if thing is not None and given is not None and given.sort == "instance" and given.of == old:
                shared.append(Replacement(old, thing, calls=one.endswith("()")))
        if len(shared) != 1:
            raise Refusal(
                f"`{old.module}` has {len(shared) or 'no'} shared object of this class; set `instance`"
            )
        return shared[0]

    def judge(self, view: View, aim: Replacement, places: Sequence[ast.expr]) -> Verdict:
        """Whether each use of the old object can be one of the new; Refusal with the first that cannot."""
        verdict = Verdict()
        old, new = aim.old, aim.new
        sorts = (old.sort, new.sort)
        if sorts not in (
            ("class", "class"), ("instance", "instance"), ("function", "function"),
            ("function", "instance"), ("class", "instance"), ("module", "module"),
        ) and not (aim.calls and new.sort == "function"):  # fmt: skip
            if "other" in sorts:
                raise Refusal(f"what `{old.home if old.sort == 'other' else new.home}` is cannot be told")
            raise Refusal(f"`{old.home}` is {a(old.sort)} and `{new.home}` {a(new.sort)}")
        if aim.is_same and not aim.collapses:
            return verdict  # the very same object
        if not aim.is_declared and not aim.is_same:
            verdict.unsafe("no replacement is set, it has only the same name")
        target = new
        if aim.calls:
            given = self.objects.given(new)
            if given is None or isinstance(new.node, ast.AsyncFunctionDef):
                raise Refusal(f"what `{new.home}()` gives cannot be told")
            target = given
        for place in places:
            if not isinstance(getattr(place, "ctx", None), ast.Load):
                if aim.collapses:
                    raise Refusal(f"line {place.lineno} deletes the name, or gives it another object")
            elif old.sort == "instance":
                self._check_object(view, aim, place, old.of, target.of, verdict)
            elif old.sort == "module":
                raise Refusal("a module is exchanged by the objects read of it; name these in `replacements`")
            else:
                self._check_callable(view, aim, place, target, verdict)
        return verdict

    def _check_callable(
        self, view: View, aim: Replacement, place: ast.expr, target: Thing, verdict: Verdict
    ) -> None:
        """One use of a function or class, which mostly is a call."""
        old, new = aim.old, aim.new
        call = view.uses.parents.get(place)
        line = place.lineno
        last = old.home.rpartition(".")[2]
        if not (isinstance(call, ast.Call) and call.func is place):
            if aim.collapses:
                what = "a type" if view.uses.is_annotation(place) else "a value"
                raise Refusal(f"line {line} uses `{last}` as {what}, not only by calling it")
            self.covered(old, new, f"line {line} uses `{last}` without calling it")
            verdict.unsafe(f"line {line} uses `{last}` without calling it")
            return
        if old.sort == "class" and not aim.is_same and (call.args or call.keywords):
            raise Refusal(f"line {line} gives `{last}` arguments of its own, which may name another server")
        if aim.collapses and isinstance(view.uses.parents.get(call), ast.Expr):
            raise Refusal(f"line {line} calls `{last}` for what it does")
        if aim.collapses and (call.args or call.keywords):
            raise Refusal(f"line {line} gives `{last}` arguments, and `{new.home}` takes none")
        before, after = self.objects.given(old), self.objects.given(new) if not aim.collapses else target
        if not aim.collapses and old.sort == "function":
            assert isinstance(old.node, ast.FunctionDef | ast.AsyncFunctionDef)
            assert isinstance(new.node, ast.FunctionDef | ast.AsyncFunctionDef)
            if type(old.node) is not type(new.node):
                raise Refusal(f"`{last}` is {_colour(old.node)} and `{new.home}` {_colour(new.node)}")
            if _decorated(old.node) != _decorated(new.node):
                raise Refusal(f"`{last}` and `{new.home}` are decorated otherwise")
            arguments = self.objects.arguments(new)
            assert arguments is not None
            why = incompatible(call, self.objects.arguments(old), arguments)
            if why is not None:
                raise Refusal(f"`{new.home}` cannot be called as in line {line}: {why}")
        node = self.got(view, aim, call)
        if aim.is_same and not aim.collapses:
            return
        said = [self.objects.said(thing) for thing in (old, new)]
        if before is None and after is None and said[0] is not None and said[0] == said[1]:
            return
        if before is None or after is None:
            missing = old.home if before is None else new.home
            raise Refusal(f"what `{missing}()` gives cannot be told")
        if old.sort == "class" and aim.collapses:
            if view.uses.is_test:
                raise Refusal(f"line {line} is in a test, which may want an object of its own")
            verdict.unsafe("an object with a state of its own becomes one that all share")
        elif old.sort == "class" and not aim.is_same:
            self._same_init(old, new, line)
        self._check_object(
            view, aim, node, before.of, after.of if after.sort == "instance" else None, verdict
        )

    def _same_init(self, old: Thing, new: Thing, line: int) -> None:
        init = self.objects.members(new).named.get("__init__")
        if init is not None and init.arguments is not None:
            why = incompatible(ast.Call(ast.Name("x"), [], []), None, init.arguments)
            if why is not None:
                raise Refusal(f"`{new.home}` cannot be made as in line {line}: {why}")

    def _check_object(
        self,
        view: View,
        aim: Replacement,
        node: ast.expr,
        old: Thing | None,
        new: Thing | None,
        verdict: Verdict,
    ) -> None:
        """What is done with the object that `node` gives: an instance of the class `old`, then of `new`."""
        uses = view.uses.follow(node, view.exported, lambda: view.exposed)
        given = self.objects.given(aim.old) if aim.old.sort == "function" else None
        fresh = aim.collapses and (aim.old.sort == "class" or (given is not None and not given.home))
        if not aim.is_same or fresh:
            self._check_dangers(view, uses, fresh, old)
        if fresh and uses.escapes:
            place, what = uses.escapes[0]
            raise Refusal(f"in line {place.lineno} it {what}: what is done with it there cannot be told")
        if aim.is_same:
            verdict.reach |= self._reads(old, None, aim)
            return
        if old is not None and new is not None and old.home == new.home:
            return
        if old is None or new is None:
            unknown = aim.old if old is None else aim.new
            raise Refusal(f"the class of `{unknown.home}` cannot be told")
        for attribute, call in uses.members:
            self._check_member(view, attribute, call, old, new)
        self._check_servers(aim, old, new)
        for entered in uses.entered:
            raise Refusal(f"line {entered.lineno} enters it by `with`, which may mean something else")
        telling = self.objects.members(old).named.keys() | self.objects.members(new).named.keys()
        for asked, methods in uses.asked:
            for method in sorted(methods & telling):
                raise Refusal(
                    f"line {asked.lineno} asks for its truth or text, and `{method}` may tell otherwise"
                )
        if uses.escapes:
            place, what = uses.escapes[0]
            flushing = sorted(self.objects.members(old).named.keys() & FLUSHING)
            if flushing:
                raise Refusal(f"in line {place.lineno} it {what}, where `{flushing[0]}` can be called of it")
            self.covered(old, new, f"in line {place.lineno} it {what}")
            verdict.unsafe(f"in line {place.lineno} it {what}")
        used = None if uses.escapes else {attribute.attr for attribute, _ in uses.members}
        verdict.reach |= self._reads(old, used, aim)
        for name in used if used is not None else self.objects.members(old).named:
            verdict.reach[f"{old.home}.{name}"] = f"{new.home}.{name}"

    def _check_servers(self, aim: Replacement, old: Thing, new: Thing) -> None:
        """Refusal where the two are made for different servers, as far as the source tells."""
        for thing, of in ((aim.old, old), (aim.new, new)):
            for made in self._making(thing, of):
                if made.args or made.keywords:
                    raise Refusal(
                        f"`{thing.home}` is made with arguments of its own, which may name another server"
                    )
        servers = [self.objects.servers(of) for of in (old, new)]
        for name in sorted(servers[0] ^ servers[1]):
            raise Refusal(f"`{old.home}` and `{new.home}` do not connect alike: {name} in one of them alone")

    def _making(self, thing: Thing, of: Thing) -> Iterator[ast.Call]:
        """The calls of a class by which an object, or what a function gives, is made."""
        nodes = [thing.node]
        if thing.sort == "function":
            given = self.objects.given(thing)
            nodes += [given.node] if given is not None and given.home else []
        elif thing.sort != "instance":
            return
        for node in nodes:
            for part in ast.walk(node) if node is not None else ():
                if isinstance(part, ast.Call) and self.objects.value(part.func, thing.module) == of:
                    yield part

    def _check_dangers(self, view: View, uses: Uses, fresh: bool, old: Thing | None) -> None:
        """What would hit all who share the new object."""
        known = self.objects.members(old).named if old is not None else {}
        for attribute, call in uses.members:
            member = known.get(attribute.attr)
            inner = self._inner(attribute.attr, known)
            if call is None and (member is None or member.colour in ("property", "attribute")):
                inner |= {text.rpartition(".")[2] for text in reads(view.source.tree).read}
            for name in sorted(inner & FLUSHING):
                raise Refusal(f"line {attribute.lineno} leads to `{name}`, which would empty what is shared")
            chained: ast.AST | None = attribute
            while isinstance(chained, ast.Attribute | ast.Call):
                if isinstance(chained, ast.Attribute) and not isinstance(chained.ctx, ast.Load):
                    raise Refusal(
                        f"line {chained.lineno} sets `{chained.attr}` below it, for all who share it"
                    )
                if isinstance(chained, ast.Attribute) and chained.attr in FLUSHING:
                    raise Refusal(
                        f"line {attribute.lineno} calls `{chained.attr}`, which would empty what is shared"
                    )
                chained = view.uses.parents.get(chained)
            if fresh and attribute.attr in ENDING:
                raise Refusal(
                    f"line {attribute.lineno} calls `{attribute.attr}`, which would end it for all who share it"
                )
        for stored, name in uses.stored:
            raise Refusal(f"line {stored.lineno} sets its attribute `{name}`, for all who share it")
        for entered in uses.entered if fresh else ():
            raise Refusal(f"the `with` in line {entered.lineno} would end it for all who share it")

    @staticmethod
    def _inner(name: str, known: Mapping[str, Member]) -> set[str]:
        """All attributes that a method reads, those of the methods of its class that it uses included."""
        found: set[str] = set()
        names = [name]
        while names:
            member = known.get(names.pop())
            if member is None:
                continue
            for part in ast.walk(member.node):
                if isinstance(part, ast.Attribute) and part.attr not in found:
                    found.add(part.attr)
                    names.append(part.attr)
        return found

    def _check_member(
        self, view: View, attribute: ast.Attribute, call: ast.Call | None, old: Thing, new: Thing
    ) -> None:
        name, line = attribute.attr, attribute.lineno
        before, after = self.objects.members(old), self.objects.members(new)
        was, now = before.named.get(name), after.named.get(name)
        if name in _INERT:
            return
        if now is None:
            raise Refusal(f"`{new.home}` has no `{name}`, used in line {line}")
        if was is None:
            raise Refusal(
                f"`{old.home}` does not define `{name}`, used in line {line}, so its meaning cannot be told"
            )
        why = self._differs(was, now, call, used=call is None or _is_used(view, call))
        if why is None and was.gives is None and call is not None and _goes_on(view, call):
            why = "what it gives is not stated, and more is done with that"
        if why is not None:
            raise Refusal(f"`{name}` of `{new.home}`, used in line {line}, is another: {why}")

    @staticmethod
    def _differs(was: Member, now: Member, call: ast.Call | None, *, used: bool = True) -> str | None:
        if was.decorators != now.decorators:
            names = sorted(was.decorators ^ now.decorators)
            return f"it is decorated by `{names[0]}` in one of them alone"
        told = (was.gives is not None and now.gives is not None) or _same_body(was.node, now.node)
        if used and was.colour == now.colour == "" and not told:
            return "what it gives is not stated in both"
        if was.colour != now.colour:
            return f"it is {_COLOURS[now.colour]} there, {_COLOURS[was.colour]} here"
        if (
            was.gives != now.gives
            and (was.gives is None or now.gives is None)
            and was.colour in ("property", "attribute")
        ):
            return "what it holds is not stated in both"
        if used and was.gives is not None and now.gives is not None and was.gives != now.gives:
            return f"it gives `{now.gives}` there, `{was.gives}` here"
        if was.colour in ("property", "attribute"):
            values = [ast.dump(v) if (v := getattr(m.node, "value", None)) else "" for m in (was, now)]
            if was.colour == "attribute" and values[0] != values[1]:
                return "its value is another"
            return None if was.gives is not None else "what it holds is not stated"
        for name, said in was.takes.items():
            if now.takes.get(name, said) != said:
                return f"`{name}` is `{now.takes[name]}` there, `{said}` here"
        if was.arguments is None or now.arguments is None:
            return "its parameters cannot be told"
        if call is None:
            return covers(now.arguments, was.arguments)
        return incompatible(call, was.arguments, now.arguments)

    def covered(self, old: Thing, new: Thing, where: str) -> None:
        """Refusal unless `new` can all that `old` can, so that it may go where it is not seen."""
        if old.sort == "function":
            arguments = self.objects.arguments(old), self.objects.arguments(new)
            said = self.objects.said(old)
            assert arguments[0] is not None and arguments[1] is not None
            why = covers(arguments[1], arguments[0])
            if why is None and (said is None or said != self.objects.said(new)):
                why = "what it gives is not stated to be the same"
            if why is None and type(old.node) is not type(new.node):
                why = "one of them is a coroutine function"
            if why is not None:
                raise Refusal(f"{where}, so its calls are not seen, and `{new.home}` is another: {why}")
            return
        before, after = self.objects.members(old), self.objects.members(new)
        if before.is_open:
            raise Refusal(f"{where}, and what `{old.home}` can do cannot be told")
        for name, was in sorted(before.named.items()):
            if name.startswith("_") and (not name.endswith("__") or name in _MAKING):
                continue
            now = after.named.get(name)
            if now is None:
                raise Refusal(f"{where}, and `{new.home}` has no `{name}`")
            why = self._differs(was, now, None)
            if why is not None:
                raise Refusal(f"{where}, and `{name}` of `{new.home}` is another: {why}")

    def _reads(self, of: Thing | None, used: set[str] | None, aim: Replacement) -> dict[str, str | None]:
        """The globals of the old module on which the used members depend: a patch of one reaches them."""
        if aim.is_same or of is None:
            return {}
        members = self.objects.members(of).named
        names = set(members) if used is None else {"__init__", *used}
        found: dict[str, str | None] = {}
        seen: set[str] = set()
        while names:
            name = names.pop()
            member = members.get(name)
            if member is None or name in seen:
                continue
            seen.add(name)
            for part in ast.walk(member.node):
                if (
                    isinstance(part, ast.Attribute)
                    and isinstance(part.value, ast.Name)
                    and part.value.id == "self"
                ):
                    names.add(part.attr)
            found |= self._globals(member.node, member.module)
        return found

    def _globals(self, node: ast.AST, module: str) -> dict[str, str | None]:
        facts = self.index.modules.facts(module)
        known = facts.names if facts is not None else {}
        return {
            f"{module}.{part.id}": None
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and part.id in known
        }

    def through(self, view: View, aim: Replacement, new: str, late: bool) -> dict[str, str | None]:
        """The names through which an accessor finds the object, each with the one that replaces it."""
        if aim.old.sort != "function" or aim.old.node is None:
            return {}
        found = self._globals(aim.old.node, aim.old.module)
        if aim.is_same:
            place = aim.new.home if late else f"{view.place.modules[0]}.{new}"
            home = {f"{aim.old.module}.{n}" for n in _names_in(aim.old.node)}
            for key in found:
                led = self.index.modules.lookup(key)
                if key in home and isinstance(led, Found) and led.home == aim.new.home:
                    found[key] = place
        return found

    def got(self, view: View, aim: Replacement, call: ast.Call) -> ast.expr:
        """The expression that has the object: a call, or what awaits it."""
        if isinstance(aim.old.node, ast.AsyncFunctionDef):
            awaited = view.uses.parents.get(call)
            if not isinstance(awaited, ast.Await):
                raise Refusal(f"the coroutine of line {call.lineno} is handed on, not awaited")
            ancestors: ast.AST | None = awaited
            while isinstance(ancestors, ast.expr | ast.comprehension):
                if isinstance(ancestors, ast.GeneratorExp):
                    raise Refusal(
                        f"without the `await` the generator of line {call.lineno} is no asynchronous one"
                    )
                ancestors = view.uses.parents.get(ancestors)
            return awaited
        return call


_COLOURS = {
    "": "a function", "async": "a coroutine function", "generator": "a generator",
    "async generator": "an asynchronous generator", "property": "a property", "attribute": "an attribute",
    "context manager": "a context manager",
}  # fmt: skip


def _colour(node: ast.AST) -> str:
    return "a coroutine function" if isinstance(node, ast.AsyncFunctionDef) else "a function"


def a(sort: str) -> str:
    """A sort of object with its article."""
    return f"{'an' if sort[0] in 'aeio' else 'a'} {sort}"


def _decorated(node: Function) -> list[str]:
    return [unparsed(decorator) for decorator in node.decorator_list]


def _is_used(view: View, call: ast.expr) -> bool:
    """Whether anything is done with what a call gives."""
    above = view.uses.parents.get(call)
    if isinstance(above, ast.Await):
        above = view.uses.parents.get(above)
    return not isinstance(above, ast.Expr)


def _same_body(one: ast.AST, other: ast.AST) -> bool:
    bodies = [getattr(node, "body", None) for node in (one, other)]
    if not all(isinstance(body, list) for body in bodies):
        return False
    return [ast.dump(part) for part in bodies[0] or []] == [ast.dump(part) for part in bodies[1] or []]


def _goes_on(view: View, call: ast.expr) -> bool:
    """Whether something is read of what a call gives."""
    above = view.uses.parents.get(call)
    if isinstance(above, ast.Await):
        above = view.uses.parents.get(above)
    return isinstance(above, ast.Attribute | ast.Subscript) and not isinstance(above.ctx, ast.Store)


def _names_in(node: ast.AST) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
