"""Which names a module surely has, and by which it can be had itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from flake8_redis_ssot.facts.modules import bindings_in, exported_names
from flake8_redis_ssot.fix.sources.leaving import leaves, suppresses

if TYPE_CHECKING:
    from flake8_redis_ssot.fix.sources.names import Names


def star_names(names: Names, module: str) -> frozenset[str] | None:
    """What `from module import *` gives; None where the source does not tell."""
    facts, tree = names.modules.facts(module), names.tree(module)
    if facts is None or tree is None or facts.dynamic or facts.stars:
        return None
    listed = exported_names(tree)
    return listed if listed is not None else frozenset(n for n in facts.names if not n.startswith("_"))


def is_readable(names: Names, module: str) -> bool:
    """Whether a module can be had as an attribute of its package, which may give that name to something else."""
    package, _, last = module.rpartition(".")
    while package:
        facts = names.modules.facts(package)
        known = facts.names.get(last) if facts is not None else None
        if known is not None and known.target != f"{package}.{last}":
            return False
        if facts is not None and any(last in (star_names(names, star) or ()) for star in facts.stars):
            return False
        package, _, last = package.rpartition(".")
    return True


def is_surely_bound(names: Names, name: str) -> bool:
    """Whether a module's name is there after the module has run, whatever its conditions say."""
    module, _, last = name.rpartition(".")
    tree = names.tree(module)
    if tree is None:
        return True
    deleted = any(
        isinstance(t, ast.Name) and t.id == last
        for statement in tree.body
        if isinstance(statement, ast.Delete)
        for t in statement.targets
    )
    facts = names.modules.facts(module)
    known = facts is not None and last in facts.names
    return not known or (_binds(tree.body, last) and not deleted)


def _binds(body: list[ast.stmt], name: str) -> bool:
    """Whether these statements surely bind a name."""
    for statement in body:
        match statement:
            case ast.If(body=then, orelse=otherwise):
                if otherwise and _binds(then, name) and _binds(otherwise, name):
                    return True
            case ast.Try(body=tried, handlers=handlers, finalbody=last):
                if _binds(last, name) or (
                    _binds(tried, name) and all(_binds(h.body, name) or leaves(h.body) for h in handlers)
                ):
                    return True
            case ast.With(body=inner):
                if _binds(inner, name) and not suppresses(statement):
                    return True
            case ast.For() | ast.While() | ast.Match():
                pass
            case _ if any(known in (name, "*") for known, _ in bindings_in([statement])):
                return True
    return False
