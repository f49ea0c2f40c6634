"""Whether one object of the project can take the place of another where it is used, and what speaks against it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from flake8_redis_ssot.fix.compatibility.call_checks import arguments_given
from flake8_redis_ssot.fix.compatibility.member_checks import INERT, Lacking, a
from flake8_redis_ssot.fix.compatibility.object_checks import ObjectChecks
from flake8_redis_ssot.fix.compatibility.replacements import Replacement, called_alike
from flake8_redis_ssot.fix.compatibility.verdict import Verdict
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.caught import is_exception, read_of_caught, tried
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.fix.sources.view import UnseenReader, View
from flake8_redis_ssot.libraries.frameworks import TYPE_READERS, VALIDATING
from flake8_redis_ssot.libraries.standard import FACTORIES, SPEC_KEYWORDS, TYPE_QUESTIONS
from flake8_redis_ssot.libraries.vocabulary import ENDING, FLUSHING
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of, last_name, nearest, root_of

_TYPE_NAMES = (
    b"__annotations__",
    b"get_type_hints",
    b"get_annotations",
    b"get_args",
    b"__bound__",
    b"__constraints__",
    b"__dataclass_fields__",
    b"__attrs_attrs__",
)
_TYPE_WORDS = (*_TYPE_NAMES, b".annotation", b"fields(")
_READING_TYPES = re.compile(
    rb"\b(?:%b)\b|\.annotation\b|\bfields\([^()\n]*\)[^\0]{0,300}\.type\b" % b"|".join(_TYPE_NAMES)
)
"""What reads the types that functions and classes state."""


class Compatibility(ObjectChecks):
    """Judges each use of an object that another one is to replace."""

    def judge(
        self,
        view: View,
        replacement: Replacement,
        places: Sequence[ast.expr],
        unseen: UnseenReader | None = None,
    ) -> Verdict:
        """Whether each use of the old object can be one of the new; Refusal with the first that cannot.

        `unseen` is a file that may use it too.
        """
        verdict = Verdict()
        old, new = replacement.old, replacement.new
        kinds = (old.kind, new.kind)
        if kinds not in (
            ("class", "class"), ("instance", "instance"), ("function", "function"),
            ("function", "instance"), ("class", "instance"), ("module", "module"), ("function", "method"),
            ("function", "member"), ("instance", "member"),
        ) and not (replacement.calls and new.kind == "function"):  # fmt: skip
            if "other" in kinds:
                unknown = old if old.kind == "other" else new
                raise Refusal(
                    f"what `{unknown.qualified_name}`{self.symbols.at(unknown)} is cannot be determined",
                    "bind it once, to a class, a function or an object, or change this by hand",
                )
            raise self.unlike(old, new)
        if self.alike.copies.are(old, new):
            verdict.modules = (old.module, new.module)
        if replacement.is_same and not replacement.collapses:
            if old.qualified_name != new.qualified_name:
                self._tie_values(view, places, (old, new), verdict)
            return verdict
        if not replacement.is_declared and not replacement.is_same:
            verdict.unsafe("no replacement is set, and what has only the same name may do something else")
        target = new
        if replacement.calls:
            given = self.symbols.given(new)
            if given is None or isinstance(new.node, ast.AsyncFunctionDef):
                raise self.calls.untold(new)
            target = given
        for nth, place in enumerate(places):
            try:
                self._check_place(view, replacement, place, target, verdict, unseen)
            except Lacking as lacking:
                raise self._with_rest(lacking, view, replacement, places[nth + 1 :], target) from lacking
        if unseen is not None and old.kind in ("class", "function"):
            self.members.covered(old, new, unseen.does)
        elif unseen is not None and not places:
            self.check_unread(old, target, unseen.does, verdict)
        if old.kind == "class":
            self.check_names(
                {old.qualified_name},
                {target.of.qualified_name if target.of is not None else target.qualified_name},
                verdict,
            )
        return verdict

    def judge_unseen(self, replacement: Replacement) -> Verdict:
        """Whether the new object can do all that the old one can, as a string that names it shows no use; Refusal if not."""
        verdict = Verdict()
        before, after = replacement.old.of or replacement.old, replacement.new.of or replacement.new
        self.members.covered(before, after, "what is done with what the string names is not seen")
        if replacement.old.kind == replacement.new.kind == "class" and self.alike.covers(
            replacement.old, replacement.new
        ):
            self.take_twin(replacement, verdict)
            verdict.roots.add(replacement.old.qualified_name)
            verdict.reach[replacement.new.qualified_name] = None  # it is looked up there from now on
        else:
            verdict.unsafe("the two may differ in what they do")
        return verdict

    def _with_rest(
        self,
        lacking: Lacking,
        view: View,
        replacement: Replacement,
        places: Sequence[ast.expr],
        target: Symbol,
    ) -> Lacking:
        """The same with what the other places use and the class lacks."""
        for place in places:
            try:
                self._check_place(view, replacement, place, target, Verdict())
            except Lacking as more:
                lacking = lacking.joined(more)
            except Refusal:
                continue
        return lacking

    def _check_place(
        self, view: View, replacement: Replacement, place: ast.expr, target: Symbol, verdict: Verdict,
        unseen: UnseenReader | None = None,
    ) -> None:  # fmt: skip
        old, new = replacement.old, replacement.new
        if not isinstance(getattr(place, "ctx", None), ast.Load):
            if replacement.collapses:
                raise Refusal(
                    f"line {place.lineno} deletes the name, or gives it another object",
                    "use another name there",
                )
        elif old.kind == "instance":
            self.check_object(view, replacement, place, old, target, verdict, unseen)
        elif old.kind == "module":
            raise Refusal(
                "a module is exchanged by the objects that are read of it", "name these in `replacements`"
            )
        elif new.kind == "method":
            self._check_forwarded(view, replacement, place, verdict)
        else:
            self._check_callable(view, replacement, place, target, verdict)

    def unlike(self, old: Symbol, new: Symbol) -> Refusal:
        """That two things are not of one kind."""
        return Refusal(
            f"`{old.qualified_name}`{self.symbols.at(old)} is {a(old.kind)} and "
            f"`{new.qualified_name}`{self.symbols.at(new)} {a(new.kind)}",
            "name a replacement of the same kind, or change this by hand",
        )

    def _tie_values(
        self, view: View, places: Sequence[ast.expr], of: tuple[Symbol, Symbol], verdict: Verdict
    ) -> None:
        """A function or class that is used as a value is asked for by others as that very one."""
        for place in places:
            call = view.uses.parents.get(place)
            if not (isinstance(call, ast.Call) and call.func is place) and not view.uses.is_annotation(place):
                if of[0].kind in ("class", "function"):
                    self.note_keeper(view, place, of, verdict)
                verdict.ties.strong.add(f"identity {of[0].qualified_name}")
                verdict.roots.add(of[0].qualified_name)

    def _check_callable(
        self, view: View, replacement: Replacement, place: ast.expr, target: Symbol, verdict: Verdict
    ) -> None:
        """One use of a function or class, which mostly is a call."""
        old, new = replacement.old, replacement.new
        call, line, last = view.uses.parents.get(place), place.lineno, old.qualified_name.rpartition(".")[2]
        verdict.roots.add(old.qualified_name)
        verdict.ties.weak.add(f"identity {old.qualified_name}")
        if not (isinstance(call, ast.Call) and call.func is place):
            self._check_value(view, replacement, place, verdict)
            return
        if old.kind == "class" and new.kind == "class" and self.members.builtin_bases(old) is not None:
            self._tie_exception(view, old, new, place, verdict)
            self.members.same_signal(old, new, call)
            return
        is_twin = old.kind == new.kind == "class" and self.alike.covers(old, new)
        self._check_call(view, replacement, call, is_twin=is_twin)
        before, after = (
            self.symbols.given(old),
            self.symbols.given(new) if not replacement.collapses else target,
        )
        if replacement.collapses and before is not None and before.may_be_none and not before.qualified_name:
            raise Refusal(
                f"`{last}`{self.symbols.at(old)} may give None, and `{new.qualified_name}` is always there",
                "take out what is done for None here, and change the line by hand",
            )
        is_copy = self.alike.copies.are(old, new)
        if not replacement.collapses and old.kind == "function":
            if not is_copy:
                self.calls.check(old, new, call)
            if before is None and not is_copy and self.alike.functions(old, new):
                self._take_function(old, new, verdict)
                return
        node = self.got(view, replacement, call)
        if before is None and is_copy:
            verdict.as_whole = verdict.as_whole or self._ended(view, node, last)
            self._take_function(old, new, verdict)
            return
        if old.kind == "function" and self.given_clients.alike(replacement) is not None:
            if call.args or call.keywords:
                raise self.given_clients.unshown(
                    old, new, f": line {line} gives arguments", "leave them out, or change the line by hand"
                )
            got = Symbol("instance", old.qualified_name), Symbol("instance", new.qualified_name)
            self.check_object(view, replacement, node, *got, verdict)
            return
        if new.kind == "member" and not replacement.is_same:
            raise Refusal(
                f"`{old.qualified_name}`{self.symbols.at(old)} is called, and `{new.qualified_name}`{self.symbols.at(new)} is read",
                "name a function as replacement, or drop the call's `()` by hand",
            )
        said = [self.symbols.said(symbol) for symbol in (old, new)]
        if before is None and after is None and said[0] is not None and said[0] == said[1]:
            if self.given_clients.names_client(said[0]):
                raise self.given_clients.unshown(old, new)
            self.given_clients.check_used(view, replacement, verdict)
            self._take_function(old, new, verdict)
            return
        if before is None or after is None:
            raise self.calls.untold(old if before is None else new)
        if old.kind == "class" and replacement.collapses:
            if view.uses.is_test:
                raise Refusal(
                    f"line {line} is in a test, which may want an object of its own",
                    f"use `{new.qualified_name}` there by hand if it does not",
                )
            if self.state.kept(old) or not replacement.is_declared:
                verdict.unsafe(
                    "an object with a state of its own becomes the one that all share, so that others see what it keeps"
                )
        elif is_twin:
            # an object of its own, as before; who asks for its class is tied by that
            self.take_twin(replacement, verdict)
            return
        elif old.kind == "class" and not replacement.is_same:
            self.calls.same_init(new, line)
        self.check_object(view, replacement, node, before, after, verdict)

    def _check_call(self, view: View, replacement: Replacement, call: ast.Call, *, is_twin: bool) -> None:
        """Refusal where the new object cannot take the place of a call, whatever is done with what that gives."""
        old, new = replacement.old, replacement.new
        line, last = call.func.lineno, old.qualified_name.rpartition(".")[2]
        has_arguments = bool(call.args or call.keywords)
        if old.kind == "class" and not replacement.is_same and has_arguments and not is_twin:
            raise Refusal(
                f"line {line} makes a `{last}` with {arguments_given(call)}, and "
                f"{'the shared object ' * (new.kind == 'instance')}`{new.qualified_name}`{self.symbols.at(new)} may be made with others",
                "use that here by hand if they are the same; if not, give this line an `allow`",
            )
        if replacement.collapses and isinstance(view.uses.parents.get(call), ast.Expr):
            raise Refusal(
                f"line {line} calls `{last}` for what it does, and uses nothing that it gives",
                "remove the line, if the manager does that by itself",
            )
        if replacement.collapses and has_arguments:
            raise Refusal(
                f"line {line} gives `{last}` arguments, and `{new.qualified_name}`{self.symbols.at(new)} takes none",
                "leave them out, or change the line by hand",
            )

    @staticmethod
    def _ended(view: View, node: ast.expr, name: str) -> str:
        """How what the function `name` gives may be ended or emptied for all who share it; empty where it is not."""
        uses = view.follow(node)
        ended = [attribute for attribute, _ in uses.members if attribute.attr in ENDING | FLUSHING]
        for place in (*ended, *uses.entered, *(place for place, _ in uses.escapes)):
            return f"line {place.lineno} may end what `{name}` gives for all who share it"
        return ""

    def _take_function(self, old: Symbol, new: Symbol, verdict: Verdict) -> None:
        """Note what hangs together with a function, and what the new one keeps instead of it."""
        verdict.ties.add(self.ties.of_function(old))
        kept = self.state.globals_of(new.node, new.module) if new.node is not None else ()
        verdict.objects |= {(name, old.module, name) for name in kept}

    def take_twin(self, replacement: Replacement, verdict: Verdict) -> None:
        """Note what hangs together with all of a class, and what reaches it, where the new one does the same."""
        old, new = replacement.old, replacement.new
        verdict.ties.add(self.ties.of_members(old, None))
        names = {*self.symbols.members(old).named}
        after = self.patch_targets.of_new(Symbol("instance", "", new.node, new), new, names)
        before = self.patch_targets.of_members(old, None, replacement)
        for name in names:
            twins = self.patch_targets.twins(old, new, name, after)
            pairs = [[self.symbols.symbol(one or "") for one in pair] for pair in twins.items()]
            verdict.ties.needs |= {
                f"identity {one.of.qualified_name}"
                for one, other in pairs
                if one is not None and one.of and one != other
            }
            before |= twins
        verdict.reach |= before | after | self.patch_targets.of_both(before, after)
        self.note_builders(Symbol("instance", ""), Symbol("instance", ""), old, new, verdict)

    def _check_forwarded(
        self, view: View, replacement: Replacement, place: ast.expr, verdict: Verdict
    ) -> None:
        """One use of a function that a method of an object is to replace."""
        old, new = replacement.old, replacement.new
        call, held = view.uses.parents.get(place), new.of
        assert held is not None and held.of is not None
        if not (isinstance(call, ast.Call) and call.func is place):
            raise Refusal(
                f"line {place.lineno} uses `{old.qualified_name}` as a value, not only by calling it",
                f"hand on `{new.qualified_name}` there by hand",
            )
        is_bare = type(old.node) is type(new.node) and not (call.args or call.keywords)
        if is_bare and self.given_clients.alike(replacement) is not None:
            got = Symbol("instance", old.qualified_name), Symbol("instance", new.qualified_name)
            self.check_object(view, replacement, self.got(view, replacement, call), *got, verdict)
            verdict.roots.add(old.qualified_name)
            return
        renamed = self.replacements.arguments(old.qualified_name)
        why = self.members.forwards(view, old, held.of, new.qualified_name.rpartition(".")[2], call, renamed)
        if why is not None:
            raise self.calls.uncallable(new, place.lineno, why)
        self.given_clients.check_forwarded(replacement, verdict)
        verdict.note_names(None, call, "", renamed)
        verdict.roots.add(old.qualified_name)
        ties = self.ties.of_function(old, held.of)
        verdict.ties.add(ties)
        verdict.objects |= (
            {(held.of.qualified_name, old.module, held.of.qualified_name)} if ties.strong else set()
        )

    def _check_value(self, view: View, replacement: Replacement, place: ast.expr, verdict: Verdict) -> None:
        """A use of a function or class that is no call: as a base, a type, or anything else."""
        old, new, line = replacement.old, replacement.new, place.lineno
        last = old.qualified_name.rpartition(".")[2]
        above = view.uses.parents.get(place)
        if replacement.collapses:
            what = "a type" if view.uses.is_annotation(place) else "a value"
            raise Refusal(
                f"line {line} uses `{last}` as {what}, not only by calling it",
                f"change that line to `{new.qualified_name}` by hand",
            )
        if isinstance(above, ast.Attribute):
            self._check_attribute(view, old, new, above)
        if isinstance(above, ast.ClassDef):
            self.members.subclass(above, old, new, view.exported)
        if is_exception(place, view.uses.parents):
            self._tie_exception(view, old, new, place, verdict)
            return
        is_factory = isinstance(above, ast.keyword) and above.arg in FACTORIES
        if is_factory and old.kind == new.kind == "class" and self.alike.covers(old, new):
            self.take_twin(replacement, verdict)  # it is called, and each object is its own as before
            return
        is_type = view.uses.is_annotation(place)
        where = (
            f"line {line} names `{last}` as a type"
            if is_type
            else f"line {line} uses `{last}` without calling it"
        )
        if not is_type:
            self.note_keeper(view, place, (old, new), verdict)
        is_alike = called_alike(old, new) and self.symbols.is_plain(old) and self.symbols.is_plain(new)
        if old.kind == new.kind == "function" and is_alike:
            given = self.symbols.given(old), self.symbols.given(new)
            if (
                given[0] is not None
                and given[1] is not None
                and self.part_none(given[0], given[1], where, verdict)
            ):
                self._take_function(old, new, verdict)
                verdict.ties.strong.add(f"identity {old.qualified_name}")
                return
        self.check_covered((old, old), (new, new), where, verdict)
        if old.kind == "class" and self.is_patched(view, place, old, new):
            return
        if is_type:
            self._check_said(old, new, line)
            if self._is_read(view, place):
                verdict.ties.strong.add(f"identity {old.qualified_name}")
            return
        verdict.ties.strong.add(f"identity {old.qualified_name}")
        if not _is_question(above, place) and self.alike.copies.are(old, new):
            verdict.as_whole = verdict.as_whole or where
        elif not _is_question(above, place):
            verdict.unsafe(f"{where}, where the new class may not count as the old one")

    def _is_read(self, view: View, place: ast.expr) -> bool:
        """Whether something acts by a stated type when the code runs: a decorator, or the class of a field."""
        above = nearest(place, ast.stmt, view.uses.parents)
        if isinstance(above, Function):
            return self._types_are_read or not decorators_of(above).isdisjoint(TYPE_READERS)
        if isinstance(above, ast.Assign):  # an alias, or a type variable
            return self._types_are_read
        owner = view.uses.parents.get(above) if above is not None else None
        if not isinstance(owner, ast.ClassDef) or not view.place.modules:
            return False
        if self._types_are_read:
            return True
        bases = self.making.foreign_bases(Symbol("class", f"{view.place.modules[0]}.{owner.name}", owner))
        return any((base or "").partition(".")[0] in VALIDATING for base in bases)

    @cached_property
    def _types_are_read(self) -> bool:
        """Whether a file of the project asks functions or classes for the types that they state."""
        return bool(self._reads.matching(_READING_TYPES, _TYPE_WORDS))

    def _check_said(self, old: Symbol, new: Symbol, line: int) -> None:
        """An annotation goes with its file: what is called of it is covered."""
        if self.symbols.members(new).is_open and not self.symbols.members(old).is_open:
            raise Refusal(
                f"line {line} names `{old.qualified_name}` as a type, and `{new.qualified_name}`{self.symbols.at(new)} has bases or "
                "members that cannot be determined",
                "change that line by hand",
            )

    def _check_attribute(self, view: View, old: Symbol, new: Symbol, attribute: ast.Attribute) -> None:
        """A member that is read of a class or function itself."""
        name, line = attribute.attr, attribute.lineno
        if old.kind == "function" and not name.startswith("__"):
            raise Refusal(
                f"line {line} reads `{name}` of the function `{old.qualified_name}`, and `{new.qualified_name}`{self.symbols.at(new)} may have none",
                "change that line by hand",
            )
        if old.kind == "class" and name not in INERT:
            call = view.uses.parents.get(attribute)
            called = call if isinstance(call, ast.Call) and call.func is attribute else None
            self.members.check(view, attribute, None if called is None else called, old, new)

    def _tie_exception(self, view: View, old: Symbol, new: Symbol, place: ast.expr, verdict: Verdict) -> None:
        """A place that raises or catches a class: what is caught has to be what is raised then."""
        before, after = (self.members.builtin_bases(symbol) for symbol in (old, new))
        if before is None or before != after:
            raise Refusal(
                f"line {place.lineno} raises or catches `{old.qualified_name}`, and `{new.qualified_name}`{self.symbols.at(new)} "
                "derives from another exception of Python's",
                "derive both from the same one",
            )
        known = self.symbols.members(new).named
        for name in sorted(read_of_caught(place, view.uses.parents) & self.symbols.members(old).named.keys()):
            if name not in known:
                raise Refusal(
                    f"what line {place.lineno} catches is asked for `{name}`, which "
                    f"`{new.qualified_name}`{self.symbols.at(new)} lacks",
                    f"give it `{name}`",
                )
        verdict.ties.strong.add(f"exception {old.qualified_name}")
        if not tried(place, view.uses.parents):
            verdict.ties.weak |= {f"exception {one}" for one in self.state.caught_as(old)}
        for is_any in self._other_code(view, place, old) if old.qualified_name != new.qualified_name else ():
            verdict.caught[new.qualified_name] = verdict.caught.get(new.qualified_name, False) or is_any

    def _other_code(self, view: View, place: ast.expr, old: Symbol) -> Iterator[bool]:
        """The calls of code that the module of an exception has not, where that is caught; whether it may be any code."""
        for part in tried(place, view.uses.parents):
            for call in all_nodes(part):
                root = root_of(call.func) if isinstance(call, ast.Call) else None
                for binding in view.uses.bindings_of(root) if isinstance(root, ast.Name) else ():
                    led = self.symbols.modules.lookup(binding.target) if binding.target else None
                    if binding.target is None:
                        yield True
                    elif led is not None and led.qualified_name.rpartition(".")[0] != old.module:
                        yield False

    def got(self, view: View, replacement: Replacement, call: ast.Call) -> ast.expr:
        """The expression that has the object: a call, or what awaits it."""
        if isinstance(replacement.old.node, ast.AsyncFunctionDef):
            awaited = view.uses.parents.get(call)
            if not isinstance(awaited, ast.Await):
                raise Refusal(
                    f"the coroutine of line {call.lineno} is handed on, not awaited",
                    f"hand on `{replacement.new.qualified_name}` by hand",
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


def _is_question(above: ast.AST | None, place: ast.expr) -> bool:
    """Whether a class is only asked for, or imitated."""
    if isinstance(above, ast.Tuple):
        return False
    if isinstance(above, ast.keyword):
        return above.arg in SPEC_KEYWORDS
    return isinstance(above, ast.Call) and last_name(above.func) in TYPE_QUESTIONS and place in above.args
