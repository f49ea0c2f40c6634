"""That mutate.py makes its changes, one at a time, and sees which of them the tests do not notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mutate

MODULE = '''\
"""A module."""

LIMIT = 3


def least(values: list[int]) -> int | None:
    found = None
    for value in values:
        if found is None or value < found:
            found = value
    print(f"{found} of 3", end="")
    return found
'''
CHANGES = {
    (3, "3  ->  4"),
    (9, "Lt  ->  LtE"),
    (9, "Is  ->  IsNot"),
    (9, "Or  ->  And"),
    (9, "found is None or value < found  ->  not (found is None or value < found)"),
    (11, "print(f'{found} of 3', end='')  ->  pass"),
    (11, "''  ->  '_other'"),
    (12, "return found  ->  return None"),
}


def test_each_place_is_changed_by_itself() -> None:
    made = list(mutate.changed(MODULE))
    assert {(line, what) for line, what, _ in made} == CHANGES
    assert len({text for _, _, text in made}) == len(made) == len(CHANGES)
    before = mutate.ast.unparse(mutate.ast.parse(MODULE)).splitlines()
    for _, _, text in made:
        assert sum(old != new for old, new in zip(before, text.splitlines(), strict=True)) == 1


def test_arms_statements_and_generators_are_left_out() -> None:
    text = "def f(a):\n    match a:\n        case 1:\n            yield a\n        case _:\n            a.b = not a\n"
    assert {what for _, what, _ in mutate.changed(text)} == {
        "1  ->  2",
        "case 1: yield a  ->  nothing",
        "case _: a.b = not a  ->  nothing",
        "yield a  ->  if False: yield a",
        "a.b = not a  ->  pass",
        "not a  ->  a",
    }


def test_decorators_and_annotations_stay() -> None:
    text = "@dataclass(frozen=True)\nclass A:\n    a: Literal['b'] = 3\n\n    @cached(9)\n    def f(self, a: X[4]) -> Y[5]: ...\n"
    assert list(mutate.changed(text)) == []


def test_a_change_is_known_by_its_function() -> None:
    text = (
        "A = 1\n\n\nclass B:\n    def f(self):\n        def g():\n            return 3\n\n        return 2\n"
    )
    found = [(function, what) for _, function, what, _ in mutate.placed(text) if what[0].isdigit()]
    assert sorted(found) == [("", "1  ->  2"), ("B.f", "2  ->  3"), ("B.f.g", "3  ->  4")]


def test_what_is_said_to_be_equal_is_a_change_that_there_is() -> None:
    root = Path(__file__).parents[2]
    named = [line for line in mutate.EQUAL.read_text().splitlines() if line and not line.startswith("#")]
    modules = {line.partition(" | ")[0] for line in named}
    there = {
        f"{module} | {function} | {what}"
        for module in modules
        for _, function, what, _ in mutate.placed((root / module).read_text())
    }
    assert named and {*named} <= there


def test_what_no_test_notices_is_said(tmp_path: Path) -> None:
    (tmp_path / "least.py").write_text(MODULE)
    (tmp_path / "test_least.py").write_text(
        "from least import least\n\n\ndef test():\n    assert [least([]), least([2, 1]), least([1, 2])] == [None, 1, 1]\n"
    )
    done = subprocess.run(
        [sys.executable, mutate.__file__, "least.py", "--jobs", "2", "--", "test_least.py"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert (done.returncode, said[-1]) == (1, f"{len(CHANGES)} changes, 4 of them unnoticed"), done.stderr
    assert {line.split(":")[1] for line in said[:-1]} == {"3", "9", "11"}
    (tmp_path / "test_least.py").write_text("def test(): assert False\n")
    done = subprocess.run([*done.args[:-1], "test_least.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "the tests fail with the module as it is" in done.stderr
