"""What projects do, as a line of JSON for each folder on standard input, which has a `probe.py` beside it.

`run.py REDIS`. Each module is imported as the first of its project; the probe is run, and the tests, each in a
process of its own.
"""

import asyncio  # noqa: F401  (what projects import too is read once)
import contextlib
import dataclasses  # noqa: F401
import gc
import importlib
import io
import json
import os
import re
import sys
import threading  # noqa: F401
import unittest.mock  # noqa: F401
from collections.abc import Callable
from pathlib import Path

import pytest


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+| id='\d+'", "", text)


class _Outcomes:
    """What became of each test."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            said = _without_addresses(report.capstdout)
            self.found[report.nodeid] = " ".join([report.outcome, *said.split()])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.found[report.nodeid] = "cannot be collected"


def imports(modules: list[str]) -> dict[str, object]:
    """Whether each of the modules can be imported when none of the others has been."""
    before = set(sys.modules)
    found: dict[str, object] = {}
    for name in modules:
        for other in sys.modules.keys() - before:
            del sys.modules[other]
        try:
            found[name] = bool(importlib.import_module(name))
        except BaseException as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found


def tests() -> dict[str, str]:
    importlib.import_module("redis").RECONNECTS = True  # type: ignore[attr-defined]
    outcomes = _Outcomes()
    pytest.main(["-q", "--assert=plain", "-p", "no:cacheprovider", "tests"], plugins=[outcomes])
    return outcomes.found


def probe() -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(Path("../probe.py").read_text(), {"__name__": "probe"})
    return _without_addresses(said.getvalue())


def asked(question: Callable[[], object], redis: str, folder: str) -> object:
    """What `question` gives in a process that has imported nothing yet of the project."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        sys.path[:0] = [folder, redis]
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            answer = question()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        with os.fdopen(writing, "w") as out:
            out.write(json.dumps(answer).replace(folder, ""))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as given:
        text = given.read()
    os.wait()
    return json.loads(text)


def behaviour(redis: str, folder: str) -> dict[str, object]:
    paths = sorted(path.relative_to(folder) for path in Path(folder).rglob("*.py"))
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]
    found = asked(lambda: imports(modules), redis, folder)
    assert isinstance(found, dict)
    found["probe"] = asked(probe, redis, folder)
    if os.path.isdir(os.path.join(folder, "tests")):
        found["tests"] = asked(tests, redis, folder)
    return found


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(behaviour(sys.argv[1], line.strip())), flush=True)
