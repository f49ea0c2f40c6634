"""The census of a test run: its own process, its xdist workers, and the processes that tests start."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any

import pytest

from flake8_redis_ssot.census.census import running, start, stop
from flake8_redis_ssot.census.counts import Counts, What, added, from_json
from flake8_redis_ssot.census.journal import ask_children, read
from flake8_redis_ssot.pytest_census.static import rules_below
from flake8_redis_ssot.pytest_census.summary import Run, as_json, properties, text

_OUTPUT = "redis_census"
"""Under this key a worker sends its counts."""
_WORKER = "PYTEST_XDIST_WORKER"


class CensusPlugin:
    """Counts from before the first conftest until the session is finished."""

    def __init__(self, config: pytest.Config, limits: Mapping[str, What]) -> None:
        """`limits` are the settings that say how many there may be, by what they count."""
        self.config = config
        self.path = config.known_args_namespace.redis_census
        if self.path:
            _check_writable(self.path)
        self.limits = _limits(config, limits)
        self.packages = config.getini("redis_census_packages")
        self.before = dict(os.environ)
        self.folder = ""
        started = running()
        self.census = start(packages=self.packages)
        if started is not None and _WORKER in os.environ:
            stop(started)  # Python began it when it started the worker
        self.census.recorder.limits = self.limits
        self.received: list[Counts] = []
        self.lost: list[str] = []
        self.run: Run | None = None
        if _WORKER not in os.environ:
            self._lead()

    def _lead(self) -> None:
        """This is the process that tells the counts of all."""
        self.folder = tempfile.mkdtemp(prefix="redis-census-")
        ask_children(self.folder, self.packages, self.limits, os.environ)
        self.census.rename("the main process")

    @property
    def is_worker(self) -> bool:
        """Known once pytest is configured: a process that a worker starts has the worker's environment."""
        return hasattr(self.config, "workerinput")

    def pytest_configure(self) -> None:
        if self.is_worker:
            self.census.rename(os.environ[_WORKER])
        elif not self.folder:
            self._lead()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what a worker sends when it is done."""
        sent = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if sent is None:
            self.lost.append(node.gateway.id)
        else:
            self.received.append(from_json(sent))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        counts = self.census.counts()
        if self.is_worker:
            self.config.workeroutput[_OUTPUT] = counts.as_json()  # type: ignore[attr-defined]
            return
        several = [counts, *self.received, *read(self.folder)]
        counts = added(sorted((one for one in several if one.origins), key=lambda one: one.processes))
        root = str(self.config.rootpath)
        self.run = Run(root, counts, rules_below(root), self.limits, sorted(self.lost))
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) and any(
            self.run.exceeded()
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.path:
            from flake8_redis_ssot.output import json_text

            with open(self.path, "w", encoding="utf-8") as stream:
                stream.write(json_text(as_json(self.run)) + "\n")
        self._tell_junit(self.run)

    def _tell_junit(self, run: Run) -> None:
        from _pytest.junitxml import xml_key

        report = self.config.stash.get(xml_key, None)
        if report is not None:
            for name, value in properties(run):
                report.add_global_property(name, value)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.run is None:
            return
        terminalreporter.section("redis census")
        exceeded = {*self.run.exceeded()}
        for line in text(self.run, verbose=self.config.get_verbosity() > 0):
            terminalreporter.write_line(line, red=line in exceeded)
        if self.path:
            terminalreporter.write_line(f"written to {self.path}")

    def pytest_unconfigure(self) -> None:
        stop(self.census)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            for name in ("PYTHONPATH", *(name for name in os.environ if name.startswith("REDIS_CENSUS_"))):
                os.environ.pop(name, None)
                if name in self.before:
                    os.environ[name] = self.before[name]


def _check_writable(path: str) -> None:
    """A usage error where the counts could not be written when all tests have run."""
    folder, why = os.path.dirname(os.path.abspath(path)), None
    if not path.endswith(".json"):
        why = "is no .json file; write --redis-census=PATH.json, or name what is to be tested before --redis-census"
    elif not os.path.isdir(folder):
        why = f"there is no folder {folder}; make it, or name another"
    elif os.path.isdir(path) or not os.access(path if os.path.exists(path) else folder, os.W_OK):
        why = "cannot be written; name another file"
    if why is not None:
        raise pytest.UsageError(f"--redis-census={path}: {why}")


def _limits(config: pytest.Config, names: Mapping[str, What]) -> dict[What, int]:
    """The limits of the settings, by what they limit."""
    limits = {}
    for name, what in names.items():
        value = config.getini(name)
        if value:
            if not str(value).isdecimal():
                raise pytest.UsageError(f"{name} = {value}: is no number; write one, as 2, or leave it out")
            limits[what] = int(value)
    return limits
