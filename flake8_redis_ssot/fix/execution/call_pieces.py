"""What a piece of code reads, calls and imports, and what its values may be: by the names in it."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable

from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.frameworks import LOADING, RUNNING_ANEW, RUNNING_SPECIFIED
from flake8_redis_ssot.libraries.standard import CONTEXT_METHODS, RECEIVERS
from flake8_redis_ssot.syntax.arguments import arguments_of
from flake8_redis_ssot.syntax.nodes import callee_of, last_name

OPENING = (RUNNING_ANEW - {"modules"}) | LOADING
_EVALUATING = frozenset(["eval", "exec"])
OPENING |= {"walk_packages", "iter_modules", "getfixturevalue"} | _EVALUATING
"""What may run code that no name shows."""
_BUILTINS = frozenset(dir(builtins))
_FORMATTED = re.compile(r"\{\w*\.(\w+)")
"""What the fields of `str.format` read."""
_NAMED = ast.Name | ast.Attribute
_READING = frozenset(["getattr", "attrgetter", "methodcaller", "getfixturevalue"])
_LAZY = frozenset(["map", "filter", "iter", "property", "attrgetter", "methodcaller"])
"""What calls or reads what it is given when something is done with what it returns."""
_TELLING = frozenset(
    ["open", "len", "str", "repr", "format", "int", "float", "bool", "bytes", "range", "print", "hash", "id"]
)
_PASSING = (_BUILTINS - _TELLING) | {"partial", "wraps", "Mock"}
"""What may return something of what it is given."""
_TAKING_OUT = frozenset(
    ["values", "items", "keys", "get", "pop", "popitem", "popleft", "setdefault", "copy", "union"]
)
"""Methods of containers that give what is in them."""
_NAMESPACES = frozenset(["vars", "globals", "locals", "__dict__"])
_CALLING = _LAZY | {"sorted", "max", "min"}
_WALKED = ("__iter__", "__next__", "__aiter__", "__anext__", "__getitem__", "__len__")
_ITEM = ("__getitem__", "__setitem__", "__delitem__", "__missing__", "__class_getitem__")
_COMPARED = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__", "__hash__")
_OPERATIONS = ["add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "pow", "and", "or", "xor"]
_OPERATIONS += ["lshift", "rshift", "divmod"]
_COMPUTED = tuple(f"__{before}{name}__" for name in _OPERATIONS for before in ("", "r", "i"))
_ALONE = ("__neg__", "__pos__", "__invert__", "__bool__", "__len__")

Ref = tuple[str, ...]
"""What is referred to: `("name", n, *attributes)`, `("import", n, *attributes)` of what an import gives,
`("self", *attributes)` of the object whose method it is, or `("member", attribute)` of any other object."""


@dataclass(slots=True)
class Flow:
    """What a value may be."""

    owner: str = ""
    of: set[Ref] = field(default_factory=set)
    """The names whose objects it may be."""
    results: set[Ref] = field(default_factory=set)
    """The functions whose results it may be."""
    taken: dict[Ref, list[Flow]] = field(default_factory=dict)
    """What those functions are given there."""
    given: str = ""
    """The function of whose parameters it is one: it may be whatever calls give that."""
    lambdas: list[Piece] = field(default_factory=list)
    prefixes: set[str] = field(default_factory=set)
    """How the names of attributes begin that are put together, and of which it may be one."""
    chosen: set[Ref] = field(default_factory=set)
    """What imports give, of which it is an attribute whose name is put together."""
    is_open: bool = False
    """Whether it is an attribute whose name is put together, and nothing shows which."""

    @property
    def is_alias(self) -> bool:
        """Whether it is nothing but what other names give."""
        return bool(self.of) and not (
            self.results or self.given or self.lambdas or self.prefixes or self.chosen or self.is_open
        )


@dataclass(slots=True)
class Piece:
    """Code that runs as a whole, in a class (`owner`) or none: what it reads, sets, hands on, calls and imports."""

    owner: str = ""
    read: set[Ref] = field(default_factory=set)
    stored: set[Ref] = field(default_factory=set)
    handed: set[Ref] = field(default_factory=set)
    called: set[Ref] = field(default_factory=set)
    flows: list[Flow] = field(default_factory=list)
    """The values that it calls and that are no names."""
    implicit: list[tuple[Flow, tuple[str, ...]]] = field(default_factory=list)
    """The values of which an operator or a statement calls one of the methods beside them."""
    chosen: set[tuple[Ref, str]] = field(default_factory=set)
    """Of what it reads an attribute whose name is put together, and how that name begins."""
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    quoted: set[str] = field(default_factory=set)
    """The dotted names in its strings."""
    runs_files: bool = False
    """Whether it runs files by their paths."""
    is_open: bool = False
    """Whether it may run what no name shows."""


def is_opening(call: ast.Call, names: Collection[str] = OPENING) -> bool:
    """Whether a call of one of these may load what it does not name itself."""
    return _is_loading(call, names) and not _names_module(call)


def _is_loading(call: ast.Call, names: Collection[str] = OPENING) -> bool:
    called = last_name(call.func)
    is_method = called in _EVALUATING and not isinstance(
        call.func, ast.Name
    )  # a client's runs a script on its server
    return called in names and called not in RUNNING_SPECIFIED and not is_method


def _names_module(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant)


def is_namespace(node: ast.expr) -> bool:
    """Whether an expression gives the names of a module, a class or an object."""
    return last_name(callee_of(node)) in _NAMESPACES


def flow_of(values: Iterable[ast.expr], imported: Collection[str], owner: str) -> Flow:
    """What expressions may give, with what is in it where that is a container."""
    flow = Flow(owner)
    stack: list[ast.AST] = [*values]
    while stack:
        node = stack.pop()
        match node:
            case ast.Lambda(body=body) | (ast.GeneratorExp() as body):
                flow.lambdas.append(piece_of([body], imported, owner))
            case ast.Call(func=func):
                if last_name(func) == "getattr":
                    _put_together(node, flow, imported)
                if isinstance(func, ast.Attribute) and func.attr in _TAKING_OUT:
                    stack.append(func.value)
                if last_name(func) in _LAZY:
                    flow.lambdas.append(piece_of([node], imported, owner))
                if last_name(func) not in _BUILTINS:
                    ref = reference(func, imported)[0]
                    flow.results.add(ref)
                    if given := arguments_of(node):
                        flow.taken.setdefault(ref, []).append(flow_of(given, imported, owner))
                if last_name(func) in _PASSING:
                    stack += (*node.args, *node.keywords)
            case ast.Name() | ast.Attribute():
                flow.of.add(reference(node, imported)[0])
            case ast.Compare() | ast.JoinedStr() | ast.BinOp():
                pass
            case ast.Subscript(value=value, slice=key):
                stack.append(value)
                if is_namespace(value):
                    match key:
                        case ast.Constant(value=str(name)):
                            flow.of |= {("member", name), ("name", name)}
                        case _:
                            flow.is_open = True
            case ast.IfExp(body=body, orelse=orelse):
                stack += (body, orelse)
            case _:
                stack += ast.iter_child_nodes(node)
    return flow


def _put_together(call: ast.Call, flow: Flow, imported: Collection[str]) -> None:
    """What `getattr` may give."""
    owner, prefix = _chosen(call, imported)
    if len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
        flow.of.add(("member", prefix))
    elif prefix:
        flow.prefixes.add(prefix)
    elif owner[0] == "import":
        flow.chosen.add(owner)
    else:
        flow.is_open = True


def _chosen(call: ast.Call, imported: Collection[str]) -> tuple[Ref, str]:
    """Of what `getattr` reads an attribute, and how its name begins."""
    owner = reference(call.args[0], imported)[0] if call.args else ("member", "")
    match call.args[1:]:
        case [
            ast.Constant(value=str(prefix))
            | ast.JoinedStr(values=[ast.Constant(value=str(prefix)), *_])
            | ast.BinOp(left=ast.Constant(value=str(prefix))),
            *_,
        ]:
            return owner, prefix.partition("%")[0]
    return owner, ""


def reference(node: ast.expr, imported: Collection[str]) -> tuple[Ref, list[Ref], ast.expr]:
    """What a name or attribute refers to, what is read on the way there, and the expression at the root."""
    attributes: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        attributes.insert(0, inner.attr)
        inner = inner.value
    match inner:
        case ast.Name(id=name) if name in imported:
            return ("import", name, *attributes), [], inner
        case ast.Name(id=name) | ast.Call(func=ast.Name(id="super" as name)):
            start: Ref = ("self",) if name in (*RECEIVERS, "super") and attributes else ("name", name)
            chain = [(*start, *attributes[:n]) for n in range(len(attributes) + 1)]
            return chain[-1], [one for one in chain[:-1] if len(one) > 1], ast.Name(name)
    members: list[Ref] = [("member", name) for name in attributes] or [("member", "")]
    return members[-1], members[:-1], inner


def piece_of(nodes: Iterable[ast.AST], imported: Collection[str], owner: str) -> Piece:
    """What pieces of code do; what runs later only, the bodies of functions, left out."""
    piece = Piece(owner)

    def flow(*values: ast.expr) -> Flow:
        return flow_of(values, imported, owner)

    stack: list[tuple[ast.AST, bool]] = [(node, False) for node in nodes]
    while stack:
        node, is_handed = stack.pop()
        match node:
            case ast.Import() | ast.ImportFrom():
                piece.imports.append(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                parts = (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults))
                stack += ((part, False) for part in parts)
                continue
            case ast.Attribute() | ast.Name():
                ref, more, inner = reference(node, imported)
                is_read = not isinstance(node.ctx, ast.Store)
                (piece.stored if not is_read else piece.handed if is_handed else piece.read).add(ref)
                piece.read.update(more)
                if not isinstance(inner, ast.Name):
                    stack.append((inner, False))
                continue
            case ast.ClassDef(bases=bases, keywords=keywords):  # their hooks make it
                named = (one for one in (*bases, *(k.value for k in keywords)) if isinstance(one, _NAMED))
                piece.called |= {reference(one, imported)[0] for one in named}
            case ast.MatchClass(kwd_attrs=names):
                piece.read |= {("member", name) for name in names}
            case ast.Constant(value=str(text)):
                piece.read |= {("member", name) for name in _FORMATTED.findall(text)}
                if "." in text and all(part.isidentifier() for part in text.split(".")):
                    piece.quoted.add(text)
            case ast.withitem(context_expr=inner):
                piece.implicit.append((flow(inner), CONTEXT_METHODS))
            case (
                ast.For(iter=inner)
                | ast.AsyncFor(iter=inner)
                | ast.comprehension(iter=inner)
                | ast.YieldFrom(value=inner)
            ):
                piece.implicit.append((flow(inner), _WALKED))
            case ast.Await(value=inner):
                piece.implicit.append((flow(inner), ("__await__",)))
            case ast.Subscript(value=inner):
                piece.implicit.append((flow(inner), _ITEM))
            case ast.BinOp(left=left, right=right):
                piece.implicit.append((flow(left, right), _COMPUTED))
            case ast.AugAssign(target=left, value=right):
                piece.implicit.append((flow(left, right), _COMPUTED))
            case ast.Compare(left=left, comparators=rights):
                piece.implicit.append((flow(left, *rights), _COMPARED))
            case ast.UnaryOp(operand=inner):
                piece.implicit.append((flow(inner), _ALONE))
            case ast.Call(func=func, args=args, keywords=keywords):
                called = last_name(func)
                piece.runs_files |= called in RUNNING_SPECIFIED
                piece.is_open |= is_opening(node)
                if _is_loading(node) and _names_module(node):
                    pass
                elif isinstance(func, ast.Name | ast.Attribute):
                    ref, more, inner = reference(func, imported)
                    piece.called.add(ref)
                    piece.read.update(more)
                    if not isinstance(inner, ast.Name):
                        stack.append((inner, False))
                else:
                    piece.flows.append(flow(func))
                    stack.append((func, False))
                if called == "getattr":
                    piece.chosen.add(_chosen(node, imported))
                if called in _READING:
                    texts = (str(one.value) for one in args if isinstance(one, ast.Constant))
                    piece.called |= {("member", part) for text in texts for part in text.split(".")}
                handed = called not in _BUILTINS or called in _CALLING
                stack += ((part, handed) for part in (*args, *keywords))
                continue
        inside = is_handed and not isinstance(node, ast.stmt)
        stack += ((part, inside) for part in ast.iter_child_nodes(node))
    return piece
