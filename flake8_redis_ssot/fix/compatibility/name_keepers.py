"""Who keeps the name of the module or class in which a function stands: with another one, a queue has other tasks."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Literal, get_args

from flake8_redis_ssot.analysis.hot_paths import callee_names
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.signatures import parameter_names
from flake8_redis_ssot.fix.sources.symbols import Symbol, Symbols
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.libraries.frameworks import (
    CALLING,
    JOBS,
    KEYED_BY_NAME,
    ONLY_CALLING,
    TASKS,
)
from flake8_redis_ssot.libraries.standard import (
    CARRYING,
    NAME_COPIERS,
    PICKLING,
    PLACES,
    RECEIVERS,
    REPORTING,
)
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.syntax.arguments import arguments_of, parameter_of
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import (
    Function,
    all_nodes,
    callee_of,
    last_name,
    nearest,
    parents_of,
    unparsed,
)

_NAMES = PLACES | {"__name__"}
_READ = re.compile(rb"__(?:module|qualname)__|(?:\)|__class__)\.__name__\b")
_WORDS = (b"__module__", b"__qualname__", b".__name__")
_DEPTH = 3
_WRITING = frozenset(["dump", "dumps"])
_OF_CLASS = frozenset(["__init__", "__new__", "__call__", "__get__", "__set_name__"])
"""Methods that have what a class, or an object that is called, was given."""

_Asked = Literal["itself", "class"]
"""Whose name is read: that of a function or class itself, or that of the class of an object."""

_Keepers = dict[tuple[str, _Asked], dict[str, tuple[str, int]]]
"""Functions, methods and classes by their qualified names, each with the names read of what they are given, and where."""


class NameKeepers:
    """Finds what is handed to libraries and code that keep it by the names of its module and class."""

    def __init__(self, index: ProjectIndex, reads: ProjectReads, symbols: Symbols) -> None:
        self._index = index
        self._reads = reads
        self._symbols = symbols

    def why(
        self, view: View, node: ast.expr, old: Symbol, new: Symbol, *, is_object: bool = False
    ) -> str | None:
        """Where a name of `node`, the class or function `old`, may be kept that `new` has otherwise; None if nowhere.

        What `is_object` is one of the class, anything else a method of it, or the function or class itself.
        """
        changed = _changed(old, new)
        for place, given in self._given(view, node, set()):
            if isinstance(given, ast.Attribute):
                if (
                    not is_object
                    and given.attr in changed & PLACES
                    and not _is_told(given, view.uses.parents)
                ):
                    return f"line {place.lineno} reads `{given.attr}` of `{unparsed(node)}`, which is another one"
            elif (
                is_object
                and isinstance(named := view.uses.parents.get(given), ast.Attribute)
                and named.attr in changed
                and "class" in _asked_of(named)
                and not _is_told(named, view.uses.parents)
            ):
                return f"line {place.lineno} reads `{named.attr}` of the class of `{unparsed(node)}`, which is another one"
            elif why := self._kept_by(view, given, changed, is_object=is_object):
                return f"line {place.lineno} hands `{unparsed(node)}` to `{unparsed(given.func)}`, {why}"
        return None

    def in_text(self, view: View, node: ast.expr, old: Symbol, new: Symbol) -> str | None:
        """Where the text of an object of the class `old`, which names that, may be for more than people to read."""
        if not _changed(old, new) or _is_told(node, view.uses.parents):
            return None
        return f"line {node.lineno} makes a text of `{unparsed(node)}`, which names another class"

    def is_kept(self, view: View, node: ast.expr) -> bool:
        """Whether code of the project has a method for more than to call it: it equals no method of another object."""
        for place, call in self._given(view, node, set()):
            if isinstance(call, ast.Call):
                found = self._called(view, callee_of(call.func))
                function = _run_by(found.node) if found is not None else None
                if function is not None:
                    shifted = next(iter(parameter_names(function)), "") in RECEIVERS
                    if not _only_calls(function, parameter_of(call, function.args, place, shifted=shifted)):
                        return True
        return False

    def _given(
        self, view: View, node: ast.expr, seen: set[ast.AST]
    ) -> Iterator[tuple[ast.expr, ast.Call | ast.Attribute]]:
        """The calls that are given something, and what is read of it, each with the place."""
        if node in seen:
            return
        seen.add(node)
        parents = view.uses.parents
        uses = view.follow(node)
        for attribute, _ in uses.members:
            yield attribute, attribute
            if attribute.attr == "__func__":
                yield from self._given(view, attribute, seen)
        for place, _ in uses.escapes:
            above = parents.get(place)
            above = parents.get(above) if isinstance(above, ast.keyword) else above
            if isinstance(above, ast.Call):
                yield place, above
                if last_name(above.func) not in CARRYING and not self._wraps(view, above):
                    continue
            if isinstance(above, ast.Call | ast.List | ast.Tuple | ast.Set | ast.Dict | ast.Starred):
                yield from self._given(view, above, seen)

    def _wraps(self, view: View, call: ast.Call) -> bool:
        """Whether a function of the project gives one that has the name of what it is given."""
        found = self._called(view, call.func)
        return found is not None and any(
            isinstance(part, ast.Call) and last_name(part.func) in NAME_COPIERS
            for part in all_nodes(found.node or ast.Pass())
        )

    def _called(self, view: View, func: ast.expr) -> Symbol | None:
        """The function, class or method of the project that a call in a file calls."""
        around = nearest(func, Function, view.uses.parents)
        function = around if isinstance(around, Function) else None
        return self._resolved(func, next(iter(view.place.modules), ""), function)

    def _resolved(self, func: ast.expr, module: str, function: Function | None) -> Symbol | None:
        found = self._symbols.value(func, module, function)
        if found is not None and found.kind != "other":
            return found.of or found
        owner = self._symbols.value(func.value, module, function) if isinstance(func, ast.Attribute) else None
        of = owner.of or owner if owner is not None else None
        if of is None or of.kind != "class" or not isinstance(func, ast.Attribute):
            return None
        for one in self._symbols.order(of)[0]:
            if isinstance(one.node, ast.ClassDef) and any(
                isinstance(part, Function) and part.name == func.attr for part in one.node.body
            ):
                return Symbol("function", f"{one.qualified_name}.{func.attr}", one.node)
        return None

    def _kept_by(
        self, view: View, call: ast.Call, changed: Collection[str], *, is_object: bool
    ) -> str | None:
        """How what a call is given is kept by a name of it; None where that is not known."""
        func = callee_of(call.func)
        named = () if is_object else view.context.scopes.calls_of({last_name(call.func)})
        point = next((point for point in named if point.node is call), None)
        if point is not None and _is_keyed(call, func, point, view.context.inference):
            return "which keeps it by the names of its module and class, and these are others"
        found = self._called(view, func)
        asked: _Asked = "class" if is_object else "itself"
        kept = self._keepers.get((found.qualified_name, asked), {}) if found is not None else {}
        for name in sorted(kept.keys() & changed):
            path, line = kept[name]
            return f"and {self._symbols.short(path)}:{line} reads `{name}` of what it is given, which is another one"
        return None

    @cached_property
    def _keepers(self) -> _Keepers:
        """The code of the project that reads a name of what it is given."""
        found: _Keepers = {}
        for path, _ in self._reads.matching(_READ, _WORDS):
            tree, modules = self._reads.tree(path), self._index.place(path).modules
            for name, attribute in _reading(tree) if tree is not None else ():
                for module in modules:
                    for asked in _asked_of(attribute):
                        kept = found.setdefault((f"{module}.{name}", asked), {})
                        kept.setdefault(attribute.attr, (path, attribute.lineno))
        for _ in range(_DEPTH if found else 0):
            self._add_callers(found)
        return found

    def _add_callers(self, found: _Keepers) -> None:
        """Add the functions that hand a parameter of theirs to one that is there."""
        names = {name.rpartition(".")[2].encode() for name, _ in found}
        words = sorted(names)
        pattern = re.compile(rb"\b(?:%b)\(" % b"|".join(map(re.escape, words)))
        for path, _ in self._reads.matching(pattern, words):
            tree, modules = self._reads.tree(path), self._index.place(path).modules
            for name, function, call in _handing_on(tree) if tree is not None and modules else ():
                if last_name(call.func).encode() in names:
                    called = self._resolved(call.func, modules[0], function)
                    for asked in get_args(_Asked):
                        if called is not None and (kept := found.get((called.qualified_name, asked))):
                            for module in modules:
                                found.setdefault((f"{module}.{name}", asked), kept)


def _run_by(node: ast.AST | None) -> Function | None:
    """The function that runs when a function or class is called."""
    if isinstance(node, ast.ClassDef):
        return next((p for p in node.body if isinstance(p, Function) and p.name == "__init__"), None)
    return node if isinstance(node, Function) else None


def _only_calls(function: Function, parameter: str) -> bool:
    """Whether a function does nothing with a parameter but to call it, or to have it called."""
    for above in all_nodes(function):
        for part in ast.iter_child_nodes(above):
            if not (isinstance(part, ast.Name) and part.id == parameter):
                continue
            is_asked = isinstance(above, ast.Attribute) and above.attr in _NAMES
            is_called = isinstance(above, ast.Call) and (
                above.func is part or last_name(above.func) in ONLY_CALLING
            )
            if not (is_asked or is_called):
                return False
    return True


def _is_keyed(call: ast.Call, func: ast.expr, point: ProgramPoint, inference: Inference) -> bool:
    """Whether a library takes a function for a job, or to keep what it gives, under the name that it finds."""
    names, last = callee_names(func, point, inference), last_name(func)
    calls = [call, call.func] if isinstance(call.func, ast.Call) else [call]
    if last in TASKS and any(
        (k.arg or "").endswith("name") and isinstance(getattr(k.value, "value", None), str)
        for one in calls
        for k in one.keywords
    ):
        return False  # it says the name
    if last in JOBS and names and all(map(inference.names.is_ours, names)):
        return True
    packages = [(name.partition(".")[0], name.rpartition(".")[2]) for name in names]
    return any(
        (package in PICKLING and name in _WRITING)
        or CALLING.get(package, {}).get(name) == "job"
        or name in KEYED_BY_NAME.get(package, ())
        for package, name in packages
    )


def _changed(old: Symbol, new: Symbol) -> set[str]:
    """The names of a class or function that another one has otherwise."""
    changed = {"__module__"} if old.module != new.module else set[str]()
    if old.qualified_name.rpartition(".")[2] != new.qualified_name.rpartition(".")[2]:
        changed |= {"__qualname__", "__name__"}
    return changed


def _asked_of(attribute: ast.Attribute) -> Iterator[_Asked]:
    """Whose name an attribute reads."""
    match attribute.value:
        case ast.Call(func=ast.Name(id="type")) | ast.Attribute(attr="__class__"):
            yield "class"
        case _ if attribute.attr in PLACES:
            yield "itself"
            if attribute.attr == "__module__":
                yield "class"


def _reading(tree: ast.Module) -> Iterator[tuple[str, ast.Attribute]]:
    """What reads a name that says where something stands, by its own name in the module; a class where its objects do."""
    parents = parents_of(tree)
    for part in parents:
        match part:
            case ast.Attribute(attr=attr, ctx=ast.Load()) if attr in _NAMES:
                inner = part.value
                if isinstance(inner, ast.Call) and inner.args:
                    inner = inner.args[0]
                if isinstance(inner, ast.Attribute) and inner.attr == "__class__":
                    inner = inner.value
                if not _is_told(part, parents) and not (
                    isinstance(inner, ast.Name) and inner.id in RECEIVERS
                ):
                    for name, _ in _around(part, parents):
                        yield name, part
            case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(attr)), *_]) if (
                attr in PLACES and not _is_told(part, parents)
            ):
                read = ast.copy_location(ast.Attribute(value, attr, ast.Load()), part)
                for name, _ in _around(part, parents):
                    yield name, read


def _handing_on(tree: ast.Module) -> Iterator[tuple[str, Function, ast.Call]]:
    """The calls that are given a parameter of a function around them, with that function, by its name in the module."""
    parents = parents_of(tree)
    for part in parents:
        if isinstance(part, ast.Call):
            given = {a.id for a in arguments_of(part) if isinstance(a, ast.Name)}
            for name, function in _around(part, parents) if given else ():
                if given & {
                    p for f in all_nodes(function) if isinstance(f, Function) for p in parameter_names(f)
                }:
                    yield name, function, part


def _around(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[tuple[str, Function]]:
    """The outermost function in which something stands, by its name in the module; the class too, if it makes its objects."""
    function, above = None, parents.get(node)
    names: list[str] = []
    while above is not None:
        if isinstance(above, Function):
            function, names = above, []
        elif isinstance(above, ast.ClassDef) and function is not None:
            names.insert(0, above.name)
        above = parents.get(above)
    if function is not None:
        yield ".".join([*names, function.name]), function
        if names and function.name in _OF_CLASS:
            yield ".".join(names), function


def _is_told(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether something is only told to people, or copied to another function's name."""
    above: ast.AST | None = node
    while above is not None and not isinstance(above, ast.stmt):
        above = parents.get(above)
        if isinstance(above, ast.Call):
            func = above.func
            if "ogger" in last_name(func) or (last_name(func) in REPORTING and "log" in unparsed(func)):
                return True
    return isinstance(above, ast.Raise) or (
        isinstance(above, ast.Assign) and any(last_name(target) in _NAMES for target in above.targets)
    )
