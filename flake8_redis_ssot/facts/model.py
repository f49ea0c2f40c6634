"""The facts of one file: what is kept of it for the project rules when its tree is gone."""

from __future__ import annotations

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.source import Range


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class that acts as a manager.

    `operations` are its methods that wrap a command. Each comes with the dotted name of what must be a manager in
    another file for that to be so, empty where this file tells. `handing_out` are its methods that return a client
    which it built; `known_as` the module's names for the class and for its instances.
    """

    name: str
    range: Range
    operations: tuple[tuple[str, str], ...] = ()
    handing_out: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShimFacts:
    """A module whose public `names` all forward to `targets` of its boundary's manager.

    `range` is that of its first statement after the docstring; `deprecated` is set if importing it warns.
    """

    range: Range
    names: tuple[str, ...]
    targets: tuple[str, ...]
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class DefaultFacts:
    """The default value, as source text, that one place gives for an environment variable."""

    name: str
    default: str
    range: Range


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool that one file makes: what it connects to, as text, and where and how it is made."""

    target: str
    label: str
    symbols: tuple[str, ...]
    range: Range


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is kept of one file, as plain values that JSON has.

    - `imports`: its import statements, `quoted`: its dotted names in quotes that mention Redis; one a line, as
      `facts.import_scan` finds them
    - `has_noqa`, `has_all`: a comment may name a code of ours; it may set `__all__`
    - `words`: which of the words that project rules ask for are in its text
    - `used`: the allowances and ignores that silenced something in it
    - `pools`, `defaults`, `classes`: the pools that it makes, the defaults of settings that it reads from the
      environment, and its classes that act as managers
    - `clients`: its top-level names that are, or return, a client or a manager
    - `handed_out`: of a manager's file, the dotted names of the classes of other files that it makes objects of and
      hands out
    - `exposed_names`: its names by which others get a client, a pool or a builder, or a function that blocks or
      builds one
    - `callees_given_clients`: the project's callables to which it passes a client, a pool or a builder, and
      `callees_given_library_names`: those to which it passes a library's name as a string (both by `inference.reach`)
    """

    path: str
    imports: str = ""
    quoted: str = ""
    has_noqa: bool = False
    has_all: bool = False
    words: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    pools: tuple[PoolFacts, ...] = ()
    callees_given_clients: tuple[str, ...] = ()
    callees_given_library_names: tuple[str, ...] = ()
    exposed_names: tuple[str, ...] = ()
    defaults: tuple[DefaultFacts, ...] = ()
    classes: tuple[ClassFacts, ...] = ()
    clients: tuple[str, ...] = ()
    handed_out: tuple[str, ...] = ()
    shim: ShimFacts | None = None
