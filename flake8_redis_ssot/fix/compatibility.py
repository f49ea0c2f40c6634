"""Whether one object of the project can take the place of another where it is used, and what speaks against it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from flake8_redis_ssot.fix.alike import Alike
from flake8_redis_ssot.fix.call_checks import CallChecks, arguments_given
from flake8_redis_ssot.fix.dangers import Dangers
from flake8_redis_ssot.fix.making import Making
from flake8_redis_ssot.fix.member_checks import Lacking, MemberChecks, a
from flake8_redis_ssot.fix.reach import Reach
from flake8_redis_ssot.fix.reads import ProjectReads
from flake8_redis_ssot.fix.replacements import Refusal, Replacement, Replacements
from flake8_redis_ssot.fix.state import State
from flake8_redis_ssot.fix.symbols import Objects, Thing
from flake8_redis_ssot.fix.ties import TieFinder
from flake8_redis_ssot.fix.verdict import Verdict
from flake8_redis_ssot.fix.view import UnseenReader, View
from flake8_redis_ssot.inference.builder_table import builders
from flake8_redis_ssot.libraries.standard import SPEC_KEYWORDS, TYPE_QUESTIONS
from flake8_redis_ssot.libraries.vocabulary import FLUSHING
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.syntax.nodes import last_name

_INERT = frozenset(["__doc__", "__name__"])


class Compatibility:
    """Judges each use of an object that another one is to replace."""

    def __init__(self, index: ProjectIndex, reads: ProjectReads) -> None:
        self.index = index
        self.reads = reads
        self._mentions: dict[tuple[str, bool], frozenset[str]] = {}
        self.objects = Objects(index.modules, index.settings.root)
        self.replacements = Replacements(index, reads, self.objects)
        settings = index.settings
        table = builders(settings.client_builders, settings.pool_builders)
        self.making = Making(self.objects, table, self.replacements.is_rebound)
        self.state = State(self.making)
        self.alike = Alike(self.making, self.state)
        self.dangers = Dangers(self.making)
        self.members = MemberChecks(self.objects, self.alike, self.dangers)
        self.calls = CallChecks(self.objects, self.making, self.members)
        self.ties = TieFinder(self.state)
        self.reach = Reach(index, self.objects)

    def judge(
        self, view: View, aim: Replacement, places: Sequence[ast.expr], unseen: UnseenReader | None = None
    ) -> Verdict:
        """Whether each use of the old object can be one of the new; Refusal with the first that cannot.

        `unseen` is a file that may use it too.
        """
        verdict = Verdict()
        old, new = aim.old, aim.new
        sorts = (old.sort, new.sort)
        if sorts not in (
            ("class", "class"), ("instance", "instance"), ("function", "function"),
            ("function", "instance"), ("class", "instance"), ("module", "module"), ("function", "method"),
        ) and not (aim.calls and new.sort == "function"):  # fmt: skip
            if "other" in sorts:
                unknown = old if old.sort == "other" else new
                raise Refusal(
                    f"what `{unknown.home}`{self.objects.at(unknown)} is cannot be determined",
                    "bind it once, to a class, a function or an object, or change this by hand",
                )
            raise self.unlike(old, new)
        if aim.is_same and not aim.collapses:
            if old.home != new.home:
                self._tie_values(view, places, old, verdict)
            return verdict
        if not aim.is_declared and not aim.is_same:
            verdict.unsafe("no replacement is set, it has only the same name")
        target = new
        if aim.calls:
            given = self.objects.given(new)
            if given is None or isinstance(new.node, ast.AsyncFunctionDef):
                raise self.calls.untold(new)
            target = given
        for nth, place in enumerate(places):
            try:
                self._check_place(view, aim, place, target, verdict, unseen)
            except Lacking as lacking:
                raise self._with_rest(lacking, view, aim, places[nth + 1 :], target) from lacking
        if unseen is not None and old.sort in ("class", "function"):
            self.members.covered(old, new, unseen.does)
        return verdict

    def _with_rest(
        self, lacking: Lacking, view: View, aim: Replacement, places: Sequence[ast.expr], target: Thing
    ) -> Lacking:
        """The same with what the other places use and the class lacks."""
        for place in places:
            try:
                self._check_place(view, aim, place, target, Verdict())
            except Lacking as more:
                lacking = lacking.joined(more)
            except Refusal:
                continue
        return lacking

    def _check_place(
        self, view: View, aim: Replacement, place: ast.expr, target: Thing, verdict: Verdict,
        unseen: UnseenReader | None = None,
    ) -> None:  # fmt: skip
        old, new = aim.old, aim.new
        if not isinstance(getattr(place, "ctx", None), ast.Load):
            if aim.collapses:
                raise Refusal(
                    f"line {place.lineno} deletes the name, or gives it another object",
                    "use another name there",
                )
        elif old.sort == "instance":
            self._check_object(view, aim, place, old, target, verdict, unseen)
        elif old.sort == "module":
            raise Refusal(
                "a module is exchanged by the objects that are read of it", "name these in `replacements`"
            )
        elif new.sort == "method":
            self._check_forwarded(view, aim, place, verdict)
        else:
            self._check_callable(view, aim, place, target, verdict)

    def unlike(self, old: Thing, new: Thing) -> Refusal:
        """That two things are not of one sort."""
        return Refusal(
            f"`{old.home}`{self.objects.at(old)} is {a(old.sort)} and "
            f"`{new.home}`{self.objects.at(new)} {a(new.sort)}",
            "name a replacement of the same kind, or change this by hand",
        )

    def _tie_values(self, view: View, places: Sequence[ast.expr], old: Thing, verdict: Verdict) -> None:
        """A function or class that is used as a value is asked for by others as that very one."""
        for place in places:
            call = view.uses.parents.get(place)
            if not (isinstance(call, ast.Call) and call.func is place) and not view.uses.is_annotation(place):
                verdict.ties.strong.add(f"identity {old.home}")
                verdict.roots.add(old.home)

    def _check_callable(
        self, view: View, aim: Replacement, place: ast.expr, target: Thing, verdict: Verdict
    ) -> None:
        """One use of a function or class, which mostly is a call."""
        old, new = aim.old, aim.new
        call = view.uses.parents.get(place)
        line = place.lineno
        last = old.home.rpartition(".")[2]
        verdict.roots.add(old.home)
        verdict.ties.weak.add(f"identity {old.home}")
        if not (isinstance(call, ast.Call) and call.func is place):
            self._check_value(view, aim, place, verdict)
            return
        if old.sort == "class" and new.sort == "class" and self.members.builtin_bases(old) is not None:
            self._tie_exception(view, old, new, place, verdict)
            self.members.same_signal(old, new, call)
            return
        has_arguments = bool(call.args or call.keywords)
        is_twin = old.sort == new.sort == "class" and self.alike.classes(old, new)
        if old.sort == "class" and not aim.is_same and has_arguments and not is_twin:
            raise Refusal(
                f"line {line} makes a `{last}` with {arguments_given(call)}, which `{new.home}`{self.objects.at(new)} may "
                "not have",
                "use that there by hand where it has the same, and give the line an `allow` where it has not",
            )
        if aim.collapses and isinstance(view.uses.parents.get(call), ast.Expr):
            raise Refusal(
                f"line {line} calls `{last}` for what it does, and uses nothing that it gives",
                "remove the line, if the manager does that by itself",
            )
        if aim.collapses and (call.args or call.keywords):
            raise Refusal(
                f"line {line} gives `{last}` arguments, and `{new.home}`{self.objects.at(new)} takes none",
                "leave them out, or change the line by hand",
            )
        before, after = self.objects.given(old), self.objects.given(new) if not aim.collapses else target
        if aim.collapses and before is not None and before.may_be_none and not before.home:
            raise Refusal(
                f"`{last}`{self.objects.at(old)} may give None, and `{new.home}` is always there",
                "take out what is done for None here, and change the line by hand",
            )
        if not aim.collapses and old.sort == "function":
            self.calls.check(old, new, call)
            if self.alike.functions(old, new):
                verdict.ties.add(self.ties.of_function(old))
                return
        node = self.got(view, aim, call)
        said = [self.objects.said(thing) for thing in (old, new)]
        if before is None and after is None and said[0] is not None and said[0] == said[1]:
            verdict.ties.add(self.ties.of_function(old))
            return
        if before is None or after is None:
            raise self.calls.untold(old if before is None else new)
        if old.sort == "class" and aim.collapses:
            if view.uses.is_test:
                raise Refusal(
                    f"line {line} is in a test, which may want an object of its own",
                    f"use `{new.home}` there by hand if it does not",
                )
            if self.state.kept(old) or not aim.is_declared:
                verdict.unsafe("one more object, with a state of its own, becomes the one that all share")
        elif is_twin:
            # an object of its own, as before; who asks for its class is tied by that
            verdict.ties.add(self.ties.of_members(old, None))
            verdict.reach |= self.reach.of_members(old, None, aim) | self.reach.of_new(after, new, None)
            return
        elif old.sort == "class" and not aim.is_same:
            self.calls.same_init(new, line)
        self._check_object(view, aim, node, before, after, verdict)

    def _check_forwarded(self, view: View, aim: Replacement, place: ast.expr, verdict: Verdict) -> None:
        """One use of a function that a method of an object is to replace."""
        old, new = aim.old, aim.new
        call, held = view.uses.parents.get(place), new.of
        assert held is not None and held.of is not None
        if not (isinstance(call, ast.Call) and call.func is place):
            raise Refusal(
                f"line {place.lineno} uses `{old.home}` as a value, not only by calling it",
                f"hand on `{new.home}` there by hand",
            )
        renamed = self.replacements.arguments(old.home)
        why = self.members.forwards(view, old, held.of, new.home.rpartition(".")[2], call, renamed)
        if why is not None:
            raise self.calls.uncallable(new, place.lineno, why)
        _rename(verdict, None, call, "", renamed)
        verdict.roots.add(old.home)
        verdict.ties.add(self.ties.of_function(old, held.of))

    def _check_value(self, view: View, aim: Replacement, place: ast.expr, verdict: Verdict) -> None:
        """A use of a function or class that is no call: as a base, a type, or anything else."""
        old, new, line = aim.old, aim.new, place.lineno
        last = old.home.rpartition(".")[2]
        above = view.uses.parents.get(place)
        if aim.collapses:
            what = "a type" if view.uses.is_annotation(place) else "a value"
            raise Refusal(
                f"line {line} uses `{last}` as {what}, not only by calling it",
                f"change that line to `{new.home}` by hand",
            )
        if isinstance(above, ast.Attribute):
            self._check_attribute(view, old, new, above)
        if isinstance(above, ast.ClassDef):
            self.members.subclass(above, old, new, view.exported)
        if view.uses.is_exception(place):
            self._tie_exception(view, old, new, place, verdict)
            return
        is_type = view.uses.is_annotation(place)
        where = (
            f"line {line} names `{last}` as a type"
            if is_type
            else f"line {line} uses `{last}` without calling it"
        )
        self.members.covered(old, new, where)
        if old.sort == "class" and self._is_patched(view, place, old, new):
            return
        if is_type:
            self._check_said(view, old, new, line)
            return
        verdict.ties.strong.add(f"identity {old.home}")
        if not _is_question(above, place):
            verdict.unsafe(where)

    def _check_said(self, view: View, old: Thing, new: Thing, line: int) -> None:
        """An annotation goes with its file: what is called of it is covered."""
        if self.objects.members(new).is_open and not self.objects.members(old).is_open:
            raise Refusal(
                f"line {line} names `{old.home}` as a type, and `{new.home}`{self.objects.at(new)} has bases or "
                "members that cannot be determined",
                "change that line by hand",
            )

    def _check_attribute(self, view: View, old: Thing, new: Thing, attribute: ast.Attribute) -> None:
        """A member that is read of a class or function itself."""
        name, line = attribute.attr, attribute.lineno
        if old.sort == "function" and not name.startswith("__"):
            raise Refusal(
                f"line {line} reads `{name}` of the function, which `{new.home}`{self.objects.at(new)} may lack",
                "take that line out, or change it by hand",
            )
        if old.sort == "class" and name not in _INERT:
            call = view.uses.parents.get(attribute)
            called = call if isinstance(call, ast.Call) and call.func is attribute else None
            self.members.check(view, attribute, None if called is None else called, old, new)

    def _tie_exception(self, view: View, old: Thing, new: Thing, place: ast.expr, verdict: Verdict) -> None:
        """A place that raises or catches a class: what is caught has to be what is raised then."""
        before, after = (self.members.builtin_bases(thing) for thing in (old, new))
        if before is None or before != after:
            raise Refusal(
                f"line {place.lineno} raises or catches `{old.home}`, and `{new.home}`{self.objects.at(new)} "
                "derives from another exception of Python's",
                "derive both from the same one",
            )
        known = self.objects.members(new).named
        for name in sorted(view.uses.read_of_caught(place) & self.objects.members(old).named.keys()):
            if name not in known:
                raise Refusal(
                    f"what line {place.lineno} catches is asked for `{name}`, which "
                    f"`{new.home}`{self.objects.at(new)} lacks",
                    f"give it `{name}`",
                )
        verdict.ties.strong.add(f"exception {old.home}")
        for is_any in self._other_code(view, place, old) if old.home != new.home else ():
            verdict.caught[new.home] = verdict.caught.get(new.home, False) or is_any

    def _other_code(self, view: View, place: ast.expr, old: Thing) -> Iterator[bool]:
        """The calls of code that the module of an exception has not, where that is caught; whether it may be any code."""
        for part in view.uses.tried(place):
            for call in ast.walk(part):
                root = call.func if isinstance(call, ast.Call) else None
                while isinstance(root, ast.Attribute):
                    root = root.value
                for binding in view.uses.bindings_of(root) if isinstance(root, ast.Name) else ():
                    home = self.objects.modules.lookup(binding.target) if binding.target else None
                    if binding.target is None:
                        yield True
                    elif home is not None and home.home.rpartition(".")[0] != old.module:
                        yield False

    def _check_object(
        self, view: View, aim: Replacement, node: ast.expr, before: Thing, after: Thing, verdict: Verdict,
        unseen: UnseenReader | None = None,
    ) -> None:  # fmt: skip
        """What is done with the object that `node` gives: once `before`, then `after`; `unseen` as in `judge`."""
        old, new = before.of, after.of if after.sort == "instance" else None
        uses = view.uses.follow(node, view.exported, lambda: view.exposed)
        fresh = aim.collapses and (aim.old.sort == "class" or (before.sort == "instance" and not before.home))
        if not aim.is_same or fresh:
            self.dangers.check(view, uses, old, fresh=fresh, shared=not aim.is_same)
        if fresh and old is not None and self.state.kept(old):
            verdict.unsafe("one more object, with a state of its own, becomes the one that all share")
        if fresh and uses.escapes:
            place, what = uses.escapes[0]
            raise Refusal(
                f"in line {place.lineno} it {what}, and what is done with it there cannot be determined",
                "look there, and change both by hand",
            )
        if aim.is_same:
            if old is not None:
                verdict.builders |= self.making.looked_up(old, old)[0]
            return
        if before.may_be_none and (uses.asked or uses.none_asked or uses.escapes):
            asked = [place for place, *_ in (*uses.asked, *uses.escapes)] + uses.none_asked
            raise Refusal(
                f"`{aim.old.home}`{self.objects.at(aim.old)} is None at times, for which line {asked[0].lineno} "
                f"may ask, and `{aim.new.home}` never is",
                "take that question out, and change this by hand",
            )
        if old is not None and new is not None and old.home == new.home:
            return
        is_client = old is None and new is None and self.alike.clients(before, after)
        if is_client or (old is None and new is None and self.alike.made(before, after)):
            if not is_client:
                verdict.ties.strong.add(f"state {before.home}")  # what it keeps is not known
                verdict.alone[after.home] = f"what `{before.home}` keeps cannot be determined"
            self._take_client(aim, before, after, {a.attr for a, _ in uses.members}, verdict)
            if uses.escapes:
                place, what = uses.escapes[0]
                self.part_none(before, after, f"in line {place.lineno} it {what}", verdict)
            elif unseen is not None:
                self.part_none(before, after, unseen.does, verdict)
            return
        if old is None or new is None:
            raise self.calls.unknown_class(aim, old, before, after)
        homes = [home for home in (before.home, aim.old.home, old.home) if home]
        called = {
            attribute: self.replacements.renamed(homes, {after.home, new.home}, attribute.attr)
            for attribute, _ in uses.members
        }
        self.members.check_all({attribute: name for attribute, (name, _) in called.items()}, old, new)
        names: dict[str, str] = {}
        for attribute, call in uses.members:
            name, renamed = called[attribute]
            inherited = self.members.inherited(old, attribute.attr)
            if inherited and self.replacements.is_declared(homes, attribute.attr):
                verdict.unsafe(
                    f"`{attribute.attr}` is inherited from {inherited}, and only the settings speak of it"
                )
            else:
                self.members.check(view, attribute, call, old, new, name, renamed)
            names[attribute.attr] = name
            _rename(verdict, attribute, call, name, renamed)
        why = self.making.difference(aim.old, old, aim.new, new)
        if why is not None:
            raise why
        for entered in uses.entered:
            raise Refusal(
                f"line {entered.lineno} enters it by `with`, which may mean something else for "
                f"`{new.home}`{self.objects.at(new)}",
                "use the shared object there without `with`",
            )
        telling = self.objects.members(old).named.keys() | self.objects.members(new).named.keys()
        for asked_at, methods in uses.asked:
            for method in sorted(methods & telling):
                raise Refusal(
                    f"line {asked_at.lineno} asks for its truth, length or text, to which `{method}` of one of the "
                    "two classes may answer otherwise",
                    "ask for what is meant, as `is not None`",
                )
        patched = [node for node, _ in uses.escapes if self._is_patched(view, node, old, new)]
        escapes = [(node, what) for node, what in uses.escapes if node not in patched]
        if escapes:
            place, what = escapes[0]
            flushing = sorted(self.objects.members(old).named.keys() & FLUSHING)
            if flushing:
                raise Refusal(
                    f"in line {place.lineno} it {what}, where `{flushing[0]}` can be called of it, which would empty "
                    "the whole database of the manager",
                    "look there, and change both by hand",
                )
            self.members.covered(old, new, f"in line {place.lineno} it {what}")
            if not self.part_none(before, after, f"in line {place.lineno} it {what}", verdict):
                verdict.unsafe(f"in line {place.lineno} it {what}")
        used = None if escapes else {attribute.attr for attribute, _ in uses.members}
        if unseen is not None and used is not None:
            more = self._mentioned(old, is_test=self.index.settings.is_test(unseen.path))
            self.members.covered(old, new, unseen.does, more)
            used |= more
        for name in sorted(self.objects.members(old).named if used is None else used):
            differing = self.state.difference(old, new, name, names.get(name, name))
            if differing is not None:
                raise self.members.another(new, names.get(name, name), differing)
        before_reach, after_reach = self.reach.of_members(old, used, aim), self.reach.of_new(after, new, used)
        for name in used or ():
            if names.get(name, name) == name and self.alike.members(old, new, name):
                before_reach |= self.reach.twins(old, new, name, after_reach)
        verdict.reach |= before_reach
        verdict.roots.add(old.home)
        verdict.ties.add(self.ties.of_members(old, used))
        verdict.objects.add((old.home, before.home or f"one of `{aim.old.home}`", new.home))
        builders, is_late = self.making.looked_up(old, new)
        verdict.builders |= builders
        if is_late:
            verdict.reach |= dict.fromkeys(builders)
        verdict.reach |= after_reach
        for name in used if used is not None else self.objects.members(old).named:
            for of, to in ((old, new), (before, after)):
                if of.home:
                    there = f"{to.home}.{names.get(name, name)}" if to.home else None
                    verdict.reach[f"{of.home}.{name}"] = there

    def _mentioned(self, of: Thing, *, is_test: bool) -> frozenset[str]:
        """The members of a class that other files may ask for, of whatever: tests alone, or all files."""
        key = (of.home, is_test)
        if key not in self._mentions:
            names = b"|".join(re.escape(name.encode()) for name in self.objects.members(of).named)
            pattern = re.compile(rb"(?:\.|[\"'])(%b)\b" % names)
            own = self.index.modules.find(of.module)
            self._mentions[key] = frozenset(
                name.decode()
                for path in self.index.facts
                if path != own and (not is_test or self.index.settings.is_test(path))
                for name in self.reads.found(path, pattern)
            )
        return self._mentions[key]

    def _take_client(
        self, aim: Replacement, before: Thing, after: Thing, used: set[str], verdict: Verdict
    ) -> None:
        """Note by which names a client of a library, made as another one is, was reached, and what reaches the other."""
        for name in used:
            verdict.reach |= {f"{before.home}.{name}": f"{after.home}.{name}", f"{after.home}.{name}": None}
        verdict.reach |= {f"object {after.home}": None}
        verdict.builders |= self.making.builders_of(before) | self.making.builders_of(after)
        verdict.roots.add(before.home)
        verdict.ties.weak.add(f"identity {before.home}")

    def part_none(self, before: Thing, after: Thing, why: str, verdict: Verdict) -> bool:
        """Whether two objects do the same wherever they go, if all who have the one come to have the other.

        They are made in the same way, of classes that are the same; `why` says what is not seen.
        """
        if before.sort != "instance" or after.sort != "instance" or not (before.home and after.home):
            return False
        if before.of is None or after.of is None:
            if before.of is not after.of or not (
                self.alike.clients(before, after) or self.alike.made(before, after)
            ):
                return False
            verdict.ties.needs.add(f"state {before.home}")
        elif not self.alike.classes(before.of, after.of):
            return False
        else:
            verdict.ties.needs.add(f"identity {before.of.home}")
        verdict.alone[after.home] = why
        return True

    def _is_patched(self, view: View, node: ast.expr, old: Thing, new: Thing) -> bool:
        """Whether an object is handed to what patches an attribute of it, which has to be of the same kind there."""
        name = view.uses.patched_name(node)
        if name is None:
            return False
        was, now = self.objects.members(old).named.get(name), self.objects.members(new).named.get(name)
        if was is None or now is None or was.colour != now.colour:
            raise Refusal(
                f"line {node.lineno} patches `{name}` of it, and `{new.home}`{self.objects.at(new)} has none of "
                "that kind",
                "patch there what takes its place",
            )
        return True

    def got(self, view: View, aim: Replacement, call: ast.Call) -> ast.expr:
        """The expression that has the object: a call, or what awaits it."""
        if isinstance(aim.old.node, ast.AsyncFunctionDef):
            awaited = view.uses.parents.get(call)
            if not isinstance(awaited, ast.Await):
                raise Refusal(
                    f"the coroutine of line {call.lineno} is handed on, not awaited",
                    f"hand on `{aim.new.home}` by hand",
                )
            ancestors: ast.AST | None = awaited
            while isinstance(ancestors, ast.expr | ast.comprehension):
                if isinstance(ancestors, ast.GeneratorExp):
                    raise Refusal(
                        f"without its `await` the generator of line {call.lineno} is no asynchronous one any more",
                        "write it as a loop, or change it by hand",
                    )
                ancestors = view.uses.parents.get(ancestors)
            return awaited
        return call


def _rename(
    verdict: Verdict,
    attribute: ast.Attribute | None,
    call: ast.Call | None,
    to: str,
    renamed: Mapping[str, str],
) -> None:
    """Note what of a use of a member is called otherwise afterwards."""
    if attribute is not None and attribute.attr != to:
        verdict.renames.append((attribute, to))
    for keyword in call.keywords if call is not None else ():
        if keyword.arg is not None and keyword.arg in renamed:
            verdict.renames.append((keyword, renamed[keyword.arg]))


def _is_question(above: ast.AST | None, place: ast.expr) -> bool:
    """Whether a class is only asked for, or imitated."""
    if isinstance(above, ast.Tuple):
        return False
    if isinstance(above, ast.keyword):
        return above.arg in SPEC_KEYWORDS
    return isinstance(above, ast.Call) and last_name(above.func) in TYPE_QUESTIONS and place in above.args
