"""Files checked by workers that share no disk with this machine, behind `concurrent.futures.Executor`.

What does not concern a rule stays here; other files are sent by content, and what was found in them comes
back. What a worker asks of further files it finds in the answers that were sent along (`Carried`); what
nobody foresaw comes back as a question, and the file is sent once more with the answer.
"""

from __future__ import annotations

import pickle
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from flake8_redis_ssot.facts.cache import asked_of, digest
from flake8_redis_ssot.filesystem import Carried, Question, UnansweredError
from flake8_redis_ssot.installed import Installed
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import (
    Outcome,
    Progress,
    maker,
    run_part,
    run_source,
    without_collecting,
)
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.source import SourceFile

_A_TASK = 1.0
"""Seconds that a task is to take: far more than sending it costs, and not much to do again."""
_FIRST, _LEAST, _MOST = 200_000, 50_000, 4_000_000
"""Bytes of source in a task: at first, and between what bounds that follows from the time of those before."""
_PATIENCE = 15.0
"""Seconds without any worker until the rest is checked here; one that is started again needs a few."""

Sources = dict[str, bytes]


class InstalledDiffersError(Exception):
    """A worker has another version of something that decides what is found."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Where tasks run: any Executor, and what is known of it.

    `slots` tells how many tasks it runs at a time, `is_there` whether anything runs any; `share` makes of what
    all tasks need something that an Executor sends to each worker once. `say` is told what went wrong.
    """

    executor: Executor
    slots: Callable[[], int]
    say: Callable[[str], None]
    share: Callable[[bytes], Any] = bytes
    is_there: Callable[[], bool] = lambda: True

    def __call__(
        self, files: Mapping[str, str | None], checker: FileChecker, progress: Progress, *, hashed: bool
    ) -> list[Outcome]:
        """Check `files`, those that concern a rule by the workers."""
        run = _Run(self, checker, hashed)
        try:
            return run.check(files, progress)
        except BaseException:
            for future in run.pending:
                future.cancel()
            raise


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a worker found, the `questions` for want of which files are not checked, and the seconds it took."""

    outcome: Outcome
    questions: dict[str, Question]
    seconds: float


@dataclass(slots=True)
class _Task:
    """What was sent, and how many answers went with it."""

    sources: Sources
    answers: int


class _Run:
    """The files of one run, on their way to workers and back."""

    def __init__(self, workers: Workers, checker: FileChecker, hashed: bool) -> None:
        self._workers, self._checker, self._hashed = workers, checker, hashed
        self._known = Carried(checker.filesystem)
        self._make = maker(checker)
        self._setup: Any = None
        self._shared = 0
        """How many of the answers are in the setup."""
        self.pending: dict[Future[bytes], _Task] = {}
        self._found: list[Outcome] = []
        self._next: Sources = {}
        self._aim = _FIRST
        self._bytes, self._seconds = 0, 0.0
        """What the workers have checked so far, and how long that took them."""
        self._seen = time.monotonic()
        """When there was a worker last."""
        self._by_hand: dict[str, list[str]] = {}
        """Why files are checked here, and which."""

    def check(self, files: Mapping[str, str | None], progress: Progress) -> list[Outcome]:
        total = len(files)

        def told(stage: str, done: int, _: int) -> None:
            progress(stage, max(0, done - self._open), total)

        own = run_part(files, self._checker, told, hashed=self._hashed, takes=self._takes)
        self._send()
        while self.pending:
            self._collect()
            progress("files", total - self._open, total)
        for why, paths in self._by_hand.items():
            are = "1 file was" if len(paths) == 1 else f"{len(paths)} files were"
            self._workers.say(f"{are} checked here and not by a worker: {why}")
        return [own, *self._found]

    @property
    def _open(self) -> int:
        return len(self._next) + sum(len(task.sources) for task in self.pending.values())

    def _takes(self, source: SourceFile) -> bool:
        if not self._checker.needs_parsing(source):
            return False
        if self._setup is None:
            self._set_up(source)
            return True
        self._next[source.path] = source.data
        if sum(map(len, self._next.values())) >= self._aim:
            self._send()
        return True

    def _set_up(self, source: SourceFile) -> None:
        """Check the first file here: what it asks of others, and the managers, are most of what all will ask."""
        here = self._make(filesystem=self._known)
        for boundary in self._checker.settings.boundaries:
            for module in here.managers.modules_of(boundary):
                here.managers.modules.facts(module)
        outcome = Outcome()
        run_source(source, here, outcome, content=self._content(source))
        outcome.asked = asked_of(here.managers.modules) if self._hashed else {}
        self._found.append(outcome)
        self._shared = len(self._known.answers)
        setup = packed((self._make, self._known.answers, self._hashed))
        self._setup = self._workers.share(packed((Installed.here(), setup)))

    def _content(self, source: SourceFile) -> str:
        return digest(source.data) if self._hashed else ""

    def _send(self) -> None:
        """Send what has gathered, once there is room for it."""
        while len(self.pending) >= 2 * max(2, self._workers.slots()):
            self._collect()
        sources, self._next = self._next, {}
        if sources:
            self._submit(sources)

    def _submit(self, sources: Sources) -> None:
        if not self._is_anyone_there():
            self._check_here(sources, "there is no worker any more")
            return
        task = _Task(sources, len(self._known.answers))
        answers = dict(islice(self._known.answers.items(), self._shared, None))
        data = packed((sources, answers))
        try:
            self.pending[self._workers.executor.submit(work, self._setup, data)] = task
        except Exception as error:
            self._check_here(sources, _in_words(error))

    def _collect(self) -> None:
        """Take what has come back, within a moment."""
        done, _ = wait(self.pending, timeout=0.1, return_when=FIRST_COMPLETED)
        for future in done:
            self._take(future, self.pending.pop(future))
        if not self._is_anyone_there():
            for future, task in list(self.pending.items()):
                del self.pending[future]
                future.cancel()
                self._check_here(task.sources, "there is no worker any more")

    def _is_anyone_there(self) -> bool:
        if self._workers.is_there():
            self._seen = time.monotonic()
        return time.monotonic() - self._seen < _PATIENCE

    def _take(self, future: Future[bytes], task: _Task) -> None:
        try:
            data = future.result()
        except (SettingsError, InstalledDiffersError):
            raise
        except (Exception, CancelledError) as error:
            self._check_here(task.sources, _in_words(error))
            return
        answer: _Answer = unpacked(data)
        self._found.append(answer.outcome)
        self._bytes += sum(len(data) for path, data in task.sources.items() if path not in answer.questions)
        self._seconds += answer.seconds
        if self._bytes:
            self._aim = round(min(max(self._bytes / self._seconds * _A_TASK, _LEAST), _MOST))
        for verb, path in set(answer.questions.values()):
            with suppress(OSError, ValueError):
                getattr(self._known, verb)(path)
        if answer.questions:
            again = {path: task.sources[path] for path in answer.questions}
            if len(self._known.answers) > task.answers:
                self._submit(again)
            else:
                verb, path = next(iter(answer.questions.values()))
                self._check_here(again, f"the answer to {verb} {path} does not help it")

    def _check_here(self, sources: Sources, why: str) -> None:
        outcome = Outcome()
        for path, data in sources.items():
            source = SourceFile(path, data)
            run_source(source, self._checker, outcome, content=self._content(source))
        outcome.asked = asked_of(self._checker.managers.modules) if self._hashed else {}
        self._found.append(outcome)
        self._by_hand.setdefault(why, []).extend(sources)


def _in_words(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def packed(value: Any) -> bytes:
    """`value` as it travels: workers and scheduler are trusted as this machine is."""
    return zlib.compress(pickle.dumps(value), 1)


def unpacked(data: bytes) -> Any:
    """What was packed."""
    return pickle.loads(zlib.decompress(data))


def work(setup: bytes, task: bytes) -> bytes:
    """Check the files of a task, in a worker."""
    return _worker(setup).work(task)


@lru_cache(maxsize=2)
def _worker(setup: bytes) -> _Worker:
    """What a worker needs for all tasks of a run; made when the first of them comes."""
    installed, rest = unpacked(setup)
    difference = installed.difference(Installed.here())
    if difference:
        raise InstalledDiffersError(difference)
    return _Worker(*unpacked(rest))


class _Worker:
    """A checker that reads no disk."""

    def __init__(self, make: partial[FileChecker], answers: dict[Question, Any], hashed: bool) -> None:
        self._known = Carried(None, answers)
        self._checker = make(filesystem=self._known)
        self._hashed = hashed
        # checkers are not made for threads, of which a worker may have several
        self._lock = threading.Lock()

    def work(self, task: bytes) -> bytes:
        sources, answers = unpacked(task)
        with self._lock, without_collecting():
            start = time.perf_counter()
            self._known.answers |= answers
            outcome, questions = Outcome(), {}
            for path, data in sources.items():
                try:
                    run_source(
                        SourceFile(path, data),
                        self._checker,
                        outcome,
                        content=digest(data) if self._hashed else "",
                    )
                except UnansweredError as error:
                    questions[path] = error.question
            outcome.asked = asked_of(self._checker.managers.modules) if self._hashed else {}
            answer = _Answer(outcome, questions, time.perf_counter() - start)
            return packed(answer)
