"""What of the manager is like a client or pool that is built outside of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Protocol

from flake8_redis_ssot.analysis.constructions import Construction
from flake8_redis_ssot.context import manager_wanted
from flake8_redis_ssot.fix.compatibility.judge import Compatibility
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.objects.accessors import Accessor
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.connecting import (
    Difference,
    Told,
    difference,
    distance,
    give_too,
    mode_in_words,
    waits_differently,
)
from flake8_redis_ssot.fix.objects.resolver import Untold
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.names import locals_of
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.inference.methods import is_asyncio
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.syntax.nodes import Comprehension, Function, names_bound_in


class Files(Protocol):
    """Gives the files of the project."""

    def view(self, path: str, *, keep: bool = True) -> View | None:
        """The file at `path`; None where it cannot be parsed."""

    def places(self, view: View, module: str) -> Iterator[tuple[ast.expr, str]]:
        """Where a file uses something of a module, each with its dotted name."""


@dataclass(slots=True)
class Built:
    """A construction, with what it connects to, `told` as text, and the names of the functions and comprehensions around its own."""

    made: Construction
    code: Code
    hidden: frozenset[str] = field(default_factory=frozenset)
    told: str = ""
    attributes: set[str] = field(default_factory=set)
    """Those of objects from which it is read where it connects."""
    late: set[str] = field(default_factory=set)
    """What of that is read whenever one is built."""
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
        return is_asyncio(self.target)


class Offers:
    """Finds the accessor that gives what a construction builds."""

    def __init__(self, compatibility: Compatibility, files: Files) -> None:
        self.files = files
        self.making = compatibility.making
        self.index = compatibility.index
        self.symbols = compatibility.symbols
        self.accessors = compatibility.given_clients.accessors

    def built(self, view: View, made: Construction) -> Built:
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
            self._check_mode(view, made)
            raise Refusal(
                "what is called may take other arguments than the library's own",
                "take the manager's client by hand",
            )
        functions, owner = [], None
        own: set[str] = set()
        node: ast.AST | None = made.call
        while (node := view.uses.parents.get(node)) is not None:  # type: ignore[arg-type]
            if isinstance(node, ast.Lambda):
                raise Refusal("it is what a `lambda` gives, whose callers are not seen", "write a function")
            if isinstance(node, Comprehension):
                own |= names_bound_in(node)
            elif isinstance(node, Function):
                functions.append(node)
            elif isinstance(node, ast.ClassDef) and len(functions) == 1 and owner is None:
                owner = self.symbols.symbol(f"{view.place.modules[0]}.{node.name}")
                owner = (
                    owner if owner is not None and owner.node is not None and owner.kind == "class" else None
                )
        hidden = frozenset(own.union(*map(locals_of, functions[1:])))
        return Built(
            made,
            Code(made.call, view.place.modules[0], owner, functions[0] if functions else None),
            hidden,
        )

    def tell(self, built: Built, *, is_tuned: bool = False) -> str:
        """What a construction connects to, as text; Untold where the source does not say."""
        resolver = Told(
            self.making, built.code,
            leads=self.accessors.shared, hidden=built.hidden, is_tuned=is_tuned,
        )  # fmt: skip
        text = resolver.text_of_call(built.call, built.target)
        built.late |= resolver.late(text)
        built.attributes |= resolver.attributes
        built.doubts |= resolver.doubts
        return text

    def tell_accessor(self, accessor: Accessor, *, is_tuned: bool = False) -> str:
        """The same for what the manager gives."""
        return self._resolver(accessor, is_tuned=is_tuned).text()

    def late_in(self, accessor: Accessor) -> set[str]:
        """What the manager reads of where it connects after its module has run."""
        resolver = self._resolver(accessor)
        return resolver.late(resolver.text())

    def _resolver(self, accessor: Accessor, *, is_tuned: bool = False) -> Told:
        symbol = self.symbols.symbol(accessor.qualified_name)
        is_made_early = (
            symbol is not None and symbol.kind == "instance" and not accessor.tail.startswith("()")
        )
        return Told(
            self.making, accessor.made,
            leads=self.accessors.shared, is_tuned=is_tuned, is_made_early=is_made_early,
        )  # fmt: skip

    def _check_mode(self, view: View, made: Construction) -> None:
        """Refusal where all that the manager builds is for asyncio, and this is not, or the other way round."""
        modes = {mode_in_words(builder.target) for builder in made.reached.values()}
        for module in self.index.managers.modules_of(view.place.boundary):
            path = self.index.modules.find(module)
            there = self.files.view(path) if path is not None else None
            found = {
                mode_in_words(builder.target)
                for one in (there.context.constructions if there is not None else ())
                for builder in one.reached.values()
            }
            if len(modes) != 1 or len(found) != 1 or modes == found:
                return
            here, other = *modes, *found
            raise Refusal(
                f"it is {here} {made.kind}, and `{module}` has {other} one", give_too(here, made.kind)
            )

    def offered(self, view: View, made: Construction) -> list[Accessor]:
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
            self._check_mode(view, made)
            why = f": {unfit[0]}" if unfit else ""
            raise Refusal(
                f"`{modules[0]}` gives no {kind} that all can share{why}",
                f"let it have one {kind} that is built once and is never None, or change this by hand",
            )
        return found

    def accessor(self, view: View, built: Built, proposal: Proposal) -> Accessor:
        """How the manager gives what is built; Refusal where it gives nothing like it."""
        found = self.offered(view, built.made)
        try:
            built.told = self.tell(built)
        except Untold as error:
            raise Refusal(
                f"which server it connects to is not shown: {error}",
                "write that as plain values or environment variables, or take the manager's client by hand",
            ) from error
        differing: list[tuple[int, Difference]] = []
        for accessor in found:
            far = 1000
            try:
                there = self.tell_accessor(accessor)
                far = distance(built.told, there)
                why_not = difference(built.told, there, f"`{accessor.label}`{accessor.at}")
            except Untold as error:
                what = f"what `{accessor.label}`{accessor.at} connects to is not shown: {error}"
                why_not = Difference(what, error.advice)
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

    def _compare_timings(self, built: Built, accessor: Accessor, proposal: Proposal) -> None:
        try:
            texts = self.tell(built, is_tuned=True), self.tell_accessor(accessor, is_tuned=True)
        except Untold as error:
            proposal.unsafe(f"the two may wait differently: {error}")
            return
        differing = waits_differently(*texts, accessor.label)
        if differing is not None:
            proposal.unsafe(differing)


def _class(target: str) -> str:
    """The class of what a builder makes, by its target."""
    return target.removesuffix(".from_url").removesuffix(".from_pool")
