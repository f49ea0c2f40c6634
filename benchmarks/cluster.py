"""Claim: workers of a cluster take over what files cost; this machine reads, sorts out and joins. `cluster.py [FILES ...]`.

Generated trees of files of 30 lines, of which one in 32 has Redis and is of 120, checked here in one process and by two workers,
each on a scheduler of this machine. Prints wall time and the peak memory of this machine's process, what travelled
to the workers and back, and whether both say the same.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from growth import SETTINGS, TEXT
from measure import BIN, measure, ours

PLAIN = TEXT + "\n\n".join(
    f"def step{n}(values: list[int]) -> int:\n    return sum(value * {n} for value in values)\n"
    for n in range(5)
)
METHOD = """
    def load{n}(self, key: str, default: str = "") -> str:
        name = f"{{self.prefix}}:{n}:{{key}}"
        found = self.client.get(name)
        if found is None:
            self.client.set(name, default, ex=60)
        return found or default

"""
REDIS = (
    "import redis\n\nfrom app.redis_manager import redis_manager\n\n\nclass Store{n}:\n"
    '    prefix = "store"\n\n    def __init__(self) -> None:\n        self.client = redis.Redis(db={n})\n'
)
MANAGER = "import redis\n\n\nclass RedisManager:\n    def __init__(self) -> None:\n        self.client = redis.Redis()\n"

COUNTING = """
import sys
from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.lint import remote
counts, *arguments = sys.argv[1:]
tasks, files, there, back = [], [], [], []
class Counting(remote._Run):
    def _submit(self, sources):
        tasks.append(1)
        files.append(len(sources))
        super()._submit(sources)
    def _take(self, future, task):
        back.append(len(future.result()))
        super()._take(future, task)
packed = remote.packed
def counted(value):
    data = packed(value)
    there.append(len(data))
    return data
remote.packed, remote._Run = counted, Counting
status = main(arguments)
with open(counts, "w") as stream:
    stream.write(f"{sum(files)} files sent in {len(tasks)} tasks, {sum(there) / 1e6:.2f} MB there, {sum(back) / 1e6:.2f} MB back")
sys.exit(status)
"""


def generate(root: Path, files: int) -> None:
    (root / "app").mkdir()
    (root / "pyproject.toml").write_text(SETTINGS)
    (root / "app" / "redis_manager.py").write_text(MANAGER + "\n\nredis_manager = RedisManager()\n")
    for number in range(files):
        folder = root / f"part{number // 1000}" / f"room{number // 50}"
        if number % 50 == 0:
            folder.mkdir(parents=True)
        text = PLAIN.format(n=number)
        if number % 32 == 0:
            text = REDIS.format(n=number) + "".join(METHOD.format(n=n) for n in range(13))
        (folder / f"module{number}.py").write_text(text)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of a scheduler with two workers of one thread each."""
    started = []

    def start(*arguments: str) -> None:
        log = open(folder / f"{len(started)}.log", "wb")  # noqa: SIM115
        started.append(
            subprocess.Popen(
                [str(BIN / "dask"), *arguments, "--no-dashboard"], cwd=folder, stdout=log, stderr=log
            )
        )

    address = "tcp://127.0.0.1:18787"
    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "18787")
        for _ in range(2):
            start("worker", address, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
        time.sleep(10)
        yield address
    finally:
        for process in started:
            process.kill()
            process.wait()


def main(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as away, cluster(Path(away)) as address:
        there = ["--executor", "dask", "--scheduler", address]
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                generate(Path(folder), size)
                local, remote, counts = (Path(away) / name for name in ("local", "remote", "counts"))
                one = measure(ours("--no-cache", "--jobs", "1", "--output-file", str(local)), folder)
                command = ours("--no-cache", *there, "--output-file", str(remote))
                two = measure([sys.executable, "-c", COUNTING, str(counts), *command[1:]], folder)
                same = "the same" if local.read_bytes() == remote.read_bytes() else "NOT the same"
                print(
                    f"{size} files: here {one.wall:.1f} s, {one.cpu:.1f} s cpu, {one.memory:.0f} MiB; two workers "
                    f"{two.wall:.1f} s, {two.cpu:.1f} s cpu here, {two.memory:.0f} MiB; {counts.read_text()}; {same} bytes",
                    flush=True,
                )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1000, 10_000, 100_000])
