"""Change a module in one place at a time, and say which changes its tests do not notice.

    python tests/mutation/mutate.py flake8_redis_ssot/fix/edits/verify.py -- tests/integration/test_fix.py

Those that `equal.txt` names below their reason, as `MODULE | FUNCTION | CHANGE`, make no difference, and are left out.

What stands behind `--` is for pytest, which stops at the first test that fails. The changes are: a
comparison by its neighbour, `and` by `or`, a condition by its opposite, a constant by another one, a
result by None, and a statement, or an arm of `match`, left out. A change that no test notices is a gap in the tests, or
makes no difference. Messages (formatted strings) are not changed. Tests that start a process of their own meet
the module as it is written. Needs an operating system that can fork.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import multiprocessing
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from pathlib import Path

EQUAL = Path(__file__).parent / "equal.txt"
CPU = 120
"""Seconds for the tests of one change; one that runs for longer is noticed."""

_OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_SAID = ("annotation", "returns", "decorator_list", "type_comment")
"""Fields that say something of what stands there; a change of them is left to the type checker."""
_NAMED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_LEFT_OUT = (ast.AugAssign, ast.Break, ast.Continue, ast.Delete, ast.Expr, ast.Raise)


def mutants(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line of each change, and what it is, while the tree has it."""
    said = {part for node in ast.walk(tree) for part in _said_of(node)}
    for parent in ast.walk(tree):
        if (
            parent in said
            or isinstance(parent, ast.JoinedStr | ast.arg | ast.AnnAssign)
            or _is_import(parent)
        ):
            continue
        for name, value in ast.iter_fields(parent):
            if name in _SAID:
                continue
            if isinstance(value, ast.AST):
                for new in _others(parent, name, value):
                    setattr(parent, name, new)
                    yield _line(value, parent), _said(value, new)
                setattr(parent, name, value)
            elif isinstance(value, list):
                for n, old in enumerate(value):
                    for new in _others(parent, name, old):
                        setattr(parent, name, [*value[:n], *filter(None, [new]), *value[n + 1 :]])
                        yield _line(old, parent), _said(old, new)
                    setattr(parent, name, value)


def _said_of(node: ast.AST) -> Iterator[ast.AST]:
    """All parts of the decorators and annotations of a node."""
    for name in _SAID:
        value = getattr(node, name, None)
        for part in value if isinstance(value, list) else [value]:
            yield from ast.walk(part) if isinstance(part, ast.AST) else ()


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _others(parent: ast.AST, field: str, node: ast.AST) -> Iterator[ast.AST | None]:
    """What may stand in place of `node`; None where it is left out."""
    if type(node) in _OPPOSITE:
        yield _OPPOSITE[type(node)]()
    match node:
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):
            pass  # its own change is the opposite
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.expr() if field in ("test", "guard", "ifs"):
            yield ast.UnaryOp(ast.Not(), node)
        case ast.Constant(value=bool(held)):
            yield ast.Constant(not held)
        case ast.Constant(value=int(held)):
            yield ast.Constant(held + 1)
        case ast.Constant(value=str(held)) if not isinstance(parent, ast.Expr):
            yield ast.Constant(f"{held}_other")
        case ast.Return(value=ast.expr() as given) if not _is_nothing(given):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Constant()):
            pass
        case ast.match_case() if len(getattr(parent, "cases", ())) > 1:
            yield None
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Expr(value=ast.Yield() | ast.YieldFrom() as given):
            # what is left is a generator still
            yield ast.If(ast.Constant(False), [ast.Expr(given)], [])
        case _ if isinstance(node, _LEFT_OUT):
            yield ast.Pass()


def _is_nothing(node: ast.expr) -> bool:
    """Whether a result is None, or False, which is asked for its truth alone."""
    return isinstance(node, ast.Constant) and node.value in (None, False)


def _line(node: ast.AST, parent: ast.AST) -> int:
    for one in (node, parent, getattr(node, "pattern", None)):
        if hasattr(one, "lineno"):
            return int(one.lineno)
    return 0


def _said(old: ast.AST, new: ast.AST | None) -> str:
    texts = [
        type(n).__name__ if isinstance(n, ast.operator | ast.cmpop | ast.boolop) else _short(n)
        for n in (old, new)
    ]
    return f"{texts[0]}  ->  {texts[1]}"


def _short(node: ast.AST | None) -> str:
    text = "nothing" if node is None else " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= 70 else f"{text[:67]}..."


def changed(text: str) -> Iterator[tuple[int, str, str]]:
    """The line of each change, what it is, and the text of the module with it."""
    tree = ast.parse(text)
    before = ast.unparse(tree)
    for line, what in mutants(tree):
        after = ast.unparse(ast.fix_missing_locations(tree))
        if after != before:
            yield line, what, after


def placed(text: str) -> Iterator[tuple[int, str, str, str]]:
    """The same, with the function that each change is in behind its line."""
    bodies = [node for node in ast.walk(ast.parse(text)) if isinstance(node, _NAMED)]
    for line, what, after in changed(text):
        around = [node.name for node in bodies if node.lineno <= line <= (node.end_lineno or 0)]
        yield line, ".".join(around), what, after


def run_tests(path: str, text: str | None, arguments: Sequence[str]) -> None:
    """In a process of its own: run the tests with that text for the module, and end with pytest's exit code."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    plain = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, fullname: str) -> object:
        if text is not None and os.path.realpath(loader.path) == path:
            return compile(text, path, "exec", dont_inherit=True)
        return plain(loader, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
    with open(os.devnull, "w") as silent, contextlib.suppress(SystemExit):
        os.dup2(silent.fileno(), 1)
        os.dup2(silent.fileno(), 2)
        # pytest would rewrite, and so load by itself, the modules of a package that has a plugin
        quick = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
        os._exit(pytest.main([*quick, *arguments]))
    os._exit(1)


def notices(path: str, text: str | None, arguments: Sequence[str]) -> bool:
    """Whether a test fails with that text for the module."""
    process = multiprocessing.get_context("fork").Process(target=run_tests, args=(path, text, arguments))
    process.start()
    process.join()
    return process.exitcode != 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("module", type=Path, metavar="MODULE", help="the file that is changed")
    parser.add_argument(
        "--lines", metavar="FIRST-LAST", default="1-999999", help="only changes of these lines"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("tests", nargs="+", metavar="TESTS", help="arguments of pytest, behind `--`")
    options = parser.parse_args(arguments)
    path = os.path.realpath(options.module)
    first, last = map(int, options.lines.split("-"))
    if notices(path, None, options.tests):
        print("the tests fail with the module as it is; mend that first", file=sys.stderr)
        return 2
    equal = {line for line in EQUAL.read_text().splitlines() if not line.startswith("#")}
    made = [
        (line, f"{function}: {what}", after)
        for line, function, what, after in placed(Path(path).read_text())
        if first <= line <= last and f"{options.module} | {function} | {what}" not in equal
    ]
    survivors = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        seen = pool.map(lambda one: notices(path, one[2], options.tests), made)
        for (line, what, _), noticed in zip(made, seen, strict=True):
            if not noticed:
                survivors += 1
                print(f"{options.module}:{line}: {what}", flush=True)
    print(f"{len(made)} changes, {survivors} of them unnoticed")
    return int(survivors > 0)


if __name__ == "__main__":
    import astroid  # noqa: F401 - loaded once, for all that are forked off
    import hypothesis  # noqa: F401
    import pytest  # noqa: F401

    sys.exit(main())
