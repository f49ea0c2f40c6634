"""How a new object is called in a file, and where its name can be written."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.syntax.bindings import Binding
from flake8_redis_ssot.syntax.imports import Imported, Part
from flake8_redis_ssot.syntax.nodes import all_nodes

_SHOWN = re.compile(r"=\s*(?:![rsa]\s*)?[}:]")
"""How a field of an f-string ends that shows the text of its expression too: `f"{name=}"`."""


def is_shown(view: View, node: ast.expr) -> bool:
    """Whether the text of an expression is part of what an f-string gives."""
    may_be, string, above = False, None, view.uses.parents.get(node)
    while isinstance(above, ast.expr | ast.keyword | ast.comprehension):
        around = view.uses.parents.get(above)
        if isinstance(above, ast.FormattedValue) and isinstance(around, ast.JoinedStr):
            at = around.values.index(above)
            match around.values[at - 1 : at]:
                case [ast.Constant(value=str(text))]:
                    may_be = may_be or text.rstrip().endswith("=")
        string = above if isinstance(above, ast.JoinedStr) else string
        above = around
    # inside an f-string older versions of Python tell no places
    return may_be and string is not None and _SHOWN.search(view.source.text, *view.span(string)) is not None


def exact(view: View, node: ast.expr, text: str | None = None) -> tuple[int, int]:
    """Where `node` stands, if it is written there as the tree has it."""
    if is_shown(view, node):
        raise Refusal(
            f"an f-string shows the text of it in line {node.lineno} (`=`)", "write that text out before it"
        )
    start, end = view.span(node)
    segment = view.source.text[start:end]
    try:
        same = ast.dump(ast.parse(f"({segment})", mode="eval").body) == ast.dump(node)
    except (SyntaxError, ValueError):
        same = False
    if not same or (text is not None and segment != text):
        raise Refusal(
            f"where line {node.lineno} has it cannot be determined, as inside an f-string",
            "give it a name on a line of its own",
        )
    return start, end


def renamed_text(view: View, node: ast.Constant, old: str, new: str) -> Part:
    """The change of a string literal that has `old` at its beginning."""
    start, end = view.span(node)
    at = view.source.text.find(old, start, end)
    if at < 0 or view.source.text.find(old, at + 1, end) >= 0:
        raise Refusal("the string is written in parts, or with escapes", "change it by hand")
    return at, at + len(old), new


def renamed(view: View, node: ast.Attribute | ast.keyword, name: str) -> Part:
    """The change by which a member, or a keyword of a call, has another name."""
    if isinstance(node, ast.Attribute):
        _, end = exact(view, node)
        return end - len(node.attr), end, name
    call = view.uses.parents[node]
    assert isinstance(call, ast.Call) and node.arg is not None
    exact(view, call)
    start, _ = view.span(node)
    return start, start + len(node.arg), name


def spelled(view: View, statement: ast.Import | ast.ImportFrom, module: str) -> str:
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


def module_name(view: View, proposal: Proposal, name: str, module: str) -> str:
    """How the new module is called in the file; its import is added to `proposal`."""
    statement, alias = proposal.statement, proposal.drops[0]
    assert statement is not None
    package, _, last = module.rpartition(".")
    if isinstance(statement, ast.Import):
        proposal.adds = [Imported(module, None, alias.asname)]
        return alias.asname or module
    own = alias.asname is None and last not in view.uses.words and not view.is_submodule(last)
    own = own and (view.uses.scope_of(statement).kind == "function" or not view.is_asked_for(last))
    bound = last if own else name
    proposal.adds = [Imported(spelled(view, statement, package), last, bound if bound != last else None)]
    if not package:
        proposal.adds = [Imported(module, None, bound if bound != module else None)]
    return bound


def name_for(view: View, proposal: Proposal, home: str, places: Sequence[ast.expr]) -> str:
    """The name of the object `home` at `places`: one that the file has already, else one of an import added."""
    statement = proposal.anchor
    assert statement is not None
    module, _, last = home.rpartition(".")
    for found_statement, alias in view.aliases.values():
        if not isinstance(found_statement, ast.ImportFrom) or not view.runs_before(
            found_statement, statement
        ):
            continue
        for base in view.bases(found_statement):
            found = view.uses.binding(found_statement, alias)
            taken_from = f"{base}.{alias.name}"
            if found is None or alias in proposal.drops:
                continue
            if taken_from != home and not _leads(view, taken_from, home, alias, found):
                continue
            if all(view.uses.means(found[0], first_name(place), found[1]) for place in places):
                return found[0]
    taken = view.uses.words | view.uses.texts.keys() | {one.local_name for one in proposal.adds}
    wanted = [last, f"shared_{last}", f"the_{last}"]
    free = [name for name in wanted if name not in taken and not view.is_submodule(name)]
    new = next((name for name in free if not view.is_asked_for(name)), free[0] if free else None)
    added = next((one for one in proposal.adds if one.name == last), None)
    if added is not None:
        return added.local_name
    if new is None:
        raise Refusal(
            f"the name `{last}` is taken in this file, and so are {' and '.join(f'`{n}`' for n in wanted[1:])}",
            "rename what has it",
        )
    proposal.adds.append(Imported(spelled(view, statement, module), last, new if new != last else None))
    return new


def _leads(view: View, name: str, home: str, alias: ast.alias, found: tuple[str, Binding]) -> bool:
    """Whether an import of another module gives the object `home`, under a name that stays whatever becomes of it."""
    led = view.modules.lookup(name)
    stays = alias.asname is not None or alias.name == home.rpartition(".")[2]
    return led is not None and led.qualified_name == home and stays and bool(view.uses.of(*found))


def first_name(place: ast.expr) -> ast.Name:
    """The name with which a chain of attributes begins."""
    return next(node for node in all_nodes(place) if isinstance(node, ast.Name))


def dotted_places(view: View, alias: ast.alias) -> dict[ast.expr, None]:
    """Where `import a.b.c` is used as `a.b.c`."""
    first, *rest = alias.name.split(".")
    found: dict[ast.expr, None] = {}
    for point in view.uses.points.values():
        if isinstance(point.node, ast.Name) and point.node.id == first:
            bindings = view.uses.names.bindings(first, point, typing=True)
            chained = view.uses.chain(point.node, rest)
            if chained is not None and bindings and all(b.target == first for b in bindings):
                found[chained] = None
    return found
