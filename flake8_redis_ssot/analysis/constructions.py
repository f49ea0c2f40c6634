"""Calls that build a client or a pool."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.builders import Builder, Kind
from flake8_redis_ssot.libraries.traits import FIRST_POOL, FIRST_POOLS, NO_POOL, OWNING, POOL_KEYWORDS
from flake8_redis_ssot.source import Range
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import last_name, unparsed


@dataclass(frozen=True, slots=True)
class Construction:
    """A call that builds: `reached` maps each dotted name that the callee can be to its builder.

    `inferred` is set if values had to be followed, as the callee is no chain of imports. `subclasses` are the names of
    the project's classes that it makes an object of, if it is none of the library's own.
    """

    point: ProgramPoint
    call: ast.Call
    reached: Mapping[str, Builder]
    range: Range
    inferred: bool = False
    subclasses: tuple[str, ...] = ()

    @property
    def node(self) -> ast.Call:
        """The call that stands in the file: `call`, or the one that passes the builder to what makes `call`."""
        assert isinstance(self.point.node, ast.Call)
        return self.point.node

    @property
    def kind(self) -> Kind:
        """Whether it builds a `pool` or a `client`; `pool` where it may be either."""
        return "pool" if any(b.kind == "pool" for b in self.reached.values()) else "client"

    @property
    def brings_pool(self) -> bool:
        """Whether it surely makes a new pool: it is passed none, and no `**` that may hold one."""
        given = [
            k.arg for k in self.call.keywords if not (isinstance(k.value, ast.Constant) and not k.value.value)
        ]
        borrows = any(builder.target.endswith(OWNING) for builder in self.reached.values())
        pooled = any(builder.library not in NO_POOL for builder in self.reached.values())
        return (
            pooled
            and not borrows
            and not {None, *POOL_KEYWORDS} & set(given)
            and all(
                len(self.call.args) <= FIRST_POOLS.get(b.target, FIRST_POOL) for b in self.reached.values()
            )
        )

    @property
    def borrows_pool(self) -> bool:
        """Whether it makes a client on a pool that it is passed, and that stays open when the client is closed."""
        given = {
            k.arg for k in self.call.keywords if not (isinstance(k.value, ast.Constant) and not k.value.value)
        }
        return bool(given & POOL_KEYWORDS) and not any(
            b.target.endswith(OWNING) for b in self.reached.values()
        )

    @property
    def label(self) -> str:
        """What builds, as the subject of a message: "`redis.Redis`", or several names where it may be any of them."""
        names = " or ".join(f"`{name}`" for name in self.reached)
        if not self.inferred:
            return names
        callee = unparsed(self.call.func)
        if tuple(self.reached) == (callee,):
            return names
        last = last_name(self.call.func)
        callee = callee if len(callee) < 60 else callee[:57] + "..."
        if not self.subclasses:
            return f"`{callee}` {'may be' if len(self.reached) > 1 else 'is'} {names} here and"
        own = "" if self.subclasses == (last,) else " or ".join(f"`{name}`" for name in self.subclasses)
        told = f" {'may be' if len(self.subclasses) > 1 else 'is'} {own} here," if own else " is"
        return f"`{callee}`{told} a subclass of {names}, and"

    @property
    def symbols(self) -> tuple[str, ...]:
        """The dotted names of what builds: those in the file, and those by which the libraries define them."""
        return tuple(dict.fromkeys([*self.reached, *(b.target for b in self.reached.values())]))
