from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import pytest

from flake8_redis_ssot import lazy_dataclass

_BOTH: dict[str, Any] = {"standard": dataclasses, "lazy": lazy_dataclass}
_WAYS = [
    {"frozen": frozen, "slots": slots, "order": order}
    for frozen in (False, True)
    for slots in (False, True)
    for order in (False, True)
]


@lazy_dataclass.dataclass(frozen=True, slots=True)
class Frozen:
    number: int
    parts: tuple[str, ...] = ()


@lazy_dataclass.dataclass(slots=True)
class Open:
    number: int
    parts: list[str] = lazy_dataclass.field(default_factory=list)


@lazy_dataclass.dataclass(frozen=True)
class Remembering:
    number: int

    @cached_property
    def double(self) -> int:
        return self.number * 2


def make(of: Any, **options: bool) -> Any:
    class Point:
        kind: ClassVar[str] = "point"
        x: int
        y: int = 2
        name: str = of.field(default="", compare=False)
        seen: list[int] = of.field(default_factory=list, repr=False, hash=False)
        late: int = of.field(init=False, default=7)

        def __post_init__(self) -> None:
            assert self.late == 7

    return of.dataclass(**options)(Point)


def outcome(ask: Callable[[], object]) -> object:
    """What `ask` gives, or the error that it raises."""
    try:
        return ask()
    except (TypeError, AttributeError) as error:
        return type(error), str(error).replace("Point.__init__", "__init__").partition("__init__")[2]


QUESTIONS: list[Callable[[Any], object]] = [
    lambda P: repr(P(1)),
    lambda P: repr(P(1, name="a", seen=[3])),
    lambda P: P(1) == P(1, name="other"),
    lambda P: P(1) == P(1, 3),
    lambda P: P(1) != P(2),
    lambda P: P(1) == 1,
    lambda P: P(1) < P(2),
    lambda P: P(1) >= P(2),
    lambda P: P(1) < 3,
    lambda P: hash(P(1)) == hash(P(1, name="b", seen=[1])),
    lambda P: hash(P(1)) == hash(P(2)),
    lambda P: P(),
    lambda P: P(1, 2, "c", [], 5),
    lambda P: P(1, z=2),
    lambda P: P(1).seen is P(1).seen,
    lambda P: [f.name for f in dataclasses.fields(P)],
    lambda P: dataclasses.asdict(P(1, seen=[1])),
    lambda P: repr(dataclasses.replace(P(1), y=9)),
    lambda P: repr(copy.copy(P(1, name="c"))),
    lambda P: P.__match_args__,
    lambda P: hasattr(P(1), "__dict__"),
    lambda P: setattr(P(1), "x", 3),
    lambda P: delattr(P(1), "x"),
    lambda P: P.__hash__ is None,
]


@pytest.mark.parametrize("options", _WAYS, ids=str)
@pytest.mark.parametrize("question", QUESTIONS)
def test_it_is_as_the_standard_one(question: Callable[[Any], object], options: dict[str, bool]) -> None:
    standard, lazy = (outcome(lambda of=of: question(make(of, **options))) for of in _BOTH.values())  # type: ignore[misc]
    assert lazy == standard


@pytest.mark.parametrize("of", _BOTH.values(), ids=_BOTH)
def test_what_a_class_defines_itself_stays(of: Any) -> None:
    @of.dataclass(frozen=True, slots=True)
    class Own:
        x: int

        def __hash__(self) -> int:
            return 5

        def __repr__(self) -> str:
            return "own"

    assert (hash(Own(1)), repr(Own(1)), Own(1) == Own(1)) == (5, "own", True)


@pytest.mark.parametrize("options", _WAYS, ids=str)
def test_its_own_comparison_decides_on_the_hash(options: dict[str, bool]) -> None:
    def hash_of(of: Any) -> object:
        class Own:
            def __eq__(self, other: object) -> bool:
                return True

        made: Any = of.dataclass(**{**options, "order": False})(Own)
        return made.__hash__ is None, made() == 1

    assert hash_of(lazy_dataclass) == hash_of(dataclasses)


@pytest.mark.parametrize("of", _BOTH.values(), ids=_BOTH)
def test_a_subclass_has_the_fields_of_its_base(of: Any) -> None:
    @of.dataclass(frozen=True, slots=True)
    class Base:
        x: int

    @of.dataclass(frozen=True, slots=True)
    class Derived(Base):
        y: int = 2

    assert (Derived(1).x, Derived(1).y, Base(1) == Derived(1)) == (1, 2, False)
    assert Derived(1) == Derived(1, 2) and repr(Derived(1)).endswith("Derived(x=1, y=2)")


@pytest.mark.parametrize("of", _BOTH.values(), ids=_BOTH)
def test_without_eq_objects_are_compared_by_identity(of: Any) -> None:
    @of.dataclass(eq=False, slots=True)
    class One:
        x: int

    one = One(1)
    assert one == one and one != One(1) and {one: 1}[one] == 1


@pytest.mark.parametrize("of", _BOTH.values(), ids=_BOTH)
def test_it_needs_no_options(of: Any) -> None:
    @of.dataclass
    class Plain:
        x: int

    assert Plain(1) == Plain(1) and Plain.__hash__ is None


def test_objects_travel_between_processes() -> None:
    for value in (Frozen(1, ("a",)), Open(1, ["a"]), Remembering(3)):
        assert pickle.loads(pickle.dumps(value)) == value


def test_a_frozen_object_keeps_what_it_computes() -> None:
    assert Remembering(3).double == 6


def test_nothing_is_compiled_before_it_is_used() -> None:
    @lazy_dataclass.dataclass(frozen=True, slots=True)
    class Late:
        x: int

    before = Late.__init__, Late.__eq__, Late.__hash__
    assert Late(1) == Late(1) and hash(Late(1)) == hash(Late(1))
    assert all(
        one is not other
        for one, other in zip(before, (Late.__init__, Late.__eq__, Late.__hash__), strict=True)
    )


@pytest.mark.parametrize("of", _BOTH.values(), ids=_BOTH)
def test_fields_and_copies(of: Any) -> None:
    point = make(of, frozen=True, slots=True)
    copied = of.replace(point(1, name="a"), y=5)
    assert (copied.x, copied.y, copied.name) == (1, 5, "a")
    assert [one.name for one in of.fields(copied)] == ["x", "y", "name", "seen", "late"]
    assert of.is_dataclass(point) and of.is_dataclass(copied) and not of.is_dataclass(3)
    with pytest.raises(TypeError):
        of.replace(copied, z=1)
