"""Runs in processes of their own, and their end where nobody wants them any more."""

from __future__ import annotations

import asyncio
import pickle
import sys
from contextlib import suppress
from subprocess import PIPE
from typing import Any

from flake8_redis_ssot.server.worker import Check, Mend, Propose
from flake8_redis_ssot.settings.boundaries import SettingsError


class WorkerDied(Exception):
    """A run that ended without an answer."""


async def result_of(task: Check | Propose | Mend) -> Any:
    """The result of a task; the process ends where this is cancelled.

    SettingsError where a table is wrong, WorkerDied where there is no answer.
    """
    # -P: no module of the folder in which the editor was started may take the place of another
    command = [sys.executable, "-P", "-m", "flake8_redis_ssot.server.worker"]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        data, _ = await process.communicate(pickle.dumps(task))
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        raise
    if process.returncode:
        raise WorkerDied(f"a run over the project ended with status {process.returncode}")
    answer = pickle.loads(data)
    if isinstance(answer, SettingsError):
        raise answer
    return answer
