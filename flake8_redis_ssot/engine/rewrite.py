"""From a diagnostic to the edits that settle it: one object of the project exchanged for another.

What is proposed here still has to pass `engine.verify`. What cannot be exchanged is a `Refusal`.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from flake8_redis_ssot.diagnostic import Applicability, Diagnostic
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import RuleContext
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.semantic.imports import Imported, Part
from flake8_redis_ssot.semantic.modules import Found, exported_names
from flake8_redis_ssot.semantic.objects import Member, Objects, Thing, covers, incompatible
from flake8_redis_ssot.semantic.uses import FileUses, Uses
from flake8_redis_ssot.settings.model import Boundary

MENDS = {rule.code: rule.mends for rule in all_rules() if rule.mends is not None}
"""The rules whose diagnostics a fix may settle, and what it changes."""

_FLUSHING = frozenset(["flushdb", "flushall", "flush_db", "flush_all"])
_CLOSING = frozenset(
    ["close", "aclose", "disconnect", "shutdown", "stop", "cleanup", "terminate", "wait_closed"]
)
_INERT = frozenset(["__doc__", "__name__", "__class__"])


class Refusal(Exception):
    """Why something is left as it is; `reason` completes `not changed: `."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Unit:
    """What settles one diagnostic.

    `drops` are the aliases that go from an import statement and `adds` what is imported there;
    `parts` are other changes of the file. `reach` says by which dotted names a test that patches
    them reached the object, each with the name that does so afterwards, None where none does.
    """

    diagnostic: Diagnostic
    title: str
    applicability: Applicability
    statement: ast.Import | ast.ImportFrom | None = None
    drops: list[ast.alias] = field(default_factory=list)
    adds: list[Imported] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    reach: dict[str, str | None] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    """The dotted names that it imports or writes into strings."""

    @property
    def path(self) -> str:
        return self.diagnostic.path


@dataclass(frozen=True, slots=True)
class _Aim:
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


class View:
    """One file that is to be rewritten."""

    def __init__(self, context: RuleContext, index: ProjectIndex) -> None:
        self.context = context
        self.source = context.source
        self.place = context.place
        self.uses = FileUses(
            context.source,
            context.names,
            context.place.modules,
            context.place.is_package,
            is_test=any(globs.match(context.source.path) for globs in context.settings.tests),
        )
        self._index = index
        self.aliases = {
            context.source.range_of(alias): (node, alias)
            for node in ast.walk(context.source.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }

    @property
    def path(self) -> str:
        return self.source.path

    @cached_property
    def exported(self) -> frozenset[str]:
        """The names of this module that other files read, or are told to."""
        listed = exported_names(self.source.tree) or frozenset()
        return frozenset(name for name in self.uses.words if name in listed or self.readers(name))

    def readers(self, name: str) -> list[str]:
        """The files that import `name` from this one, or all of it."""
        found = []
        for module in self.place.modules:
            for user in self._index.users(self.path, {name}):
                for edge in self._index.edges(user):
                    if edge.module == module and edge.name in (name, "*"):
                        found.append(user)
        return found

    def bases(self, statement: ast.Import | ast.ImportFrom) -> list[str]:
        """The dotted modules that a from-import means."""
        return self.uses.walk.bases(statement) if isinstance(statement, ast.ImportFrom) else [""]

    def span(self, node: ast.expr) -> tuple[int, int]:
        where = self.source.range_of(node)
        return self.source.offset(where.start), self.source.offset(where.end)

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements of the block in which a statement stands."""
        parent = self.uses.parents[statement]
        blocks = (getattr(parent, name, None) for name in ("body", "orelse", "finalbody"))
        return next((block for block in blocks if isinstance(block, list) and statement in block), [])

    def has_fallback(self, statement: ast.stmt) -> bool:
        """Whether an `except` catches that the import fails."""
        node: ast.AST = statement
        while (parent := self.uses.parents.get(node)) is not None:
            if isinstance(parent, ast.Try | ast.TryStar) and node in parent.body:
                return True
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                return False
            node = parent
        return False


class Rewriter:
    """Proposes what settles diagnostics, by what the whole project says."""

    def __init__(self, index: ProjectIndex, read: Callable[[str], RuleContext | None]) -> None:
        self.index = index
        self.settings = index.settings
        self.objects = Objects(index.modules)
        self._read = read
        self._views: dict[str, View | None] = {}
        self._replacements = dict(index.settings.replacements)

    def view(self, path: str) -> View | None:
        if path not in self._views:
            context = self._read(path)
            self._views[path] = View(context, self.index) if context is not None else None
        return self._views[path]

    def propose(self, diagnostic: Diagnostic) -> Unit:
        """What settles `diagnostic`; Refusal where nothing does."""
        view = self.view(diagnostic.path)
        if view is None:
            raise Refusal("the file cannot be parsed")
        if view.place.is_manager:
            raise Refusal("it stands in the manager itself, which is never rewritten")
        match MENDS.get(diagnostic.code):
            case "import":
                return self._import(view, diagnostic)
            case "call":
                return self._construction(view, diagnostic)
            case "string":
                return self._string(view, diagnostic)
            case "comment":
                return _without_code(view, diagnostic)
        raise Refusal(
            "it is imported by its name in a string; change the string and what is done with the module"
        )

    # what comes instead

    def aim(self, old: str, boundary: Boundary) -> _Aim:
        """What the dotted `old` is exchanged for in a file of `boundary`; Refusal where nothing is known."""
        before = self.objects.thing(old)
        if before is None:
            raise Refusal(f"`{old}` does not exist, so what it was cannot be told")
        declared = self._declared(old)
        if declared is None and before.home != old:
            declared = self._declared(before.home)
        name, calls = (declared or "").removesuffix("()"), (declared or "").endswith("()")
        given = self.objects.given(before) if before.sort == "function" else None
        if declared is None:
            if boundary.owns(before.home):
                name = before.home
            elif given is not None and given.home and boundary.owns(given.home):
                name = given.home
            else:
                name = self._namesake(before, boundary)
        after = self.objects.thing(name)
        if after is None:
            raise Refusal(f"the replacement `{name}` does not exist; correct `replacements`")
        if not boundary.owns(after.home):
            owner = next((b for b in self.settings.boundaries if b.owns(after.home)), None)
            if owner is not None or any(p.covers(after.home) for p in boundary.forbidden):
                whose = f"is a manager of boundary `{owner.name}`" if owner else "is forbidden here"
                raise Refusal(f"the replacement `{name}` {whose}")
        is_same = after.home == before.home or (given is not None and given.home == after.home and not calls)
        after = (
            replace(after, home=name)
            if after.sort != "module" and name != after.home and not is_same
            else after
        )
        return _Aim(before, after, calls, is_same, declared is not None)

    def _declared(self, old: str) -> str | None:
        """The replacement that the settings name for `old`, or for a module or class around it."""
        head, tail = old, ""
        while head:
            if head in self._replacements:
                return self._replacements[head] + tail
            head, _, last = head.rpartition(".")
            tail = f".{last}{tail}"
        return None

    def _namesake(self, before: Thing, boundary: Boundary) -> str:
        last = before.home.rpartition(".")[2]
        for manager in boundary.managers:
            found = self.objects.thing(f"{manager}.{last}") if before.sort != "module" else None
            if found is not None and found.sort == before.sort:
                return f"{manager}.{last}"
        raise Refusal(
            f"no replacement for `{before.home}` is set; name one in [tool.redis-ssot.replacements]"
        )

    def target(self, old: str, boundary: Boundary) -> Thing | None:
        """The class of the manager whose object would take the place of `old`."""
        try:
            new: Thing | None = self.aim(old, boundary).new
        except Refusal:
            named = [
                f"{manager}.{(boundary.instance or '').removesuffix('()')}" for manager in boundary.managers
            ]
            new = next(filter(None, map(self.objects.thing, named if boundary.instance else ())), None)
        if new is not None and new.sort == "function":
            new = self.objects.given(new)
        if new is not None and new.sort == "instance":
            new = new.of
        if new is None and len(boundary.managers) == 1:
            classes = list(self.index.managers.classes(boundary.managers[0]))
            new = self.objects.thing(f"{boundary.managers[0]}.{classes[0]}") if len(classes) == 1 else None
        return new if new is not None and new.sort == "class" else None

    def difference(self, old: Thing, new: Thing, name: str, call: ast.Call | None) -> str | None:
        """What keeps a use of a member of the class `old` from being one of the class `new`."""
        was, now = self.objects.members(old).named.get(name), self.objects.members(new).named.get(name)
        if was is None or name.startswith("__"):
            return None
        return "is missing" if now is None else self._differs(was, now, call)

    def places(self, view: View, module: str) -> Iterator[tuple[ast.expr, str]]:
        """Where a file uses something of `module`, each with its dotted name."""
        for statement, alias in view.aliases.values():
            for base in view.bases(statement):
                dotted = f"{base}.{alias.name}".lstrip(".")
                inside = dotted.startswith(f"{module}.")
                if alias.name == "*" or not (dotted == module or inside):
                    continue
                found = view.uses.binding(statement, alias)
                if found is None:
                    continue
                nodes: list[ast.expr] = [node for node, _ in view.uses.of(*found)]
                if isinstance(statement, ast.Import) and alias.asname is None:
                    nodes = list(self._dotted_places(view, alias))
                for node in nodes:
                    parent = view.uses.parents.get(node)
                    if inside:
                        yield node, dotted
                    elif isinstance(parent, ast.Attribute):
                        yield parent, f"{dotted}.{parent.attr}"

    # imports

    def _import(self, view: View, diagnostic: Diagnostic) -> Unit:
        statement, alias = view.aliases[diagnostic.range]
        old = diagnostic.symbols[0]
        if alias.name == "*":
            raise Refusal("a star import hides which names are used; import them by name")
        scope = view.uses.home(statement)
        if scope.kind == "class":
            raise Refusal("the import binds a class attribute, whose readers cannot be told")
        found = view.uses.binding(statement, alias)
        if found is None or found[1].always:
            raise Refusal("the import binds a name that has several meanings")
        name, binding = found
        if len(set(view.bases(statement))) > 1:
            raise Refusal(
                "the file can be imported by several names, so its relative import has several meanings"
            )
        thing = self.objects.thing(old)
        unit = Unit(diagnostic, "", "safe", statement, [alias])
        late = scope.kind == "function"
        if isinstance(statement, ast.Import) and alias.asname is None:
            places = self._dotted_places(view, alias)
            shared = [a for _, a in view.aliases.values() if a is not alias and a.name.split(".")[0] == name
                      and a.asname is None]  # fmt: skip
            loose = [n for n, _ in view.uses.of(name, binding) if n not in places]
            if loose and not shared:
                raise Refusal(f"`{name}` is also used by itself, and only this import binds it")
        else:
            places = dict.fromkeys(node for node, _ in view.uses.of(name, binding))
        if not places:
            return self._unused(view, unit, name, thing, late)
        if thing is not None and thing.sort == "module":
            return self._of_module(view, unit, name, old, places, late)
        return self._of_object(view, unit, name, old, places, late)

    def _dotted_places(self, view: View, alias: ast.alias) -> dict[ast.expr, None]:
        """Where `import a.b.c` is used as `a.b.c`."""
        first, *rest = alias.name.split(".")
        found: dict[ast.expr, None] = {}
        for site in view.uses.walk.sites:
            if isinstance(site.node, ast.Name) and site.node.id == first:
                bindings = view.uses.names.bindings(first, site, typing=True)
                chained = view.uses.chain(site.node, rest)
                if chained is not None and bindings and all(b.target == first for b in bindings):
                    found[chained] = None
        return found

    def _unused(self, view: View, unit: Unit, name: str, thing: Thing | None, late: bool) -> Unit:
        """An import that nothing needs goes, without a replacement."""
        statement = unit.statement
        assert statement is not None
        reasons = [
            (view.has_fallback(statement), "it is under `try`, where its failure may be what is asked for"),
            (name in view.exported, f"`{name}` is imported from here, or listed in `__all__`"),
            (view.place.is_package, "a package's names are there to be imported"),
            (name in view.uses.texts, f"`{name}` stands in a string"),
            (name in view.uses.type_comments, f"`{name}` stands in a comment on types"),
            ("F401" in view.source.line(statement.end_lineno or 1), "`noqa: F401` says that it is kept on purpose"),
            (self._is_fixture(view, name, thing), f"`{name}` may be a fixture of pytest"),
            (isinstance(statement, ast.Import) and "." in unit.drops[0].name and not unit.drops[0].asname
             and name in view.uses.words and len(view.uses.walk.module.bindings.get(name, ())) > 1,
             f"`{name}` is bound by other imports too"),
        ]  # fmt: skip
        for is_so, reason in reasons:
            if is_so:
                raise Refusal(reason)
        unit.title = f"Remove the unused import of `{unit.diagnostic.symbols[0]}`"
        if not late:
            unit.reach = {f"{module}.{name}": None for module in view.place.modules}
        return unit

    @staticmethod
    def _is_fixture(view: View, name: str, thing: Thing | None) -> bool:
        if thing is None or thing.sort != "function":
            return thing is None
        parameters = {
            a.arg for node in ast.walk(view.source.tree) if isinstance(node, ast.arguments)
            for a in (*node.posonlyargs, *node.args, *node.kwonlyargs)
        }  # fmt: skip
        return name in parameters or os.path.basename(view.path) == "conftest.py"

    def _of_object(
        self, view: View, unit: Unit, name: str, old: str, places: dict[ast.expr, None], late: bool
    ) -> Unit:
        """`from module import object`: the object is exchanged where it is imported, or where it is used."""
        aim = self.aim(old, view.place.boundary)
        assert unit.statement is not None
        self._check(view, aim, list(places), unit)
        alias = unit.drops[0]
        module, _, last = aim.new.home.rpartition(".")
        written = self._spelled(view, unit.statement, module)
        others = name in view.exported or name in view.uses.texts or name in view.uses.type_comments
        keys = [f"{m}.{name}" for m in view.place.modules]
        sure = all(is_only for _, is_only in self._meanings(view, unit, name))
        if aim.collapses:
            if others:
                readers = [self.short(path) for path in view.readers(name)]
                who = f"`{readers[0]}` imports it from here" if readers else "a string of this file names it"
                raise Refusal(f"`{name}` would become `{last}`, and {who}")
            if not sure:
                raise Refusal(f"`{name}` has another meaning too where it is used")
            new = self._new_name(view, unit, aim, last, list(places))
            self._collapse(view, unit, aim, list(places), new)
            gone: dict[str, str | None] = {old: None} if late else dict.fromkeys(keys)
        else:
            new = name
            if alias.asname is None and last != name and not others and sure and last not in view.uses.words:
                new = last
                unit.parts += [(*self._exact(view, place, name), new) for place in places]
            unit.adds = [Imported(written, last, new if new != last else None)]
            gone = (
                {old: aim.new.home}
                if late
                else {k: f"{k.rpartition('.')[0]}.{new}" for k in keys if new != name}
            )
        unit.reach |= {key: None for key in unit.reach} if aim.collapses and not aim.is_same else {}
        unit.reach = {**self._through(view, aim, new, late), **unit.reach, **gone}
        unit.written.append(aim.new.home)
        unit.title = f"Replace `{old}` with `{aim.new.home}{'()' if aim.calls else ''}`"
        return unit

    def _meanings(self, view: View, unit: Unit, name: str) -> list[tuple[ast.Name, bool]]:
        assert unit.statement is not None
        found = view.uses.binding(unit.statement, unit.drops[0])
        return view.uses.of(*found) if found is not None else []

    def _of_module(
        self, view: View, unit: Unit, name: str, old: str, places: dict[ast.expr, None], late: bool
    ) -> Unit:
        """The module itself is imported: what is read of it is exchanged, if all of it can be."""
        assert unit.statement is not None
        by_aim: dict[str, tuple[_Aim, list[ast.expr]]] = {}
        if name in view.exported or name in view.uses.texts:
            raise Refusal(
                f"the module `{name}` is named elsewhere too: by an import from here, or in a string"
            )
        for place in places:
            member, dotted = place, old
            while True:
                parent = view.uses.parents.get(member)
                if not isinstance(parent, ast.Attribute):
                    raise Refusal(f"the module itself is handed on in line {place.lineno}")
                if not isinstance(parent.ctx, ast.Load):
                    raise Refusal(f"line {place.lineno} sets `{parent.attr}` of the module")
                member, dotted = parent, f"{dotted}.{parent.attr}"
                thing = self.objects.thing(dotted)
                if thing is None or thing.sort != "module":
                    break
            by_aim.setdefault(dotted, (self.aim(dotted, view.place.boundary), []))[1].append(member)
        aims = [aim for aim, _ in by_aim.values()]
        homes = {aim.new.module for aim in aims}
        if any(not is_only for _, is_only in self._meanings(view, unit, name)) and not (
            isinstance(unit.statement, ast.Import) and unit.drops[0].asname is None
        ):
            raise Refusal(f"`{name}` has another meaning too where it is used")
        keeps = len(homes) == 1 and not any(aim.collapses for aim in aims)
        for dotted, (aim, members) in by_aim.items():
            reach: dict[str, str | None] = {}
            held = Unit(unit.diagnostic, "", unit.applicability)
            self._check(view, aim, members, held)
            unit.applicability = held.applicability
            module, _, last = aim.new.home.rpartition(".")
            if keeps:
                prefix = self._module_name(view, unit, name, module)
                unit.parts += [(*self._exact(view, m), f"{prefix}.{last}") for m in members]
                reach[dotted] = aim.new.home
                new = last
            else:
                new = self._new_name(view, unit, aim, last, members)
                self._collapse(view, unit, aim, members, new)
                reach[dotted] = None
            unit.reach |= {**self._through(view, aim, new, late or keeps), **held.reach, **reach}
            unit.written.append(aim.new.home)
        unit.title = f"Replace `{old}` with `{' and '.join(sorted(homes))}`"
        return unit

    def _module_name(self, view: View, unit: Unit, name: str, module: str) -> str:
        """How the new module is called in the file; its import is added to `unit`."""
        statement, alias = unit.statement, unit.drops[0]
        assert statement is not None
        package, _, last = module.rpartition(".")
        if isinstance(statement, ast.Import):
            unit.adds = [Imported(module, None, alias.asname)]
            return alias.asname or module
        own = alias.asname is None and last not in view.uses.words
        bound = last if own else name
        unit.adds = [
            Imported(self._spelled(view, statement, package), last, bound if bound != last else None)
        ]
        if not package:
            unit.adds = [Imported(module, None, bound if bound != module else None)]
        return bound

    def _collapse(self, view: View, unit: Unit, aim: _Aim, places: Sequence[ast.expr], new: str) -> None:
        """Put the new object where the old one was got by a call, or by its name."""
        for place in places:
            node = place
            if aim.old.sort in ("function", "class"):
                call = view.uses.parents.get(place)
                assert isinstance(call, ast.Call)
                node = self._got(view, aim, call)
            start, end = view.span(node)
            segment = view.source.text[start:end]
            if "#" in segment:
                raise Refusal(f"a comment stands inside the call in line {node.lineno}")
            self._exact(view, node)
            unit.parts.append((start, end, f"{new}()" if aim.calls else new))

    def _got(self, view: View, aim: _Aim, call: ast.Call) -> ast.expr:
        """The expression that has the object: a call, or what awaits it."""
        if isinstance(aim.old.node, ast.AsyncFunctionDef):
            awaited = view.uses.parents.get(call)
            if not isinstance(awaited, ast.Await):
                raise Refusal(f"the coroutine of line {call.lineno} is handed on, not awaited")
            return awaited
        return call

    def _exact(self, view: View, node: ast.expr, text: str | None = None) -> tuple[int, int]:
        """Where `node` stands, if it is written there as the tree has it."""
        start, end = view.span(node)
        segment = view.source.text[start:end]
        try:
            same = ast.dump(ast.parse(f"({segment})", mode="eval").body) == ast.dump(node)
        except (SyntaxError, ValueError):
            same = False
        if not same or (text is not None and segment != text):
            raise Refusal(f"where line {node.lineno} has it cannot be told, as inside an f-string")
        return start, end

    def _spelled(self, view: View, statement: ast.Import | ast.ImportFrom, module: str) -> str:
        """How a from-import names `module`: relative where the old import was."""
        if not isinstance(statement, ast.ImportFrom) or not statement.level or not module:
            return module
        here = view.place.modules[0].split(".")
        package = here if view.place.is_package else here[:-1]
        parts = module.split(".")
        common = 0
        while common < min(len(package), len(parts)) and package[common] == parts[common]:
            common += 1
        return "." * (len(package) - common + 1) + ".".join(parts[common:]) if common else module

    def _new_name(self, view: View, unit: Unit, aim: _Aim, last: str, places: Sequence[ast.expr]) -> str:
        """The name of the new object at `places`: one that the file has already, else one of an import added."""
        statement = unit.statement
        assert statement is not None
        for found_statement, alias in view.aliases.values():
            if not isinstance(found_statement, ast.ImportFrom) or alias.name == "*":
                continue
            for base in view.bases(found_statement):
                found = view.uses.binding(found_statement, alias)
                if f"{base}.{alias.name}" == aim.new.home and found is not None:
                    roots = [next(n for n in ast.walk(place) if isinstance(n, ast.Name)) for place in places]
                    if all(view.uses.means(found[0], root, found[1]) for root in roots):
                        return found[0]
        taken = view.uses.words | view.uses.texts.keys() | {one.bound for one in unit.adds}
        wanted = [last, f"shared_{last}", f"the_{last}"]
        new = next((name for name in wanted if name not in taken), None)
        module = aim.new.home.rpartition(".")[0]
        added = next((one for one in unit.adds if one.name == last), None)
        if added is not None:
            return added.bound
        if new is None:
            raise Refusal(f"the name `{last}` is taken in this file")
        unit.adds.append(Imported(self._spelled(view, statement, module), last, new if new != last else None))
        return new

    # what is done with it

    def _check(self, view: View, aim: _Aim, places: Sequence[ast.expr], unit: Unit) -> None:
        """Whether each use of the old object can be one of the new; Refusal with the first that cannot."""
        old, new = aim.old, aim.new
        sorts = (old.sort, new.sort)
        if sorts not in (
            ("class", "class"), ("instance", "instance"), ("function", "function"),
            ("function", "instance"), ("class", "instance"), ("module", "module"),
        ) and not (aim.calls and new.sort == "function"):  # fmt: skip
            if "other" in sorts:
                raise Refusal(f"what `{old.home if old.sort == 'other' else new.home}` is cannot be told")
            raise Refusal(f"`{old.home}` is a{_n(old.sort)} and `{new.home}` a{_n(new.sort)}")
        if aim.is_same and not aim.collapses:
            unit.reach = {}
            return  # the very same object
        if not aim.is_declared and not aim.is_same:
            unit.applicability = "unsafe"
        target = new
        if aim.calls:
            given = self.objects.given(new)
            if given is None or isinstance(new.node, ast.AsyncFunctionDef):
                raise Refusal(f"what `{new.home}()` gives cannot be told")
            target = given
        for place in places:
            if old.sort == "instance":
                self._check_object(view, aim, place, old.of, target.of, unit)
            elif old.sort == "module":
                raise Refusal("a module is exchanged by the objects read of it; name these in `replacements`")
            else:
                self._check_callable(view, aim, place, target, unit)

    def _check_callable(self, view: View, aim: _Aim, place: ast.expr, target: Thing, unit: Unit) -> None:
        """One use of a function or class, which mostly is a call."""
        old, new = aim.old, aim.new
        call = view.uses.parents.get(place)
        line = place.lineno
        last = old.home.rpartition(".")[2]
        if not (isinstance(call, ast.Call) and call.func is place):
            if aim.collapses:
                what = "a type" if view.uses.in_annotation(place) else "a value"
                raise Refusal(f"line {line} uses `{last}` as {what}, not only by calling it")
            self._covered(old, new, f"line {line} uses `{last}` without calling it", unit)
            return
        if old.sort == "class" and not aim.is_same and (call.args or call.keywords):
            raise Refusal(f"line {line} gives `{last}` arguments of its own, which may name another server")
        if aim.collapses and (call.args or call.keywords):
            raise Refusal(f"line {line} gives `{last}` arguments, and `{new.home}` takes none")
        before, after = self.objects.given(old), self.objects.given(new) if not aim.collapses else target
        if not aim.collapses and old.sort == "function":
            assert isinstance(old.node, ast.FunctionDef | ast.AsyncFunctionDef)
            assert isinstance(new.node, ast.FunctionDef | ast.AsyncFunctionDef)
            if type(old.node) is not type(new.node):
                raise Refusal(f"`{last}` is {_colour(old.node)} and `{new.home}` {_colour(new.node)}")
            why = incompatible(call, old.node.args, new.node.args)
            if why is not None:
                raise Refusal(f"`{new.home}` cannot be called as in line {line}: {why}")
        node = self._got(view, aim, call)
        if aim.is_same and not aim.collapses:
            return
        said = [self.objects.said(thing) for thing in (old, new)]
        if before is None and after is None and said[0] is not None and said[0] == said[1]:
            return
        if before is None or after is None:
            missing = old.home if before is None else new.home
            raise Refusal(f"what `{missing}()` gives cannot be told")
        if old.sort == "class" and aim.collapses:
            unit.applicability = "unsafe"  # state of its own becomes state that is shared
        elif old.sort == "class" and not aim.is_same:
            self._same_init(old, new, line)
        self._check_object(view, aim, node, before.of, after.of if after.sort == "instance" else None, unit)

    def _same_init(self, old: Thing, new: Thing, line: int) -> None:
        init = self.objects.members(new).named.get("__init__")
        if init is not None and init.arguments is not None:
            why = incompatible(ast.Call(ast.Name("x"), [], []), None, init.arguments)
            if why is not None:
                raise Refusal(f"`{new.home}` cannot be made as in line {line}: {why}")

    def _check_object(
        self, view: View, aim: _Aim, node: ast.expr, old: Thing | None, new: Thing | None, unit: Unit
    ) -> None:
        """What is done with the object that `node` gives: an instance of the class `old`, then of `new`."""
        uses = view.uses.follow(node, view.exported)
        fresh = aim.old.sort == "class" and aim.collapses
        if not aim.is_same or fresh:
            self._check_dangers(view, uses, fresh)
        if fresh and uses.escapes:
            place, what = uses.escapes[0]
            raise Refusal(f"in line {place.lineno} it {what}: what is done with it there cannot be told")
        if aim.is_same:
            unit.reach |= self._reads(old, None, aim)
            return
        if old is not None and new is not None and old.home == new.home:
            return
        if old is None or new is None:
            unknown = aim.old if old is None else aim.new
            raise Refusal(f"the class of `{unknown.home}` cannot be told")
        for attribute, call in uses.members:
            self._check_member(attribute, call, old, new)
        for entered in uses.entered:
            if not ({"__enter__", "__aenter__"} & self.objects.members(old).named.keys()
                    & self.objects.members(new).named.keys()):  # fmt: skip
                raise Refusal(f"line {entered.lineno} enters it by `with`, which `{new.home}` may not allow")
        if uses.escapes:
            place, what = uses.escapes[0]
            self._covered(old, new, f"in line {place.lineno} it {what}", unit)
        used = None if uses.escapes else {attribute.attr for attribute, _ in uses.members}
        unit.reach |= self._reads(old, used, aim)
        for name in used if used is not None else self.objects.members(old).named:
            unit.reach[f"{old.home}.{name}"] = f"{new.home}.{name}"

    def _check_dangers(self, view: View, uses: Uses, fresh: bool) -> None:
        """What would hit all who share the new object."""
        for attribute, _ in uses.members:
            chained: ast.AST | None = attribute
            while isinstance(chained, ast.Attribute | ast.Call):
                if isinstance(chained, ast.Attribute) and chained.attr in _FLUSHING:
                    raise Refusal(
                        f"line {attribute.lineno} calls `{chained.attr}`, which would empty what is shared"
                    )
                chained = view.uses.parents.get(chained)
            if fresh and attribute.attr in _CLOSING:
                raise Refusal(
                    f"line {attribute.lineno} calls `{attribute.attr}`, which would end it for all who share it"
                )
        for stored in uses.stored:
            raise Refusal(f"line {stored.lineno} sets its attribute `{stored.attr}`, for all who share it")
        for entered in uses.entered if fresh else ():
            raise Refusal(f"the `with` in line {entered.lineno} would end it for all who share it")

    def _check_member(self, attribute: ast.Attribute, call: ast.Call | None, old: Thing, new: Thing) -> None:
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
        why = self._differs(was, now, call)
        if why is not None:
            raise Refusal(f"`{name}` of `{new.home}`, used in line {line}, is another: {why}")

    @staticmethod
    def _differs(was: Member, now: Member, call: ast.Call | None) -> str | None:
        if was.colour != now.colour:
            return f"it is {_COLOURS[now.colour]} there, {_COLOURS[was.colour]} here"
        if (
            was.gives != now.gives
            and (was.gives is None or now.gives is None)
            and was.colour in ("property", "attribute")
        ):
            return "what it holds is not stated in both"
        if was.gives is not None and now.gives is not None and was.gives != now.gives:
            return f"it gives `{now.gives}` there, `{was.gives}` here"
        if was.colour in ("property", "attribute"):
            return None if was.gives is not None else "what it holds is not stated"
        if was.arguments is None or now.arguments is None:
            return "its parameters cannot be told"
        if call is None:
            return covers(now.arguments, was.arguments)
        return incompatible(call, was.arguments, now.arguments)

    def _covered(self, old: Thing, new: Thing, where: str, unit: Unit) -> None:
        """Whether `new` can all that `old` can; then it does, but only unsafely."""
        unit.applicability = "unsafe"
        if old.sort == "function":
            raise Refusal(f"{where}, so its calls cannot be checked")
        before, after = self.objects.members(old), self.objects.members(new)
        if before.is_open:
            raise Refusal(f"{where}, and what `{old.home}` can do cannot be told")
        for name, was in sorted(before.named.items()):
            if name.startswith("_"):
                continue
            now = after.named.get(name)
            if now is None:
                raise Refusal(f"{where}, and `{new.home}` has no `{name}`")
            why = self._differs(was, now, None)
            if why is not None:
                raise Refusal(f"{where}, and `{name}` of `{new.home}` is another: {why}")

    def _reads(self, of: Thing | None, used: set[str] | None, aim: _Aim) -> dict[str, str | None]:
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

    def _through(self, view: View, aim: _Aim, new: str, late: bool) -> dict[str, str | None]:
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

    # calls of a manager's class

    def _construction(self, view: View, diagnostic: Diagnostic) -> Unit:
        name = diagnostic.symbols[0]
        call = next(
            (n for n in ast.walk(view.source.tree)
             if isinstance(n, ast.Call) and view.source.range_of(n) == diagnostic.range), None,
        )  # fmt: skip
        old = self.objects.thing(name)
        if call is None or old is None or old.sort != "class":
            raise Refusal(f"what `{name}` is cannot be told")
        boundary = view.place.boundary
        aim = self._shared(old, boundary)
        root = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            raise Refusal("the class is no plain name here")
        found = next(
            ((s, a) for s, a in view.aliases.values()
             if a.name != "*" and (b := view.uses.binding(s, a)) is not None
             and b[0] == root.id and root in view.uses.sites and view.uses.means(root.id, root, b[1])), None,
        )  # fmt: skip
        if found is None or view.uses.home(found[0]).kind == "class":
            raise Refusal(f"`{root.id}` is not simply what one import binds")
        if not isinstance(found[0], ast.ImportFrom) or not isinstance(call.func, ast.Name):
            raise Refusal("the class is reached through its module; import the shared object by name")
        unit = Unit(diagnostic, "", "unsafe", found[0])
        self._check_callable(view, aim, call.func, aim.new, unit)
        last = aim.new.home.rpartition(".")[2]
        new = self._new_name(view, unit, aim, last, [call.func])
        self._collapse(view, unit, aim, [call.func], new)
        late = view.uses.home(found[0]).kind == "function"
        key = name if late else f"{view.place.modules[0]}.{root.id}" if view.place.modules else name
        unit.reach = {k: v for k, v in unit.reach.items() if k != v} | {key: None}
        unit.written.append(aim.new.home)
        unit.title = f"Use `{aim.new.home}` instead of one more `{name}`"
        return unit

    def _shared(self, old: Thing, boundary: Boundary) -> _Aim:
        """The shared object that is an instance of the class `old`."""
        if not boundary.owns(old.home):
            raise Refusal("it goes with its import, which is left")
        wanted = [f"{old.module}.{boundary.instance}"] if boundary.instance else []
        facts = self.index.modules.facts(old.module)
        wanted += [f"{old.module}.{n}" for n in (facts.names if facts is not None and not wanted else ())]
        shared = []
        for one in wanted:
            thing = self.objects.thing(one.removesuffix("()"))
            given = self.objects.given(thing) if thing is not None and one.endswith("()") else thing
            if thing is not None and given is not None and given.sort == "instance" and given.of == old:
                shared.append(_Aim(old, thing, calls=one.endswith("()")))
        if len(shared) != 1:
            raise Refusal(
                f"`{old.module}` has {len(shared) or 'no'} shared object of this class; set `instance`"
            )
        return shared[0]

    # strings

    def _string(self, view: View, diagnostic: Diagnostic) -> Unit:
        """A string that names an object for an importer; those that patch follow the imports."""
        old = diagnostic.symbols[0]
        node = next(
            (n for n in ast.walk(view.source.tree)
             if isinstance(n, ast.Constant) and view.source.range_of(n) == diagnostic.range), None,
        )  # fmt: skip
        if node is None or node.value != old:
            raise Refusal("the string is put together from parts")
        if not self._is_loaded(view, node):
            raise Refusal(f"it patches `{old}`, and no import changed here is looked up there")
        aim = self.aim(old, view.place.boundary)
        if aim.old.sort != aim.new.sort or aim.calls:
            raise Refusal(f"`{aim.old.home}` is a{_n(aim.old.sort)} and `{aim.new.home}` a{_n(aim.new.sort)}")
        unit = Unit(
            diagnostic, f"Name `{aim.new.home}` instead of `{old}`", "safe" if aim.is_same else "unsafe"
        )
        if not aim.is_same:
            before, after = aim.old.of or aim.old, aim.new.of or aim.new
            self._covered(before, after, "what is done with what the string names is not seen", unit)
        unit.parts = [self.renamed(view, node, old, aim.new.home)]
        unit.written.append(aim.new.home)
        return unit

    @staticmethod
    def _is_loaded(view: View, node: ast.Constant) -> bool:
        """Whether a string is loaded as an object, in settings or by an importer; not patched."""
        parent = view.uses.parents.get(node)
        while isinstance(parent, ast.expr | ast.keyword):
            if isinstance(parent, ast.Call):
                last = (
                    parent.func.attr
                    if isinstance(parent.func, ast.Attribute)
                    else getattr(parent.func, "id", "")
                )
                return last in LOADING
            parent = view.uses.parents.get(parent)
        return True

    @staticmethod
    def renamed(view: View, node: ast.Constant, old: str, new: str) -> Part:
        """The change of a string literal that has `old` at its beginning."""
        start, end = view.span(node)
        at = view.source.text.find(old, start, end)
        if at < 0 or view.source.text.find(old, at + 1, end) >= 0:
            raise Refusal("the string is written in parts, or with escapes")
        return at, at + len(old), new

    def short(self, path: str) -> str:
        """A path as the project names it."""
        return os.path.relpath(path, self.settings.root)


LOADING = frozenset(
    ["import_string", "import_object", "import_class", "load_object", "locate", "symbol_by_name"]
    + ["get_callable", "string_import"]
)
"""Callables that give the object which a string names."""

_COLOURS = {
    "": "a function", "async": "a coroutine function", "generator": "a generator",
    "async generator": "an asynchronous generator", "property": "a property", "attribute": "an attribute",
    "context manager": "a context manager",
}  # fmt: skip


def _colour(node: ast.AST) -> str:
    return "a coroutine function" if isinstance(node, ast.AsyncFunctionDef) else "a function"


def _n(sort: str) -> str:
    return f"n {sort}" if sort[0] in "aeio" else f" {sort}"


def _names_in(node: ast.AST) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def _without_code(view: View, diagnostic: Diagnostic) -> Unit:
    """One code less in a `noqa` comment; the comment goes with its last one."""
    source = view.source
    start, end = source.offset(diagnostic.range.start), source.offset(diagnostic.range.end)
    text, line = source.text, source.text.rfind("\n", 0, start) + 1
    before = re.search(r"[ \t]*#\s*noqa\s*:?\s*\Z", text[line:start], re.IGNORECASE)
    after = re.compile(r"[ \t]*,[ \t]*|[ \t]+(?=[A-Z]+[0-9]+\b)").match(text, end)
    unit = Unit(diagnostic, f"Remove `{text[start:end]}` from the `noqa`", "safe")
    if after is not None:
        unit.parts = [(start, after.end(), "")]
    elif before is None:
        comma = re.search(r"[ \t]*,?[ \t]*\Z", text[line:start])
        unit.parts = [(line + comma.start() if comma else start, end, "")]
    else:
        stop = re.compile(r"[^#\r\n]*").match(text, end)
        unit.parts = [(line + before.start(), stop.end() if stop else end, "")]
    return unit
