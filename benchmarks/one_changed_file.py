"""Claim: after one file has changed only that one is checked. `one_changed_file.py TREE [CONFIG]`.

In a copy of the tree a file gets one more line before each run. Prints the ratios of wall
times: ours over our cold run, and ours over ruff's with one changed file, without fixes and with them.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from measure import Measured, measure, ours, ratios, ruff, show, tree_and_config


def main() -> None:
    tree, config = tree_and_config()
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(
            tree, Path(folder) / "tree", symlinks=True, ignore=shutil.ignore_patterns(".*_cache", ".git")
        )
        files = sorted(path for path in copy.rglob("*.py") if path.is_file())
        victims: Iterator[Path] = itertools.cycle(files[:: max(1, len(files) // 50)])

        def after_a_change(command: list[str]) -> Measured:
            with next(victims).open("a") as stream:
                stream.write("\n# one more line\n")
            return measure(command, copy)

        command = ours("--cache-dir", f"{folder}/ours", config=config)
        peer = ruff("--cache-dir", f"{folder}/ruff")
        time.sleep(3)
        measure(command, copy), measure(peer, copy)
        time.sleep(3)
        cold = ours("--no-cache", config=config)
        found = ratios(lambda: after_a_change(command), lambda: measure(cold, copy))
        show("redis-ssot, one changed file / redis-ssot, cold, wall", found)
        found = ratios(lambda: after_a_change(command), lambda: after_a_change(peer), rounds=9)
        show("redis-ssot / ruff TID251, one changed file, wall", found)
        fixing = ours("--cache-dir", f"{folder}/ours", config=config, style="json")
        measure(fixing, copy)
        found = ratios(lambda: after_a_change(fixing), lambda: after_a_change(peer), rounds=9)
        show("redis-ssot, JSON with fixes / ruff TID251, one changed file, wall", found)


if __name__ == "__main__":
    main()
