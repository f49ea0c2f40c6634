"""In what two members of classes, or two functions, differ by what they state, or may differ where they do not."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

from flake8_redis_ssot.fix.sources.signatures import bound_to, covers, incompatible
from flake8_redis_ssot.fix.sources.symbols import Member
from flake8_redis_ssot.lazy_dataclass import dataclass

_KINDS = {
    "": "a function", "async": "a coroutine function", "generator": "a generator",
    "async generator": "an asynchronous generator", "property": "a property", "attribute": "an attribute",
    "context manager": "a context manager",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why one member cannot take another's place: it is otherwise, or nothing states that it is not.

    `advice` is what to do where it is not stated.
    """

    what: str
    advice: str = ""


def in_words(obstacles: Iterable[Obstacle]) -> str:
    """All of them, for a message."""
    return ", and ".join(dict.fromkeys(one.what for one in obstacles))


def advice_for(obstacles: Sequence[Obstacle]) -> str:
    """What to do about all of them."""
    alike = [] if all(one.advice for one in obstacles) else ["make the two alike"]
    return ", ".join([*alike, *dict.fromkeys(one.advice for one in obstacles if one.advice)])


def obstacles(
    was: Member,
    now: Member,
    call: ast.Call | None,
    is_alike: bool,
    at: Callable[[Member], str],
    *,
    used: bool,
) -> Iterator[Obstacle]:
    """Why a use of one member cannot be one of the other; `at` says where one stands.

    The use is a `call`, whose result is `used` or not, or one that is not seen.
    """
    if was.decorators != now.decorators:
        names = sorted(was.decorators ^ now.decorators)
        yield Obstacle(f"it is decorated by `{names[0]}` in one of them alone")
    if was.kind != now.kind:
        yield Obstacle(f"it is {_KINDS[was.kind]} in the old one, {_KINDS[now.kind]} in the new one")
        return
    for name, said in was.takes.items():
        if now.takes.get(name, said) != said:
            yield Obstacle(f"`{name}` is `{said}` in the old one, `{now.takes[name]}` in the new one")
    if used and was.gives is not None and now.gives is not None and was.gives != now.gives:
        yield Obstacle(f"it gives `{was.gives}` in the old one, `{now.gives}` in the new one")
    if was.kind in ("property", "attribute"):
        yield from _held(was, now, at)
        return
    if is_alike:
        return
    if used and was.kind in ("", "async") and (was.gives is None or now.gives is None):
        yield Obstacle(f"it and the old one{at(was)} do not both state what they return", "annotate both")
    assert was.arguments is not None and now.arguments is not None  # both are functions
    why = (
        covers(now.arguments, was.arguments)
        if call is None
        else incompatible(call, was.arguments, now.arguments)
    )
    if why is not None:
        yield Obstacle(why)
    given = bound_to(call, was.arguments) if call is not None else {}
    names_given = set(given.values()) if isinstance(given, dict) else set()
    for name in sorted(names_given - was.takes.keys() - {"*", "**"}):
        yield Obstacle(f"the type of `{name}` is not stated in the old one{at(was)}", "annotate both")


def _held(was: Member, now: Member, at: Callable[[Member], str]) -> Iterator[Obstacle]:
    """In what two attributes or properties differ."""
    if was.gives != now.gives and (was.gives is None or now.gives is None):
        what = f"it and the old one{at(was)} do not both state what they hold"
        yield Obstacle(what, "annotate the attribute in both")
        return
    values = [ast.dump(v) if (v := getattr(m.node, "value", None)) else "" for m in (was, now)]
    if was.kind == "attribute" and values[0] != values[1]:
        yield Obstacle("its value is another")
    elif was.gives is None:
        yield Obstacle("what it holds is not stated", "annotate the attribute in both")
