"""In which scope a name is bound: compared with `symtable` on files of the standard library."""

from __future__ import annotations

import ast
import os
import re
import symtable
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flake8_redis_ssot.syntax.bindings import Scope
from flake8_redis_ssot.syntax.scope_builder import build_scopes

pytestmark = pytest.mark.filterwarnings("ignore")

LIBRARY = Path(sysconfig.get_path("stdlib"))
FILES = sorted(
    str(path.relative_to(LIBRARY))
    for path in LIBRARY.rglob("*.py")
    if not {"site-packages", "lib2to3"} & set(path.parts)
)
INLINES = sys.version_info >= (3, 12)
EXPRESSIONS = ast.expr.__subclasses__()
IMPLICIT = {".0", "__class__", "__classdict__", "__conditional_annotations__"}
"""Names that Python makes by itself."""


def tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """The table and those within it; those of type parameters and annotations have other types."""
    if str(table.get_type()).lower() in ("module", "class", "function"):
        yield table
        for child in table.get_children():
            yield from tables(child)


def key_of(node: ast.AST | None) -> tuple[str, int]:
    """The name and line that `symtable` gives to the scope of a node."""
    match node:
        case ast.Lambda():
            return "lambda", node.lineno
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name, node.lineno
    return "top", 0


def owner_of(scope: Scope, name: str) -> Scope | None:
    """The scope whose `name` is meant in `scope`; None where no scope of the file binds it."""
    here: Scope | None = scope
    while here is not None:
        if here is scope or here.kind != "class":
            if name in here.outer:
                return here.outer[name]
            if name in here.bindings:
                return here
        here = here.parent
    return None


def is_mangled(name: str) -> bool:
    """Whether Python made the name itself, or from a private one of a class."""
    return name in IMPLICIT or re.match(r"_\w*?[^_]__\w", name) is not None


def is_right(symbol: symtable.Symbol, scope: Scope) -> bool:
    owner = owner_of(scope, symbol.get_name())
    if symbol.is_local():
        return owner is scope
    if symbol.is_free():
        return owner is not None and owner is not scope and owner.kind == "function"
    return owner is None or owner.kind == "module"


def differences(text: str) -> list[str]:
    """Names that `Scopes` puts into another scope than Python does, and scopes that one of them lacks."""
    tree = ast.parse(text)
    scopes = build_scopes(tree, text, ("sample",), False)
    inner = {point.scope for point in scopes.points(EXPRESSIONS)}
    ours: dict[tuple[str, int], list[Scope]] = {}
    for scope in (scopes.module, *scopes.namespaces.values()):
        ours.setdefault(key_of(scope.node), []).append(scope)
    theirs: dict[tuple[str, int], list[symtable.SymbolTable]] = {}
    bound: Counter[tuple[int, frozenset[str]]] = Counter()
    for table in tables(symtable.symtable(text, "sample", "exec")):
        if ".0" in table.get_identifiers():  # a comprehension
            local = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
            bound[table.get_lineno(), frozenset(local - IMPLICIT)] += 1
        else:
            line = 0 if table.get_name() == "top" and table.get_type() == "module" else table.get_lineno()
            theirs.setdefault((table.get_name(), line), []).append(table)
    comprehensions = [scope for scope in inner if scope.kind == "comprehension"]
    bound.subtract((getattr(s.node, "lineno", 0), frozenset(s.bindings)) for s in comprehensions)
    # what is declared alone (`x: int`) is a name of the scope, but bound to nothing
    bare = {
        getattr(n.target, "id", "") for n in ast.walk(tree) if isinstance(n, ast.AnnAssign) and not n.value
    }
    # since Python 3.12 comprehensions are part of the table around them, where their names stand for two things
    inlined = {name for scope in comprehensions for name in scope.bindings} if INLINES else set()
    if INLINES:
        bound.clear()
    found = [f"a comprehension in line {line} binds {set(names)}" for (line, names), n in bound.items() if n]
    found += [f"a scope {key} of one alone" for key in ours.keys() ^ theirs.keys()]
    for key in ours.keys() & theirs.keys():
        if (
            len(ours[key]) == len(theirs[key]) == 1
        ):  # lambdas in one line cannot be determined from each other
            for symbol in theirs[key][0].get_symbols():
                name = symbol.get_name()
                declared = symbol.is_annotated() and name in bare
                if (
                    name not in inlined
                    and not declared
                    and not is_mangled(name)
                    and not is_right(symbol, ours[key][0])
                ):
                    found.append(f"{name} in {key}")
    return found


def readable(path: Path) -> str | None:
    """The text of a file that this Python compiles, without type parameters: those have scopes of their own."""
    try:
        text = path.read_text()
        compile(text, str(path), "exec")
        generic = any(getattr(node, "type_params", ()) for node in ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError):
        return None
    return None if generic else text


@settings(max_examples=int(os.environ.get("EXAMPLES", "30")), deadline=None)
@given(st.sampled_from(FILES))
def test_names_are_bound_where_python_binds_them(name: str) -> None:
    text = readable(LIBRARY / name)
    if text is not None:
        assert differences(text) == []
