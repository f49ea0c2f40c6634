"""Claim: one file by itself, the whole process, is checked in a fraction of what flake8 takes. `single_file.py`.

A file of 500 lines is made for it, alone in its folder: a class that keeps objects in Redis. Prints the ratio of wall times to
flake8 without plugins, and to a bare interpreter that starts and ends, and the median of ours in seconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from measure import BIN, measure, ours, ratios, show

HEAD = """import json

import redis

pool = redis.ConnectionPool.from_url("redis://localhost:6379/0")


class Store:
    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.client = redis.Redis(connection_pool=pool)

    def key(self, *parts: str) -> str:
        return ":".join((self.prefix, *parts))
"""
METHODS = """
    def load_{n}(self, name: str) -> object:
        raw = self.client.get(self.key("object{n}", name))
        if raw is None:
            return None
        return json.loads(raw)

    def save_{n}(self, name: str, value: object, seconds: int = 60) -> None:
        if seconds < 0:
            raise ValueError(f"{{name}}: {{seconds}} is no time")
        self.client.set(self.key("object{n}", name), json.dumps(value), ex=seconds)
"""
LINES = 500


def main() -> None:
    text = HEAD + "".join(METHODS.format(n=n) for n in range(LINES // METHODS.count("\n")))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "stores.py").write_text(text)
        command = ours("--no-cache")
        flake8 = [
            str(BIN / "flake8"),
            "--isolated",
            "--select",
            "E,F,W",
            "--extend-ignore",
            "RED",
            "stores.py",
        ]
        bare = [sys.executable, "-c", ""]
        measure(command, folder), measure(flake8, folder)
        show(
            "redis-ssot, one file / flake8, wall",
            ratios(lambda: measure(command, folder), lambda: measure(flake8, folder), rounds=15),
        )
        show(
            "redis-ssot, one file / a bare interpreter, wall",
            ratios(lambda: measure(command, folder), lambda: measure(bare, folder), rounds=15),
        )
        print(
            f"redis-ssot, one file, wall: {statistics.median(measure(command, folder).wall for _ in range(15)):.3f} s"
        )


if __name__ == "__main__":
    main()
