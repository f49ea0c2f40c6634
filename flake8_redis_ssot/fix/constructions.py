"""A client or pool that is built outside of the manager becomes what the manager gives, where the two are alike."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from flake8_redis_ssot.analysis.constructions import Construction
from flake8_redis_ssot.context import manager_wanted
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.fix.accessors import Accessor, Accessors
from flake8_redis_ssot.fix.around import Around
from flake8_redis_ssot.fix.client_uses import ClientUses, uses_of
from flake8_redis_ssot.fix.compatibility import Compatibility
from flake8_redis_ssot.fix.connecting import (
    Difference,
    Told,
    bound_of,
    colour_of,
    difference,
    distance,
    own_kind,
    timings,
)
from flake8_redis_ssot.fix.endings import Endings
from flake8_redis_ssot.fix.naming import exact, name_for
from flake8_redis_ssot.fix.proposal import Proposal
from flake8_redis_ssot.fix.reach import OBJECT, PUT
from flake8_redis_ssot.fix.reads import ProjectReads
from flake8_redis_ssot.fix.replacements import Awaiting, Refusal
from flake8_redis_ssot.fix.resolver import Untold
from flake8_redis_ssot.fix.signatures import Function, own_parts
from flake8_redis_ssot.fix.stores import Code
from flake8_redis_ssot.fix.symbols import locals_of
from flake8_redis_ssot.fix.view import View
from flake8_redis_ssot.libraries.builders import Kind
from flake8_redis_ssot.libraries.traits import ASYNC_PART, POOL_KEYWORDS, WITH_DEFAULTS
from flake8_redis_ssot.syntax.nodes import last_name, unparsed


class Files(Protocol):
    """Gives the files of the project."""

    def view(self, path: str, *, keep: bool = True) -> View | None:
        """The file at `path`; None where it cannot be parsed."""

    def places(self, view: View, module: str) -> Iterator[tuple[ast.expr, str]]:
        """Where a file uses something of a module, each with its dotted name."""


@dataclass(slots=True)
class _Built:
    """A construction, with what it connects to, `told` as text, and the names of the functions around its own."""

    made: Construction
    code: Code
    hidden: frozenset[str] = field(default_factory=frozenset)
    told: str = ""
    attributes: set[str] = field(default_factory=set)
    """Those of objects from which it is read where it connects."""
    doubts: set[str] = field(default_factory=set)
    """Calls that say where it connects, and may give something else each time."""

    @property
    def call(self) -> ast.Call:
        return self.made.call

    @property
    def target(self) -> str:
        return next(iter(self.made.reached.values())).target

    @property
    def is_async(self) -> bool:
        return ASYNC_PART in self.target.split(".")


class ConstructionEdits:
    """Proposes what settles a diagnostic of a construction."""

    def __init__(self, exchange: Compatibility, reads: ProjectReads, files: Files) -> None:
        self.files = files
        self.exchange = exchange
        self.index = exchange.index
        self.objects = exchange.objects
        self.accessors = Accessors(exchange.making, exchange.making.table)
        self.around = Around(exchange.index, reads)

    def propose(self, view: View, diagnostic: Diagnostic) -> Proposal:
        """What settles `diagnostic`; Refusal where nothing does."""
        made = next((m for m in view.context.constructions if m.range == diagnostic.range), None)
        if made is None:
            raise Refusal("what it builds cannot be determined", "take the manager's client by hand")
        if diagnostic.code != "RED301":
            self._offered(view, made)  # first, since it is cheap and often the end of it
        proposal = Proposal(diagnostic, "", "safe")
        if made.kind == "pool" and self._removed(view, made, proposal):
            return proposal
        self._exchanged(view, made, proposal)
        return proposal

    # a pool that nothing uses

    def _removed(self, view: View, made: Construction, proposal: Proposal) -> bool:
        """Whether a pool is used by nothing any more, and goes."""
        statement = view.uses.parents.get(made.call)
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            return False
        uses = uses_of(view, made.call)
        if (
            uses.members
            or uses.attributes
            or uses.exported
            or uses.rest.escapes
            or uses.rest.stored
            or uses.entered
        ):
            return False
        try:
            self._tell(self._built(view, made))
        except Untold:
            return False
        target = statement.targets[0]
        if isinstance(target, ast.Name) and view.is_read_unseen(target.id) is not None:
            return False
        proposal.parts += Endings(view, {statement, *uses.ended}, {}).parts(())
        proposal.reach = dict.fromkeys(f"{module}.{unparsed(target)}" for module in view.place.modules)
        proposal.statement = self._import_of(view, made.call.func)
        proposal.title = f"Remove the pool `{unparsed(statement.targets[0])}`, which nothing uses"
        return True

    # a client or pool that the manager has

    def _exchanged(self, view: View, made: Construction, proposal: Proposal) -> None:
        built = self._built(view, made)
        if (
            isinstance(around := view.uses.parents.get(made.call), ast.keyword)
            and around.arg in POOL_KEYWORDS
        ):
            raise Awaiting("it goes with the client that is built on it", around.value.lineno)
        accessor = self._accessor(view, built, proposal)
        call = made.call
        awaited = view.uses.parents.get(call)
        got: ast.expr = awaited if isinstance(awaited, ast.Await) else call
        if isinstance(view.uses.parents.get(got), ast.Expr):
            raise Refusal("nothing uses what it builds", "remove the line")
        if accessor.is_async and got is call:
            raise Refusal(
                f"`{accessor.label}`{accessor.at} has to be awaited, and no `await` is ever inserted",
                "await it there by hand",
            )
        if (
            got is not call
            and not accessor.is_async
            and next(iter(made.reached.values())).library not in WITH_DEFAULTS
        ):
            raise Refusal(
                f"it is awaited, and `{accessor.label}`{accessor.at} may be nothing to await",
                "take the `await` out by hand",
            )
        uses = uses_of(view, got)
        if made.kind == "pool" and (inner := self._built_on(view, uses)) is not None:
            raise Refusal(
                f"it goes when the client goes that is built on it in line {inner.lineno}",
                "migrate that client, and run again",
            )
        self._judge(view, built, accessor, uses, proposal)
        self._anchor(view, built, proposal)
        name = name_for(view, proposal, accessor.home, [call.func])
        text = f"{name}{accessor.tail}"
        self._write(view, got, call, text, uses, proposal)
        proposal.written.append(accessor.home)
        proposal.title = f"Use `{accessor.label}` instead of one more {made.kind}"
        self._reach(view, built, accessor, proposal)

    def _built(self, view: View, made: Construction) -> _Built:
        """A construction with where its names are looked up."""
        if not view.place.modules:
            raise Refusal(
                "the file is no module below the import roots, so what its names are cannot be determined",
                "name its folder in `src`",
            )
        targets = {builder.target for builder in made.reached.values()}
        if len(targets) > 1:
            raise Refusal(
                f"it may be any of {', '.join(f'`{name}`' for name in sorted(made.reached))}",
                "take the manager's client by hand",
            )
        if made.inferred and view.context.is_adapted(made):
            self._check_kind(view, made)
            raise Refusal(
                "what is called may take other arguments than the library's own",
                "take the manager's client by hand",
            )
        functions, owner = [], None
        node: ast.AST | None = made.call
        while (node := view.uses.parents.get(node)) is not None:  # type: ignore[arg-type]
            if isinstance(node, ast.Lambda):
                raise Refusal("it is what a `lambda` gives, whose callers are not seen", "write a function")
            if isinstance(node, Function):
                functions.append(node)
            elif isinstance(node, ast.ClassDef) and len(functions) == 1 and owner is None:
                owner = self.objects.thing(f"{view.place.modules[0]}.{node.name}")
                owner = (
                    owner if owner is not None and owner.node is not None and owner.sort == "class" else None
                )
        hidden = frozenset(name for function in functions[1:] for name in locals_of(function))
        return _Built(
            made,
            Code(made.call, view.place.modules[0], owner, functions[0] if functions else None),
            hidden,
        )

    def _tell(self, built: _Built, *, is_tuned: bool = False) -> str:
        """What a construction connects to, as text; Untold where the source does not say."""
        resolver = Told(
            self.exchange.making, built.code,
            leads=self.accessors.shared, is_open=True, hidden=built.hidden, is_tuned=is_tuned,
        )  # fmt: skip
        text = resolver.text_of_call(built.call, built.target)
        built.attributes |= resolver.attributes
        built.doubts |= resolver.doubts
        return text

    def _tell_accessor(self, accessor: Accessor, *, is_tuned: bool = False) -> str:
        return Told(
            self.exchange.making, accessor.made, leads=self.accessors.shared, is_tuned=is_tuned
        ).text()

    def _check_kind(self, view: View, made: Construction) -> None:
        """Refusal where all that the manager builds is for asyncio, and this is not, or the other way round."""
        colours = {colour_of(builder.target) for builder in made.reached.values()}
        for module in self.index.managers.modules_of(view.place.boundary):
            path = self.index.modules.find(module)
            there = self.files.view(path) if path is not None else None
            found = {
                colour_of(builder.target)
                for one in (there.context.constructions if there is not None else ())
                for builder in one.reached.values()
            }
            if len(colours) != 1 or len(found) != 1 or colours == found:
                return
            here, other = *colours, *found
            raise Refusal(
                f"it is {here} {made.kind}, and `{module}` has {other} one", own_kind(here, made.kind)
            )

    def _offered(self, view: View, made: Construction) -> list[Accessor]:
        """What the manager of a file gives of the kind of what is made; Refusal where it gives nothing."""
        boundary, kind = view.place.boundary, made.kind
        modules = list(self.index.managers.modules_of(boundary))
        if not modules:
            raise Refusal("no manager is set that could give one", manager_wanted(boundary))
        found: list[Accessor] = []
        unfit: list[str] = []
        for module in modules:
            accessors, reasons = self.accessors.of(module, boundary.instance)
            found += [one for one in accessors if one.kind == kind]
            unfit += reasons
        if not found:
            self._check_kind(view, made)
            why = f": {unfit[0]}" if unfit else ""
            raise Refusal(
                f"`{modules[0]}` gives no {kind} that all can share{why}",
                f"let it give one {kind} that is built once, by an object, a function or a property, or change this "
                "by hand",
            )
        return found

    def _accessor(self, view: View, built: _Built, proposal: Proposal) -> Accessor:
        """How the manager gives what is built; Refusal where it gives nothing like it."""
        found = self._offered(view, built.made)
        try:
            built.told = self._tell(built)
        except Untold as error:
            raise Refusal(
                f"which server it connects to is not shown: {error}",
                "write that as plain values or environment variables, or take the manager's client by hand",
            ) from error
        differing: list[tuple[int, Difference]] = []
        for accessor in found:
            far = 1000
            try:
                there = self._tell_accessor(accessor)
                far = distance(built.told, there)
                why_not = difference(built.told, there, f"`{accessor.label}`{accessor.at}")
            except Untold as error:
                what = f"what `{accessor.label}`{accessor.at} connects to is not shown: {error}"
                why_not = Difference(what, "write that there as plain values or environment variables")
            if (
                why_not is None
                and built.made.kind == "pool"
                and _class(built.target) != _class(accessor.target)
            ):
                what = f"it is a pool of another class than `{accessor.label}`{accessor.at}"
                why_not = Difference(what, "let the manager give a pool of this class too, or `allow` it")
            if why_not is None:
                self._compare_timings(built, accessor, proposal)
                return accessor
            differing.append((far, why_not))
        nearest = min(differing, key=lambda one: one[0])[1]
        raise Refusal(nearest.what, nearest.advice)

    def _compare_timings(self, built: _Built, accessor: Accessor, proposal: Proposal) -> None:
        try:
            differing = timings(
                self._tell(built, is_tuned=True), self._tell_accessor(accessor, is_tuned=True)
            )
        except Untold as error:
            proposal.unsafe(f"the two may wait differently: {error}")
            return
        if differing:
            proposal.unsafe(f"`{differing[0]}` is not that of `{accessor.label}`")

    def _built_on(self, view: View, uses: ClientUses) -> ast.Call | None:
        """A client that is built on a pool here, and becomes the manager's as well."""
        for node, _ in uses.rest.escapes:
            keyword = view.uses.parents.get(node)
            call = view.uses.parents.get(keyword) if isinstance(keyword, ast.keyword) else None
            made = next((m for m in view.context.constructions if m.call is call), None)
            if made is not None:
                try:
                    where = Diagnostic(view.path, made.range, "RED201", "", "")
                    self._exchanged(view, made, Proposal(where, "", "safe"))
                except Refusal:
                    continue
                return made.call
        return None

    def _judge(
        self, view: View, built: _Built, accessor: Accessor, uses: ClientUses, proposal: Proposal
    ) -> None:
        """Refusal where what is done with the client would hit all who share it; else how safe it is."""
        for doubt in sorted(built.doubts):
            proposal.unsafe(f"`{doubt}`, which says where it connects, may give something else each time")
        if accessor.acts:
            proposal.unsafe(f"`{accessor.label}` does more than to give it")
        if view.is_test:
            proposal.unsafe("it is in a test, which may want one of its own")
        try:
            limit = bound_of(self._tell_accessor(accessor, is_tuned=True))
        except Untold:
            limit = "one that is not told"
        uses.judge(view, built.made.kind, limit, proposal)
        for name in sorted(uses.exported):
            self._judge_readers(view, name, built.made.kind, limit, uses, proposal)
        self.around.judge(
            view, proposal, home=accessor.home,
            told=built.told, is_late=built.code.function is not None, sources=built.attributes,
            attributes=uses.attributes, is_async=built.is_async and not accessor.is_of_loop,
        )  # fmt: skip

    def _judge_readers(
        self, view: View, name: str, kind: Kind, limit: str | None, uses: ClientUses, proposal: Proposal
    ) -> None:
        """The same for the files that import the name under which a module keeps its client."""
        unseen = view.is_read_unseen(name)
        if unseen is not None:
            proposal.unsafe(f"it is kept as `{name}`, and {unseen}")
        dotted = {f"{module}.{name}" for module in view.place.modules}
        for path in view.readers(name):
            other = self.files.view(path)
            places = [
                place
                for module in (view.place.modules if other is not None else ())
                for place, what in self.files.places(other, module)  # type: ignore[arg-type]
                if what in dotted
            ]
            if other is None or not places:
                raise Refusal(
                    f"{view.where(path, name)} imports `{name}`, and what it does with it is not seen",
                    "let that file take the manager's client first",
                )
            for place in places:
                try:
                    if last_name(place) in other.exported:
                        raise Refusal(
                            f"{other.reader_of(last_name(place))} may read `{last_name(place)}` of it",
                            "let that take the manager's client first",
                        )
                    found = uses_of(other, place)
                    found.judge(other, kind, limit, proposal)
                except Refusal as refusal:
                    raise Refusal(f"{view.short(path)} uses it: {refusal.what}", refusal.advice) from refusal
                ended = [node.lineno for node in found.ended]
                ended += [given.lineno for _, given in found.entered.values()]
                if ended:
                    raise Refusal(
                        f"{view.short(path)}:{min(ended)} closes it, which would end it for all who share it",
                        "take that out, and run again",
                    )
                uses.attributes |= found.attributes

    # the edits

    def _anchor(self, view: View, built: _Built, proposal: Proposal) -> None:
        """The import beside which that of the manager is written."""
        top: ast.AST = built.call
        body = view.source.tree.body
        while view.uses.parents.get(top) is not view.source.tree:
            top = view.uses.parents[top]
        own = self._import_of(view, built.call.func)
        if own is not None and (own in body or view.uses.home(own).kind == "function"):
            proposal.statement = own
            return
        before = [
            statement
            for statement in body[: body.index(top)]  # type: ignore[arg-type]
            if isinstance(statement, ast.Import)
            or (isinstance(statement, ast.ImportFrom) and statement.module != "__future__")
        ]
        if not before:
            raise Refusal(
                "no import at the top of the file stands before it, beside which the manager's could",
                "import the manager above it, and use that by hand",
            )
        proposal.statement = before[-1]

    @staticmethod
    def _import_of(view: View, node: ast.expr) -> ast.Import | ast.ImportFrom | None:
        """The import of the name with which an expression begins, where it is only that."""
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name) or node not in view.uses.points:
            return None
        for statement, alias in view.aliases.values():
            found = view.uses.binding(statement, alias) if alias.name != "*" else None
            if found is not None and found[0] == node.id and view.uses.means(node.id, node, found[1]):
                return statement
        return None

    def _write(
        self, view: View, got: ast.expr, call: ast.Call, text: str, uses: ClientUses, proposal: Proposal
    ) -> None:
        """The call becomes `text`, and what ended the client goes."""
        start, end = exact(view, call)
        if "#" in view.source.text[start:end]:
            raise Refusal(f"a comment stands inside the call in line {call.lineno}", "put it above that line")
        whole = text if got is call else f"await {text}"
        entered = {
            item: f"{name} = {whole if given is got else unparsed(given)}" if name else ""
            for item, (name, given) in uses.entered.items()
        }
        own: list[tuple[int, int, str]] = []
        if got not in [given for _, given in uses.entered.values()]:
            own = [(start, end, text)]
        proposal.parts += own + Endings(view, uses.ended, entered).parts(own)

    def _reach(self, view: View, built: _Built, accessor: Accessor, proposal: Proposal) -> None:
        """What tests patch by which they reached the client, or would reach it then."""
        keys = set()
        dotted = unparsed(built.call.func)
        for module in view.place.modules:
            keys |= {f"{module}.{dotted.partition('.')[0]}", f"{module}.{dotted}"}
        for name in built.made.symbols:
            parts = name.split(".")
            keys |= {".".join(parts[:n]) for n in range(2, len(parts) + 1)}
            if proposal.statement is not None and view.uses.home(proposal.statement).kind == "function":
                keys.add(f"{PUT}{parts[0]}")
        if built.code.function is not None:
            keys |= set(self._named_in(view, built))
        home = accessor.home
        keys |= {home, f"{OBJECT}{home}", f"{PUT}{home.rpartition('.')[0]}"}
        made = accessor.made
        if made.function is not None and made.function.name != "__init__":
            # it may be built while a test patches what builds it
            assert isinstance(made.node, ast.Call)
            root, *rest = unparsed(made.node.func).split(".")
            facts = self.objects.modules.facts(made.module)
            known = facts.names.get(root) if facts is not None else None
            parts = [*(known.target or root if known is not None else root).split("."), *rest]
            keys |= {".".join(parts[:n]) for n in range(2, len(parts) + 1)}
            keys |= {".".join([made.module, root, *rest[:n]]) for n in range(len(rest) + 1)}
        thing = self.objects.thing(home)
        last = accessor.tail.strip("().").split(".")[-1]
        if thing is not None and last:
            keys |= {f"{owner.home}.{last}" for owner in (thing, thing.of) if owner is not None}
        proposal.reach |= dict.fromkeys(keys)

    def _named_in(self, view: View, built: _Built) -> Iterator[str]:
        """The dotted names of the project that the arguments of a call are read from."""
        function = built.code.function
        given = [*built.call.args, *(keyword.value for keyword in built.call.keywords)]
        parts = [part for argument in given for part in ast.walk(argument)]
        seen: set[str] = set()
        while function is not None and (new := {p.id for p in parts if isinstance(p, ast.Name)} - seen):
            seen |= new
            for statement in own_parts(function):
                if isinstance(statement, ast.Assign) and {last_name(t) for t in statement.targets} & new:
                    parts += ast.walk(statement.value)
        for part in parts:
            if isinstance(part, ast.Name | ast.Attribute):
                name = self.objects.dotted(part, built.code.module, function)
                found = self.objects.modules.lookup(name) if name is not None else None
                if name is not None and found is not None and found.kind != "module":
                    yield from (one for one in (name, found.home) if "." in one)
                    if isinstance(part, ast.Name):
                        yield f"{built.code.module}.{part.id}"


def _class(target: str) -> str:
    """The class of what a builder makes, by its target."""
    return target.removesuffix(".from_url").removesuffix(".from_pool")
