"""Claim: a tree in which nothing has changed, beside ruff. `warm_against_ruff.py TREE [CONFIG]`.

Prints the ratios of wall times, ours over ruff's, with the project rules: of the same command, of
one that is new in another format, for a folder of the tree, and as JSON with fixes. Then ours over
a bare interpreter that lists the tree and asks for the stamp of every file.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

from measure import Measured, measure, ours, ratios, ruff, show, tree_and_config

STAMPS = (
    "import os\n"
    "for folder, _, names in os.walk('.'):\n"
    "    for name in names:\n"
    "        if name.endswith('.py'):\n"
    "            os.stat(os.path.join(folder, name))\n"
)


def main() -> None:
    tree, config = tree_and_config()
    folders = (path for path in Path(tree).iterdir() if path.is_dir() and path.name[0] != ".")
    part = max(folders, key=lambda path: sum(1 for _ in path.rglob("*.py")))
    new = itertools.count(2)  # no other command line has this number of jobs
    with tempfile.TemporaryDirectory() as folder:

        def command(style: str, where: Path = Path(tree), *more: str) -> Measured:
            settings = os.path.relpath(Path(tree) / config, where) if config else None
            return measure(ours("--cache-dir", f"{folder}/ours", *more, config=settings, style=style), where)

        def peer(where: Path = Path(tree)) -> Measured:
            return measure(ruff("--cache-dir", f"{folder}/ruff"), where)

        for _ in range(2):  # the second finds what the first kept, and old enough to be trusted
            command("concise"), command("json"), peer(), peer(part)
            time.sleep(3)
        for claim, ours_, theirs in (
            ("the same command", lambda: command("concise"), peer),
            ("another format", lambda: command("github", Path(tree), "--jobs", str(next(new))), peer),
            (
                "another folder",
                lambda: command("concise", part, "--jobs", str(next(new))),
                lambda: peer(part),
            ),
            ("JSON with fixes", lambda: command("json", Path(tree), "--jobs", str(next(new))), peer),
        ):
            show(
                f"redis-ssot / ruff TID251, nothing changed, {claim}, wall", ratios(ours_, theirs, rounds=11)
            )
        bare = [sys.executable, "-I", "-c", STAMPS]
        found = ratios(lambda: command("concise"), lambda: measure(bare, tree), rounds=11)
        show("redis-ssot, warm / listing the tree and a stamp of each file, wall", found)


if __name__ == "__main__":
    main()
