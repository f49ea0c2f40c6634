"""Source that would keep an evaluation busy for ever: it ends, and what is known is reported."""

from __future__ import annotations

import ast
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from conftest import Command, places

from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.open_names import OpenInference
from flake8_redis_ssot.lint.check import Checked, FileChecker
from flake8_redis_ssot.project.inference import ProjectInference
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.source import SourceFile

HEAD = "import redis\nfrom tree import root\n"


@pytest.fixture(autouse=True)
def an_end() -> Iterator[None]:
    """Fail where there is no end, instead of waiting for it."""

    def stop(*_: object) -> None:
        raise TimeoutError("no end in a minute of work")

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def check(text: str, *, project: bool = True) -> Checked:
    rules = [rule for rule in all_rules() if rule.default and (project or not rule.project)]
    settings = load_settings(None, root="/project", codes=[], options={"manager": "app.redis_manager"})
    return FileChecker(settings, rules).check(SourceFile("/project/sample.py", text.encode()))


def walker(*steps: str) -> str:
    """A class whose attribute is set from members of itself; line 6 builds a client."""
    lines = "".join(
        f"        if way == {n}:\n            self.node = {step}\n" for n, step in enumerate(steps)
    )
    return (
        f"{HEAD}class Walk:\n    def __init__(self):\n        self.node = root\n"
        f"        self.client = redis.Redis(host=self.node.host)\n    def go(self, way):\n{lines}"
    )


def chain(count: int, line: str, first: str = "") -> str:
    return HEAD + first + "".join(line.format(n=n, before=n - 1, after=n + 1) for n in range(1, count))


GROWING = {
    "three ways": walker("self.node.left", "self.node.right", "self.node.parent"),
    "thirty ways": walker(*(f"self.node.way{n}" for n in range(30))),
    "a conditional expression": walker("self.node.a if way else self.node.b if way else self.node.c"),
    "getattr": walker(*(f"getattr(self.node, 'way{n}')" for n in range(4))),
    "two attributes": walker("self.twin.a or self.twin.b") + "        self.twin = self.node.c or self.node.d\n",
    "a ring of attributes": walker(*("self.node",))
    + "".join(
        f"        self.a{n} = self.a{(n + 1) % 90}.x or self.a{(n + 7) % 90}.y or root\n" for n in range(90)
    ),
    "a global": walker("node.way") + "node = root\ndef f(way):\n    global node\n"
    + "".join(f"    if way:\n        node = node.x{n}\n" for n in range(6)),
    "a string doubled": walker("self.node.next") + "import importlib\nt0 = 'redis'\n"
    + "".join(f"t{n} = t{n - 1} + t{n - 1}\n" for n in range(1, 60)) + "importlib.import_module(t59)\n",
    "functions that call each other": walker("f0(redis.Redis)") + "".join(
        f"def f{n}(x):\n    return f{(n + 1) % 60}(f{(n + 2) % 60}(x)) or f{(n + 3) % 60}(redis.Redis)\n"
        for n in range(60)
    ),
    "swaps in a loop": walker("self.node.next") + "a, b = redis.Redis, 1\nwhile root:\n" + "    a, b = b, a\n" * 400,
    "items of an attribute": walker("self.node.next")
    + "".join(f"        self.d['k{n}'] = self.d['k{(n + 1) % 200}'] or self.d[way] or redis.Redis\n" for n in range(200)),
    "classes over each other": walker("self.node.next") + "".join(
        f"class C{n}(C{n - 1}):\n    def __init__(self):\n        self.c = self.c or redis.Redis(db={n})\n"
        + "".join(
            f"    def {m}(self, key):\n        return self.c.{m}(key) or super().{m}(key) or self.get(key)\n"
            for m in ("get", "set", "delete")
        )
        for n in range(15)
    ),
    "items of a dict": walker("self.node.next") + "d = {}\n"
    + "".join(f"d['k{n}'] = d['k{(n + 1) % 200}'] or d['k{(n + 5) % 200}'] or redis.Redis\n" for n in range(200)),
}  # fmt: skip


@pytest.mark.parametrize("name", GROWING)
def test_what_is_known_is_reported_though_values_grow(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Inference, "budget", Inference.budget // 5)  # a shorter way to the same end
    checked = check(GROWING[name])
    assert (6, "RED201") in {(d.range.start.line, d.code) for d in checked.diagnostics}


WIDE = {
    "a chain of subclasses": chain(1200, "class C{n}(C{before}): pass\n", "class C0(redis.Redis): pass\n"),
    "diamonds": chain(
        60, "class A{n}(A{before}, B{before}): pass\nclass B{n}(B{before}, A{before}): pass\n",
        "class A0(redis.Redis): pass\nclass B0(redis.Redis): pass\n",
    ),
    "conditional rebindings": chain(1200, "if x{n}:\n    c = c or redis.Redis\n", "c = redis.Redis\n"),
    "a chain of aliases": chain(1500, "a{n} = a{before}\n", "a0 = redis.Redis\n"),
    "a sum": HEAD + "x = redis.Redis()" + " + redis.Redis()" * 900 + "\n",
    "lists doubled": chain(40, "a{n} = [*a{before}, *a{before}]\n", "a0 = [redis.Redis()]\n") + "a39[0].get('x')\n",
    "sums of lists doubled": chain(
        300, "a{n} = a{before} + a{before}\n", "a0 = [redis.Redis()]\n"
    ) + "a299[1:][2:-1][0].get('x')\n",
    "dicts doubled": chain(
        40, "a{n} = {{**a{before}, **a{before}}}\n", "a0 = {'a': redis.Redis()}\n"
    ) + "a39['a'].get('x')\n",
    "classes that hold each other": HEAD + "".join(
        f"class C{n}:\n    def __init__(self):\n        self.r = redis.Redis()\n"
        + "".join(f"        self.m{m} = C{m}()\n" for m in range(12))
        for n in range(12)
    ) + "C0().m1.m2.m3.r.get('x')\n",
}  # fmt: skip


@pytest.mark.parametrize("name", WIDE)
def test_large_source_is_checked_within_the_budget(name: str) -> None:
    text = WIDE[name]
    checked = check(text)
    builders = sum(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "redis.Redis"
        for node in ast.walk(ast.parse(text))
    )
    subclasses = text.count("(redis.Redis)")
    assert len([d for d in checked.diagnostics if d.code in ("RED201", "RED204")]) >= builders + subclasses


@pytest.mark.parametrize(
    "head, line",
    [
        ("def f(c=None):\n", "    if x{n}: c = f(c)\n"),
        ("for x in y:\n", "    if x{n}: c = c\n"),
    ],
    ids=["function", "loop"],
)
def test_each_of_many_bindings_that_may_hold_counts_as_work(
    head: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 2 * Inference.budget
    monkeypatch.setattr(Inference, "budget", Inference.budget // 5)
    calls = 0

    def count_calls(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code.co_name == "values_of"

    text = HEAD + head + "".join(line.format(n=n) for n in range(1500)) + "c.get('k')\n"
    sys.setprofile(count_calls)
    try:
        check(text)
    finally:
        sys.setprofile(None)
    assert 0 < calls < most  # of more than a million


def test_a_chain_of_accessors_twice_as_long_takes_no_more_than_twice_the_work() -> None:
    made = []
    for count in (60, 120):
        text, calls = chain(count, "def f{n}():\n    return f{after}() or redis.Redis()\n"), 0

        def count_calls(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count_calls)
        try:
            check(text)
        finally:
            sys.setprofile(None)
        made.append(calls)
    assert made[1] < 2.2 * made[0], made


def test_a_bound_that_is_reached_is_said_once(
    tmp_path: Path, run: Command, process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inference, "budget", Inference.budget // 5)
    arms = "".join(f"if way == {n}:\n    kind = redis.Redis\n" for n in range(700))
    (tmp_path / "sample.py").write_text(walker("self.node.next") + "way = root\n" + arms + "kind()\n" * 600)
    for arguments in (["--no-cache"], [], []):  # as well where the second run has a cache
        done = run("check", "--output-format", "concise", *arguments, cwd=tmp_path)
        assert done.stderr.count("more ways than are followed") == 1 and "sample.py" in done.stderr
        assert done.returncode == 1 and ("sample.py", 6, 23, "RED201") in places(done.stdout)
    flake8 = process("--select", "RED", "sample.py", cwd=tmp_path, module="flake8")
    assert flake8.stderr.count("more ways than are followed") == 1 and "RED201" in flake8.stdout


DEEP = {
    "commands in a chain": "client.pipeline()" + "".join(f".set('k{n}', {n})" for n in range(170)),
    "attributes": "redis" + ".a" * 900,
    "conditional expressions": "redis.Redis if a else " * 800 + "redis.Redis",
    "calls": "f(" * 90 + "redis.Redis" + ")" * 90,
    "lambdas": "lambda: " * 90 + "redis.Redis()",
    "subscripts": "redis.Redis" + "[0]" * 900,
    "a union": "client\ny: " + "redis.Redis | " * 800 + "None",
    "a union in a string": "client\ny: '" + "redis.Redis | " * 3000 + "None'",
}


@pytest.mark.parametrize("project", [True, False])
@pytest.mark.parametrize("name", DEEP)
def test_deep_source_does_not_cost_the_rest_of_the_file(name: str, project: bool) -> None:
    checked = check(f"import redis\nclient = redis.Redis()\nx = {DEEP[name]}\n", project=project)
    assert (2, "RED201") in {(d.range.start.line, d.code) for d in checked.diagnostics}


def test_source_that_python_finds_too_deep_is_unreadable() -> None:
    text = "import redis\nredis.Redis()\nx = redis" + ".a" * 5000 + "\n"
    try:
        ast.parse(text)
        expected = "RED201"  # from Python 3.13 on
    except (RecursionError, MemoryError):
        expected = "RED000"
    assert [d.code for d in check(text).diagnostics] == [expected]


def test_a_bound_of_the_project_rules_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "store.py").write_text("import redis\n\n\ndef client():\n    return redis.Redis()\n")
    (tmp_path / "use.py").write_text("from store import client\n\n\nasync def f():\n    client().get('k')\n")
    monkeypatch.chdir(tmp_path)
    main(["check", "--isolated", "--no-cache", "--output-format", "concise"])
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(ProjectInference, "budget", 2)
    main(["check", "--isolated", "--no-cache", "--output-format", "concise"])
    said = capsys.readouterr()
    assert said.err.count("values may flow from file to file in more ways than are followed") == 1
    assert "store.py:5:12: RED201" in said.out


def test_classes_that_are_too_many_to_judge_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    store = "class Store:\n    def __init__(self):\n        self.c = redis.Redis()\n    def client(self):\n        return self.c\n"
    reason = "what its classes hold may flow in more ways than are followed"
    assert reason not in check(HEAD + store).limits
    monkeypatch.setattr(OpenInference, "budget", 1)
    assert reason in check(HEAD + store).limits
