"""Try the command and the flake8 plugin on files that nobody would write.

Files of this repository, of the environment's site-packages (those that mention Redis first), of
CPython's own tests, and hostile modules are changed at random and checked by `redis-ssot check` and
by flake8 with the plugin alone. Reported as failures:

- a traceback, a defect message, an exit code other than 0 and 1, a process that dies;
- more than 5 seconds of cpu time or 500 MB of memory for one file;
- RED000 for a file that Python parses;
- another result under flake8 than of the command, where flake8 itself does not stop.

With --project the files are put together into projects of so many, for the project rules and `--fix`,
with 30 seconds for each: what compiled before compiles afterwards. The same seed makes the same files in the same environment. Given
PATHs are checked as they are. Needs an operating system that can fork.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import multiprocessing
import os
import re
import resource
import shutil
import signal
import sys
import sysconfig
import tempfile
import time
import traceback
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from importlib.util import decode_source
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random
from typing import Any

from flake8.checker import FileChecker
from flake8.formatting.base import BaseFormatter
from flake8.options.parse_args import parse_args
from flake8.plugins.finder import Checkers
from flake8.style_guide import StyleGuideManager
from flake8.violation import Violation
from hostile import hostile_module
from mutations import mutated

import flake8_redis_ssot
from flake8_redis_ssot.cli.main import main as command
from flake8_redis_ssot.rules import all_rules

ROOT = Path(__file__).parents[2]
PACKAGE = str(Path(flake8_redis_ssot.__file__).parent) + os.sep
CPU, PROJECT_CPU, MEMORY, WALL = 5.0, 30.0, 500_000_000, 300.0
BATCH, LARGEST = 40, 60_000
SHARED = frozenset(rule.code for rule in all_rules() if not rule.project)
SETTINGS = """\
[tool.redis-ssot]
manager = "app.redis_manager"
instance = "redis_manager"
forbidden-managers = ["app.legacy", "app.*.redis_manager", "old_redis.**"]
extend-client-builders = ["acme_redis.connect"]
per-file-ignores = { "app/quiet_*.py" = ["RED201"] }

[[tool.redis-ssot.boundary]]
name = "auth"
paths = ["auth/**"]
manager = "auth.redis_manager"

[[tool.redis-ssot.allow]]
paths = ["tests/**"]
rules = ["RED201"]
symbols = ["redis.Redis"]
reason = "tests build their own"
"""
MANAGER = """\
import redis


class RedisManager:
    def __init__(self):
        self.client = redis.Redis()

    def get(self, key):
        return self.client.get(key)


redis_manager = RedisManager()
"""
PLACES = ("fuzz_{}.py", "app/m{}.py", "app/m{}.py", "auth/m{}.py", "tests/test_{}.py", "app/quiet_{}.py")


@dataclass(frozen=True)
class Failure:
    """What went wrong; failures of one `kind` are counted as one fault."""

    kind: str
    detail: str


@dataclass
class Result:
    """What one file, or project, gave."""

    name: str
    failures: list[Failure] = field(default_factory=list)
    findings: int = 0
    cpu: float = 0.0
    memory: int = 0


class TooSlow(BaseException):
    """The cpu time is used up; no `except Exception` of the code that runs may catch it."""


def python_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if p.is_file() and p.stat().st_size < LARGEST)


@cache
def corpus() -> dict[str, list[Path]]:
    """The files that are changed, by where they are from."""
    point = python_files(Path(sysconfig.get_path("purelib")))
    about_redis = [path for path in point if b"redis" in path.read_bytes().lower()]
    return {
        "repository": [p for name in ("tests/fixtures", "examples") for p in python_files(ROOT / name)],
        "redis": about_redis,
        "site-packages": point,
        "CPython": python_files(Path(os.__file__).parent / "test"),
    }


def made(seed: int, index: int) -> tuple[str, bytes]:
    """The path in its project, and the bytes, of a file."""
    random = Random(f"{seed}:{index}")
    kinds = {"repository": 4, "redis": 4, "hostile": 4, "site-packages": 1, "CPython": 1}
    kind = random.choices(list(kinds), list(kinds.values()))[0]
    files = corpus().get(kind)
    if files:
        data = mutated(random, random.choice(files).read_bytes())
    else:
        data = hostile_module(random)
        if random.random() < 0.4:
            data = mutated(random, data)
    return random.choice(PLACES).format(index), data


def write_project(folder: Path) -> None:
    for name, text in {
        "pyproject.toml": SETTINGS,
        "app/__init__.py": "",
        "app/redis_manager.py": MANAGER,
        "app/legacy.py": MANAGER,
        "auth/__init__.py": "",
        "auth/redis_manager.py": MANAGER,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@contextmanager
def limited(cpu: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, cpu, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def where(error: BaseException) -> str:
    """The innermost place in the package, or "" where the package is not involved."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(PACKAGE)]
    return f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else ""


def run_command(folder: Path, cpu: float, *arguments: str) -> tuple[list[dict[str, Any]], list[Failure]]:
    """The diagnostics of `redis-ssot check`, and what went wrong."""
    out, err = io.StringIO(), io.StringIO()
    chosen = ["check", "--no-cache", "--select", "ALL", "--output-format", "json", "--jobs", "1"]
    try:
        with chdir(folder), redirect_stdout(out), redirect_stderr(err), limited(cpu):
            status = command([*chosen, *arguments])
    except TooSlow as error:
        return [], [Failure("slow", f"over {cpu:g} s, in {where(error)}")]
    except (Exception, SystemExit) as error:
        return [], [Failure(f"traceback {type(error).__name__} in {where(error)}", repr(error)[:200])]
    message = err.getvalue().strip()
    found = re.search(r"not checked: (\w+): ([^;]*)", message)
    if found:
        return [], [Failure(f"defect {found[1]}: {re.sub('[0-9]+', 'N', found[2])[:60]}", message[:300])]
    # that a bound was reached is no failure
    complaints = [line for line in message.splitlines() if not line.endswith("what was found is reported")]
    if status not in (0, 1) or complaints:
        return [], [Failure(f"exit {status}", message[:300])]
    return json.loads(out.getvalue()), []


class Collector(BaseFormatter):
    """Keeps what flake8 reports."""

    def after_init(self) -> None:
        self.found: list[tuple[int, int, str, str]] = []

    def handle(self, error: Violation) -> None:
        self.found.append((error.line_number, error.column_number, error.code, error.text))


class Flake8:
    """flake8 with no plugin but ours, its options read once."""

    def __init__(self, folder: Path) -> None:
        with chdir(folder):
            plugins, self.options = parse_args(["--isolated", "--extend-select", ",".join(sorted(SHARED))])
        ours = [plugin for plugin in plugins.checkers.tree if plugin.entry_name == "RED"]
        self.plugins = Checkers(tree=ours, logical_line=[], physical_line=[])

    def run(self, folder: Path, name: str) -> tuple[list[tuple[int, int, str, str]] | None, list[Failure]]:
        """What is reported, None where flake8 itself stops, and what went wrong."""
        formatter = Collector(self.options)
        guide = StyleGuideManager(self.options, formatter)
        try:
            with chdir(folder), limited(CPU):
                checker = FileChecker(filename=name, plugins=self.plugins, options=self.options)
                _, results, _ = checker.run_checks()
        except TooSlow as error:
            return None, [Failure("flake8: slow", f"over {CPU:g} s, in {where(error)}")]
        except Exception as error:
            cause = error.__cause__ or error
            if not where(error):
                return None, []
            return None, [Failure(f"flake8: {type(cause).__name__} in {where(cause)}", str(error)[:300])]
        for code, line, column, text, physical in results:
            guide.handle_error(code, name, line, column, text, physical)
        stopped = any(code in ("E902", "E999") for code, *_ in results)
        return None if stopped else sorted(formatter.found), []


def parses(data: bytes, flags: int = ast.PyCF_ONLY_AST) -> bool:
    """Whether Python decodes and parses the file; without the flag, whether it compiles."""
    try:
        decode_source(data)  # from bytes, Python compiles comments that it would not read from a file
        compile(data, "x.py", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return False
    return True


def check_file(folder: Path, flake8: Flake8, name: str, data: bytes) -> Result:
    """Write the file into the project, and check it by both programs."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    result, start = Result(name), time.process_time()
    diagnostics, result.failures = run_command(folder, CPU, "--no-project", name)
    result.findings, result.cpu = len(diagnostics), time.process_time() - start
    reported = None
    if not any(failure.kind == "slow" for failure in result.failures):
        reported, failures = flake8.run(folder, name)
        result.failures += failures
    unreadable = [d["message"] for d in diagnostics if d["code"] == "RED000"]
    if unreadable and parses(data):
        result.failures.append(Failure("RED000 for a file that Python parses", unreadable[0]))
    if reported is not None and not result.failures and parses(data):
        expected = sorted(
            (d["location"]["row"], d["location"]["column"], d["code"], d["message"])
            for d in diagnostics
            if d["code"] in SHARED
        )
        apart = [*(Counter(expected) - Counter(reported)), *(Counter(reported) - Counter(expected))]
        if apart:
            lacking = "flake8" if apart[0] in expected else "the command"
            result.failures.append(
                Failure(f"differs: {lacking} lacks {apart[0][2]}", f"{len(apart)} apart; {apart[0]}")
            )
    path.unlink()
    return result


def check_project(folder: Path, files: Sequence[tuple[str, bytes]], name: str) -> Result:
    """Put the files into a project of their own, check it, and mend a copy of it."""
    shutil.rmtree(folder, ignore_errors=True)
    write_project(folder)
    for path, data in files:
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    result, start = Result(name), time.process_time()
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*.py"))}
    diagnostics, result.failures = run_command(folder, PROJECT_CPU)
    result.findings, result.cpu = len(diagnostics), time.process_time() - start
    if not result.failures:
        _, failures = run_command(folder, PROJECT_CPU, "--fix")
        result.failures += [Failure(f"--fix: {failure.kind}", failure.detail) for failure in failures]
    for path, data in before.items():
        if path.read_bytes() != data and parses(data, 0) and not parses(path.read_bytes(), 0):
            result.failures.append(Failure("--fix: no longer compiles", str(path.relative_to(folder))))
    return result


Checked = tuple[int, Result | None]
Check = Callable[[int], Result]


def work(indices: Sequence[int], check: Check, connection: Connection) -> None:
    """In a process of its own: check one after another, saying which, up to one that takes much memory."""
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY, 4 * MEMORY))
    for index in indices:
        connection.send((index, None))
        result = check(index)
        result.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if result.memory > MEMORY:
            result.failures.append(Failure("memory", f"{result.memory // 1_000_000} MB"))
        connection.send((index, result))
        if result.memory > MEMORY:
            break
    connection.close()


def run_all(
    count: int, jobs: int, size: int, start_check: Callable[[], Check]
) -> Iterator[tuple[int, Result]]:
    """The results of all indices; one whose process dies, or hangs in C code, fails by itself."""
    context = multiprocessing.get_context("fork")
    todo = [list(range(start, min(start + size, count))) for start in range(0, count, size)][::-1]
    running: dict[Connection, tuple[Any, list[int], float]] = {}
    while todo or running:
        while todo and len(running) < jobs:
            indices = todo.pop()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=lambda i, s: work(i, start_check(), s), args=(indices, sender))
            process.start()
            sender.close()
            running[receiver] = (process, indices, time.monotonic())
        for receiver in [*wait(list(running), 1.0), *running]:
            if receiver not in running:
                continue
            process, left, since = running[receiver]
            try:
                while receiver.poll():
                    index, result = receiver.recv()
                    running[receiver] = (process, left, time.monotonic())
                    if result is not None:
                        left.remove(index)
                        yield index, result
                if time.monotonic() - since < WALL or not left:
                    continue
                process.kill()
            except EOFError:
                pass
            process.join()
            del running[receiver]
            if left and process.exitcode:
                yield left[0], Result(f"{left[0]}", [Failure("died", f"exit code {process.exitcode}")])
                del left[0]
            if left:
                todo.append(left)


def smaller(items: list[Any], fails: Callable[[list[Any]], bool], seconds: float = 60.0) -> list[Any]:
    """Fewer of the items with which it still fails, by leaving out ever smaller parts."""
    size, end = len(items) // 2, time.monotonic() + seconds
    while size:
        at = 0
        while at < len(items) and time.monotonic() < end:
            shorter = items[:at] + items[at + size :]
            if fails(shorter):
                items = shorter
            else:
                at += size
        size //= 2
    return items


def minimised(name: str, data: bytes, kind: str) -> bytes:
    """Fewer lines of a file that still fail in the same way."""
    with tempfile.TemporaryDirectory() as folder:
        write_project(Path(folder))
        flake8 = Flake8(Path(folder))

        def fails(lines: list[bytes]) -> bool:
            result = check_file(Path(folder), flake8, name, b"".join(lines))
            return any(failure.kind == kind for failure in result.failures)

        return b"".join(smaller(data.splitlines(keepends=True), fails))


def in_process(result: Callable[[], Any]) -> Any:
    """The result, from a process of its own; None where that dies."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(result()))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        return None
    finally:
        process.join()


def keep(folder: Path, kind: str, files: Iterable[tuple[str, bytes]]) -> Path:
    home = folder / re.sub(r"\W+", "-", kind).strip("-")[:70]
    for name, data in files:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)
    return home


def summary(results: Sequence[Result]) -> str:
    slowest = max(results, key=lambda r: r.cpu, default=Result("-"))
    largest = max(results, key=lambda r: r.memory, default=Result("-"))
    kinds: dict[str, list[tuple[str, Failure]]] = defaultdict(list)
    for result in results:
        for failure in result.failures:
            kinds[failure.kind].append((result.name, failure))
    rows = [
        f"{len(results)} checked, {sum(r.findings for r in results)} findings,"
        f" {sum(bool(r.failures) for r in results)} failed",
        f"slowest {slowest.cpu:.1f} s: {slowest.name}; largest {largest.memory // 1_000_000} MB: {largest.name}",
    ]
    for kind, failures in sorted(kinds.items(), key=lambda item: -len(item[1])):
        name, failure = failures[0]
        rows.append(f"{len(failures):5} {kind}\n      {name}: {failure.detail}")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files to check as they are")
    parser.add_argument("--count", type=int, default=5000, help="how many files (default: 5000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, metavar="INDEX", help="write the file of this index, and stop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep one failing file of each kind, made smaller"
    )
    parser.add_argument("--project", type=int, metavar="K", default=0, help="projects of K files each")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")

    given = [(f"app/given_{n}.py", path.read_bytes()) for n, path in enumerate(options.paths)]

    def file(index: int) -> tuple[str, bytes]:
        return given[index] if given else made(options.seed, index)

    if options.only is not None:
        sys.stdout.buffer.write(file(options.only)[1])
        return 0
    corpus()
    size = options.project
    count = len(given) or options.count
    scratch = Path(tempfile.mkdtemp(prefix="fuzz-"))

    def files(index: int) -> list[tuple[str, bytes]]:
        return [file(n) for n in range(index * size, min((index + 1) * size, count))]

    def start_check() -> Check:
        folder = Path(tempfile.mkdtemp(dir=scratch))
        if size:
            return lambda index: check_project(folder, files(index), f"project {index}")
        write_project(folder)
        flake8 = Flake8(folder)
        return lambda index: check_file(folder, flake8, *file(index))

    def kept(index: int, kind: str) -> list[tuple[str, bytes]]:
        if not size:
            name, data = file(index)
            return [(name, in_process(lambda: minimised(name, data, kind)) or data)]

        def fails(some: list[tuple[str, bytes]]) -> bool:
            return any(f.kind == kind for f in check_project(scratch / "smaller", some, "").failures)

        return in_process(lambda: smaller(files(index), fails)) or files(index)

    results, kinds = [], set()
    try:
        for index, result in run_all(
            -(-count // size) if size else count, options.jobs, 1 if size else BATCH, start_check
        ):
            result.name = f"{index} ({result.name})"
            results.append(result)
            for failure in result.failures:
                if options.keep and failure.kind not in kinds:
                    kinds.add(failure.kind)
                    print(
                        f"{failure.kind}: {keep(options.keep, failure.kind, kept(index, failure.kind))}",
                        flush=True,
                    )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(summary(results))
    return int(any(result.failures for result in results))


if __name__ == "__main__":
    sys.exit(main())
