"""What the scripts share: the two commands, how a run is measured, and ratios of pairs in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# installed packages are compiled; where that is forbidden each run of a checkout would compile it anew
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
BIN = Path(sys.executable).parent
API = 'lint.flake8-tidy-imports.banned-api."{}".msg = "use the manager"'
BANNED = ("redis.Redis", "redis.asyncio.Redis", "redis.from_url", "redis.asyncio.from_url")
READING = (
    "import os, sys\n"
    "for folder, _, names in os.walk('.'):\n"
    "    for name in names:\n"
    "        if name.endswith('.py'):\n"
    "            open(os.path.join(folder, name), 'rb').read()\n"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds of wall time and cpu, and the peak MiB of its largest process."""

    wall: float
    cpu: float
    memory: float


def ours(*arguments: str, config: str | None = None, style: str = "concise") -> list[str]:
    """`redis-ssot check` of the working directory."""
    settings = ["--config", config] if config else []
    return [str(BIN / "redis-ssot"), "check", "--output-format", style, *settings, *arguments, "."]


def ruff(*arguments: str) -> list[str]:
    """`ruff check` of the working directory, with the same policy as far as ruff can say it."""
    bans = [part for name in BANNED for part in ("--config", API.format(name))]
    return [str(BIN / "ruff"), "check", "--isolated", "--select", "TID251", *bans, *arguments, "."]


def reading() -> list[str]:
    """A bare interpreter that reads every Python file below the working directory."""
    return [sys.executable, "-I", "-c", READING]


def measure(command: Sequence[str], folder: str | Path) -> Measured:
    """Run `command` in `folder` to its end; what it says is thrown away, 2 as a status is an error."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
    wall = time.perf_counter() - start
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def ratios(
    one: Callable[[], Measured],
    other: Callable[[], Measured],
    of: Callable[[Measured], float] = lambda measured: measured.wall,
    rounds: int = 5,
) -> list[float]:
    """`of` one over `of` the other, run in turn."""
    return [of(one()) / of(other()) for _ in range(rounds)]


def show(claim: str, found: Sequence[float]) -> None:
    """The median, and every ratio that it is the median of."""
    every = " ".join(f"{ratio:.2f}" for ratio in sorted(found))
    print(f"{claim}: {statistics.median(found):.2f}  ({every})", flush=True)


def tree_and_config() -> tuple[str, str | None]:
    """The command line of a script: `TREE [CONFIG]`, the settings file relative to the tree."""
    if len(sys.argv) not in (2, 3):
        raise SystemExit(f"usage: {sys.argv[0]} TREE [CONFIG]")
    return sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None
