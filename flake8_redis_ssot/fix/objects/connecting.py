"""What one call of a builder connects to, as far as the source shows all of it, and how two calls differ."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from flake8_redis_ssot.facts.modules import bindings_in
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.objects.resolver import Resolver, Untold
from flake8_redis_ssot.fix.sources.names import locals_of
from flake8_redis_ssot.fix.sources.signatures import parameter_names
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.inference.methods import is_asyncio
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.standard import CACHES, CHANGING, SAME_TEXT
from flake8_redis_ssot.libraries.traits import SAID_ANYHOW, SAYING_WHERE, SECRETS, SIZES, TUNING
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of, names_bound_in, unparsed

Leads = Callable[[Code], Code | None]
"""The call that builds what an expression gives, where it gives what is there already."""

_READING = frozenset(["os.environ.get", "os.getenv"])
_CONVERSIONS = SAME_TEXT | {"int", "float", "bool"}
_OPTIONS = "make the options alike, or let the manager give a client with these"
_ELSEWHERE = "let the manager give a client for it, or `allow` it, if that is on purpose; to make both alike moves data"


class Told(Resolver):
    """As `Resolver`, for one call: takes for told only what is the same whenever the call is made.

    A function that is not known to be called so may be called with anything, which no default tells. `hidden` are the
    names of the functions and comprehensions around that one; `leads` says where a pool comes from. `attributes` are those of
    objects that were read on the way, `doubts` the calls that may give something else each time, `early` what is
    read when modules run; with `is_made_early` that is when objects are made.
    """

    def __init__(
        self,
        making: Making,
        code: Code,
        depth: int = 0,
        *,
        leads: Leads,
        hidden: frozenset[str] = frozenset(),
        is_tuned: bool = False,
        is_made_early: bool = False,
    ) -> None:
        super().__init__(making, code, depth)
        self.leads = leads
        self.hidden = hidden
        self.is_tuned = is_tuned
        self.attributes: set[str] = set()
        self.doubts: set[str] = set()
        self.early: Counter[str] = Counter()
        self.is_made_early = is_made_early
        self.left_out = frozenset() if is_tuned else TUNING

    def inner(self, code: Code) -> Told:
        hidden = self.hidden if code.function is self.code.function else frozenset()
        found = Told(
            self.making, code, self.depth + 1,
            leads=self.leads, hidden=hidden, is_tuned=self.is_tuned, is_made_early=self.is_made_early,
        )  # fmt: skip
        found.attributes, found.doubts, found.early = self.attributes, self.doubts, self.early
        return found

    def is_own(self, name: str) -> bool:
        function = self.code.function
        is_hidden = name in self.hidden and not (function is not None and name in locals_of(function))
        return is_hidden or super().is_own(name)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if self.is_own(node.id):
            raise Untold(node)
        found = super().visit_Name(node)
        if found is node and not hasattr(builtins, node.id):
            raise Untold(node)
        return found

    def local(self, name: str, function: Function) -> ast.expr:
        is_asked = name in parameter_names(function) and name not in self.code.given
        if is_asked and not self.code.is_called:
            at = self.making.symbols.at(self.code.at(function))
            why = f"`{{}}`{at} is a parameter of `{function.name}`, which callers give"
            raise Untold(name, why, f"read the setting in `{function.name}` itself")
        return super().local(name, function)

    def attribute(self, owner: Symbol, node: ast.Attribute) -> ast.expr:
        maker = self.code.maker
        if maker is not None and not self.making.is_given_to(maker, owner):
            raise Untold(node)
        before = Counter(self.early)
        found = super().attribute(owner, node)
        if found is node:
            raise Untold(node)
        self.attributes.add(node.attr)
        stores = (s for s in self.making.stores(owner) if s.attribute == node.attr)
        if self.is_made_early and all(s.method == "__init__" for s in stores):
            self.early.clear()
            self.early.update([*before.elements(), *read_in(found)])
        return found

    def named(self, name: str) -> ast.expr:
        symbols = self.making.symbols
        found = symbols.modules.lookup(name)
        if found is None:
            raise Untold(name)
        if found.qualified_name in self.making.table or found.kind != "object":
            return super().named(name)
        symbol = symbols.symbol(found.qualified_name)
        module, _, last = found.qualified_name.rpartition(".")
        if symbol is None or symbol.is_set_later or self.making.is_rebound(found.qualified_name):
            raise Untold(found.qualified_name, "`{}` is given another value at run time")
        tree = symbols.tree(module)
        values = [
            getattr(n, "value", None)
            for b, n in bindings_in(tree.body if tree is not None else [])
            if b == last
        ]
        if len(values) == 1 and isinstance(values[0], ast.expr):
            with suppress(Untold):
                value = self.of(Code(values[0], module))
                if self.code.function is not None:
                    self.early.update(read_in(value))
                return value
        return ast.Name(found.qualified_name, ast.Load())

    def late(self, text: str) -> set[str]:
        """Of what is read for this `text`, that which is read when the call is made, not when its module runs."""
        read = Counter(read_in(ast.parse(text, mode="eval").body))
        function = self.code.function
        is_late = function is not None and not (self.is_made_early and function.name == "__init__")
        return {word for word, times in read.items() if is_late and times > self.early[word]}

    def pool(self, node: ast.expr) -> ast.expr:
        behind = self.leads(self.code.at(node))
        return self.visit(node) if behind is None else self.of(behind)

    def called(self, node: ast.Call) -> ast.expr:
        """A reading of the environment, a conversion, or a function that always gives the same."""
        symbols = self.making.symbols
        symbol = symbols.value(node.func, self.code.module, self.code.function)
        if symbol is not None and isinstance(symbol.node, Function):
            if decorators_of(symbol.node) & CACHES and not (node.args or node.keywords):
                return ast.Call(ast.Name(symbol.qualified_name, ast.Load()), [], [])
            given = [*node.args, *node.keywords, *parameter_names(symbol.node), *symbol.node.decorator_list]
            value = symbol.node.body[-1]
            is_plain = symbols.is_plain(symbol) and not given and isinstance(symbol.node, ast.FunctionDef)
            if is_plain and isinstance(value, ast.Return) and value.value is not None:
                return self.of(Code(value.value, symbol.module, None, symbol.node))
        match node:
            case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(read))]) if (
                symbol is None and read.isidentifier()
            ):
                reading: ast.expr = self.visit(ast.Attribute(owner, read, ast.Load()))
                return reading
        found = self.generic_visit(node)
        assert isinstance(found, ast.Call)
        name = unparsed(found.func)
        if name in _READING:
            found.func = ast.parse("os.environ.get", mode="eval").body
        elif not (
            (symbol is not None and symbol.kind == "class") or name in _CONVERSIONS or _is_looked_up(found)
        ):
            if name.rpartition(".")[2] in CHANGING:
                raise Untold(found, "what `{}` gives is not the same each time")
            self.doubts.add(unparsed(found))
        return found

    def text_of_call(self, call: ast.Call, target: str) -> str:
        """A call that is known to be one of the builder `target`, resolved."""
        copy = ast.parse(unparsed(call), mode="eval").body
        assert isinstance(copy, ast.Call)
        self.own = names_bound_in(copy)
        return unparsed(self.built(copy, target))

    def built(self, node: ast.Call, target: str) -> ast.expr:
        found = super().built(node, target)
        assert isinstance(found, ast.Call)
        given = {k.arg or "": k.value for k in found.keywords}
        given |= _parts_of_url(given.pop("url")) if _parts_of_url(given.get("url")) else {}
        kept = {name: value for name, value in given.items() if SAID_ANYHOW.get(name) != unparsed(value)}
        return ast.Call(found.func, [], [ast.keyword(name, value) for name, value in sorted(kept.items())])


def _is_looked_up(call: ast.Call) -> bool:
    """Whether a call looks up what an object has under a constant key, or makes the same text of one."""
    func = call.func
    if not isinstance(func, ast.Attribute) or (isinstance(func.value, ast.Name) and func.attr == "get"):
        return False  # of a module, as `requests.get`
    is_key = bool(call.args) and isinstance(call.args[0], ast.Constant)
    return func.attr in SAME_TEXT or (func.attr == "get" and is_key)


def _parts_of_url(node: ast.expr | None) -> dict[str, ast.expr]:
    """The arguments that a constant URL stands for; none where it says more than these."""
    from urllib.parse import urlsplit

    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)) or "%" in node.value:
        return {}
    try:
        url = urlsplit(node.value)
        host, port, db = url.hostname or "localhost", url.port or 6379, int(url.path.strip("/") or 0)
    except ValueError:
        return {}
    if url.scheme != "redis" or url.query or url.fragment:
        return {}
    found: dict[str, str | int | None] = {"host": host, "port": port, "db": db}
    found |= {"username": url.username, "password": url.password}
    return {name: ast.Constant(value) for name, value in found.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """How one call connects otherwise than another, for a message, and what to do about it."""

    what: str
    advice: str


def difference(one: str, other: str, label: str) -> Difference | None:
    """How two calls, as `Told` has them, connect otherwise; `label` is how the other is had, and where."""
    (name, given), (there, known) = _parts(one), _parts(other)
    if name != there:
        modes = [mode_in_words(n) for n in (name, there)]
        if modes[0] != modes[1]:
            return Difference(
                f"it is {modes[0]} client, and {label} is {modes[1]} one", give_too(modes[0], "client")
            )
        kinds = [_kind_of(n) for n in (name, there)]
        if kinds[0] != kinds[1]:
            return Difference(
                f"it is {kinds[0]} client, and {label} is {kinds[1]} one", give_too(kinds[0], "client")
            )
        return Difference(
            f"it is made by `{name}`, and {label} by `{there}`",
            f"let the manager give a client of `{name}` too, or `allow` this one",
        )
    differing = sorted(key for key in given.keys() | known.keys() if given.get(key) != known.get(key))
    if not differing:
        return None
    if ("url" in given) != ("url" in known):
        places = [_place(one) for one in (given, known)]
        what = f"it connects to {places[0]}, and {label} to {places[1]}"
        return Difference(what, _ELSEWHERE)
    hidden = [key for key in differing if key in SECRETS or "@" in f"{given.get(key)}{known.get(key)}"]
    shown = [key for key in differing if key not in hidden]
    parts = []
    if shown:
        here, now = (
            _listed(f"with `{k}={of[k]}`" if k in of else f"without `{k}`" for k in shown)
            for of in (given, known)
        )
        parts.append(f"it is built {here}, and {label} {now}")
    if hidden:
        parts.append(f"nothing shows that its {_listed(f'`{k}`' for k in hidden)} is that of {label}")
    where = [key for key in differing if key in SAYING_WHERE]
    return Difference("; and ".join(parts), _ELSEWHERE if where else _OPTIONS)


def mode_in_words(target: str) -> str:
    """Whether what a builder makes is for asyncio, with an article, for a message."""
    return "an asyncio" if is_asyncio(target) else "a blocking"


def _kind_of(target: str) -> str:
    """What a builder's client talks to, with an article, for a message."""
    last = target.lower()
    return "a cluster" if "cluster" in last else "a Sentinel" if "sentinel" in last else "a plain"


def give_too(adjective: str, what: str) -> str:
    """What to do about a client or pool that is otherwise than the manager's, by an adjective with its article."""
    return f"let the manager give {adjective} {what} too, or `allow` this one"


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def distance(one: str, other: str) -> int:
    """In how much two calls, as `Told` has them, differ."""
    (name, given), (there, known) = _parts(one), _parts(other)
    return sum(given.get(key) != known.get(key) for key in given.keys() | known.keys()) + 100 * (
        name != there
    )


def _place(given: dict[str, str]) -> str:
    """Where a call connects to, for a message."""
    if "url" in given:
        return "a URL with a password" if "@" in given["url"] else f"`{given['url']}`"
    return " ".join(f"{name} `{given[name]}`" for name in ("host", "port", "db") if name in given)


def waits_differently(one: str, other: str, label: str) -> str | None:
    """How two calls that connect alike, as `Told` has them tuned, differ in one argument; sizes do not count."""
    (_, given), (_, known) = _parts(one), _parts(other)
    differing = {key for key in given.keys() | known.keys() if given.get(key) != known.get(key)}
    if not differing - SIZES:
        return None
    key = min(differing - SIZES)
    here, there = (f"`{key}={of[key]}`" if key in of else f"no `{key}`" for of in (given, known))
    return f"it has {here}, and `{label}` {there}"


def bound_of(text: str) -> str | None:
    """How many connections the pool of a call, as `Told` has it tuned, may have; None where nothing says so."""
    given = _parts(text)[1]
    return next((given[name] for name in sorted(SIZES & given.keys())), None)


def _parts(text: str) -> tuple[str, dict[str, str]]:
    """The name and the arguments of a call that `Told` has put in words."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    return unparsed(call.func), {k.arg or "": unparsed(k.value) for k in call.keywords}


def read_in(node: ast.expr) -> Iterator[str]:
    """The variables, settings and attributes that an expression reads, by their last names; the builder's apart."""
    parents = {inner: part for part in all_nodes(node) for inner in ast.iter_child_nodes(part)}
    for part in all_nodes(node):
        above = parents.get(part)
        if above is node and part is getattr(node, "func", None):
            continue
        match part:
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
                yield name
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                yield name
            case ast.Attribute(attr=name) if not isinstance(above, ast.Attribute | ast.Call | ast.Subscript):
                yield name
