"""The census of this process: one at most, from when it is started until nobody needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import Lock
from types import ModuleType

from flake8_redis_ssot.census.counts import Counts, Fold
from flake8_redis_ssot.census.journal import Journal, of_environment, options_of_environment, process_name
from flake8_redis_ssot.census.libraries import PARTS
from flake8_redis_ssot.census.recorder import Recorder
from flake8_redis_ssot.census.wrapping import ImportHook, Wrapping


class Census:
    """Counts the clients, pools and connections of this process, by the place that builds them."""

    def __init__(self, process: str) -> None:
        self.recorder = Recorder(process)
        self._wrapping = Wrapping()
        self._hook = _Hook(self)
        self.users = 0
        self.is_exported = False
        """Whether the counts of a live process are exported."""

    def counts(self, window: Fold | None = None) -> Counts:
        """What was counted so far; of a window, since it was opened."""
        return self.recorder.counts(window)

    @contextmanager
    def window(self) -> Iterator[Fold]:
        """Counts of its own, of what happens meanwhile."""
        window = self.recorder.open_window()
        try:
            yield window
        finally:
            self.recorder.close_window(window)

    def rename(self, process: str) -> None:
        """Go on as a process of this name, whose counts are asked for and not written to a journal."""
        recorder = self.recorder
        if isinstance(recorder.sink, Journal):
            recorder.sink.withdraw()
        recorder.sink = None
        recorder.whole.rename(process)

    def begin(self) -> None:
        self._hook.install()

    def end(self) -> None:
        self.recorder.is_active = False
        self._hook.uninstall()
        self._wrapping.restore()

    def replace(self, module: ModuleType) -> None:
        """Replace the methods of a library's module."""
        from flake8_redis_ssot.census.hooks import replace

        name = module.__name__.partition(".")[0]
        self.recorder.code.take_for_library(name, [*sys.modules[name].__path__])
        parts = [part for part in PARTS if part.module == module.__name__]
        replace(module, parts, self._wrapping, self.recorder)


class _Hook(ImportHook):
    """A census watches imports as long as it runs."""

    def __init__(self, owner: Census) -> None:
        super().__init__({part.module for part in PARTS}, owner.replace)
        self.owner = owner


_STARTING = Lock()


def running() -> Census | None:
    """The census of this process: the one that watches its imports."""
    return next((hook.owner for hook in sys.meta_path if isinstance(hook, _Hook)), None)


def start(process: str = "", packages: Collection[str] = ()) -> Census:
    """The census of this process, which begins to count now unless it does so already.

    The `packages` are the user's code even where they are installed.
    """
    with _STARTING:
        census = running()
        if census is None:
            census = Census(process or process_name())
            census.begin()
        census.recorder.code.take_for_own(packages)
        census.users += 1
        return census


def start_with_journal() -> None:
    """Begin to count for another process, if the environment says so."""
    journal = of_environment()
    if journal is not None:
        packages, limits = options_of_environment()
        recorder = start(packages=packages).recorder
        recorder.sink, recorder.limits = journal, limits


def stop(census: Census) -> None:
    """One user less; after the last all is put back."""
    with _STARTING:
        census.users -= 1
        if census.users == 0:
            census.end()


def _after_fork() -> None:
    """What was counted so far was another process's."""
    census = running()
    if census is not None:
        census.recorder.begin_as_child(process_name(), of_environment())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
