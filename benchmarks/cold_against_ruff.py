"""Claim: a whole tree, cold, beside ruff's TID251 in the same run. `cold_against_ruff.py TREE`.

Prints the ratio of wall times, ours over ruff's, the median of five runs in turn.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
API = 'lint.flake8-tidy-imports.banned-api."{}".msg = "use the manager"'
BANNED = ("redis.Redis", "redis.asyncio.Redis", "redis.from_url", "redis.asyncio.from_url")


def main(tree: str) -> None:
    bans = [part for name in BANNED for part in ("--config", API.format(name))]
    ours = [str(BIN / "redis-ssot"), "check", "--no-project", "--output-format", "concise", "."]
    ruff = [str(BIN / "ruff"), "check", "--isolated", "--select", "TID251", "--no-cache", *bans, "."]
    walls: dict[str, list[float]] = {"ours": [], "ruff": []}
    for _ in range(5):
        for name, command in (("ours", ours), ("ruff", ruff)):
            start = time.perf_counter()
            subprocess.run(command, cwd=tree, capture_output=True)
            walls[name].append(time.perf_counter() - start)
    ratios = [a / b for a, b in zip(walls["ours"], walls["ruff"], strict=True)]
    print(f"redis-ssot / ruff TID251, cold wall: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
