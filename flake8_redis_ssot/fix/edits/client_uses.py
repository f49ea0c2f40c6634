"""What a file does with a client or pool that it builds: what ends it, and what must not be done to a shared one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.fix.compatibility.dangers import EMPTIED, UNEMPTY, UNSHARE
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.stated import is_none
from flake8_redis_ssot.fix.sources.uses import Uses
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.builders import Kind
from flake8_redis_ssot.libraries.commands import (
    COMMANDS,
    CONNECTION_COMMANDS,
    HANDED,
    HOLDING,
    INERT,
    ITERATORS,
    POOL_ATTRIBUTE,
)
from flake8_redis_ssot.libraries.standard import QUESTIONS
from flake8_redis_ssot.libraries.traits import POOL_KEYWORDS
from flake8_redis_ssot.libraries.vocabulary import CLOSING, FLUSHING
from flake8_redis_ssot.syntax.nodes import Function, last_name
from flake8_redis_ssot.wording import counted

_MOST = 3
_RENAME = "give each client a name of its own"
_ENDING = CLOSING - {"shutdown"}
"""Methods that end a client or pool; `shutdown` ends the server."""
_ASKING = QUESTIONS | {"bool", "print", "repr", "str", "type"}
_KNOWN = COMMANDS | ITERATORS | HANDED | INERT


@dataclass(slots=True)
class ClientUses:
    """The uses of a client that a call gives."""

    ended: list[ast.stmt] = field(default_factory=list)
    """The statements that do nothing but close it."""
    entered: dict[ast.withitem, tuple[str, ast.expr]] = field(default_factory=dict)
    """The items of `with` that close it in the end: the name that each binds, and the expression that it enters."""
    members: list[tuple[ast.Attribute, ast.Call | None]] = field(default_factory=list)
    """What else is read of it, and the call where that is called."""
    attributes: set[str] = field(default_factory=set)
    """The attributes that hold it."""
    exported: set[str] = field(default_factory=set)
    """The names of the module by which other files read it."""
    givers: dict[str, ast.AST] = field(default_factory=dict)
    """The functions of the module that return it to other files."""
    rest: Uses = field(default_factory=Uses)
    """What else is done with it."""

    def judge(self, view: View, kind: Kind, limit: str | None, proposal: Proposal) -> None:
        """Refusal where something is done that would hit all who share it; else what makes it unsafe.

        `limit` is how many connections the shared pool may have.
        """
        for stored, name in self.rest.stored:
            raise Refusal(
                f"line {stored.lineno} sets `{name}` on the object, which all who share it would see", UNSHARE
            )
        for node, what in self.rest.escapes:
            if not _is_asked(view, node) and not (kind == "pool" and _is_borrowed(view, node)):
                raise _escaping(view, node, what)
        for attribute, call in self.members:
            line, name = attribute.lineno, attribute.attr
            word = _command(call) if name == "execute_command" else name
            if kind == "pool" or word is None or word not in _KNOWN:
                raise Refusal(f"line {line} uses `{name}` of it, which may change what is shared", UNSHARE)
            if word in FLUSHING:
                raise Refusal(f"line {line} calls `{word}`, {EMPTIED}", UNEMPTY)
            if word in CONNECTION_COMMANDS:
                raise Refusal(
                    f"line {line} calls `{word}`, which changes a connection for all who share it", UNSHARE
                )
            if word in ("pubsub", "monitor", "client"):
                proposal.unsafe(f"line {line} calls `{word}`, which keeps a connection of the shared pool")
            if limit is not None and _is_holding(word, call):
                proposal.unsafe(
                    f"line {line} waits by `{word}`, on one of the {limit} connections that are shared"
                )


def _escaping(view: View, node: ast.expr, what: str) -> Refusal:
    """That it goes where it is not followed; who gets it from a function, where it is that."""
    name = view.uses.returning(node)
    readers = view.readers(name) if name is not None else []
    if name is None or not readers or not view.place.modules:
        return Refusal(
            f"in line {node.lineno} it {what}, and what is done with it there cannot be determined",
            f"change line {node.lineno}, and this with it, by hand",
        )
    number = counted(len(readers), "file")
    return Refusal(
        f"`{name}` returns it to {number} ({', '.join(view.where(path, name) for path in readers[:_MOST])}"
        f"{' and more' * (len(readers) > _MOST)}), and what is done with it there is not seen",
        f"add `{view.place.modules[0]}` to `forbidden-managers` and a replacement for `{name}`, or change these by hand",
    )


def uses_of(view: View, got: ast.expr) -> ClientUses:
    """The uses of the client that the expression `got` gives."""
    found = ClientUses()
    new: list[ast.expr] = [got]
    seen: set[ast.expr] = set()
    while new:
        node = new.pop()
        if node in seen:
            continue
        seen.add(node)
        uses = view.follow(node)
        for attribute, called in uses.members:
            statement = _ending(view, attribute, called)
            if statement is None:
                found.members.append((attribute, called))
            elif not _is_only(view, attribute.value, got, set()):
                raise Refusal(
                    f"line {attribute.lineno} closes it, or another one that has the same name", _RENAME
                )
            elif statement not in found.ended:
                found.ended.append(statement)
        for inner in uses.entered:
            new += _entered(view, inner, got, found)
        found.rest.stored += uses.stored
        for place, what in uses.escapes:
            attributes, names = _held(view, place)
            found.attributes |= attributes
            found.exported |= names
            giver = view.uses.giver(place)
            if giver is not None and view.readers(giver.name):
                new += _given_here(view, giver, found)
            elif not attributes and not names:
                found.rest.escapes.append((place, what))
    return found


def _given_here(view: View, giver: Function, found: ClientUses) -> list[ast.expr]:
    """Note a function that returns the client to other files; the expressions by which its own file has it."""
    found.givers[giver.name] = giver
    binding = view.uses.scopes.definitions.get(giver)
    places = view.uses.of(giver.name, binding) if binding is not None else []
    return [got for place, _ in places for got in given_by(view, place, giver)]


def given_by(view: View, place: ast.expr, giver: ast.AST) -> list[ast.expr]:
    """The expressions that have what a function gives where it is named; Refusal where it is handed on."""
    got = view.uses.given_by(place, giver)
    if got is None:
        raise Refusal(
            f"line {place.lineno} hands on the function `{last_name(place)}`, which returns it",
            "change that line by hand, to a call or to what it gives",
        )
    return got


def _entered(view: View, node: ast.expr, got: ast.expr, found: ClientUses) -> list[ast.expr]:
    """Note a `with` that is given the client; where the client is used by the name that it gives."""
    item = view.uses.parents[node]
    assert isinstance(item, ast.withitem)
    if not _is_only(view, node, got, set()):
        raise Refusal(
            f"the `with` in line {node.lineno} ends it, or another one that has the same name", _RENAME
        )
    match item.optional_vars:
        case None:
            if node is got:
                raise Refusal(
                    f"the `with` in line {node.lineno} does not name it", "write `with ... as client:` there"
                )
            found.entered[item] = ("", node)
            return []
        case ast.Name(id=name):
            found.entered[item] = (name, node)
            bindings = [
                b for n, b in view.uses.scopes.all_bindings if n == name and b.value is node and b.projection
            ]
            in_module = any(b in view.uses.scopes.module.bindings.get(name, ()) for b in bindings)
            if len(bindings) != 1 or (in_module and name in view.exported):
                lines = {
                    getattr(b.value, "lineno", node.lineno)
                    for n, b in view.uses.scopes.all_bindings
                    if n == name
                }
                again = (
                    f" is bound in line {min(lines - {node.lineno})} too, and"
                    if lines - {node.lineno}
                    else ""
                )
                raise Refusal(
                    f"`{name}` of line {node.lineno}{again or ' is read elsewhere, and'} what is done with it cannot be "
                    "determined",
                    _RENAME,
                )
            return [p for p, _ in view.uses.of(name, bindings[0]) if isinstance(p.ctx, ast.Load)]
    raise Refusal(
        f"what the `with` in line {node.lineno} does with it cannot be determined",
        "write `as` and one name there",
    )


def _ending(view: View, attribute: ast.Attribute, call: ast.Call | None) -> ast.stmt | None:
    """The statement that does nothing but to close the client; None where an attribute is none of that.

    Refusal where it is closed in another way.
    """
    parents = view.uses.parents
    node: ast.AST = attribute
    if attribute.attr == POOL_ATTRIBUTE:
        node = parents[attribute]
        above = parents.get(node)
        call = above if isinstance(above, ast.Call) and above.func is node else None
    if not isinstance(node, ast.Attribute) or node.attr not in _ENDING:
        return None
    parent = parents.get(call) if call is not None else None
    if isinstance(parent, ast.Await):
        parent = parents.get(parent)
    if not isinstance(parent, ast.Expr):
        raise Refusal(
            f"line {attribute.lineno} closes it within another statement",
            "close it by a statement of its own",
        )
    return parent


def _is_only(view: View, node: ast.expr, got: ast.expr, seen: set[ast.AST]) -> bool:
    """Whether an expression can have nothing but what `got` gives, or None."""
    if node is got or is_none(node) or node in seen:
        return True
    seen.add(node)
    match node:
        case ast.NamedExpr(value=value):
            return _is_only(view, value, got, seen)
        case ast.Name(id=name) if node in view.uses.points:
            bindings = view.uses.names.bindings(name, view.uses.points[node], typing=True)
            return bool(bindings) and all(
                (not b.projection or b.projection == ("enter",))
                and b.expression is not None
                and _is_only(view, b.expression, got, seen)
                for b in bindings
            )
        case ast.Attribute(attr=attr):
            return all(_stores(view, part, got, seen) for part in _stored(view, attr))
    return False


def _stored(view: View, name: str) -> Iterator[ast.Attribute]:
    """Where attributes of a name are set or deleted, whoever's they are."""
    for part in view.uses.parents:
        if isinstance(part, ast.Attribute) and part.attr == name and not isinstance(part.ctx, ast.Load):
            yield part


def _stores(view: View, target: ast.Attribute, got: ast.expr, seen: set[ast.AST]) -> bool:
    match view.uses.parents.get(target):
        case ast.Assign(targets=targets, value=value) if target in targets:
            return _is_only(view, value, got, seen)
        case ast.AnnAssign(value=value):
            return value is None or _is_only(view, value, got, seen)
    return False


def _held(view: View, node: ast.expr) -> tuple[set[str], set[str]]:
    """The attributes to which a node is assigned, and the names of the module that other files read."""
    parent = view.uses.parents.get(node)
    targets = parent.targets if isinstance(parent, ast.Assign) else [getattr(parent, "target", None)]
    if not isinstance(parent, ast.Assign | ast.AnnAssign):
        return set(), set()
    is_top = parent in view.source.tree.body
    return (
        {t.attr for t in targets if isinstance(t, ast.Attribute)},
        {t.id for t in targets if is_top and isinstance(t, ast.Name) and t.id in view.exported},
    )


def _is_asked(view: View, node: ast.expr) -> bool:
    """Whether a node is given to a function that only asks what it is."""
    call = view.uses.parents.get(node)
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _ASKING


def _is_borrowed(view: View, node: ast.expr) -> bool:
    """Whether a pool is given to a client, which does not end it."""
    keyword = view.uses.parents.get(node)
    call = view.uses.parents.get(keyword) if isinstance(keyword, ast.keyword) else None
    made = next((m for m in view.context.constructions if m.call is call), None)
    return (
        isinstance(keyword, ast.keyword)
        and keyword.arg in POOL_KEYWORDS
        and made is not None
        and made.borrows_pool
    )


def _command(call: ast.Call | None) -> str | None:
    """The command that a call sends by its words, as a method is called; None where that is not told."""
    words: list[str] = []
    for argument in call.args[:2] if call is not None else ():
        is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        words += argument.value.lower().split() if is_text else []  # type: ignore[attr-defined]
        if not is_text:
            break
    names = ["_".join(words[:n]) for n in (2, 1) if words]
    return next((name for name in names if name in COMMANDS), None)


def _is_holding(name: str, call: ast.Call | None) -> bool:
    """Whether a command keeps its connection until something comes."""
    if name in ("xread", "xreadgroup"):
        return call is None or any(k.arg in ("block", None) for k in call.keywords)
    return name in HOLDING
