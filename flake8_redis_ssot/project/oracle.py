"""Asks astroid which builders a call may be of: the last resort, in a process of its own with a deadline.

Only this module imports astroid. The client libraries are stubs made from the table of builders, and astroid sees no
other files than those passed to it: what is installed never matters.
"""

from __future__ import annotations

import ast
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.builder_table import BuilderTable, builders
from flake8_redis_ssot.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from subprocess import Popen

SECONDS = 10.0
"""The deadline of one run, in case astroid does not end; what it has not answered by then stays unknown."""

MOST_TEXT = 30_000
"""The most characters of source that astroid gets in one run. It takes some 20 ms for a file of this package."""

MOST_CALLS = 20
"""The most calls that one run asks about."""

Place = tuple[int, int, int, int]
"""Where a call begins and ends: lines from 1, columns from 0 in utf-8 bytes. Both are needed: `f()` and `f()()` begin alike."""


def place_of(call: ast.Call) -> Place:
    """The place of a call."""
    return call.lineno, call.col_offset, call.end_lineno or 0, call.end_col_offset or 0


@dataclass(frozen=True, slots=True)
class Question:
    """The source of a module, and the calls in it that are asked about."""

    module: str
    text: str
    calls: tuple[Place, ...] = ()


class Oracle:
    """Starts astroid in another process, which works while this one goes on; `answers` waits for it.

    There is no answer where astroid cannot tell, fails, or needs more than `seconds`.
    """

    def __init__(
        self, questions: Iterable[Question], table: BuilderTable, *, seconds: float = SECONDS
    ) -> None:
        asked = list(_affordable(questions))
        self._process: Popen[bytes] | None = None
        if not any(q.calls for q in asked):
            return
        import subprocess  # its import is a part of the command's start only where it is needed
        import tempfile

        given = {
            "clients": sorted(n for n in table.extended if n in table and table[n].kind == "client"),
            "pools": sorted(n for n in table.extended if n in table and table[n].kind == "pool"),
            "files": [[q.module, q.text, q.calls] for q in asked],
        }
        self._deadline = time.monotonic() + seconds
        # a file, since nobody reads from a pipe or writes to it before the end
        with tempfile.TemporaryFile() as stream:
            stream.write(json.dumps(given).encode())
            stream.seek(0)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", __name__],
                    stdin=stream,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError:
                return

    def answers(self) -> dict[str, dict[Place, tuple[str, ...]]]:
        """For each module the calls that surely build, each with the dotted names of the builders that it may be of."""
        process, self._process = self._process, None
        if process is None:
            return {}
        from subprocess import TimeoutExpired

        try:
            output, _ = process.communicate(timeout=max(self._deadline - time.monotonic(), 0.01))
        except TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        found: dict[str, dict[Place, tuple[str, ...]]] = {}
        for line in output.splitlines():
            try:
                module, place, names = json.loads(line)
            except ValueError:
                continue  # cut off by the deadline
            found.setdefault(module, {})[tuple(place)] = tuple(names)
        return found


def _affordable(questions: Iterable[Question]) -> Iterator[Question]:
    """As many questions as `MOST_TEXT` and `MOST_CALLS` allow; files with calls come first, the shortest before others.

    A bound in size, not in time: what is found must not depend on how fast the machine is.
    """
    text = calls = 0
    for question in sorted(questions, key=lambda q: (not q.calls, len(q.text), q.module)):
        if text + len(question.text) <= MOST_TEXT and calls + len(question.calls) <= MOST_CALLS:
            text += len(question.text)
            calls += len(question.calls)
            yield question


def stubs(table: Mapping[str, object]) -> dict[str, str]:
    """The stub source of each module that has one of the table's dotted names.

    A name whose parent begins with a capital is a method of that class, any other a class or function of its module.
    A class with several names becomes several classes.
    """
    methods: dict[str, dict[str, set[str]]] = {}
    modules: dict[str, set[str]] = {}
    for name in sorted(table):
        parent, _, last = name.rpartition(".")
        home, _, owner = parent.rpartition(".")
        if owner[:1].isupper():
            methods.setdefault(home, {}).setdefault(owner, set()).add(last)
        elif last[:1].isupper():
            methods.setdefault(parent, {}).setdefault(last, set())
        else:
            modules.setdefault(parent, set()).add(last)
    for module in [*methods, *modules]:
        while module:
            modules.setdefault(module, set())
            module = module.rpartition(".")[0]
    found = {}
    for module, functions in modules.items():
        below = sorted(m for m in modules if m.rpartition(".")[0] == module and module)
        lines = [f"from {module} import {m.rpartition('.')[2]}" for m in below]
        lines += [f"def {function}(*args, **options): ..." for function in sorted(functions)]
        for owner, members in sorted(methods.get(module, {}).items()):
            lines += [f"class {owner}:", "    def __init__(self, *args, **options): ..."]
            for member in sorted(members):
                lines += ["    @classmethod", f"    def {member}(cls, *args, **options): ..."]
        found[module] = "\n".join(lines) + "\n"
    return found


def _main() -> None:
    """Answer the questions on standard input, one line a call as soon as it is known."""
    given = json.load(sys.stdin)
    table = builders(tuple(given["clients"]), tuple(given["pools"]))
    import astroid
    from astroid import nodes

    manager = astroid.MANAGER if hasattr(astroid, "MANAGER") else astroid.manager.AstroidManager()
    builder = astroid.builder.AstroidBuilder(manager)
    sys.path.clear()  # nothing is found on the disk: to look through the standard library takes a second
    for module, text in sorted(stubs(table).items()):
        manager.astroid_cache[module] = builder.string_build(text, module)
    trees = {}
    for module, text, calls in given["files"]:
        try:
            trees[module] = (builder.string_build(text, module), {tuple(call) for call in calls})
            manager.astroid_cache[module] = trees[module][0]
        except Exception:
            continue
    for module, (tree, calls) in trees.items():
        for call in tree.nodes_of_class(nodes.Call) if calls else ():
            place = (call.lineno, call.col_offset, call.end_lineno, call.end_col_offset)
            if place in calls:
                names = _callees(call.func, table)
                if names:
                    print(json.dumps([module, place, names]), flush=True)


def _callees(func: object, table: BuilderTable) -> list[str]:
    """The dotted names of the builders that a callee can be; none where it may be anything else."""
    found = set()
    try:
        values = list(func.inferred())  # type: ignore[attr-defined]
        for value in values:
            known = [value.qname(), *(a.qname() for a in getattr(value, "ancestors", list)())]
            name = next((name for name in known if name in table), None)
            if name is None:
                return []
            found.add(name)
    except Exception:
        return []
    return sorted(found)


if __name__ == "__main__":
    _main()
