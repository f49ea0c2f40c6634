"""What one file contributes to the whole project."""

from __future__ import annotations

from dataclasses import dataclass

from flake8_redis_ssot.source import Range


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class that does what a manager does.

    `operations` are its methods that stand for a command, each with the dotted name of what
    another file would have to define as a manager for it, else empty; `handing_out` those that
    return a client which it built; `known_as` are the module's names for the class and for what
    is made of it.
    """

    name: str
    range: Range
    operations: tuple[tuple[str, str], ...] = ()
    handing_out: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShimFacts:
    """A module whose public `names` all forward to `targets` of its boundary's manager.

    The range is that of its first statement after the docstring; `deprecated` says that it
    warns of itself.
    """

    range: Range
    names: tuple[str, ...]
    targets: tuple[str, ...]
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class DefaultFacts:
    """The default that one place gives to a variable, as text, and where."""

    name: str
    default: str
    range: Range


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool of one file: what it connects to, as text, and where and how it is made."""

    target: str
    label: str
    symbols: tuple[str, ...]
    range: Range


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is kept of one file for the questions that need all: plain values, as JSON has them.

    `imports` are its import statements and `quoted` its dotted names in quotes that speak of
    Redis, as `facts.import_scan` finds them, one a line; `has_noqa`
    says that a comment may name a code of ours, `has_all` that it may set `__all__`. `words` are those of
    the texts that it has for which project rules ask. `used`
    are the allowances and ignores that silenced something in it. `classes` do what a manager
    does, `clients` are top-level names that are, or return, a client or a manager; a manager's file has made
    and `handed_out` objects of the classes of these dotted names. `exposed` are
    its names by which others get at a client, a pool or a builder, or at a function that sends by a blocking
    client; `handed` the callables of ours that get such, `named` those that get the name of a library, as
    `inference.reach` gives all three. `defaults` are those of settings that it reads from the environment.
    """

    path: str
    imports: str = ""
    quoted: str = ""
    has_noqa: bool = False
    has_all: bool = False
    words: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    pools: tuple[PoolFacts, ...] = ()
    handed: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    defaults: tuple[DefaultFacts, ...] = ()
    classes: tuple[ClassFacts, ...] = ()
    clients: tuple[str, ...] = ()
    handed_out: tuple[str, ...] = ()
    shim: ShimFacts | None = None
