"""Files that are checked behind an Executor: any Executor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

import pytest
from conftest import EXAMPLE

from flake8_redis_ssot import installed
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.lint import remote
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.remote import InstalledDiffersError, Workers
from flake8_redis_ssot.lint.run import Outcome, checker_for, run_project
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection

FILES = sorted(str(path) for path in EXAMPLE.rglob("*.py"))


class Here(Executor):
    """Runs each task when it is submitted; `around` is given what would run."""

    def __init__(self, around: Callable[[Callable[[], Any]], Any] = lambda call: call()) -> None:
        self.around = around

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(self.around(lambda: function(*arguments, **named)))
        except Exception as error:
            future.set_exception(error)
        return future


def checker(filesystem: FileSystem = DISK) -> FileChecker:
    settings = load_settings(str(EXAMPLE / "pyproject.toml"), root=str(EXAMPLE), codes=list(defaults()))
    return checker_for(settings, Selection(), filesystem)


def found_by(executor: Executor, said: list[str]) -> Outcome:
    workers = Workers(executor, lambda: 2, said.append)
    return run_project(FILES, checker(), elsewhere=workers)


@pytest.fixture
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_FIRST", 1)
    monkeypatch.setattr(remote, "_LEAST", 1)
    monkeypatch.setattr(remote, "_MOST", 1)


@pytest.fixture(scope="module")
def local() -> Outcome:
    outcome = run_project(FILES, checker())
    assert outcome.diagnostics
    return outcome


def test_processes_find_what_is_found_here(local: Outcome, small_tasks: None) -> None:
    said: list[str] = []
    with ProcessPoolExecutor(2) as executor:
        outcome = found_by(executor, said)
    assert (outcome.diagnostics, outcome.facts) == (local.diagnostics, local.facts)
    assert not said


def test_what_fails_for_good_is_checked_here_and_said(local: Outcome, small_tasks: None) -> None:
    calls: list[int] = []

    def failing(call: Callable[[], Any]) -> Any:
        calls.append(1)
        if len(calls) % 2:
            raise ValueError("no\nluck")
        return call()

    said: list[str] = []
    outcome = found_by(Here(failing), said)
    assert outcome.diagnostics == local.diagnostics
    assert len(said) == 1
    assert "checked here and not by a worker: ValueError: no luck" in said[0]


def test_where_nothing_can_be_handed_over_it_is_checked_here_and_said(
    local: Outcome, small_tasks: None
) -> None:
    class Closed(Executor):
        def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
            raise RuntimeError("cannot schedule new futures after shutdown")

    said: list[str] = []
    assert found_by(Closed(), said).diagnostics == local.diagnostics
    assert said and "cannot schedule new futures after shutdown" in said[0]


def test_what_is_asked_again_and_again_is_checked_here_and_said(
    local: Outcome, small_tasks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = remote.unpacked

    def asking(data: bytes) -> Any:
        answer = plain(data)
        for fact in answer.outcome.facts[:1] if isinstance(answer, remote._Answer) else ():
            answer.questions[fact.path] = ("read", fact.path)
        return answer

    said: list[str] = []
    monkeypatch.setattr(remote, "unpacked", asking)
    found_by(Here(), said)
    assert any("the answer to read " in one and "does not help it" in one for one in said)


def test_what_ends_a_run_here_ends_it_there(small_tasks: None) -> None:
    def wrong(call: Callable[[], Any]) -> Any:
        raise SettingsError(["a wrong table"])

    with pytest.raises(SettingsError):
        found_by(Here(wrong), [])


def test_a_worker_that_joins_with_another_version_ends_the_run(
    small_tasks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def joined(call: Callable[[], Any]) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(installed, "__version__", "0.0.1")
            remote._worker.cache_clear()
            return call()

    with pytest.raises(InstalledDiffersError, match=r"flake8-redis-ssot 0\.0\.1, here"):
        found_by(Here(joined), [])


def test_no_more_is_sent_than_keeps_the_workers_busy(local: Outcome, small_tasks: None) -> None:
    # what is on its way is held in memory
    waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
    most = 0

    class Slow(Executor):
        """Does nothing until somebody waits for it."""

        def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
            nonlocal most
            future: Future[Any] = Future()
            waiting.append((future, lambda: function(*arguments, **named)))
            most = max(most, len(waiting))
            return future

    def wait(pending: Any, **options: Any) -> tuple[set[Future[Any]], set[Future[Any]]]:
        future, call = waiting.pop(0)
        future.set_result(call())
        return {future}, set()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(remote, "wait", wait)
        outcome = found_by(Slow(), [])
    assert outcome.diagnostics == local.diagnostics
    assert 1 < most <= 4


def test_a_checker_in_a_worker_reads_no_disk(
    local: Outcome, small_tasks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(call: Callable[[], Any]) -> Any:
        with monkeypatch.context() as patched:
            for name in ("read", "entries", "kind", "is_file", "is_folder"):
                patched.setattr(type(DISK), name, None)
            return call()

    said: list[str] = []
    assert found_by(Here(blind), said).diagnostics == local.diagnostics
    assert not said
