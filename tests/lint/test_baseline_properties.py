"""Whatever is done to code, a baseline takes nothing old for new and nothing new for old."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint.baseline import Baseline, Entry, read_baseline
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.matching import Matching, matching
from flake8_redis_ssot.lint.run import run
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.load import load_settings

ROOT = "/nowhere/project"
BUILDING = ("redis.Redis()", "redis.Redis(host='a', db=1)", "redis.Redis.from_url(f'redis://{host}')")
Code = dict[str, list["Function"]]
"""The functions of each file."""


@dataclass
class Function:
    """A function with `lines` that are its own, and what it builds; `known` of that is in the baseline."""

    name: str
    lines: list[str]
    builds: list[str]
    known: Counter[str] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        body = [*self.lines[:2], *(f"keep({one})" for one in self.builds), *self.lines[2:]]
        return f"def {self.name}(host):\n" + "".join(f"    {line}\n" for line in body)

    @property
    def new(self) -> Counter[str]:
        return Counter(self.builds) - self.known


def written(functions: list[Function], head: str = "import redis\n") -> bytes:
    return "\n\n".join([head, *(function.text for function in functions)]).encode()


def rendered(code: Code) -> dict[str, bytes]:
    return {f"{ROOT}/{name}": written(functions) for name, functions in code.items()}


def found(files: dict[str, bytes]) -> list[Diagnostic]:
    chosen = load_settings(None, root=ROOT, codes=[*defaults()])
    rules = [rule for rule in all_rules() if rule.code == "RED201"]
    checker = FileChecker(chosen, rules, filesystem=DISK.with_edits(files), fingerprints=True)
    return run(sorted(files), checker).diagnostics


def recorded(code: Code) -> Baseline:
    baseline = Baseline(f"{ROOT}/known.jsonl")
    return baseline.with_entries(map(Entry.of, found(rendered(code))))


def matched(baseline: Baseline, files: dict[str, bytes]) -> Matching:
    return matching(baseline, found(files), DISK.with_edits(files), dict)


def texts(diagnostics: list[Diagnostic]) -> Counter[str]:
    return Counter(d.fingerprint.text for d in diagnostics if d.fingerprint is not None)


@st.composite
def codes(draw: st.DrawFn) -> Code:
    """Up to three files; all lines of all functions differ."""
    code: Code = {}
    numbers = iter(range(10_000))
    for name in ("a.py", "b.py", "deep/c.py")[: draw(st.integers(1, 3))]:
        code[name] = []
        for _ in range(draw(st.integers(1, 3))):
            at = next(numbers)
            lines = [f"value_{at}_{n} = made_{at}_{n}(host, {at})" for n in range(draw(st.integers(4, 7)))]
            builds = draw(st.lists(st.sampled_from(BUILDING), max_size=3))
            code[name].append(Function(f"function_{at}", lines, builds, Counter(builds)))
    return code


Edit = Callable[[st.DataObject, Code, int], None]


def some(data: st.DataObject, code: Code) -> tuple[str, int]:
    name = data.draw(st.sampled_from(sorted(name for name in code if code[name])))
    return name, data.draw(st.integers(0, len(code[name]) - 1))


def move_functions(data: st.DataObject, code: Code, at: int) -> None:
    name, _ = some(data, code)
    code[name] = data.draw(st.permutations(code[name]))


def rename_function(data: st.DataObject, code: Code, at: int) -> None:
    name, nth = some(data, code)
    code[name][nth].name = f"renamed_{at}"


def rename_file(data: st.DataObject, code: Code, at: int) -> None:
    name, _ = some(data, code)
    code[f"renamed_{at}.py"] = code.pop(name)


def move_to_another_file(data: st.DataObject, code: Code, at: int) -> None:
    name, nth = some(data, code)
    other, _ = some(data, code)
    code[other].append(code[name].pop(nth))


def change_a_line(data: st.DataObject, code: Code, at: int) -> None:
    name, nth = some(data, code)
    code[name][nth].lines[-1] = f"other_{at} = changed(host)"


def build_once_more(data: st.DataObject, code: Code, at: int) -> None:
    name, nth = some(data, code)
    code[name][nth].builds.append(data.draw(st.sampled_from(BUILDING)))


def build_no_more(data: st.DataObject, code: Code, at: int) -> None:
    name, nth = some(data, code)
    function = code[name][nth]
    if function.builds:
        function.builds.pop(data.draw(st.integers(0, len(function.builds) - 1)))


def copy_a_function(data: st.DataObject, code: Code, at: int) -> None:
    name, nth = some(data, code)
    copy = deepcopy(code[name][nth])
    code[name].append(Function(f"copied_{at}", copy.lines, copy.builds))


def add_a_function(data: st.DataObject, code: Code, at: int) -> None:
    name, _ = some(data, code)
    lines = [f"added_{at}_{n} = fresh_{at}_{n}(host)" for n in range(4)]
    code[name].append(Function(f"added_{at}", lines, [data.draw(st.sampled_from(BUILDING))]))


EDITS: list[Edit] = [
    move_functions, rename_function, rename_file, move_to_another_file, build_once_more, build_no_more, add_a_function,
]  # fmt: skip
STEPS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@STEPS
@given(codes(), st.data())
def test_what_is_new_is_told_after_any_edits(code: Code, data: st.DataObject) -> None:
    baseline = recorded(code)
    for at, edit in enumerate(data.draw(st.lists(st.sampled_from(EDITS), max_size=6))):
        if any(code.values()):
            edit(data, code, at)
    wanted = sum((function.new for some in code.values() for function in some), Counter[str]())
    assert texts(matched(baseline, rendered(code)).new) == wanted


@STEPS
@given(codes(), st.data())
def test_one_more_edit_of_a_kind_does_no_harm(code: Code, data: st.DataObject) -> None:
    """Changes that the edits above do not take turns with: the place is still told by the rest."""
    baseline = recorded(code)
    for edit in (change_a_line, data.draw(st.sampled_from([rename_function, rename_file, move_functions]))):
        edit(data, code, 1)
    assert not matched(baseline, rendered(code)).new


@STEPS
@given(codes(), st.data())
def test_a_copy_is_new_and_where_it_was_copied_from_is_not(code: Code, data: st.DataObject) -> None:
    baseline = recorded(code)
    copy_a_function(data, code, 1)
    for edit in data.draw(st.lists(st.sampled_from([move_functions, rename_file]), max_size=2, unique=True)):
        edit(data, code, 2)
    new = matched(baseline, rendered(code)).new
    assert texts(new) == sum((f.new for some in code.values() for f in some), Counter[str]())
    assert {d.fingerprint.definition for d in new if d.fingerprint is not None} <= {"copied_1"}


UGLY = {
    "redis.Redis()": ["redis . Redis( )", "(redis.Redis)()"],
    "redis.Redis(host='a', db=1)": [
        "redis.Redis(\n host=('' \"a\"),\n\n db = 0X1 , # why\n )",
        "redis.Redis(host='a', db=1,)",
    ],
    "redis.Redis.from_url(f'redis://{host}')": ["redis.Redis.from_url('redis:' F'//{ host }')"],
}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(codes(), st.data())
def test_formatting_changes_nothing(code: Code, data: st.DataObject) -> None:
    baseline = recorded(code)
    for some in code.values():
        for function in some:
            function.lines = [line.replace("(host, ", "( host,\n ") for line in function.lines]
            function.builds = [data.draw(st.sampled_from(UGLY[one])) for one in function.builds]
    ugly = rendered(code)
    for files in (ugly, {path: formatted(text) for path, text in ugly.items()}):
        seen = matched(baseline, files)
        assert not seen.new and not seen.left and not seen.moved


def formatted(data: bytes) -> bytes:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("how", [[], ["--union"], ["--diff3"]])
@settings(
    max_examples=12, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(code=codes(), data=st.data())
def test_baselines_of_two_branches_merge(
    how: list[str], code: Code, data: st.DataObject, tmp_path: Path
) -> None:
    base = recorded(code)
    left, right = deepcopy(code), deepcopy(code)
    name, nth = some(data, left)
    left[name][nth].builds.clear()  # mended on one side
    for side, at in ((left, 10), (right, 20)):  # and added to on both
        for number in range(data.draw(st.integers(0, 3))):
            add_a_function(data, side, at + number)
    merged = deepcopy(right)
    merged[name][nth].builds.clear()
    for path in left:
        merged[path] += [f for f in left[path] if f.name.startswith("added_1")]
    paths = []
    for title, one in (("left", recorded(left)), ("base", base), ("right", recorded(right))):
        paths.append(tmp_path / title)
        paths[-1].write_bytes(one.to_bytes())
    union = subprocess.run(["git", "merge-file", "-p", *how, *paths], capture_output=True)
    (tmp_path / "merged").write_bytes(union.stdout)
    here = read_baseline(str(tmp_path / "merged"), DISK, merging=True)
    there = Baseline(base.file, tuple(moved(entry, tmp_path) for entry in here.entries))
    seen = matched(there, rendered(merged))
    assert not seen.new
    kept = there.with_entries(entry for entry, _ in seen.known)
    assert kept.to_bytes() == recorded(merged).to_bytes()


def moved(entry: Entry, folder: Path) -> Entry:
    """The entry as it is in the project."""
    path = f"{ROOT}/{Path(entry.path).relative_to(folder).as_posix()}"
    return Entry(entry.code, path, entry.fingerprint, entry.nth, entry.reason)


def test_a_new_file_in_place_of_one_that_moved_is_new() -> None:
    code: Code = {"a.py": [Function("one", [f"v{n} = f{n}()" for n in range(5)], ["redis.Redis()"])]}
    baseline = recorded(code)
    files = rendered({"b.py": code["a.py"], "a.py": [Function("two", ["x = 1"] * 4, ["redis.Redis()"])]})
    seen = matching(baseline, found(files), DISK.with_edits(files), lambda: {f"{ROOT}/a.py": f"{ROOT}/b.py"})
    assert [Path(d.path).name for d in seen.new] == ["a.py"]
    assert [Path(d.path).name for _, d in seen.moved] == ["b.py"]
