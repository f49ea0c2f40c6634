"""A client or pool that is built outside of the manager becomes what the manager gives, where the two are alike."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.constructions import Construction
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.fix.compatibility.given_clients import late_names
from flake8_redis_ssot.fix.compatibility.judge import Compatibility
from flake8_redis_ssot.fix.compatibility.patch_targets import OBJECT, PUT
from flake8_redis_ssot.fix.edits.client_uses import ClientUses, given_by, uses_of
from flake8_redis_ssot.fix.edits.endings import Endings
from flake8_redis_ssot.fix.edits.import_effects import ImportEffects
from flake8_redis_ssot.fix.edits.naming import exact, name_for
from flake8_redis_ssot.fix.edits.offers import Built, Files, Offers
from flake8_redis_ssot.fix.edits.placing import Placing
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.objects.accessors import Accessor
from flake8_redis_ssot.fix.objects.connecting import bound_of, read_in
from flake8_redis_ssot.fix.objects.resolver import Untold
from flake8_redis_ssot.fix.refusal import Awaiting, Refusal
from flake8_redis_ssot.fix.sources.names import locals_of
from flake8_redis_ssot.fix.sources.returns import is_set_at
from flake8_redis_ssot.fix.sources.stated import is_none
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.libraries.builders import Kind
from flake8_redis_ssot.libraries.standard import CONTEXT_METHODS
from flake8_redis_ssot.libraries.traits import POOL_KEYWORDS, WITH_DEFAULTS
from flake8_redis_ssot.libraries.vocabulary import CLOSING
from flake8_redis_ssot.syntax.arguments import arguments_of
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name, own_nodes, root_of, unparsed

_TAKE = "let that file take the manager's client first"


class ConstructionEdits:
    """Proposes what settles a diagnostic of a construction."""

    def __init__(self, compatibility: Compatibility, effects: ImportEffects, files: Files) -> None:
        self.files = files
        self.compatibility = compatibility
        self.index = compatibility.index
        self.symbols = compatibility.symbols
        self.table = compatibility.making.table
        self.offers = Offers(compatibility, files)
        self.around = compatibility.around
        self.placing = Placing(effects)

    def propose(self, view: View, diagnostic: Diagnostic) -> Proposal:
        """What settles `diagnostic`; Refusal where nothing does."""
        made = next((m for m in view.context.constructions if m.range == diagnostic.range), None)
        if made is None:
            raise Refusal("what it builds cannot be determined", "take the manager's client by hand")
        if diagnostic.code != "RED301":
            self.offers.offered(view, made)  # first, since it is cheap and often the end of it
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
        if uses.members or uses.attributes or uses.rest.escapes or uses.rest.stored or uses.entered:
            return False
        for name in sorted(uses.exported):
            for path in view.readers(name):
                self._check_used(view, name, path)
        if uses.exported:
            return False
        try:
            built = self.offers.built(view, made)
            self.offers.tell(built)
        except Untold:
            return False
        target = statement.targets[0]
        if isinstance(target, ast.Name) and view.is_read_unseen(target.id) is not None:
            return False
        proposal.parts += Endings(view, {statement, *uses.ended}, {}).parts(())
        keys = {f"{module}.{unparsed(target)}" for module in view.place.modules} | self._ended(made, uses)
        if built.code.function is not None:
            keys |= self._building(view, made)
        proposal.reach = dict.fromkeys(keys)
        proposal.statement = self._import_of(view, made.call.func)
        proposal.title = f"Remove the pool `{unparsed(statement.targets[0])}`, which nothing uses"
        return True

    # a client or pool that the manager has

    def _exchanged(self, view: View, made: Construction, proposal: Proposal) -> None:
        built = self.offers.built(view, made)
        if (
            isinstance(around := view.uses.parents.get(made.call), ast.keyword)
            and around.arg in POOL_KEYWORDS
        ):
            raise Awaiting("it goes with the client that is built on it", around.value.lineno)
        accessor = self.offers.accessor(view, built, proposal)
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
        self.placing.place(view, proposal, call, accessor.qualified_name.rpartition(".")[0])
        self.around.judge_import(view, proposal, accessor.qualified_name, call)
        name = name_for(view, proposal, accessor.qualified_name, [call.func])
        text = f"{name}{accessor.tail}"
        self._write(view, got, call, text, uses, proposal)
        proposal.written.append(accessor.qualified_name)
        self.placing.effects.note_loads(view, proposal, self._imported(view, proposal))
        proposal.title = f"Use `{accessor.label}` instead of one more {made.kind}"
        self._reach(view, built, accessor, uses, proposal)

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
        self, view: View, built: Built, accessor: Accessor, uses: ClientUses, proposal: Proposal
    ) -> None:
        """Refusal where what is done with the client would hit all who share it; else how safe it is."""
        for doubt in sorted(built.doubts):
            proposal.unsafe(f"`{doubt}`, which says where it connects, may give something else each time")
        if accessor.acts:
            proposal.unsafe(f"`{accessor.label}` does more than to give it")
        if view.is_test:
            proposal.unsafe("it is in a test, which may want one of its own")
        try:
            limit = bound_of(self.offers.tell_accessor(accessor, is_tuned=True))
        except Untold:
            limit = "one that is not told"
        uses.judge(view, built.made.kind, limit, proposal)
        for name in sorted(uses.exported | uses.givers.keys()):
            self._judge_readers(view, name, built.made.kind, limit, uses, proposal)
        self.around.judge(
            view, proposal,
            read=set(read_in(ast.parse(built.told, mode="eval").body)),
            late=built.late | self.offers.late_in(accessor), sources=built.attributes,
            attributes=uses.attributes, is_async=built.is_async and not accessor.is_of_loop,
        )  # fmt: skip

    def _judge_readers(
        self, view: View, name: str, kind: Kind, limit: str | None, uses: ClientUses, proposal: Proposal
    ) -> None:
        """The same for the files that import the name under which a module keeps its client, or gives it."""
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
                self._check_used(view, name, path)
                raise Refusal(
                    f"{view.where(path, name)} imports `{name}`, and what it does with it is not seen",
                    _TAKE,
                )
            for place in places:
                try:
                    if last_name(place) in other.exported:
                        raise Refusal(
                            f"{other.reader_of(last_name(place))} may read `{last_name(place)}` of that file",
                            "let that reader take the manager's client first",
                        )
                    giver = uses.givers.get(name)
                    each = [place] if giver is None else given_by(other, place, giver)
                    there = [uses_of(other, got) for got in each]
                    for found in there:
                        found.judge(other, kind, limit, proposal)
                        if found.exported or found.givers:
                            raise Refusal(f"line {place.lineno} hands it on to other files", _TAKE)
                except Refusal as refusal:
                    raise Refusal(
                        f"{view.short(path)} imports this client: {refusal.what}", refusal.advice
                    ) from refusal
                ended = [node.lineno for found in there for node in found.ended]
                ended += [given.lineno for found in there for _, given in found.entered.values()]
                if ended:
                    raise Refusal(
                        f"{view.short(path)}:{min(ended)} closes it, which would end it for all who share it",
                        "take that out, and run again",
                    )
                for found in there:
                    uses.attributes |= found.attributes

    def _check_used(self, view: View, name: str, path: str) -> None:
        """Refusal where another file imports a name from this one, and neither uses it nor hands it on."""
        other = self.files.view(path)
        found: list[bool] = []
        for statement, alias in other.aliases.values() if other is not None else ():
            assert other is not None
            if not any(base in view.place.modules for base in other.bases(statement)) or alias.name != name:
                continue
            bound = other.uses.binding(statement, alias)
            is_told = bound is not None and bound[0] not in other.exported | other.uses.texts.keys()
            found.append(not is_told or bound is None or bool(other.uses.of(*bound)))
        if found and not any(found):
            raise Refusal(
                f"{view.where(path, name)} imports `{name}`, and nothing there uses it",
                "remove that import, and run again",
            )

    # the edits

    def _anchor(self, view: View, built: Built, proposal: Proposal) -> None:
        """The import beside which that of the manager is written."""
        top: ast.AST = built.call
        body = view.source.tree.body
        while view.uses.parents.get(top) is not view.source.tree:
            top = view.uses.parents[top]
        own = self._import_of(view, built.call.func)
        if own is not None and (
            own in body or view.uses.scope_of(own).kind == "function" or view.has_fallback(own)
        ):
            proposal.statement = own  # what catches that the library is missing catches it of the manager
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
    def _imported(view: View, proposal: Proposal) -> str:
        """The dotted name that the import gives at which the manager's is written."""
        assert proposal.anchor is not None
        base = next(iter(view.bases(proposal.anchor)), "")
        return f"{base}.{proposal.anchor.names[0].name}".lstrip(".")

    @staticmethod
    def _import_of(view: View, node: ast.expr) -> ast.Import | ast.ImportFrom | None:
        """The import of the name with which an expression begins, where it is only that, or None."""
        node = root_of(node)
        if not isinstance(node, ast.Name) or node not in view.uses.points:
            return None
        bindings = view.uses.names.bindings(node.id, view.uses.points[node], typing=True)
        others = [b for b in bindings if not (isinstance(b.value, ast.expr) and is_none(b.value))]
        for statement, alias in view.aliases.values():
            found = view.uses.binding(statement, alias)
            if found is None or found[0] != node.id or found[1] not in others:
                continue
            if all(one.order == found[1].order for one in others):  # `import a, a.b` binds `a` twice
                return statement
            if view.has_fallback(statement):
                raise Refusal(
                    f"`{node.id}` is something else where its import fails",
                    "take the manager's client where it does not, by hand",
                )
        return None

    def _write(
        self, view: View, got: ast.expr, call: ast.Call, text: str, uses: ClientUses, proposal: Proposal
    ) -> None:
        """The call becomes `text`, and what ended the client goes."""
        start, end = exact(view, call)
        if view.has_comment(start, end):
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

    def _building(self, view: View, made: Construction) -> set[str]:
        """The names by which tests patch what builds, or what that calls."""
        dotted = unparsed(made.call.func)
        keys = {
            f"{module}.{name}" for module in view.place.modules for name in (dotted, dotted.partition(".")[0])
        }
        return keys.union(*map(self.table.looked_up, made.symbols))

    def _ended(self, made: Construction, uses: ClientUses) -> set[str]:
        """The names by which tests patch what ended it, and ends nothing afterwards."""
        methods = (*CLOSING, *CONTEXT_METHODS) if uses.ended or uses.entered else ()
        return {key for name in made.symbols for key in self.table.methods_of(name, methods)}

    def _reach(
        self, view: View, built: Built, accessor: Accessor, uses: ClientUses, proposal: Proposal
    ) -> None:
        """What tests patch by which they reached the client, or would reach it then."""
        keys = self._building(view, built.made) | self._ended(built.made, uses)
        dotted = unparsed(built.call.func)
        if proposal.anchor is not None and view.uses.scope_of(proposal.anchor).kind == "function":
            keys |= {f"{PUT}{name.partition('.')[0]}" for name in built.made.symbols}
        if built.code.function is not None:
            keys |= set(self._named_in(built))
            root = dotted.partition(".")[0]
            if root not in locals_of(built.code.function) and is_set_at(built.call, root, view.uses.parents):
                proposal.asked |= {f"{module}.{root}" for module in view.place.modules}
        home = accessor.qualified_name
        keys |= {home, f"{OBJECT}{home}", f"{PUT}{home.rpartition('.')[0]}"}
        late = late_names(self.compatibility.making, accessor.made)
        proposal.lasting |= {(name, home) for name in late}
        keys |= late
        symbol = self.symbols.symbol(home)
        last = accessor.tail.strip("().").split(".")[-1]
        if symbol is not None and symbol.kind == "function" and symbol.node is not None:
            keys |= self.compatibility.patch_targets.globals_of(symbol.node, symbol.module).keys()
        given = self.symbols.given(symbol) if symbol is not None and symbol.kind == "function" else symbol
        if given is not None and last:
            keys |= {
                f"{owner.qualified_name}.{last}"
                for owner in (given, given.of)
                if owner is not None and owner.qualified_name
            }
        proposal.reach |= dict.fromkeys(keys)

    def _named_in(self, built: Built) -> Iterator[str]:
        """The dotted names of the project that the arguments of a call are read from."""
        function = built.code.function
        given = arguments_of(built.call)
        parts = [part for argument in given for part in all_nodes(argument)]
        seen: set[str] = set()
        while function is not None and (new := {p.id for p in parts if isinstance(p, ast.Name)} - seen):
            seen |= new
            for statement in own_nodes(function):
                if isinstance(statement, ast.Assign) and {last_name(t) for t in statement.targets} & new:
                    parts += all_nodes(statement.value)
        for part in parts:
            if isinstance(part, ast.Name | ast.Attribute):
                name = self.symbols.dotted(part, built.code.module, function)
                found = self.symbols.modules.lookup(name) if name is not None else None
                if name is not None and found is not None and found.kind != "module":
                    yield from (one for one in (name, found.qualified_name) if "." in one)
                    if isinstance(part, ast.Name):
                        yield f"{built.code.module}.{part.id}"
