"""Checks files on workers that share no disk with this machine, through a `concurrent.futures.Executor`.

Files that need no parsing are checked here. Of the others the content is sent, and the result comes back. What a worker
has to know of other files stands in the answers that are sent along (`Carried`). If one is missing, the worker returns
it as a question, and the file is sent again with the answer.
"""

from __future__ import annotations

import pickle
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import suppress
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from flake8_redis_ssot.facts.cache import asked_of, digest
from flake8_redis_ssot.filesystem import Carried, Question, UnansweredError
from flake8_redis_ssot.installed import Installed
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.collecting import without_collecting
from flake8_redis_ssot.lint.run import (
    Outcome,
    Progress,
    maker,
    run_part,
    run_source,
)
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.source import SourceFile

_TASK_SECONDS = 1.0
"""Seconds that a task should take: far more than sending it costs, but little to lose if it must be done again."""
_FIRST, _LEAST, _MOST = 200_000, 50_000, 4_000_000
"""Bytes of source in a task: at first, at least and at most. The size is adapted to the time that tasks took."""
_PATIENCE = 15.0
"""Seconds without any worker until the rest is checked here; a worker that restarts needs a few."""

Sources = dict[str, bytes]


class InstalledDiffersError(Exception):
    """A worker has another version of something that decides what is found; the message says of what."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Where tasks run: any Executor, and what is known of it.

    - `slots`: how many tasks it runs at a time
    - `say`: is called with a message about what went wrong
    - `share`: wraps the data that all tasks need, so that the Executor sends it to each worker only once
    - `is_there`: whether there is any worker
    """

    executor: Executor
    slots: Callable[[], int]
    say: Callable[[str], None]
    share: Callable[[bytes], Any] = bytes
    is_there: Callable[[], bool] = lambda: True

    def __call__(
        self, files: Mapping[str, str | None], checker: FileChecker, progress: Progress, *, hashed: bool
    ) -> list[Outcome]:
        """Check `files`: those that need parsing on the workers, the others here."""
        run = _Run(self, checker, hashed)
        try:
            return run.check(files, progress)
        except BaseException:
            for future in run.pending:
                future.cancel()
            raise


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a worker found, the files that it could not check with the question that stopped it, and the seconds it took."""

    outcome: Outcome
    questions: dict[str, Question]
    seconds: float


@dataclass(slots=True)
class _Task:
    """The files that were sent, and how many answers were known then."""

    sources: Sources
    answers: int


class _Run:
    """One run: sends files to workers and collects the results."""

    def __init__(self, workers: Workers, checker: FileChecker, hashed: bool) -> None:
        self._workers, self._checker, self._hashed = workers, checker, hashed
        self._known = Carried(checker.filesystem)
        self._make = maker(checker)
        self._setup: Any = None
        self._number_shared = 0
        """How many of the answers are in the setup, which each worker gets once."""
        self.pending: dict[Future[bytes], _Task] = {}
        self._found: list[Outcome] = []
        self._gathered: Sources = {}
        self._task_size = _FIRST
        self._bytes, self._seconds = 0, 0.0
        """How many bytes the workers have checked so far, and how long that took them."""
        self._last_seen = time.monotonic()
        """When there was a worker last, by the monotonic clock."""
        self._checked_here: dict[str, list[str]] = {}
        """The files that are checked here though they were meant for a worker, by the reason."""

    def check(self, files: Mapping[str, str | None], progress: Progress) -> list[Outcome]:
        """Check all `files`, and return once every result is there."""
        total = len(files)

        def told(stage: str, done: int, _: int) -> None:
            progress(stage, max(0, done - self._unfinished), total)

        own = run_part(files, self._checker, told, hashed=self._hashed, takes=self._takes_over)
        self._send()
        while self.pending:
            self._collect()
            progress("files", total - self._unfinished, total)
        for why, paths in self._checked_here.items():
            are = "1 file was" if len(paths) == 1 else f"{len(paths)} files were"
            self._workers.say(f"{are} checked here and not by a worker: {why}")
        return [own, *self._found]

    @property
    def _unfinished(self) -> int:
        """The number of files that wait to be sent, or for their result."""
        return len(self._gathered) + sum(len(task.sources) for task in self.pending.values())

    def _takes_over(self, source: SourceFile) -> bool:
        """Whether a file goes to the workers; it is sent once enough have gathered."""
        if not self._checker.needs_parsing(source):
            return False
        if self._setup is None:
            self._set_up(source)
            return True
        self._gathered[source.path] = source.data
        if sum(map(len, self._gathered.values())) >= self._task_size:
            self._send()
        return True

    def _set_up(self, source: SourceFile) -> None:
        """Check the first file here: what it and the managers need to know is most of what any file does. Then share the answers."""
        here = self._make(filesystem=self._known)
        for boundary in self._checker.settings.boundaries:
            for module in here.managers.modules_of(boundary):
                here.managers.modules.facts(module)
        outcome = Outcome()
        run_source(source, here, outcome, content=self._content(source))
        outcome.asked = asked_of(here.managers.modules) if self._hashed else {}
        self._found.append(outcome)
        self._number_shared = len(self._known.answers)
        setup = packed((self._make, self._known.answers, self._hashed))
        self._setup = self._workers.share(packed((Installed.here(), setup)))

    def _content(self, source: SourceFile) -> str:
        """The digest of a file, for the cache; empty if there is none."""
        return digest(source.data) if self._hashed else ""

    def _send(self) -> None:
        """Send the gathered files as a task, once there is room for one."""
        while len(self.pending) >= 2 * max(2, self._workers.slots()):
            self._collect()
        sources, self._gathered = self._gathered, {}
        if sources:
            self._submit(sources)

    def _submit(self, sources: Sources) -> None:
        """Send files with all answers that are not in the setup; if that fails, check them here."""
        if not self._is_anyone_there():
            self._check_here(sources, "there is no worker any more")
            return
        task = _Task(sources, len(self._known.answers))
        answers = dict(islice(self._known.answers.items(), self._number_shared, None))
        data = packed((sources, answers))
        try:
            self.pending[self._workers.executor.submit(work, self._setup, data)] = task
        except Exception as error:
            self._check_here(sources, _in_words(error))

    def _collect(self) -> None:
        """Take the results that are there, after waiting a moment; without any worker check the rest here."""
        done, _ = wait(self.pending, timeout=0.1, return_when=FIRST_COMPLETED)
        for future in done:
            self._take(future, self.pending.pop(future))
        if not self._is_anyone_there():
            for future, task in list(self.pending.items()):
                del self.pending[future]
                future.cancel()
                self._check_here(task.sources, "there is no worker any more")

    def _is_anyone_there(self) -> bool:
        """Whether there is a worker, or was one a short time ago."""
        if self._workers.is_there():
            self._last_seen = time.monotonic()
        return time.monotonic() - self._last_seen < _PATIENCE

    def _take(self, future: Future[bytes], task: _Task) -> None:
        """Take one result; files that lack an answer are sent again with it."""
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
            self._task_size = round(min(max(self._bytes / self._seconds * _TASK_SECONDS, _LEAST), _MOST))
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
        """Check files on this machine, and keep the reason for a message."""
        outcome = Outcome()
        for path, data in sources.items():
            source = SourceFile(path, data)
            run_source(source, self._checker, outcome, content=self._content(source))
        outcome.asked = asked_of(self._checker.managers.modules) if self._hashed else {}
        self._found.append(outcome)
        self._checked_here.setdefault(why, []).extend(sources)


def _in_words(error: BaseException) -> str:
    """An error as one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def packed(value: Any) -> bytes:
    """`value` as bytes that are sent. They are pickled: workers and scheduler are trusted like this machine."""
    return zlib.compress(pickle.dumps(value), 1)


def unpacked(data: bytes) -> Any:
    """The value of bytes from `packed`."""
    return pickle.loads(zlib.decompress(data))


def work(setup: bytes, task: bytes) -> bytes:
    """Check the files of a task, in a worker."""
    return _worker(setup).work(task)


@lru_cache(maxsize=2)
def _worker(setup: bytes) -> _Worker:
    """The checker of a worker for all tasks of a run, made at the first one; InstalledDiffersError if it would find other things."""
    installed, rest = unpacked(setup)
    difference = installed.difference(Installed.here())
    if difference:
        raise InstalledDiffersError(difference)
    return _Worker(*unpacked(rest))


class _Worker:
    """Checks files by what was sent with them, and reads no disk."""

    def __init__(self, make: partial[FileChecker], answers: dict[Question, Any], hashed: bool) -> None:
        self._known = Carried(None, answers)
        self._checker = make(filesystem=self._known)
        self._hashed = hashed
        # checkers are not made for threads, of which a worker may have several
        self._lock = threading.Lock()

    def work(self, task: bytes) -> bytes:
        """Check the files of a task."""
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
