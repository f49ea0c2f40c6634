"""A real scheduler and two workers, which cannot see the files that are checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import distributed

PRELOAD = """
import os
import signal
import sys

from flake8_redis_ssot.lint import remote


def dask_setup(worker):
    hidden = tuple(os.environ["HIDDEN"].split(os.pathsep))
    tried = os.environ["TRIED"]
    stat = os.stat

    def deny(path):
        if isinstance(path, str) and path.startswith(hidden):
            with open(tried, "a") as stream:
                stream.write(path + chr(10))
            raise PermissionError(13, "hidden", path)

    def audit(event, arguments):
        if event in ("open", "os.scandir", "os.listdir"):
            deny(arguments[0])

    def hidden_stat(path, *arguments, **options):
        deny(path)
        return stat(path, *arguments, **options)

    sys.addaudithook(audit)
    os.stat = hidden_stat
"""


@dataclass(frozen=True)
class Cluster:
    """A scheduler at `address`, and what its `workers` tried to read of the files that are hidden from them."""

    address: str
    workers: list[subprocess.Popen[bytes]]
    tried: Path

    @property
    def options(self) -> list[str]:
        return ["--executor", "dask", "--scheduler", self.address]


@contextmanager
def cluster_in(
    folder: Path,
    hidden: list[Path],
    *,
    workers: tuple[str, ...] = ("", ""),
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Cluster]:
    """A cluster in a folder of its own; each of the `workers` runs some Python more when it starts."""
    environment = {
        **os.environ,
        **settings,
        "HIDDEN": os.pathsep.join(map(str, hidden)),
        "TRIED": str(folder / "tried.txt"),
    }
    written = folder / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []

    def start(command: str, *arguments: str) -> subprocess.Popen[bytes]:
        with open(folder / f"{len(started)}.log", "wb") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.dask_{command}", "--no-dashboard", *arguments],
                    cwd=folder, env=environment, stdout=log, stderr=log,
                )
            )  # fmt: skip
        return started[-1]

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(written))
        address = _address(written, started[0])
        for number, more in enumerate(workers):
            preload = folder / f"preload{number}.py"
            preload.write_text(PRELOAD + textwrap.indent(more, "    "))
            start(
                "worker", address, "--no-nanny", "--nthreads", "1", "--preload", str(preload),
                "--local-directory", str(folder),
            )  # fmt: skip
        if workers:
            with distributed.Client(address, timeout=60, set_as_default=False) as client:
                client.wait_for_workers(len(workers), timeout=60)
        yield Cluster(address, started[1:], folder / "tried.txt")
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _address(written: Path, scheduler: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end and scheduler.poll() is None:
        if written.exists() and (text := written.read_text()).endswith("}"):
            return str(json.loads(text)["address"])
        time.sleep(0.05)
    raise AssertionError("the scheduler did not start")
