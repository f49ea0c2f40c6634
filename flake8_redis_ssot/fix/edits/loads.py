"""The edits by which code that imports a module by the text of its name comes to import another one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.fix.compatibility.patch_targets import MODULE, PUT
from flake8_redis_ssot.fix.compatibility.replacements import Replacement
from flake8_redis_ssot.fix.edits.import_edits import ImportEdits
from flake8_redis_ssot.fix.edits.module_members import by_member, check_module
from flake8_redis_ssot.fix.edits.naming import exact, renamed_text
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.edits.verify import circle
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.uses import BY_KEY, BY_NAME
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.syntax.nodes import FunctionOrLambda, last_name, nearest

_BY_HAND = "change the string, and what is done with the module, by hand"
_BY_NAME = "import it by its name"


class LoadEdits:
    """Proposes what settles a diagnostic of `importlib.import_module("...")`."""

    def __init__(self, imports: ImportEdits) -> None:
        self.imports = imports
        self.compatibility = imports.compatibility

    def propose(self, view: View, diagnostic: Diagnostic) -> Proposal:
        """What settles `diagnostic`; Refusal where nothing does."""
        old = diagnostic.symbols[0]
        call, text = self._literal(view, diagnostic)
        places = list(self._places(view, call))
        is_late = _is_in_function(view, call)
        check_module(self.compatibility.symbols, old)
        proposal = Proposal(diagnostic, "", "safe")
        self.imports.effects.check(view, proposal, old, old)
        groups = by_member(view, self.compatibility.replacements, old, places)
        homes = {_held(replacement).rpartition(".")[0] for replacement, _ in groups.values()}
        if len(homes) > 1:
            raise Refusal(
                f"what is read of it goes to {' and '.join(f'`{home}`' for home in sorted(homes))}",
                "import each of them by its name",
            )
        new = homes.pop()
        check_module(self.compatibility.symbols, new)
        for dotted, (replacement, members) in groups.items():
            self._exchange(view, proposal, replacement, members, dotted)
        proposal.parts.append(renamed_text(view, text, old, new))
        proposal.reach |= {f"{PUT}{old}": None, f"{MODULE}{old}": None}
        self.imports.effects.note_unloaded(view, proposal, call)
        self.imports.effects.note_loads(view, proposal)
        proposal.title = f"Load `{new}` instead of `{old}`"
        around = None if is_late else circle(view, {new}, self.imports.effects.graph)
        if around is not None:
            raise around
        return proposal

    def _literal(self, view: View, diagnostic: Diagnostic) -> tuple[ast.Call, ast.Constant]:
        """The call that imports the module, and the string that names it in full."""
        match call := view.node_at(diagnostic.range, ast.Call):
            case ast.Call(func=func, args=[ast.Constant(value=str(name)) as text], keywords=[]):
                if last_name(func) == "import_module" and name == diagnostic.symbols[0]:
                    assert call is not None
                    return call, text
        raise Refusal(
            f"`{diagnostic.symbols[0]}` is imported by a string, and what is done with it is not followed",
            _BY_HAND,
        )

    def _places(self, view: View, call: ast.Call) -> Iterator[ast.expr]:
        """Where something is read of the module; Refusal where it may go elsewhere, or be another one."""
        uses = view.follow(call)
        for stored, name in uses.stored:
            what = {BY_KEY: "an item", BY_NAME: "an attribute"}.get(name, f"`{name}`")
            raise Refusal(f"line {stored.lineno} sets {what} on the module", _BY_HAND)
        for node, does in uses.escapes:
            raise Refusal(f"in line {node.lineno} the module {does}, and is not followed there", _BY_NAME)
        for node in [n for n, _ in uses.asked] + uses.none_asked:
            raise Refusal(f"line {node.lineno} does more with the module than to read of it", _BY_NAME)
        if not uses.members:
            raise Refusal(
                "nothing is read of the module, which may be there for what importing it does",
                "remove the line if it can go",
            )
        for attribute, _ in uses.members:
            place = attribute.value
            if place is not call and not (
                isinstance(place, ast.Name) and all(b.value is call for b in view.uses.bindings_of(place))
            ):
                raise Refusal(
                    f"what line {place.lineno} reads of may be another module", "give each a name of its own"
                )
            yield place

    def _exchange(
        self, view: View, proposal: Proposal, replacement: Replacement, members: list[ast.expr], dotted: str
    ) -> None:
        """Read the new object of the module where the old one was read, or got by a call."""
        verdict = self.compatibility.judge(view, replacement, members)
        self.imports.take(view, proposal, replacement, verdict)
        held = _held(replacement)
        name = replacement.new.qualified_name.removeprefix(f"{held.rpartition('.')[0]}.")
        for member in members:
            assert isinstance(member, ast.Attribute)
            node: ast.expr = member
            if replacement.takes_calls:
                call = view.uses.parents[member]
                assert isinstance(call, ast.Call)
                node = self.compatibility.got(view, replacement, call)
            (value, start), (first, end) = exact(view, member.value), exact(view, node)
            text = view.source.text
            if view.has_comment(first, end) or not text[start:end].lstrip().startswith("."):
                raise Refusal(f"line {node.lineno} has a comment or brackets where it is got", _BY_HAND)
            awaited = [(first, value, "")] if node is not member and isinstance(node, ast.Await) else []
            proposal.parts += [*awaited, (start, end, f".{name}{'()' if replacement.calls else ''}")]
        is_kept = replacement.is_same or not replacement.collapses
        proposal.reach |= {
            held: None,  # it is looked up there from now on
            **self.compatibility.patch_targets.through(view, replacement, name, True),
            **(verdict.reach if is_kept else dict.fromkeys(verdict.reach)),
            dotted: None if replacement.collapses else replacement.new.qualified_name,
        }
        proposal.reach |= dict.fromkeys(verdict.builders)  # the modules may run while they are patched
        self.imports.note(proposal, replacement, dotted)


def _held(replacement: Replacement) -> str:
    """The object that is read of the new module."""
    return (
        replacement.new.of.qualified_name
        if replacement.new.kind == "method" and replacement.new.of is not None
        else replacement.new.qualified_name
    )


def _is_in_function(view: View, node: ast.AST) -> bool:
    parents = view.uses.parents
    return nearest(parents.get(node), FunctionOrLambda, parents) is not None
