"""When a file takes a name of another module: while it is imported, or anew whenever a function runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import QualifiedName
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.frameworks import OBJECT_PATCHERS
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import last_name

Statement = ast.Import | ast.ImportFrom
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TYPING = "TYPE_CHECKING"


@dataclass(frozen=True, slots=True)
class Lookups:
    """How a file has a name of another module: `local_names` are its own names for it, taken while it was imported.

    `late` are the functions, by name and line, that look it up there whenever they run.
    """

    local_names: frozenset[str]
    late: frozenset[tuple[str, int]]


def import_statements(tree: ast.Module) -> Iterator[tuple[Statement, bool]]:
    """The import statements that can run, and whether they do so while the file is imported."""
    stack: list[tuple[ast.stmt, bool]] = [(node, True) for node in tree.body]
    while stack:
        node, is_early = stack.pop()
        if isinstance(node, Statement):
            yield node, is_early
            continue
        is_early = is_early and not isinstance(node, _FUNCTIONS)
        skipped = node.body if isinstance(node, ast.If) and last_name(node.test) == _TYPING else []
        for part in ast.iter_child_nodes(node):
            inner = part.body if isinstance(part, ast.ExceptHandler | ast.match_case) else [part]
            stack += [(s, is_early) for s in inner if isinstance(s, ast.stmt) and s not in skipped]


def lookups(inference: Inference, module: str, name: str) -> Lookups:
    """How the file has the `name` of `module`."""
    scopes, value = inference.scopes, QualifiedName(module)
    bound: set[str] = set()
    handles = {module.rpartition(".")[2]}
    late: set[tuple[str, int]] = set()
    for point in scopes.points((ast.Import, ast.ImportFrom)):
        is_from_it = isinstance(point.node, ast.ImportFrom) and module in scopes.bases(point.node)
        for alias in point.node.names if not point.for_typing else ():  # type: ignore[attr-defined]
            handles.add(alias.asname or alias.name)
            if is_from_it and alias.name in (name, "*"):
                if function_of(point) is None:
                    bound.add(alias.asname or name)
                late |= _around(point)
    for point in scopes.points((ast.Attribute, ast.Name)):
        node = point.node
        assert isinstance(node, ast.Attribute | ast.Name)
        if isinstance(node.ctx, ast.Store) or function_of(point) is None:
            continue
        if isinstance(node, ast.Attribute) and node.attr == name:
            if value in inference.values(node.value, point) and not _is_put_back(inference, node):
                late |= _around(point)
        elif (
            last_name(node) in handles
            and value in inference.values(node, point)
            and not _is_of_no_account(inference, node)
        ):
            late |= _around(point)
    return Lookups(frozenset(bound), frozenset(late))


def is_read_in_functions(inference: Inference, name: str) -> bool:
    """Whether a function of the file reads the module's `name`, or may by all of them."""
    return any(True for _ in functions_reading(inference, name))


def functions_reading(inference: Inference, name: str) -> Iterator[str]:
    """The names of the functions of the file that read the module's `name`, or may by all of them; lambdas have none."""
    at_top = set(inference.scopes.module.bindings.get(name, ()))
    for point in inference.scopes.points((ast.Name,)):
        function = function_of(point)
        if (
            isinstance(point.node, ast.Name)
            and function is not None
            and (
                point.node.id in ("globals", "vars")
                or (
                    point.node.id == name
                    and isinstance(point.node.ctx, ast.Load)
                    and not at_top.isdisjoint(inference.bindings(name, point))
                )
            )
        ):
            yield getattr(function, "name", "")


def _around(point: ProgramPoint) -> set[tuple[str, int]]:
    """The function that runs a place, by name and line; none where it runs with the file."""
    function = function_of(point)
    return set() if function is None else {(getattr(function, "name", ""), function.lineno)}


def _is_of_no_account(inference: Inference, node: ast.expr) -> bool:
    """Whether a module is named only to take another name from it, or to have one of its names patched."""
    tree = inference.scopes.module.node
    assert tree is not None
    match ancestors(tree, node)[0]:
        case ast.Attribute():
            return True
        case ast.Call(func=func, args=[first, *_]):
            return first is node and last_name(func) in OBJECT_PATCHERS
    return False


def _is_put_back(inference: Inference, node: ast.Attribute) -> bool:
    """Whether an attribute is read only to be kept, in a file that assigns to it."""
    tree = inference.scopes.module.node
    assert tree is not None
    parents = [part for part in ancestors(tree, node) if not isinstance(part, ast.Tuple)]
    return isinstance(parents[0], ast.Assign) and any(
        store.key == node.attr and last_name(store.owner) == last_name(node.value)
        for store in inference.scopes.stores
    )


def is_used_at_top(inference: Inference, name: str) -> bool:
    """Whether what has that last name is called while the file is imported."""
    return any(
        function_of(point) is None and last_name(point.node.func) == name  # type: ignore[attr-defined]
        for point in inference.scopes.calls
    )
