"""The least fixpoint that all answers of the evaluator come from."""

import random
from collections.abc import Callable

import pytest

from flake8_redis_ssot.inference.fixpoint import Fixpoint

Rules = dict[str, Callable[[Callable[[str], frozenset[int]]], frozenset[int]]]


class _Asked:
    """Questions by name, each answered by a rule that may ask others; counts how often each was worked out."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.fixpoint: Fixpoint[str, int] = Fixpoint(100_000)
        self.count: dict[str, int] = {}

    def __call__(self, name: str) -> frozenset[int]:
        return self.fixpoint.answer(name, self._find, name)

    def _find(self, name: str) -> frozenset[int]:
        self.count[name] = self.count.get(name, 0) + 1
        return self.rules[name](self)


def test_what_is_found_goes_through_the_whole_cycle():
    ask = _Asked(
        {
            "first": lambda ask: frozenset({1}) | ask("second"),
            "second": lambda ask: ask("third") | {2},
            "third": lambda ask: ask("fourth"),
            "fourth": lambda ask: ask("first"),
        }
    )
    assert {ask(name) for name in ask.rules} == {frozenset({1, 2})}


def test_a_cycle_within_a_cycle_is_whole_too():
    ask = _Asked(
        {
            "outer": lambda ask: ask("inner") | {1},
            "inner": lambda ask: ask("middle") | ask("outer"),
            "middle": lambda ask: ask("inner") | ask("last") | {2},
            "last": lambda ask: ask("middle") | {3},
        }
    )
    assert {ask(name) for name in ask.rules} == {frozenset({1, 2, 3})}


def test_what_is_there_because_it_is_not_is_left_out():
    ask = _Asked(
        {
            "stated": lambda ask: ask("known") or frozenset({1}),
            "known": lambda ask: frozenset({2}) if 1 in ask("stated") else frozenset(),
        }
    )
    assert not ask("stated")
    assert not ask("known")
    assert sum(ask.count.values()) < 20


def test_a_long_chain_of_questions_is_answered_whole():
    ask = _Asked(
        {"0": lambda _: frozenset({0})}
        | {str(n): lambda ask, n=n: ask(str(n - 1)) | {n} for n in range(1, 300)}
    )
    assert ask("299") == frozenset(range(300))
    assert ask("150") == frozenset(range(151))


def test_only_what_depends_on_a_changed_input_is_found_anew():
    inputs = {"a": 1, "b": 2}
    ask = _Asked({})

    def reading(name: str) -> frozenset[int]:
        ask.fixpoint.depends_on(name)
        return frozenset({inputs[name]})

    ask.rules = {
        "of a": lambda ask: reading("a"),
        "of b": lambda ask: reading("b"),
        "of both": lambda ask: ask("of a") | ask("of b"),
        "in a cycle": lambda ask: ask("around") | ask("of a"),
        "around": lambda ask: ask("in a cycle"),
        "of none": lambda ask: frozenset({0}),
    }
    before = {name: ask(name) for name in ask.rules}
    assert (before["of both"], before["around"], before["of none"]) == ({1, 2}, {1}, {0})
    inputs["a"] = 3
    assert not ask.fixpoint.forget_found_from(["c"])
    assert ask.fixpoint.forget_found_from(["a"])
    ask.count.clear()
    after = {name: ask(name) for name in ask.rules}
    assert (after["of both"], after["around"], after["of none"]) == ({3, 2}, {3}, {0})
    assert not ask.count.keys() & {"of b", "of none"}


def test_what_is_made_of_answers_is_made_anew_with_them():
    values = {"a": 1, "b": 2}

    def read(name: str) -> frozenset[int]:
        ask.fixpoint.depends_on(name)
        return frozenset({values[name]})

    ask = _Asked({"first": lambda ask: read("a"), "second": lambda ask: read("b")})
    made = []

    def listed() -> list[int]:
        made.append("first")
        return [*ask("first")]

    assert [ask.fixpoint.cached("list", listed) for _ in range(3)] == [[1]] * 3 and len(made) == 1
    ask("second")
    values.update(a=3, b=4)
    ask.fixpoint.forget_found_from(["b"])
    assert ask.fixpoint.cached("list", listed) == [1] and len(made) == 1
    ask.fixpoint.forget_found_from(["a"])
    assert ask.fixpoint.cached("list", listed) == [3] and len(made) == 2


def test_what_is_made_of_an_answer_that_was_cut_short_is_not_kept():
    ask = _Asked({"first": lambda ask: (ask.fixpoint.cut(), frozenset({1}))[1]})
    made = []

    def listed() -> list[int]:
        made.append("first")
        return [*ask("first")]

    assert [ask.fixpoint.cached("list", listed) for _ in range(3)] == [[1]] * 3 and len(made) == 3


def test_a_cycle_may_turn_out_to_be_part_of_a_larger_one():
    def last(ask: Callable[[str], frozenset[int]]) -> frozenset[int]:
        found = ask("inner")
        return found | ask("outer") if 1 in found else found

    ask = _Asked(
        {
            "outer": lambda ask: ask("inner") | ask("beside") | {2},
            "inner": lambda ask: ask("last") | {1},
            "last": last,
            "beside": lambda ask: ask("last") | {3},
        }
    )
    assert {name: ask(name) for name in ask.rules} == dict.fromkeys(ask.rules, frozenset({1, 2, 3}))


def test_a_question_that_fails_leaves_nothing_behind():
    failing = [True]

    def last(ask: Callable[[str], frozenset[int]]) -> frozenset[int]:
        found = ask("first") | {3}
        if failing.pop():
            raise RecursionError
        return found

    ask = _Asked(
        {
            "first": lambda ask: ask("second") | {1},
            "second": lambda ask: ask("last") | ask("second") | {2},
            "last": last,
        }
    )
    with pytest.raises(RecursionError):
        ask("first")
    failing += [False] * 9
    assert {name: ask(name) for name in ("last", "second", "first")} == dict.fromkeys(
        ask.rules, frozenset({1, 2, 3})
    )


def test_what_is_found_and_lost_in_turns_is_given_up():
    asked = [0]

    def changing(ask: Callable[[str], frozenset[int]]) -> frozenset[int]:
        asked[0] += 1
        return ask("other") | {asked[0]}

    ask = _Asked({"changing": changing, "other": lambda ask: ask("changing")})
    ask("changing")
    assert asked[0] < 1000


def test_what_was_found_is_forgotten():
    ask = _Asked({"one": lambda ask: frozenset({len(ask.count)})})
    before = ask("one")
    ask.count["other"] = 1
    assert ask("one") == before
    ask.fixpoint.forget()
    assert ask("one") != before


@pytest.mark.parametrize("seed", range(300))
def test_it_is_the_least_fixpoint_of_whatever_questions(seed: int) -> None:
    """Each question gives values of its own, those of some others, and of more once some of those give any."""
    chosen = random.Random(seed)
    names = [f"q{n}" for n in range(chosen.randint(2, 30))]
    own = {name: frozenset({n} if chosen.random() < 0.4 else ()) for n, name in enumerate(names)}
    always = {name: chosen.sample(names, chosen.randint(0, 2)) for name in names}
    once = {name: (chosen.choice(names), chosen.choice(names)) for name in names if chosen.random() < 0.5}

    def rule(name: str) -> Callable[[Callable[[str], frozenset[int]]], frozenset[int]]:
        def find(ask: Callable[[str], frozenset[int]]) -> frozenset[int]:
            found = own[name].union(*map(ask, always[name]))
            condition, more = once.get(name, (name, name))
            return found | ask(more) if name in once and ask(condition) else found

        return find

    rules = {name: rule(name) for name in names}
    expected: dict[str, frozenset[int]] = dict.fromkeys(names, frozenset())
    before = None
    while before != expected:
        before = expected
        expected = {name: find(before.__getitem__) for name, find in rules.items()}
    for _ in range(2):
        ask = _Asked(rules)
        chosen.shuffle(names)
        assert {name: ask(name) for name in names} == expected
        assert sum(ask.count.values()) < 8 * len(names)


@pytest.mark.parametrize("forgets", ["an input", "another input", "everything"])
def test_what_is_made_of_answers_is_stale_once_these_are_forgotten(forgets: str) -> None:
    """Of inputs, of answers, and of what was made of either."""

    def read(name: str) -> Callable[[Callable[[str], frozenset[int]]], frozenset[int]]:
        def rule(ask: Callable[[str], frozenset[int]]) -> frozenset[int]:
            fixpoint.depends_on(name)
            return frozenset()

        return rule

    ask = _Asked({"first": read("a"), "second": read("b"), "both": lambda ask: ask("first") | ask("second")})
    fixpoint = ask.fixpoint
    made: list[str] = []

    def make(name: str) -> None:
        fixpoint.cached(name, lambda: made.append(name) or ask(name))

    def outer() -> None:
        fixpoint.cached("outer", lambda: made.append("outer") or make("both"))

    outer(), make("second")
    _, source = fixpoint.with_source(lambda: outer())
    made.clear()
    if forgets == "everything":
        fixpoint.forget()
    else:
        fixpoint.forget_found_from(["a" if forgets == "an input" else "c"])
    assert source.is_stale == (forgets != "another input")
    outer(), make("second")
    assert (
        made
        == {
            "an input": ["outer", "both"],
            "another input": [],
            "everything": ["outer", "both", "second"],
        }[forgets]
    )


def test_what_the_budget_cut_short_holds_until_something_is_forgotten() -> None:
    fixpoint: Fixpoint[str, int] = Fixpoint(100)
    _, whole = fixpoint.with_source(lambda: fixpoint.answer("a", frozenset[int]))
    fixpoint.steps = 1000
    _, short = fixpoint.with_source(lambda: fixpoint.answer("b", frozenset[int]))
    fixpoint.forget_found_from(["nothing"])
    assert short.is_stale and not whole.is_stale
